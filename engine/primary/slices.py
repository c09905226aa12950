"""Closed slices for the session: since when there are any, is history complete, what has closed,
wake me when one closes.
"""

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import Final, NamedTuple

from engine.errors import Reject
from engine.primary import htime, inotify
from engine.primary.catalogue import CHANGELOGS, HTIMES, Catalogue, ClosedSlice, Gap

POLL: Final = 5.0
"""Seconds after which a follower looks even if nothing woke it: inotify can miss."""
_NO_LIVE: Final = 3.0
"""Seconds without a live file that mean the journal is off; at a rollover there is briefly none."""
_FUTURE: Final = 60
"""Seconds by which a position may be ahead of the clock."""


class History(NamedTuple):
    """Whether changelogs tell everything from a moment until now."""

    complete: bool
    reason: str
    """Of the first gap; empty when there is none."""
    gaps: tuple[Gap, ...] = ()
    """Oldest first."""


class HistoryBroken(Reject):
    """While a brick was followed, a time came of which no changelog tells; it must be crawled."""

    def __init__(self, gaps: list[Gap]) -> None:
        super().__init__(
            f"history is not complete: {gaps[0].reason}",
            cause="history missing",
            fix="What changed in that time is found by a crawl; nothing needs to be done.",
        )
        self.gaps = tuple(gaps)
        self.ended = max(gap.end for gap in gaps)
        """When the last gap ended, in seconds since the epoch."""


def history(brick: str, stime: int) -> History:
    """Return whether the changelogs of `brick` tell of every change since `stime`.

    Blocks, up to three seconds longer when there is no live file. Retry when there is no brick.
    """
    catalogue = Catalogue(brick, stime)
    _slices, gaps = catalogue.read()
    now = int(time.time())
    if stime > now + _FUTURE:
        gaps.append(Gap(now, stime, "the position lies in the future: the clock was set back"))
    deadline = time.monotonic() + _NO_LIVE
    while not gaps and not catalogue.live():
        if time.monotonic() > deadline:
            gaps.append(_off(stime))
        time.sleep(0.1)
    gaps.sort()
    return History(not gaps, gaps[0].reason if gaps else "", tuple(gaps))


def closed(brick: str, since: int) -> list[ClosedSlice]:
    """Return the slices that closed at `since` or later, oldest first. Blocks."""
    return Catalogue(brick, since).read()[0]


def born(brick: str) -> int:
    """Return when the first changelog of `brick` began, in seconds since the epoch; 0: there is
    none. Blocks.
    """
    try:
        names = os.listdir(Path(brick, CHANGELOGS, HTIMES))
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return min(filter(None, map(htime.created, names)), default=0)


class Follower:
    """Tells of slices as they close, in order, each once.

    `new` blocks and may run in a thread; `wait` belongs to the event loop. Never both at once.
    Nothing that happens between the two is missed: it is still in the descriptor when `wait` looks.
    """

    def __init__(self, brick: str, since: int) -> None:
        """Begin with slices that closed at `since` or later."""
        self._catalogue = Catalogue(brick, since)
        self._horizon = since
        self._no_live_since: float | None = None
        root = os.fsencode(self._catalogue.root)
        # Not for changes of files there: the live file is written all the time.
        index = inotify.MODIFY | inotify.CREATE
        self._inotify = inotify.watching(
            {root: inotify.MOVED_FROM, root + b"/" + HTIMES.encode(): index}
        )

    def new(self) -> list[ClosedSlice]:
        """Return the slices that closed since the last call, oldest first.

        HistoryBroken when something is missing; whoever crawls then begins with a new follower.
        """
        found, gaps = self._catalogue.read()
        if self._catalogue.live():
            self._no_live_since = None
        elif self._no_live_since is None:
            self._no_live_since = time.monotonic()
        elif not found and time.monotonic() - self._no_live_since > _NO_LIVE:
            gaps.append(_off(self._horizon))
        if gaps:
            raise HistoryBroken(sorted(gaps))
        if found:
            self._horizon = found[-1].ts
        return found

    async def wait(self) -> None:
        """Return when a slice may have closed, after five seconds at the latest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL):
                await inotify.happened(self._inotify, POLL)

    def close(self) -> None:
        """Stop watching; harmless when done twice."""
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None


def _off(start: int) -> Gap:
    words = "the journal is off: there is no live file; set changelog.changelog on for the volume"
    return Gap(start, int(time.time()), words)
