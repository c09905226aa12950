"""Whatever the interleaving, whatever was applied before: the trees end equal. Plan and rules on a
model.

A model primary runs random operations and writes the records that two bricks would: a file's on the
one that holds it, a directory's on both. Two workers read their logs in random portions, some of
them again after a crash in the middle of a window, look at the primary as it is at that moment, and
share one secondary.
"""

import itertools
import stat
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_target import MemoryTarget

from engine.item import ROOT, AnyAnswer, AnyItem, Attributes, Gfid, Kind, Place
from engine.plan import items, order
from engine.plan.dirty import Why, Window, fold
from engine.plan.items import Absent, Alive, Truth
from engine.plan.settle import settle
from engine.secondary.apply import apply

Record = tuple[str, Gfid, int, tuple[Place, ...], int]
NAMES = (b"a", b"b", b"c")


def _gfid(number: int) -> Gfid:
    return Gfid(f"{number:08x}-0000-4000-8000-{number:012x}")


class Primary:
    """A tree, and the logs of the two bricks that hold it."""

    was = Kind.FILE
    """What the object was whose end is logged."""

    def __init__(self) -> None:
        self.kinds: dict[Gfid, Kind] = {ROOT: Kind.DIRECTORY}
        self.places: dict[Place, Gfid] = {}
        self.logs: tuple[list[Record], list[Record]] = ([], [])
        self.clock = 1
        self.times: dict[Gfid, int] = {ROOT: 1}

    def directories(self) -> list[Gfid]:
        return [gfid for gfid, kind in self.kinds.items() if kind is Kind.DIRECTORY]

    def at(self, draw: st.DrawFn) -> Place:
        return Place(draw(st.sampled_from(self.directories())), draw(st.sampled_from(NAMES)))

    def log(self, gfid: Gfid, fop: int, *places: Place) -> None:
        self.clock += 1
        for place in places:
            self.times[place.parent] = self.clock
        for brick, log in enumerate(self.logs):
            if self.kinds.get(gfid, self.was) is Kind.DIRECTORY or int(gfid[-1], 16) % 2 == brick:
                log.append(("E", gfid, fop, places, 0))

    def step(self, draw: st.DrawFn) -> None:
        """Do one operation, if it can be done."""
        self.was = Kind.FILE
        place = self.at(draw)
        holder = self.places.get(place)
        match draw(st.sampled_from(("make", "mkdir", "remove", "rename", "rename", "link"))):
            case "make" | "mkdir" as what if holder is None:
                kind = Kind.DIRECTORY if what == "mkdir" else Kind.FILE
                self.make(place, _gfid(len(self.times)), kind)
            case "remove" if holder is not None and not self.children(holder):
                self.take(place, holder)
                self.log(holder, 6 if self.was is Kind.DIRECTORY else 5, place)
            case "link" if holder is not None and self.kinds[holder] is Kind.FILE:
                new = self.at(draw)
                if new not in self.places:
                    self.places[new] = holder
                    self.log(holder, 9, new)
            case "rename" if holder is not None:
                self.rename(place, holder, self.at(draw))
            case _:
                pass

    def make(self, place: Place, gfid: Gfid, kind: Kind) -> None:
        self.kinds[gfid], self.places[place], self.times[gfid] = kind, gfid, self.clock
        self.log(gfid, 4 if kind is Kind.DIRECTORY else 23, place)

    def rename(self, old: Place, gfid: Gfid, new: Place) -> None:
        victim = self.places.get(new)
        if victim == gfid or new.parent in self.inside(gfid):
            return
        if victim is not None:
            if self.kinds[victim] is not self.kinds[gfid] or self.children(victim):
                return
            self.take(new, victim)
        del self.places[old]
        self.places[new] = gfid
        self.log(gfid, 8, old, new)

    def take(self, place: Place, gfid: Gfid) -> None:
        self.was = self.kinds[gfid]
        del self.places[place]
        if gfid not in self.places.values():
            del self.kinds[gfid]

    def children(self, gfid: Gfid) -> list[Gfid]:
        return [child for place, child in self.places.items() if place.parent == gfid]

    def inside(self, gfid: Gfid) -> set[Gfid]:
        found = {gfid}
        for child in self.children(gfid):
            found |= self.inside(child)
        return found

    def look(self, gfid: Gfid, brick: int) -> Truth:
        kind = self.kinds.get(gfid)
        if kind is None:
            return Absent(gfid)
        places = tuple(place for place, holder in self.places.items() if holder == gfid)
        mode = stat.S_IFDIR | 0o755 if kind is Kind.DIRECTORY else stat.S_IFREG | 0o644
        time = self.times[gfid]
        shared = kind is Kind.DIRECTORY or int(gfid[-1], 16) % 2 != brick
        shown = Attributes(mode, 0, 0, 0, time, time)
        return Alive(gfid, kind, places, True, shown, xattrs={}, shared=shared)


