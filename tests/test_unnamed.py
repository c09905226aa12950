"""Names that a brick has and has not recorded are found, and brought at the end of a crawl."""

import errno
import os
from pathlib import Path

import directories
import pytest

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import ROOT, Gfid, Place
from engine.primary import unnamed

FOLDER, FILE, OTHER, SINGLE, POINTER, BAD = (
    Gfid(f"{n}0000001-0000-4000-8000-000000000000") for n in "abcdef"
)


@pytest.fixture
def brick(tmp_path: Path) -> Path:
    """Give a brick with a directory in its root."""
    directories.needs_trusted_xattrs(tmp_path)
    named(tmp_path, ROOT)
    (tmp_path / "d").mkdir()
    named(tmp_path / "d", FOLDER)
    return tmp_path


def named(path: Path, gfid: Gfid) -> None:
    os.setxattr(path, "trusted.gfid", gfids.to_raw(gfid))


def made(brick: Path, gfid: Gfid, *names: str, recorded: tuple[Place, ...] = ()) -> None:
    """Make a file with a handle and names."""
    handle = brick / os.fsdecode(gfids.handle(gfid))
    handle.parent.mkdir(parents=True)
    handle.touch()
    named(handle, gfid)
    for name in names:
        os.link(handle, brick / name)
    for number, place in enumerate(recorded):
        value = place.parent.encode() + b"/" + place.name
        os.setxattr(handle, f"trusted.gfid2path.{number}", value)


def below(brick: Path, gfid: Gfid) -> None:
    """Let the handle of a directory lead there."""
    handle = brick / os.fsdecode(gfids.handle(gfid))
    handle.parent.mkdir(parents=True, exist_ok=True)
    handle.symlink_to(brick / "d" if gfid == FOLDER else brick)


def test_whose_names_are_not_all_recorded(brick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for gfid in (ROOT, FOLDER):
        below(brick, gfid)
    at = [Place(ROOT, b"a"), Place(FOLDER, b"b")]
    made(brick, FILE, "a", "d/b", "c", recorded=(*at, Place(ROOT, b"gone")))
    made(brick, OTHER, "e", "d/f", recorded=(Place(ROOT, b"e"), Place(FOLDER, b"f")))
    made(brick, SINGLE, "g")
    made(brick, POINTER, "h", "i")
    os.setxattr(brick / "h", "trusted.glusterfs.dht.linkto", b"another\0")
    gone = Gfid("f0000002-0000-4000-8000-000000000000")
    told = xattrs.get_all

    def bad(target: bytes) -> dict[bytes, bytes]:
        if target.endswith(BAD.encode()):
            raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
        return told(target)

    made(brick, BAD, "j", "k")
    monkeypatch.setattr(xattrs, "get_all", bad)
    every = [FOLDER, BAD, FILE, OTHER, SINGLE, POINTER, gone]
    found = unnamed.inodes(os.fsencode(brick), every)
    assert found == {(brick / "a").stat().st_ino: FILE}


def test_all_names_are_found_but_those_that_are_not_replicated(brick: Path) -> None:
    made(brick, FILE, "a", "d/b")
    made(brick, OTHER, "c")
    (brick / ".georep").mkdir()
    (brick / "without a gfid").mkdir()
    for place in (".georep/x", "without a gfid/x"):
        os.link(brick / "a", brick / place)
    walk = unnamed.walk(os.fsencode(brick), {(brick / "a").stat().st_ino: FILE})
    found = [one for directory in walk for one in directory]
    assert sorted(found) == sorted([(FILE, Place(ROOT, b"a")), (FILE, Place(FOLDER, b"b"))])
    (brick / "d/b").unlink()
    walk = unnamed.walk(os.fsencode(brick), {})
    next(walk)
    os.rename(brick / "d", brick / "moved")
    assert list(walk).count([]) >= 1, "what moved meanwhile has a record of that"
