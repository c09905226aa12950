"""Which checkpoints the bricks of this node have reached: noted, told, and the operator's command
run once when all of them have.
"""

import asyncio
import logging
import os
import shlex
import time
from collections.abc import Mapping

import msgspec

from engine.config import Places, Session
from engine.errors import GeorepError
from engine.events import AnyEvent, CheckpointDeleted, PositionMoved, WorkerStarted
from engine.session import checkpoints
from engine.session.checkpoints import CUT_OFF, Checkpoint, Hook
from engine.session.child import Child
from engine.session.keeper import Tell

LONGEST = 600.0
"""Seconds that a command may take before it is killed."""
_WORDS = 400
"""Characters of its last words that are told."""

_Key = tuple[str, float]
"""Who a checkpoint is: its label, and when it was set."""

_log = logging.getLogger(__name__)


class Reaching:
    """What one session's runner knows of it. `watch` must run; everything else only wakes it."""

    def __init__(self, at: Places, name: str, node: str, tell: Tell) -> None:
        self._at, self._name, self._node, self._tell = at, name, node, tell
        self._session: Session | None = None
        self._parts: dict[str, int] = {}
        """Of the workers here: which part of the volume each has; equal numbers, equal data."""
        self._stimes: dict[str, int] = {}
        self._told: dict[str, Checkpoint] = {}
        self._running: set[_Key] = set()
        """Those whose command runs now."""
        self._over: dict[_Key, Hook] = {}
        """Commands that have ended, which is to be noted yet."""
        self._news = asyncio.Event()

    def look(self, session: Session) -> None:
        """Read the file again: an operator may have changed it."""
        self._session = session
        self._news.set()

    def follow(self, parts: Mapping[str, int]) -> None:
        """Take `parts` for what is here of the volume: the part that each worker has."""
        self._parts = dict(parts)
        self._news.set()

    def hear(self, event: AnyEvent) -> None:
        """Take up what a worker says."""
        match event:
            case PositionMoved(worker=worker, stime=stime):
                self._stimes[worker] = stime
                self._news.set()
            case WorkerStarted(worker=worker):
                # What the one before it said may be taken back: its position is read anew.
                self._stimes.pop(worker, None)
            case _:
                pass

    async def watch(self) -> None:
        """Tell, note and run, whenever there is news. Never returns."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._news.wait()
                self._news.clear()
                try:
                    await self._step(group)
                except GeorepError as error:
                    # Replication does not depend on it.
                    _log.error("%s", error.sentence())

    async def _step(self, group: asyncio.TaskGroup) -> None:
        found = await asyncio.to_thread(checkpoints.read, self._at, self._name)
        now = time.time()
        command = self._session.options.checkpoint_command if self._session else ""
        after = [self._hooked(_reached(each, self._stimes, now), now) for each in found]
        after = [_completed(each, self._parts, now, command=bool(command)) for each in after]
        pairs = list(zip(found, after, strict=True))
        changed = [each for before, each in pairs if each != before]
        # Chosen before anything is waited for: one whose command ends meanwhile is not due again.
        due = [(each, each.hook) for before, each in pairs if each.hook and not before.hook]
        if changed:
            # On disk before it is told or run: a crash must not have a command run twice.
            await asyncio.to_thread(checkpoints.note, self._at, self._name, changed)
        noted = {_key(each) for each in changed if each.hook and each.hook.ended}
        present = {_key(each) for each in found}
        self._over = {k: v for k, v in self._over.items() if k in present - noted}
        self._tell_all(after, now)
        for each, hook in due:
            self._running.add(_key(each))
            group.create_task(self._run(each, hook, command))

    def _hooked(self, each: Checkpoint, now: float) -> Checkpoint:
        """Return it with how its command ended; one that an engine before us began was cut off."""
        hook = each.hook
        if hook is None or hook.ended or _key(each) in self._running:
            return each
        cut_off = msgspec.structs.replace(hook, ended=now, code=-1, words=CUT_OFF)
        return msgspec.structs.replace(each, hook=self._over.get(_key(each), cut_off))

    def _tell_all(self, found: list[Checkpoint], now: float) -> None:
        """Tell what is another thing than was told before."""
        present = {each.label: each for each in found}
        for label in self._told.keys() - present.keys():
            self._tell(CheckpointDeleted(at=now, session=self._name, node=self._node, label=label))
        for label, each in present.items():
            known = checkpoints.facts(
                [before] if (before := self._told.get(label)) else [], self._name, self._node
            )
            for fact in checkpoints.facts([each], self._name, self._node):
                if fact not in known:
                    self._tell(fact)
        self._told = present

    async def _run(self, each: Checkpoint, hook: Hook, command: str) -> None:
        """Run the operator's command; whatever comes of it is told, and stops nothing."""
        code, words = await self._child(each, command)
        self._over[_key(each)] = msgspec.structs.replace(
            hook, ended=time.time(), code=code, words=words
        )
        self._running.discard(_key(each))
        self._news.set()

    async def _child(self, each: Checkpoint, command: str) -> tuple[int, str]:
        log = self._at.of(self._name) / "log" / f"{checkpoints.HOOK}.log"
        try:
            words = shlex.split(command) or [""]
            child = Child(words, log=log, environment=self._environment(each))
        except (OSError, ValueError) as error:
            return -1, f"it could not be started: {error}"
        try:
            async with asyncio.timeout(LONGEST):
                code = await child.follow(lambda line: child.note(line + b"\n"))
        except TimeoutError:
            return -1, f"it was killed after {LONGEST:.0f} s"
        return code, child.last_words(_WORDS)

    def _environment(self, each: Checkpoint) -> dict[str, str]:
        session = self._session
        return {
            **os.environ,
            "GEOREP_SESSION": self._name,
            "GEOREP_CHECKPOINT": each.label,
            "GEOREP_CHECKPOINT_TIME": str(each.time),
            "GEOREP_NODE": self._node,
            "GEOREP_PRIMARY": session.primary if session else "",
            "GEOREP_SECONDARY": session.secondary if session else "",
        }


def _key(each: Checkpoint) -> _Key:
    return each.label, each.made


def _reached(each: Checkpoint, stimes: Mapping[str, int], now: float) -> Checkpoint:
    """Return a checkpoint with the bricks that have reached it by now."""
    new = {
        worker: now
        for worker, stime in stimes.items()
        if stime >= each.time and worker not in each.reached
    }
    return msgspec.structs.replace(each, reached={**each.reached, **new}) if new else each


def _completed(
    each: Checkpoint, parts: Mapping[str, int], now: float, *, command: bool
) -> Checkpoint:
    """Return a checkpoint as complete, if of each part that is here one brick has reached it, for
    replicas have the same changes; a command that is set is due from then on, and never again.
    """
    there = {part for worker, part in parts.items() if worker in each.reached}
    if each.complete or not parts or there != set(parts.values()):
        return each
    hook = Hook(began=now) if command else None
    return msgspec.structs.replace(each, complete=now, hook=hook)
