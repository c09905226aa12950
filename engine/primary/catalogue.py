"""Which slices a brick has closed, in order, from its HTIME files and its directories; blocks.

Neither source is enough. When a brick starts, GlusterFS 10.3 moves the live file of its last run
into the dated directory without telling HTIME (checked by experiment); and slices without records,
which move the position too, are named in HTIME only.

The order of a rollover, all by one thread of the brick: the live file is closed and renamed (or,
without records, unlinked), HTIME is appended, a new live file is made. So here the directories are
listed first and HTIME is read afterwards. Invariant: of a slice that was seen, all predecessors had
been renamed, and named in HTIME, before; so they were listed, or are read in HTIME now. The only
ones that HTIME does not name are left from a former run of the brick, and are renamed seconds
before the next slice closes. Should an older slice turn up nevertheless, as it does when the clock
was set back, it is never handed out behind a younger one: it is a gap.
"""

import os
import re
import time
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from itertools import dropwhile
from pathlib import Path
from typing import Final, NamedTuple

from engine.errors import Retry
from engine.primary import htime
from engine.primary.htime import Entry

CHANGELOGS: Final = ".glusterfs/changelogs"
LIVE: Final = "CHANGELOG"
HTIMES: Final = "htime"
_CLOSED: Final = re.compile(r"CHANGELOG\.(\d{1,15})")
_DAY: Final = 86400
_REMEMBERED: Final = 4 * _DAY
"""Seconds for which it is known what was told; older directories are not listed any more."""
_PORTION: Final = 1 << 20
_EPOCH: Final = date(1970, 1, 1).toordinal()


class ClosedSlice(NamedTuple):
    """A part of a brick's journal to which nothing will be added."""

    ts: int
    """When it closed, in seconds since the epoch; what is in it can be a second younger."""
    path: Path | None
    """Its file; None when it has no records."""


class Gap(NamedTuple):
    """A time in which changes may have been made that no changelog tells of."""

    start: int
    end: int
    """Seconds since the epoch."""
    reason: str


