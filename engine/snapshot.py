"""The run of events that paints a picture again. Pure."""

from collections.abc import Iterator

from engine.events import AnyEvent
from engine.state import SessionState, State, WorkerState


def snapshot(state: State) -> list[AnyEvent]:
    """Return events which, applied to an empty State, give an equal one.

    First the edges that are no longer recent, then the recent ones in their order: together they
    are a part of the original run with every fact, and whatever undid it, still in it. The rest
    comes last, because nothing that follows may undo it.
    """
    recent = [event for engine in state.engines.values() for event in engine.recent]
    kept = set(recent)
    events: list[AnyEvent] = [e.started for e in state.engines.values() if e.started]
    for session in state.sessions.values():
        events += (event for event in _old_edges(session) if event not in kept)
    events += recent
    for session in state.sessions.values():
        for worker in session.workers.values():
            events += _levels(worker)
    return events


def _old_edges(session: SessionState) -> Iterator[AnyEvent]:
    yield from session.nodes.values()
    for checkpoint in session.checkpoints.values():
        singles = (checkpoint.set, *checkpoint.reached.values(), checkpoint.hook)
        yield from (event for event in singles if event is not None)
    for worker in session.workers.values():
        yield from (each for each in worker.faults if each != worker.ended)
        facts = (
            worker.started,
            worker.connected,
            worker.role,
            worker.pause,
            worker.crawl,
            worker.reconcile,
            worker.caught,
            worker.ended,
            worker.retry,
        )
        yield from (event for event in facts if event is not None)
        yield from worker.movers.values()
        yield from worker.passed.values()
        yield from worker.failures.values()
        yield from worker.aside.values()
    yield from session.blocked.values()


def _levels(worker: WorkerState) -> Iterator[AnyEvent]:
    first = worker.crawled_first if worker.crawled_first is not worker.crawled else None
    singles = (first, worker.crawled, worker.pending, worker.position, worker.counted, worker.swept)
    yield from (event for event in singles if event is not None)
    yield from worker.samples
    yield from worker.minutes
    yield from worker.batches
    yield from worker.jobs
    # After them: a job of an earlier run of the worker has the same number.
    yield from worker.running.values()
