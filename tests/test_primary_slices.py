import asyncio
import os
import shutil
import time
from pathlib import Path

import pytest
from changelogs import steady
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Retry
from engine.primary import inotify, slices
from engine.primary.catalogue import Catalogue, ClosedSlice
from engine.primary.slices import Follower, HistoryBroken

GOLDEN = Path(__file__).parent / "golden" / "changelogs"
NOW = int(time.time())
DAY = 86400


class Brick:
    """A changelog directory as a brick would leave it."""

    def __init__(self, root: Path, *, begun: int) -> None:
        self.path = str(root)
        self.changelogs = root / ".glusterfs/changelogs"
        (self.changelogs / "htime").mkdir(parents=True)
        self.live = self.changelogs / "CHANGELOG"
        self.switch_on(begun)

    def switch_on(self, ts: int) -> None:
        self.htime = self.changelogs / f"htime/HTIME.{ts}"
        self.htime.touch()
        self.live.touch()

    def place(self, ts: int) -> Path:
        return self.changelogs / time.strftime("%Y/%m/%d", time.gmtime(ts)) / f"CHANGELOG.{ts}"

    def rename(self, ts: int) -> Path:
        place = self.place(ts)
        place.parent.mkdir(parents=True, exist_ok=True)
        self.live.rename(place)
        self.live.touch()
        return place

    def name(self, path: Path, *, empty: bool = False) -> None:
        name = path.name.lower() if empty else path.name
        with self.htime.open("ab") as file:
            file.write(os.fsencode(path.with_name(name)) + b"\0")

    def close(self, ts: int, *, empty: bool = False) -> ClosedSlice:
        if empty:
            self.name(self.place(ts), empty=True)
            return ClosedSlice(ts, None)
        place = self.rename(ts)
        self.name(place)
        return ClosedSlice(ts, place)


@pytest.fixture
def brick(tmp_path: Path) -> Brick:
    return Brick(tmp_path / "b", begun=NOW - 3 * DAY)


def test_a_real_brick(tmp_path: Path) -> None:
    root = tmp_path / "b/.glusterfs/changelogs"
    shutil.copytree(GOLDEN / "prim1-b2", root)
    brick = str(tmp_path / "b")
    found = slices.closed(brick, 1795425326)
    assert len(found) == 77
    assert [one.ts for one in found if one.path] == [
        *(1795425340, 1795425384, 1795425398, 1795425878, 1795425908, 1795426034)
    ]
    assert slices.closed(brick, 1795425384)[0] == ClosedSlice(
        1795425384, root / "2026/11/23/CHANGELOG.1795425384"
    )
    assert slices.closed(brick, 1795426441) == []
    # The clock of whoever runs this test may be before that of the brick.
    assert [
        gap for gap in slices.history(brick, 1795425383).gaps if "future" not in gap.reason
    ] == []


def test_slices_with_and_without_records_in_order(brick: Brick) -> None:
    expected = [
        brick.close(NOW - 2 * DAY),
        brick.close(NOW - 2 * DAY + 15, empty=True),
        brick.close(NOW - 30),
        brick.close(NOW - 15, empty=True),
    ]
    catalogue = Catalogue(brick.path, NOW - 3 * DAY)
    assert catalogue.read() == (expected, [])
    assert catalogue.read() == ([], [])
    later = brick.close(NOW)
    assert catalogue.read() == ([later], [])
    assert slices.closed(brick.path, NOW - 30) == [*expected[2:], later]
    assert slices.history(brick.path, NOW - 3 * DAY) == (True, "", ())


def test_what_a_former_run_left_is_found(brick: Brick) -> None:
    follower = Follower(brick.path, NOW - 100)
    first = brick.close(NOW - 60)
    assert follower.new() == [first]
    left = brick.rename(NOW - 40)
    after = brick.close(NOW - 20)
    assert follower.new() == [ClosedSlice(NOW - 40, left), after]
    assert follower.new() == []
    follower.close()
    follower.close()


def test_a_slice_before_htime_names_it(brick: Brick) -> None:
    catalogue = Catalogue(brick.path, NOW - 100)
    place = brick.rename(NOW - 50)
    assert catalogue.read() == ([ClosedSlice(NOW - 50, place)], [])
    brick.name(place)
    assert catalogue.read() == ([], [])


