"""Run the hybrid crawl: for a brick without a position, or whose history is not complete."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine import events
from engine.item import Gfid, Place
from engine.plan.dirty import ALL, Window
from engine.primary import crawl, slices, unnamed
from engine.primary.crawl import BUCKETS, Cursor, Portion
from engine.session.attempt import Totals
from engine.session.position import Position
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.unreconciled import Unreconciled

FIRST, PORTION = 60, 1000
"""Objects looked at and made so at a time; few at first and twice as many each time, so that it is
soon seen to go on, and how fast."""
MARGIN = 2
"""Seconds by which changelog suffixes can be older than what is in the slice, and one to spare."""


class Crawling:
    """The crawl of one brick, with a cursor that survives restarts."""

    def __init__(
        self,
        brick: str,
        state: Path,
        replicator: Replicator,
        position: Position,
        report: Report,
        unreconciled: Unreconciled,
        *,
        journal: bool = True,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        """`journal`: changelogs are followed after it, so it matters what they do not tell;
        `paused`: whether no more portion is to be begun.
        """
        self._journal = journal
        self._unreconciled, self._paused = unreconciled, paused
        self._brick, self._replicator = brick, replicator
        self._position, self._report = position, report
        self._path = state / f"crawl-{brick.strip('/').replace('/', '-')}.json"

    async def needed(self) -> str:
        """Return why the brick has to be crawled first, or nothing."""
        stime = await self._replicator.run(self._position.read)
        if self._load() is not None:
            return "an unfinished crawl goes on"
        if not stime:
            return "no position yet: everything is looked at once"
        history = await self._replicator.run(slices.history, self._brick, stime)
        return "" if history.complete else f"history is not complete: {history.reason}"

    async def run(self, reason: str, ended: int = 0) -> None:
        """Make everything on the brick so, then put the position where the crawl began, or the
        first of several.

        `ended`: when the time of which no changelog tells was over, in seconds since the epoch; 0:
        look for it. When the session is paused it returns in the middle, and is needed again.
        """
        cursor = self._load()
        if cursor is None:
            if self._journal:
                await self._let_it_end(ended)
            cursor = Cursor(since=int(time.time()) - MARGIN, bucket=0, brick=self._brick)
            await self._replicator.run(crawl.save, self._path, cursor)
        # After the cursor, which says whether this crawl is new; before anything is brought.
        born = await self._replicator.run(slices.born, self._brick)
        await self._unreconciled.begin(cursor.since, self._position.stime, born)
        self._report.tell(events.CrawlChanged, crawl=events.Crawl.HYBRID, reason=reason)
        brick = self._brick.encode("utf-8", "surrogateescape")
        size = min(FIRST, PORTION)
        part = await self._read(brick, cursor.bucket, size)
        while cursor.bucket < BUCKETS:
            self._progress(cursor)
            async with asyncio.TaskGroup() as group:
                # The next portion is read while this one is made so.
                size = min(2 * size, PORTION)
                ahead = group.create_task(self._read(brick, part.bucket, size))
                totals = await self._make_so(part.gfids)
            cursor = Cursor(
                since=cursor.since,
                bucket=part.bucket,
                brick=self._brick,
                objects=cursor.objects + len(part.gfids),
                directories=cursor.directories + totals.directories,
                unnamed=cursor.unnamed or totals.unnamed,
            )
            await self._replicator.run(crawl.save, self._path, cursor)
            part = ahead.result()
            if self._paused() and cursor.bucket < BUCKETS:
                return
        self._progress(cursor)
        if cursor.unnamed:
            await self._name(brick)
        since = await self._follow_from(cursor.since)
        await self._replicator.run(self._position.begin, since)
        self._path.unlink(missing_ok=True)
        self._position.moved()
        self._report.tell(events.PositionMoved, stime=self._position.stime, slice=0)

    async def _let_it_end(self, ended: int) -> None:
        """Wait until what is missing is so old that the new position will lie behind it.

        All that was changed before a crawl begins is found by it; but a gap that its position lay
        before would be met again right after it, and cost another crawl.
        """
        now = int(time.time())
        history = await self._replicator.run(slices.history, self._brick, now - MARGIN)
        ended = max([ended, *(gap.end for gap in history.gaps)])
        # A clock that was set back may have left any time there.
        wait = min(ended + MARGIN - now, MARGIN + 1)
        if wait > 0:
            self._report.now_doing("waiting until what is missing has ended")
            await asyncio.sleep(wait)

    async def _follow_from(self, began: int) -> int:
        since = await self._unreconciled.follow_from(began)
        if since < began and self._journal:
            history = await self._replicator.run(slices.history, self._brick, since)
            return since if history.complete else began
        return began

    async def _read(self, brick: bytes, bucket: int, size: int) -> Portion:
        return await self._replicator.run(crawl.portion, brick, bucket, size)

    def _progress(self, cursor: Cursor) -> None:
        self._report.tell(
            events.CrawlProgressed,
            done=cursor.bucket / BUCKETS,
            directories=cursor.directories,
            files=cursor.objects - cursor.directories,
        )

    async def _name(self, brick: bytes) -> None:
        """Bring the names that the brick has and has not recorded."""
        run = self._replicator.run
        wanted, bucket = dict[int, Gfid](), 0
        while bucket < BUCKETS:
            self._report.now_doing("looking for files with names that are not recorded")
            part = await self._read(brick, bucket, PORTION)
            wanted |= await run(unnamed.inodes, brick, part.gfids)
            bucket = part.bucket
        heard: dict[Gfid, list[Place]] = {}
        walk = unnamed.walk(brick, wanted)
        while directories := await run(lambda: list(itertools.islice(walk, PORTION))):
            self._report.now_doing("looking for names that are not recorded")
            for gfid, place in itertools.chain.from_iterable(directories):
                heard.setdefault(gfid, []).append(place)
        gfids = list(heard)
        for at in range(0, len(gfids), PORTION):
            await self._make_so(gfids[at : at + PORTION], heard)

    async def _make_so(
        self, gfids: Iterable[Gfid], heard: Mapping[Gfid, Iterable[Place]] = MappingProxyType({})
    ) -> Totals:
        """Make these so, which may have been `heard` of at some places."""
        stime = self._position.stime
        window = Window(since=max(0, stime - MARGIN))
        for gfid in gfids:
            window.mark(gfid, ALL, *heard.get(gfid, ()))
            window.spoken.add(gfid)
        began = time.monotonic()
        totals = await self._replicator.make_so(window, ancestors=True)
        totals.tell(self._report, began)
        return totals

    def _load(self) -> Cursor | None:
        return crawl.load(self._path, self._brick)
