"""`ignore-deletes`: what is removed stays, what lives is right, who is in the way makes place."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replicating import A, B, C, World

from engine.item import ROOT, Attributes, Gfid, Gone, Item, Kind, Place
from engine.plan import items
from engine.plan.dirty import ALL, Dirty, Window, fold
from engine.plan.items import Alive, Manner
from engine.secondary.apply import apply

KEEPS = Manner(keeps=True)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    made.manner = KEEPS
    made.begin()
    yield made
    made.close()


async def settle(world: World) -> None:
    await world.worker.make_so(world.heard())


async def test_files_and_directories_that_are_removed_stay(world: World) -> None:
    folder = world.make(A, Kind.DIRECTORY)
    child = world.make(Place(folder, b"c"))
    file = world.make(B)
    await settle(world)
    for place in (Place(folder, b"c"), A, B):
        world.primary.remove(place)
    await settle(world)
    assert world.secondary.tree() == {A: folder, Place(folder, b"c"): child, B: file}
    assert world.ledger.empty


async def test_a_rename_takes_the_old_name(world: World) -> None:
    file = world.make(A)
    await settle(world)
    world.primary.rename(A, B)
    await settle(world)
    assert world.secondary.tree() == {B: file}


async def test_who_is_renamed_over_goes_and_its_kept_names_stay(world: World) -> None:
    old = world.make(A)
    world.primary.link(A, C)
    await settle(world)
    world.primary.remove(C)
    new = world.make(B)
    world.primary.rename(B, A)
    await settle(world)
    assert world.secondary.tree() == {A: new, C: old}
    assert world.secondary.in_limbo() == []


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.DIRECTORY])
@pytest.mark.parametrize("at_once", [True, False])
async def test_what_is_removed_and_made_again_goes_to_quarantine(
    world: World, kind: Kind, at_once: bool
) -> None:
    old = world.make(A, kind)
    await settle(world)
    world.primary.remove(A)
    if not at_once:
        await settle(world)
    new = world.make(A, kind)
    await settle(world)
    assert world.secondary.tree() == {A: new}
    assert world.secondary.in_limbo() == [old], "from there it goes to quarantine"
    assert world.secondary.ended == []


async def test_its_own_rename_is_nobodys_end(world: World) -> None:
    old = world.make(A)
    await settle(world)
    world.primary.rename(A, B)
    await world.worker.make_ahead(world.heard())
    assert world.secondary.tree() == {B: old}
    world.primary.remove(B)
    new = world.make(B)
    window = Window(keeps=True)
    # All of it again, as the slice has it when it closes.
    fold(window, [("E", old, 8, (A, B), 0), ("E", old, 5, (B,), 0)])
    fold(window, [logged.record for logged in world.primary.sets[0][0].live])
    await world.worker.make_so(window)
    assert (world.secondary.tree(), world.secondary.in_limbo()) == ({B: new}, [old])


async def test_of_many_saved_by_rename_the_last_one_stays(world: World) -> None:
    world.make(A)
    await settle(world)
    for _ in range(3):
        last = world.make(B)
        world.primary.rename(B, A)
        await world.worker.make_ahead(world.heard())
    assert (world.secondary.tree(), world.secondary.in_limbo()) == ({A: last}, [])


async def test_a_directory_that_makes_place_keeps_what_is_in_it(world: World) -> None:
    folder = world.make(A, Kind.DIRECTORY)
    child = world.make(Place(folder, b"c"))
    await settle(world)
    world.primary.remove(Place(folder, b"c"))
    world.primary.remove(A)
    await settle(world)
    new = world.make(A, Kind.DIRECTORY)
    await settle(world)
    assert world.secondary.tree() == {A: new}, "what is in limbo is no part of it"
    assert world.secondary.in_limbo() == [folder]
    assert world.secondary.places[Place(folder, b"c")] == child
    assert world.ledger.empty


async def test_a_directory_that_is_renamed_over_goes(world: World) -> None:
    world.make(A, Kind.DIRECTORY)
    new = world.make(B, Kind.DIRECTORY)
    await settle(world)
    world.primary.rename(B, A)
    await settle(world)
    assert (world.secondary.tree(), world.secondary.in_limbo()) == ({A: new}, [])


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.DIRECTORY])
async def test_who_is_not_known_to_the_primary_never_goes(world: World, kind: Kind) -> None:
    """Not even from limbo: there it waits for quarantine, as always."""
    gfid = world.make(A, kind)
    await settle(world)
    target = world.secondary
    with target.holding(gfid, A, target.limbo(gfid)):
        target.rename(A, target.limbo(gfid))
    for lawful in (False, True):
        answer = apply(target, Gone(gfid=gfid, heard=(), lawful=lawful, kept=True))
        assert (gfid in target.things) is not lawful
        assert getattr(answer, "changed", None) is lawful


def test_a_name_that_was_removed_is_not_heard_of() -> None:
    gfid = Gfid("00000000-0000-4000-8000-00000000000a")
    window = Window(keeps=True)
    fold(window, [("E", gfid, 23, (A,), 0), ("E", gfid, 9, (B,), 0), ("E", gfid, 5, (A,), 0)])
    assert list(window.dirty[gfid].heard) == [B]
    assert ROOT in window.dirty, "the directory's times have changed"
    assert gfid in window.spoken


NAMES = [Place(ROOT, name) for name in (b"a", b"b", b"c")]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("file", "directory", "link", "rename", "remove", "crash")),
        st.integers(0, 8),
        st.integers(0, 8),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_whatever_happens_the_living_are_right_and_the_removed_are_there(
    steps: list[tuple[str, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        made = World(Path(folder), monkeypatch)
        made.manner = KEEPS
        made.begin()
        try:
            asyncio.run(_play(made, steps))
        finally:
            made.close()


async def _play(world: World, steps: list[tuple[str, int, int]]) -> None:
    kept: dict[Place, Gfid] = {}
    over: set[Gfid] = set()
    """Those that were renamed over: nobody else may end."""
    primary = world.primary
    for what, one, other in steps:
        folders = [gfid for gfid, thing in primary.things.items() if thing.kind is Kind.DIRECTORY]
        places = [Place(folder, b"abc"[i : i + 1]) for folder in folders for i in range(3)]
        old, new = places[one % len(places)], places[other % len(places)]
        before = dict(primary.places)
        match what:
            case "file":
                world.make(old) if old not in before else None
            case "directory":
                world.make(old, Kind.DIRECTORY) if old not in before else None
            case "link":
                primary.link(old, new)
            case "rename":
                over |= {kept[new]} if new in kept else set()
                over |= {before[new]} if new in before else set()
                primary.rename(old, new)
            case "remove":
                primary.remove(old)
                if old in before and old not in primary.places:
                    kept[old] = before[old]
            case _:
                world.begin()
        for place in primary.places:
            kept.pop(place, None)
        await settle(world)
        there = world.secondary.places
        assert {place: there.get(place) for place in primary.places} == primary.places
        assert {place: there.get(place) for place in kept} == kept
        assert set(world.secondary.ended) <= over
    assert world.ledger.empty


def test_what_is_said_of_the_living_leaves_other_names_alone() -> None:
    gfid = Gfid("00000000-0000-4000-8000-00000000000a")
    truth = Alive(gfid, Kind.FILE, (A,), True, Attributes(0o100644, 0, 0, 0, 0, 0))
    item = items.make(truth, Dirty(ALL), Window(), frozenset(), KEEPS)
    assert isinstance(item, Item)
    assert not item.whole
