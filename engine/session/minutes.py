"""What was done in the last hour, read back from a session's journal when an engine begins."""

from collections.abc import Iterator
from pathlib import Path

from engine import events, feed
from engine.events import MinuteCounted

HOUR = 3600.0
FILES = 3
"""Files looked at: each begins with how everything was, but that of an engine which ended at once
may not have come to it.
"""


def read(folder: Path, now: float) -> dict[str, list[MinuteCounted]]:
    """Return the minutes of the last hour, by worker, oldest first. Blocks.

    What cannot be read is no reason not to begin.
    """
    counted = {event: None for event in _counted(folder) if 0 <= now - event.minute <= HOUR}
    found: dict[str, list[MinuteCounted]] = {}
    for event in sorted(counted, key=lambda event: event.minute):
        found.setdefault(event.worker, []).append(event)
    return found


def _counted(folder: Path) -> Iterator[MinuteCounted]:
    try:
        for path in feed.files(folder)[-FILES:]:
            with path.open("rb") as file:
                while line := file.readline(feed.LINE):
                    # Few of many: the others are not worth reading in full.
                    event = events.decode(line) if b'"MinuteCounted"' in line else None
                    if isinstance(event, MinuteCounted):
                        yield event
    except OSError:
        return
