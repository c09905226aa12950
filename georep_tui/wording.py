"""Each thing that is told, in words: one line of it, and all of it. Pure."""

from datetime import UTC, datetime

from engine import failures as meanings
from engine.events import (
    AnyEvent,
    BatchDone,
    Caught,
    CheckpointDeleted,
    CheckpointReached,
    CheckpointSet,
    CrawlChanged,
    CrawlProgressed,
    EngineStarted,
    EntryFailed,
    EntryMended,
    FailuresCounted,
    HookEnded,
    JobFinished,
    JobStarted,
    MinuteCounted,
    MoverTried,
    PauseChanged,
    PeerPassedOver,
    PendingChanged,
    PositionMoved,
    QuarantineSwept,
    ReconcileDue,
    RetryScheduled,
    RoleChanged,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    WorkerConnected,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
    WorkerStopped,
)
from georep_tui import chronicle, rows
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

Said = list[tuple[str, str, str]]
"""A label, its words, and what they mean: bad, warn, accent, idle, or nothing."""


def kind(told: AnyTold) -> str:
    """Return the name of what is told; docs/events.md has it."""
    if isinstance(told, LineKept):
        return "Line" if told.understood else "NotUnderstood"
    return type(told).__name__


def line(told: AnyTold) -> str:
    """Return what is told in one printable line."""
    return rows.printable(_note(told) if isinstance(told, AnyNote) else _event(told))


def whole(told: AnyTold) -> str:
    """Return what is told in one line with its time, place and kind, nothing left out."""
    parts = (stamp(told.at), chronicle.session(told), chronicle.node(told), kind(told))
    more = [f"{label}: {words}" for label, words, _ in details(told) if words]
    head = [rows.printable(part) for part in parts if part]
    return "  ".join([*head, line(told), *map(rows.printable, more)])


