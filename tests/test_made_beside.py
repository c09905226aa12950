"""A command makes objects so beside the worker that makes the same: whoever of the two is last, the
newer of two looks stands on the secondary.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from model import Primary, differences
from replicating import SMALL, A, B, Movers, There, World

from engine import files
from engine.errors import Disconnected, Usage
from engine.item import AnyAnswer, AnyItem, Gfid, Item
from engine.movers.job import Mover
from engine.plan.ahead import RACY
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.plan.items import Manner
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.session import half_done, mending, reconciling, resending, shelving
from engine.session.bulk import Brought, Bulk
from engine.session.half_done import LOCKS, HalfDone
from engine.session.ledger import Known, Ledger
from engine.session.replicate import Replicator
from engine.session.report import Report

LARGE = b"x" * (SMALL + 1)
COMMAND = "fix"


class ReadAtOnce(Movers):
    """Brings what a content was when it was asked for it."""

    async def bring(self, mover: Mover, files: Sequence[Item], run: object) -> list[Brought]:
        contents = [self._primary.things[item.gfid].content for item in files]
        await self.let.wait()
        for item, content in zip(files, contents, strict=True):
            self._secondary.write(item.gfid, content)
        return [Brought(item, len(content)) for item, content in zip(files, contents, strict=True)]


class Both(World):
    """Has a command, too, that has a connection of its own."""

    def command(self, *between: Callable[[], object], dies: bool = False) -> Replicator:
        """Return what makes so for a command; before each of its next calls one of `between` is
        done on the primary, and the worker brings that. `dies`: after its first call.
        """
        left, there = list(between), There(self.secondary)

        async def apply(items: Sequence[AnyItem]) -> list[AnyAnswer]:
            if left:
                left.pop(0)()
                await self.worker.make_so(self.heard())
            answers = await self.secondary.apply(items)
            if dies:
                raise Disconnected("killed")
            return answers

        there.apply = apply
        self.notes = Ledger(self.path, COMMAND)
        return self._made(there, COMMAND, self.notes, manner=Manner(beside=True))

    def next_worker(self, half_done: HalfDone) -> Replicator:
        """Return the worker that comes after this one."""
        return self._made(There(self.secondary), "h:/b", self.ledger, half_done=half_done)

    def _made(self, there: There, name: str, ledger: Ledger, **more: Any) -> Replicator:
        sides = Sight(b"/brick", b"/mount"), cast("Channel", there), cast("Bulk", self.bulk)
        report = Report("s", name, self._sink)
        return Replicator(*(*sides, report, ledger), push_limit=SMALL, unsettled=settled, **more)


async def settled() -> str:
    return ""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    made = Both(tmp_path, monkeypatch)

    def load(_mount: bytes, item: Item, _limit: int) -> Item:
        data = made.primary.things[item.gfid].content if item.gfid in made.primary.things else b""
        attributes = msgspec.structs.replace(item.attributes, size=len(data))
        return msgspec.structs.replace(item, data=data, attributes=attributes)

    monkeypatch.setattr("engine.movers.push.load", load)
    yield made
    made.close()


def all_of(gfid: Gfid) -> Window:
    window = Window()
    window.mark(gfid, ALL, A)
    window.spoken.add(gfid)
    return window


Change = Callable[[Primary], None]


@pytest.mark.parametrize("there", [True, False], ids=["there", "missing"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda primary: primary.write(A, b"new"), id="content"),
        pytest.param(lambda primary: primary.write(A, LARGE), id="content of many bytes"),
        pytest.param(lambda primary: primary.chmod(A, 0o600), id="mode"),
        pytest.param(lambda primary: primary.set_xattr(A, b"v"), id="xattr"),
        pytest.param(lambda primary: primary.rename(A, B), id="name"),
        pytest.param(lambda primary: primary.remove(A), id="end"),
    ],
)
async def test_what_the_worker_brought_meanwhile_stays(
    world: Both, change: Change, there: bool
) -> None:
    gfid = world.make(A)
    world.primary.write(A, b"old")
    window = world.heard()
    if there:
        await world.worker.make_so(window)
        # Its times do not say that its content is right.
        world.secondary.write(gfid, b"?")
    command = world.command(lambda: change(world.primary))
    totals = await command.make_so(all_of(gfid), ancestors=True)
    assert differences(world.primary, world.secondary) == []
    assert totals.restless == set()
    assert world.notes.unsure() == {}
    command.close()


async def test_a_write_that_leaves_size_and_mtime_as_they_are_is_seen_on_another_brick(
    world: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its ctime can tell, and that moves in steps: who was just written may be again."""
    gfid = world.make(A, brick=1)
    world.primary.write(A, b"old")
    await world.worker.make_so(all_of(gfid))
    world.secondary.write(gfid, b"?")
    found, at = world.primary.things[gfid], 10**9
    monkeypatch.setattr("engine.session.beside.time.time_ns", lambda: at * 10**9 + RACY - 1)
    world.primary.changed = dict.fromkeys(world.primary.changed, at)

    def write() -> None:
        world.primary.things[gfid] = replace(found, content=b"new")
        # Its own worker is faster.
        world.secondary.write(gfid, b"new")

    command = world.command(write)
    await command.make_so(all_of(gfid))
    assert world.secondary.things[gfid].data == b"new"
    command.close()