def test_the_flat_layout(brick: Brick) -> None:
    expected = []
    catalogue = None
    for ts in (NOW - 60, NOW - 45):
        place = brick.changelogs / f"CHANGELOG.{ts}"
        place.touch()
        brick.name(place)
        expected.append(ClosedSlice(ts, place))
        catalogue = catalogue or Catalogue(brick.path, NOW - 3 * DAY)
        assert catalogue.read() == ([expected[-1]], [])
    assert slices.closed(brick.path, NOW - 3 * DAY) == expected


def test_a_file_in_another_days_directory(brick: Brick) -> None:
    place = brick.rename(NOW - 5000)
    other = brick.changelogs / "2020/01/01"
    brick.name(other / place.name)
    assert Catalogue(brick.path, NOW - 6000).read() == ([ClosedSlice(NOW - 5000, place)], [])


def test_a_missing_slice_is_a_gap(brick: Brick) -> None:
    brick.close(NOW - 60, empty=True)
    for ts in (NOW - 45, NOW - 30):
        brick.close(ts)
        brick.place(ts).unlink()
    brick.close(NOW - 15)
    history = slices.history(brick.path, NOW - 100)
    assert not history.complete
    assert "is missing" in history.reason
    assert [gap[:2] for gap in history.gaps] == [(NOW - 60, NOW - 29)]
    assert slices.history(brick.path, NOW - 20).complete
    follower = Follower(brick.path, NOW - 100)
    with pytest.raises(HistoryBroken, match="is missing") as caught:
        follower.new()
    assert caught.value.gaps == history.gaps
    follower.close()


def test_off_and_on_is_a_gap(brick: Brick) -> None:
    brick.close(NOW - 60)
    follower = Follower(brick.path, NOW - 100)
    assert len(follower.new()) == 1
    brick.close(NOW - 50)
    brick.switch_on(NOW - 30)
    brick.close(NOW - 15)
    with pytest.raises(HistoryBroken, match="the journal was off"):
        follower.new()
    follower.close()
    assert [gap[:2] for gap in slices.history(brick.path, NOW - 55).gaps] == [(NOW - 50, NOW - 30)]
    assert slices.history(brick.path, NOW - 30).complete


def test_older_than_the_journal_is_a_gap(brick: Brick) -> None:
    history = slices.history(brick.path, NOW - 4 * DAY)
    assert [gap[:2] for gap in history.gaps] == [(NOW - 4 * DAY, NOW - 3 * DAY)]


def test_two_slices_of_one_second_are_a_gap(brick: Brick) -> None:
    brick.close(NOW - 60)
    brick.close(NOW - 60)
    assert "only the second is left" in slices.history(brick.path, NOW - 70).reason


def test_an_older_slice_is_never_told_behind_a_younger(brick: Brick) -> None:
    follower = Follower(brick.path, NOW - 100)
    brick.close(NOW - 30)
    assert len(follower.new()) == 1
    brick.close(NOW - 40, empty=True)
    assert follower.new() == []
    brick.close(NOW - 50)
    with pytest.raises(HistoryBroken, match="behind younger ones"):
        follower.new()
    follower.close()


def test_a_clock_set_back_is_a_gap(brick: Brick) -> None:
    follower = Follower(brick.path, NOW - 100)
    assert follower.new() == []
    brick.close(NOW - 3600)
    with pytest.raises(HistoryBroken, match="behind younger ones"):
        follower.new()
    follower.close()
    assert "in the future" in slices.history(brick.path, NOW + 3600).reason


def test_a_damaged_index_hides_no_records(brick: Brick) -> None:
    expected = [brick.close(NOW - 60), brick.close(NOW - 45)]
    brick.htime.write_bytes(bytes(500) + b"?" * 500)
    assert Catalogue(brick.path, NOW - 100).read() == (expected, [])


def test_an_index_that_shrank_is_read_again(brick: Brick) -> None:
    catalogue = Catalogue(brick.path, NOW - 100)
    brick.close(NOW - 60, empty=True)
    brick.close(NOW - 50, empty=True)
    assert len(catalogue.read()[0]) == 2
    brick.htime.write_bytes(b"")
    last = brick.close(NOW - 40, empty=True)
    assert catalogue.read() == ([last], [])


