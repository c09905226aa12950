"""A stream of contents, from its near end to its far one, through real processes and files."""

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Stop, Usage
from engine.gluster import gfid as gfids
from engine.item import Gfid
from engine.movers import sender, stream
from engine.rpc import pieces
from engine.rpc.pieces import What
from engine.rpc.route import Route
from engine.secondary import receiver

MIB = 1 << 20
HOLE = object()
A = Gfid("00000001-0000-4000-8000-000000000000")
B = Gfid("00000002-0000-4000-8000-000000000000")


def gfid(number: int) -> Gfid:
    return Gfid(f"{number:08x}-0000-4000-8000-000000000000")


@pytest.fixture
def near(tmp_path: Path) -> Path:
    return _mount(tmp_path / "near")


@pytest.fixture
def far(tmp_path: Path) -> Path:
    return _mount(tmp_path / "far")


def _mount(root: Path) -> Path:
    (root / ".gfid").mkdir(parents=True)
    return root


def _put(root: Path, of: Gfid, *parts: tuple[bytes | None, int]) -> Path:
    """Write a file of parts: so many bytes of something, or of nothing."""
    path = root / os.fsdecode(gfids.aux(of))
    with path.open("wb") as file:
        for byte, count in parts:
            if byte is None:
                file.truncate(file.tell() + count)
                file.seek(count, os.SEEK_CUR)
            else:
                file.write(byte * count)
    return path


def _send(near: Path, far: Path, *asked: Gfid) -> tuple[int, dict[Gfid, int], int, dict[Gfid, str]]:
    there = [sys.executable, "-m", "engine", "receive", str(far)]
    said = subprocess.run(
        [sys.executable, "-m", "engine.movers.sender", str(near), *there],
        input=b"".join(one.encode() + b"\0" for one in asked),
        capture_output=True,
        check=False,
    )
    assert said.stderr == b""
    return said.returncode, *stream.told(said.stdout)


X, Y = b"x", b"y"


@pytest.mark.parametrize(
    "new",
    [
        pytest.param((), id="empty"),
        pytest.param(((X, 5),), id="small"),
        pytest.param(((X, MIB), (Y, MIB), (X, 1)), id="several pieces"),
        pytest.param(((X, MIB), (None, 4 * MIB), (Y, MIB)), id="a hole inside"),
        pytest.param(((None, 4 * MIB), (Y, 9)), id="a hole in front"),
        pytest.param(((Y, 9), (None, 4 * MIB)), id="a hole behind"),
        pytest.param(((None, 4 * MIB),), id="nothing but a hole"),
    ],
)
@pytest.mark.parametrize(
    "old",
    [
        pytest.param((), id="over nothing"),
        pytest.param(((b"o", 3),), id="over less"),
        pytest.param(((b"o", 9 * MIB),), id="over more"),
        pytest.param(((None, 9 * MIB),), id="over a hole"),
    ],
)
def test_contents_arrive_and_holes_stay(
    near: Path,
    far: Path,
    new: tuple[tuple[bytes | None, int], ...],
    old: tuple[tuple[bytes | None, int], ...],
) -> None:
    source, there = _put(near, A, *new), _put(far, A, *old)
    there.chmod(0o4640)
    inode = there.stat().st_ino
    code, moved, came, failed = _send(near, far, A)
    data = sum(count for byte, count in new if byte)
    assert (code, failed) == (0, {})
    assert moved == {A: source.stat().st_size}
    assert data <= came <= data + 4096
    assert there.read_bytes() == source.read_bytes()
    status = there.stat()
    assert (status.st_ino, status.st_mode) == (inode, 0o104640)
    assert status.st_blocks * 512 <= data + 2 * 4096, "a hole takes no space"


def test_one_bad_file_stops_no_other(near: Path, far: Path) -> None:
    for number in (1, 3, 4, 5):
        _put(near, gfid(number), (X, 2 * MIB))
    for number in (1, 2, 4):
        _put(far, gfid(number), (b"o", 7))
    bait = far / "bait"
    bait.write_bytes(b"bait")
    (far / os.fsdecode(gfids.aux(gfid(5)))).symlink_to(bait)
    code, moved, _, failed = _send(near, far, *map(gfid, (1, 2, 3, 4, 5)))
    assert code == 0
    assert moved.keys() == {gfid(1), gfid(4)}
    assert failed[gfid(2)] == "the primary says: No such file or directory"
    assert failed[gfid(3)] == "the secondary says: No such file or directory"
    assert failed[gfid(5)] == "the secondary says: Too many levels of symbolic links"
    assert not (far / os.fsdecode(gfids.aux(gfid(3)))).exists(), "nothing is created"
    assert bait.read_bytes() == b"bait"
    assert (far / os.fsdecode(gfids.aux(gfid(2)))).read_bytes() == b"o" * 7