async def test_a_large_content_that_is_older_than_the_worker_s_goes_once_more(world: Both) -> None:
    gfid = world.make(A)
    world.primary.write(A, LARGE)
    await world.worker.make_so(world.heard())
    world.secondary.write(gfid, b"?")
    world.bulk = ReadAtOnce(world.primary, world.secondary)
    world.bulk.let.clear()
    command = world.command()
    attempt = command.attempt(all_of(gfid))
    assert not await command.go_on(attempt)
    await asyncio.sleep(0)
    world.primary.write(A, b"short and new")
    await world.worker.make_so(world.heard())
    world.bulk.let.set()
    await command.underway.wait()
    assert await command.go_on(attempt)
    assert differences(world.primary, world.secondary) == []
    command.close()


async def test_what_is_never_at_rest_is_left_to_a_worker(world: Both, tmp_path: Path) -> None:
    gfid = world.make(A)
    await world.worker.make_so(world.heard())
    changes = [lambda n=n: world.primary.write(A, b"%d" % n) for n in range(9)]
    command = world.command(*changes)
    totals = await command.make_so(all_of(gfid))
    assert totals.restless == {gfid}
    assert world.notes.unsure()[gfid].dirty.why & Why.DATA
    command.close()
    half_done.hand_over(world.path, COMMAND)
    left = HalfDone(tmp_path, world.ledger, patience=99.0)
    assert left.seen().keys() == left.take().keys() == {gfid}, "nothing of it is under way"
    assert world.ledger.unsure().keys() == {gfid}


@pytest.mark.parametrize("brick", [0, 1], ids=["own brick", "other brick"])
async def test_what_a_command_had_sent_when_it_was_killed_a_worker_makes_right(
    world: Both, tmp_path: Path, brick: int
) -> None:
    gfid = world.make(A, brick=brick)
    world.primary.write(A, b"old")
    window = all_of(gfid)
    await world.worker.make_so(window)
    world.secondary.write(gfid, b"?")
    world.heard()
    command = world.command(lambda: world.primary.write(A, b"new"), dies=True)
    with pytest.raises(Disconnected):
        await command.make_so(all_of(gfid))
    command.close()
    assert world.secondary.things[gfid].data == b"old"
    worker = world.next_worker(HalfDone(tmp_path, world.ledger, patience=0.0))
    await worker.make_due_so()
    assert world.secondary.things[gfid].data == b"new"
    assert world.notes.unsure() == world.ledger.unsure() == {}
    worker.close()


async def test_who_becomes_a_worker_makes_it_right_at_once_and_once_more(
    world: Both, tmp_path: Path
) -> None:
    """The command's agent may still be at it; whoever replicates once only waits for nobody."""
    gfid = world.make(A)
    command = world.command(dies=True)
    with pytest.raises(Disconnected):
        await command.make_so(all_of(gfid))
    command.close()
    world.secondary.write(gfid, b"?")
    worker = world.next_worker(HalfDone(tmp_path, world.ledger, patience=99.0))
    await worker.recover()
    assert world.secondary.things[gfid].data == b""
    assert world.notes.unsure().keys() == {gfid}
    worker.close()


def test_nobody_takes_what_a_running_command_has_noted(world: Both, tmp_path: Path) -> None:
    gfid = world.make(A)
    world.command().close()
    world.notes.intend({gfid: Known(Dirty(Why.DATA))})
    left = HalfDone(tmp_path, world.ledger, patience=0.0)
    with files.locked(tmp_path / LOCKS[COMMAND], what="", fix=""):
        assert left.seen() == {}
        assert left.take() == {}
    assert left.seen().keys() == {gfid}
    assert left.take() == {}, "it looks only now and then"
    assert HalfDone(tmp_path, world.ledger, patience=9.0).take() == {}
    taker = HalfDone(tmp_path, world.ledger, patience=0.0)
    world.ledger.intend({gfid: Known(Dirty(Why.NAMES), spoken=True)})
    assert taker.take()[gfid] == Known(Dirty(Why.DATA | Why.NAMES), spoken=True)
    assert taker.seen() == {}
    assert world.ledger.unsure().keys() == {gfid}


def test_workers_ask_whether_a_command_runs_at_the_same_time(tmp_path: Path) -> None:
    """They wake together, with each slice; one must not take the other for a command."""
    lock = tmp_path / "lock"
    with files.unlocked(lock) as one, files.unlocked(lock) as other:
        assert one
        assert other
        with pytest.raises(Usage), files.locked(lock, what="", fix=""):
            pass
    with files.locked(lock, what="", fix=""), files.unlocked(lock) as ended:
        assert not ended


def test_every_lock_is_that_of_its_command() -> None:
    assert LOCKS == {
        mending.FIX: "shelves.lock",
        shelving.WORKER: "shelves.lock",
        resending.RESEND: "shelves.lock",
        reconciling.WORKER: "reconcile.lock",
    }
