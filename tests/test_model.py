"""Whatever the interleaving, whatever was applied before: the trees end equal. Plan and rules on a
model.

A model primary runs random operations and writes the records that two bricks would: a file's on the
one that holds it, a directory's on both. Two workers read their logs in random portions, some of
them again after a crash in the middle of a window, look at the primary as it is at that moment, and
share one secondary: one in memory, or a real directory, where a crash may come between any two of
an agent's system calls.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import directories
from directories import Crash, crashing
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_target import MemoryTarget

from engine.item import ROOT, AnyAnswer, AnyItem, Attributes, Done, Gfid, Kind, Place
from engine.plan import items, order
from engine.plan.dirty import Why, Window, fold
from engine.plan.items import Absent, Alive, Truth
from engine.plan.settle import settle
from engine.secondary.apply import apply
from engine.secondary.target import Target

Record = tuple[str, Gfid, int, tuple[Place, ...], int]
NAMES = (b"a", b"b", b"c")


class Primary:
    """A tree, and the logs of the two bricks that hold it."""

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
                gfid = Gfid(f"{len(self.times):08x}-0000-4000-8000-{len(self.times):012x}")
                self.kinds[gfid] = Kind.DIRECTORY if what == "mkdir" else Kind.FILE
                self.places[place] = gfid
                self.times[gfid] = self.clock
                self.log(gfid, 4 if what == "mkdir" else 23, place)
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

    def __init__(self, primary: Primary, target: Target, brick: int) -> None:
        self.primary, self.target, self.log = primary, target, primary.logs[brick]
        self.brick, self.settled = brick, 0
        self.overtaken: set[Gfid] = set()

    def run(self, size: int) -> Iterator[None]:
        """Make a window of `size` records so; every turn is a moment at which all may stop."""
        window = Window()
        end = min(len(self.log), self.settled + size)
        fold(window, self.log[self.settled : end])
        rounds = 0
        for gfid in self.overtaken:
            window.mark(gfid, Why.NAMES)
        self.overtaken = set()
        while window.dirty:
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
            if isinstance(answer, Done) and answer.changed and isinstance(truth, Alive):
                again = self.primary.look(answer.gfid, self.brick)
                if truth.shared and items.overtaken(truth, again):
                    self.overtaken.add(answer.gfid)


def _read_everything(workers: list[Worker]) -> None:
    """Read what is left, and once more as when nothing happens any more: a slice of no records."""
    for worker in (*workers, *workers):
        for _ in worker.run(len(worker.log)):
            pass


class Memory:
    """A secondary in memory; no agent crashes in the middle of an item."""

    def __init__(self) -> None:
        self.target = MemoryTarget()

    def tree(self) -> dict[Place, Gfid]:
        return self.target.tree()

    def go_on(self, run: Iterator[None], crash: int) -> bool:
        """Go on to the next moment at which all may stop; return whether there was one."""
        del crash
        return next(run, "over") != "over"


class Directory:
    """A secondary in a directory; its agent may crash after any change that it makes there."""

    def __init__(self, root: Path) -> None:
        self.root, self.target = root, directories.made(root)
        os.utime(root, ns=(1, 1))

    def tree(self) -> dict[Place, Gfid]:
        assert directories.faults(self.root) == []
        return directories.tree(self.root)

    def go_on(self, run: Iterator[None], crash: int) -> bool:
        try:
            with crashing(crash):
                return next(run, "over") != "over"
        except Crash:
            assert directories.faults(self.root) == []
            return False


@contextmanager
def _in_memory() -> Iterator[Memory]:
    yield Memory()


@contextmanager
def _in_a_directory() -> Iterator[Directory]:
    with tempfile.TemporaryDirectory() as root:
        made = Directory(Path(root))
        try:
            yield made
        finally:
            made.target.close()


Secondary = Memory | Directory


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_trees_end_equal(data: st.DataObject) -> None:
    with _in_memory() as secondary:
        _model(data.draw, secondary)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_trees_end_equal_in_a_directory(data: st.DataObject) -> None:
    with _in_a_directory() as secondary:
        _model(data.draw, secondary)


def _model(draw: st.DrawFn, secondary: Secondary) -> None:
    primary, target = Primary(), secondary.target
    workers = [Worker(primary, target, brick) for brick in (0, 1)]
    under_way: list[Iterator[None] | None] = [None, None]
    for _ in range(draw(st.integers(1, 60))):
        match draw(st.sampled_from(("step", "step", "step", "work", "work", "crash"))):
            case "step":
                primary.step(draw)
            case "work" | "crash" as what:
                brick = draw(st.integers(0, 1))
                run = under_way[brick] or workers[brick].run(draw(st.integers(1, 8)))
                under_way[brick] = run
                crash = 1000 if what == "work" else draw(st.integers(0, 15))
                for _turn in range(draw(st.integers(int(what == "work"), 6))):
                    if not secondary.go_on(run, crash):
                        under_way[brick] = None
                        break
                if what == "crash":
                    under_way[brick] = None
    _read_everything(workers)
    # What a crash left in limbo is looked at when a worker starts.
    window = Window()
    for gfid in target.in_limbo():
        window.mark(gfid, Why.NAMES)
    while window.dirty:
        for _ in workers[0].round(window):
            pass
    assert secondary.tree() == primary.places
    for gfid in set(primary.places.values()) | {ROOT}:
        seen = target.seen(gfid)
        assert seen is not None
        assert seen.attributes.mtime == primary.times[gfid]
