"""The live changelog: every record once, in order, through every rollover."""

import asyncio
import os
from pathlib import Path

import pytest
from changelogs import HEADERS, any_record, pack, steady
from hypothesis import given
from hypothesis import strategies as st

from engine.item import Gfid
from engine.primary import live
from engine.primary.live import Live
from engine.primary.records import Record

HEADER = HEADERS["v1.2"]


def data(number: int) -> Record:
    return Record("D", Gfid(f"{number:08x}-0000-4000-8000-000000000000"), 0, (), 0)


class Brick:
    """The journal of a brick, written as GlusterFS does."""

    def __init__(self, root: Path) -> None:
        self.path = str(root)
        self.folder = root / ".glusterfs/changelogs"
        self.folder.mkdir(parents=True)
        self.live = self.folder / "CHANGELOG"
        self.closed = 0
        self.begin()

    def begin(self) -> None:
        self.file = os.open(self.live, os.O_CREAT | os.O_RDWR, 0o600)
        os.write(self.file, HEADER)

    def write(self, raw: bytes) -> None:
        os.write(self.file, raw)

    def end(self) -> Path | None:
        """Close the slice; one without records leaves nothing."""
        os.close(self.file)
        if self.live.stat().st_size == len(HEADER):
            self.live.unlink()
            return None
        self.closed += 1
        return self.live.rename(self.folder / f"CHANGELOG.{self.closed}")

    def roll(self) -> Path | None:
        closed = self.end()
        self.begin()
        return closed


@pytest.fixture
def brick(tmp_path: Path) -> Brick:
    return Brick(tmp_path)


def test_records_are_read_as_they_are_written(brick: Brick) -> None:
    reader = Live(brick.path)
    assert reader.read() == []
    brick.write(pack(data(1)))
    assert reader.read() == [data(1)]
    brick.write(pack(data(2)) + pack(data(3))[:-1])
    assert reader.read() == [data(2)]
    brick.write(b"\0")
    assert reader.read() == [data(3)]
    assert (reader.heard, reader.began) == (3, 0)
    reader.close()
    reader.close()


def test_what_was_written_before_the_rollover_is_not_lost(brick: Brick) -> None:
    reader = Live(brick.path)
    brick.write(pack(data(1)))
    reader.read()
    brick.write(pack(data(2)))
    closed = brick.roll()
    brick.write(pack(data(3)))
    assert closed is not None
    assert reader.first(closed, 2) is None, "nothing is known before it was read"
    assert reader.read() == [data(2), data(3)]
    assert reader.first(closed, 2) == 0
    assert reader.first(closed, 3) is None
    assert reader.first(brick.live, 1) is None
    assert reader.began == 2
    reader.close()


def test_a_slice_that_was_not_heard_from_its_beginning_has_no_numbers(brick: Brick) -> None:
    brick.write(pack(data(1)))
    closed = brick.roll()
    assert closed is not None
    reader = Live(brick.path)
    reader.read()
    assert reader.first(closed, 1) is None
    closed.unlink()
    assert reader.first(closed, 1) is None
    reader.close()


def test_a_moment_without_a_live_file_does_no_harm(brick: Brick) -> None:
    reader = Live(brick.path)
    reader.read()
    brick.write(pack(data(1)))
    brick.end()
    assert reader.read() == [data(1)]
    assert reader.read() == []
    brick.begin()
    brick.write(pack(data(2)))
    assert reader.read() == [data(2)]
    reader.close()


@pytest.mark.parametrize("rubbish", [b"Once upon a time\n" * 9, HEADER + b"Zrubbish\0" * 9000])
def test_a_damaged_file_is_for_whoever_reads_the_closed_slice(brick: Brick, rubbish: bytes) -> None:
    brick.end()
    brick.file = os.open(brick.live, os.O_CREAT | os.O_RDWR, 0o600)
    brick.write(rubbish)
    reader = Live(brick.path)
    assert reader.read() == []
    brick.write(pack(data(1)))
    closed = brick.roll()
    brick.write(pack(data(2)))
    assert reader.read()[-1] == data(2)
    assert closed is not None
    assert all(reader.first(closed, count) is None for count in range(3))
    reader.close()


def test_much_is_read_in_portions(brick: Brick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 10)
    monkeypatch.setattr(live, "_PORTION", 100)
    brick.write(b"".join(pack(data(number)) for number in range(95)))
    closed = brick.roll()
    brick.write(pack(data(95)))
    reader = Live(brick.path)
    assert reader.read() == [data(95)]
    found: list[Record] = []
    reader.close()
    assert closed is not None
    closed.rename(brick.live)
    reader = Live(brick.path)
    while more := reader.read():
        assert len(more) < 20
        found += more
    assert found == [data(number) for number in range(95)]
    reader.close()


async def test_it_wakes_when_something_is_written(brick: Brick) -> None:
    reader = Live(brick.path)
    waiting = asyncio.ensure_future(reader.wait())
    await asyncio.sleep(0)
    brick.write(pack(data(1)))
    async with asyncio.timeout(60):
        await waiting
    reader.close()


async def test_without_inotify_it_looks_now_and_then(
    brick: Brick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.inotify, "watching", lambda folders: None)
    reader = Live(brick.path)
    async with asyncio.timeout(60):
        await reader.wait()
    reader.close()


@steady
@given(
    st.lists(st.one_of(any_record, st.sampled_from(["roll", "read"])), max_size=60),
)
def test_every_record_is_heard_once_and_has_its_number(
    tmp_path_factory: pytest.TempPathFactory, acts: list[Record | str]
) -> None:
    brick = Brick(tmp_path_factory.mktemp("brick"))
    reader = Live(brick.path)
    reader.read()
    written: list[Record] = []
    slices: list[tuple[Path, int, int]] = []
    began, held, heard = 0, b"", []
    for act in acts:
        if isinstance(act, Record):
            raw = pack(act)
            cut = len(raw) // 2 if held == b"" else len(raw)
            brick.write(held + raw[:cut])
            held = raw[cut:]
            written.append(act)
        elif act == "read":
            heard += reader.read()
        elif act == "roll":
            brick.write(held)
            held = b""
            closed = brick.roll()
            if closed is not None:
                slices.append((closed, began, len(written) - began))
            began = len(written)
            # A brick closes slices seconds apart; who reads seldom misses some.
            heard += reader.read()
    brick.write(held)
    heard += reader.read()
    assert heard == written
    for path, first, count in slices:
        assert reader.first(path, count) == first
    reader.close()


def test_a_file_is_sound_when_it_is_there_and_all_of_it_is_understood(brick: Brick) -> None:
    reader = Live(brick.path)
    assert not reader.sound, "nothing was read yet"
    brick.write(pack(data(1)))
    reader.read()
    assert reader.sound
    brick.write(b"rubbish\0" + pack(data(2)))
    reader.read()
    assert not reader.sound
    brick.roll()
    reader.read()
    assert reader.sound, "that was the file before"
    brick.end()
    reader.read()
    assert not reader.sound, "the journal was switched off"
    brick.live.write_bytes(b"Once upon a time there was another file.\n")
    reader.read()
    assert not reader.sound
    reader.close()
