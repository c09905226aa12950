"""The checkpoints of one session on this node, in one file of its state: what the operator set, and
what came of it. All calls block.

Operators and the engine both write it, each under the lock; it is replaced as a whole, so it can be
read without. A checkpoint is known by its label and when it was set: what the engine has to say of
one that was replaced meanwhile is dropped.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from engine import files
from engine.config import Places
from engine.errors import Usage
from engine.events import CheckpointReached, CheckpointSet, HookEnded

MOST = 50
"""Checkpoints kept; of those that are complete the oldest go first."""
HOOK = "checkpoint-command"
CUT_OFF = "the engine ended while it ran; it is not run again"

AnyFact = CheckpointSet | CheckpointReached | HookEnded


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's command for one checkpoint; it is begun once, whatever happens."""

    began: float
    """Seconds since the epoch."""
    ended: float = 0.0
    """0: it runs, or its end was not seen."""
    code: int = 0
    words: str = ""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One checkpoint as this node knows it."""

    label: str
    time: int
    """Everything that was changed before is to be on the secondary; seconds since the epoch."""
    made: float
    """When the operator set it."""
    reached: dict[str, float] = msgspec.field(default_factory=dict)
    """By worker, NODE:BRICK: when."""
    complete: float = 0.0
    """When all that this node has of the volume had reached it; 0: not yet."""
    hook: Hook | None = None


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(list[Checkpoint])
Change = Callable[[list[Checkpoint]], list[Checkpoint]]


def read(at: Places, name: str) -> list[Checkpoint]:
    """Return the checkpoints of session `name`, in the order in which they were set."""
    path = _path(at, name)
    try:
        return _decoder.decode(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Usage(
            f"{path} cannot be read: {error.strerror}", fix="Run this as root, or choose --state."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Usage(
            f"{path} is damaged: {error}",
            cause="bad configuration",
            fix="Move it away; then set the checkpoints again.",
        ) from error


def put(at: Places, name: str, label: str, time: int, made: float) -> Checkpoint | None:
    """Set a checkpoint; return the one of that label which it replaces."""
    before = [each for each in read(at, name) if each.label == label]

    def change(found: list[Checkpoint]) -> list[Checkpoint]:
        kept = _room([each for each in found if each.label != label], name)
        return [*kept, Checkpoint(label=label, time=time, made=made)]

    _change(at, name, change)
    return before[0] if before else None


def drop(at: Places, name: str, label: str) -> None:
    """Delete a checkpoint; Usage when there is none of that label."""

    def change(found: list[Checkpoint]) -> list[Checkpoint]:
        kept = [each for each in found if each.label != label]
        if len(kept) == len(found):
            known = ", ".join(each.label for each in found[-10:])
            there = f"There are: {known}." if known else "There is none."
            raise Usage(f"Session {name} has no checkpoint {label}", fix=there)
        return kept

    _change(at, name, change)


def note(at: Places, name: str, changed: Iterable[Checkpoint]) -> None:
    """Write down what came of checkpoints, unless they were deleted or set anew meanwhile."""
    by_identity = {(each.label, each.made): each for each in changed}
    _change(
        at, name, lambda found: [by_identity.get((each.label, each.made), each) for each in found]
    )


def facts(found: Iterable[Checkpoint], session: str, node: str) -> list[AnyFact]:
    """Return what is to be told of checkpoints to somebody who knows nothing of them."""
    told: list[AnyFact] = []
    for each in found:
        told.append(
            CheckpointSet(
                at=each.made, session=session, node=node, label=each.label, time=each.time
            )
        )
        told += [
            CheckpointReached(
                at=when, session=session, worker=worker, label=each.label, time=each.time
            )
            for worker, when in each.reached.items()
        ]
        if each.hook is not None and each.hook.ended:
            told.append(ended(each, each.hook, session, node))
    return told


def ended(each: Checkpoint, hook: Hook, session: str, node: str) -> HookEnded:
    """Return the event for a command that has ended."""
    return HookEnded(
        at=hook.ended,
        session=session,
        node=node,
        hook=HOOK,
        about=each.label,
        seconds=max(0.0, hook.ended - hook.began),
        code=hook.code,
        words=hook.words,
    )


def _room(found: list[Checkpoint], name: str) -> list[Checkpoint]:
    """Return `found` without the oldest complete ones, where there are too many."""
    surplus = len(found) - MOST + 1
    complete = [each for each in found if each.complete][: max(0, surplus)]
    if len(complete) < surplus:
        raise Usage(
            f"Session {name} has {len(found)} checkpoints that are not reached",
            fix=f"Delete some first: georep checkpoint {name} delete LABEL.",
        )
    return [each for each in found if each not in complete]


def _change(at: Places, name: str, change: Change) -> None:
    path = _path(at, name)
    try:
        with _locked(path.with_suffix(".lock")):
            files.write(path, _encode(change(read(at, name))) + b"\n")
    except OSError as error:
        raise Usage(
            f"{path} cannot be written: {error.strerror}",
            fix="Run this as root, or choose --state.",
        ) from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold `path`; whoever has it writes a small file, so waiting is short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _path(at: Places, name: str) -> Path:
    return at.of(name) / "checkpoints.json"
