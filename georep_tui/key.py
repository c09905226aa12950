"""What a key of the console is, and the places where one works."""

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """Where a key works; the word stands over its keys in the help."""

    EVERYWHERE = "everywhere"
    REPLAY = "replay"
    LISTS = "lists"
    PANES = "panes"
    SESSIONS = "sessions"
    WORKERS = "workers"
    FAILURES = "failures"
    ASIDE = "put aside"
    THROUGHPUT = "throughput"
    EVENTS = "events"
    FILTER = "filter"
    HELP = "help"
    TIME = "time"
    AGREE = "asked"
    NAME = "file"
    PATH = "place"
    PALETTE = "palette"
    MANAGING = "session"
    FORM = "form"
    SWITCH = "switch"
    OPTIONS = "options"
    VERIFY = "verify"
    DIFFERENCES = "differences"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be done, and the keys that do it."""

    id: str
    """What an operator names to give it another key."""
    keys: str
    """Textual's names, comma-separated; the first is the one that is shown."""
    shown: str
    """The keys as a person reads them."""
    action: str
    label: str
    """One or two words for the bottom line; empty: only the help tells of it."""
    help: str
    where: Where
