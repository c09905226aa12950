"""Whatever somebody did on the secondary: what is looked at is right in the end, and nothing that
was somebody else's is destroyed.

A secondary that has an older state of a model primary, on which random things are then done that
no georep does; then every object of the primary is looked at, as a crawl does it. GEOREP_EXAMPLES
says how many runs to make.
"""

from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_target import MemoryTarget, Thing
from model import Primary, copied, differences
from model_worker import Secondary, finish
from test_model import EXAMPLES, NAMES, Run

from engine.item import ROOT, Attributes, Gfid, Kind, Place

LATER = 1_000_000
"""An mtime that nothing on the primary has."""
TYPES = {
    Kind.FILE: 0o100644,
    Kind.DIRECTORY: 0o40755,
    Kind.SYMLINK: 0o120777,
    Kind.FIFO: 0o10644,
}


class Meddler:
    """Somebody who works on the secondary."""

    def __init__(self, target: MemoryTarget, chance: Random) -> None:
        self._target, self._chance = target, chance
        self.own: set[Gfid] = set()
        """Objects that only the secondary ever had."""
        self.turned: set[Gfid] = set()
        """Objects that are of another kind there now: with nothing of their own."""

    def step(self) -> None:
        deeds = (self._make, self._move, self._link, self._remove, self._write, self._turn)
        self._chance.choice(deeds)()

    def _folder(self) -> Gfid:
        folders = [
            gfid
            for gfid in (ROOT, *self._target.tree().values())
            if self._target.things[gfid].kind is Kind.DIRECTORY
        ]
        return self._chance.choice(folders)

    def _place(self) -> Place:
        return Place(self._folder(), self._chance.choice((*NAMES, b"d")))

    def _standing(self) -> Place | None:
        tree = self._target.tree()
        return self._chance.choice(list(tree)) if tree else None

    def _make(self) -> None:
        place = self._place()
        if place in self._target.places:
            return
        gfid = Gfid(f"f0000000-0000-4000-8000-{len(self.own):012x}")
        kind = self._chance.choice(tuple(TYPES))
        shown = Attributes(TYPES[kind], 7, 7, 0, LATER, LATER)
        self._target.things[gfid] = Thing(kind, shown, _target(kind), b"theirs")
        self._target.places[place] = gfid
        self.own.add(gfid)

    def _move(self) -> None:
        old, new = self._standing(), self._place()
        if old is None or new in self._target.places:
            return
        gfid = self._target.places[old]
        if gfid not in self._target.above(new.parent):
            del self._target.places[old]
            self._target.places[new] = gfid

    def _link(self) -> None:
        old, new = self._standing(), self._place()
        if old is None or new in self._target.places:
            return
        gfid = self._target.places[old]
        if self._target.things[gfid].kind is not Kind.DIRECTORY:
            self._target.places[new] = gfid

    def _remove(self) -> None:
        """Remove what the primary has, too; what is their own they would not miss."""
        place = self._standing()
        if place is None or self._target.children(place, 1):
            return
        gfid = self._target.places[place]
        if gfid not in self.own:
            del self._target.places[place]
            if not self._target.names(gfid):
                del self._target.things[gfid]

    def _write(self) -> None:
        place = self._standing()
        if place is None:
            return
        thing = self._target.things[self._target.places[place]]
        shown = msgspec.structs.replace(thing.attributes, mtime=LATER)
        if thing.kind is not Kind.SYMLINK:
            shown = msgspec.structs.replace(shown, mode=shown.mode ^ 0o11)
        if thing.kind is Kind.FILE and self._target.places[place] not in self.turned:
            # With bytes and of another kind it is for an operator to decide.
            thing.data = b"something else"
            shown = msgspec.structs.replace(shown, size=len(thing.data))
        thing.attributes = shown

    def _turn(self) -> None:
        """Put an empty object of another kind in the place of one, under its gfid."""
        place = self._standing()
        if place is None or self._target.children(place, 1):
            return
        gfid = self._target.places[place]
        kind = self._chance.choice(tuple(TYPES))
        if gfid in self.own or len(self._target.names(gfid)) > 1:
            return
        shown = Attributes(TYPES[kind], 7, 7, 0, LATER, LATER)
        self._target.things[gfid] = Thing(kind, shown, _target(kind))
        self.turned.add(gfid)