def test_an_index_without_any_end(brick: Brick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.primary.catalogue._PORTION", 64)
    brick.htime.write_bytes(b"?" * 1000 + b"\0")
    brick.close(NOW - 60, empty=True)
    assert Catalogue(brick.path, NOW - 100).read()[1] == []


def test_a_directory_is_listed_again_when_it_changed(brick: Brick) -> None:
    first = brick.close(NOW - 60)
    folder = brick.place(NOW - 60).parent
    os.utime(folder, (NOW - 60, NOW - 60))
    catalogue = Catalogue(brick.path, NOW - 100)
    assert catalogue.read() == ([first], [])
    assert catalogue.read() == ([], [])
    left = ClosedSlice(NOW - 50, folder / f"CHANGELOG.{NOW - 50}")
    brick.live.rename(folder / f"CHANGELOG.{NOW - 50}")
    assert catalogue.read() == ([left], [])


def test_what_was_told_is_forgotten_after_days(brick: Brick) -> None:
    catalogue = Catalogue(brick.path, NOW - 20 * DAY)
    for days in (19, 10, 1):
        brick.close(NOW - days * DAY)
    catalogue.read()
    assert list(catalogue._told.values()) == [NOW - DAY]
    assert catalogue.read()[0] == []


@pytest.mark.parametrize("missing", [".glusterfs/changelogs", ".glusterfs/changelogs/htime"])
def test_no_journal(brick: Brick, missing: str) -> None:
    shutil.rmtree(Path(brick.path, missing))
    history = slices.history(brick.path, NOW - 60)
    assert history.reason == "the brick has no journal"
    assert history.gaps[0].start == NOW - 60
    assert Follower(brick.path, NOW)._inotify is None


def test_no_index(brick: Brick) -> None:
    brick.htime.unlink()
    assert slices.history(brick.path, NOW - 60).reason == "the brick's journal has no index"


def test_no_brick(tmp_path: Path) -> None:
    with pytest.raises(Retry, match="there is no brick"):
        slices.history(str(tmp_path), NOW)


def test_no_live_file_means_off(brick: Brick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_NO_LIVE", 0.05)
    follower = Follower(brick.path, NOW - 60)
    brick.live.unlink()
    assert follower.new() == []
    time.sleep(0.06)
    with pytest.raises(HistoryBroken, match="journal is off"):
        follower.new()
    assert slices.history(brick.path, NOW - 60).reason.startswith("the journal is off")
    brick.live.touch()
    assert follower.new() == []
    follower.close()


@steady
@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from("frel")), max_size=25))
def test_any_history_is_told_in_order_and_in_full(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    """f: closed with records. e: without. r: left by a former run. l: look now."""
    root = tmp_path_factory.mktemp("b")
    brick = Brick(root, begun=NOW - 2000)
    catalogue = Catalogue(brick.path, NOW - 1500)
    ts, expected, told = NOW - 1400, [], []
    for step, what in steps:
        ts += step
        match what:
            case "l":
                found, gaps = catalogue.read()
                assert gaps == []
                told += found
            case "r":
                expected.append(ClosedSlice(ts, brick.rename(ts)))
            case _:
                expected.append(brick.close(ts, empty=what == "e"))
    told += catalogue.read()[0]
    assert told == expected
    shutil.rmtree(root)


async def test_a_follower_wakes_when_a_slice_closes(
    brick: Brick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "POLL", 1000.0)
    follower = Follower(brick.path, NOW - 100)
    assert follower.new() == []
    async with asyncio.TaskGroup() as group, asyncio.timeout(60):
        waiting = group.create_task(follower.wait())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        brick.live.write_bytes(b"records do not wake it")
        await asyncio.sleep(0.02)
        assert not waiting.done()
        one = brick.close(NOW - 50)
        await waiting
    assert follower.new() == [one]
    two = brick.close(NOW - 40, empty=True)
    async with asyncio.timeout(60):
        await follower.wait()
    assert follower.new() == [two]
    follower.close()


async def test_a_follower_looks_even_if_nothing_wakes_it(
    brick: Brick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "POLL", 0.05)
    follower = Follower(brick.path, NOW - 100)
    await follower.wait()
    follower.close()

    def too_many(_self: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(inotify.Inotify, "__init__", too_many)
    follower = Follower(brick.path, NOW - 100)
    await follower.wait()
    follower.close()


def test_inotify_says_why_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = inotify.Inotify()
    with pytest.raises(FileNotFoundError):
        watcher.watch(os.fsencode(tmp_path / "gone"), inotify.CREATE)
    watcher.drain()
    watcher.close()
    monkeypatch.setattr(inotify._libc, "inotify_init1", lambda _flags: -1)
    with pytest.raises(OSError, match="inotify_init1"):
        inotify.Inotify()
