"""Workers that were Active and did nothing while there was something to do. Pure.

A quiet brick says as little as a worker that has stopped listening. What tells them apart: every
brick has a record of every directory that is made, so when another brick's batch told of one, this
one had a slice too; and slices that closed while a worker listened, and are made so only after its
next start, were missed. Of georep's own journals: something was pending and nothing was said.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.events import (
    BatchDone,
    Crawl,
    CrawlChanged,
    JobFinished,
    PendingChanged,
    PositionMoved,
    Role,
    RoleChanged,
    SessionKnown,
    Wanted,
    WorkerEvent,
    WorkerFaulty,
    WorkerStarted,
    WorkerStopped,
)
from engine.state import node_of
from georep_tui.replay.notes import AnyTold, SlicesTold

LATE = 60.0
"""Seconds that something may wait before it counts as stalled."""
SILENT = 120.0
"""Seconds that a worker of georep's may say nothing while something is pending."""
CLOSE = 20
"""Seconds by which the slices of two bricks with one record may close apart, and a little more."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A stretch of time in which a worker did nothing of what there was to do."""

    session: str
    worker: str
    begin: float
    end: float
    ended: str
    """How it ended."""


@dataclass(slots=True)
class _Listener:
    """One worker, as it listens for slices."""

    session: str
    worker: str
    active: bool = False
    crawl: Crawl = Crawl.NONE
    since: float = 0.0
    """Since when it listens for slices; 0: it does not."""
    settled: int = 0
    """All slices up to this one are made so."""
    waiting: float = 0.0
    """Since when there has been something for it; 0: nothing is known of."""
    before: tuple[float, float] = (0.0, 0.0)
    """From when until when it listened before."""
    held: Stall | None = None
    """A stall that its end cut off; what comes to light later may make it longer."""
    pending: float = 0.0
    """When it last said something, if something was pending then; 0: nothing was."""


class Stalls:
    """Finds the stalls of all workers in what is told."""

    def __init__(self) -> None:
        self._workers: dict[tuple[str, str], _Listener] = {}

    def take(self, told: AnyTold) -> Iterator[Stall]:
        """Yield the stalls that end with what is told."""
        if isinstance(told, SessionKnown) and told.wanted is Wanted.PAUSED:
            for each in list(self._workers.values()):
                if each.session == told.session and node_of(each.worker) == told.node:
                    self._stop(each, told.at, "the session was paused")
                    each.pending = 0.0
        if isinstance(told, WorkerEvent):
            key = (told.session, told.worker)
            each = self._workers.setdefault(key, _Listener(*key))
            yield from _silent(each, told)
            yield from self._follow(each, told)

    def finish(self, at: float) -> Iterator[Stall]:
        """Yield the stalls that go on when all has been told."""
        for each in self._workers.values():
            self._stop(each, at, "nothing more is told")
            if each.held:
                yield each.held

    def _follow(self, each: _Listener, told: WorkerEvent) -> Iterator[Stall]:
        match told:
            case RoleChanged():
                each.active = told.role is Role.ACTIVE
                self._listen(each, told.at)
            case CrawlChanged():
                each.crawl = told.crawl
                self._listen(each, told.at)
            case WorkerStarted() | WorkerFaulty() | WorkerStopped():
                words = "the worker ended" if each.since else ""
                self._stop(each, told.at, words)
                each.active, each.crawl = False, Crawl.NONE
            case PositionMoved():
                each.settled = max(each.settled, told.slice, told.stime)
            case BatchDone():
                yield from _moved(each, told.at - told.seconds)
            case JobFinished():
                yield from _moved(each, told.at - told.seconds)
            case SlicesTold():
                yield from _late(each, told)
                each.settled = max(each.settled, told.last)
                if told.directories:
                    self._tell_others(each, told)
            case _:
                pass

    def _listen(self, each: _Listener, at: float) -> None:
        if each.active and each.crawl is Crawl.CHANGELOG:
            each.since = each.since or at
        else:
            self._stop(each, at, "it turned to something else")

    def _stop(self, each: _Listener, at: float, words: str) -> None:
        if each.since:
            each.before = (each.since, at)
            if each.waiting and at - each.waiting >= LATE:
                each.held = Stall(each.session, each.worker, each.waiting, at, words)
        each.since = each.waiting = 0.0

    def _tell_others(self, teller: _Listener, told: SlicesTold) -> None:
        for each in self._workers.values():
            listens = each is not teller and each.session == teller.session and each.since
            if listens and not each.waiting and each.settled < told.last - CLOSE:
                each.waiting = max(float(told.last), each.since)


def _moved(each: _Listener, begin: float) -> Iterator[Stall]:
    """End the waiting of a worker that has begun something at `begin`."""
    if each.waiting and begin - each.waiting >= LATE:
        yield Stall(each.session, each.worker, each.waiting, begin, "it went on by itself")
    each.waiting = 0.0


def _late(each: _Listener, told: SlicesTold) -> Iterator[Stall]:
    """Tell of slices that had closed while the worker listened the time before."""
    since, until = each.before
    each.before = (0.0, 0.0)
    held, each.held = each.held, None
    if until:
        # The slice that was settled last is always done once more. Where several were done, only
        # of the last one is it certain that it is new.
        fresh = told.first if told.first > each.settled + 1 or told.count == 1 else told.last
        begin = max(float(fresh), since)
        if fresh > each.settled + 1 and until - begin >= LATE:
            words = held.ended if held else "the worker ended"
            begin = min(begin, held.begin) if held else begin
            held = Stall(each.session, each.worker, begin, until, words)
    if held:
        yield held


def _silent(each: _Listener, told: WorkerEvent) -> Iterator[Stall]:
    """Tell of a worker of georep's that said nothing while something was pending."""
    if each.pending and told.at - each.pending >= SILENT:
        yield Stall(each.session, each.worker, each.pending, told.at, "it spoke again")
    match told:
        case PendingChanged():
            each.pending = max(each.pending, told.at) if told.slices else 0.0
        case WorkerStarted() | WorkerFaulty() | WorkerStopped():
            each.pending = 0.0
        case _:
            # Not back: a journal holds back what comes too often, and tells it late.
            each.pending = max(each.pending, told.at) if each.pending else 0.0
