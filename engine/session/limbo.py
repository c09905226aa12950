"""Tend limbo: whoever lives goes to its place, what ended is removed, and what nobody speaks for
goes to quarantine.

Gone from the primary and not spoken of by our own brick, an object may be spoken of by another one
that is behind. So it stays in limbo until every brick's position has passed the moment at which it
was first seen there; by then nobody will speak for it any more.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from engine.item import Gfid
from engine.plan.dirty import Why, Window
from engine.rpc.channel import Channel
from engine.session.position import MARGIN
from engine.session.quarantine import Quarantine
from engine.session.replicate import Replicator

LOOK = 15.0
"""Seconds between two looks at limbo."""


class Limbo:
    """What one Active worker knows of it; begins anew with each, which only makes it slower."""

    def __init__(
        self,
        channel: Channel,
        replicator: Replicator,
        passed: Callable[[], Awaitable[int]],
        quarantine: Quarantine,
    ) -> None:
        """`passed` says up to when, in seconds since the epoch, every brick is through."""
        self._channel, self._replicator, self._passed = channel, replicator, passed
        self._quarantine = quarantine
        self._noted: dict[Gfid, float] = {}
        """When each was first seen there, in seconds since the epoch by our clock."""
        self._due = 0.0

    async def tend(self) -> None:
        """Look, if it is time to; harmless at any moment."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + LOOK
        now = time.time()
        there = await self._channel.limbo()
        self._noted = {gfid: min(self._noted.get(gfid, now), now) for gfid in there}
        await self._replicator.note_aside(there)
        if not there:
            await self._quarantine.tend()
            return
        passed = await self._passed() - MARGIN
        ready = [gfid for gfid, noted in self._noted.items() if noted < passed]
        if ready:
            await self._put_away(ready)

    async def _put_away(self, ready: Sequence[Gfid]) -> None:
        window = Window()
        for gfid in ready:
            window.mark(gfid, Why.NAMES)
        # Whoever lives, or ended lawfully, leaves limbo by the usual road.
        await self._replicator.make_so(window)
        left = set(await self._channel.limbo())
        gone = await self._replicator.gone([gfid for gfid in ready if gfid in left])
        if gone:
            day = f"{datetime.now(UTC):%Y-%m-%d}"
            failing = self._replicator.failing
            # Noted first: what stands in quarantine must stand in a list, too, whatever stops.
            await failing.put_away({gfid: f".georep/quarantine/{day}.{gfid}" for gfid in gone})
            moved = set(await self._channel.put_away(gone, day))
            # Another brick's worker was faster with the others, and has them in its list.
            await failing.forget([gfid for gfid in gone if gfid not in moved])
