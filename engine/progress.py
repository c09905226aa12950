"""How long what is left takes, and how far checkpoints are: numbers made from a State. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine import figures
from engine.events import CheckpointReached, Crawl, HookEnded, MinuteCounted, PendingChanged, Role
from engine.figures import Status
from engine.state import CheckpointState, SessionState, WorkerState, node_of

MINUTE, HOUR = 60.0, 3600.0
ALIKE = 2.0
"""Two estimates that differ by no more than this factor confirm each other."""
_ENOUGH = 0.1
"""Share of a crawl after which its pace is believed."""
_LITTLE = 0.02
"""Share of a crawl that must be done before its pace is told, unless it takes long."""

SETTLED = 10.0
"""Seconds that a worker must have been at it before its pace is told at all."""


class Confidence(StrEnum):
    """How good an estimate is."""

    GOOD = "good"
    """The last minute and the last hour say about the same."""
    ROUGH = "rough"
    """They do not, or only one of them says anything."""
    NONE = "none"
    """Nothing was done lately from which it could be told."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """When something will be done."""

    seconds: float | None
    """From now; None when nobody can tell."""
    confidence: Confidence


DONE = Estimate(0.0, Confidence.GOOD)
UNKNOWN = Estimate(None, Confidence.NONE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one checkpoint of a session is, by all that its engines tell."""

    label: str
    time: int
    """The latest, where nodes were told different ones; 0: not known."""
    reached: int
    """Parts of the volume that have reached it."""
    parts: int
    """Parts that the volume has; 0: not known yet."""
    at: float | None
    """When the last of them did; None while it is not complete."""
    workers: tuple[str, ...]
    """Those whose part has not reached it."""
    hooks: tuple[HookEnded, ...]
    """The operator's commands that were run for it, one for each node."""


def hourly(minutes: Sequence[MinuteCounted], kind: str, now: float) -> float:
    """Return `kind` ("slices", "entries", "files", "bytes") per second over the last hour, or over
    as much of it as is known.
    """
    recent = [each for each in minutes if now - HOUR <= each.minute <= now]
    if not recent:
        return 0.0
    span = min(HOUR, max(MINUTE, now - recent[0].minute))
    total: float = sum(getattr(each, kind) for each in recent)
    return total / span


def rate(worker: WorkerState, kind: str, now: float) -> float:
    """Return the same over the last minute, or since the worker began if that is less."""
    return figures.lately(worker.samples, kind, now, window=MINUTE)


def worker_eta(worker: WorkerState, now: float) -> Estimate | None:
    """Return when all that is pending on a brick will be done; None when it has nothing to do with
    it: it is Passive, or nothing was said.
    """
    if worker.role is None or worker.role.role is not Role.ACTIVE or worker.pending is None:
        return None
    if figures.crawl_of(worker) is Crawl.HYBRID:
        return _crawl_eta(worker, now)
    left = _left(worker.pending)
    if not left:
        return DONE
    settled = now - worker.samples[0].at >= SETTLED if worker.samples else False
    return _agreed(
        _needed(left, {kind: rate(worker, kind, now) for kind in left}) if settled else None,
        _needed(left, {kind: hourly(worker.minutes, kind, now) for kind in left}),
    )


def session_eta(session: SessionState, now: float) -> Estimate | None:
    """Return when all that is pending will be done: by the last brick, with the least confidence;
    None when none is at work.
    """
    active = [
        worker
        for name, worker in session.workers.items()
        if figures.status(session, name) is Status.ACTIVE
    ]
    return _last(found for worker in active if (found := worker_eta(worker, now)) is not None)


def checkpoints(session: SessionState) -> list[Standing]:
    """Return how far each checkpoint is, those for the latest moments first."""
    labels = dict.fromkeys(label for _, label in session.checkpoints)
    found = [_standing(session, label) for label in labels]
    return sorted(found, key=lambda each: (-each.time, each.label))


def checkpoint_eta(session: SessionState, standing: Standing, now: float) -> Estimate | None:
    """Return when a checkpoint will be complete; None when it is, or nobody works towards it.

    What is pending goes first, then time itself has to come; the slice that settles it closes a
    little later.
    """
    if standing.at is not None:
        return None
    last = _last(
        found
        for name in standing.workers
        if figures.status(session, name) is Status.ACTIVE
        and (found := worker_eta(session.workers[name], now)) is not None
    )
    if last is None or last.seconds is None:
        return last
    ahead = max(0.0, standing.time - now)
    confidence = last.confidence if last.seconds > ahead else Confidence.ROUGH
    return Estimate(max(last.seconds, ahead), confidence)


