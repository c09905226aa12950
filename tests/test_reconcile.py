"""Reconcile, in memory: after lost history and a crawl the trees end equal; nothing alive goes."""

import asyncio
import stat
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_target import MemoryTarget, Thing
from model import Primary
from model import Thing as Original
from model_worker import Secondary, Worker, finish
from sides import QuestionChannel, gfid
from test_model import Run

from engine.errors import Stop
from engine.item import ROOT, TOP, Attributes, Facts, Gfid, Kind, Piece, Place
from engine.plan.dirty import ALL, Dirty, Window
from engine.plan.items import Alive, Truth
from engine.session.findings import Fate, Finding, Findings
from engine.session.reconcile import Asked, Counts, Reconcile
from engine.session.replicate import Totals
from engine.session.sides import Listing, There


class ModelSide:
    """The model's primary, asked as a mounted volume is."""

    def __init__(self, primary: Primary) -> None:
        self.primary = primary

    async def listing(self, place: Place) -> Listing:
        raise AssertionError("only the secondary is walked")

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        return [self._facts(place) for place in places]

    def _facts(self, place: Place) -> Facts | None:
        holder = ROOT if place == TOP else self.primary.places.get(place)
        found = None if holder is None else self.primary.look(holder, 0, Dirty(ALL))
        if not isinstance(found, Alive):
            return None
        return Facts(found.gfid, found.kind, found.attributes, len(found.places))

    async def digests(self, pieces: Sequence[Piece]) -> Sequence[bytes | None]:
        raise AssertionError("content is not compared")

    async def ask(self, asked: Asked) -> Sequence[Truth]:
        return [self.primary.look(one, 0, Dirty(ALL, {place: None})) for one, place in asked]


class ModelMaker:
    """Makes windows so with the real plan and rules."""

    def __init__(self, worker: Worker, target: MemoryTarget) -> None:
        self.worker, self.target = worker, target

    async def make_so(self, window: Window, *, ancestors: bool) -> Totals:
        assert ancestors
        before = set(self.target.things)
        for _ in self.worker.make_so(window):
            pass
        return Totals(removed=len(before - set(self.target.things)))


class Steps(Run):
    """Random operations on a primary, and nothing else of a run."""

    def __init__(self, chance: Random, primary: Primary) -> None:
        self.chance, self.primary = chance, primary


class World:
    """A primary and its secondary, and what a reconcile of the two tells."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.target, self.folder = Primary(), MemoryTarget(), folder
        self.secondary = Secondary(self.primary, self.target)
        self.counts = Counts()
        self.told: list[Finding] = []

    def replicate(self) -> None:
        finish(self.primary, self.secondary)

    def lose_history(self) -> None:
        self.primary.roll()
        for brick in self.primary.bricks():
            brick.slices.clear()

    def crawl(self) -> None:
        self.secondary.positions = [None] * len(self.primary.sets)
        finish(self.primary, self.secondary)

    def foreign(self, place: Place, kind: Kind, number: int) -> Gfid:
        """Put an object on the secondary that the primary never knew."""
        mode = stat.S_IFDIR | 0o755 if kind is Kind.DIRECTORY else stat.S_IFREG | 0o644
        self.target.things[gfid(number)] = Thing(kind, Attributes(mode, 0, 0, 0, 7, 7))
        self.target.places[place] = gfid(number)
        return gfid(number)

    def reconcile(self, *, apply: bool = True, meanwhile: object = None) -> None:
        self.counts, self.told = Counts(), []
        side = ModelSide(self.primary)
        there = There(QuestionChannel(self.target))

        async def run() -> None:
            with Reconcile(
                side, there, side.ask, self.counts, self.told.append, folder=self.folder
            ) as one:
                await one.look(0.0)
                if callable(meanwhile):
                    meanwhile()
                if apply:
                    worker = Worker(self.primary, self.secondary, self.primary.sets[0][0])
                    await one.apply(ModelMaker(worker, self.target))

        asyncio.run(run())

    def fates(self) -> dict[bytes, Fate]:
        return {finding.path: finding.fate for finding in self.told}


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_the_trees_end_equal_and_a_dry_run_changes_nothing(
    tmp_path: Path, data: st.DataObject
) -> None:
    draw = data.draw
    world = World(tmp_path)
    steps = Steps(Random(draw(st.integers(0, 2**32))), world.primary)
    for _ in range(draw(st.integers(1, 30))):
        steps.operation()
    world.replicate()
    for _ in range(draw(st.integers(0, 30))):
        steps.operation()
    world.lose_history()
    for number in range(draw(st.integers(0, 3))):
        directories = [g for g, t in world.target.things.items() if t.kind is Kind.DIRECTORY]
        inside = [g for g in directories if g == ROOT or g in world.target.places.values()]
        kind = draw(st.sampled_from((Kind.FILE, Kind.DIRECTORY)))
        place = Place(draw(st.sampled_from(sorted(inside))), b"foreign%d" % number)
        world.foreign(place, kind, 0xF00 + number)
    world.crawl()
    before = dict(world.target.places)
    extra = world.target.tree().keys() - world.primary.places.keys()
    world.reconcile(apply=False)
    assert world.target.places == before
    assert {finding.place for finding in world.told} == extra
    world.reconcile()
    assert world.target.tree() == world.primary.places
    assert world.counts.left == 0
    for one in set(world.primary.places.values()) | {ROOT}:
        assert world.target.things[one].attributes.mtime == world.primary.things[one].mtime
    world.reconcile()
    assert world.told == []


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give d/ with f, g and the directory e in it, and the file h, replicated."""
    made = World(tmp_path)
    for parent, name, kind in (
        (ROOT, b"d", Kind.DIRECTORY),
        (gfid(1), b"f", Kind.FILE),
        (gfid(1), b"g", Kind.FILE),
        (gfid(1), b"e", Kind.DIRECTORY),
        (ROOT, b"h", Kind.FILE),
    ):
        made.primary.make(Place(parent, name), kind)
    made.crawl()
    assert made.target.tree() == made.primary.places
    return made


