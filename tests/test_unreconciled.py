"""What a worker notes on the secondary when it crawls, and what it tells of it."""

import asyncio
import os
from collections.abc import Callable, Coroutine

import pytest
from memory_target import MemoryTarget
from sides import QuestionChannel, gfid

from engine import events
from engine.errors import Reject
from engine.events import ReconcileDue
from engine.gluster.objects import TRASH
from engine.item import ROOT, Kind, Place
from engine.plan import crawled
from engine.session import unreconciled
from engine.session.report import Report
from engine.session.unreconciled import Unreconciled

VOLUME = "11111111-2222-4333-8444-555555555555"


class Worker:
    """One worker's view, and what it told."""

    def __init__(self, target: MemoryTarget, number: int = 0) -> None:
        self._read, write = os.pipe()
        self.report = Report("s", f"n1:/b{number}", write)
        self.channel = QuestionChannel(target)
        self.view = Unreconciled(
            self.channel,
            self.report,
            volume=VOLUME,
            number=number,
            subvolumes=2,
        )
        os.set_blocking(self._read, False)

    def told(self) -> list[tuple[bool, int, int]]:
        try:
            lines = os.read(self._read, 1 << 16).splitlines()
        except BlockingIOError:
            return []
        found = [event for line in lines if isinstance(event := events.decode(line), ReconcileDue)]
        return [(event.due, event.since, event.until) for event in found]


def run(*work: Callable[[], Coroutine[None, None, None]]) -> None:
    async def all_of_it() -> None:
        for one in work:
            await one()

    asyncio.run(all_of_it())


def put(target: MemoryTarget, place: Place, number: int) -> None:
    target.things[gfid(number)] = target.things[ROOT]
    target.places[place] = gfid(number)
    assert target.things[ROOT].kind is Kind.DIRECTORY


@pytest.mark.parametrize("trash", [b".trashcan", b"waste"])
def test_a_crawl_into_an_empty_secondary_is_not_doubted(trash: bytes) -> None:
    target = MemoryTarget()
    put(target, Place(ROOT, b".georep"), 9)
    target.things[TRASH] = target.things[ROOT]
    target.places[Place(ROOT, trash)] = TRASH
    first, second = Worker(target), Worker(target, 1)
    run(lambda: first.view.begin(100, 0, 0))
    put(target, Place(ROOT, b"brought"), 1)
    run(lambda: second.view.begin(101, 0, 0))
    assert first.told() == [(False, 0, 100)]
    assert second.told() == [(False, 0, 101)]


def test_a_crawl_over_something_is_told_until_somebody_reconciles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unreconciled, "LOOK", 0.0)
    target = MemoryTarget()
    put(target, Place(ROOT, b"older"), 1)
    worker = Worker(target)
    run(worker.view.look)
    assert worker.told() == []
    run(
        *(lambda: worker.view.begin(100, 70, 0), worker.view.look),
        lambda: worker.view.begin(100, 70, 0),
    )
    assert worker.told() == [(True, 70, 100)], "said once"
    again = Worker(target)
    run(again.view.look)
    assert again.told() == [(True, 70, 100)], "it outlives the worker"
    for name, content in crawled.done(crawled.read(target.kept, VOLUME)):
        target.note(name, content)

    async def watch() -> None:
        watching = asyncio.create_task(again.view.watch())
        for _ in range(100):
            await asyncio.sleep(0)
        watching.cancel()
        assert again.told() == [(False, 70, 100)]

    asyncio.run(watch())


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "UPPER", "x" * 300])
def test_no_note_gets_out_of_its_folder(name: str) -> None:
    worker = Worker(MemoryTarget())
    with pytest.raises(Reject, match="can be no note"):
        asyncio.run(worker.channel.note(name, b""))


def test_with_ignored_deletes_nothing_is_told_as_due_until_they_are_followed_again() -> None:
    target = MemoryTarget()
    put(target, Place(ROOT, b"a"), 7)
    keeping, following = Worker(target), Worker(target)
    keeping.view._keeps = True
    run(lambda: keeping.view.begin(1000, 0, 0), lambda: keeping.view.follow(1000))
    assert keeping.told() == [(False, 0, 1000)]
    run(lambda: keeping.view.follow(1100))
    assert keeping.told() == []
    run(following.view.look)
    assert following.told() == [(True, 0, 1000)]
