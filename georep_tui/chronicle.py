"""What happened, in order: the newest of what was told, of each level for itself. Pure.

A night of batches must not push the one fault of that night out, so each level has its own room.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from engine.events import (
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
    WorkerEvent,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
    WorkerStopped,
)
from georep_tui.replay.notes import (
    AnyTold,
    CheckpointPassed,
    ConflictEnded,
    ConflictMet,
    GivenUp,
    LineKept,
    SlicesTold,
)

KEPT = 1000
"""Things kept of each level."""
_SERIOUS = frozenset("WECA")
"""Levels of a log: warning, error, critical, alert."""


class Level(IntEnum):
    """How much something matters to an operator."""

    DETAIL = 0
    """Work that was done."""
    INFO = 1
    """Something is otherwise than it was."""
    WARN = 2
    BAD = 3


class Entry(NamedTuple):
    """One thing that was told; entries are in order by themselves."""

    at: float
    serial: int
    """Counts everything that was told; the same thing has the same one in every replay."""
    told: AnyTold
    level: Level


class Chronicle:
    """Takes all that is told, and keeps the newest of what happened."""

    def __init__(self, kept: int = KEPT, *, entries: Iterable[Entry] = (), count: int = 0) -> None:
        """`entries` and `count` are those of another one, from which this goes on."""
        self._kept = kept
        self.count = count
        """How much was taken; equal means that nothing came."""
        self._levels: dict[Level, list[Entry]] = {each: [] for each in Level}
        self._known: dict[Level, set[AnyTold]] = {each: set() for each in Level}
        for entry in entries:
            self._levels[entry.level].append(entry)
            self._known[entry.level].add(entry.told)

    def take(self, told: AnyTold) -> None:
        """Take what was told."""
        level = level_of(told)
        if level is not None:
            self._known[level].add(told)
            self._keep(told, level)

    def hear(self, event: AnyTold) -> None:
        """Take what an engine tells: after each connect it repeats what it knows."""
        level = level_of(event)
        if level is None:
            return
        known = self._known[level]
        before = len(known)
        known.add(event)
        if len(known) > before:
            self._keep(event, level)

    def _keep(self, told: AnyTold, level: Level) -> None:
        self.count += 1
        room = self._levels[level]
        room.append(Entry(told.at, self.count, told, level))
        if len(room) > 2 * self._kept:
            self._levels[level] = sorted(room)[-self._kept :]
            self._known[level] = {each.told for each in self._levels[level]}

    def entries(self) -> list[Entry]:
        """Return what is kept, the newest last."""
        return sorted(
            entry for room in self._levels.values() for entry in sorted(room)[-self._kept :]
        )

    def copy(self) -> "Chronicle":
        """Return one that keeps the same, and hears nothing of what this one hears."""
        return Chronicle(self._kept, entries=self.entries(), count=self.count)


def level_of(told: AnyTold) -> Level | None:
    """Return how much something matters; None for what is only a count of what goes on."""
    # What is told most often stands first: whoever comes later is compared with all before.
    match told:
        case WorkerProgressed() | PendingChanged():
            return None
        case PositionMoved() | BatchDone() | JobStarted():
            return Level.DETAIL
        case JobFinished():
            return Level.WARN if told.code or told.short else Level.DETAIL
        case EntryFailed():
            return Level.INFO if told.skipped or told.again else Level.WARN
        case EntryMended():
            return Level.INFO
        case CrawlProgressed() | MinuteCounted():
            return None
        case SlicesTold():
            return Level.DETAIL
        case WorkerFaulty() | SessionBlocked() | GivenUp():
            return Level.BAD
        case FailuresCounted():
            return Level.WARN if told.waiting else Level.DETAIL
        case ReconcileDue():
            return Level.WARN if told.due else Level.INFO
        case MoverTried():
            return Level.INFO if told.works else Level.WARN
        case HookEnded():
            return Level.WARN if told.code else Level.INFO
        case QuarantineSwept():
            return Level.WARN if told.left else Level.INFO
        case RetryScheduled() | ConflictMet() | PeerPassedOver():
            return Level.WARN
        case ConflictEnded():
            return Level.INFO if told.settled else Level.WARN
        case LineKept():
            strange = not told.understood or told.level in _SERIOUS
            return Level.WARN if strange else Level.INFO
        case (
            EngineStarted()
            | SessionKnown()
            | SessionForgotten()
            | WorkerStarted()
            | WorkerConnected()
            | RoleChanged()
            | PauseChanged()
            | CrawlChanged()
            | CheckpointSet()
            | CheckpointReached()
            | CheckpointDeleted()
            | WorkerStopped()
            | Caught()
            | CheckpointPassed()
        ):
            return Level.INFO


def node(told: AnyTold) -> str:
    """Return NODE:BRICK, or NODE, or the file, of whom something is told."""
    if isinstance(told, WorkerEvent):
        return told.worker
    return told.place if isinstance(told, LineKept) else told.node


def session(told: AnyTold) -> str:
    """Return the session of which something is told; empty when it is of none alone."""
    return "" if isinstance(told, EngineStarted) else told.session


def chosen(
    entries: Sequence[Entry], *, level: Level, of_session: str = "", of_place: str = ""
) -> list[Entry]:
    """Return those that matter as much as `level`, of one session and place; "": of all."""
    return [
        entry
        for entry in entries
        if entry.level >= level
        and (not of_session or session(entry.told) == of_session)
        and (not of_place or node(entry.told) == of_place)
    ]
