"""Remove from quarantine who has been there for as long as the operator said, and whom the primary
does not have.

At a quiet moment, at most once a day for the whole secondary, a portion at a time. Invariants, each
of which is asked again before anything goes:
- it is too long there by its name, by both sides' clocks, and by the time of its last change;
- the whole primary, with all bricks up, says that it is gone, and so is all that is in it;
- only names in quarantine are taken: who was saved from there by a hard link lives on.
A crash in the middle leaves the rest there, for the next one.
"""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

from engine.events import QuarantineSwept
from engine.item import Gfid
from engine.options import Options
from engine.plan import shelves
from engine.rpc.channel import Channel
from engine.session.discarding import Discarding
from engine.session.replicate import Replicator
from engine.session.report import Report

LOOK = 3600.0
"""Seconds between two looks whether a day has passed."""
PORTION = 1000
"""Objects removed at one moment, about."""
NOTE = "swept"
"""The note on the secondary that has the day of the last sweep, whoever did it."""


class Quarantine:
    """What one Active worker does with it."""

    def __init__(
        self, channel: Channel, replicator: Replicator, report: Report, *, days: int
    ) -> None:
        """`days`: how long everybody is kept at least; 0: for ever."""
        self._channel, self._replicator, self._report = channel, replicator, report
        self._days = days
        self._due = 0.0
        self._seen: date | None = None
        """The last day of which we know that somebody has swept."""
        self._discarding = Discarding(channel, self._gone)

    def take_up(self, options: Options) -> None:
        """Keep everybody for as long as `options` say from now on; look again soon."""
        if self._days != options.quarantine_days:
            self._days, self._due, self._seen = options.quarantine_days, 0.0, None

    async def tend(self) -> None:
        """Remove a portion, if it is time to; harmless at any moment."""
        if not self._days or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + LOOK
        today = datetime.fromtimestamp(time.time(), UTC).date()
        if today == self._seen:
            return
        there = await self._channel.quarantine(self._days)
        await self._forget(there.gfids)
        day = today.isoformat().encode("ascii")
        if (await self._channel.notes()).get(NOTE) == day:
            self._seen = today
            return
        expired = [one for one in there.expired if shelves.expired(one, self._days, today)]
        one = self._discarding
        gone = await one.gone(expired)
        until, left = one.removed + PORTION, len(expired) - len(gone)
        for holder in gone:
            if await one.remove(holder, until=until):
                await self._replicator.failing.forget([holder.gfid])
            else:
                if one.removed >= until:
                    self._due = 0.0
                    return
                left += 1
        await self._channel.note(NOTE, day)
        self._seen = today
        if one.removed or left:
            self._report.tell(QuarantineSwept, removed=one.removed, left=left)
        one.removed = 0

    async def _gone(self, gfids: Sequence[Gfid]) -> list[Gfid]:
        return await self._replicator.gone(gfids)

    async def _forget(self, there: Sequence[Gfid]) -> None:
        """Take out of our list who is not there any more: removed by another brick's worker, or by
        an operator.
        """
        listed = await self._replicator.failing.put_away_before()
        await self._replicator.failing.forget(listed - set(there))
