"""Speak for those in limbo who were renamed over, and whose worker hears of that late.

Who is renamed over has no record of its own: a record tells the place, and who stands there on the
secondary, and is gone from the primary, has ended. Another brick's worker may have moved him aside
by then, for it has seen who has the place now; so where he stood is noted with him.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.item import Gfid, Place
from engine.plan import records
from engine.plan.dirty import Why, Window
from engine.rpc.channel import Channel


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one window had heard of renames when these were in limbo, and nobody knew from where."""

    taken: frozenset[Place]
    takers: dict[Place, set[Gfid]]
    unknown: set[Gfid]


class Claims:
    """What one worker has heard. It begins anew with each: then they go to quarantine."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._heard: list[_Heard] = []

    async def into(self, window: Window) -> bool:
        """Make those dirty in `window` who stood where it, or one before it, has heard that another
        was renamed onto; return whether there are any.

        To be asked when all of it is made so, and before a position passes it: who still stands
        there has been found by then, and who stands in limbo is put away only behind it.
        """
        if not (window.taken or self._heard):
            return False
        there = set(await self._channel.limbo())
        if window.taken and (new := there - window.aside):
            window.aside |= new
            self._heard.append(_Heard(frozenset(window.taken), dict(window.takers), new))
        for heard in self._heard:
            heard.unknown.intersection_update(there)
        wanted = list(set[Gfid]().union(*(heard.unknown for heard in self._heard)))
        known = await self._places(wanted)
        found = False
        for heard in self._heard:
            for gfid in heard.unknown & known.keys():
                heard.unknown.remove(gfid)
                found |= _claim(window, gfid, known[gfid], heard)
        self._heard = [heard for heard in self._heard if heard.unknown]
        return found

    async def _places(self, gfids: Iterable[Gfid]) -> dict[Gfid, Place]:
        wanted = list(gfids)
        noted = await self._channel.records(wanted) if wanted else []
        told = zip(wanted, map(records.decode, noted), strict=True)
        return {gfid: record.place for gfid, record in told if record.place is not None}


def _claim(window: Window, gfid: Gfid, place: Place, heard: _Heard) -> bool:
    if place not in heard.taken:
        return False
    window.mark(gfid, Why.NAMES, place)
    window.taken.add(place)
    if window.keeps:
        window.takers.setdefault(place, set()).update(heard.takers.get(place, ()))
    return True
