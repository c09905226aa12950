"""The life of a session as an operator sees it: create, start, pause, stop, delete; how it is."""

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import config, feed, names, options
from engine.commands import Reload
from engine.config import Places, Session
from engine.errors import GeorepError, Retry, Stop, Usage
from engine.events import CheckpointDeleted, SessionBlocked, SessionKnown, Wanted, WorkerStopped
from engine.gluster import volume as volumes
from engine.options import Options
from engine.session import checkpoints, deciding, ledger, marks, wanted
from engine.session.ledger import Failure
from engine.session.runner import lock
from engine.session.supervisor import node_name
from engine.session.wanted import Verb
from engine.state import State, apply

if TYPE_CHECKING:
    from engine.session.checks import Check
    from engine.session.doctor import Agree, Tick

# What looks at the secondary needs ssh, half of all that a command waits for; most do not look.


@dataclass(frozen=True, slots=True)
class Listed:
    """One session file, read or not."""

    name: str
    session: Session | None
    wanted: Wanted | None
    error: str = ""
    """Why it could not be read, with the next step."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision on failures."""

    count: int
    """Of how many it was decided."""
    strangers: Sequence[str] = ()
    """Words that named no failure; it was decided of the others."""


async def create(
    at: Places,
    volume: str,
    secondary: str,
    *,
    name: str = "",
    settings: Iterable[str] = (),
    tick: "Tick" = lambda check: None,
    agree: "Agree | None" = None,
    force: bool = False,
) -> Session:
    """Check both sides, then write the session file; start nothing.

    `agree` is asked before the primary's changelog is switched on; without it nothing is. `force`:
    also when the secondary has something in it, or marks forbid it; then the session heeds none.
    Raises Usage for bad words or a name that is taken, Stop when a check failed; each check has
    gone to `tick` by then. Mounts the primary, so it must run in the main thread.
    """
    from engine.session import doctor, mark_checks  # deferred: see above

    session = drafted(at, volume, secondary, name=name, settings=settings)
    if agree is not None:
        doctor.enable(session.primary, agree, tick)
    seen: list[Check] = []

    def told(found: "Check") -> None:
        seen.append(found)
        tick(found)

    if not await check(at, session, tick=told, force=force):
        raise Stop(
            f"Session {session.name} was not created: not every check passed",
            cause="checks failed",
            fix="Mend what is crossed and try again.",
        )
    if any(found.name in mark_checks.NAMES and found.fix for found in seen):
        # What was excused here must not end the workers.
        session = replace(session, options=replace(session.options, heed_marks=False))
    config.create(at, session)
    wanted.write(at, session.name, Wanted.CREATED)
    await nudge(at)
    return session


def drafted(
    at: Places, volume: str, secondary: str, *, name: str = "", settings: Iterable[str] = ()
) -> Session:
    """Return the session that `create` would make of these words, with a key that was made for it;
    Usage for bad words or a name that is taken.
    """
    from engine.session import keys  # deferred: see above

    session = keys.taken_up(at, draft(volume, secondary, name=name, settings=settings))
    if session.name in config.names(at):
        raise Usage(
            f"A session called {session.name} exists already ({at.file(session.name)})",
            fix="Choose another name with --name, or delete that session first.",
        )
    return session


def draft(volume: str, secondary: str, *, name: str = "", settings: Iterable[str] = ()) -> Session:
    """Return the session that these words describe; nothing is looked at."""
    remote = config.parse_secondary(secondary)
    primary = config.parse_primary(volume, where="The primary")
    usual = f"{primary}-{remote.host}-{remote.volume.strip('/')}"
    chosen = config.check_name(name or re.sub(r"[^A-Za-z0-9._-]", "-", usual))
    return Session(
        chosen, primary, *remote, options=options.changed(Options(), settings, where="--set")
    )


async def check(
    at: Places, session: Session, *, tick: "Tick" = lambda check: None, force: bool = False
) -> bool:
    """Make every check that can be made; return whether all passed."""
    from engine.session import doctor  # deferred: see above

    return await doctor.session(at, session, tick=tick, force=force)


