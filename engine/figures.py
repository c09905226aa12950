"""Words and numbers made from a State: how a worker is, how far behind, how fast. Pure."""

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from enum import StrEnum

from engine.events import (
    Crawl,
    EntryFailed,
    MoverTried,
    PeerPassedOver,
    ReconcileDue,
    Role,
    Wanted,
    WorkerFaulty,
    WorkerProgressed,
)
from engine.state import SessionState, WorkerState, node_of

BACK_OFF = 120.0
"""Seconds after a fault within which a worker that begins is the next try."""
GAP = 3.0
"""Totals further apart than this many seconds mean that nothing happened for most of the time."""


class Status(StrEnum):
    """The one word for how a worker, or a session, is."""

    STARTING = "starting"
    ACTIVE = "active"
    PASSIVE = "passive"
    PAUSED = "paused"
    FAULTY = "faulty"
    STOPPED = "stopped"


def status(session: SessionState, name: str) -> Status:
    """Return the word for the worker `name` of `session`. The only place that decides it."""
    worker = session.workers[name]
    known = session.nodes.get(node_of(name))
    wanted = known.wanted if known else Wanted.STARTED
    if wanted is Wanted.PAUSED and not _finishing(worker):
        return Status.PAUSED
    if isinstance(worker.ended, WorkerFaulty) and wanted is Wanted.STARTED:
        return Status.FAULTY
    if worker.ended or (wanted is not Wanted.STARTED and worker.started is None):
        return Status.STOPPED
    return Status(worker.role.role) if worker.role else Status.STARTING


def _finishing(worker: WorkerState) -> bool:
    """Whether something is still under way in a worker that was asked to pause."""
    runs = worker.started is not None and worker.ended is None
    return runs and not (worker.pause and worker.pause.paused)


def session_status(session: SessionState) -> Status:
    """Return the word for a whole session: what most needs to be known of it."""
    known = session.known
    wanted = known.wanted if known else Wanted.STARTED
    if wanted is Wanted.PAUSED:
        finishing = Status.ACTIVE in {status(session, name) for name in session.workers}
        return Status.ACTIVE if finishing else Status.PAUSED
    if session.blocked and wanted is Wanted.STARTED:
        return Status.FAULTY
    found = {status(session, name) for name in session.workers}
    for word in (Status.FAULTY, Status.ACTIVE, Status.STARTING, Status.PASSIVE):
        if word in found:
            return word
    return Status.STARTING if wanted is Wanted.STARTED and not found else Status.STOPPED


def lag(worker: WorkerState, now: float) -> float | None:
    """Return how far its brick is behind; None when unknown, or when a replica does the work."""
    passive = worker.role is not None and worker.role.role is Role.PASSIVE
    if passive or worker.position is None or worker.position.stime <= 0:
        return None
    return max(0.0, now - worker.position.stime)


def ahead(worker: WorkerState) -> float | None:
    """Return up to when everything is on the secondary, settled or not, where it is known; never
    before what is settled.
    """
    if worker.pending is None or not worker.pending.ahead or lag(worker, 0.0) is None:
        return None
    return max(worker.pending.ahead, float(worker.position.stime if worker.position else 0))


def session_ahead(session: SessionState) -> float | None:
    """Return the same of the brick that is furthest behind; None when one at work says nothing."""
    active = [n for n in session.workers if status(session, n) is Status.ACTIVE]
    found = [ahead(session.workers[name]) for name in active]
    known = [each for each in found if each is not None]
    return min(known) if known and len(known) == len(found) else None


def session_lag(session: SessionState, now: float) -> float | None:
    """Return the lag of the brick that is furthest behind."""
    lags = (lag(worker, now) for worker in session.workers.values())
    return max((each for each in lags if each is not None), default=None)


def tried(failure: EntryFailed) -> float:
    """Return when an object was tried last, in seconds since the epoch."""
    return failure.last or failure.at


