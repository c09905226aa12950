"""`gfid-conflict-resolution` off: nobody is moved aside; the lawful happens all the same."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from replicating import A, B, C, World

from engine.events import EntryFailed
from engine.item import Holder, Kind, Refused
from engine.plan import items
from engine.plan.dirty import ALL, Dirty, Window
from engine.plan.items import Alive, Manner
from engine.secondary.apply import apply
from engine.session import ledger


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    made.manner = Manner(patient=True)
    made.begin()
    yield made
    made.close()


async def settle(world: World) -> None:
    await world.worker.make_so(world.heard())


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK])
async def test_who_is_in_the_way_stays_and_both_are_told(world: World, kind: Kind) -> None:
    stranger = world.make(A)
    await settle(world)
    world.told()
    # On the primary it never was.
    del world.primary.places[A], world.primary.things[stranger]
    new = world.make(A, kind)
    await settle(world)
    assert world.secondary.tree() == {A: stranger}
    assert world.secondary.in_limbo() == []
    (failure,) = ledger.failures(world.path)
    assert (failure.gfid, failure.kind, failure.path) == (new, "gfid conflict", "a")
    for word in (stranger, new, f"the primary {kind}", "gfid-conflict-resolution is off"):
        assert word in failure.words
    assert len(re.findall(r"changed \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", failure.words)) == 2
    assert [e.kind for e in world.told() if isinstance(e, EntryFailed)] == ["gfid conflict"]


async def test_a_rename_over_and_a_rotation_are_no_conflicts(world: World) -> None:
    world.make(A)
    await settle(world)
    new = world.make(B)
    world.primary.rename(B, A)
    await settle(world)
    assert world.secondary.tree() == {A: new}
    world.primary.rename(A, B)
    newer = world.make(A)
    await settle(world)
    assert world.secondary.tree() == {A: newer, B: new}
    assert world.ledger.empty


async def test_a_swap_stays_as_it_was_and_is_two_failures(world: World) -> None:
    one, other = world.make(A), world.make(B)
    await settle(world)
    for old, new in ((A, C), (B, A), (C, B)):
        world.primary.rename(old, new)
    await settle(world)
    assert world.secondary.tree() == {A: one, B: other}
    assert {failure.gfid for failure in ledger.failures(world.path)} == {one, other}


async def test_it_is_mended_when_the_way_is_free(world: World) -> None:
    one, other = world.make(A), world.make(B)
    await settle(world)
    for old, new in ((A, C), (B, A), (C, B)):
        world.primary.rename(old, new)
    await settle(world)
    world.manner = items.USUAL
    world.begin()
    ledger.make_due(world.path, [one, other], 1.0)
    await world.worker.make_due_so()
    assert world.secondary.tree() == {A: other, B: one}
    assert world.ledger.empty


def test_the_answer_names_who_is_in_the_way(world: World) -> None:
    gfid = world.make(A)
    truth = world.primary.look(gfid, 0, Dirty(ALL))
    assert isinstance(truth, Alive)
    stranger = world.make(B)
    other = items.make(world.primary.look(stranger, 0, Dirty(ALL)), Dirty(ALL), Window())
    assert other is not None
    apply(world.secondary, other)
    truth = items.make(
        Alive(gfid, Kind.FILE, (B,), True, truth.attributes, xattrs={}),
        *(Dirty(ALL), Window(), frozenset(), Manner(patient=True)),
    )
    assert truth is not None
    answer = apply(world.secondary, truth)
    assert isinstance(answer, Refused)
    assert answer.held == (Holder(B, stranger, Kind.FILE),)
    assert answer.displaced == ()
