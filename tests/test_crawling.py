"""When a crawl begins, and that one is enough: its position lies behind what was missing."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from engine.errors import Disconnected
from engine.item import ROOT, Gfid, Place
from engine.plan.dirty import Window
from engine.primary import slices, unnamed
from engine.primary.crawl import BUCKETS, Portion
from engine.session import crawling
from engine.session.crawling import FIRST, MARGIN, Crawling
from engine.session.replicate import Totals
from engine.session.report import Report

T = TypeVar("T")
NOW = 1_795_425_340


class _Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW + 0.5

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Replicator:
    """Makes nothing so, and keeps when it was asked to."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self.began: list[float] = []
        self.windows: list[Window] = []
        self.totals = Totals()

    async def run(self, call: Callable[..., T], *args: object) -> T:
        return call(*args)

    async def make_so(self, window: Window, **_more: object) -> Totals:
        self.began.append(self._clock.now)
        self.windows.append(window)
        return self.totals


class _Position:
    def __init__(self, stime: int) -> None:
        self.stime = stime

    def begin(self, stime: int) -> None:
        self.stime = stime

    def read(self) -> int:
        return self.stime

    def moved(self) -> bool:
        return True


class _Unreconciled:
    def __init__(self, since: int | None = None) -> None:
        self._since = since
        self.born = 0

    async def begin(self, _began: int, _since: int, born: int) -> None:
        self.born = born

    async def follow_from(self, began: int) -> int:
        return began if self._since is None else self._since


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(crawling, "time", made)
    monkeypatch.setattr(slices, "time", made)
    monkeypatch.setattr(crawling.asyncio, "sleep", made.sleep)
    return made


@pytest.fixture
def report(tmp_path: Path) -> Iterator[Report]:
    sink = os.open(tmp_path / "events", os.O_WRONLY | os.O_CREAT)
    yield Report("s", "n:/b", sink)
    os.close(sink)


def _brick(tmp_path: Path, begun: int, *closed: int) -> str:
    """Make a brick whose journal was begun then, and whose index names slices that are gone."""
    root = tmp_path / "brick/.glusterfs/changelogs"
    (root / "htime").mkdir(parents=True)
    (root / "CHANGELOG").touch()
    rows = b"".join(b"%s/CHANGELOG.%d\0" % (os.fsencode(root), ts) for ts in closed)
    (root / f"htime/HTIME.{begun}").write_bytes(rows)
    return str(tmp_path / "brick")


def _fill(brick: Path) -> None:
    """Give a brick three objects, far from each other."""
    for first in ("00", "7f", "ff"):
        folder = brick / ".glusterfs" / first / "00"
        folder.mkdir(parents=True)
        (folder / f"{first}000000-0000-4000-8000-000000000000").touch()


@pytest.mark.parametrize(
    ("begun", "closed", "ended", "latest"),
    [
        pytest.param(NOW - 900, (), 0, 0, id="nothing missing lately"),
        pytest.param(NOW - 900, (NOW - 300,), 0, 0, id="a slice missing for long"),
        pytest.param(NOW, (), 0, NOW, id="switched on a moment ago"),
        pytest.param(NOW - 1, (), 0, NOW - 1, id="switched on a second ago"),
        pytest.param(NOW - 900, (NOW,), 0, NOW + 1, id="a slice gone that has just closed"),
        pytest.param(NOW - 900, (), NOW + 1, NOW + 1, id="a slice damaged that has just closed"),
    ],
)
async def test_one_crawl_is_enough(
    tmp_path: Path,
    clock: _Clock,
    report: Report,
    begun: int,
    closed: tuple[int, ...],
    ended: int,
    latest: int,
) -> None:
    brick = _brick(tmp_path, begun, *closed)
    replicator, position = _Replicator(clock), _Position(0)
    crawl = Crawling(brick, tmp_path, replicator, position, report, _Unreconciled())  # type: ignore[arg-type]
    await crawl.run("history is not complete", ended)
    assert position.stime >= latest
    assert slices.history(brick, position.stime).complete
    assert position.stime <= replicator.began[0] - MARGIN, "what changes from then on is followed"
    assert clock.now == NOW + 0.5 + max(0, latest + MARGIN - NOW), "no longer than needed"


@pytest.mark.parametrize(
    ("missing", "since"),
    [
        pytest.param((), NOW - 900, id="whole"),
        pytest.param((NOW - 800,), NOW - MARGIN, id="a slice is missing"),
    ],
)
async def test_an_added_brick_is_followed_from_where_its_journal_began(
    tmp_path: Path, clock: _Clock, report: Report, missing: tuple[int, ...], since: int
) -> None:
    brick = _brick(tmp_path, NOW - 900, *missing)
    notes, position = _Unreconciled(NOW - 900), _Position(0)
    crawl = Crawling(brick, tmp_path, _Replicator(clock), position, report, notes)  # type: ignore[arg-type]
    await crawl.run("no position yet")
    assert (notes.born, position.stime) == (NOW - 900, since)


