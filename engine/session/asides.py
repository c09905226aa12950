"""Who was moved to limbo by our agent, from where and why, until that is noted on the secondary."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from engine.item import AnyAnswer, AnyItem, Done, Gfid, Gone, NotEmpty, Place
from engine.plan import records

_MOST = 10_000
"""Objects that are remembered; nearly all leave limbo in the same second."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One of them."""

    place: Place
    why: str
    at: float
    """In seconds since the epoch."""


class Asides:
    """What one worker knows of it."""

    def __init__(self) -> None:
        self._moved: dict[Gfid, Moved] = {}
        self.recorded: set[Gfid] = set()
        """Those of whom there is a note on the secondary, as far as we know."""

    def hear(self, items: Mapping[Gfid, AnyItem], answers: Iterable[AnyAnswer]) -> None:
        """Take in what the agent answered."""
        for answer in answers:
            if isinstance(answer, NotEmpty):
                continue
            item = items[answer.gfid]
            if isinstance(answer, Done) and isinstance(item, Gone):
                if answer.changed and item.orphan and not item.lawful and item.heard:
                    self._put(answer.gfid, item.heard[-1], records.ORPHANED)
                continue
            for holder in answer.displaced:
                self._put(holder.gfid, holder.place, records.IN_THE_WAY.format(gfid=answer.gfid))

    def unclaimed(
        self, items: Mapping[Gfid, AnyItem], answers: Iterable[AnyAnswer]
    ) -> dict[Gfid, Moved]:
        """Return what is remembered of those that are gone from the primary, and that nobody has
        spoken of so far.
        """
        return self.among([a.gfid for a in answers if _unspoken(items[a.gfid])])

    def among(self, gfids: Collection[Gfid]) -> dict[Gfid, Moved]:
        """Return what is remembered of these."""
        return {gfid: self._moved[gfid] for gfid in gfids if gfid in self._moved}

    def noted(self, gfid: Gfid) -> None:
        """Remember no more of one than that there is a note."""
        self._moved.pop(gfid, None)
        self.recorded.add(gfid)

    def _put(self, gfid: Gfid, place: Place, why: str) -> None:
        self._moved.pop(gfid, None)
        self._moved[gfid] = Moved(place, why, time.time())
        if len(self._moved) > _MOST:
            del self._moved[next(iter(self._moved))]


def _unspoken(item: AnyItem) -> bool:
    return isinstance(item, Gone) and not item.lawful
