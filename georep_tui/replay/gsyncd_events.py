"""Lines of gsyncd's logs into events: what its monitors, workers and far sides say. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from engine.events import (
    PauseChanged,
    RetryScheduled,
    Role,
    SessionKnown,
    Wanted,
    WorkerConnected,
    WorkerFaulty,
    WorkerStarted,
    WorkerStopped,
)
from georep_tui.replay import gsyncd_faults, gsyncd_lines, gsyncd_words
from georep_tui.replay.gsyncd_life import Fields, Life, role_changed
from georep_tui.replay.gsyncd_lines import Line, Stray
from georep_tui.replay.gsyncd_work import WORK
from georep_tui.replay.notes import AnyTold, LineKept

AGAIN = 10.0
"""Seconds that gsyncd's monitor waits before it starts a worker again."""
KEPT = 1000
"""Characters kept of a line that nobody understood."""
_WANTED = {
    "Created": Wanted.CREATED,
    "Started": Wanted.STARTED,
    "Paused": Wanted.PAUSED,
    "Stopped": Wanted.STOPPED,
}
_PEER = re.compile(r"(?:ssh://)?(?:[^@/:]*@)?([^:/]+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose log it is."""

    session: str
    primary: str
    """Volume name."""
    secondary: str
    """USER@HOST::VOLUME."""
    node: str
    """Where it was written."""


@dataclass(slots=True)
class _Watch:
    """One session on one node, as its monitor tells of it."""

    origin: Origin
    wanted: Wanted | None = None
    lives: dict[str, Life] = field(default_factory=dict)
    """By brick."""
    nameless: list[Line] = field(default_factory=list)
    """Ends of workers that nobody has named yet."""

    def life(self, brick: str) -> Life:
        """Return the worker of a brick."""
        if brick not in self.lives:
            self.lives[brick] = Life(self.origin.session, f"{self.origin.node}:{brick}")
        return self.lives[brick]


class Interpreter:
    """Turns the lines of all logs, in the order of their times, into what they tell."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str], _Watch] = {}
        self.lines = 0
        """Lines that were read."""
        self.strange = 0
        """Lines of them that nobody understood."""

    def take(self, origin: Origin, line: Line | Stray, at: float) -> Iterator[AnyTold]:
        """Yield what one line tells; `at` is the time of one that has none."""
        self.lines += len(line.raw)
        if isinstance(line, Stray):
            self.strange += 1
            yield strange(at, origin.session, origin.node, line.raw[0])
            return
        if line.words in gsyncd_words.OLD:
            line = msgspec.structs.replace(line, words=gsyncd_words.OLD[line.words])
        kind, _, place = line.label.partition(" ")
        match kind:
            case "secondary" | "slave":
                yield from self._far(origin, line, place)
            case "worker" | "agent" if place:
                yield from self._worker(origin, line, place)
            case "monitor" | "monitor-status":
                yield from self._monitor(origin, line)
            case _ if line.label.startswith("/"):
                # Releases before 4.1 name the brick alone.
                yield from self._worker(origin, line, line.label)
            case _:
                yield from self._rest(origin, line, origin.node)

    def _watch(self, origin: Origin) -> _Watch:
        key = (origin.session, origin.node)
        found = self._watches.get(key)
        if found is None:
            found = self._watches[key] = _Watch(origin)
        return found

    def _monitor(self, origin: Origin, line: Line) -> Iterator[AnyTold]:
        watch, said = self._watch(origin), gsyncd_lines.fields(line.rest)
        if line.words == "Monitor Status Change":
            yield from _asked(watch, line, said)
        elif line.words == "starting gsyncd worker" and "brick" in said:
            yield from _named(watch, said["brick"])
            yield from _started(watch, watch.life(said["brick"]), line, said)
        elif line.words.startswith(gsyncd_words.DEATHS) and "brick" in said:
            watch.life(said["brick"]).died = line.words
        elif line.words == "Worker Status Change":
            if said.get("status") in ("Faulty", "inconsistent"):
                yield from _ended(watch, line)
        else:
            yield from self._rest(origin, line, origin.node)

    def _worker(self, origin: Origin, line: Line, brick: str) -> Iterator[AnyTold]:
        watch = self._watch(origin)
        life = watch.life(brick)
        if watch.wanted is None:
            yield from _wants(watch, line, Wanted.STARTED)
        words = line.words
        if (handler := WORK.get(words)) is not None:
            yield from handler(life, line, gsyncd_lines.fields(line.rest))
        elif words == "Worker Status Change":
            yield from _elected(life, line)
        elif words.startswith("Worker spawn successful"):
            yield _connected(life, line)
        elif words in gsyncd_words.FALL_BACKS:
            life.fell_back = gsyncd_words.FALL_BACKS[words]
        elif words.startswith(("Got lock", "Didn't get lock")):
            life.elected = "the lock of its replica set in the meta volume"
        elif words.startswith(gsyncd_words.ENDS):
            life.errors.append(line)
        else:
            if line.level in "EC":
                life.errors.append(line)
            yield from self._rest(origin, line, life.worker)

    def _far(self, origin: Origin, line: Line, place: str) -> Iterator[AnyTold]:
        node, slash, brick = place.partition("/")
        if slash and node:
            near = Origin(origin.session, origin.primary, origin.secondary, node)
            life = self._watch(near).life(slash + brick)
            life.far_open = not line.words.startswith(gsyncd_words.FAR_ENDS)
            if line.words.startswith(gsyncd_words.ENDS):
                life.far.append(line)
                return
            place = f"{node}:{slash}{brick}"
        elif line.words.startswith(gsyncd_words.ENDS):
            return
        yield from self._rest(origin, line, place or origin.node)

    def _rest(self, origin: Origin, line: Line, place: str) -> Iterator[AnyTold]:
        """Keep a line from which no event follows, unless it is known to say nothing."""
        if gsyncd_words.known(line.words):
            return
        understood = line.words.startswith(gsyncd_words.REMARKS)
        self.strange += 0 if understood else len(line.raw)
        yield LineKept(
            at=line.at,
            session=origin.session,
            place=place,
            level=line.level,
            words=(line.words + line.rest)[:KEPT],
            understood=understood,
        )


def strange(at: float, session: str, place: str, raw: bytes) -> LineKept:
    """Return what is kept of a line that says nothing anybody understands."""
    words = gsyncd_lines.text(raw)[:KEPT]
    return LineKept(at=at, session=session, place=place, level="?", words=words, understood=False)


def _wants(watch: _Watch, line: Line, wanted: Wanted) -> Iterator[AnyTold]:
    """Tell what the operator wants, when that is something else."""
    if watch.wanted is not wanted:
        before, watch.wanted, origin = watch.wanted, wanted, watch.origin
        if wanted is Wanted.PAUSED:
            yield from _paused(watch, line, paused=True)
        yield SessionKnown(
            at=line.at,
            session=origin.session,
            primary=origin.primary,
            secondary=origin.secondary,
            wanted=wanted,
            node=origin.node,
        )
        if before is Wanted.PAUSED:
            yield from _paused(watch, line, paused=False)


def _paused(watch: _Watch, line: Line, *, paused: bool) -> Iterator[AnyTold]:
    """Tell that workers rest, or go on: gsyncd's are stopped where they are."""
    for life in watch.lives.values():
        if life.alive:
            yield life.tell(PauseChanged, line.at, paused=paused)


def _asked(watch: _Watch, line: Line, said: Fields) -> Iterator[AnyTold]:
    wanted = _WANTED.get(said.get("status", ""))
    if wanted is None:
        return
    yield from _wants(watch, line, wanted)
    if wanted is Wanted.STOPPED:
        # What its workers said of broken connections in that second is how they were stopped.
        watch.nameless.clear()
        for life in watch.lives.values():
            if life.alive:
                life.alive = False
                yield life.tell(WorkerStopped, line.at, reason="the session was stopped")


def _started(watch: _Watch, life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    yield from _wants(watch, line, Wanted.STARTED)
    life.begin(line.at)
    peer = said.get("secondary_node") or said.get("slave_node") or ""
    life.peer = found[1] if (found := _PEER.match(peer)) else peer
    yield life.tell(WorkerStarted, line.at, pid=0, restart=life.starts - 1)


def _connected(life: Life, line: Line) -> AnyTold:
    life.alive = True
    took = line.at - life.began if life.began else 0.0
    return life.tell(WorkerConnected, line.at, peer=life.peer, peer_version="", seconds=took)


def _elected(life: Life, line: Line) -> Iterator[AnyTold]:
    role = {"Active": Role.ACTIVE, "Passive": Role.PASSIVE}.get(
        gsyncd_lines.fields(line.rest).get("status", "")
    )
    if role is not None:
        yield from role_changed(life, line, role, life.elected or "gsyncd's election")


def _ended(watch: _Watch, line: Line) -> Iterator[AnyTold]:
    """Tell whose end the monitor means: it names no brick.

    It has just named one that died early; or one has said why it ends; or only one was alive. Else
    the next start names it.
    """
    alive = [life for life in watch.lives.values() if life.alive]
    dying = sorted((life for life in alive if life.errors), key=lambda life: life.errors[-1].at)
    named = [life for life in watch.lives.values() if life.died]
    found = named or dying or (alive if len(alive) == 1 else [])
    if found:
        yield from _faulty(found[0], line)
    else:
        watch.nameless.append(line)


def _named(watch: _Watch, brick: str) -> Iterator[AnyTold]:
    life = watch.lives.get(brick)
    if life is not None and life.alive and watch.nameless:
        yield from _faulty(life, watch.nameless.pop(0))


def _faulty(life: Life, line: Line) -> Iterator[AnyTold]:
    near = [each for each in life.errors if line.at - each.at < gsyncd_faults.WINDOW]
    far = [each for each in life.far if line.at - each.at < gsyncd_faults.WINDOW]
    fault = gsyncd_faults.explain(near, far, life.died, silent=life.far_open)
    life.alive, life.died = False, ""
    yield life.tell(WorkerFaulty, line.at, **fault._asdict())
    if gsyncd_lines.fields(line.rest).get("status") == "Faulty":
        yield life.tell(RetryScheduled, line.at, attempt=life.starts, due=line.at + AGAIN)
