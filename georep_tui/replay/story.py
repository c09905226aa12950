"""What a replay tells, as a story: every change of state with its cause, and the sums. Pure.

The story is a run of entries; who wants less of it leaves entries out. What is counted is bounded
by the number of workers, kinds and causes, not by the length of the night.
"""

from collections import Counter
from collections.abc import Iterator

from engine import figures
from engine.events import (
    BatchDone,
    CheckpointReached,
    CheckpointSet,
    CrawlChanged,
    EngineStarted,
    EntryFailed,
    EntryMended,
    JobFinished,
    PauseChanged,
    QuarantineSwept,
    RoleChanged,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    Wanted,
    WorkerEvent,
    WorkerFaulty,
    WorkerStarted,
    WorkerStopped,
)
from engine.state import CheckpointState, SessionState, State, WorkerState, apply, node_of
from georep_tui import rows
from georep_tui.replay.entries import Entry, Tally, What, entry
from georep_tui.replay.notes import (
    AnyNote,
    AnyTold,
    CheckpointPassed,
    ConflictEnded,
    ConflictMet,
    GivenUp,
    LineKept,
    SlicesTold,
)
from georep_tui.replay.stalls import Stall, Stalls

STRANGE = 200
"""Kinds of lines that nobody understood which are counted apart."""


class Story:
    """Folds what is told into entries and tallies."""

    def __init__(self) -> None:
        self._state = State()
        self._stalls = Stalls()
        self.begin = 0.0
        """Time of the first thing that was told."""
        self.end = 0.0
        self.tallies: dict[tuple[str, str], Tally] = {}
        """By session and worker."""
        self._wanted: dict[tuple[str, str], Wanted] = {}
        self.known: dict[str, SessionKnown] = {}
        """By session: what was last known of it."""
        self.strange: Counter[str] = Counter()
        """By level and first words: lines that nobody understood."""

    def begin_at(self, at: float) -> None:
        """Forget what was counted; what is known stays."""
        self.begin = self.end = at
        self.tallies = {
            key: Tally(status=tally.status, since=at) for key, tally in self.tallies.items()
        }
        self.strange.clear()

    def take(self, told: AnyTold) -> Iterator[Entry]:
        """Yield what happened."""
        self.begin = min(self.begin, told.at) if self.begin else told.at
        self.end = max(self.end, told.at)
        if isinstance(told, AnyNote):
            yield from self._note(told)
        else:
            known = self._known_before(told)
            apply(self._state, told)
            for worker in self._affected(told):
                status = self._status(*worker)
                if status != self._tally(*worker).status or isinstance(told, WorkerStarted):
                    yield self._turned(worker, status, told)
            if not known:
                yield from self._event(told)
        for stall in self._stalls.take(told):
            yield self._stalled(stall)

    def finish(self) -> Iterator[Entry]:
        """Yield what is known only when all has been told."""
        for stall in self._stalls.finish(self.end):
            yield self._stalled(stall)
        for tally in self.tallies.values():
            if tally.status:
                tally.seconds[tally.status] += max(0.0, self.end - tally.since)
                tally.since = self.end

    def _known_before(self, told: AnyTold) -> bool:
        """Return whether an event says only once more what had been told."""
        match told:
            case EntryFailed(again=True):
                session = self._state.sessions.get(told.session, SessionState())
                worker = session.workers.get(told.worker, WorkerState())
                return told.gfid in worker.failures or told.gfid in worker.aside
            case CheckpointSet() | CheckpointReached():
                node = told.node if isinstance(told, CheckpointSet) else node_of(told.worker)
                session = self._state.sessions.get(told.session, SessionState())
                known = session.checkpoints.get((node, told.label), CheckpointState())
                if isinstance(told, CheckpointSet):
                    return known.set is not None and known.set.time == told.time
                before = known.reached.get(told.worker)
                return before is not None and before.time == told.time
            case _:
                return False

    def _tally(self, session: str, worker: str) -> Tally:
        return self.tallies.setdefault((session, worker), Tally())

    def _affected(self, told: AnyTold) -> list[tuple[str, str]]:
        """Return the workers whose state may be another one after an event."""
        match told:
            case SessionKnown():
                session = self._state.sessions.get(told.session)
                names = session.workers if session else ()
                return [(told.session, n) for n in names if node_of(n) == told.node]
            case (
                RoleChanged() | PauseChanged() | WorkerStarted() | WorkerFaulty() | WorkerStopped()
            ):
                return [(told.session, told.worker)]
            case _:
                return []

    def _status(self, session: str, worker: str) -> str:
        known = self._state.sessions.get(session)
        return figures.status(known, worker).value if known and worker in known.workers else ""

    def _turned(self, worker: tuple[str, str], status: str, told: AnyTold) -> Entry:
        tally = self._tally(*worker)
        if tally.status:
            tally.seconds[tally.status] += max(0.0, told.at - tally.since)
        tally.status, tally.since = status, told.at
        cause, fix, evidence = _why(told)
        return Entry(
            at=told.at,
            session=worker[0],
            place=worker[1],
            what=What.STATE,
            words=status,
            cause=cause,
            fix=fix,
            evidence=evidence,
        )

    def _event(self, told: AnyTold) -> Iterator[Entry]:
        """Count what an event tells, and yield what of it is no change of a worker's state."""
        match told:
            case EngineStarted():
                yield entry(told, told.node, What.SESSION, f"georep {told.version} began")
            case SessionKnown():
                yield from self._known(told)
            case SessionForgotten():
                self._wanted.pop((told.session, told.node), None)
                yield entry(told, told.node, What.SESSION, "deleted")
            case SessionBlocked():
                words = f"cannot run: {told.cause}"
                yield entry(told, told.node, What.SESSION, words, cause=told.words, fix=told.fix)
            case CheckpointSet():
                words = f"checkpoint {told.label} set for {rows.stamp(told.time)}"
                yield entry(told, told.node, What.CHECKPOINT, words)
            case WorkerEvent():
                yield from _work(told, self._tally(told.session, told.worker))
            case _:
                pass

    def _known(self, told: SessionKnown) -> Iterator[Entry]:
        self.known[told.session] = told
        key = (told.session, told.node)
        if self._wanted.get(key) is not told.wanted:
            goes_on = self._wanted.get(key) is Wanted.PAUSED and told.wanted is Wanted.STARTED
            self._wanted[key] = told.wanted
            cause = "it goes on after a pause" if goes_on else ""
            yield entry(told, told.node, What.SESSION, told.wanted.value, cause=cause)

    def _note(self, told: AnyNote) -> Iterator[Entry]:
        match told:
            case ConflictMet():
                self._tally(told.session, told.worker).met += told.count
                words = f"{told.count} × gfid mismatch"
                cause = "others hold the names on the secondary"
                yield entry(told, told.worker, What.CONFLICT, words, cause=cause)
            case ConflictEnded():
                tally = self._tally(told.session, told.worker)
                tally.settled += told.count if told.settled else 0
                end = "settled" if told.settled else "not settled"
                words = f"{told.count} × gfid mismatch {end}"
                yield entry(told, told.worker, What.CONFLICT, words, cause=told.words)
            case CheckpointPassed():
                self._tally(told.session, told.worker).checkpoints.append(told.checkpoint)
                words = f"checkpoint {told.checkpoint} reached"
                yield entry(told, told.worker, What.CHECKPOINT, words)
            case GivenUp():
                self._tally(told.session, told.worker).given_up += told.count
                cause = "it is not sent until it is written to again"
                names = ", ".join(told.slices[:3]) or "a slice"
                words = f"content in {names} given up"
                yield entry(told, told.worker, What.GIVEN_UP, words, cause=cause)
            case LineKept():
                what = What.REMARK if told.understood else What.STRANGE
                if what is What.STRANGE:
                    self._count(told)
                yield entry(told, told.place, what, told.words)
            case SlicesTold():
                pass

    def _count(self, told: LineKept) -> None:
        kind = f"{told.level} {told.words[:80]}"
        if kind in self.strange or len(self.strange) < STRANGE:
            self.strange[kind] += 1
        else:
            self.strange["… others"] += 1

    def _stalled(self, stall: Stall) -> Entry:
        tally = self._tally(stall.session, stall.worker)
        tally.stalled += stall.end - stall.begin
        return Entry(
            at=stall.begin,
            until=stall.end,
            session=stall.session,
            place=stall.worker,
            what=What.STALL,
            words="stalled",
            cause=f"Active, and did nothing of what there was to do, until {stall.ended}",
        )


