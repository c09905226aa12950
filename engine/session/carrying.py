"""What goes from one window into the next, and what of it a crash must not forget.

A window ends when nothing in it is dirty any more, but for what changes all the while, and, ahead
of a slice's close, what could not be done at once. What records or a crawl will bring again is safe
in them; what only an answer spoke of is noted in the ledger, as *intended*, before it is touched.
"""

from collections.abc import Collection, Mapping

from engine.item import AnyItem, Gfid, Gone, Place
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.plan.items import Alive, Truth
from engine.session.failing import Trial
from engine.session.hop import Hop
from engine.session.ledger import Known, Ledger
from engine.session.looking import is_directory

_ENDED = 100_000
"""Objects remembered as gone without a word."""


class Carried:
    """What one worker carries on."""

    def __init__(self, ledger: Ledger, hop: Hop, *, beside: bool = False) -> None:
        """`beside`: for a command, of which no record tells again."""
        self._ledger, self._hop, self._beside = ledger, hop, beside
        self.overtaken: dict[Gfid, Dirty] = {}
        """Objects that were new again after they had been made so."""
        self._left: dict[Gfid, Dirty] = {}
        """Objects that an answer spoke of, and that were not made so ahead, or not for certain."""
        self._intended: set[Gfid] = set()
        """Objects that the ledger has as intended."""
        self._spoken: set[Gfid] = set()
        """Those that are overtaken and were spoken of; see `plan.dirty.Window`."""
        self._ended: dict[Gfid, dict[Place, None]] = {}
        """Objects that are gone, with no word of their end yet, and where they stood here: the
        rename that destroyed one may have been seen before its record was heard."""

    def into(self, window: Window) -> None:
        """Put everything that is carried into `window`, and who stood where it heard a rename."""
        for gfid, dirty in self.overtaken.items():
            window.mark(gfid, dirty.why, *dirty.heard).directory |= dirty.directory
            window.known.add(gfid)
        window.spoken |= self._spoken & self.overtaken.keys()
        for gfid, dirty in self._left.items():
            window.mark(gfid, dirty.why, *dirty.heard).directory |= dirty.directory
        self.overtaken, self._left, self._spoken = {}, {}, set()
        for gfid, places in self._ended.items():
            if not window.taken.isdisjoint(places):
                window.mark(gfid, Why.NAMES, *places)

    def note_ended(self, items: Mapping[Gfid, AnyItem]) -> None:
        """Remember who is gone and may not be taken away; forget whoever may be."""
        for gfid, item in items.items():
            if isinstance(item, Gone) and not item.lawful and item.heard:
                self._ended.setdefault(gfid, {}).update(dict.fromkeys(item.heard))
            else:
                self._ended.pop(gfid, None)
        while len(self._ended) > _ENDED:
            del self._ended[next(iter(self._ended))]

    def leave(self, gfid: Gfid, dirty: Dirty) -> None:
        """Carry on what is left to do about an object that no slice brings again."""
        left = self._left.setdefault(gfid, dirty)
        left.why |= dirty.why
        left.heard.update(dirty.heard)

    def keep(self, window: Window, trial: Trial) -> bool:
        """Keep what is left of a window that was made so ahead, but for what its slice brings
        again; return whether something has to be confirmed.
        """
        # Those in the ledger, done or not, leave it by the usual road only.
        left = {gfid: Dirty(Why.NAMES) for gfid in trial.before} | window.dirty
        for gfid, dirty in left.items():
            if gfid not in trial.own:
                self.leave(gfid, dirty)
        return bool(self._intended or self._left or self.overtaken.keys() - trial.own)

    async def intend(
        self,
        window: Window,
        trial: Trial,
        batch: Mapping[Gfid, Dirty],
        truths: Mapping[Gfid, Truth],
    ) -> None:
        """Note objects of other workers that are made so only because an answer spoke of them; of a
        command all.

        After a crash no record of the own brick would have us look at them again, and an older look
        of ours might stand on the secondary for ever.
        """
        objects: dict[Gfid, Known] = {}
        for gfid, found in truths.items():
            derived = gfid not in trial.own and gfid not in self._intended
            if derived and isinstance(found, Alive) and (found.shared or self._beside):
                known = Known.of(window, gfid, batch[gfid])
                heard = dict.fromkeys((*known.dirty.heard, *found.places))
                # What a command sends of it is known only then. Who takes its notes up may have
                # another brick, and brings the content of those that were spoken of.
                why = ALL | Why.DATA if self._beside else known.dirty.why | Why.NAMES
                spoken = known.spoken or not found.shared
                dirty = Dirty(why, heard, is_directory(found))
                objects[gfid] = Known(dirty, spoken, known.known)
        if objects:
            await self._hop.run(self._ledger.intend, objects)
            self._intended |= objects.keys()

    async def confirm(
        self, window: Window, aside: Mapping[Gfid, Dirty], unsure: Collection[Gfid]
    ) -> None:
        """Forget what was intended and is done, now on the disk; note what is carried, and what is
        `aside` until a content has arrived. Notes of those who are `unsure` stay.
        """
        waiting = {**aside, **self._left, **self.overtaken}
        new = {
            gfid: Known.of(window, gfid, dirty)
            for gfid, dirty in waiting.items()
            if gfid not in self._intended
        }
        if new:
            await self._hop.run(self._ledger.intend, new)
        unsure = self._intended.intersection(unsure)
        over = self._intended - waiting.keys() - unsure
        if over:
            await self._hop.run(self._ledger.sure, over)
        self._intended = waiting.keys() | unsure
        self._spoken = window.spoken & self.overtaken.keys()

    def take_up(self, window: Window, found: Mapping[Gfid, Known]) -> None:
        """Put what others, who ended, had intended into `window`; the ledger has it as ours."""
        for gfid, known in found.items():
            known.into(window, window.mark(gfid, Why.NAMES), gfid)
            self._intended.add(gfid)

    async def recover(self, window: Window) -> None:
        """Put what an earlier run had intended into `window`."""
        self.take_up(window, await self._hop.run(self._ledger.unsure))
