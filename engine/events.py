"""What the engine tells the world. Facts only: small, frozen, past tense.

Level events (progress, pending, health) carry totals and a later one replaces an earlier one; edge
events are never dropped. Adding one: the class, `AnyEvent`, a branch in `state.apply`, a golden
line, a docs line, and its words in `georep_tui.wording` and level in `georep_tui.chronicle`.
"""

import errno
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a worker is to its replica set."""

    STARTING = "starting"
    ACTIVE = "active"
    PASSIVE = "passive"


class Crawl(StrEnum):
    """How a worker finds out what changed."""

    NONE = "none"
    HYBRID = "hybrid"
    HISTORY = "history"
    CHANGELOG = "changelog"


class Wanted(StrEnum):
    """What the operator asked of a session."""

    CREATED = "created"
    STARTED = "started"
    PAUSED = "paused"
    STOPPED = "stopped"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of every event."""

    at: float
    """Seconds since the epoch, stamped where the fact was observed."""


class EngineStarted(Event, frozen=True, kw_only=True):
    """An engine began to supervise the sessions of one node."""

    node: str
    version: str
    pid: int


class SessionKnown(Event, frozen=True, kw_only=True):
    """A session exists on this node, and this is what the operator wants of it; a later one
    replaces it.
    """

    session: str
    primary: str
    """Volume name."""
    secondary: str
    """USER@HOST::VOLUME."""
    wanted: Wanted
    node: str


class SessionForgotten(Event, frozen=True, kw_only=True):
    """A session was deleted, or its file is gone."""

    session: str
    node: str


class SessionBlocked(Event, frozen=True, kw_only=True):
    """A session cannot run on this node at all: no worker could be started."""

    session: str
    node: str
    cause: str
    words: str
    fix: str


class CheckpointSet(Event, frozen=True, kw_only=True):
    """An operator wants to know when everything up to a moment is on the secondary; `at` is when
    it was set. A later one of that label takes its place.
    """

    session: str
    node: str
    label: str
    time: int
    """The moment, in seconds since the epoch; it may lie in the future."""


class CheckpointDeleted(Event, frozen=True, kw_only=True):
    """An operator does not want to know it any more."""

    session: str
    node: str
    label: str


class HookEnded(Event, frozen=True, kw_only=True):
    """A command that the operator had set for an occasion was run, or could not be; nothing
    depends on how it ended.
    """

    session: str
    node: str
    hook: str
    """The option that it stands in."""
    about: str
    """What it was run for: the label of a checkpoint."""
    seconds: float
    code: int
    """Its exit code; negative: the signal that ended it, or that it has none."""
    words: str
    """The end of what it said, or why there was no end."""


class WorkerEvent(Event, frozen=True, kw_only=True):
    """Base of what is said of one worker."""

    session: str
    worker: str
    """NODE:BRICK."""


class WorkerStarted(WorkerEvent, frozen=True, kw_only=True):
    """A worker process began; its totals are zero."""

    pid: int
    restart: int
    """How often it was started before in this run of the engine."""
    part: int = -1
    """Which part of the volume it has: bricks with equal numbers have equal data; -1: not known."""
    parts: int = 0
    """How many parts the volume has; 0: not known."""


class WorkerConnected(WorkerEvent, frozen=True, kw_only=True):
    """The agent on the secondary answered and both mounts are up."""

    peer: str
    """Host of the secondary."""
    peer_version: str
    seconds: float
    """From the worker's start."""


class PeerPassedOver(WorkerEvent, frozen=True, kw_only=True):
    """A node of the secondary could not be used, now or by the process before, and the worker tried
    the next one; it comes back to it when it is started again.
    """

    peer: str
    """The host as it was asked for."""
    cause: str
    words: str
    fix: str
    evidence: str = ""


class RoleChanged(WorkerEvent, frozen=True, kw_only=True):
    """The election went another way."""

    role: Role
    reason: str


class PauseChanged(WorkerEvent, frozen=True, kw_only=True):
    """All that was under way is settled and nothing new is begun, for the session is paused; or,
    with `paused` false, the worker goes on. A later one replaces it.
    """

    paused: bool