async def test_no_clock_that_was_set_back_is_waited_for(
    tmp_path: Path, clock: _Clock, report: Report
) -> None:
    brick = _brick(tmp_path, NOW - 900)
    replicator, position = _Replicator(clock), _Position(NOW + 9999)
    crawl = Crawling(brick, tmp_path, replicator, position, report, _Unreconciled())  # type: ignore[arg-type]
    await crawl.run("the position lies in the future", NOW + 9999)
    assert clock.now - NOW < MARGIN + 2


async def test_without_a_journal_nothing_is_waited_for(
    tmp_path: Path, clock: _Clock, report: Report
) -> None:
    (tmp_path / "brick/.glusterfs").mkdir(parents=True)
    replicator, position = _Replicator(clock), _Position(0)
    crawl = Crawling(
        *(str(tmp_path / "brick"), tmp_path, replicator, position, report, _Unreconciled()),  # type: ignore[arg-type]
        journal=False,
    )
    await crawl.run("again and again")
    assert (clock.now, position.stime) == (NOW + 0.5, NOW - MARGIN)


async def test_a_pause_ends_it_after_a_portion_and_it_goes_on_from_there(
    tmp_path: Path, clock: _Clock, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling, "PORTION", 1)
    brick = _brick(tmp_path, NOW - 900)
    _fill(Path(brick))
    paused = True
    replicator, position = _Replicator(clock), _Position(0)
    crawl = Crawling(
        *(brick, tmp_path, replicator, position, report, _Unreconciled()),  # type: ignore[arg-type]
        paused=lambda: paused,
    )
    await crawl.run("no position yet")
    assert (len(replicator.began), position.stime) == (1, 0)
    assert await crawl.needed() == "an unfinished crawl goes on"
    paused = False
    await crawl.run("it goes on")
    assert len(replicator.began) >= 3
    assert position.stime == NOW - MARGIN, "where it began, not where it went on"


async def test_the_first_portions_are_small_so_that_it_is_soon_seen_to_go_on(
    tmp_path: Path, clock: _Clock, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling, "PORTION", 400)
    sizes: list[int] = []

    def portion(_brick: bytes, bucket: int, size: int) -> Portion:
        sizes.append(size)
        return Portion([], min(BUCKETS, bucket + BUCKETS // 5))

    monkeypatch.setattr(crawling.crawl, "portion", portion)
    brick = _brick(tmp_path, NOW - 900)
    crawl = Crawling(
        *(brick, tmp_path, _Replicator(clock), _Position(0), report, _Unreconciled()),  # type: ignore[arg-type]
    )
    await crawl.run("no position yet")
    assert sizes[:5] == [FIRST, 2 * FIRST, 4 * FIRST, 400, 400]


@pytest.mark.parametrize("restarted", [False, True])
async def test_names_that_are_not_recorded_are_brought_at_its_end(
    tmp_path: Path,
    clock: _Clock,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
    restarted: bool,
) -> None:
    """Also when it was ended between what told of them and their names."""
    gfid, place = Gfid("7f000000-0000-4000-8000-000000000000"), Place(ROOT, b"a")
    monkeypatch.setattr(unnamed, "inodes", lambda _brick, among: dict(enumerate(among)))
    monkeypatch.setattr(unnamed, "walk", lambda _brick, _wanted: iter([[], [(gfid, place)]]))
    brick = _brick(tmp_path, NOW - 900)
    _fill(Path(brick))
    replicator, position = _Replicator(clock), _Position(0)
    replicator.totals.unnamed = True
    crawl = Crawling(brick, tmp_path, replicator, position, report, _Unreconciled())  # type: ignore[arg-type]
    if restarted:
        walk = unnamed.walk
        monkeypatch.setattr(unnamed, "walk", lambda *_: (_ for _ in ()).throw(Disconnected("cut")))
        with pytest.raises(Disconnected):
            await crawl.run("no position yet")
        assert position.stime == 0
        monkeypatch.setattr(unnamed, "walk", walk)
        replicator.totals.unnamed = False
    await crawl.run("no position yet")
    last = replicator.windows[-1]
    assert {g: list(dirty.heard) for g, dirty in last.dirty.items()} == {gfid: [place]}
    assert last.spoken == {gfid}
    assert position.stime
