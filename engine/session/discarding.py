"""Remove what is in quarantine, with all that is in it, as far as the whole primary says that it is
gone.
"""

from collections.abc import Awaitable, Callable, Sequence

from engine.item import Gfid, Holder, Kind
from engine.rpc.channel import Channel

Gone = Callable[[Sequence[Gfid]], Awaitable[Sequence[Gfid]]]
"""Returns those of whom the whole primary, with all bricks up, says that they are gone."""


class Discarding:
    """Removes one after the other, from the bottom up; a crash leaves the rest where it is."""

    def __init__(self, channel: Channel, gone: Gone) -> None:
        self._channel, self._ask = channel, gone
        self.removed = 0
        """Objects removed so far."""

    async def remove(self, holder: Holder, *, until: float = float("inf")) -> bool:
        """Remove one of those in quarantine, with all that is in it; False where anything stays, or
        when `until` objects are removed. The caller knows that the primary does not have it.
        """
        way = [holder]
        while way:
            if self.removed >= until:
                return False
            reply = await self._channel.discard([way[-1]])
            self.removed += len(reply.gone)
            if reply.gone:
                way.pop()
                continue
            children = reply.children
            if not children or len(await self.gone(children)) < len(children):
                return False
            gone = set((await self._channel.discard(children)).gone)
            self.removed += len(gone)
            full = [child for child in children if child.gfid not in gone]
            if any(child.kind is not Kind.DIRECTORY for child in full):
                return False
            # The first that is full goes next; after it this one is looked at anew.
            way += full[:1]
        return True

    async def gone(self, holders: Sequence[Holder]) -> list[Holder]:
        """Return those of whom the whole primary says that they are gone."""
        gone = set(await self._ask([holder.gfid for holder in holders]))
        return [holder for holder in holders if holder.gfid in gone]
