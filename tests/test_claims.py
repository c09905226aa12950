"""Who was renamed over has ended, though he was in limbo when a worker heard of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from memory_target import Thing
from replicating import A, B, C, World

from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.plan import records
from engine.plan.dirty import ALL, Window
from engine.plan.records import Record
from engine.session import claims


@pytest.fixture(params=[False, True], ids=["removing", "keeping"])
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    made.manner = replace(made.manner, keeps=request.param)
    made.begin()
    yield made
    made.close()


def aside(world: World, gfid: Gfid, place: Place | None) -> None:
    """Have an object in limbo, put there from `place` by another worker, which has noted that."""
    world.secondary.things[gfid] = Thing(Kind.FILE, Attributes(0o100644, 0, 0, 0, 7, 7))
    world.secondary.places[world.secondary.limbo(gfid)] = gfid
    if place is not None:
        note(world, gfid, place)


def note(world: World, gfid: Gfid, place: Place) -> None:
    world.secondary.records[gfid] = records.encode(Record(place=place, worker="h:/other"))


def renamed_over(world: World) -> Gfid:
    """Rename ours over another brick's object, and further on; return that one."""
    theirs = world.make(A, brick=1)
    world.make(B)
    world.primary.rename(B, A)
    world.primary.rename(A, C)
    return theirs


async def test_who_stood_where_somebody_was_renamed_onto_has_ended(world: World) -> None:
    theirs = renamed_over(world)
    aside(world, theirs, A)
    await world.worker.make_so(world.heard())
    assert world.secondary.in_limbo() == []
    assert theirs not in world.secondary.things
    assert set(world.secondary.tree()) == {C}


async def test_where_he_stood_may_be_noted_later(world: World) -> None:
    """Our window is made so between his way to limbo and the note."""
    theirs = renamed_over(world)
    aside(world, theirs, None)
    await world.worker.make_so(world.heard())
    await world.worker.make_so(Window())
    assert world.secondary.in_limbo() == [theirs]
    note(world, theirs, A)
    await world.worker.make_so(Window(keeps=world.manner.keeps))
    assert world.secondary.in_limbo() == []
    assert theirs not in world.secondary.things


async def test_a_worker_that_begins_anew_knows_whom_it_had_moved_aside(world: World) -> None:
    """Before the record was heard, ahead of its slice: what is in memory is gone with it."""
    theirs = world.make(A, brick=1)
    world.secondary.things[theirs] = Thing(Kind.FILE, Attributes(0o100644, 0, 0, 0, 7, 7))
    world.secondary.places[A] = theirs
    ours = world.make(B)
    world.primary.rename(B, A)
    early = Window(keeps=world.manner.keeps)
    early.mark(ours, ALL, B)
    early.spoken.add(ours)
    await world.worker.make_ahead(early)
    assert world.secondary.in_limbo() == [theirs]
    world.begin()
    await world.worker.recover()
    assert world.secondary.in_limbo() == [theirs]
    await world.worker.make_so(world.heard())
    assert world.secondary.in_limbo() == []
    assert set(world.secondary.tree()) == {A}


async def test_who_came_there_after_the_rename_was_heard_is_not_claimed_by_it(
    world: World,
) -> None:
    renamed_over(world)
    await world.worker.make_so(world.heard())
    late = world.make(A, brick=1)
    world.primary.remove(A)
    aside(world, late, A)
    await world.worker.make_so(Window())
    assert world.secondary.in_limbo() == [late]


async def test_who_stood_elsewhere_is_not_claimed(world: World) -> None:
    theirs = renamed_over(world)
    aside(world, theirs, B)
    await world.worker.make_so(world.heard())
    assert world.secondary.in_limbo() == [theirs]


async def test_who_lives_goes_to_where_he_is(world: World) -> None:
    """He was renamed himself, by a record that is still to be heard."""
    theirs = world.make(A, brick=1)
    world.primary.rename(A, B)
    world.make(C)
    world.primary.rename(C, A)
    aside(world, theirs, A)
    await world.worker.make_so(world.heard())
    assert world.secondary.in_limbo() == []
    assert world.secondary.places[B] == theirs


async def test_nobody_asks_while_nothing_was_renamed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each slice would pay for it."""
    world.make(A)
    monkeypatch.setattr(world.secondary, "in_limbo", lambda: pytest.fail("nothing was renamed"))
    await world.worker.make_so(world.heard())


async def test_who_has_come_back_from_elsewhere_is_not_claimed_for_where_he_stood_before(
    world: World,
) -> None:
    stranger = Gfid("0000000f-0000-4000-8000-00000000000f")
    aside(world, stranger, A)
    world.make(C)
    world.primary.rename(C, B)
    await world.worker.make_so(world.heard())
    note(world, stranger, C)
    world.make(C)
    world.primary.rename(C, A)
    await world.worker.make_so(world.heard())
    assert world.secondary.in_limbo() == [stranger]


async def test_places_are_not_remembered_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody stays in limbo, without a note, while a brick is down for hours."""
    monkeypatch.setattr(claims, "_MOST", 3)
    stranger = Gfid("0000000f-0000-4000-8000-00000000000f")
    aside(world, stranger, None)
    for number in range(9):
        world.make(A)
        world.primary.rename(A, Place(ROOT, b"%d" % number))
        await world.worker.make_so(world.heard())
    kept = [place.name for heard in world.worker._claims._heard for place in heard.taken]
    assert kept == [b"6", b"7", b"8"]


async def test_of_many_each_note_is_asked_for_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window with renames asks again; a reply with all of them would be too long."""
    monkeypatch.setattr(claims, "_AT_ONCE", 3)
    strangers = [Gfid(f"{number:08x}-0000-4000-8000-00000000000f") for number in range(10)]
    for stranger in strangers:
        aside(world, stranger, B)
    asked: list[list[Gfid]] = []
    answer = world.secondary.records_now

    async def records_now(gfids: Sequence[Gfid]) -> list[bytes]:
        asked.append(list(gfids))
        return await answer(gfids)

    monkeypatch.setattr(world.worker._claims._channel, "records", records_now)
    for _ in range(2):
        renamed_over(world)
        await world.worker.make_so(world.heard())
        world.primary.remove(C)
    assert [len(each) for each in asked] == [3, 3, 3, 1]
    assert set(world.secondary.in_limbo()) == set(strangers)
