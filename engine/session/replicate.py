"""Make a window so: look, say what shall be, have it made so, and again until nothing is dirty any
more.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from engine import events, names
from engine.errors import Retry
from engine.item import AnyAnswer, AnyItem, Done, Gfid, Gone, Item, Kind, Refused
from engine.movers import push
from engine.plan import items as plan_items
from engine.plan import order
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.plan.items import Absent, Alive, Truth
from engine.plan.settle import Outcome, settle
from engine.primary import truth
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.session.bulk import Bulk
from engine.session.report import Report

T = TypeVar("T")
LOOKS = 128
"""Gfids looked at in one hop to a thread."""
FRAME_ITEMS, FRAME_BYTES = 64, 2 << 20
"""What goes into one Apply at most."""
FRAMES = 6
"""Applies under way at the same time."""
THREADS = 8
"""Threads that may wait on the primary mount."""
_TOLD_AFTER = 3
"""Rounds in which an object was refused before the operator hears of it."""
_CONFIRMS = 3
"""Times that one window makes shared objects so which change all the while."""
_LONGEST = 30.0
"""Most seconds between two rounds that brought nothing."""


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
    refused: list[Refused] = field(default_factory=list)
    """What the secondary refused in the last round."""
    spared: list[Gfid] = field(default_factory=list)
    """Directories that are gone and were left there; see `Window.sparing`."""


class Replicator:
    """Makes windows so over one connection to an agent."""

    def __init__(
        self, sight: Sight, channel: Channel, bulk: Bulk, report: Report, *, push_limit: int
    ) -> None:
        self._sight, self._channel, self._bulk, self._report = sight, channel, bulk, report
        self._push_limit = push_limit
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="primary")
        self._known: set[Gfid] = set()
        """Directories that are on the secondary; a wrong one is found out by NeedParent."""
        self._outside: set[Gfid] = set()
        self._refused: dict[Gfid, int] = {}
        self._overtaken: dict[Gfid, Dirty] = {}
        """Shared objects that were new again after they had been made so; they go into the next
        window where this one has seen them often enough."""
        self._calls: dict[object, float] = {}
        """Blocking calls under way and when each began."""

    def stuck_for(self) -> float:
        """Return for how many seconds the oldest call on the primary has been under way."""
        return time.monotonic() - min(self._calls.values()) if self._calls else 0.0

    async def run(self, call: Callable[..., T], *args: object) -> T:
        """Run one blocking call on the primary in a thread of its own pool."""
        loop = asyncio.get_running_loop()
        token = object()

        def begun() -> T:
            self._calls[token] = time.monotonic()
            try:
                return call(*args)
            finally:
                del self._calls[token]

        return await loop.run_in_executor(self._pool, begun)

    def close(self) -> None:
        """Let the threads go; those that hang on a dead mount are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def make_so(
        self, window: Window, *, ancestors: bool = False, tries: int | None = None
    ) -> Totals:
        """Return when nothing in `window` is dirty; `ancestors`: look at unknown directories above,
        too.

        What the secondary refuses is tried again, at growing distance, until it is done, is gone,
        or the caller is cancelled: a position may only move when nothing is left. With `tries`, it
        stays in `window` after as many rounds in a row that brought nothing else.
        """
        totals = Totals()
        for _ in range(_CONFIRMS):
            for gfid, dirty in self._overtaken.items():
                window.mark(gfid, dirty.why, *dirty.heard).directory |= dirty.directory
            self._overtaken = {}
            await self._until_clean(window, totals, ancestors=ancestors, tries=tries)
            if not self._overtaken or window.dirty:
                break
        self._report.pending_entries = 0
        return totals

    async def _until_clean(
        self, window: Window, totals: Totals, *, ancestors: bool, tries: int | None
    ) -> None:
        pause = 0.0
        vain = 0
        while window.dirty and (tries is None or vain < tries):
            self._report.pending_entries = len(window.dirty)
            outcome = await self._round(window, totals, ancestors=ancestors)
            totals.rounds += 1
            totals.entries |= outcome.changed
            totals.removed += outcome.removed
            totals.refused = outcome.refused
            totals.spared += outcome.spared
            vain = 0 if outcome.done else vain + 1
            if outcome.done or not outcome.refused:
                pause = 0.0
                if totals.rounds > 20:
                    pause = min(0.1 * totals.rounds / 20, _LONGEST)
            else:
                pause = min(max(0.1, 2 * pause), _LONGEST)
            if window.dirty and pause:
                words = f"{len(window.dirty)} objects again in {pause:.1f} s"
                self._report.now_doing("trying again", words)
                await asyncio.sleep(pause)

    async def clear_limbo(self, *, tries: int | None = None) -> None:
        """Bring those whom an earlier run left in limbo to their places, as far as they live;
        `tries` as for `make_so`.
        """
        window = Window()
        for gfid in await self._channel.limbo():
            window.mark(gfid, Why.NAMES)
        await self.make_so(window, tries=tries)

    async def _round(self, window: Window, totals: Totals, *, ancestors: bool) -> Outcome:
        batch, window.dirty = window.dirty, {}
        deep, window.deep = window.deep, set()
        self._report.now_doing(f"looking at {len(batch)} objects")
        truths = await self._look(batch, deep, ancestors=ancestors)
        self._spread_outside(truths)
        if not totals.rounds:
            totals.directories = sum(map(_is_directory, truths.values()))
        items: dict[Gfid, AnyItem] = {}
        for gfid, found in truths.items():
            item = plan_items.make(found, batch[gfid], window, self._outside)
            if item is not None:
                items[gfid] = item
        wanted = [g for g, item in items.items() if plan_items.content(item, batch[g].why)]
        wanted = await self._differing(wanted, batch, items)
        large = [g for g in wanted if _size(items[g]) > self._push_limit]
        for gfid in large:
            items[gfid] = msgspec.structs.replace(items[gfid], data_follows=True)
        directories = {gfid for gfid, dirty in batch.items() if dirty.directory}
        pushed = set(wanted) - set(large)
        answers: list[AnyAnswer] = []
        for wave in order.waves(list(items.values()), directories):
            answers += await self._send(wave, pushed, items, totals)
        outcome = settle(window, batch, items, answers)
        self._learn(items, answers)
        await self._confirm(truths, batch, answers)
        # Whoever is looked at again for any reason must not lose that its content is due.
        late = [g for g in large if g in window.dirty]
        for gfid in (*late, *(g for g in pushed if _unloaded(items[g]))):
            window.mark(gfid, Why.DATA)
        ready = [g for g in large if g not in window.dirty]
        if ready:
            await self._bring(ready, items, window, totals, outcome)
        for gfid in batch:
            if gfid not in window.dirty and self._refused.pop(gfid, 0) >= _TOLD_AFTER:
                self._report.tell(events.EntryMended, gfid=gfid)
        await self._tell_failures(outcome.refused, items)
        return outcome

    async def _confirm(
        self, truths: dict[Gfid, Truth], batch: dict[Gfid, Dirty], answers: Sequence[AnyAnswer]
    ) -> None:
        """Look once more at shared objects that were changed; see `plan_items.overtaken`."""
        changed = {answer.gfid for answer in answers if isinstance(answer, Done) and answer.changed}
        shared = [
            (gfid, batch[gfid])
            for gfid in changed
            if isinstance(found := truths[gfid], Alive) and found.shared
        ]
        for at in range(0, len(shared), LOOKS):
            part = shared[at : at + LOOKS]
            for again in await self.run(_look_at, self._sight, part):
                looked = truths[again.gfid]
                if plan_items.overtaken(looked, again) and isinstance(looked, Alive):
                    heard = dict.fromkeys((*batch[again.gfid].heard, *looked.places))
                    why = batch[again.gfid].why | Why.NAMES
                    directory = looked.kind is Kind.DIRECTORY
                    self._overtaken[again.gfid] = Dirty(why, heard, directory=directory)

    async def _look(
        self, batch: dict[Gfid, Dirty], deep: set[Gfid], *, ancestors: bool
    ) -> dict[Gfid, Truth]:
        """Look at `batch`, and at directories above it where asked; those join `batch`."""
        truths: dict[Gfid, Truth] = {}
        todo = [gfid for gfid in batch if gfid not in self._outside]
        while todo:
            parts = [todo[at : at + LOOKS] for at in range(0, len(todo), LOOKS)]
            looks = [
                self.run(_look_at, self._sight, [(g, batch[g]) for g in part]) for part in parts
            ]
            for found in await asyncio.gather(*looks):
                truths.update((one.gfid, one) for one in found)
            above: dict[Gfid, None] = {}
            for gfid in todo:
                for parent in self._above(truths[gfid]):
                    if gfid in deep:
                        deep.add(parent)
                    wanted = gfid in deep or (ancestors and parent not in self._known)
                    if wanted and parent not in truths:
                        above[parent] = None
            todo = []
            for gfid in above:
                if gfid not in batch and gfid not in self._outside:
                    batch[gfid] = Dirty(ALL, directory=True)
                    todo.append(gfid)
        return truths

    def _above(self, found: Truth) -> list[Gfid]:
        return [place.parent for place in found.places] if isinstance(found, Alive) else []

    async def _differing(
        self, wanted: Sequence[Gfid], batch: dict[Gfid, Dirty], items: dict[Gfid, AnyItem]
    ) -> list[Gfid]:
        """Return those of `wanted` whose content must be sent: in doubt, only where size or mtime
        differ.
        """
        doubtful = [g for g in wanted if not batch[g].why & Why.DATA]
        equal: set[Gfid] = set()
        for at in range(0, len(doubtful), 1024):
            part = doubtful[at : at + 1024]
            found = await self._channel.lookup(part)
            for gfid, seen in zip(part, found.gfids, strict=True):
                item = items[gfid]
                if seen is not None and isinstance(item, Item):
                    there, here = seen.attributes, item.attributes
                    if (there.size, there.mtime) == (here.size, here.mtime):
                        equal.add(gfid)
        return [g for g in wanted if g not in equal]

    async def _send(
        self,
        wave: Sequence[AnyItem],
        pushed: set[Gfid],
        items: dict[Gfid, AnyItem],
        totals: Totals,
    ) -> list[AnyAnswer]:
        """Have one wave made so, several frames at a time; contents are read just before."""
        slots = asyncio.Semaphore(FRAMES)
        self._report.now_doing(f"making {len(wave)} objects so", "secondary")

        async def send(part: list[AnyItem]) -> list[AnyAnswer]:
            async with slots:
                loaded = await self.run(_load, self._sight.mount, part, pushed, self._push_limit)
                items.update((item.gfid, item) for item in loaded)
                answers: list[AnyAnswer] = []
                for frame in _frames(loaded):
                    answers += await self._channel.apply(frame)
            self._count(loaded, answers, totals)
            return answers

        parts = [list(wave[at : at + FRAME_ITEMS]) for at in range(0, len(wave), FRAME_ITEMS)]
        done = await asyncio.gather(*(send(part) for part in parts))
        return [answer for part in done for answer in part]

    def _count(
        self, loaded: Sequence[AnyItem], answers: Sequence[AnyAnswer], totals: Totals
    ) -> None:
        for item, answer in zip(loaded, answers, strict=True):
            if isinstance(item, Item) and item.data is not None and isinstance(answer, Done):
                totals.files += 1
                totals.bytes += len(item.data)
                self._report.files += 1
                self._report.bytes += len(item.data)
            if isinstance(answer, Done):
                self._report.pending_entries = max(0, self._report.pending_entries - 1)
                self._report.entries += answer.changed and isinstance(item, Item)
                self._report.removed += answer.changed and isinstance(item, Gone)
        self._report.tick()

    async def _bring(
        self,
        ready: list[Gfid],
        items: dict[Gfid, AnyItem],
        window: Window,
        totals: Totals,
        outcome: Outcome,
    ) -> None:
        """Bring large contents, check them on the far side, and only then set the times."""
        files = [item for g in ready if isinstance(item := items[g], Item)]
        brought = await self._bulk.bring(files, self.run)
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
            outcome.refused.append(
                Refused(gfid=item.gfid, doing="copy", place=item.names[0], errno=0, words=words)
            )
        answers = await self._send(list(finished.values()), set(), finished, totals)
        before = {gfid: Dirty(Why.DATA) for gfid in finished}
        rest = settle(window, before, finished, answers)
        outcome.changed |= rest.changed
        outcome.done += rest.done
        outcome.refused += rest.refused

    def _learn(self, items: dict[Gfid, AnyItem], answers: Iterable[AnyAnswer]) -> None:
        if len(self._known) > 200_000:
            self._known.clear()
        for answer in answers:
            item = items[answer.gfid]
            if item is None or (isinstance(item, Item) and item.kind is not Kind.DIRECTORY):
                continue
            if isinstance(answer, Done) and isinstance(item, Item):
                self._known.add(answer.gfid)
            else:
                self._known.discard(answer.gfid)

    def _spread_outside(self, truths: dict[Gfid, Truth]) -> None:
        """What is in a directory that is not replicated is not either, however deep."""
        directories = [
            found for found in truths.values() if isinstance(found, Alive) and _is_directory(found)
        ]
        spread = True
        while spread:
            inside = {
                found.gfid
                for found in directories
                if any(place.parent in self._outside for place in found.places)
            }
            spread = not inside <= self._outside
            self._outside |= inside

    def exclude(self, gfids: Iterable[Gfid]) -> None:
        """Take these directories, and what is in them, out of replication."""
        self._outside.update(gfids)

    async def _tell_failures(self, refused: Sequence[Refused], items: dict[Gfid, AnyItem]) -> None:
        """Say what was refused often enough to be no passing matter, and again now and then."""
        for one in refused:
            tries = self._refused[one.gfid] = self._refused.get(one.gfid, 0) + 1
            if tries == _TOLD_AFTER or (tries > _TOLD_AFTER and tries % 10 == 0):
                item = items[one.gfid]
                known = item.names if isinstance(item, Item) else item.heard
                place = one.place or next(iter(known), None)
                path = b".gfid/" + one.gfid.encode()
                if place is not None:
                    path = await self.run(truth.path, self._sight, place)
                self._report.tell(
                    events.EntryFailed,
                    gfid=one.gfid,
                    path=names.show(path),
                    doing=one.doing,
                    kind=events.errno_word(one.errno) if one.errno else "short copy",
                    words=one.words,
                    tries=tries,
                )