def _work(told: WorkerEvent, tally: Tally) -> Iterator[Entry]:
    match told:
        case WorkerStarted():
            tally.starts += 1
        case WorkerFaulty():
            tally.faults[told.cause] += 1
        case CrawlChanged():
            words = f"{told.crawl.value} crawl"
            yield entry(told, told.worker, What.CRAWL, words, cause=told.reason)
        case BatchDone():
            tally.batches += 1
            tally.slices += told.slices
            tally.entries += told.entries
            tally.removed += told.removed
            tally.files += told.files
            tally.bytes += told.bytes
        case JobFinished():
            tally.jobs += 1
            if told.code:
                tally.bad_jobs += 1
                words = f"{told.mover} ended with {told.code}"
                yield entry(told, told.worker, What.REMARK, words, cause=told.words)
        case EntryFailed():
            tally.failures[told.kind] += 1
            words = f"{told.kind}: {told.doing} {told.path or told.gfid}"
            yield entry(told, told.worker, What.FAILURE, words, cause=told.words)
        case EntryMended():
            tally.mended += 1
        case CheckpointReached():
            tally.checkpoints.append(told.label)
            yield entry(told, told.worker, What.CHECKPOINT, f"checkpoint {told.label} reached")
        case QuarantineSwept() if told.removed:
            words = f"{told.removed} removed from quarantine"
            yield entry(told, told.worker, What.REMARK, words)
        case _:
            pass


def _why(told: AnyTold) -> tuple[str, str, str]:
    """Return cause, next step and evidence of a change of state."""
    match told:
        case WorkerFaulty():
            return f"{told.cause}: {told.words}", told.fix, told.evidence
        case RoleChanged() | WorkerStopped():
            return told.reason, "", ""
        case SessionKnown():
            return f"the session was {told.wanted.value}", "", ""
        case _:
            return "", "", ""
