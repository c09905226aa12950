"""A replica that is back and waits for heals: what mounts tell of objects, what workers, agents and
comparisons take for true, and what becomes of what is made so meanwhile.
"""

import errno
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from lab_fixtures import need_lab
from mounted import done, holds, item, mount_by_gfid

from engine.gluster import gfid as gfids
from engine.gluster import objects, reading, xattrs
from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.lab import faults
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, Shape
from engine.movers import push
from engine.plan.dirty import ALL, Dirty
from engine.plan.items import Alive, Truth, Unclear
from engine.primary import truth
from engine.primary.truth import Sight
from engine.secondary.apply import apply
from engine.secondary.gluster_target import GlusterTarget

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

AGAIN = 50
"""Looks at each object."""
OLD, NEW = 10**9, 2 * 10**9
"""Times, in seconds."""
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in (
        (1, 6, 0xFFFFFFFF),
        (2, 7, 5),
        (4, 4, 0xFFFFFFFF),
        (16, 7, 0xFFFFFFFF),
        (32, 4, 0xFFFFFFFF),
    )
)
"""u::rw-,u:5:rwx,g::r--,m::rwx,o::r--"""
WHOLE = b"content"


class Copies:
    """A replicated volume that nobody heals, whose bricks go and come."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        for what in ("data", "metadata", "entry"):
            lab.gluster("prim1", "volume", "set", PRIMARY, f"cluster.{what}-self-heal", "off")
        lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "off")
        self.client = mount_by_gfid(lab, "prim2", PRIMARY, "stale-client")
        self.mounts = [mount_by_gfid(lab, host, PRIMARY, "stale") for host in ("prim1", "prim2")]
        """As workers of either node have it: the client prefers the brick that is near."""
        self.bricks = [os.fsencode(brick) for brick in lab.bricks(PRIMARY)]
        self._names = lab.shape.volume_bricks(PRIMARY)

    def down(self, number: int) -> None:
        """End one brick, and wait until all mounts know."""
        faults.kill_brick(self.lab, PRIMARY, self._names[number])
        self._await(len(self.bricks) - 1)

    def back(self) -> None:
        """Start what is down, and wait until all mounts know."""
        faults.start_volume(self.lab, PRIMARY)
        self._await(len(self.bricks))

    def made(self, name: bytes, make: Callable[[bytes], None]) -> tuple[bytes, Gfid]:
        """Make an object of which the first brick has a copy; return its path and gfid."""
        number = 0
        while True:
            path = b"%b/%b-%d" % (self.client, name, number)
            make(path)
            os.utime(path, (OLD, OLD))
            raw = xattrs.get(path, b"glusterfs.gfid")
            assert raw is not None
            gfid = gfids.from_raw(raw[:16])
            if os.path.isdir(path) or holds(self.bricks[0], gfid):
                return path, gfid
            number += 1

    def heal(self) -> None:
        """Have both copies become the same, for once."""
        self.lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "on")
        self.lab.heal(PRIMARY)
        self.lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "off")

    def kept(self, gfid: Gfid) -> list[tuple[int, int, int, int]]:
        """Return mode, owner and mtime of an object as each brick has them that has it."""
        found = []
        for brick in self.bricks:
            if holds(brick, gfid):
                path = os.path.realpath(brick + b"/" + gfids.handle(gfid))
                status, times = os.lstat(path), xattrs.get_all(path).get(xattrs.MDATA)
                assert times is not None
                mtime = xattrs.unpack_mdata(times).mtime
                found.append((status.st_mode, status.st_uid, status.st_gid, mtime))
        return found

    def looked(self, gfid: Gfid) -> list[Truth]:
        """Return what workers whose brick is behind take for true, many times."""
        sights = [
            Sight(self.bricks[own], self.mounts[own], behind=True)
            for own in range(2)
            for _ in range(AGAIN)
        ]
        return [truth.look(sight, gfid, Dirty(ALL)) for sight in sights]

    def _await(self, bricks: int) -> None:
        for mount in (self.client, *self.mounts):
            until("the bricks", partial(self._answers, mount, bricks))

    def _answers(self, mount: bytes, bricks: int) -> bool:
        return (xattrs.get(mount, xattrs.PATHINFO) or b"").count(b"<POSIX(") == bricks


@pytest.fixture(scope="module")
def copies() -> Iterator[Copies]:
    need_lab()
    lab = Lab(f"copies-{os.getpid()}")
    try:
        lab.up(Shape(rollover=2, secondary_bricks=1, gsyncd=False))
        yield Copies(lab)
    finally:
        lab.down()


def _file(path: bytes, mode: int = 0o644) -> None:
    with open(path, "wb") as file:
        file.write(WHOLE)
    os.chmod(path, mode)
    os.setxattr(path, b"user.a", b"old")


def _folder(path: bytes) -> None:
    os.mkdir(path, 0o755)
    os.setxattr(path, b"user.a", b"old")


def _append(path: bytes) -> None:
    with open(path, "ab") as file:
        file.write(b"more")
    os.utime(path, (NEW, NEW))


def _cut(path: bytes) -> None:
    os.truncate(path, 2)
    os.utime(path, (NEW, NEW))


def _rewrite(path: bytes) -> None:
    with open(path, "r+b") as file:
        file.write(b"CONTENT")
    os.utime(path, (NEW, NEW))


@dataclass(frozen=True, slots=True)
class Case:
    """One change that one brick misses, and what is true of it then."""

    change: Callable[[bytes], None]
    mode: int = 0o644
    owner: tuple[int, int] = (0, 0)
    content: bytes = WHOLE
    mtime: int = OLD
    told: bytes = b"old"
    make: Callable[[bytes], None] = _file


CASES = {
    "mode": Case(lambda at: os.chmod(at, 0o600), mode=0o600),
    # Also how DHT marks what it migrates: mounts hide the two.
    "setgid and sticky": Case(
        lambda at: os.chmod(at, 0o7600), mode=0o4600, make=lambda at: _file(at, 0o7644)
    ),
    "owner": Case(lambda at: os.chown(at, 5, 6), owner=(5, 6)),
    "time": Case(lambda at: os.utime(at, (NEW, NEW)), mtime=NEW),
    "xattr": Case(lambda at: os.setxattr(at, b"user.a", b"new"), told=b"new"),
    "acl": Case(lambda at: os.setxattr(at, objects.ACCESS_ACL, ACL), mode=0o674),
    "grown": Case(_append, content=WHOLE + b"more", mtime=NEW),
    "written": Case(_rewrite, content=b"CONTENT", mtime=NEW),
    "cut": Case(_cut, content=b"co", mtime=NEW),
    "folder's mode": Case(lambda at: os.chmod(at, 0o700), mode=0o700, make=_folder),
    "folder's owner": Case(lambda at: os.chown(at, 5, 6), mode=0o755, owner=(5, 6), make=_folder),
    "folder's time": Case(lambda at: os.utime(at, (NEW, NEW)), 0o755, mtime=NEW, make=_folder),
    "folder's xattr": Case(
        lambda at: os.setxattr(at, b"user.a", b"new"), 0o755, told=b"new", make=_folder
    ),
}


@pytest.mark.parametrize("number", [0, 1], ids=["the first", "the second"])
def test_what_one_copy_missed_is_true_all_the_same(copies: Copies, number: int) -> None:
    made = {
        name: copies.made(b"%d %b" % (number, name.encode()), case.make)
        for name, case in CASES.items()
    }
    copies.down(number)
    for name, case in CASES.items():
        case.change(made[name][0])
    copies.back()

    at = b"/" + gfids.aux(made["mode"][1])
    plain = [oct(os.lstat(mount + at).st_mode) for mount in copies.mounts]
    assert sorted(plain) == ["0o100600", "0o100644"], "who asks is told what is near"
    wrong = []
    for name, case in CASES.items():
        gfid = made[name][1]
        for found in copies.looked(gfid):
            assert isinstance(found, Alive)
            shown, values = found.attributes, found.xattrs
            assert values is not None
            is_now = (shown.mode & 0o7777, (shown.uid, shown.gid), shown.mtime, values[b"user.a"])
            if is_now != (case.mode, case.owner, case.mtime * 10**9, case.told):
                wrong.append((name, is_now))
            if case.make is not _folder and shown.size != len(case.content):
                wrong.append((name, shown.size))
            if (objects.ACCESS_ACL in values) != (name == "acl"):
                wrong.append((name, values))
    assert wrong == []


def test_content_is_read_from_a_copy_that_has_it(copies: Copies) -> None:
    """Whatever the attributes are read from; so nothing has to be done for it."""
    cases = {name: case for name, case in CASES.items() if case.content != WHOLE}
    made = {name: copies.made(b"read " + name.encode(), case.make) for name, case in cases.items()}
    copies.down(0)
    for name, case in cases.items():
        case.change(made[name][0])
    copies.back()
    for name, case in cases.items():
        asked = item(made[name][1], Kind.FILE)
        read = [push.load(at, asked, 1 << 20) for at in copies.mounts for _ in range(AGAIN)]
        assert {found and found.data for found in read} == {case.content}


def test_what_no_copy_has_as_a_whole_is_not_clear(copies: Copies) -> None:
    path, gfid = copies.made(b"scattered", _file)
    copies.down(0)
    with open(path, "ab") as file:
        file.write(b"more")
    copies.back()
    copies.down(1)
    os.chmod(path, 0o600)
    copies.back()
    at = b"/" + gfids.aux(gfid)
    plain = [os.lstat(mount + at) for mount in copies.mounts]
    assert {(found.st_mode, found.st_size) for found in plain} == {(0o100644, len(WHOLE + b"more"))}
    for found in copies.looked(gfid):
        assert isinstance(found, Unclear)
        assert found.errno == errno.EBUSY


@pytest.mark.parametrize("number", [0, 1], ids=["the first", "the second"])
def test_agents_and_comparisons_see_what_is_true(copies: Copies, number: int) -> None:
    names = {name: b"%d seen %b" % (number, name.encode()) for name in CASES}
    made = {name: copies.made(names[name], case.make) for name, case in CASES.items()}
    copies.down(number)
    for name, case in CASES.items():
        case.change(made[name][0])
    copies.back()

    wrong = []
    for mount in copies.mounts:
        target = GlusterTarget(mount, lambda: copies.client, lambda: copies.client)
        for name, case in CASES.items():
            path, gfid = made[name]
            place = Place(ROOT, os.path.basename(path))
            for _ in range(AGAIN):
                (facts,) = reading.facts(mount, [place])
                for found in (target.seen(gfid), target.at(place), facts):
                    assert found is not None
                    shown = found.attributes
                    is_now = (shown.mode & 0o7777, (shown.uid, shown.gid), shown.mtime)
                    if is_now != (case.mode, case.owner, case.mtime * 10**9):
                        wrong.append((name, type(found).__name__, is_now))
                    if case.make is not _folder and shown.size != len(case.content):
                        wrong.append((name, type(found).__name__, shown.size))
        target.close()
    assert wrong == []


BACK = {
    "mode": lambda at: os.chmod(at, 0o600),
    "owner": lambda at: os.chown(at, 7, 7),
    "time": lambda at: os.utime(at, (NEW, NEW)),
}
"""What one brick misses before it is taken back."""


@pytest.mark.parametrize("number", [0, 1], ids=["the first", "the second"])
def test_what_is_taken_back_before_a_heal_stays_so(copies: Copies, number: int) -> None:
    """The copy that is behind has the very attributes that an object shall have: nothing is to be
    done for who believes it, and then the heal comes.
    """
    made = {}
    for at, kind in enumerate((Kind.FILE, Kind.DIRECTORY)):
        for name in BACK:
            for mount in range(2):
                place = b"back %d %d %d %b" % (number, at, mount, name.encode())
                make = _file if kind is Kind.FILE else _folder
                path, gfid = copies.made(place, make)
                shall = item(gfid, kind, Place(ROOT, os.path.basename(path)), mode=0o640)
                _give(path, shall.attributes)
                made[kind, name, mount] = path, shall
    copies.down(number)
    for (_, name, _), (path, _) in made.items():
        BACK[name](path)
    copies.back()

    for mount in range(2):
        target = GlusterTarget(copies.mounts[mount], lambda: copies.client, lambda: copies.client)
        for (_, _, agent), (_, shall) in made.items():
            if agent == mount:
                done(apply(target, shall))
        target.close()
    copies.heal()
    wrong = []
    for (kind, name, mount), (_, shall) in made.items():
        at = shall.attributes
        kept = copies.kept(shall.gfid)
        assert len(kept) >= 2
        if set(kept) != {(at.mode, at.uid, at.gid, at.mtime)}:
            wrong.append((kind, name, mount, kept))
    assert wrong == []


def _give(path: bytes, shall: Attributes) -> None:
    os.chown(path, shall.uid, shall.gid)
    os.chmod(path, shall.mode & 0o7777)
    os.utime(path, ns=(shall.atime, shall.mtime))
