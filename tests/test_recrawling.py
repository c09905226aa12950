"""Crawls one after the other: how long apart, for how long, and what is done in between."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.options import Options
from engine.session import recrawling
from engine.session.recrawling import Recrawling
from engine.session.report import Report
from engine.session.wishes import Wishes


class _World:
    """What a worker has beside it; time passes only in crawls and while it waits."""

    def __init__(self) -> None:
        self.now, self.stime, self.turns = 1000.0, 0, 10**9
        self.crawls: list[float] = []
        self.tended = 0

    def monotonic(self) -> float:
        return self.now

    async def run(self, reason: str) -> None:
        assert reason == recrawling.REASON
        self.crawls.append(self.now)
        self.stime = int(self.now) - 2
        self.now += 5

    async def still(self) -> bool:
        self.turns -= 1
        return self.turns > 0

    async def make_due_so(self) -> None:
        self.tended += 1

    async def tend(self) -> None:
        self.now += 1  # the wait after it is not waited for here


@pytest.fixture
def report(tmp_path: Path) -> Iterator[Report]:
    sink = os.open(tmp_path / "events", os.O_RDWR | os.O_CREAT)
    yield Report("s", "n:/b", sink)
    os.close(sink)


def _crawls(
    monkeypatch: pytest.MonkeyPatch, world: _World, report: Report, until: int | None
) -> Recrawling:
    monkeypatch.setattr(recrawling, "time", world)
    return Recrawling(world, world, world, report, world, until)  # type: ignore[arg-type]


async def test_the_next_one_begins_after_the_interval(
    monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    world, wishes = _World(), Wishes()
    world.turns = 100
    one = _crawls(monkeypatch, world, report, None)
    one.take_up(Options(change_interval=30))
    wishes.woken.set()
    monkeypatch.setattr(recrawling, "_STEP", 0.0)
    assert not await one.run(world.still, wishes)
    gaps = {b - a for a, b in zip(world.crawls, world.crawls[1:], strict=False)}
    assert gaps == {35.0}
    assert world.tended > 90, "what failed is tried again meanwhile"


async def test_a_goal_is_reached_by_a_crawl_that_began_later(
    monkeypatch: pytest.MonkeyPatch, report: Report, tmp_path: Path
) -> None:
    world = _World()
    one = _crawls(monkeypatch, world, report, until=1000)
    one.take_up(Options(change_interval=3600))
    assert await one.run(world.still, Wishes())
    assert len(world.crawls) == 2
    told = [events.decode(line) for line in (tmp_path / "events").read_bytes().splitlines()]
    assert [event.goal for event in told if isinstance(event, events.Caught)] == [1000]


async def test_a_pause_ends_it_between_two(monkeypatch: pytest.MonkeyPatch, report: Report) -> None:
    world, wishes = _World(), Wishes(paused=True)
    one = _crawls(monkeypatch, world, report, None)
    assert not await one.run(world.still, wishes)
    assert len(world.crawls) == 1
