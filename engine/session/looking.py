"""Look at the primary for a whole window: many gfids in one hop, directories above where they
count, and who is gone, though GlusterFS still keeps it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeGuard

from engine.gluster import objects
from engine.item import ROOT, AnyAnswer, AnyItem, Done, Gfid, Item, Kind, Place
from engine.plan import items as plan_items
from engine.plan.dirty import ALL, Dirty, Why
from engine.plan.items import Absent, Alive, Truth, Unclear
from engine.primary import kept, truth
from engine.primary.kept import Keeper
from engine.primary.truth import Sight
from engine.session.hop import Hop

Unsettled = Callable[[], Awaitable[str]]
"""Tells why the volume may yet heal something that changes a name; empty when it will not."""
LOOKS = 128
"""Gfids looked at in one hop to a thread."""
_KNOWN = 200_000
"""Directories remembered as being on the secondary."""


class Looking:
    """Looks, and what is remembered from one window to the next."""

    def __init__(self, sight: Sight, hop: Hop, unsettled: Unsettled) -> None:
        self.sight, self._hop, self._unsettled = sight, hop, unsettled
        self._known: set[Gfid] = set()
        """Directories that are on the secondary; a wrong one is found out by NeedParent."""
        self._never: set[Gfid] = set()
        """Directories that are not even looked at: GlusterFS tells nothing of some of its own."""
        self.outside: set[Gfid] = set()
        """Directories that are not replicated; nor is what is in them."""
        self.returned: set[Gfid] = set()
        """Those that were among them, and are not any more; what was done in them meanwhile was
        passed over.
        """

    async def look(
        self, batch: dict[Gfid, Dirty], deep: set[Gfid], *, ancestors: bool
    ) -> dict[Gfid, Truth]:
        """Look at `batch`, and at directories above it where asked; those join `batch`."""
        truths: dict[Gfid, Truth] = {}
        # Those outside, too: one that was in the limbo of a chain's middle link goes back.
        todo = [gfid for gfid in batch if gfid not in self._never]
        while todo:
            for found in await self._at([(gfid, batch[gfid]) for gfid in todo]):
                truths[found.gfid] = found
            above: dict[Gfid, None] = {}
            for gfid in todo:
                for parent in _above(truths[gfid]):
                    if gfid in deep:
                        deep.add(parent)
                    wanted = gfid in deep or (ancestors and parent not in self._known)
                    if wanted and parent not in truths:
                        above[parent] = None
            todo = []
            for gfid in above:
                if gfid not in batch and gfid not in self.outside:
                    batch[gfid] = Dirty(ALL, directory=True)
                    todo.append(gfid)
        self._spread_outside(truths)
        await self._end_removed(truths, batch)
        await self._doubt_returned(truths, batch)
        return truths

    async def overtaken(
        self,
        truths: dict[Gfid, Truth],
        batch: dict[Gfid, Dirty],
        answers: Iterable[AnyAnswer],
    ) -> list[Alive]:
        """Look once more at what others may have changed meanwhile; return what is new again."""
        unsure = {a.gfid for a in answers if plan_items.unsure(truths[a.gfid], a)}
        again = await self._at([(gfid, batch[gfid]) for gfid in unsure])
        return [
            looked
            for now in again
            if isinstance(looked := truths[now.gfid], Alive) and plan_items.overtaken(looked, now)
        ]

    async def gone(self, gfids: Sequence[Gfid]) -> list[Gfid]:
        """Return those of `gfids` that the whole primary says are gone."""
        batch = {gfid: Dirty(Why.NAMES) for gfid in gfids}
        truths = await self.look(batch, set(gfids), ancestors=False)
        return [gfid for gfid in gfids if isinstance(truths.get(gfid), Absent)]

    def learn(self, items: dict[Gfid, AnyItem], answers: Iterable[AnyAnswer]) -> None:
        """Remember which directories are on the secondary."""
        if len(self._known) > _KNOWN:
            self._known.clear()
        for answer in answers:
            item = items[answer.gfid]
            if isinstance(item, Item) and item.kind is not Kind.DIRECTORY:
                continue
            if isinstance(answer, Done) and isinstance(item, Item):
                self._known.add(answer.gfid)
            else:
                self._known.discard(answer.gfid)

    async def _at(
        self, todo: Sequence[tuple[Gfid, Dirty]], sight: Sight | None = None
    ) -> list[Truth]:
        parts = [todo[at : at + LOOKS] for at in range(0, len(todo), LOOKS)]
        hops = (self._hop.run(truth.look_at, sight or self.sight, part) for part in parts)
        found = await asyncio.gather(*hops)
        return [one for part in found for one in part]

    async def _end_removed(self, truths: dict[Gfid, Truth], batch: dict[Gfid, Dirty]) -> None:
        """Take for gone who stands only where GlusterFS keeps what was removed.

        A heal puts there, too, what was renamed, until that is healed as well.
        """
        aside = [found for found in truths.values() if self._outside(found)]
        if not aside:
            return
        by = await self._hop.run(kept.keepers, self.sight, aside)
        trashed = [gfid for gfid, keeper in by.items() if keeper is Keeper.TRASH]
        truths.update((gfid, Absent(gfid, had=True)) for gfid in trashed)
        healed = [gfid for gfid, keeper in by.items() if keeper is Keeper.HEAL]
        if not healed:
            return
        unsettled = await self._unsettled()
        # Once more, through the mount, which knows the other replicas' names, too: what has left
        # that place meanwhile is found where it is now.
        again = replace(self.sight, behind=True)
        for now in await self._at([(gfid, batch[gfid]) for gfid in healed], again):
            gfid, before = now.gfid, truths[now.gfid]
            truths[gfid] = Absent(gfid, had=True) if isinstance(now, Absent) else now
            if _nowhere_else(now, before):
                words = f"a heal has taken its name away, and {unsettled}"
                truths[gfid] = Unclear(gfid, 0, words) if unsettled else Absent(gfid, had=True)

    async def _doubt_returned(self, truths: dict[Gfid, Truth], batch: dict[Gfid, Dirty]) -> None:
        """Bring all of who came out of the trash: of its content no record will tell."""
        heard = {
            gfid: left
            for gfid, found in truths.items()
            if isinstance(found, Alive)
            and not batch[gfid].why & ~Why.NAMES
            # Where it was: a name that it has now cannot be in there.
            and (left := [place for place in batch[gfid].heard if place not in found.places])
        }
        if heard:
            for gfid in await self._hop.run(kept.brought_back, self.sight, heard):
                batch[gfid].why |= ALL

    def _outside(self, found: Truth) -> TypeGuard[Alive]:
        above = _above(found)
        return bool(above) and all(parent in self.outside for parent in above)

    def _spread_outside(self, truths: dict[Gfid, Truth]) -> None:
        """What is in a directory that is not replicated is not either, however deep.

        One of georep's own can come at any time: with a session that makes this primary, a link of
        a chain, the secondary of another one.
        """
        directories = [found for found in truths.values() if is_directory(found)]
        before = self.outside & {found.gfid for found in directories}
        self.outside -= before
        self.outside |= {found.gfid for found in directories if _own(found)}
        spread = True
        while spread:
            inside = {
                found.gfid
                for found in directories
                if any(parent in self.outside for parent in _above(found))
            }
            spread = not inside <= self.outside
            self.outside |= inside
        self.returned = (self.returned | before) - self.outside

    def exclude(self, gfids: Iterable[Gfid]) -> None:
        """Leave these directories, and what is in them, out for good."""
        self._never.update(gfids)
        self.outside.update(self._never)

    def take_in(self, gfids: Iterable[Gfid]) -> None:
        """Replicate these again: they stand in a directory that has returned."""
        self.outside.difference_update(gfids)


def is_directory(found: Truth) -> bool:
    """Whether the primary has a directory there."""
    return isinstance(found, Alive) and found.kind is Kind.DIRECTORY


def _nowhere_else(now: Truth, before: Truth) -> bool:
    """Whether it has no place but those it had; a mount may not be able to tell those."""
    return isinstance(now, Alive) and set(_places(now)) <= set(_places(before))


def _places(found: Truth) -> tuple[Place, ...]:
    return found.places if isinstance(found, Alive) else ()


def _own(found: Truth) -> bool:
    return any(place.parent == ROOT and objects.own(place.name) for place in _places(found))


def _above(found: Truth) -> list[Gfid]:
    return [place.parent for place in _places(found)]
