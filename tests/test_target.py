"""What every method of a target promises to the rules: in memory, and in a real directory."""

import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import directories
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_target import MemoryTarget
from test_apply import LEAVES, A, B, C, D, item

from engine.item import ROOT, Gfid, Holder, Kind, NotEmpty, Place
from engine.secondary import attributes, taking
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble

AT_A, AT_B, AT_C = Place(ROOT, b"a"), Place(ROOT, b"\xff\n"), Place(ROOT, b"c" * 255)
K4 = 4096
HARD = tuple(kind for kind in LEAVES)


class Unwatched(MemoryTarget):
    """One that does not mind who calls it without a lock: what locks are for, the rules know."""

    def _must_hold(self, *keys: Gfid | Place) -> None:
        pass


@pytest.fixture(params=["memory", "directory"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    if request.param == "memory":
        yield Unwatched()
        return
    made = directories.made(tmp_path)
    yield made
    made.close()
    assert directories.faults(tmp_path) == []


def make(target: Target, gfid: Gfid, place: Place, kind: Kind = Kind.FILE) -> None:
    target.create(item(gfid, place, kind=kind, target=b"t" if kind is Kind.SYMLINK else b""), place)


def links(target: Target, gfid: Gfid) -> int:
    seen = target.seen(gfid)
    return 0 if seen is None else seen.links


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_created_is_seen_by_gfid_and_by_place(target: Target, kind: Kind) -> None:
    assert target.seen(A) is None
    assert target.at(AT_A) is None
    make(target, A, AT_A, kind)
    seen = target.seen(A)
    assert seen is not None
    assert seen == target.at(AT_A)
    assert (seen.gfid, seen.kind, seen.attributes.uid, seen.attributes.gid) == (A, kind, 5, 6)
    if kind is not Kind.DIRECTORY:
        assert seen.links == 1
    if kind is not Kind.SYMLINK:
        assert stat.S_IMODE(seen.attributes.mode) == 0o640
    assert target.find(A) == [AT_A]


@pytest.mark.parametrize("follows", [False, True], ids=["with its content", "content follows"])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_created_is_whole_and_so_it_is_said(
    target: Target, kind: Kind, *, follows: bool
) -> None:
    data = b"content" if kind is Kind.FILE and not follows else None
    shall = item(
        *(A, AT_A),
        kind=kind,
        target=b"t" if kind is Kind.SYMLINK else b"",
        data=data,
        data_follows=follows,
        xattrs={b"user.a": b"1"} if kind in (Kind.FILE, Kind.DIRECTORY) else None,
    )
    made = target.create(shall, AT_A)
    assert made == target.seen(A)
    assert (made.attributes.mtime == shall.attributes.mtime) is not follows
    assert made.attributes.size == len(data) if data else True
    if shall.xattrs is not None:
        assert not target.set_xattrs(A, shall.xattrs)


@pytest.mark.parametrize("there", [Kind.DIRECTORY, Kind.FILE, Kind.SYMLINK])
@pytest.mark.parametrize("kind", [Kind.DIRECTORY, Kind.FILE, Kind.SYMLINK])
def test_a_taken_place_is_refused_and_nothing_is_made(
    target: Target, kind: Kind, there: Kind
) -> None:
    make(target, A, AT_A, there)
    with pytest.raises(FileExistsError):
        make(target, B, AT_A, kind)
    assert target.seen(B) is None
    assert links(target, A) >= 1
    make(target, B, AT_B, kind)
    assert target.find(B) == [AT_B]


@pytest.mark.parametrize("kind", list(Kind))
def test_without_its_directory_nothing_is_made(target: Target, kind: Kind) -> None:
    assert target.at(Place(B, b"x")) is None
    with pytest.raises(FileNotFoundError):
        make(target, A, Place(B, b"x"), kind)
    assert target.seen(A) is None


@pytest.mark.parametrize("kind", HARD)
def test_names_come_and_go_and_with_the_last_the_object(target: Target, kind: Kind) -> None:
    make(target, A, AT_A, kind)
    target.link(A, AT_B)
    target.link(A, AT_C)
    assert links(target, A) == 3
    for taken in (AT_A, AT_B):
        with pytest.raises(FileExistsError):
            target.link(A, taken)
    target.unlink(AT_A)
    assert (links(target, A), target.at(AT_A)) == (2, None)
    assert set(target.find(A)) == {AT_B, AT_C}
    target.unlink(AT_B)
    target.unlink(AT_C)
    assert target.seen(A) is None
    assert target.find(A) == []
    make(target, A, AT_A, kind)
    assert links(target, A) == 1


def test_what_is_not_there_gets_no_name(target: Target) -> None:
    with pytest.raises(FileNotFoundError):
        target.link(A, AT_A)
    make(target, A, AT_A)
    with pytest.raises(FileNotFoundError):
        target.link(A, Place(B, b"x"))
    assert links(target, A) == 1


def test_a_directory_moves_with_everything_in_it(target: Target) -> None:
    make(target, A, AT_A, Kind.DIRECTORY)
    make(target, B, Place(A, b"b"), Kind.DIRECTORY)
    make(target, C, Place(B, b"c"))
    make(target, D, AT_C, Kind.DIRECTORY)
    target.rename(AT_A, Place(D, b"a"))
    assert target.find(A) == [Place(D, b"a")]
    assert target.at(AT_A) is None
    assert target.find(C) == [Place(B, b"c")]
    target.rename(Place(A, b"b"), AT_B)
    assert target.find(B) == [AT_B]
    assert links(target, C) == 1
    assert target.children(AT_C, 9) == [Holder(Place(D, b"a"), A, Kind.DIRECTORY)]
    assert target.children(AT_B, 9) == [Holder(Place(B, b"c"), C, Kind.FILE)]


@pytest.mark.parametrize("target", ["directory"], indirect=True)
@pytest.mark.parametrize("holder", [Kind.DIRECTORY, Kind.FILE, Kind.SYMLINK])
def test_a_directory_never_moves_onto_anybody(target: Target, holder: Kind) -> None:
    make(target, A, AT_A, Kind.DIRECTORY)
    make(target, B, AT_B, holder)
    with pytest.raises(FileExistsError):
        target.rename(AT_A, AT_B)
    assert (target.find(A), target.find(B)) == ([AT_A], [AT_B])


@pytest.mark.parametrize("target", ["directory"], indirect=True)
def test_a_directory_never_moves_below_itself(target: Target) -> None:
    make(target, A, AT_A, Kind.DIRECTORY)
    make(target, B, Place(A, b"b"), Kind.DIRECTORY)
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        target.rename(AT_A, Place(B, b"a"))
    assert (target.find(A), target.find(B)) == ([AT_A], [Place(A, b"b")])


def test_only_an_empty_directory_is_removed(target: Target) -> None:
    make(target, A, AT_A, Kind.DIRECTORY)
    make(target, B, Place(A, b"b"))
    with pytest.raises(OSError, match=os.strerror(errno.ENOTEMPTY)):
        target.rmdir(AT_A)
    target.unlink(Place(A, b"b"))
    target.rmdir(AT_A)
    assert (target.seen(A), target.at(AT_A), target.find(A)) == (None, None, [])
    make(target, A, AT_B, Kind.DIRECTORY)
    assert target.find(A) == [AT_B]


def test_content_is_whole_whatever_was_there(target: Target) -> None:
    make(target, A, AT_A)
    for content in (b"longer than the next", b"short", b""):
        target.write(A, content)
        seen = target.seen(A)
        assert seen is not None
        assert seen.attributes.size == len(content)


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"x", [(0, 1)], id="less than a block"),
        pytest.param(bytes(K4 + 5), [], id="zeros alone"),
        pytest.param(b"x" + bytes(K4), [(0, K4)], id="a zero behind"),
        pytest.param(bytes(K4) + b"x", [(K4, K4 + 1)], id="a block of zeros before"),
        pytest.param(b"x" * K4 + bytes(2 * K4) + b"x", [(0, K4), (3 * K4, 3 * K4 + 1)], id="hole"),
        pytest.param(bytes(K4 - 1) + b"xx", [(0, K4 + 1)], id="no whole block of zeros"),
    ],
)
def test_zeros_are_found_in_whole_blocks(data: bytes, parts: list[tuple[int, int]]) -> None:
    assert list(attributes.solid(data)) == parts


