"""Traps of GlusterFS where something new is made whole: what is asked of it, and what is told."""

import os
from collections.abc import Iterator
from random import Random
from uuid import uuid4

import msgspec
import pytest
from conftest import fresh_sides
from mounted import Sides, done, item

from engine.gluster import gfid as gfids
from engine.gluster import newfile, objects, xattrs
from engine.item import Gfid, Kind, Place
from engine.lab.shape import Shape
from engine.rpc.messages import Seen
from engine.secondary.apply import apply

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

FILES = 60


@pytest.fixture(scope="module")
def replicated() -> Iterator[Sides]:
    """Give a secondary of three replicas."""
    shape = Shape(primaries=1, bricks=1, replica=1, secondary_bricks=3, secondary_replica=3)
    with fresh_sides("replicas", shape) as made:
        yield made


@pytest.fixture(params=["plain bricks", "replicas"])
def both(request: pytest.FixtureRequest) -> Sides:
    """Give a secondary of either kind."""
    name = "sides" if request.param == "plain bricks" else "replicated"
    found: Sides = request.getfixturevalue(name)
    return found


def on_bricks(sides: Sides, gfid: Gfid) -> set[tuple[int, int, int, int, int, int]]:
    """Return size, mode, owner, links and mtime as the bricks that have the file keep them."""
    found = set()
    for brick in sides.bricks:
        path = brick + b"/" + gfids.handle(gfid)
        if os.path.lexists(path):
            status = os.lstat(path)
            raw = xattrs.get(path, xattrs.MDATA)
            assert raw is not None
            owner = status.st_uid, status.st_gid
            links = status.st_nlink - 1
            mtime = xattrs.unpack_mdata(raw).mtime
            found.add((status.st_size, status.st_mode, *owner, links, mtime))
    return found


def told(seen: Seen) -> tuple[int, int, int, int, int, int]:
    """Return the same of what an agent saw."""
    now = seen.attributes
    return now.size, now.mode, now.uid, now.gid, seen.links, now.mtime


def test_the_last_look_through_a_descriptor_tells_what_is_on_the_bricks(both: Sides) -> None:
    """Others may not see yet what was written; a look through the descriptor waits for it."""
    folder, random = both.folder(), Random(1)
    for number in range(FILES):
        place, gfid = Place(folder, b"f%d" % number), Gfid(str(uuid4()))
        shall = item(gfid, Kind.FILE, place, mode=0o4751)
        size = random.randrange(1, 200_000)
        shall = msgspec.structs.replace(
            shall, data=random.randbytes(size), xattrs={b"user.x": b"1"}
        )
        made = both.target.create(shall, place)
        assert on_bricks(both, gfid) == {told(made)}
        assert both.other.seen(gfid) == made
        now = made.attributes
        assert (now.size, now.mtime, made.links) == (size, shall.attributes.mtime, 1)
        assert (now.uid, now.gid, now.mode) == (5, 6, shall.attributes.mode)


def test_what_the_parent_has_new_files_inherit_is_taken_from_them(both: Sides) -> None:
    """A default ACL gives a new file an ACL of its own, and changes the mode it was made with."""
    at = Place(both.folder(), b"p")
    parent = both.made(at, Kind.DIRECTORY)
    acl = bytes.fromhex("0200000001000700ffffffff04000500ffffffff20000500ffffffff")
    assert both.target.set_xattrs(parent, {objects.DEFAULT_ACL: acl})
    plain, whole = (Gfid(str(uuid4())) for _ in range(2))
    xattrs.put(
        both.path(parent), newfile.XATTR, newfile.blob(item(plain, Kind.FILE, mode=0o777), b"q")
    )
    seen = both.target.seen(plain)
    assert seen is not None
    assert seen.attributes.mode & 0o777 != 0o777

    shall = item(whole, Kind.FILE, Place(parent, b"w"), mode=0o777)
    shall = msgspec.structs.replace(shall, data=b"content", xattrs={})
    assert done(apply(both.target, shall)).created
    (kept,) = on_bricks(both, whole)
    assert kept[:2] == (7, shall.attributes.mode)
    assert objects.travelling(both.path(whole)) == {}
