"""What movers read and what they believe: nothing that rsync says of itself."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from engine import events
from engine.errors import Retry
from engine.gluster import gfid as gfids
from engine.item import ROOT, Attributes, Gfid, Item, Kind, Place
from engine.movers import push, rsync
from engine.movers.rsync import Job
from engine.rpc.messages import Found, Seen
from engine.rpc.ssh import Route
from engine.session.bulk import Bulk
from engine.session.report import Report

A = Gfid("00000001-0000-4000-8000-000000000000")
STATS = b"""
Number of files: 2 (reg: 1, dir: 1)
Number of regular files transferred: 1,234
Total file size: 5,242,880 bytes
Literal data: 52,624 bytes
Matched data: 5190256 bytes
Total bytes sent: 61,845
"""


def _item(size: int) -> Item:
    attributes = Attributes(stat.S_IFREG | 0o644, 0, 0, size, 1, 1)
    return Item(gfid=A, kind=Kind.FILE, names=(Place(ROOT, b"f"),), attributes=attributes)


def _mount(tmp_path: Path, content: bytes) -> bytes:
    (tmp_path / ".gfid").mkdir()
    (tmp_path / os.fsdecode(gfids.aux(A))).write_bytes(content)
    return os.fsencode(tmp_path)


@pytest.mark.parametrize(
    ("looked", "content", "pushed"),
    [
        pytest.param(3, b"abc", b"abc", id="as it was looked at"),
        pytest.param(3, b"abcde", b"abcde", id="grown since: what is read counts"),
        pytest.param(3, b"", b"", id="cut since"),
        pytest.param(3, b"x" * 9, None, id="grown beyond the limit"),
        pytest.param(9, b"x", None, id="was beyond the limit"),
    ],
)
def test_push(tmp_path: Path, looked: int, content: bytes, pushed: bytes | None) -> None:
    loaded = push.load(_mount(tmp_path, content), _item(looked), 8)
    if pushed is None:
        assert loaded is None
    else:
        assert loaded is not None
        assert (loaded.data, loaded.attributes.size) == (pushed, len(pushed))


@pytest.mark.parametrize(
    ("out", "expected"),
    [(STATS, (1234, 52624, 5190256, 61845)), (b"", (0, 0, 0, 0)), (b"\xff: 3", (0, 0, 0, 0))],
    ids=["stats", "nothing", "rubbish"],
)
def test_figures(out: bytes, expected: tuple[int, int, int, int]) -> None:
    assert rsync.figures(out) == expected


@dataclass
class _There:
    """The far side's sizes."""

    size: int | None
    asked: list[Gfid] = field(default_factory=list)

    async def lookup(self, gfids: list[Gfid]) -> Found:
        self.asked += gfids
        seen = None
        if self.size is not None:
            attributes = Attributes(stat.S_IFREG, 0, 0, self.size, 1, 1)
            seen = Seen(A, Kind.FILE, attributes, 1)
        return Found(id=1, gfids=(seen,), places=())


@pytest.mark.parametrize(
    ("code", "moved", "size", "whole", "fault"),
    [
        pytest.param(0, 1, 9, True, "", id="arrived"),
        pytest.param(0, 1, 4, False, "", id="exit 0 and half of it there"),
        pytest.param(23, 1, 9, True, "", id="some other file failed"),
        pytest.param(0, 0, 0, False, "rsync moved nothing", id="exit 0 and nothing moved"),
        pytest.param(0, 0, 9, False, "rsync moved nothing", id="right size, old content"),
        pytest.param(12, 0, None, False, "rsync failed", id="no rsync there"),
    ],
)
async def test_bulk_believes_the_far_side_only(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    moved: int,
    size: int | None,
    whole: bool,
    fault: str,
) -> None:
    async def run(*_args: object, **_more: object) -> Job:
        return Job(1, moved, 10, 0, 9, 0.1, code, "said")

    async def call(function, *args):  # type: ignore[no-untyped-def]
        return function(*args)

    monkeypatch.setattr(rsync, "run", run)
    journal = tmp_path / "events"
    sink = os.open(journal, os.O_WRONLY | os.O_CREAT)
    mount = _mount(tmp_path, b"123456789")
    bulk = Bulk(
        Route(host="h"),
        _There(size),  # type: ignore[arg-type]
        Report("s", "n:/b", sink),
        here=mount,
        there=b"/there",
        jobs=3,
        program="rsync",
        options="",
    )
    try:
        if fault:
            with pytest.raises(Retry) as raised:
                await bulk.bring([_item(9)], call)
            assert raised.value.cause == fault
        else:
            brought = await bulk.bring([_item(9)], call)
            assert bool(brought.whole) is whole
            assert bool(brought.short) is not whole
    finally:
        os.close(sink)
    told = [events.decode(line) for line in journal.read_bytes().splitlines()]
    (job,) = [event for event in told if isinstance(event, events.JobFinished)]
    assert (job.code, job.moved, job.short) == (code, moved, int(not whole))


async def test_only_files_with_holes_go_with_sparse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    B = Gfid("00000002-0000-4000-8000-000000000000")
    mount = _mount(tmp_path, b"1" * (1 << 20))
    with (tmp_path / os.fsdecode(gfids.aux(B))).open("wb") as file:
        file.truncate(1 << 20)
    ran: dict[Gfid, str] = {}

    async def run(*args: Sequence[Gfid], options: str, **_more: object) -> Job:
        ran.update(dict.fromkeys(args[-1], options))
        return Job(1, 1, 10, 0, 9, 0.1, 0, "")

    async def call(function, *args):  # type: ignore[no-untyped-def]
        return function(*args)

    monkeypatch.setattr(rsync, "run", run)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        bulk = Bulk(
            *(Route(host="h"), _There(1 << 20), Report("s", "n:/b", sink)),  # type: ignore[arg-type]
            here=mount,
            there=b"/there",
            jobs=3,
            program="rsync",
            options="-x",
        )
        both = [_item(1 << 20), msgspec.structs.replace(_item(1 << 20), gfid=B)]
        brought = await bulk.bring(both, call)
    finally:
        os.close(sink)
    assert brought.whole.keys() == {A, B}
    assert ran == {A: "-x", B: "--sparse -x"}


def test_names_for_rsync_never_look_like_options_or_hosts() -> None:
    words = rsync.command(Route(host="::1", user="u", key="/k"), b"/here", b"/there", "rsync", "-x")
    assert words[-2:] == [b"/here/./", b"[::1]:/there/"]
    assert "-x" in words
    assert "--existing" in words
    assert "-t" not in words