async def examine(at: Places, name: str | None, *, tick: "Tick") -> bool:
    """Make every check of session `name`, or of this node alone; return whether all passed."""
    from engine.session import doctor  # deferred: see above

    if name is None:
        started = [each for each in listed(at) if each.wanted is Wanted.STARTED]
        return doctor.node(tick, runs=await running(at), needed=bool(started))
    session = config.read(at, name)
    needed = wanted.read(at, name) is Wanted.STARTED
    found = doctor.check_engine(runs=await running(at), needed=needed)
    tick(replace(found, node=node_name()))
    return await check(at, session, tick=tick) and found.fine


async def start(at: Places, name: str) -> None:
    """Note that the session shall run, and tell the engine; Retry when none runs here."""
    await _want(at, name, Verb.START)


async def stop(at: Places, name: str) -> None:
    """Note that the session shall not run, and tell the engine; Retry when none runs here."""
    await _want(at, name, Verb.STOP)


async def pause(at: Places, name: str) -> None:
    """Note that the session shall begin nothing new, and tell the engine; Retry when none runs
    here.
    """
    await _want(at, name, Verb.PAUSE)


async def resume(at: Places, name: str) -> None:
    """Note that a paused session shall go on, and tell the engine; Retry when none runs here."""
    await _want(at, name, Verb.RESUME)


async def delete(at: Places, name: str, *, reset: bool = False) -> list[str]:
    """Remove a session that is not started: its file, its history, its state on this node.

    How far each brick is stays noted on the brick itself, so a session of the same two volumes
    goes on from there; with `reset` that is taken off the bricks of this node, too; of a session
    that never ran there is none. Return the bricks that it was taken off.
    """
    config.check_name(name)
    if name not in config.names(at):
        config.read(at, name)  # says which sessions there are
    word = wanted.read(at, name)
    if word in (Wanted.STARTED, Wanted.PAUSED):
        raise Usage(f"Session {name} is {word}", fix=f"Stop it first: georep stop {name}")
    with lock(at, name):
        # First: a crash after it leaves a session that looks at everything again.
        bricks = _reset(at, name) if reset and not _never_ran(at, name) else []
        try:
            at.file(name).unlink()
            await nudge(at)
            shutil.rmtree(at.of(name))
        except OSError as error:
            raise Usage(
                f"Session {name} could not be removed: {error}", fix="Run this as root."
            ) from error
    return bricks


def _never_ran(at: Places, name: str) -> bool:
    """Whether a session cannot have a position of its own: those on the bricks are of others."""
    return wanted.read(at, name) is Wanted.CREATED and not marks.read(at, name)


def _reset(at: Places, name: str) -> list[str]:
    secondary = marks.known(at, name)
    found = volumes.read(config.read(at, name).primary)
    bricks = [brick.path for brick in found.of_node(volumes.local_node_uuid())]
    try:
        return marks.take_off(bricks, found.uuid, secondary)
    except OSError as error:
        raise Usage(
            f"The position could not be taken off {error.filename!s}: {error.strerror}",
            fix="Run this as root, where the bricks are mounted.",
        ) from error


def listed(at: Places) -> list[Listed]:
    """Return every session of this node, also one whose file is bad."""
    return [_listed(at, name) for name in config.names(at)]


async def running(at: Places) -> bool:
    """Whether an engine answers on this node."""
    try:
        _, writer = await feed.connect(at.socket)
    except Retry:
        return False
    writer.close()
    return True


async def status(at: Places, name: str | None = None) -> State:
    """Return the picture of one session, or of all: the engine's, or else the last journal's.

    Without an engine, workers are shown as ended, at the time of their last word.
    """
    if name is not None and name not in config.names(at):
        config.read(at, name)  # says which sessions there are
    state = await _present(at) if await running(at) else _past(at)
    if name is not None:
        state.sessions = {key: each for key, each in state.sessions.items() if key == name}
    return state


async def _present(at: Places) -> State:
    """Return what the engine says now: its snapshot is followed by the answer to a question."""
    return await feed.picture(at.socket)