class Worker:
    """Reads one brick's log; a settled record is never read again, an unsettled one may be."""

    def __init__(self, primary: Primary, target: MemoryTarget, brick: int) -> None:
        self.primary, self.target, self.log = primary, target, primary.logs[brick]
        self.brick, self.settled = brick, 0
        self.overtaken = Window()

    def run(self, size: int) -> Iterator[None]:
        """Make a window of `size` records so; every turn is a moment at which all may stop."""
        window = Window()
        end = min(len(self.log), self.settled + size)
        fold(window, self.log[self.settled : end])
        rounds = 0
        while window.dirty or self.overtaken.dirty:
            for gfid, dirty in self.overtaken.dirty.items():
                window.mark(gfid, dirty.why, *dirty.heard)
                window.known.add(gfid)
            self.overtaken = Window()
            rounds += 1
            assert rounds < 60, f"no end: {window.dirty}"
            yield from self.round(window)
        self.settled = end

    def round(self, window: Window) -> Iterator[None]:
        batch, window.dirty = window.dirty, {}
        shall: dict[Gfid, AnyItem] = {}
        looked: dict[Gfid, Truth] = {}
        todo = list(batch)
        while todo:
            gfid = todo.pop()
            truth = looked[gfid] = self.primary.look(gfid, self.brick)
            if gfid in window.deep and isinstance(truth, Alive):
                for place in truth.places:
                    window.deep.add(place.parent)
                    if place.parent not in batch:
                        window.mark(place.parent, batch[gfid].why)
                        batch[place.parent] = window.dirty.pop(place.parent)
                        todo.append(place.parent)
            if isinstance(truth, Alive):
                window.known.add(gfid)
            item = items.make(truth, batch[gfid], window)
            if item is not None:
                shall[gfid] = item
        window.deep = set()
        yield
        answers: list[AnyAnswer] = []
        gone = {gfid for gfid, dirty in batch.items() if dirty.directory}
        for wave in order.waves(list(shall.values()), gone):
            for item in wave:
                answers.append(apply(self.target, item))
                yield
        settle(window, batch, shall, answers)
        yield
        for answer in answers:
            truth = looked[answer.gfid]
            if items.unsure(truth, answer) and isinstance(truth, Alive):
                again = self.primary.look(answer.gfid, self.brick)
                if items.overtaken(truth, again):
                    heard = (*batch[answer.gfid].heard, *truth.places)
                    self.overtaken.mark(answer.gfid, batch[answer.gfid].why | Why.NAMES, *heard)


def _read_everything(workers: list[Worker]) -> None:
    """Read what is left, and once more as when nothing happens any more: a slice of no records."""
    for worker in (*workers, *workers):
        for _ in worker.run(len(worker.log)):
            pass


@pytest.mark.parametrize("crash", [False, True], ids=["", "and a crash"])
def test_a_rename_over_what_is_being_made_leaves_nothing_of_it(crash: bool) -> None:
    """It ends without a record in its own brick's log, between the look and the deed."""
    primary, target = Primary(), MemoryTarget()
    workers = [Worker(primary, target, brick) for brick in (0, 1)]
    doomed, other = _gfid(2), _gfid(3)
    a, b, c = (Place(ROOT, name) for name in NAMES)
    for gfid, place in ((doomed, a), (other, b)):
        primary.make(place, gfid, Kind.FILE)
    slow = workers[0].run(10)
    next(slow)
    primary.rename(b, other, a)
    primary.rename(a, other, c)
    for _ in workers[1].run(10):
        pass
    for _ in itertools.islice(slow, 3 if crash else None):
        pass
    _read_everything(workers)
    assert target.tree() == primary.places == {c: other}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_trees_end_equal(data: st.DataObject) -> None:
    draw = data.draw
    primary, target = Primary(), MemoryTarget()
    workers = [Worker(primary, target, brick) for brick in (0, 1)]
    under_way: list[Iterator[None] | None] = [None, None]
    for _ in range(draw(st.integers(1, 60))):
        match draw(st.sampled_from(("step", "step", "step", "work", "work", "crash"))):
            case "step":
                primary.step(draw)
            case "work":
                brick = draw(st.integers(0, 1))
                run = under_way[brick] or workers[brick].run(draw(st.integers(1, 8)))
                under_way[brick] = run
                for _turn in range(draw(st.integers(1, 6))):
                    if next(run, "over") == "over":
                        under_way[brick] = None
                        break
            case _:
                under_way[draw(st.integers(0, 1))] = None
    _read_everything(workers)
    # What a crash left in limbo is looked at when a worker starts.
    window = Window()
    for gfid in target.in_limbo():
        window.mark(gfid, Why.NAMES)
    while window.dirty:
        for _ in workers[0].round(window):
            pass
    assert target.tree() == primary.places
    for gfid in set(primary.places.values()) | {ROOT}:
        assert target.things[gfid].attributes.mtime == primary.times[gfid]