@given(st.lists(st.tuples(st.integers(0, 3 * K4), st.booleans()), max_size=6))
def test_what_is_not_solid_is_zero(pieces: list[tuple[int, bool]]) -> None:
    data = b"".join(b"x" * size if full else bytes(size) for size, full in pieces)
    made = bytearray(len(data))
    for begin, end in attributes.solid(data):
        made[begin:end] = data[begin:end]
    assert bytes(made) == data


@pytest.mark.parametrize("before", [b"", b"\1" * (1 << 20)], ids=["empty", "over what was there"])
def test_holes_stay_holes_in_a_file_that_was_empty(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(before)
    data = b"a" + bytes(1 << 19) + b"b"
    attributes.write(os.fsencode(path), data)
    assert path.read_bytes() == data
    if not before:
        assert os.stat(path).st_blocks * 512 < 1 << 16


@pytest.mark.parametrize("kind", list(Kind))
def test_attributes_become_as_they_shall_be(target: Target, kind: Kind) -> None:
    make(target, A, AT_A, kind)
    seen = target.seen(A)
    assert seen is not None
    now = seen.attributes
    mode = now.mode if kind is Kind.SYMLINK else stat.S_IFMT(now.mode) | 0o4751
    shall = msgspec.structs.replace(now, mode=mode, uid=7, gid=8, mtime=10**18 + 1, atime=5)
    assert target.set_attributes(A, kind, now, shall)
    seen = target.seen(A)
    assert seen is not None
    there = seen.attributes
    assert (there.mode, there.uid, there.gid, there.mtime) == (mode, 7, 8, 10**18 + 1)
    assert not target.set_attributes(A, kind, there, there)


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.DIRECTORY])
def test_xattrs_become_exactly_these(target: Target, kind: Kind) -> None:
    make(target, A, AT_A, kind)
    assert target.set_xattrs(A, {b"user.a": b"1", b"user.b": b"\0"})
    assert target.set_xattrs(A, {b"user.b": b"2"})
    assert not target.set_xattrs(A, {b"user.b": b"2"})
    assert target.set_xattrs(A, {})
    assert not target.set_xattrs(A, {})