def stamp(at: float) -> str:
    """Return date and time with milliseconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def details(told: AnyTold) -> Said:
    """Return what one line has no room for."""
    match told:
        case WorkerFaulty():
            return [
                ("evidence", told.evidence, "idle"),
                ("do", told.fix, "accent"),
            ]
        case SessionBlocked():
            return [("words", told.words, "bad"), ("do", told.fix, "accent")]
        case PeerPassedOver():
            return [
                ("words", told.words, "warn"),
                ("evidence", told.evidence, "idle"),
                ("do", told.fix, "accent"),
            ]
        case EntryFailed():
            meaning = meanings.meaning(told.kind)
            return [
                ("gfid", told.gfid, "idle"),
                ("words", told.words, "warn"),
                ("meaning", meaning.words, ""),
                ("do", meaning.fix, "accent"),
            ]
        case MoverTried() if not told.works:
            return [
                ("words", told.words, "warn"),
                ("meaning", told.means, ""),
                ("do", told.fix, "accent"),
            ]
        case JobFinished():
            return [("words", told.words, "warn" if told.code or told.short else "idle")] + [
                ("file", each, "warn") for each in told.failed
            ]
        case HookEnded():
            return [("words", told.words, "warn" if told.code else "idle")]
        case ReconcileDue() if told.due:
            return [("do", f"georep reconcile {told.session}", "accent")]
        case GivenUp():
            return [("slices", " ".join(told.slices), "")]
        case _:
            return []


def _event(told: AnyEvent) -> str:
    match told:
        case EngineStarted():
            return f"georep {told.version} began, pid {told.pid}"
        case SessionKnown():
            return f"{told.wanted.value} · {told.primary} → {told.secondary}"
        case SessionForgotten():
            return "deleted"
        case SessionBlocked():
            return f"cannot run: {told.cause or told.words}"
        case WorkerStarted():
            again = f", restart {told.restart}" if told.restart else ""
            return f"pid {told.pid}{again}" if told.pid else f"starting{again}"
        case WorkerConnected():
            return f"{told.peer} after {rows.duration(told.seconds)}"
        case PeerPassedOver():
            return f"{told.peer} passed over: {told.cause or told.words}"
        case RoleChanged():
            return _because(told.role.value, told.reason)
        case CrawlChanged():
            return _because(told.crawl.value, told.reason)
        case BatchDone() | JobStarted() | JobFinished() | MoverTried() | PositionMoved():
            return _work(told)
        case EntryFailed() | EntryMended() | FailuresCounted() | QuarantineSwept():
            return _trouble(told)
        case ReconcileDue():
            return rows.unreconciled(told.since, told.until) if told.due else "all is reconciled"
        case WorkerFaulty():
            return _because(told.cause, told.words) if told.cause else told.words
        case RetryScheduled():
            return f"attempt {told.attempt} {rows.due(told.due, told.at)}"
        case WorkerStopped():
            return told.reason
        case Caught():
            return f"all up to {rows.stamp(told.goal)} is on the secondary"
        case PauseChanged():
            return "paused" if told.paused else "goes on"
        case CheckpointSet() | CheckpointReached() | CheckpointDeleted() | HookEnded():
            return _checkpoint(told)
        case WorkerProgressed() | PendingChanged() | CrawlProgressed() | MinuteCounted():
            return ""


def _checkpoint(told: CheckpointSet | CheckpointReached | CheckpointDeleted | HookEnded) -> str:
    match told:
        case CheckpointSet():
            return f"checkpoint {told.label} set: all before {rows.stamp(told.time)}"
        case CheckpointReached():
            return f"checkpoint {told.label} reached: all before {rows.stamp(told.time)} is there"
        case CheckpointDeleted():
            return f"checkpoint {told.label} deleted"
        case HookEnded():
            took = rows.duration(told.seconds)
            return f"{told.hook} for {told.about} · {took} · exit {told.code}"


def _because(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what


def _work(told: BatchDone | JobStarted | JobFinished | MoverTried | PositionMoved) -> str:
    match told:
        case BatchDone():
            parts = [
                rows.many(told.slices, "slice") if told.slices else "",
                rows.many(told.entries, "entry", "entries"),
                rows.many(told.files, "file") if told.files else "",
                rows.size(told.bytes) if told.bytes else "",
                f"{rows.grouped(told.removed)} removed" if told.removed else "",
                rows.duration(told.seconds),
                f"{told.rounds} rounds" if told.rounds > 1 else "",
            ]
        case JobStarted():
            parts = [
                f"{told.mover} {told.job}",
                rows.many(told.asked, "file"),
                rows.size(told.size),
                *(each.name for each in told.largest[:1]),
            ]
        case JobFinished():
            parts = [
                f"{told.mover} {told.job}",
                f"{told.moved} of {rows.many(told.asked, 'file')}",
                f"{told.short} short" if told.short else "",
                f"{rows.size(told.sent)} sent",
                f"{rows.size(told.matched)} matched" if told.matched else "",
                rows.duration(told.seconds),
                f"exit {told.code}",
            ]
        case MoverTried():
            took = rows.duration(told.seconds)
            return f"{told.mover} works · {took}" if told.works else f"{told.mover} not used"
        case PositionMoved():
            slice_ = f" · slice {told.slice}" if told.slice else ""
            return f"all up to {rows.stamp(told.stime)}{slice_}"
    return " · ".join(part for part in parts if part)


def _trouble(told: EntryFailed | EntryMended | FailuresCounted | QuarantineSwept) -> str:
    match told:
        case EntryFailed():
            tries = f" · {rows.many(told.tries, 'try', 'tries')}" if told.tries > 1 else ""
            skipped = " · skipped" if told.skipped else ""
            return f"{told.kind} {told.path or told.gfid} · {told.doing}{tries}{skipped}"
        case EntryMended():
            return f"{told.gfid} is right now"
        case FailuresCounted():
            skipped = f" · {rows.grouped(told.skipped)} skipped" if told.skipped else ""
            return f"{rows.many(told.waiting, 'failure')} in the ledger{skipped}"
        case QuarantineSwept():
            left = f" · {rows.grouped(told.left)} left" if told.left else ""
            return f"{rows.many(told.removed, 'object')} removed from quarantine{left}"


def _note(told: AnyNote) -> str:
    match told:
        case SlicesTold():
            return f"{rows.many(told.count, 'slice')} from {told.first} to {told.last}"
        case ConflictMet():
            return f"{told.count} × gfid mismatch: others hold the names on the secondary"
        case ConflictEnded():
            end = "settled" if told.settled else "not settled"
            return _because(f"{told.count} × gfid mismatch {end}", told.words)
        case CheckpointPassed():
            return f"checkpoint {told.checkpoint} reached"
        case GivenUp():
            slices = rows.many(told.count, "slice")
            return f"content in {slices} given up: not sent until it is written to again"
        case LineKept():
            return f"{told.level} {told.words}"
