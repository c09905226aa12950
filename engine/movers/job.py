"""What a mover is asked for, and what one run of it says of itself."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from engine.item import Gfid


class Mover(StrEnum):
    """A way for the content of large files."""

    RSYNC = "rsync"
    """Sends what differs."""
    STREAM = "stream"
    """Sends the whole file."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run; sizes in bytes. None of it proves anything."""

    mover: Mover
    asked: int
    code: int
    seconds: float = 0.0
    words: str = ""
    """What it said on stderr, the end of it."""
    moved: dict[Gfid, int] = field(default_factory=dict)
    """Those it says it has moved, and how long they were then."""
    failed: dict[Gfid, str] = field(default_factory=dict)
    """Those it said something bad of, and what."""
    sent: int = 0
    matched: int = 0
    literal: int = 0


_NAMED = re.compile(r"\.gfid/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def blamed(words: str) -> dict[Gfid, str]:
    """Return the last line of `words` that speaks of each file, as `.gfid/<gfid>`."""
    found: dict[Gfid, str] = {}
    for line in words.splitlines():
        for name in _NAMED.findall(line):
            found[Gfid(name)] = line.strip()[:500]
    return found
