"""What a story is made of: the entries, and what a worker comes to. Pure."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from georep_tui.replay.notes import AnyTold


class What(StrEnum):
    """What an entry is of."""

    SESSION = "session"
    STATE = "state"
    CRAWL = "crawl"
    CONFLICT = "conflict"
    FAILURE = "failure"
    GIVEN_UP = "given up"
    CHECKPOINT = "checkpoint"
    STALL = "stall"
    REMARK = "remark"
    STRANGE = "not understood"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    at: float
    session: str
    place: str
    """NODE:BRICK, or NODE."""
    what: What
    words: str
    """What it is now: a state, or what happened in a few words."""
    cause: str = ""
    """Why."""
    fix: str = ""
    evidence: str = ""
    until: float = 0.0
    """Of what lasted: its end."""


@dataclass(slots=True)
class Tally:
    """What one worker comes to."""

    starts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """By cause."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By state."""
    since: float = 0.0
    status: str = ""
    """Its state, and since when."""
    batches: int = 0
    slices: int = 0
    entries: int = 0
    removed: int = 0
    files: int = 0
    bytes: int = 0
    jobs: int = 0
    bad_jobs: int = 0
    """Jobs of movers that ended with another code than 0."""
    met: int = 0
    """Conflicts: names that somebody else held."""
    settled: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """By kind."""
    mended: int = 0
    """Objects that had failed and came right, or ended."""
    given_up: int = 0
    """Slices of which some content was given up."""
    checkpoints: list[str] = field(default_factory=list)
    stalled: float = 0.0
    """Seconds."""


def entry(
    told: AnyTold, place: str, what: What, words: str, *, cause: str = "", fix: str = ""
) -> Entry:
    """Return the entry of something that was told."""
    session = getattr(told, "session", "")
    return Entry(
        at=told.at, session=session, place=place, what=what, words=words, cause=cause, fix=fix
    )