def _past(at: Places) -> State:
    state = State()
    for each in listed(at):
        told = State()
        for event in feed.read(feed.files(at.of(each.name) / "journal")[-1:]):
            apply(told, event)
        session = told.sessions.get(each.name)
        workers = session.workers if session else {}
        for worker, seen in workers.items():
            if seen.started is not None and seen.ended is None:
                reason = "no engine runs on this node"
                ended = WorkerStopped(at=told.at, session=each.name, worker=worker, reason=reason)
                apply(told, ended)
        apply(told, _as_listed(each, told.at))
        _checkpoints(at, each.name, told)
        state.at = max(state.at, told.at)
        state.engines.update(told.engines)
        state.sessions.update(told.sessions)
    return state


def _checkpoints(at: Places, name: str, told: State) -> None:
    """Have `told` say which checkpoints this node has now: they are set without an engine, too."""
    try:
        found = checkpoints.read(at, name)
    except GeorepError:
        return
    node, known = node_name(), told.sessions[name].checkpoints
    for label in [label for where, label in known if where == node]:
        apply(told, CheckpointDeleted(at=told.at, session=name, node=node, label=label))
    for fact in checkpoints.facts(found, name, node):
        apply(told, fact)


def _as_listed(each: Listed, at: float) -> SessionKnown | SessionBlocked:
    node = node_name()
    if each.session is None or each.wanted is None:
        return SessionBlocked(
            at=at, session=each.name, node=node, cause="configuration", words=each.error, fix=""
        )
    return SessionKnown(
        at=at,
        session=each.name,
        primary=each.session.primary,
        secondary=each.session.secondary,
        wanted=each.wanted,
        node=node,
    )


def _listed(at: Places, name: str) -> Listed:
    try:
        return Listed(name, config.read(at, name), wanted.read(at, name))
    except GeorepError as error:
        return Listed(name, None, None, error.sentence())


def failures(at: Places, name: str) -> list[Failure]:
    """Return what of session `name` could not be made so from this node, by path."""
    config.read(at, name)
    return ledger.failures(at.ledger(name))


async def retry(at: Places, name: str, objects: Sequence[str] = ()) -> Decided:
    """Have failures tried again now, those that were skipped if they are named."""
    config.read(at, name)
    gfids, strangers = _gfids(at, name, objects) if objects else (None, [])
    return Decided(await deciding.again(at, name, gfids), strangers)


async def skip(at: Places, name: str, objects: Sequence[str]) -> Decided:
    """Leave failures alone until their objects change."""
    gfids, strangers = _gfids(at, name, objects)
    return Decided(await deciding.aside(at, name, gfids), strangers)


def _gfids(at: Places, name: str, objects: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the gfids of failures that are named by gfid or by path, and the words that name none;
    Usage when none does.
    """
    found = failures(at, name)
    gfids: list[str] = []
    strangers: list[str] = []
    for word in objects:
        meant = [each.gfid for each in found if word == each.gfid or _called(each.path, word)]
        gfids += meant
        strangers += [] if meant else [word]
    if not gfids:
        raise Usage(
            f"No failure of session {name} is called {strangers[0]}",
            fix=f"Name gfids or paths as georep failures {name} shows them.",
        )
    return list(dict.fromkeys(gfids)), strangers


def _called(path: str, word: str) -> bool:
    return bool(path) and names.alike(path, word)


async def _want(at: Places, name: str, verb: Verb) -> None:
    config.read(at, name)
    word = wanted.after(_wanted(at, name, verb), verb, name)
    wanted.write(at, name, word)
    try:
        await feed.ask(at.socket, Reload())
    except Retry as error:
        raise Retry(
            f"Session {name} is noted as {word}, but no engine acts on it: {error.words}",
            cause=error.cause,
            fix=error.fix,
        ) from error


def _wanted(at: Places, name: str, verb: Verb) -> Wanted:
    try:
        return wanted.read(at, name)
    except Usage:
        # A word that makes no sense is mended by one that does.
        if verb in (Verb.START, Verb.STOP):
            return Wanted.CREATED
        raise


async def nudge(at: Places) -> None:
    """Have the engine look at the files of its sessions again, if one runs."""
    await deciding.tell(at, Reload())