def tries_again(session: SessionState, name: str) -> bool:
    """Whether a worker begins right after a fault: nobody knows yet whether that is over."""
    worker = session.workers[name]
    started, fault = worker.started, worker.fault
    if status(session, name) is not Status.STARTING or started is None or fault is None:
        return False
    return started.restart > 0 and 0 <= started.at - fault.at < BACK_OFF


def troubled(session: SessionState, name: str) -> bool:
    """Whether the secondary would not take a change from a worker that has none now."""
    pending = session.workers[name].pending
    works = status(session, name) in (Status.ACTIVE, Status.PASSIVE)
    return works and pending is not None and bool(pending.trouble)


def due(worker: WorkerState) -> ReconcileDue | None:
    """Return what of its brick is to be reconciled; a Passive worker leaves it to the Active."""
    passive = worker.role is not None and worker.role.role is Role.PASSIVE
    return worker.reconcile if worker.reconcile and worker.reconcile.due and not passive else None


def unreconciled(session: SessionState) -> ReconcileDue | None:
    """Return what of a session is to be reconciled: of its bricks, the one doubted for longest."""
    found = [each for worker in session.workers.values() if (each := due(worker)) is not None]
    return min(found, key=lambda each: (each.since, each.until), default=None)


def broken(session: SessionState) -> dict[tuple[str, str], MoverTried]:
    """Return, by node and mover, what does not work for a worker that runs there."""
    return {
        (node_of(name), mover): tried
        for name, worker in session.workers.items()
        for mover, tried in worker.movers.items()
        if not tried.works and worker.ended is None
    }


def unused(session: SessionState) -> dict[tuple[str, str], PeerPassedOver]:
    """Return, by node and host, which of the secondary's nodes a worker that runs there could not
    use, the latest of each.
    """
    found = [
        (node_of(name), passed)
        for name, worker in session.workers.items()
        for passed in worker.passed.values()
        if worker.ended is None and worker.connected is not None
    ]
    return {
        (node, passed.peer): passed for node, passed in sorted(found, key=lambda each: each[1].at)
    }


def crawl_of(worker: WorkerState) -> Crawl:
    """Return how it finds out what changed."""
    return worker.crawl.crawl if worker.crawl else Crawl.NONE


def rate(samples: Sequence[WorkerProgressed], kind: str, now: float, *, window: float) -> float:
    """Return `kind` ("bytes", "files", "entries") per second over the last `window` seconds."""
    return max(0.0, total_at(samples, kind, now) - total_at(samples, kind, now - window)) / window


def lately(samples: Sequence[WorkerProgressed], kind: str, now: float, *, window: float) -> float:
    """Return the same, but since the first total was told if that is less: who has just begun is
    not slow.
    """
    since = now - samples[0].at if samples else window
    return rate(samples, kind, now, window=min(window, max(1.0, since)))


def series(
    samples: Sequence[WorkerProgressed], kind: str, now: float, *, window: float, points: int
) -> list[float]:
    """Return the rate in each of `points` equal parts of the last `window` seconds.

    Fewer, the last ones, when the samples do not reach back so far.
    """
    step = window / points
    if samples:
        points = min(points, math.ceil(max(0.0, now - samples[0].at) / step))
        window = points * step
    edges = [total_at(samples, kind, now - window + step * i) for i in range(points + 1)]
    return [max(0.0, after - before) / step for before, after in itertools.pairwise(edges)]


def total_at(samples: Sequence[WorkerProgressed], kind: str, at: float) -> float:
    """Return the total of `kind` as it was at a time; before the first sample it is the first."""
    if not samples:
        return 0.0
    later = bisect_right(samples, at, key=lambda sample: sample.at)
    low = samples[max(0, later - 1)]
    total: float = getattr(low, kind)
    if later in (0, len(samples)):
        return total
    high = samples[later]
    begin = max(low.at, high.at - GAP)
    more: float = getattr(high, kind) - total
    return total + more * max(0.0, at - begin) / (high.at - begin)
