import contextlib
import errno
import os
import types
from pathlib import Path

import pytest
from changelogs import steady
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Stop
from engine.gluster import xattrs
from engine.gluster.xattrs import Malformed, Mark, Mdata, VolumeMark

P, S = "070cf97e-90df-46e5-9979-426af881521a", "3b88c8c8-2daf-4c48-957c-bf67dca44fa6"
MARK = bytes.fromhex("0100070cf97e90df46e59979426af881521a006b04cad70007dfa1")
MDATA = bytes.fromhex(
    "01000000000000000000000000"
    "6b04cb370000000027496724000000003a7b8372000000002f075f79000000004d1e6e800000000000000000"
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="trusted.* is for root")


def test_values_come_back_and_missing_is_none(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "f")
    Path(os.fsdecode(path)).touch()
    assert xattrs.get(path, b"user.a") is None
    xattrs.put(path, b"user.a", b"\0\xff")
    xattrs.put(path, b"user.b", b"")
    assert xattrs.get(path, b"user.a") == b"\0\xff"
    assert sorted(xattrs.names(path)) == [b"user.a", b"user.b"]
    assert xattrs.get_all(path) == {b"user.a": b"\0\xff", b"user.b": b""}
    assert xattrs.remove(path, b"user.a")
    assert not xattrs.remove(path, b"user.a")


def test_errors_have_the_name_of_the_file(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "gone")
    for call in (
        lambda: xattrs.get(path, b"user.a"),
        lambda: xattrs.get_all(path),
        lambda: xattrs.names(path),
        lambda: xattrs.put(path, b"user.a", b""),
        lambda: xattrs.remove(path, b"user.a"),
    ):
        with pytest.raises(FileNotFoundError) as caught:
            call()
        assert caught.value.filename == path
    with pytest.raises(OSError, match="Bad file descriptor") as without:
        xattrs.names(9999)
    assert without.value.errno == errno.EBADF
    assert without.value.filename is None


def test_symlinks_are_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "t", tmp_path / "l"
    target.touch()
    link.symlink_to(target)
    xattrs.put(target, b"user.a", b"1")
    assert xattrs.get_all(link) == {}


@as_root
def test_stime_is_written_for_us_and_for_gsyncd(tmp_path: Path) -> None:
    brick = os.fsencode(tmp_path)
    assert xattrs.read_stime(brick, P, S) is None
    xattrs.write_stime(brick, P, S, Mark(1795423482))
    assert xattrs.read_stime(brick, P, S) == Mark(1795423482, 0)
    value = bytes.fromhex("6b03fcfa00000000")
    assert xattrs.get_all(brick) == {
        f"trusted.glusterfs.{P}.{S}.stime".encode(): value,
        f"trusted.glusterfs.{P}.{S}.entry_stime".encode(): value,
    }
    xattrs.put(brick, xattrs.stime_name(P, S), b"short")
    with pytest.raises(Malformed, match="5 bytes"):
        xattrs.read_stime(brick, P, S)


@as_root
def test_gfid_of_an_object(tmp_path: Path) -> None:
    assert xattrs.gfid(tmp_path) is None
    xattrs.put(tmp_path, xattrs.GFID, bytes(15) + b"\1")
    assert xattrs.gfid(tmp_path) == "00000000-0000-0000-0000-000000000001"


@steady
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_marks_round_trip(seconds: int, micros: int) -> None:
    mark = Mark(seconds, micros)
    assert xattrs.unpack_mark(xattrs.pack_mark(mark)) == mark


def test_volume_marks() -> None:
    own = xattrs.unpack_volume_mark(MARK)
    assert own == VolumeMark(P, False, Mark(1795476183, 516001), None)
    assert xattrs.unpack_volume_mark(MARK + b"\0\0\1\0") == own._replace(expires=256)
    assert xattrs.volume_mark_name(P) == f"trusted.glusterfs.volume-mark.{P}".encode()


def test_times_as_glusterfs_shows_them() -> None:
    assert xattrs.unpack_mdata(MDATA) == Mdata(
        ctime=1795476279_659121956, mtime=981173106_789012345, atime=1293840000_000000000
    )


@steady
@given(st.binary(max_size=70))
def test_any_bytes_are_a_layout_or_malformed(value: bytes) -> None:
    for unpack in (xattrs.unpack_mark, xattrs.unpack_volume_mark, xattrs.unpack_mdata):
        with contextlib.suppress(Malformed):
            unpack(value)
    xattrs.parse_node_uuids(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"", ()), (b"\0", ()), (b"a b\0", ("a", "b")), (b"a a", ("a", "a")), (b"a ", ("a",))],
)
def test_node_uuids(value: bytes, expected: tuple[str, ...]) -> None:
    assert xattrs.parse_node_uuids(value) == expected


def test_another_module_of_the_same_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xattrs, "xattr", types.SimpleNamespace(getxattr=None, __file__="/x.py"))
    with pytest.raises(Stop, match="not pyxattr's"):
        xattrs.check()