class Disputed:
    """A random primary, and a state of it that somebody has worked on."""

    def __init__(self, seed: int, *, older: bool) -> None:
        chance = Random(seed)
        run = Run(chance)
        self.primary = run.primary
        for _ in range(chance.randint(0, 40)):
            run.operation()
        self.target = copied(run.primary, MemoryTarget())
        for _ in range(chance.randint(0, 10) if older else 0):
            run.operation()
        self._meddler = Meddler(self.target, chance)
        for _ in range(chance.randint(1, 20)):
            self._meddler.step()
        self._before = {gfid: self.target.things[gfid] for gfid in self._meddler.own}

    def check(self) -> None:
        """Check that all the primary has is right, and all that somebody else had is there."""
        alive = self.primary.things
        strangers = {p for p, gfid in self.target.tree().items() if gfid not in alive}
        found = differences(self.primary, self.target)
        assert [words for words in found if not _of(words, strangers)] == []
        assert {gfid: self.target.things.get(gfid) for gfid in self._before} == self._before
        assert set(self.target.ended) <= self._meddler.turned


many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(st.integers(0, 2**32))
def test_after_a_crawl_all_is_right_and_nothing_is_destroyed(seed: int) -> None:
    disputed = Disputed(seed, older=True)
    crawled(disputed.primary, disputed.target)
    disputed.check()


@many
@given(st.integers(0, 2**32))
def test_so_it_is_after_a_record_about_everything(seed: int) -> None:
    disputed = Disputed(seed, older=False)
    secondary = since_now(disputed.primary, disputed.target)
    touch_all(disputed.primary)
    finish(disputed.primary, secondary)
    disputed.check()


def test_who_was_in_the_way_is_compared_all_the_same() -> None:
    """Its name is made right before the crawl comes to its content, which is as long as the old."""
    primary = Primary(sets=1)
    a, b, c = (Place(ROOT, name) for name in NAMES)
    primary.make(b, Kind.FILE)
    primary.write(b, b"one")
    target = copied(primary, MemoryTarget())
    primary.write(b, b"two")
    primary.rename(b, a)
    primary.make(b, Kind.FILE)
    primary.make(c, Kind.FILE)
    crawled(primary, target)
    assert differences(primary, target) == []


def crawled(primary: Primary, target: MemoryTarget) -> None:
    """Make all of the primary so, by crawls."""
    secondary = since_now(primary, target)
    secondary.positions = [None] * len(primary.sets)
    finish(primary, secondary)


def since_now(primary: Primary, target: MemoryTarget) -> Secondary:
    """Return a secondary of workers that know no record of before: one of a rename would say that
    who stands there is gone.
    """
    primary.roll()
    primary.clock += 1
    secondary = Secondary(primary, target)
    secondary.positions = [primary.clock] * len(primary.sets)
    return secondary


def touch_all(primary: Primary) -> None:
    """Have the primary write a record about everything it has, the root too."""
    primary.make(Place(ROOT, b"new"), Kind.FILE)
    for place, gfid in list(primary.places.items()):
        primary.chmod(place, primary.things[gfid].mode ^ 0o100)
        extra = Place(ROOT, b"link of " + gfid.encode())
        primary.link(place, extra)
        primary.remove(extra)


def _target(kind: Kind) -> bytes:
    return b"theirs" if kind is Kind.SYMLINK else b""


def _of(words: str, places: set[Place]) -> bool:
    """Whether a difference is that somebody else's object stands where the primary has none."""
    return any(words.startswith(f"{place}: ") and words.endswith("not None") for place in places)