class CrawlChanged(WorkerEvent, frozen=True, kw_only=True):
    """The worker now finds changes another way."""

    crawl: Crawl
    reason: str


class CrawlProgressed(WorkerEvent, frozen=True, kw_only=True):
    """How far a hybrid crawl of the brick is. Level."""

    done: float
    """Share of the brick's handles already looked at, 0 to 1."""
    directories: int
    files: int


class WorkerProgressed(WorkerEvent, frozen=True, kw_only=True):
    """Totals since the worker started. Level."""

    slices: int
    records: int
    entries: int
    """Objects whose names or attributes were made so."""
    files: int
    """Files whose content was sent."""
    bytes: int
    removed: int
    stall: float = -1.0
    """For how long the worker itself stood still at most, within the last minute, in seconds;
    -1: not known.
    """


class MinuteCounted(WorkerEvent, frozen=True, kw_only=True):
    """What was done for one brick in one minute; told again when an engine begins, so that rates
    over an hour outlive it.
    """

    minute: int
    """When it began, in seconds since the epoch."""
    slices: int
    entries: int
    files: int
    bytes: int


class PendingChanged(WorkerEvent, frozen=True, kw_only=True):
    """What is known and not yet made so. Level."""

    slices: int
    entries: int
    files: int
    bytes: int
    doing: str
    """What the worker does now, in words."""
    waits: str
    """What it waits for, or empty."""
    trouble: str = ""
    """The cause for which the secondary would not take a change now, though the worker has none;
    empty while it would.
    """
    ahead: float = 0.0
    """Everything that was changed before is on the secondary, as far as open slices tell, settled
    or not; seconds since the epoch; 0: not known.
    """
    meta: int = -1
    """Of the entries, those of which attributes may have changed, and nothing else; -1: not known.
    """


class PositionMoved(WorkerEvent, frozen=True, kw_only=True):
    """Everything on this brick up to `stime` is on the secondary."""

    stime: int
    slice: int
    """Suffix of the last slice that is settled, 0 after a crawl."""


class CheckpointReached(WorkerEvent, frozen=True, kw_only=True):
    """Everything on this brick up to the moment of a checkpoint is on the secondary."""

    label: str
    time: int
    """The moment, in seconds since the epoch."""


class ReconcileDue(WorkerEvent, frozen=True, kw_only=True):
    """A crawl brought what was there, and what had been removed before it may still be on the
    secondary; or, with `due` false, nothing is left of that. A later one replaces it.
    """

    due: bool
    since: int
    """From then on removals may be missing: the position before the crawl, 0 without one."""
    until: int
    """When the crawl began: from then on removals are followed."""


class BatchDone(WorkerEvent, frozen=True, kw_only=True):
    """A window of slices, or a portion of a crawl, was made so; or what an open slice told."""

    slices: int
    """0 for a portion of a crawl, and for what was made so ahead of its slice's close."""
    records: int
    entries: int
    files: int
    bytes: int
    removed: int
    seconds: float
    rounds: int


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a mover was asked for."""

    gfid: str
    name: str
    """One of its names, made printable; without the directory."""
    size: int


class JobStarted(WorkerEvent, frozen=True, kw_only=True):
    """A mover began to bring some files; `JobFinished` with the same number ends it."""

    mover: str
    job: int
    asked: int
    size: int
    """Bytes of the files."""
    largest: tuple[Content, ...]
    """The largest of them."""


class JobFinished(WorkerEvent, frozen=True, kw_only=True):
    """One job of a mover ended and what it moved was checked."""

    mover: str
    job: int
    asked: int
    moved: int
    short: int
    """Files that are not whole on the far side, whatever the exit code said."""
    size: int = 0
    """Bytes of the files that were asked for."""
    sent: int
    """Bytes over the wire."""
    matched: int
    """Bytes that the far side had already."""
    literal: int
    """Bytes of the files that were sent."""
    speedup: float = 0.0
    """Size divided by sent; 0: nothing was sent."""
    seconds: float
    code: int
    """The mover's exit code; negative: the signal that ended it."""
    words: str
    failed: tuple[str, ...] = ()
    """GFID: WORDS of files that are not whole, the first of them."""
    largest: tuple[Content, ...] = ()
    """The largest of the files that were asked for: who is sent again and again shows here."""


