"""Large contents are on their way beside small ones, and nothing is taken for done that is not."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from replicating import SMALL, A, B, C, World

from engine.errors import Retry
from engine.item import Gfid, Item
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.session import ledger
from engine.session.ledger import Failure, Known

LARGE, LARGER = b"x" * (SMALL + 1), b"y" * (SMALL + 2)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)

    def load(_mount: bytes, item: Item, _limit: int) -> Item:
        return msgspec.structs.replace(item, data=made.primary.things[item.gfid].content)

    monkeypatch.setattr("engine.movers.push.load", load)
    made.bulk.let.clear()
    yield made
    made.close()


async def land(world: World) -> None:
    """Let everything arrive that is on its way."""
    world.bulk.let.set()
    await world.worker.underway.wait()
    world.bulk.let.clear()


async def test_small_files_do_not_wait_for_a_large_one(world: World) -> None:
    large = world.make(A)
    world.primary.write(A, LARGE)
    totals = await world.worker.make_ahead(world.heard())
    assert totals.left == totals.begun == {large}
    small = world.make(B)
    world.primary.write(B, b"small")
    await world.worker.make_ahead(world.heard())
    assert world.secondary.things[small].data == b"small"
    there = world.secondary.things[large]
    assert there.data == b""
    assert there.attributes.mtime != world.primary.things[large].mtime, "it does not count as whole"
    await land(world)
    totals = await world.worker.make_ahead(Window())
    assert (totals.files, totals.bytes) == (1, len(LARGE))
    assert world.worker.underway.arrived() == [(large, True)]
    there = world.secondary.things[large]
    assert (there.data, there.attributes.mtime) == (LARGE, world.primary.things[large].mtime)


async def test_a_window_ends_when_its_large_contents_are_there(world: World) -> None:
    large, small = world.make(A), world.make(B)
    world.primary.write(A, LARGE)
    world.primary.write(B, b"small")
    attempt = world.worker.attempt(world.heard())
    assert not await world.worker.go_on(attempt)
    assert world.secondary.things[small].data == b"small"
    assert not await world.worker.go_on(attempt)
    await land(world)
    assert await world.worker.go_on(attempt)
    assert world.secondary.things[large].data == LARGE
    assert (attempt.totals.files, attempt.totals.bytes) == (2, len(LARGE) + 5)
    assert world.bulk.asked == [large]


async def test_what_is_done_to_a_file_in_flight_is_done_at_once_but_for_its_times(
    world: World,
) -> None:
    large = world.make(A)
    world.primary.write(A, LARGE)
    await world.worker.make_ahead(world.heard())
    world.primary.rename(A, B)
    world.primary.chmod(B, 0o600)
    window = world.heard()
    totals = await world.worker.make_ahead(window)
    assert totals.left == {large}
    assert totals.begun == set(), "one flight at a time"
    assert world.secondary.tree() == {B: large}
    there = world.secondary.things[large].attributes
    assert there.mode & 0o777 == 0o600
    assert there.mtime != world.primary.things[large].mtime
    await land(world)
    await world.worker.make_ahead(Window())
    assert world.secondary.things[large].data == LARGE
    assert world.bulk.asked == [large]


async def test_a_flight_that_began_before_the_slice_closed_is_not_enough_for_it(
    world: World,
) -> None:
    """Its content may have been read before it was written for the last time."""
    large = world.make(A)
    world.primary.write(A, LARGE)
    closed = Window()
    await world.worker.make_ahead(world.heard())
    closed.mark(large, Why.DATA)
    closed.spoken.add(large)
    attempt = world.worker.attempt(closed)
    assert not await world.worker.go_on(attempt)
    assert world.bulk.asked == [large]
    await land(world)
    assert not await world.worker.go_on(attempt)
    await land(world)
    assert await world.worker.go_on(attempt)
    assert world.bulk.asked == [large, large]


async def test_what_was_sent_ahead_and_is_spared_is_not_sent_again(world: World) -> None:
    large = world.make(A)
    world.primary.write(A, LARGE)
    closed = Window()
    await world.worker.make_ahead(world.heard())
    closed.mark(large, Why.DATA)
    attempt = world.worker.attempt(closed)
    assert not await world.worker.go_on(attempt)
    await land(world)
    await world.worker.underway.land()
    assert list(attempt.window.dirty) == [large]
    attempt.window.dirty.clear()  # what `Ahead.spare` does
    assert await world.worker.go_on(attempt)
    assert world.bulk.asked == [large]


async def test_a_file_written_during_its_flight_has_its_old_times(world: World) -> None:
    large = world.make(A)
    world.primary.write(A, LARGE)
    before = world.primary.things[large].mtime
    attempt = world.worker.attempt(world.heard())
    assert not await world.worker.go_on(attempt)
    world.primary.write(A, LARGER)
    await land(world)
    assert await world.worker.go_on(attempt)
    there = world.secondary.things[large]
    assert there.data == LARGER, "the mover read it later"
    assert there.attributes.mtime == before, "so that it does not count as equal"
    window = world.heard()
    attempt = world.worker.attempt(window)
    assert not await world.worker.go_on(attempt)
    await land(world)
    assert await world.worker.go_on(attempt)
    assert world.secondary.things[large].attributes.mtime == world.primary.things[large].mtime


async def test_a_content_that_cannot_be_brought_ends_in_the_ledger(world: World) -> None:
    large, small = world.make(A), world.make(B)
    world.primary.write(A, LARGE)
    world.bulk.wrong = "I/O error"
    world.bulk.let.set()
    await world.worker.make_so(world.heard(), source=7)
    (failure,) = ledger.failures(world.path)
    assert (failure.gfid, failure.doing, failure.kind) == (large, "copy", "short copy")
    assert failure.words == "I/O error"
    assert len(world.bulk.asked) > 1, "it was tried again"
    assert small in world.secondary.things
    assert world.secondary.things[large].attributes.mtime != world.primary.things[large].mtime
    world.bulk.wrong = ""
    ledger.make_due(world.path, [large], 1.0)
    world.bulk.let.clear()
    await world.worker.make_due_so()
    assert not world.ledger.empty, "it is on its way"
    await world.worker.make_due_so()
    await land(world)
    await world.worker.make_due_so()
    assert world.ledger.empty
    assert world.secondary.things[large].data == LARGE


async def test_a_file_that_ends_in_flight_is_removed(world: World) -> None:
    large = world.make(A)
    world.primary.write(A, LARGE)
    attempt = world.worker.attempt(world.heard())
    assert not await world.worker.go_on(attempt)
    world.primary.remove(A)
    await land(world)
    assert await world.worker.go_on(attempt)
    assert world.secondary.tree() == {}
    assert large not in world.secondary.things
    assert world.ledger.empty


async def test_a_mover_that_fails_as_such_stops_the_worker(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.make(A)
    world.primary.write(A, LARGE)

    async def broken(*_: object) -> None:
        raise Retry("no way to copy a large file works", cause="no mover works")

    monkeypatch.setattr(world.bulk, "jobs", broken)
    with pytest.raises(Retry, match="no way to copy"):
        await world.worker.make_so(world.heard())


async def test_what_is_abandoned_can_be_begun_anew(world: World) -> None:
    large = world.make(A)
    world.primary.write(A, LARGE)
    window = world.heard()
    again = Window(spoken={large})
    again.mark(large, window.dirty[large].why)
    assert not await world.worker.go_on(world.worker.attempt(window))
    await world.worker.abandon()
    assert large not in world.worker.underway
    world.bulk.let.set()
    await world.worker.make_so(again)
    assert world.secondary.things[large].data == LARGE
    assert world.bulk.asked == [large, large]


async def test_an_object_that_no_slice_brings_again_is_noted_while_in_flight(world: World) -> None:
    """Carried from an earlier window, it is sent ahead; after a crash the ledger has it."""
    large = world.make(A)
    world.primary.write(A, LARGE)
    world.heard()
    assert not await world.worker.go_on(world.worker.attempt(_marked(world, large)))
    await world.worker.abandon()
    carried = _marked(world, large).dirty[large]
    world.worker._carried.leave(large, carried)
    world.make(C)
    totals = await world.worker.make_ahead(world.heard())
    assert totals.begun == {large}
    world.begin()
    world.bulk.let.set()
    await world.worker.recover()
    assert world.secondary.things[large].data == LARGE


async def test_what_is_to_be_looked_at_once_more_stays_noted_while_another_window_ends(
    world: World,
) -> None:
    """What was due waits for a large content; of the others in it, an older look may stand."""
    large, theirs = world.make(A), world.make(B, brick=1)
    world.primary.write(A, LARGE)
    world.heard()
    for gfid, why in ((large, ALL), (theirs, Why.NAMES)):
        world.ledger.put([(_due(gfid), Known(Dirty(why)))])
    await world.worker.make_due_so()
    assert not world.worker.resting
    assert theirs in world.worker._carried._intended
    world.make(C)
    await world.worker.make_so(world.heard())
    assert theirs in world.ledger.unsure()
    world.bulk.let.set()
    while not world.worker.resting:
        await world.worker.underway.wait()
        await world.worker.make_due_so()
    assert world.ledger.empty
    assert world.ledger.unsure() == {}


def _due(gfid: Gfid) -> Failure:
    words = {"worker": "h:/b", "path": "a", "doing": "write", "kind": "EPERM", "words": ""}
    return Failure(gfid=gfid, **words, tries=1, first=1.0, last=1.0, due=1.0, slice=0)


async def _once_more(world: World) -> Gfid:
    """Return a file that is in flight again when the slice that told of it is settled."""
    large = world.make(A)
    world.primary.write(A, LARGE)
    attempt = world.worker.attempt(world.heard())
    assert not await world.worker.go_on(attempt)
    await land(world)
    await world.worker.make_ahead(_marked(world, large))
    assert large in world.worker.underway
    assert await world.worker.go_on(attempt)
    return large


async def test_who_is_sent_once_more_when_its_slice_is_settled_is_noted_while_in_flight(
    world: World,
) -> None:
    """The position passes, and until it has arrived its content may be half there."""
    large = await _once_more(world)
    world.secondary.things[large].data = LARGE[:5]
    world.begin()
    world.bulk.let.set()
    await world.worker.recover()
    assert world.secondary.things[large].data == LARGE
    assert world.bulk.asked == [large]


async def test_what_was_held_is_forgotten_when_it_has_arrived(world: World) -> None:
    await _once_more(world)
    await land(world)
    await world.worker.make_ahead(Window())
    assert world.worker.underway.waiting == []
    world.begin()
    await world.worker.recover()
    assert world.bulk.asked == []


def _marked(world: World, gfid: str) -> Window:
    window = Window()
    for each in world.primary.things:
        if each == gfid:
            window.mark(each, Why.DATA | Why.NAMES, A)
            window.spoken.add(each)
    return window