def remove(world: World, *places: Place) -> None:
    """Remove from the primary, and nobody writes it down."""
    for place in places:
        world.primary._take(place, world.primary.places[place])


def test_fates(world: World) -> None:
    remove(world, Place(gfid(1), b"f"))
    world.primary.places[Place(ROOT, b"moved")] = world.primary.places.pop(Place(gfid(1), b"e"))
    world.primary.places[Place(gfid(4), b"h2")] = world.primary.places.pop(Place(ROOT, b"h"))
    world.foreign(Place(ROOT, b"mine"), Kind.FILE, 0xF00)
    world.reconcile(apply=False)
    assert world.fates() == {
        b"d/f": Fate.REMOVE,
        b"d/e": Fate.MOVE,
        b"h": Fate.NAME,
        b"mine": Fate.REMOVE,
    }
    assert world.counts.share == 2 / 6


@pytest.mark.parametrize(
    ("gone", "refused"),
    [
        pytest.param([Place(gfid(1), b"f"), Place(ROOT, b"h")], False, id="two of five"),
        pytest.param(
            [Place(gfid(1), b"f"), Place(gfid(1), b"g"), Place(ROOT, b"h")], True, id="three"
        ),
    ],
)
def test_more_than_half_is_not_removed_without_force(
    world: World, gone: list[Place], refused: bool
) -> None:
    remove(world, *gone)
    world.reconcile(apply=False)
    side = ModelSide(world.primary)
    there = There(QuestionChannel(world.target))
    with Reconcile(
        side, there, side.ask, world.counts, world.told.append, folder=world.folder
    ) as one:
        if refused:
            with pytest.raises(Stop, match="60% of what is on the secondary") as stopped:
                one.guard()
            assert "--force" in stopped.value.fix
        else:
            one.guard()


def test_what_changes_after_it_was_listed_is_left_alone(world: World) -> None:
    remove(world, Place(gfid(1), b"f"), Place(ROOT, b"h"))

    def write() -> None:
        world.target.write(gfid(5), b"somebody works here")

    world.reconcile(meanwhile=write)
    assert Place(ROOT, b"h") in world.target.places
    assert Place(gfid(1), b"f") not in world.target.places
    assert (world.counts.changed, world.counts.left) == (1, 1)
    world.reconcile()
    assert world.target.tree() == world.primary.places


def test_what_is_put_into_a_directory_that_goes_is_spared(world: World) -> None:
    remove(world, Place(gfid(1), b"e"))
    world.reconcile(meanwhile=lambda: world.foreign(Place(gfid(4), b"new"), Kind.FILE, 0xF00))
    assert gfid(0xF00) in world.target.things
    assert gfid(4) in world.target.things


def test_what_comes_back_after_it_was_listed_lives(world: World) -> None:
    place = Place(ROOT, b"h")
    remove(world, place)

    def come_back() -> None:
        world.primary.things[gfid(5)] = Original(Kind.FILE, 5)
        world.primary.places[place] = gfid(5)

    world.reconcile(meanwhile=come_back)
    assert world.target.places[place] == gfid(5)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.sampled_from(Fate)), max_size=30))
def test_findings_come_back_in_their_order(made: list[tuple[bytes, Fate]]) -> None:
    wanted = [
        Finding(Place(ROOT, name), name, gfid(1), Kind.FILE, (1, 2, 3), 0, None, fate)
        for name, fate in made
    ]
    with Findings(Path("/tmp")) as findings:
        for one in wanted:
            findings.add(one)
        assert len(findings) == len(wanted)
        portions = list(findings.portions(7))
        assert [one for portion in portions for one in portion] == wanted
        assert all(len(portion) <= 7 for portion in portions)