def _is_directory(found: Truth) -> bool:
    return isinstance(found, Alive) and found.kind is Kind.DIRECTORY


def _look_at(sight: Sight, part: Sequence[tuple[Gfid, Dirty]]) -> list[Truth]:
    found = [truth.look(sight, gfid, dirty) for gfid, dirty in part]
    if any(isinstance(one, Absent) for one in found) and not truth.subvolumes_up(sight.mount):
        raise Retry(
            "a part of the primary volume is down, so nobody can say what is gone",
            cause="brick down",
            fix="See which brick: gluster volume status",
        )
    return found


def _load(mount: bytes, part: Sequence[AnyItem], pushed: set[Gfid], limit: int) -> list[AnyItem]:
    """Read small contents into their items; what has grown or gone meanwhile follows later."""
    loaded: list[AnyItem] = []
    for item in part:
        if isinstance(item, Item) and item.gfid in pushed:
            try:
                read = push.load(mount, item, limit)
            except FileNotFoundError:
                read = None
            loaded.append(read or msgspec.structs.replace(item, data_follows=True))
        else:
            loaded.append(item)
    return loaded


def _unloaded(item: AnyItem) -> bool:
    return isinstance(item, Item) and item.data is None and item.data_follows


def _frames(items: Sequence[AnyItem]) -> list[list[AnyItem]]:
    frames: list[list[AnyItem]] = [[]]
    size = 0
    for item in items:
        weight = len(item.data or b"") if isinstance(item, Item) else 0
        if frames[-1] and size + weight > FRAME_BYTES:
            frames.append([])
            size = 0
        frames[-1].append(item)
        size += weight
    return frames


def _size(item: AnyItem) -> int:
    return item.attributes.size if isinstance(item, Item) else 0
