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
from engine.item import Gfid, Holder, Kind
from engine.options import Options
from engine.plan import shelves
from engine.rpc.channel import Channel
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
        self._removed = 0
        """Objects removed since the sweep began."""

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
        gone = await self._gone(expired)
        until, left = self._removed + PORTION, len(expired) - len(gone)
        for holder in gone:
            if not await self._remove(holder, until):
                if self._removed >= until:
                    self._due = 0.0
                    return
                left += 1
        await self._channel.note(NOTE, day)
        self._seen = today
        if self._removed or left:
            self._report.tell(QuarantineSwept, removed=self._removed, left=left)
        self._removed = 0

    async def _remove(self, holder: Holder, until: int) -> bool:
        """Remove one of those in quarantine, with all that is in it; False where anything stays, or
        when `until` objects are removed.
        """
        way = [holder]
        while way:
            if self._removed >= until:
                return False
            reply = await self._channel.discard([way[-1]])
            self._removed += len(reply.gone)
            if reply.gone:
                way.pop()
                continue
            children = reply.children
            if not children or len(await self._gone(children)) < len(children):
                return False
            gone = set((await self._channel.discard(children)).gone)
            self._removed += len(gone)
            full = [child for child in children if child.gfid not in gone]
            if any(child.kind is not Kind.DIRECTORY for child in full):
                return False
            # The first that is full goes next; after it this one is looked at anew.
            way += full[:1]
        await self._replicator.failing.forget([holder.gfid])
        return True

    async def _gone(self, holders: Sequence[Holder]) -> list[Holder]:
        """Return those of whom the whole primary says that they are gone."""
        gone = set(await self._replicator.gone([holder.gfid for holder in holders]))
        return [holder for holder in holders if holder.gfid in gone]

    async def _forget(self, there: Sequence[Gfid]) -> None:
        """Take out of our list who is not there any more: removed by another brick's worker, or by
        an operator.
        """
        listed = await self._replicator.failing.put_away_before()
        await self._replicator.failing.forget(listed - set(there))
