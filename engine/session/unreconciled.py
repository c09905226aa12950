"""Whether removals of one brick may be missing on the secondary: noted there, and told."""

import asyncio
import time
import uuid

from engine.events import ReconcileDue
from engine.plan import crawled
from engine.plan.crawled import Crawled
from engine.rpc.channel import Channel
from engine.session import sides
from engine.session.report import Report

LOOK = 10.0
"""Seconds between two looks whether an operator has reconciled, wherever that was."""


class Unreconciled:
    """What one worker knows and tells of it."""

    def __init__(
        self,
        channel: Channel,
        report: Report,
        *,
        volume: str,
        number: int,
        subvolumes: int,
        keeps: bool = False,
    ) -> None:
        """`volume` is the primary's uuid; the brick's subvolume is `number` of so many. `keeps`:
        removals are to be missing there, so nothing is told as due.
        """
        self._keeps = keeps
        self._channel, self._report = channel, report
        self._volume, self._number, self._subvolumes = volume, number, subvolumes
        self._due: Crawled | None = None
        self._told: tuple[Crawled, Crawled | None] | None = None
        """The last crawl and what was due; None while nothing was told."""

    async def begin(self, began: int, since: int, born: int) -> None:
        """Note a crawl, before it brings anything; `since` is the position before it, and the
        brick's changelog was `born` then.

        Harmless when the same crawl, told by when it `began`, goes on after a restart.
        """
        empty = await sides.empty(self._channel)
        # Read after the look: a brick that makes the secondary less empty has noted so before.
        book = crawled.read(await self._channel.notes(), self._volume)
        notes = crawled.begun(
            book,
            self._number,
            Crawled(began=began, since=since, born=born),
            empty=empty,
            subvolumes=self._subvolumes,
            fresh=uuid.uuid4().hex,
        )
        for name, content in notes:
            await self._channel.note(name, content)
        await self.look()

    async def follow_from(self, began: int) -> int:
        """Return from when on the changelogs count after the crawl that `began` then."""
        book = crawled.read(await self._channel.notes(), self._volume)
        return book.follow_from(self._number, began)

    async def follow(self, since: int) -> None:
        """Note, before changes are followed from `since` on, if removals are not followed: when
        they are again, those are due.
        """
        if self._keeps:
            book = crawled.read(await self._channel.notes(), self._volume)
            for name, content in crawled.ignored(book, self._number, int(time.time()), since):
                await self._channel.note(name, content)

    async def look(self) -> None:
        """Read the notes; tell when it is another thing than was told before."""
        book = crawled.read(await self._channel.notes(), self._volume)
        self._due = None if self._keeps else book.due(self._number)
        last = book.crawls.get(self._number)
        if last is not None and (last, self._due) != self._told:
            self._told = (last, self._due)
            due, since, until = self._due is not None, last.since, last.began
            self._report.tell(ReconcileDue, due=due, since=since, until=until)

    async def watch(self) -> None:
        """While something is due, look now and then whether it still is. Never returns."""
        while True:
            await asyncio.sleep(LOOK)
            if self._due is not None:
                await self.look()
