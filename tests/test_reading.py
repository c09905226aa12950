"""How a volume is read for a comparison, on a folder that looks like one; and troubles of sides."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import xattr
from memory_target import MemoryTarget
from sides import QuestionChannel, gfid

from engine.errors import Retry
from engine.gluster import gfid as gfids
from engine.gluster import reading
from engine.item import ROOT, TOP, Facts, Kind, Piece, Place
from engine.session.sides import Here, There

FOLDER = gfid(1)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Give a root with `.gfid/<folder>` in it; every object says that it has the same gfid."""
    real = xattr.get

    def get(item: bytes, name: bytes) -> bytes:
        return gfids.to_raw(gfid(7)) if name == b"glusterfs.gfid" else bytes(real(item, name))

    monkeypatch.setattr(xattr, "get", get)
    inside = tmp_path / ".gfid" / FOLDER
    (inside / "sub").mkdir(parents=True)
    (inside / "file").write_bytes(b"0123456789")
    (inside / "link").symlink_to("/no/such")
    os.mkfifo(inside / "fifo")
    os.setxattr(inside / "file", "user.b", b"2")
    os.setxattr(inside / "file", "user.a", b"1")
    return os.fsencode(tmp_path)


def test_names_are_sorted_and_only_a_directory_has_some(root: bytes) -> None:
    os.mkdir(root + b"/.gfid/" + FOLDER.encode() + b"/sub/x\xff")
    os.mkdir(root + b"/.gfid/" + FOLDER.encode() + b"/sub/a")
    assert reading.names(root, Place(FOLDER, b"sub")) == [b"a", b"x\xff"]
    assert reading.names(root, TOP) == [b".gfid"]
    for name in (b"file", b"link", b"nothing"):
        assert reading.names(root, Place(FOLDER, name)) is None
    assert reading.names(root, Place(gfid(9), b"sub")) is None


def test_facts(root: bytes) -> None:
    names = (b"file", b"link", b"fifo", b"sub", b"nothing")
    found = reading.facts(
        root, [*(Place(FOLDER, name) for name in names), Place(gfid(9), b"x"), TOP]
    )
    kinds = [one and one.kind for one in found]
    assert kinds == [Kind.FILE, Kind.SYMLINK, Kind.FIFO, Kind.DIRECTORY, None, None, Kind.DIRECTORY]
    file, link = found[:2]
    assert file is not None
    assert link is not None
    assert (file.gfid, file.attributes.size, file.links) == (gfid(7), 10, 1)
    assert list(file.xattrs) == [b"user.a", b"user.b"]
    assert {len(value) for value in file.xattrs.values()} == {16}
    assert (link.target, file.target, link.trouble) == (b"/no/such", b"", "")


def test_xattrs_that_cannot_be_read_are_said(root: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: bytes) -> list[bytes]:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(xattr, "list", fails)
    (file,) = reading.facts(root, [Place(FOLDER, b"file")])
    assert file is not None
    assert (file.gfid, file.trouble) == (gfid(7), "xattrs: EIO")


@pytest.mark.parametrize(
    ("code", "expected"),
    [(errno.ESTALE, None), (errno.ENOENT, None), (errno.EIO, "look up: EIO")],
)
def test_who_goes_meanwhile_is_not_there_and_who_cannot_be_read_says_so(
    root: bytes, monkeypatch: pytest.MonkeyPatch, code: int, expected: str | None
) -> None:
    def fails(path: bytes, name: bytes) -> bytes:
        raise OSError(code, "no")

    monkeypatch.setattr(xattr, "get", fails)
    (file,) = reading.facts(root, [Place(FOLDER, b"file")])
    assert (file and file.trouble) == expected


def test_a_digest_is_of_a_part_as_far_as_the_file_reaches(root: bytes) -> None:
    os.rename(root + b"/.gfid/" + FOLDER.encode() + b"/file", root + b"/.gfid/" + gfid(2).encode())

    def digest(start: int, length: int) -> bytes | None:
        return reading.digest(root, Piece(gfid(2), start, length))

    assert digest(0, 10) == digest(0, 99) != digest(0, 9)
    assert digest(10, 5) == digest(50, 1), "nothing is nothing"
    assert reading.digest(root, Piece(gfid(3), 0, 1)) is None
    assert reading.digest(root, Piece(FOLDER, 0, 1)) is None, "a directory cannot be read"


async def test_the_primary_tells_what_is_down_and_what_cannot_be_listed(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Here(root)
    whole = [True]
    monkeypatch.setattr(reading, "whole", lambda root: whole[0])
    assert (await here.listing(Place(FOLDER, b"sub"))).names == []
    assert not (await here.listing(Place(FOLDER, b"file"))).there
    (file,) = await here.facts([Place(FOLDER, b"file")])
    assert file is not None
    assert await here.digests([Piece(gfid(3), 0, 1)]) == [None]
    whole[0] = False
    for call in (here.listing(TOP), here.facts([TOP])):
        with pytest.raises(Retry, match="a part of the primary volume is down") as down:
            await call
        assert down.value.cause == "brick down"

    def fails(root: bytes, place: Place) -> list[bytes]:
        raise OSError(code, "no")

    monkeypatch.setattr(reading, "names", fails)
    code = errno.EACCES
    assert (await here.listing(TOP)).trouble == "list: EACCES"
    code = errno.ENOTCONN
    with pytest.raises(Retry) as lost:
        await here.listing(TOP)
    assert lost.value.cause == "mount lost"
    here.close()


class Heavy(MemoryTarget):
    """A volume that cannot tell of more than two objects at once, and cannot list a directory."""

    def facts(self, places: Sequence[Place]) -> list[Facts | None]:
        if len(places) > 2:
            raise OSError(errno.EMSGSIZE, "too much")
        return super().facts(places)

    def listed(self, place: Place) -> list[bytes] | None:
        raise OSError(errno.EIO, "Input/output error")


async def test_the_secondary_is_asked_for_less_when_it_cannot_tell_so_much() -> None:
    target = Heavy()
    there = There(QuestionChannel(target))
    found = await there.facts([TOP, Place(ROOT, b"a"), Place(ROOT, b"b"), Place(ROOT, b"c"), TOP])
    assert [one and one.gfid for one in found] == [ROOT, None, None, None, ROOT]
    assert "Input/output error" in (await there.listing(TOP)).trouble
    target.whole = lambda: False  # type: ignore[method-assign]
    with pytest.raises(Retry, match="a part of the secondary volume is down"):
        await there.facts([TOP])
