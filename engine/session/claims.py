"""Speak for those in limbo who were renamed over, and whose worker hears of that late.

Who is renamed over has no record of its own: a record tells the place, and who stands there on the
secondary, and is gone from the primary, has ended. Another brick's worker may have moved him aside
by then, for it has seen who has the place now; so where he stood is noted with him.
"""

from dataclasses import dataclass

from engine.item import Gfid, Place
from engine.plan import records
from engine.plan.dirty import Why, Window
from engine.rpc.channel import Channel

_AT_ONCE = 500
"""Notes that are asked for at once; one has up to 16 KiB."""
_MOST = 100_000
"""Places that are remembered for those of whom there is no note yet; it comes within seconds."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one window had heard of renames when these were in limbo, and nobody knew from where."""

    taken: frozenset[Place]
    takers: dict[Place, set[Gfid]]
    unknown: set[Gfid]


class Claims:
    """What one worker has heard; one that begins anew hears again what its position has not passed.

    Who is claimed by nobody goes to quarantine.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._heard: list[_Heard] = []
        self._places: dict[Gfid, Place] = {}
        """Where those stood who are in limbo, as far as that is noted."""

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
        await self._learn(there, set[Gfid]().union(*(heard.unknown for heard in self._heard)))
        claimed: dict[Gfid, _Heard] = {}
        for heard in self._heard:
            for gfid in heard.unknown & self._places.keys():
                heard.unknown.remove(gfid)
                if self._places[gfid] in heard.taken:
                    claimed[gfid] = heard
        self._heard = _latest([heard for heard in self._heard if heard.unknown])
        # Once more: he may have left, and come back from elsewhere, since that was learned.
        for gfid, place in (await self._noted(list(claimed))).items():
            if place in claimed[gfid].taken:
                _claim(window, gfid, place, claimed[gfid])
        return bool(claimed)

    async def _learn(self, there: set[Gfid], wanted: set[Gfid]) -> None:
        """Know where the `wanted` stood, if that is noted; of nobody who is no longer `there`."""
        self._places = {gfid: place for gfid, place in self._places.items() if gfid in there}
        self._places |= await self._noted(list(wanted - self._places.keys()))

    async def _noted(self, wanted: list[Gfid]) -> dict[Gfid, Place]:
        found: dict[Gfid, Place] = {}
        for at in range(0, len(wanted), _AT_ONCE):
            part = wanted[at : at + _AT_ONCE]
            told = zip(part, map(records.decode, await self._channel.records(part)), strict=True)
            found |= {gfid: record.place for gfid, record in told if record.place is not None}
        return found


def _latest(every: list[_Heard]) -> list[_Heard]:
    """Return the last of them, with `_MOST` places between them at most, or only the last one."""
    count = 0
    for at in reversed(range(len(every))):
        count += len(every[at].taken)
        if count > _MOST:
            return every[at + 1 :] or every[at:]
    return every


def _claim(window: Window, gfid: Gfid, place: Place, heard: _Heard) -> None:
    window.mark(gfid, Why.NAMES, place)
    window.taken.add(place)
    if window.keeps:
        window.takers.setdefault(place, set()).update(heard.takers.get(place, ()))