def _left(pending: PendingChanged) -> dict[str, int]:
    kinds = ("slices", "entries", "bytes")
    return {kind: count for kind in kinds if (count := getattr(pending, kind))}


def _needed(left: dict[str, int], rates: dict[str, float]) -> float | None:
    """Return seconds for the slowest of what is left; None where something does not move."""
    if not all(rates.values()):
        return None
    return max(count / rates[kind] for kind, count in left.items())


def _agreed(short: float | None, long: float | None) -> Estimate:
    if short is None or long is None:
        one = short if long is None else long
        return UNKNOWN if one is None else Estimate(one, Confidence.ROUGH)
    if max(short, long) <= ALIKE * min(short, long):
        return Estimate(short, Confidence.GOOD)
    return Estimate(max(short, long), Confidence.ROUGH)


def _crawl_eta(worker: WorkerState, now: float) -> Estimate:
    first, last = worker.crawled_first, worker.crawled
    if first is None or last is None or last.done <= first.done:
        return UNKNOWN
    done = last.done - first.done
    if done < _LITTLE and last.at - first.at < SETTLED:
        return UNKNOWN
    pace = done / (last.at - first.at)
    seconds = max(0.0, (1 - last.done) / pace - max(0.0, now - last.at))
    return Estimate(seconds, Confidence.GOOD if done >= _ENOUGH else Confidence.ROUGH)


def _last(found: Iterable[Estimate]) -> Estimate | None:
    estimates = list(found)
    if not estimates:
        return None
    if UNKNOWN in estimates:
        return UNKNOWN
    # All have seconds: only UNKNOWN has none.
    worst = max(estimates, key=lambda each: each.seconds or 0.0)
    rough = any(each.confidence is Confidence.ROUGH for each in estimates)
    return Estimate(worst.seconds, Confidence.ROUGH if rough else Confidence.GOOD)


def _standing(session: SessionState, label: str) -> Standing:
    told = {node: each for (node, known), each in session.checkpoints.items() if known == label}
    reached = {worker: event for each in told.values() for worker, event in each.reached.items()}
    groups = _parts(session, reached)
    times = [_first(group, reached) for group in groups]
    total = max(_parts_known(session), len(groups))
    done = [at for at in times if at is not None]
    complete = bool(total) and len(done) == total
    return Standing(
        label=label,
        time=max((_time(each) for each in told.values()), default=0),
        reached=len(done),
        parts=total,
        at=max(done) if complete else None,
        workers=tuple(
            name
            for group, at in zip(groups, times, strict=True)
            if at is None
            for name in group
            # A node that was not told of it has nothing to reach.
            if node_of(name) in told
        ),
        hooks=tuple(each.hook for each in told.values() if each.hook is not None),
    )


def _parts(session: SessionState, reached: Iterable[str]) -> list[list[str]]:
    """Return the workers of each part of the volume; replicas have the same changes.

    Where nobody said which part a worker has, each is one of its own; a Passive one counts then
    only if it has reached something itself.
    """
    total = _parts_known(session)
    groups: dict[object, list[str]] = {}
    for name in sorted({*session.workers, *reached}):
        worker = session.workers.get(name)
        part = worker.started.part if worker and worker.started else -1
        if 0 <= part < total:
            groups.setdefault(part, []).append(name)
        elif not total and (name in reached or not _passive(worker)):
            groups[name] = [name]
    return list(groups.values())


def _parts_known(session: SessionState) -> int:
    """Return how many parts the volume has, by who was started last; 0: nobody said."""
    started = [each.started for each in session.workers.values() if each.started]
    last = max(started, key=lambda event: event.at, default=None)
    return last.parts if last else 0


def _passive(worker: WorkerState | None) -> bool:
    return worker is not None and worker.role is not None and worker.role.role is Role.PASSIVE


def _first(group: Iterable[str], reached: dict[str, CheckpointReached]) -> float | None:
    return min((reached[name].at for name in group if name in reached), default=None)


def _time(each: CheckpointState) -> int:
    if each.set is not None:
        return each.set.time
    return max((event.time for event in each.reached.values()), default=0)