@pytest.mark.parametrize("kind", HARD)
def test_limbo_is_a_place_like_any_other(target: Target, kind: Kind) -> None:
    make(target, A, AT_A, kind)
    target.link(A, target.limbo(A))
    target.unlink(AT_A)
    assert target.in_limbo() == [A]
    assert target.find(A) == [target.limbo(A)]
    target.link(A, AT_B)
    target.unlink(target.limbo(A))
    assert target.in_limbo() == []
    assert links(target, A) == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_who_is_in_limbo_is_put_away_and_nobody_else(target: Target, kind: Kind) -> None:
    make(target, A, target.limbo(A), kind)
    make(target, B, AT_B, kind)
    seen = target.seen(A)
    assert taking.put_away(target, A, "2026-11-25")
    assert not taking.put_away(target, A, "2026-11-25"), "it is not there any more"
    assert not taking.put_away(target, B, "2026-11-25"), "it never was there"
    assert target.at(target.shelf(A, "2026-11-25")) == target.seen(A) == seen
    assert target.in_limbo() == []
    assert target.at(AT_B) == target.seen(B)


@pytest.mark.parametrize("kind", list(Kind))
def test_who_is_in_quarantine_is_discarded_and_nobody_else(target: Target, kind: Kind) -> None:
    make(target, A, target.limbo(A), kind)
    make(target, B, AT_B, kind)
    assert target.in_quarantine() == []
    began = time.time()
    taking.put_away(target, A, "2026-11-25")
    ((holder, changed),) = target.in_quarantine()
    assert holder == Holder(target.shelf(A, "2026-11-25"), A, kind)
    if not isinstance(target, MemoryTarget):
        assert abs(changed - began) < 60, "its ctime: putting it there is a change"
    with pytest.raises(Trouble, match="not in quarantine"):
        taking.discard(target, Holder(AT_B, B, kind))
    if kind is Kind.DIRECTORY:
        inside = Holder(Place(A, b"c"), C, Kind.FILE)
        make(target, C, inside.place)
        assert taking.discard(target, holder) == NotEmpty(gfid=A, children=(inside,))
        assert taking.discard(target, inside) is None
    else:
        target.link(A, AT_A)
    assert taking.discard(target, holder) is None
    assert target.in_quarantine() == []
    assert target.find(A) == ([] if kind is Kind.DIRECTORY else [AT_A])
    assert target.find(B) == [AT_B]


def test_a_directory_in_limbo_keeps_its_children(target: Target) -> None:
    make(target, A, AT_A, Kind.DIRECTORY)
    make(target, B, Place(A, b"b"))
    target.rename(AT_A, target.limbo(A))
    assert target.in_limbo() == [A]
    assert target.at(Place(A, b"b")) == target.seen(B)
    target.rename(target.limbo(A), AT_A)
    assert target.in_limbo() == []
