"""Traps of GlusterFS on the primary: what bricks say, and what is true."""

import os
import stat
from pathlib import Path

import pytest
from mounted import Sides, holds, item

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Gfid, Kind, Place
from engine.movers import push
from engine.plan.dirty import Dirty, Why
from engine.plan.items import Absent, Alive
from engine.primary import truth
from engine.primary.truth import Sight

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


def _gfid(sides: Sides, path: bytes) -> Gfid:
    raw = xattrs.get(path, b"glusterfs.gfid")
    assert raw is not None
    return gfids.from_raw(raw[:16])


def _primary_folder(sides: Sides, name: str) -> tuple[bytes, Gfid]:
    path = sides.primary + b"/" + name.encode()
    os.mkdir(path)
    return path, _gfid(sides, path)


def _look(sides: Sides, brick: bytes, gfid: Gfid) -> Alive:
    found = truth.look(Sight(brick, sides.primary_gfids), gfid, Dirty(Why.NAMES))
    assert isinstance(found, Alive)
    return found


def _holding(sides: Sides, gfid: Gfid) -> list[bytes]:
    """Return the bricks of the primary that hold a file: its bytes, not a pointer to them."""
    return [brick for brick in sides.primary_bricks if holds(brick, gfid)]


def test_a_name_lost_to_a_rename_over_it_is_not_believed(sides: Sides) -> None:
    path, folder = _primary_folder(sides, "stale")
    Path(os.fsdecode(path + b"/one")).touch()
    os.link(path + b"/one", path + b"/two")
    gfid = _gfid(sides, path + b"/one")
    Path(os.fsdecode(path + b"/three")).touch()
    os.rename(path + b"/three", path + b"/two")
    (brick,) = _holding(sides, gfid)
    values = xattrs.get_all(brick + b"/" + gfids.handle(gfid))
    told = {gfids.place(v) for name, v in values.items() if name.startswith(xattrs.GFID2PATH)}
    assert told == {Place(folder, b"one"), Place(folder, b"two")}

    found = _look(sides, brick, gfid)
    assert (found.places, found.whole, found.shared) == ((Place(folder, b"one"),), True, False)


def test_a_pointer_to_a_file_is_not_taken_for_it(sides: Sides) -> None:
    path, folder = _primary_folder(sides, "pointers")
    for number in range(20):
        old, new = path + b"/f%d" % number, path + b"/g%d" % number
        Path(os.fsdecode(old)).write_bytes(b"content")
        os.rename(old, new)
        gfid = _gfid(sides, new)
        handles = [
            b for b in sides.primary_bricks if os.path.lexists(b + b"/" + gfids.handle(gfid))
        ]
        (holder,) = _holding(sides, gfid)
        if len(handles) == 2:
            break
    (pointing,) = set(handles) - {holder}
    shown = os.lstat(pointing + b"/" + gfids.handle(gfid))
    assert (stat.S_IMODE(shown.st_mode), shown.st_size) == (0o1000, 0)

    here, there = _look(sides, holder, gfid), _look(sides, pointing, gfid)
    assert here.attributes == there.attributes
    assert there.attributes.size == len(b"content")
    assert here.places == there.places == (Place(folder, b"g%d" % number),)
    assert (here.shared, there.shared) == (False, True)


def test_what_the_own_brick_does_not_have_is_asked_of_the_mount(sides: Sides) -> None:
    path, folder = _primary_folder(sides, "other")
    Path(os.fsdecode(path + b"/f")).write_bytes(b"content")
    gfid = _gfid(sides, path + b"/f")
    (holder,) = _holding(sides, gfid)
    (brick,) = set(sides.primary_bricks) - {holder}
    assert not os.path.lexists(brick + b"/" + gfids.handle(gfid))
    assert _look(sides, brick, gfid).places == (Place(folder, b"f"),)
    os.unlink(path + b"/f")
    sight = Sight(brick, sides.primary_gfids)
    assert truth.look(sight, gfid, Dirty(Why.NAMES)) == Absent(gfid)


def test_a_symlink_that_looks_like_the_handle_of_a_directory_is_a_symlink(sides: Sides) -> None:
    """Handles of directories are symlinks; that of a symlink is the symlink itself."""
    path, folder = _primary_folder(sides, "disguised")
    target = f"../../{folder[:2]}/{folder[2:4]}/{folder}/d".encode()
    os.symlink(target, path + b"/s")
    gfid = _gfid(sides, path + b"/s")
    (brick,) = _holding(sides, gfid)
    read = os.readlink(brick + b"/" + gfids.handle(gfid))
    assert gfids.handle_link(read) == Place(folder, b"d")
    found = _look(sides, brick, gfid)
    assert (found.kind, found.target, found.places) == (
        Kind.SYMLINK,
        target,
        (Place(folder, b"s"),),
    )


def test_every_name_is_found_whatever_bytes_it_has(sides: Sides) -> None:
    path, folder = _primary_folder(sides, "bytes")
    names = [b"plain", b"new\nline", b"a:b", b"bad\xff\xfe", b"\t", b"n" * 255]
    Path(os.fsdecode(path + b"/plain")).touch()
    for name in names[1:]:
        os.link(path + b"/plain", path + b"/" + name)
    gfid = _gfid(sides, path + b"/plain")
    (brick,) = _holding(sides, gfid)
    found = _look(sides, brick, gfid)
    assert (set(found.places), found.whole) == ({Place(folder, name) for name in names}, True)


def test_a_directory_is_where_its_handle_says_from_every_brick(sides: Sides) -> None:
    path, folder = _primary_folder(sides, "moved")
    os.mkdir(path + b"/d")
    gfid = _gfid(sides, path + b"/d")
    os.rename(path + b"/d", path + b"/e")
    raw = xattrs.get(sides.primary_gfids + b"/" + gfids.aux(gfid), b"glusterfs.gfid")
    assert raw is not None
    assert gfids.from_raw(raw[:16]) != gfid
    for brick in sides.primary_bricks:
        found = _look(sides, brick, gfid)
        assert (found.gfid, found.places, found.shared) == (gfid, (Place(folder, b"e"),), True)


def test_what_is_read_is_never_older_than_what_was_written(sides: Sides) -> None:
    """A file that is rewritten with the same size, and read by gfid right then, as after a slice.

    Without our guard about one read in a hundred gives what the kernel kept of the read before.
    """
    files = [os.path.join(sides.primary, b"rewritten%d" % number) for number in range(20)]
    contents = [b"%08d" % round_ * 512 for round_ in range(50)]
    stale = 0
    for content in contents:
        for path in files:
            with open(path, "wb") as file:
                file.write(content)
        for path in files:
            asked = item(_gfid(sides, path), Kind.FILE)
            read = push.load(sides.primary_gfids, asked, 1 << 20)
            stale += read is None or read.data != content
    assert stale == 0
