"""Crawl a brick again and again, where the operator wants no changelog to be depended on.

Each crawl compares everything that is on the brick with what is on the secondary. It sees no
removals: those are told as not reconciled, as after any crawl.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from engine import events
from engine.options import Options
from engine.session.crawling import Crawling
from engine.session.limbo import Limbo
from engine.session.position import Position
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.wishes import Wishes

REASON = "change-detector is xsync: everything is looked at, again and again"
_STEP = 1.0
"""Most seconds until a change of options, or of whose turn it is, is noticed."""


class Recrawling:
    """The crawls of one brick, for as long as its worker is Active."""

    def __init__(
        self,
        crawling: Crawling,
        replicator: Replicator,
        position: Position,
        report: Report,
        limbo: Limbo,
        until: int | None,
    ) -> None:
        """`until`: seconds since the epoch; a crawl that began later reaches the goal."""
        self._crawling, self._replicator = crawling, replicator
        self._position, self._report = position, report
        self._limbo, self._until = limbo, until
        self._interval, self._ask = 60, 1.0

    def take_up(self, options: Options) -> None:
        """Wait between two crawls, and ask whose turn it is, as `options` say."""
        self._interval, self._ask = options.change_interval, options.replica_failover_interval

    async def run(self, still: Callable[[], Awaitable[bool]], wishes: Wishes) -> bool:
        """Crawl until the goal is reached (True), or the session is paused, or `still` says that it
        is another's turn (False).
        """
        while True:
            await self._crawling.run(REASON)
            if self._until is not None and self._position.stime >= self._until:
                self._report.tell(events.Caught, goal=self._until)
                return True
            ended = asked = time.monotonic()
            # A goal that a crawl came too early for is reached by the next one.
            interval = self._interval if self._until is None else _STEP
            while (left := ended + interval - time.monotonic()) > 0:
                if wishes.paused:
                    return False
                if time.monotonic() - asked >= self._ask:
                    if not await still():
                        return False
                    asked = time.monotonic()
                await self._replicator.make_due_so()
                await self._limbo.tend()
                self._report.now_doing("waiting for the next crawl", f"{left:.0f} s")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, self._ask, _STEP)):
                        await wishes.woken.wait()
                wishes.woken.clear()