class Catalogue:
    """The closed slices of one brick from a moment on; each is told once."""

    def __init__(self, brick: str, since: int) -> None:
        self.root = Path(brick, CHANGELOGS)
        self._brick = Path(brick)
        self._since = since
        self._horizon = since - 1
        """The youngest slice told; no older one is told behind it."""
        self._told: dict[str, int] = {}
        """Files told, by path below the root, and when they closed."""
        self._named: set[int] = set()
        """Slices with records that an HTIME named."""
        self._last_named = since
        self._offsets: dict[str, int] = {}
        """Up to where each HTIME was read."""
        self._stamps: dict[str, int] = {}
        """The mtime of each directory when it was listed; 0: a later change may have the same."""
        self._day = since // _DAY - 1

    def read(self) -> tuple[list[ClosedSlice], list[Gap]]:
        """Return the slices that closed since the last call, oldest first, and what is missing.

        Retry when the brick itself is not there.
        """
        gaps: list[Gap] = []
        try:
            paths = self._listed()
            entries = self._indexed(gaps)
        except (FileNotFoundError, NotADirectoryError):
            self._check_brick()
            return [], [Gap(self._since, int(time.time()), "the brick has no journal")]
        empty = self._merge(paths, entries, gaps)
        for path in [path for path, ts in paths.items() if ts <= self._horizon]:
            ts = paths.pop(path)
            _add(gaps, Gap(self._since, ts + 1, f"slice {path} turned up behind younger ones"))
        with_records = set(paths.values())
        found = [ClosedSlice(ts, self.root / path) for path, ts in paths.items()]
        found += [ClosedSlice(ts, None) for ts in empty - with_records if ts > self._horizon]
        found.sort(key=lambda one: (one.ts, str(one.path)))
        self._remember(paths, found)
        return found, gaps

    def live(self) -> bool:
        """Return whether there is a live file; briefly, at each rollover, there is none."""
        return (self.root / LIVE).exists()

    def _merge(self, paths: dict[str, int], entries: list[Entry], gaps: list[Gap]) -> set[int]:
        """Add to `paths` what only HTIME names; return the slices without records."""
        empty = set()
        elsewhere = {*paths.values(), *self._told.values()}
        for entry in entries:
            before, self._last_named = self._last_named, entry.ts
            if entry.empty:
                empty.add(entry.ts)
                continue
            if entry.ts in self._named:
                words = f"of two slices that closed at {entry.ts} only the second is left"
                _add(gaps, Gap(before, entry.ts + 1, words))
            self._named.add(entry.ts)
            if entry.path in paths or entry.path in self._told:
                continue
            if (self.root / entry.path).exists():
                paths[entry.path] = entry.ts
            # The upgrade to dated directories goes by local time, so HTIME may say another day.
            elif entry.ts not in elsewhere:
                _add(gaps, Gap(before, entry.ts + 1, f"slice {entry.path} is missing"))
        return empty

    def _remember(self, paths: dict[str, int], found: list[ClosedSlice]) -> None:
        if found:
            self._horizon = found[-1].ts
        self._told.update(sorted(paths.items(), key=lambda told: told[1]))
        oldest = self._horizon - _REMEMBERED
        if next(iter(self._told.values()), oldest) < oldest:
            self._told = {path: ts for path, ts in self._told.items() if ts >= oldest}
            self._named = {ts for ts in self._named if ts >= oldest}

    def _listed(self) -> dict[str, int]:
        """Return the files of closed slices that were not told, and when they closed.

        At first all from `since` on, later only those of the last two days: a slice's directory is
        that of the day on which it closed. Without dated directories HTIME names them all.
        """
        today = int(time.time()) // _DAY
        folders = [] if self._stamps else [""]
        # A day more on both sides: the upgrade to dated directories goes by local time.
        days = range(min(self._day, today - 1), today + 2)
        folders += [f"{date.fromordinal(_EPOCH + day):%Y/%m/%d}/" for day in days]
        self._day = today - 1
        return {
            path: ts
            for folder in folders
            for path, ts in self._in(folder)
            if ts >= self._since and path not in self._told
        }

    def _in(self, folder: str) -> Iterator[tuple[str, int]]:
        place = self.root / folder
        try:
            stamp = place.stat().st_mtime_ns
            if self._stamps.get(folder) == stamp:
                return
            # A change within the same tick of the kernel's clock would leave the stamp as it is.
            settled = time.time_ns() - stamp > 1_000_000_000
            self._stamps[folder] = stamp if settled else 0
            names = os.listdir(place)
        except FileNotFoundError:
            return
        for name in names:
            match = _CLOSED.fullmatch(name)
            if match:
                yield folder + name, int(match[1])

    def _indexed(self, gaps: list[Gap]) -> list[Entry]:
        """Return what the HTIMEs name from `since` on and was not returned before."""
        begun = {htime.created(name): name for name in os.listdir(self.root / HTIMES)}
        begun.pop(None, None)
        times = sorted(ts for ts in begun if ts is not None)
        if not times:
            gaps.append(Gap(self._since, int(time.time()), "the brick's journal has no index"))
        entries: list[Entry] = []
        for ts in times[max(bisect_right(times, self._since) - 1, 0) :]:
            name = begun[ts]
            if name not in self._offsets and ts > self._since:
                start = entries[-1].ts if entries else self._last_named
                gaps.append(Gap(start, ts, "the journal was off until then"))
            entries += self._more(name)
        return entries

    def _more(self, name: str) -> list[Entry]:
        """Return what was appended to an HTIME since the last call."""
        entries: list[Entry] = []
        with (self.root / HTIMES / name).open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            offset = self._offsets.get(name)
            first = offset is None or offset > size
            if offset is None or offset > size:
                offset = htime.find(
                    lambda at, length: os.pread(file.fileno(), length, at), size, self._since
                )
            while data := os.pread(file.fileno(), _PORTION, offset):
                parsed = htime.parse(data)
                entries += parsed.entries
                if not parsed.consumed and len(data) < _PORTION:
                    break
                offset += parsed.consumed or len(data)
            self._offsets[name] = offset
        # Later on nothing is dropped: what is older than `since` then comes of a clock set back.
        return list(dropwhile(lambda entry: entry.ts < self._since, entries)) if first else entries

    def _check_brick(self) -> None:
        if not (self._brick / ".glusterfs").is_dir():
            raise Retry(
                f"there is no brick in {self._brick}",
                cause="brick gone",
                fix="See whether its file system is mounted.",
            )


def _add(gaps: list[Gap], gap: Gap) -> None:
    """Add a gap; one that goes on where the last ended makes that longer."""
    if gaps and gaps[-1].start <= gap.start <= gaps[-1].end:
        before = gaps.pop()
        gap = before._replace(end=max(before.end, gap.end))
    gaps.append(gap)
