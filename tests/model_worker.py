"""A worker in the small: the plan and the rules at work on the model, one turn after another.

It does what `session.replicate` does, without connection, threads and mounts.
"""

from collections.abc import Iterator

import msgspec
from memory_target import MemoryTarget
from model import Brick, Logged, Primary, Slice

from engine.item import AnyAnswer, AnyItem, Gfid, Item, Kind
from engine.plan import items, order
from engine.plan.ahead import RACY, Glance, OpenSlice
from engine.plan.dirty import ALL, Dirty, Why, Window, fold
from engine.plan.items import Alive, Truth
from engine.plan.settle import settle
from engine.secondary.apply import apply
from engine.secondary.target import Target
from engine.session.ledger import Known

LARGE = 4
"""Bytes of content from which a file does not travel in its item."""
ROUNDS = 60
"""More than any window here needs; beyond it the plan goes in circles."""


class Secondary:
    """A target, and what the workers keep besides: their positions."""

    def __init__(self, primary: Primary, target: Target | None = None) -> None:
        """Without a target it is empty, and the workers begin at the beginning of the logs."""
        self.target: Target = target or MemoryTarget()
        self.positions: list[int | None] = [0] * len(primary.sets)
        """For each replica set; None: it has to be crawled."""
        self.intended: list[dict[Gfid, Known]] = [{} for _ in primary.bricks()]
        """For each brick, what its worker's ledger has as intended."""
        self.since = primary.clock
        """From when on the logs count after a crawl. Were it later for one brick than for another,
        a rename in between, of the one's file over the other's, would be known to neither.
        """


