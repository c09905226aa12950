"""Where somebody stood who was moved aside: noted once nobody speaks of it, not of the living."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_target import Thing
from replicating import A, B, World
from sides import gfid

from engine.item import Attributes, Kind
from engine.plan import records
from engine.secondary import taking


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    made.close()


async def test_where_a_stranger_stood_is_noted_and_taken_back_of_who_is_gone(world: World) -> None:
    foreign, other = gfid(70), gfid(71)
    for one, place in ((foreign, A), (other, B)):
        world.secondary.things[one] = Thing(Kind.FILE, Attributes(0o100644, 0, 0, 0, 7, 7))
        world.secondary.places[place] = one
    ours = world.make(A)
    world.make(B)
    await world.worker.make_so(world.heard())
    noted = {one: records.decode(told) for one, told in world.secondary.records.items()}
    assert {one: (each.path, each.worker) for one, each in noted.items()} == {
        foreign: ("a", "h:/b"),
        other: ("b", "h:/b"),
    }
    assert noted[foreign].why == records.IN_THE_WAY.format(gfid=ours)
    await world.worker.note_aside(world.secondary.in_limbo())
    assert world.secondary.records.keys() == {foreign, other}
    assert taking.put_away(world.secondary, foreign, "2026-11-25")
    assert taking.end(world.secondary, other, world.secondary.limbo(other)) is None
    await world.worker.note_aside([])
    assert world.secondary.records.keys() == {foreign}, "who is in quarantine keeps it"


async def test_a_secondary_that_takes_no_note_ends_nobody(world: World) -> None:
    world.secondary.things[gfid(70)] = Thing(Kind.FILE, Attributes(0o100644, 0, 0, 0, 7, 7))
    world.secondary.places[A] = gfid(70)
    ours = world.make(A)
    world.secondary.notes_fail = True
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {A: ours}