def _stream(*parts: bytes) -> bytes:
    data = b"".join(pieces.head(What.DATA, A, 4 * n, 4) + b"data" for n in range(3))
    return data + pieces.head(What.END, A, 12) + b"".join(parts)


@pytest.mark.parametrize("cut", range(len(_stream()) + 1))
def test_a_stream_that_is_cut_anywhere_says_so(
    far: Path, cut: int, capsys: pytest.CaptureFixture[str]
) -> None:
    _put(far, A)
    source = far / "stream"
    source.write_bytes(_stream()[:cut])
    taker = receiver.Receiver(os.fsencode(far))
    with source.open("rb", buffering=0) as file:
        whole = taker.take(file)
    told = capsys.readouterr().out
    end = cut == len(_stream())
    assert bool(told) is end
    assert whole is (end or cut == 0)


def test_a_failing_write_is_told_once_and_the_rest_skipped(
    far: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(far, A)
    _put(far, B)
    write = os.pwrite

    def full(file: int, data: bytes, at: int) -> int:
        if at == 4:
            raise OSError(28, "No space left on device")
        return write(file, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    source = far / "stream"
    source.write_bytes(_stream(pieces.head(What.END, B, 3)))
    with source.open("rb", buffering=0) as file:
        assert receiver.Receiver(os.fsencode(far)).take(file)
    moved, _, failed = stream.told(capsys.readouterr().out.encode())
    assert moved == {B: 3}
    assert failed == {A: "the secondary says: No space left on device"}


@given(st.sampled_from(What), st.uuids(), st.integers(0, 2**64 - 1), st.integers(0, MIB))
def test_heads_round_trip(what: What, raw: object, at: int, length: int) -> None:
    one = Gfid(str(raw))
    assert pieces.parse(pieces.head(what, one, at, length)) == (what, one, at, length)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\0" * pieces.SIZE, id="no such piece"),
        pytest.param(b"\1", id="too short"),
        pytest.param(struct.pack(">B16sQI", 1, b"g" * 16, 0, MIB + 1), id="too long a piece"),
    ],
)
def test_what_is_no_head_stops(data: bytes) -> None:
    with pytest.raises(Stop):
        pieces.parse(data)


def test_receive_says_what_it_needs() -> None:
    with pytest.raises(Usage, match="one directory"):
        receiver.main([])


def test_only_whole_lines_of_the_far_end_are_believed() -> None:
    out = f"Welcome to sec1!\n{A} 5 3\n{B} ! the primary says: x\n{A} 5\n{B} 7 7 7\n\xff {A} 1 1\n"
    assert stream.told(out.encode("latin-1")) == ({A: 5}, 3, {B: "the primary says: x"})


def test_the_command_goes_the_same_way_as_all_others() -> None:
    route = Route(host="::1", user="u", key="/k", command="/opt/g eorep x")
    words = stream.command(route, b"/m\xff", b"/run/georep/a b", route.openssh())
    assert words[3] == b"/m\xff"
    assert words[-3:] == ["--", "::1", "/opt/g eorep x receive '/run/georep/a b'"]
    assert "-oBatchMode=yes" in words


def test_a_file_system_without_holes_is_read_in_full(
    near: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_file: int, _at: int, _whence: int) -> int:
        raise OSError(22, "Invalid argument")

    path = _put(near, A, (None, MIB), (X, 5))
    monkeypatch.setattr(os, "lseek", refuse)
    with path.open("rb") as file:
        assert list(sender.extents(file.fileno(), MIB + 5)) == [(0, MIB + 5)]


def test_a_far_side_that_hangs_ends_it(near: Path) -> None:
    _put(near, A, (X, 4 * MIB))
    lines = "import sys; from engine.movers import sender; sender.STALLED = 1; "
    lines += "sys.exit(sender.main(sys.argv[1:]))"
    argv = [sys.executable, "-c", lines, str(near), "sleep", "1000"]
    said = subprocess.run(argv, input=A.encode() + b"\0", check=False, timeout=60)
    assert said.returncode == -signal.SIGALRM


def test_what_fails_behind_a_cache_is_told_at_the_close(
    far: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _put(far, A)
    source = far / "stream"
    source.write_bytes(_stream())
    close = os.close

    def full(file: int) -> None:
        mine = os.readlink(f"/proc/self/fd/{file}") == str(path)
        close(file)
        if mine:
            raise OSError(122, "Disk quota exceeded")

    with source.open("rb", buffering=0) as file:
        monkeypatch.setattr(os, "close", full)
        assert receiver.Receiver(os.fsencode(far)).take(file)
    assert stream.told(capsys.readouterr().out.encode()) == (
        {},
        0,
        {A: "the secondary says: Disk quota exceeded"},
    )