class Worker:
    """Reads the log of one brick and makes it so; every turn is a moment at which all may stop."""

    def __init__(self, primary: Primary, secondary: Secondary, brick: Brick) -> None:
        self.primary, self.secondary, self.brick = primary, secondary, brick
        self.target = secondary.target
        index = next(i for i, one in enumerate(primary.bricks()) if one is brick)
        self.intended = secondary.intended[index]
        self.read = 0
        """The last slice that was made so; what is read again after a restart is not known."""
        self.overtaken: dict[Gfid, Dirty] = {}
        self.own: frozenset[Gfid] = frozenset()
        """What the same records would make dirty again after a crash."""
        self.backwards = False
        """Whether it takes the items of a wave from the last to the first: they are parallel."""
        self.open = OpenSlice(LARGE)
        self.live = brick.live
        self.heard: list[Logged] = []
        """Of that file, what was read."""
        self.began = 0
        """The number of its first record."""
        self.drained: dict[int, tuple[int, list[Logged]]] = {}
        self.left: dict[Gfid, Dirty] = {}
        self.patience = 0.0

    @property
    def position(self) -> int | None:
        """Up to when everything is settled; None: nobody knows."""
        return self.secondary.positions[self.brick.number]

    def unread(self) -> list[Slice]:
        since = self.position or 0
        return [one for one in self.brick.slices if one.ts >= since and one.ts > self.read]

    def begin(self) -> Iterator[None]:
        """Do what a worker does when it becomes Active."""
        window = Window()
        for gfid, known in self.intended.items():
            known.into(window, window.mark(gfid, Why.NAMES), gfid)
        for gfid in self.target.in_limbo():
            window.mark(gfid, Why.NAMES)
        yield from self.make_so(window)
        if self.position is None:
            yield from self.crawl(self.secondary.since)

    def crawl_after_gap(self) -> Iterator[None]:
        """Crawl because records are lost; what is written meanwhile is in the logs again."""
        yield from self.crawl(self.primary.clock)

    def crawl(self, began: int) -> Iterator[None]:
        """Make everything that the brick holds so, in two portions, in the order of gfids; then the
        logs count from when it `began`.
        """
        held = sorted(
            gfid
            for gfid, thing in self.primary.things.items()
            if self.primary.holds(self.brick, gfid, thing.kind)
        )
        half = len(held) // 2
        for portion in (held[half:], held[:half]):
            window = Window(deep=set(portion), since=self.position or 0)
            for gfid in portion:
                window.mark(gfid, ALL)
                window.spoken.add(gfid)
            yield from self.make_so(window)
        self.secondary.positions[self.brick.number] = began
        yield

    def run(self, most: int) -> Iterator[None]:
        """Make up to `most` slices so, in one window, and move the position behind them."""
        closed = self.unread()[:most]
        window = Window()
        for one in closed:
            records = [logged.record for logged in one.records]
            fold(window, records)
            self.hear()
            began, heard = self.drained.get(id(one.records), (0, []))
            self.open.close(records, began if heard == one.records else None)
        self.open.spare(window, {g: self.glance(g) for g in self.open.candidates(window)})
        yield from self.make_so(window)
        self.open.forget()
        if closed:
            self.read = closed[-1].ts
            self.secondary.positions[self.brick.number] = closed[-1].ts - 1
            yield

    def hear(self) -> None:
        """Read on in the live file; when the brick has closed it, to its end, and the next one."""
        new = self.live[len(self.heard) :]
        self.open.hear([logged.record for logged in new], self.began + len(self.heard))
        self.heard += new
        if self.brick.live is not self.live:
            # Kept, so that no other list gets its id.
            self.kept = [*getattr(self, "kept", []), self.live]
            self.drained[id(self.live)] = self.began, self.heard
            self.began += len(self.heard)
            self.live, self.heard = self.brick.live, []
            self.hear()

    def glance(self, gfid: Gfid) -> Glance | None:
        thing = self.primary.things.get(gfid)
        if thing is None or not self.primary.holds(self.brick, gfid, thing.kind):
            return None
        ctime = ticked(self.primary.changed.get((gfid, self.brick.number), 0))
        return Glance(1, ctime, len(thing.content), thing.kind is Kind.DIRECTORY)

    def listen(self) -> Iterator[None]:
        """Make so what the open slice tells, before it closes; some of it may be put off."""
        self.hear()
        heard, at = self.began + len(self.heard), ticked(self.primary.clock)
        wanted = self.open.due(1e9)
        seen = {gfid: self.glance(gfid) for gfid in wanted}
        yield
        # The second time around nobody waits for writers any more.
        window = self.open.ripe(seen, at, self.patience)
        self.patience += 1.0
        tried = {gfid: seen[gfid] for gfid in window.dirty}
        self.own = frozenset(window.dirty)
        self.carry(window)
        for _ in range(2):
            if window.dirty:
                yield from self.round(window)
        self.left = {g: dirty for g, dirty in window.dirty.items() if g not in self.own}
        self.confirm_intended(window)
        left = window.dirty.keys() | self.overtaken.keys()
        self.open.remember(tried, left, at, heard, self.patience)

    def carry(self, window: Window) -> None:
        for gfid, dirty in self.overtaken.items():
            window.mark(gfid, dirty.why, *dirty.heard)
            window.known.add(gfid)
        for gfid, dirty in self.left.items():
            window.mark(gfid, dirty.why, *dirty.heard).directory |= dirty.directory
        self.overtaken, self.left = {}, {}

    def make_so(self, window: Window) -> Iterator[None]:
        self.own = frozenset(window.dirty)
        for _ in range(3):
            self.carry(window)
            rounds = 0
            while window.dirty:
                rounds += 1
                assert rounds < ROUNDS, f"no end: {window.dirty}"
                yield from self.round(window)
            if not self.overtaken:
                break
        self.confirm_intended(window)

    def confirm_intended(self, window: Window) -> None:
        waiting = {**self.left, **self.overtaken}
        known = {gfid: Known.of(window, gfid, dirty) for gfid, dirty in waiting.items()}
        self.intended.clear()
        self.intended.update(known)

    def round(self, window: Window) -> Iterator[None]:
        batch, window.dirty = window.dirty, {}
        looked = self.look(batch, window)
        window.known.update(gfid for gfid, truth in looked.items() if isinstance(truth, Alive))
        self.intend(window, batch, looked)
        yield
        shall: dict[Gfid, AnyItem] = {}
        for gfid, truth in looked.items():
            if items.unrecorded(truth, batch[gfid].why, window.since):
                batch[gfid].why |= Why.DATA
            item = items.make(truth, batch[gfid], window)
            if item is not None:
                shall[gfid] = item
        wanted = {g for g in shall if self.wants(shall[g], batch[g].why)}
        large = [g for g in wanted if self.size(g) > LARGE]
        for gfid in large:
            shall[gfid] = msgspec.structs.replace(shall[gfid], data_follows=True)
        answers: list[AnyAnswer] = []
        gone = {gfid for gfid, dirty in batch.items() if dirty.directory}
        for wave in order.waves(list(shall.values()), gone):
            for item in reversed(wave) if self.backwards else wave:
                if item.gfid in wanted and item.gfid not in large:
                    shall[item.gfid] = self.load(item)
                answers.append(apply(self.target, shall[item.gfid]))
                yield
        settle(window, batch, shall, answers)
        self.confirm(looked, batch, answers)
        for gfid in wanted:
            item = shall[gfid]
            late = gfid in large and gfid in window.dirty
            if late or (gfid not in large and isinstance(item, Item) and item.data is None):
                window.mark(gfid, Why.DATA)
        # Known before the first is brought: an answer to that may make others dirty.
        for gfid in [gfid for gfid in large if gfid not in window.dirty]:
            yield from self.bring(shall[gfid], window)

    def look(self, batch: dict[Gfid, Dirty], window: Window) -> dict[Gfid, Truth]:
        """Look at all of `batch`, and at the directories above where that was asked for."""
        looked: dict[Gfid, Truth] = {}
        deep, window.deep = window.deep, set()
        todo = list(batch)
        while todo:
            gfid = todo.pop()
            truth = looked[gfid] = self.primary.look(gfid, self.brick.number, batch[gfid])
            if gfid in deep and isinstance(truth, Alive):
                for place in truth.places:
                    deep.add(place.parent)
                    if place.parent not in batch:
                        batch[place.parent] = Dirty(ALL, directory=True)
                        todo.append(place.parent)
        return looked

    def wants(self, item: AnyItem, why: Why) -> bool:
        """Whether the content of `item` must be sent; in doubt, only if size or mtime differ."""
        if not items.content(item, why) or not isinstance(item, Item):
            return False
        seen = None if why & Why.DATA else self.target.seen(item.gfid)
        if seen is None:
            return True
        there, here = seen.attributes, item.attributes
        return (there.size, there.mtime) != (here.size, here.mtime)

    def size(self, gfid: Gfid) -> int:
        thing = self.primary.things.get(gfid)
        return 0 if thing is None else len(thing.content)

    def load(self, item: AnyItem) -> AnyItem:
        """Read a small content into its item, as it is at this moment."""
        thing = self.primary.things.get(item.gfid)
        if thing is None or len(thing.content) > LARGE or not isinstance(item, Item):
            return msgspec.structs.replace(item, data_follows=True)
        shall = msgspec.structs.replace(item.attributes, size=len(thing.content))
        return msgspec.structs.replace(item, attributes=shall, data=thing.content)

    def bring(self, item: AnyItem, window: Window) -> Iterator[None]:
        """Copy a large content, and set the times when it has arrived."""
        assert isinstance(item, Item)
        thing = self.primary.things.get(item.gfid)
        there = self.target.seen(item.gfid)
        if thing is None or there is None or there.kind is not Kind.FILE:
            window.mark(item.gfid, Why.DATA, *item.names)
            return
        self.target.write(item.gfid, thing.content)
        yield
        there = self.target.seen(item.gfid)
        now = self.size(item.gfid)
        if there is None or there.attributes.size not in (item.attributes.size, now):
            window.mark(item.gfid, Why.DATA, *item.names)
            return
        shall = msgspec.structs.replace(item.attributes, size=there.attributes.size)
        item = msgspec.structs.replace(item, attributes=shall, data_follows=False)
        answer = apply(self.target, item)
        settle(window, {item.gfid: Dirty(Why.DATA)}, {item.gfid: item}, [answer])
        yield

    def confirm(
        self, looked: dict[Gfid, Truth], batch: dict[Gfid, Dirty], answers: list[AnyAnswer]
    ) -> None:
        for answer in answers:
            was, dirty = looked[answer.gfid], batch[answer.gfid]
            if not items.unsure(was, answer) or not isinstance(was, Alive):
                continue
            again = self.primary.look(answer.gfid, self.brick.number, dirty)
            if items.overtaken(was, again):
                heard = dict.fromkeys((*dirty.heard, *was.places))
                self.overtaken[answer.gfid] = Dirty(dirty.why | Why.NAMES, heard)

    def intend(self, window: Window, batch: dict[Gfid, Dirty], looked: dict[Gfid, Truth]) -> None:
        """Note what no record of the own brick would make dirty again."""
        for gfid, truth in looked.items():
            derived = gfid not in self.own and gfid not in self.intended
            if derived and isinstance(truth, Alive) and truth.shared:
                known = Known.of(window, gfid, batch[gfid])
                heard = dict.fromkeys((*known.dirty.heard, *truth.places))
                known.dirty = Dirty(known.dirty.why | Why.NAMES, heard, known.dirty.directory)
                self.intended[gfid] = known


def ticked(clock: int) -> int:
    """Return the time that an inode gets: the clock that it comes from ticks in steps."""
    return clock // 2 * RACY


def finish(primary: Primary, secondary: Secondary) -> None:
    """Have new workers read everything that is left, until nothing happens any more."""
    primary.roll()
    for brick in primary.bricks():  # passive ones do, too
        for _ in Worker(primary, secondary, brick).begin():
            pass
    for turn in range(2):
        for replicas in primary.sets:
            worker = Worker(primary, secondary, replicas[turn % len(replicas)])
            begin = worker.begin() if worker.position is None else ()
            for steps in (begin, worker.run(len(worker.brick.slices))):
                for _ in steps:
                    pass
