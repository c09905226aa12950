"""What is held is found once, and is that object whatever becomes of its name."""

import os
import stat
from pathlib import Path

import pytest

from engine.gluster import xattrs
from engine.gluster.held import Held
from engine.item import Attributes, Gfid, Kind
from engine.secondary import attributes

A = Gfid("a" * 36)


def test_it_is_that_object_whatever_stands_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first")
    held = Held(os.fsencode(path))
    path.rename(tmp_path / "moved")
    path.write_bytes(b"the second")
    assert held.status().st_size == 5
    assert Held(os.fsencode(path)).status().st_size == 10


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    (tmp_path / "file").touch()
    held = Held(os.fsencode(tmp_path / "file"))
    assert len(os.listdir("/proc/self/fd")) == before + 1
    del held
    with pytest.raises(FileNotFoundError):
        Held(b"/nowhere/at/all")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_symlink_is_worked_itself(tmp_path: Path) -> None:
    (tmp_path / "pointed at").touch()
    link = tmp_path / "link"
    link.symlink_to("pointed at")
    before = (tmp_path / "pointed at").stat()
    held = Held(os.fsencode(link))
    assert stat.S_ISLNK(held.status().st_mode)
    now = attributes.seen_at(A, held).attributes
    shall = Attributes(now.mode, now.uid, now.gid, now.size, mtime=7, atime=8)
    assert attributes.set_attributes(held, Kind.SYMLINK, now, shall)
    assert link.lstat().st_mtime_ns == 7
    assert (tmp_path / "pointed at").stat().st_mtime_ns == before.st_mtime_ns
    assert xattrs.get(held, b"user.x") is None


def test_a_file_is_written_and_gets_all_else_through_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"longer than what comes")
    held = Held(os.fsencode(path))
    path.rename(tmp_path / "moved")
    attributes.write(held, b"new")
    now = attributes.seen_at(A, held).attributes
    shall = Attributes(stat.S_IFREG | 0o4750, now.uid, now.gid, now.size, mtime=7, atime=8)
    assert attributes.set_attributes(held, Kind.FILE, now, shall)
    attributes.change_xattrs(held, {}, {b"user.x": b"1"})
    assert xattrs.get(held, b"user.x") == b"1"
    assert xattrs.names(held) == [b"user.x"]
    attributes.change_xattrs(held, {b"user.x": b"1"}, {})
    assert xattrs.get_all(held) == {}
    moved = tmp_path / "moved"
    assert attributes.seen_at(A, held).attributes == shall
    assert moved.read_bytes() == b"new"
