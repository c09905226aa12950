"""The columns of the Sessions and Workers tables, for three widths."""

from collections.abc import Sequence
from dataclasses import dataclass

from georep_tui.sliding import FULL

WIDE = 130
"""From this many columns on there is more to see."""
GAP = 2
STRETCH = 0
"""Width of the column that takes what is left."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its width in cells, and whether it holds numbers."""

    title: str
    width: int
    right: bool = False


SESSIONS = (
    Column("SESSION", 22),
    Column("STATE", 10),
    Column("WORKERS", 9),
    Column("LAG", 6, right=True),
    Column("MB/s", 5, right=True),
    Column("FAIL", 5, right=True),
    Column("60 s", STRETCH),
)
SESSIONS_WIDE = (
    Column("SESSION", 24),
    Column("STATE", 10),
    Column("WORKERS", 9),
    Column("LAG", 6, right=True),
    Column("ENTRY", 6, right=True),
    Column("DATA", 6, right=True),
    Column("TO SEND", 8, right=True),
    Column("ENTRY/s", 7, right=True),
    Column("FILES/s", 7, right=True),
    Column("MB/s", 5, right=True),
    Column("FAIL", 5, right=True),
    Column("60 s", STRETCH),
)
WORKERS = (
    Column("BRICK", 17),
    Column("STATUS", 10),
    Column("CRAWL", 10),
    Column("LAG", 6, right=True),
    Column("ENTRY", 5, right=True),
    Column("DATA", 5, right=True),
    Column("MB/s", 5, right=True),
    Column("60 s", STRETCH),
)
WORKERS_WIDE = (
    Column("BRICK", 20),
    Column("PEER", 8),
    Column("STATUS", 10),
    Column("CRAWL", 10),
    Column("LAST SYNCED", 14),
    Column("LAG", 6, right=True),
    Column("ENTRY", 5, right=True),
    Column("DATA", 5, right=True),
    Column("META", 5, right=True),
    Column("FAIL", 5, right=True),
    Column("MB/s", 5, right=True),
    Column("DOING", STRETCH),
)
SESSIONS_FULL = (
    Column("SESSION", 60),
    Column("STATE", 10),
    Column("WORKERS", 12),
    *SESSIONS_WIDE[3:],
)
WORKERS_FULL = (
    Column("BRICK", 60),
    Column("PEER", 20),
    Column("STATUS", 10),
    Column("CRAWL", 10),
    Column("LAST SYNCED", 19),
    Column("LAG", 6, right=True),
    Column("ENTRY", 5, right=True),
    Column("DATA", 5, right=True),
    Column("META", 5, right=True),
    Column("TO SEND", 7, right=True),
    Column("FAIL", 5, right=True),
    Column("ENTRY/s", 7, right=True),
    Column("FILES/s", 7, right=True),
    Column("MB/s", 5, right=True),
    Column("DOING", STRETCH),
)


def of_sessions(width: int) -> Sequence[Column]:
    """Return the columns that a table of sessions has in so many cells."""
    return SESSIONS_FULL if width >= FULL else SESSIONS_WIDE if width >= WIDE else SESSIONS


def of_workers(width: int) -> Sequence[Column]:
    """Return the columns that a table of workers has in so many cells."""
    return WORKERS_FULL if width >= FULL else WORKERS_WIDE if width >= WIDE else WORKERS


def titles(columns: Sequence[Column]) -> list[str]:
    """Return the titles of columns, from the left."""
    return [column.title for column in columns]
