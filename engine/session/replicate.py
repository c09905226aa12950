"""Make a window so: look, say what shall be, have it made so, and again until nothing is dirty any
more.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec

from engine.events import BatchDone
from engine.item import AnyAnswer, AnyItem, Done, Gfid, Item, Kind, Refused
from engine.movers.pace import Bucket
from engine.plan import items as plan_items
from engine.plan import order
from engine.plan.dirty import Dirty, Why, Window
from engine.plan.items import Alive, Unclear
from engine.plan.settle import Outcome, settle, unclear
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.session.bulk import Bulk
from engine.session.carrying import Carried
from engine.session.failing import Failing, Trial
from engine.session.hop import Hop
from engine.session.ledger import Failure, Ledger
from engine.session.looking import Looking, is_directory
from engine.session.report import Report
from engine.session.sending import Sending, unloaded

T = TypeVar("T")
_CONFIRMS = 3
"""Times that one window makes objects so which change all the while."""
_LONGEST = 30.0
"""Most seconds between two rounds that brought nothing."""
_DUE = 1000
"""Failures that are tried again in one window."""
_AHEAD = 4
"""Rounds that are made before a slice closes; what is not done then waits for that."""


@dataclass(slots=True)
class Totals:
    """What became of one window."""

    rounds: int = 0
    directories: int = 0
    """Directories that were dirty at the beginning."""
    entries: set[Gfid] = field(default_factory=set)
    removed: int = 0
    files: int = 0
    bytes: int = 0
    failed: list[Failure] = field(default_factory=list)
    """What went to the ledger."""
    spared: list[Gfid] = field(default_factory=list)
    """Directories that are gone and were left there; see `Window.sparing`."""
    left: set[Gfid] = field(default_factory=set)
    """Of a window that was made so ahead: what is not done, or not for certain."""

    def tell(self, report: Report, began: float, *, slices: int = 0, records: int = 0) -> None:
        """Tell what became of it, as a batch that began at `began` of the monotonic clock."""
        report.tell(
            BatchDone,
            slices=slices,
            records=records,
            entries=len(self.entries),
            files=self.files,
            bytes=self.bytes,
            removed=self.removed,
            seconds=time.monotonic() - began,
            rounds=self.rounds,
        )


class Replicator:
    """Makes windows so over one connection to an agent."""

    def __init__(
        self,
        sight: Sight,
        channel: Channel,
        bulk: Bulk,
        report: Report,
        ledger: Ledger,
        *,
        push_limit: int,
        bucket: Bucket | None = None,
    ) -> None:
        """`bucket`: how fast contents may go; None: as they can."""
        self._channel, self._bulk, self._report = channel, bulk, report
        self._hop = Hop()
        self._sight = sight
        self._looking = Looking(sight, self._hop)
        self._sending = Sending(
            *(sight.mount, channel, report, self._hop), push_limit=push_limit, bucket=bucket
        )
        self.failing = Failing(ledger, report, sight, self._hop)
        self._carried = Carried(ledger, self._hop)

    def stuck_for(self) -> float:
        """Return for how many seconds the oldest call on the primary has been under way."""
        return self._hop.stuck_for()

    async def run(self, call: Callable[..., T], *args: object) -> T:
        """Run one blocking call on the primary in a thread of its own pool."""
        return await self._hop.run(call, *args)

    def close(self) -> None:
        """Let the threads go; those that hang on a dead mount are not waited for."""
        self._hop.close()

    def exclude(self, gfids: Iterable[Gfid]) -> None:
        """Take these directories, and what is in them, out of replication."""
        self._looking.outside.update(gfids)

    def doubt_brick(self, reason: str) -> None:
        """Believe the mount alone while there is a reason to; without one, the own brick first."""
        self._looking.sight = replace(self._sight, behind=bool(reason))

    async def make_so(self, window: Window, *, source: int = 0, ancestors: bool = False) -> Totals:
        """Return when everything in `window` is made so, or stands in the ledger.

        `source`: the slice it was heard in; `ancestors`: look at unknown directories above, too.
        A position may move now. Retry when the secondary as a whole takes nothing.
        """
        return await self._try(window, Trial(source, frozenset(window.dirty)), ancestors=ancestors)

    async def make_ahead(self, window: Window) -> Totals:
        """Make `window` so before its slice closes, as far as that goes at once.

        No position may move for it, and nothing goes to the ledger: the slice brings it again.
        """
        totals = Totals()
        trial = Trial(0, frozenset(window.dirty), ahead=True)
        files, size = self._sending.files, self._sending.bytes
        self._carried.into(window)
        for _ in range(_AHEAD):
            before = len(totals.entries), totals.removed
            if window.dirty:
                await self._round(window, trial, totals, ancestors=False)
            if (len(totals.entries), totals.removed) == before:
                break
        totals.files += self._sending.files - files
        totals.bytes += self._sending.bytes - size
        self._report.pending_entries = 0
        totals.left = window.dirty.keys() | self._carried.overtaken.keys() | trial.before.keys()
        if self._carried.keep(window, trial):
            await self._channel.sync()
            await self._carried.confirm(window)
        return totals

    async def make_due_so(self) -> None:
        """Try again what is due in the ledger, each object once."""
        window, trial = await self.failing.due(_DUE)
        if window.dirty:
            await self._try(window, trial, ancestors=False)

    async def gone(self, gfids: Sequence[Gfid]) -> list[Gfid]:
        """Return those of `gfids` that the whole primary says are gone."""
        return await self._looking.gone(gfids)

    async def recover(self) -> None:
        """Make so what an earlier run may have left half done: those in limbo, those intended."""
        window = Window()
        await self._carried.recover(window)
        for gfid in await self._channel.limbo():
            window.mark(gfid, Why.NAMES)
        await self.make_so(window)

    async def _try(self, window: Window, trial: Trial, *, ancestors: bool) -> Totals:
        totals = Totals()
        files, size = self._sending.files, self._sending.bytes
        for _ in range(_CONFIRMS):
            self._carried.into(window)
            empty = not window.dirty and not totals.rounds
            await self._until_clean(window, trial, totals, ancestors=ancestors)
            if not self._carried.overtaken:
                break
        totals.files += self._sending.files - files
        totals.bytes += self._sending.bytes - size
        self._report.pending_entries = 0
        if not empty:
            # Also when nothing had to be done: an agent that died may have done it just now.
            self._report.now_doing("bringing it to the disk", "secondary")
            await self._channel.sync()
        # What is noted as due may go only when what was done for it cannot go any more, and what is
        # still to be looked at is noted.
        await self._carried.confirm(window)
        await self.failing.end(trial)
        totals.failed = trial.failures
        return totals

    async def _until_clean(
        self, window: Window, trial: Trial, totals: Totals, *, ancestors: bool
    ) -> None:
        pause = 0.0
        while window.dirty:
            self._report.pending_entries = len(window.dirty)
            outcome = await self._round(window, trial, totals, ancestors=ancestors)
            if outcome.removed or outcome.changed or not (outcome.refused or outcome.waiting):
                pause = 0.0
                if totals.rounds > 20:
                    pause = min(0.1 * totals.rounds / 20, _LONGEST)
            else:
                pause = min(max(0.1, 2 * pause), _LONGEST)
            if window.dirty and pause:
                words = f"{len(window.dirty)} objects again in {pause:.1f} s"
                self._report.now_doing("trying again", words)
                await asyncio.sleep(pause)

    async def _round(
        self, window: Window, trial: Trial, totals: Totals, *, ancestors: bool
    ) -> Outcome:
        batch, window.dirty = window.dirty, {}
        deep, window.deep = window.deep, set()
        self._report.now_doing(f"looking at {len(batch)} objects")
        await self.failing.recall(trial, batch, window)
        truths = await self._looking.look(batch, deep, ancestors=ancestors)
        window.known.update(g for g, found in truths.items() if isinstance(found, Alive))
        if not totals.rounds:
            totals.directories = sum(map(is_directory, truths.values()))
        items: dict[Gfid, AnyItem] = {}
        for gfid, found in truths.items():
            if plan_items.unrecorded(found, batch[gfid].why, window.since):
                batch[gfid].why |= Why.DATA
            item = plan_items.make(found, batch[gfid], window, self._looking.outside)
            if item is not None:
                items[gfid] = item
        self._carried.note_ended(items)
        await self._carried.intend(window, trial, batch, truths)
        outcome, answers = await self._make_items_so(window, batch, items, totals)
        for gfid, found in truths.items():
            if isinstance(found, Unclear):
                unclear(window, found, batch[gfid], outcome)
        self._looking.learn(items, answers)
        for looked in await self._looking.overtaken(truths, batch, answers):
            heard = dict.fromkeys((*batch[looked.gfid].heard, *looked.places))
            why = batch[looked.gfid].why | Why.NAMES
            directory = looked.kind is Kind.DIRECTORY
            self._carried.overtaken[looked.gfid] = Dirty(why, heard, directory)
        totals.rounds += 1
        totals.entries |= outcome.changed
        totals.removed += outcome.removed
        totals.spared += outcome.spared
        trial.made += outcome.made
        vain = not (outcome.changed or outcome.removed)
        await self.failing.judge(trial, window, items, [*answers, *outcome.refused], vain=vain)
        return outcome

    async def _make_items_so(
        self,
        window: Window,
        batch: dict[Gfid, Dirty],
        items: dict[Gfid, AnyItem],
        totals: Totals,
    ) -> tuple[Outcome, list[AnyAnswer]]:
        """Send `items` in their order, with their contents; fold the answers into `window`."""
        wanted = [g for g, item in items.items() if plan_items.content(item, batch[g].why)]
        wanted = await self._sending.differing(wanted, batch, items)
        large = [g for g in wanted if _size(items[g]) > self._sending.push_limit]
        for gfid in large:
            items[gfid] = msgspec.structs.replace(items[gfid], data_follows=True)
        directories = {gfid for gfid, dirty in batch.items() if dirty.directory}
        pushed = set(wanted) - set(large)
        answers: list[AnyAnswer] = []
        for wave in order.waves(list(items.values()), directories):
            answers += await self._sending.wave(wave, pushed, items)
        outcome = settle(window, batch, items, answers)
        outcome.refused += self._sending.unreadable()
        # Whoever is looked at again for any reason must not lose that its content is due.
        late = [g for g in large if g in window.dirty]
        for gfid in (*late, *(g for g in pushed if unloaded(items[g]))):
            window.mark(gfid, Why.DATA)
        ready = [g for g in large if g not in window.dirty]
        if ready:
            empty = {a.gfid for a in answers if isinstance(a, Done) and not a.size}
            await self._bring(ready, empty, items, window, totals, outcome)
        return outcome, answers

    async def _bring(
        self,
        ready: list[Gfid],
        empty: set[Gfid],
        items: dict[Gfid, AnyItem],
        window: Window,
        totals: Totals,
        outcome: Outcome,
    ) -> None:
        """Bring large contents, check them on the far side, and only then set the times.

        Those in `empty` have nothing there yet.
        """
        files = [item for g in ready if isinstance(item := items[g], Item)]
        brought = await self._bulk.bring(files, empty, self.run)
        finished: dict[Gfid, AnyItem] = {}
        for item in files:
            size = brought.whole.get(item.gfid)
            if size is None:
                window.mark(item.gfid, Why.DATA, *item.names)
                continue
            shall = msgspec.structs.replace(item.attributes, size=size)
            finished[item.gfid] = msgspec.structs.replace(
                item, attributes=shall, data_follows=False
            )
            totals.files += 1
            totals.bytes += size
            self._report.files += 1
            self._report.bytes += size
        for item, words in brought.short:
            place = next(iter(item.names), None)
            outcome.refused.append(
                Refused(gfid=item.gfid, doing="copy", place=place, errno=0, words=words)
            )
        answers = await self._sending.wave(list(finished.values()), set(), finished)
        before = {gfid: Dirty(Why.DATA) for gfid in finished}
        rest = settle(window, before, finished, answers)
        outcome.changed |= rest.changed
        outcome.made += len(rest.done)
        outcome.done += rest.done
        outcome.refused += rest.refused


def _size(item: AnyItem) -> int:
    return item.attributes.size if isinstance(item, Item) else 0
