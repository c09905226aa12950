"""One round of a window: look, say what shall be, have it made so, take in what is answered."""

from dataclasses import dataclass

import msgspec

from engine.item import AnyAnswer, AnyItem, Done, Gfid, Item, Kind
from engine.plan import items as plan_items
from engine.plan import order
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.plan.items import Alive, Manner, Truth, Unclear
from engine.plan.settle import Outcome, settle, unclear
from engine.primary import kept, truth
from engine.primary.truth import Sight
from engine.session import returning
from engine.session.attempt import Attempt
from engine.session.carrying import Carried
from engine.session.failing import Failing
from engine.session.hop import Hop
from engine.session.looking import Looking, is_directory
from engine.session.noting import Noting
from engine.session.report import Report, many
from engine.session.sending import Sending, unloaded
from engine.session.underway import UnderWay


@dataclass(frozen=True, slots=True)
class Rounds:
    """What takes part in each round of one worker."""

    sight: Sight
    manner: Manner
    looking: Looking
    sending: Sending
    carried: Carried
    underway: UnderWay
    noting: Noting
    failing: Failing
    report: Report
    hop: Hop

    async def one(self, attempt: Attempt) -> Outcome:
        """Go one round with all that is dirty in a window; what still is then is dirty again."""
        window, trial, totals = attempt.window, attempt.trial, attempt.totals
        batch, window.dirty = window.dirty, {}
        deep, window.deep = window.deep, set()
        self.report.now_doing(f"looking at {many(len(batch), 'object')}")
        await self.failing.recall(trial, batch, window)
        looking = attempt.beside or self.looking
        truths = await looking.look(batch, deep, ancestors=attempt.ancestors)
        if not trial.ahead:  # else nobody would come back to what is not done at once
            await self._see_returned(attempt, batch, truths)
        window.known.update(g for g, found in truths.items() if isinstance(found, Alive))
        if not totals.rounds:
            totals.directories = sum(map(is_directory, truths.values()))
        totals.unnamed |= any(_unnamed(found, window) for found in truths.values())
        items: dict[Gfid, AnyItem] = {}
        for gfid, found in truths.items():
            if plan_items.unrecorded(found, batch[gfid].why, window.since):
                batch[gfid].why |= Why.DATA
            item = plan_items.make(found, batch[gfid], window, self.looking.outside, self.manner)
            if item is not None:
                items[gfid] = item
        self.carried.note_ended(items)
        await self.carried.intend(window, trial, batch, truths)
        outcome, answers = await self._make_items_so(attempt, batch, items)
        for gfid, found in truths.items():
            if isinstance(found, Unclear):
                unclear(window, found, batch[gfid], outcome)
        self.looking.learn(items, answers)
        for looked in await self.looking.overtaken(truths, batch, answers):
            heard = dict.fromkeys((*batch[looked.gfid].heard, *looked.places))
            why = batch[looked.gfid].why | Why.NAMES
            directory = looked.kind is Kind.DIRECTORY
            self.carried.overtaken[looked.gfid] = Dirty(why, heard, directory)
        totals.rounds += 1
        totals.entries |= outcome.changed
        totals.removed += outcome.removed
        totals.spared += outcome.spared
        trial.made += outcome.made
        vain = not (outcome.changed or outcome.removed)
        await self.failing.judge(trial, window, items, [*answers, *outcome.refused], vain=vain)
        return outcome

    async def _see_returned(
        self, attempt: Attempt, batch: dict[Gfid, Dirty], truths: dict[Gfid, Truth]
    ) -> None:
        """Have all looked at that is in directories which are replicated from now on."""
        outside = self.looking.outside | self.looking.returned
        moved = [place for place in returning.moved(truths, batch) if place.parent not in outside]
        doubted: set[Gfid] = set()
        if moved:
            # Of the directories above only those are known that were looked at since it began, and
            # they may have come back themselves before this, which a later slice tells.
            after = attempt.window.after
            out, doubted = await self.hop.run(kept.left_out, self.sight, moved, after)
            outside |= out
        back = returning.back(truths, batch, outside, doubted) - attempt.walked
        self.looking.returned |= back
        attempt.walked |= back
        await self._take_in(attempt.window)

    async def _take_in(self, window: Window) -> None:
        """Have all looked at that is in directories that were left out until now."""
        returned, self.looking.returned = self.looking.returned, set()
        for gfid in returned:
            below = await self.hop.run(truth.below, self.sight, gfid)
            self.looking.take_in(below)
            for one in below:
                window.mark(one, ALL)
                window.spoken.add(one)

    async def _make_items_so(
        self, attempt: Attempt, batch: dict[Gfid, Dirty], items: dict[Gfid, AnyItem]
    ) -> tuple[Outcome, list[AnyAnswer]]:
        """Send `items` in their order, with their small contents; fold the answers into the window,
        and send the large contents off.
        """
        window = attempt.window
        flying = {g for g, item in items.items() if g in self.underway and _own_file(item)}
        wanted = [
            g
            for g, item in items.items()
            if g not in flying and plan_items.content(item, batch[g].why)
        ]
        wanted = await self.sending.differing(wanted, batch, items)
        large = [g for g in wanted if _size(items[g]) > self.sending.push_limit]
        for gfid in (*large, *flying):
            items[gfid] = msgspec.structs.replace(items[gfid], data_follows=True, coming=True)
        directories = {gfid for gfid, dirty in batch.items() if dirty.directory}
        pushed = set(wanted) - set(large)
        answers: list[AnyAnswer] = []
        for wave in order.waves(list(items.values()), directories):
            answers += await self.sending.wave(wave, pushed, items)
        self.noting.hear(items, answers)
        # Also ahead, though the record that speaks of it mostly comes in the next moment: a worker
        # that begins anew in between, or another one, finds by the note whom that record ends.
        await self.noting.unclaimed(items, answers)
        outcome = settle(window, batch, items, answers)
        outcome.refused += self.sending.unreadable()
        short = {g: attempt.short.pop(g) for g in batch if g in attempt.short}
        outcome.refused += (short[g] for g in large if g in short)
        # Whoever is looked at again for any reason must not lose that its content is due.
        late = [g for g in large if g in window.dirty or g in short]
        for gfid in (*late, *(g for g in pushed if unloaded(items[g]))):
            window.mark(gfid, Why.DATA)
        ready = [g for g in large if g not in window.dirty]
        empty = {a.gfid for a in answers if isinstance(a, Done) and not a.size}
        number = self._send_off(attempt, ready, empty, items)
        for gfid in ready:
            attempt.put_aside(gfid, batch[gfid], number)
        for gfid in flying:
            # Of a name alone that was heard, all is done. A flight that began before a content was
            # heard of is not good enough.
            if batch[gfid].why & ~Why.NAMES and gfid not in window.dirty:
                attempt.put_aside(gfid, batch[gfid], self.underway.number)
        return outcome, answers

    def _send_off(
        self, attempt: Attempt, ready: list[Gfid], empty: set[Gfid], items: dict[Gfid, AnyItem]
    ) -> int:
        """Send the contents of `ready` off; return the number of their flight."""
        files = [item for g in ready if isinstance(item := items[g], Item)]
        number = self.underway.number
        if files:
            self.underway.begin(files, empty, ahead=attempt.trial.ahead)
            attempt.totals.begun.update(ready)
        return number


def _unnamed(found: Truth, window: Window) -> bool:
    """Whether names of what the own brick has are not known."""
    own = found.gfid in window.spoken
    return own and isinstance(found, Alive) and not found.away and found.unnamed > 0


def _own_file(item: AnyItem) -> bool:
    """Whether our worker is the one that brings its content and times."""
    return isinstance(item, Item) and item.kind is Kind.FILE and not item.elsewhere


def _size(item: AnyItem) -> int:
    return item.attributes.size if isinstance(item, Item) else 0