class MoverTried(WorkerEvent, frozen=True, kw_only=True):
    """A small file went through a mover when the worker began, or did not; a later one replaces
    it.
    """

    mover: str
    """rsync or stream."""
    works: bool
    """What does not work is not used."""
    seconds: float
    words: str
    """What was wrong; empty when nothing is."""
    means: str = ""
    """What follows from that it is not used."""
    fix: str


class EntryFailed(WorkerEvent, frozen=True, kw_only=True):
    """One object could not be made so and stands in the ledger; a later success or end of it is
    `EntryMended`. Of a hundred and more in one window only the number is told.
    """

    gfid: str
    path: str
    """Where it stands, as far as known, made printable."""
    doing: str
    kind: str
    """A word from the catalogue: EACCES, ENOSPC, missing parent, short copy …"""
    words: str
    tries: int
    first: float = 0.0
    """Seconds since the epoch when it failed for the first time."""
    due: float = 0.0
    """When it is tried again; 0: it is not."""
    slice: int = 0
    """The changelog slice it was heard of in; 0: a crawl, or an answer of the secondary."""
    skipped: bool = False
    """The operator skipped it: it is not tried again until it changes."""
    last: float = 0.0
    """When it was tried last; 0: at `at`."""
    again: bool = False
    """It failed before and is only told again, by a worker that begins, or after a decision."""


class FailuresCounted(WorkerEvent, frozen=True, kw_only=True):
    """How many objects of this worker stand in the ledger. Level."""

    waiting: int
    """Those that will be tried again."""
    skipped: int
    """Those that the operator skipped."""


class EntryMended(WorkerEvent, frozen=True, kw_only=True):
    """An object that had failed is right now, or is no more."""

    gfid: str


class QuarantineSwept(WorkerEvent, frozen=True, kw_only=True):
    """Who had been in quarantine for longer than `quarantine-days` was removed there."""

    removed: int
    """Objects, with all that was in them."""
    left: int
    """Those that were to go and did not: the primary has them, or something of what is in them, or
    the secondary refused.
    """


class WorkerFaulty(WorkerEvent, frozen=True, kw_only=True):
    """A worker ended because it could not go on."""

    cause: str
    words: str
    fix: str
    evidence: str


class RetryScheduled(WorkerEvent, frozen=True, kw_only=True):
    """The worker will be started again."""

    attempt: int
    due: float
    """Seconds since the epoch."""


class WorkerStopped(WorkerEvent, frozen=True, kw_only=True):
    """A worker ended because it was asked to, or had reached its goal."""

    reason: str


class Caught(WorkerEvent, frozen=True, kw_only=True):
    """A worker that ran towards a goal has reached it: all up to `goal` is on the secondary."""

    goal: int


AnyEvent = (
    EngineStarted
    | SessionKnown
    | SessionForgotten
    | SessionBlocked
    | CheckpointSet
    | CheckpointDeleted
    | HookEnded
    | WorkerStarted
    | WorkerConnected
    | PeerPassedOver
    | RoleChanged
    | PauseChanged
    | CrawlChanged
    | CrawlProgressed
    | WorkerProgressed
    | MinuteCounted
    | PendingChanged
    | PositionMoved
    | CheckpointReached
    | ReconcileDue
    | BatchDone
    | JobStarted
    | JobFinished
    | MoverTried
    | EntryFailed
    | FailuresCounted
    | EntryMended
    | QuarantineSwept
    | WorkerFaulty
    | RetryScheduled
    | WorkerStopped
    | Caught
)
"""Every event. mypy checks with it that `state.apply` forgets none."""

encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def decode(line: bytes) -> AnyEvent | None:
    """Return the event in `line`, or None for one this version does not know."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def errno_word(number: int) -> str:
    """Return the name of an errno, such as ENOSPC."""
    return errno.errorcode.get(number, f"errno {number}")
