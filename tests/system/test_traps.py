"""Traps of GlusterFS, on real mounts: what the plain call does there, and that ours does not.

Each test first walks into the trap, so that one that GlusterFS mends some day is noticed, and what
guards against it can go.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from conftest import need_lab

from engine.gluster import gfid as gfids
from engine.gluster import newfile, objects, xattrs
from engine.gluster.mount import _FRESH
from engine.item import (
    ROOT,
    AnyAnswer,
    Attributes,
    Done,
    Gfid,
    Gone,
    Item,
    Kind,
    NeedParent,
    Place,
    Refused,
)
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY, Shape
from engine.movers import push
from engine.plan.dirty import Dirty, Why
from engine.plan.items import Absent, Alive
from engine.primary import truth
from engine.primary.truth import Sight
from engine.secondary.apply import apply
from engine.secondary.gluster_target import GlusterTarget

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.SOCKET: stat.S_IFSOCK,
    Kind.BLOCK: stat.S_IFBLK,
    Kind.CHARACTER: stat.S_IFCHR,
}
NULL, ZERO = os.makedev(1, 3), os.makedev(1, 5)


class Sides:
    """The two volumes of a lab, mounted as workers and agents mount them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._mounts = 0
        self.primary = os.fsencode(self.lab.path("prim1", self.lab.mount(PRIMARY, "prim1")))
        self.primary_bricks = [os.fsencode(brick) for brick in lab.bricks(PRIMARY)]
        self.bricks = [os.fsencode(brick) for brick in lab.bricks(SECONDARY)]
        self.primary_gfids = self.mount("prim1", PRIMARY)
        self.root = self.mount("sec1", SECONDARY)
        self.target = GlusterTarget(self.root, lambda: self.root)
        """As one agent has it."""
        self.other = self.fresh()
        """As another agent has it."""
        self._folders = 0

    def mount(self, host: str, volume: str, *options: str) -> bytes:
        """Mount a volume with access by gfid; return where, as seen from here."""
        self._mounts += 1
        path = f"/vol/traps-{self._mounts}"
        self.lab.run(host, ["mkdir", "-p", path])
        argv = ["glusterfs", "--aux-gfid-mount", "--acl", "--volfile-server=localhost"]
        self.lab.run(host, [*argv, f"--volfile-id={volume}", *options, *_FRESH, path])
        root = os.fsencode(self.lab.path(host, path))
        until("the mount", lambda: _ready(root))
        return root

    def fresh(self) -> GlusterTarget:
        """Return the secondary through a mount that has seen nothing yet."""
        root = self.mount("sec1", SECONDARY)
        return GlusterTarget(root, lambda: root)

    def folder(self) -> Gfid:
        """Return a new directory on the secondary, for one test."""
        self._folders += 1
        return self.made(Place(ROOT, b"test-%d" % self._folders), Kind.DIRECTORY)

    def made(self, place: Place, kind: Kind = Kind.FILE, **more: int) -> Gfid:
        """Return a new object on the secondary."""
        gfid = Gfid(str(uuid4()))
        done(apply(self.target, item(gfid, kind, place, **more)))
        return gfid

    def handles(self, gfid: Gfid) -> int:
        """Return how many bricks of the secondary have the object, pointers to it not counted."""
        return sum(_holds(brick, gfid) for brick in self.bricks)

    def standing(self, folder: Gfid) -> dict[bytes, Gfid]:
        """Return who stands where in a directory, as the bricks' own folders have it."""
        found = {}
        for brick in self.bricks:
            with os.scandir(brick + b"/" + gfids.handle(folder)) as entries:
                for entry in entries:
                    gfid = xattrs.gfid(entry.path)
                    assert gfid is not None
                    found[entry.name] = gfid
        return found

    def path(self, at: Gfid | Place) -> bytes:
        """Return the path of an object, or a place, on the agent's mount."""
        below = gfids.aux_place(at) if isinstance(at, Place) else gfids.aux(at)
        return self.root + b"/" + below


def _holds(brick: bytes, gfid: Gfid) -> bool:
    handle = brick + b"/" + gfids.handle(gfid)
    return os.path.lexists(handle) and xattrs.LINKTO not in xattrs.get_all(handle)


def _ready(root: bytes) -> bool:
    try:
        return (xattrs.get(root, b"dht.subvol.status") or b"").startswith(b"1")
    except OSError:
        return False


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    need_lab()
    lab = Lab(f"traps-{os.getpid()}")
    try:
        lab.up(Shape(primaries=1, bricks=2, replica=1, secondary_bricks=2))
        yield Sides(lab)
    finally:
        lab.down()


def item(gfid: Gfid, kind: Kind, *names: Place, heard: tuple[Place, ...] = (), **more: int) -> Item:
    mode = TYPES[kind] | more.pop("mode", 0o751)
    target = b"elsewhere" if kind is Kind.SYMLINK else b""
    shown = Attributes(mode, 5, 6, len(target), 7_000_000_007, 8, more.pop("rdev", 0))
    return Item(gfid=gfid, kind=kind, names=names, heard=heard, attributes=shown, target=target)


def done(answer: AnyAnswer) -> Done:
    assert isinstance(answer, Done), answer
    return answer


def says(codes: int | set[int], call: Callable[..., object], *arguments: object) -> None:
    """Check that a plain call is refused, and with what."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - which one is what is compared
        call(*arguments)
    assert caught.value.errno in (codes if isinstance(codes, set) else {codes})


def test_a_directory_that_was_last_seen_by_another_path_moves(sides: Sides) -> None:
    one, two = sides.folder(), sides.folder()
    at, to = Place(one, b"d"), Place(two, b"d")
    gfid = sides.made(at, Kind.DIRECTORY)
    os.lstat(sides.root + b"/test-%d/d" % (sides._folders - 1))
    says(errno.ESTALE, os.rename, sides.path(at), sides.path(to))
    assert done(apply(sides.target, item(gfid, Kind.DIRECTORY, to))).changed
    assert sides.standing(two) == {b"d": gfid}
    assert sides.standing(one) == {}


def test_a_directory_that_another_agent_has_moved_moves(sides: Sides) -> None:
    one, two = sides.folder(), sides.folder()
    at, there, to = Place(one, b"d"), Place(two, b"d"), Place(two, b"e")
    gfid = sides.made(at, Kind.DIRECTORY)
    inner = sides.made(Place(gfid, b"i"))
    sides.other.rename(at, there)
    says(errno.ENOENT, os.rename, sides.path(at), sides.path(to))
    assert done(apply(sides.target, item(gfid, Kind.DIRECTORY, to, heard=(at,)))).changed
    assert sides.standing(two) == {b"e": gfid}
    assert sides.target.find(inner) == [Place(gfid, b"i")]


@pytest.mark.parametrize("code", [errno.EEXIST, errno.ESTALE, errno.EBUSY])
def test_a_move_that_is_refused_once_is_looked_at_again(
    sides: Sides, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename to a free name was once seen to say EEXIST, and to work a moment later."""
    folder = sides.folder()
    at, to = Place(folder, b"d"), Place(sides.folder(), b"d")
    gfid = sides.made(at, Kind.DIRECTORY)
    rename, refusals = sides.target.rename, [OSError(code, "no")]

    def once(source: Place, place: Place) -> None:
        if refusals:
            raise refusals.pop()
        rename(source, place)

    monkeypatch.setattr(sides.target, "rename", once)
    assert done(apply(sides.target, item(gfid, Kind.DIRECTORY, to))).changed
    assert sides.standing(to.parent) == {b"d": gfid}


def test_a_directory_is_not_made_twice_under_one_gfid(sides: Sides) -> None:
    folder = sides.folder()
    one, two, three = (Place(folder, name) for name in (b"one", b"two", b"three"))
    gfid = sides.made(one, Kind.DIRECTORY)
    sides.other.create(item(gfid, Kind.DIRECTORY), two)
    assert sides.standing(folder) == {b"one": gfid, b"two": gfid}

    gfid = sides.made(three, Kind.DIRECTORY)
    to = Place(sides.folder(), b"moved")
    done(apply(sides.other, item(gfid, Kind.DIRECTORY, to)))
    assert sides.standing(to.parent) == {b"moved": gfid}
    assert b"three" not in sides.standing(folder)


def test_a_file_is_not_made_twice_under_one_gfid(sides: Sides) -> None:
    """Two agents that both find it missing: the second one looks again, under its lock."""
    folder = sides.folder()
    gfid = sides.made(Place(folder, b"first"))
    for number in range(20):
        # Where it comes to the brick that has it, it is refused; on the other one it is not.
        with contextlib.suppress(OSError):
            sides.other.create(item(gfid, Kind.FILE), Place(folder, b"%d" % number))
            break
    assert sides.handles(gfid) == 2

    class Slow(GlusterTarget):
        """Lets another agent be faster, between its first look and its lock."""

        def holding(self, *keys: Gfid | Place):  # type: ignore[no-untyped-def]
            if sides.other.seen(late) is None:
                done(apply(sides.other, item(late, Kind.FILE, Place(folder, b"theirs"))))
            return super().holding(*keys)

    for number in range(8):
        late = Gfid(str(uuid4()))
        slow = Slow(sides.root, lambda: sides.root)
        answer = done(apply(slow, item(late, Kind.FILE, Place(folder, b"ours-%d" % number))))
        assert (answer.created, answer.links, sides.handles(late)) == (False, 1, 1)


def test_an_empty_directory_is_not_renamed_over(sides: Sides) -> None:
    folder = sides.folder()
    names = [Place(folder, name) for name in (b"a", b"b", b"c", b"d")]
    a, b, c, d = (sides.made(at, Kind.DIRECTORY) for at in names)
    sides.target.rename(names[0], names[1])
    assert (sides.handles(a), sides.handles(b)) == (2, 0)

    answer = done(apply(sides.target, item(c, Kind.DIRECTORY, names[3], heard=(names[2],))))
    assert [holder.gfid for holder in answer.displaced] == [d]
    assert sides.standing(folder) == {b"b": a, b"d": c}
    assert (sides.handles(d), d in sides.target.in_limbo()) == (2, True)


def test_a_directory_is_not_renamed_below_itself(sides: Sides) -> None:
    """GlusterFS says EINVAL, and one brick has lost the handle of the directory."""
    folder = sides.folder()
    lost, kept = Place(folder, b"lost"), Place(folder, b"kept")
    for at, guarded in ((lost, False), (kept, True)):
        above = sides.made(at, Kind.DIRECTORY)
        between = sides.made(Place(above, b"between"), Kind.DIRECTORY)
        below = sides.made(Place(between, b"below"), Kind.DIRECTORY)
        to = Place(below, b"x")
        if guarded:
            answer = apply(sides.target, item(above, Kind.DIRECTORY, to, heard=(at,)))
            assert answer == NeedParent(gfid=above, parent=below)
            assert sides.handles(above) == 2
            # Once the parent has its place, it moves.
            done(apply(sides.target, item(below, Kind.DIRECTORY, Place(folder, b"out"))))
            done(apply(sides.target, item(above, Kind.DIRECTORY, to, heard=(at,))))
            assert sides.standing(below) == {b"x": above}
            assert sides.handles(above) == 2
        else:
            says(errno.EINVAL, sides.target.rename, at, to)
            assert sides.handles(above) == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_a_parent_that_is_a_file_is_no_parent(sides: Sides, kind: Kind) -> None:
    folder = sides.folder()
    parent = sides.made(Place(folder, b"p"))
    at = Place(parent, b"x")
    says(errno.ENOTDIR, os.lstat, sides.path(at))
    gfid = Gfid(str(uuid4()))
    says(
        {errno.EIO, errno.EPERM},
        *(xattrs.put, sides.path(parent), newfile.XATTR, newfile.blob(item(gfid, kind), b"x")),
    )
    assert sides.target.at(at) is None
    assert apply(sides.target, item(gfid, kind, at)) == NeedParent(gfid=gfid, parent=parent)
    assert done(apply(sides.target, Gone(gfid=gfid, heard=(at,), lawful=True))).changed is False


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.DIRECTORY])
def test_a_name_too_many_is_not_renamed_away(sides: Sides, kind: Kind) -> None:
    """A rename between two names of one object says that it worked, and does nothing."""
    folder = sides.folder()
    one, two = Place(folder, b"one"), Place(folder, b"two")
    gfid = sides.made(one, kind, rdev=NULL if kind in (Kind.BLOCK, Kind.CHARACTER) else 0)
    sides.target.link(gfid, two)
    os.rename(sides.path(one), sides.path(two))
    assert sides.standing(folder) == {b"one": gfid, b"two": gfid}

    rdev = NULL if kind in (Kind.BLOCK, Kind.CHARACTER) else 0
    answer = done(apply(sides.target, item(gfid, kind, two, heard=(one,), rdev=rdev)))
    assert (answer.links, answer.created) == (1, False)
    assert sides.standing(folder) == {b"two": gfid}


def test_the_gfid_of_a_directory_is_asked_at_its_place(sides: Sides) -> None:
    folder = sides.folder()
    at = Place(folder, b"d")
    gfid = sides.made(at, Kind.DIRECTORY)
    raw = xattrs.get(sides.path(gfid), b"glusterfs.gfid")
    assert raw is not None
    assert gfids.from_raw(raw[:16]) != gfid
    says(errno.ENOTSUP, os.listdir, sides.path(gfid))

    seen = sides.target.at(at)
    assert seen is not None
    assert (seen.gfid, sides.target.find(gfid)) == (gfid, [at])
    inner = sides.made(Place(gfid, b"i"))
    assert [holder.gfid for holder in sides.target.children(at, 9)] == [inner]


def test_what_was_heard_of_as_a_file_and_is_a_directory_is_removed(sides: Sides) -> None:
    folder = sides.folder()
    at = Place(folder, b"d")
    gfid = sides.made(at, Kind.DIRECTORY)
    says(errno.EISDIR, os.unlink, sides.path(at))
    assert done(apply(sides.target, Gone(gfid=gfid, heard=(at,), lawful=True))).changed
    assert (sides.standing(folder), sides.handles(gfid)) == ({}, 0)


def test_real_paths_of_what_was_moved_are_stale_and_not_used(sides: Sides) -> None:
    one, two = sides.folder(), sides.folder()
    at, to = Place(one, b"d"), Place(two, b"d")
    gfid = sides.made(at, Kind.DIRECTORY)
    inner = sides.made(Place(gfid, b"i"))
    sides.target.rename(at, to)
    assert sides.target.find(inner) == [Place(gfid, b"i")]
    assert sides.target.above(gfid)[-3:] == [ROOT, two, gfid]
    assert sides.fresh().find(inner) == [Place(gfid, b"i")]


def test_names_of_a_hard_link_are_told_unescaped_and_each_is_checked(sides: Sides) -> None:
    folder = sides.folder()
    names = [Place(folder, name) for name in (b"x", b"y:z", b"bad\xff\n", b"plain")]
    gfid = sides.made(names[0])
    for place in names[1:]:
        sides.target.link(gfid, place)
    told = xattrs.get(sides.path(gfid), b"glusterfs.gfidtopath")
    assert told is not None
    assert len(told.split(b":")) > len(names)

    found = sides.target.find(gfid)
    assert set(found) <= set(names)
    assert {names[0], names[2], names[3]} <= set(found)
    answer = done(apply(sides.target, item(gfid, Kind.FILE, names[1])))
    assert (answer.links, sides.standing(folder)) == (1, {b"y:z": gfid})


REBORN = [
    (Kind.DIRECTORY, Kind.DIRECTORY, 0, 0),
    (Kind.FILE, Kind.FILE, 0, 0),
    (Kind.FILE, Kind.DIRECTORY, 0, 0),
    (Kind.DIRECTORY, Kind.FILE, 0, 0),
    (Kind.SYMLINK, Kind.FIFO, 0, 0),
    (Kind.CHARACTER, Kind.CHARACTER, NULL, ZERO),
    (Kind.BLOCK, Kind.CHARACTER, NULL, ZERO),
]


@pytest.mark.parametrize("removed", [True, False], ids=["removed first", "made over it"])
@pytest.mark.parametrize(("was", "shall", "old", "new"), REBORN)
def test_what_is_made_again_under_the_same_gfid_is_the_new_one(
    sides: Sides, was: Kind, shall: Kind, old: int, new: int, *, removed: bool
) -> None:
    """The client still has the old inode, and the kernel its device number."""
    folder = sides.folder()
    at, to = Place(folder, b"was"), Place(sides.folder(), b"is")
    gfid = sides.made(at, was, rdev=old)
    assert sides.other.seen(gfid) is not None
    if removed:
        done(apply(sides.other, Gone(gfid=gfid, heard=(at,), lawful=True)))
    again = item(gfid, shall, to, heard=(at,), rdev=new)
    # What is stale is tried again, as a worker does.
    until("the old inode is forgotten", lambda: isinstance(apply(sides.target, again), Done))
    assert not done(apply(sides.target, again)).changed
    assert (sides.standing(folder), sides.standing(to.parent)) == ({}, {b"is": gfid})
    seen = sides.fresh().seen(gfid)
    assert seen is not None
    assert (seen.kind, seen.attributes.rdev) == (shall, new)


def test_a_device_that_is_made_again_shows_its_old_number_unless_it_was_looked_for(
    sides: Sides,
) -> None:
    at = Place(sides.folder(), b"dev")
    gfid = sides.made(at, Kind.CHARACTER, rdev=NULL)
    sides.target.unlink(at)
    sides.target.create(item(gfid, Kind.CHARACTER, rdev=ZERO), at)
    shown = sides.target.seen(gfid)
    assert shown is not None
    assert shown.attributes.rdev == NULL
    done(apply(sides.target, item(gfid, Kind.CHARACTER, at, rdev=ZERO)))
    shown = sides.target.seen(gfid)
    assert shown is not None
    assert shown.attributes.rdev == ZERO


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_made_has_mode_owner_number_and_time_whatever_the_umask(
    sides: Sides, kind: Kind
) -> None:
    at = Place(sides.folder(), b"x")
    rdev = NULL if kind in (Kind.BLOCK, Kind.CHARACTER) else 0
    before = os.umask(0o077)
    try:
        gfid = sides.made(at, kind, mode=0o6773, rdev=rdev)
    finally:
        os.umask(before)
    seen = sides.fresh().seen(gfid)
    assert seen is not None
    shall = item(gfid, kind, mode=0o777 if kind is Kind.SYMLINK else 0o6773, rdev=rdev).attributes
    size = seen.attributes.size
    shown = msgspec.structs.replace(shall, size=size, atime=seen.attributes.atime)
    assert seen.attributes == shown


def test_setting_what_a_privileged_client_ignores_is_seen(sides: Sides) -> None:
    root = sides.mount("sec1", SECONDARY, "--client-pid=-1")
    gfid = sides.made(Place(sides.folder(), b"d"), Kind.DIRECTORY)
    path = root + b"/" + gfids.aux(gfid)
    for name in (b"trusted.foo", b"security.foo", b"trusted.glusterfs.a.b.stime"):
        xattrs.put(path, name, b"12345678")
        assert xattrs.get(path, name) is None
    acl = bytes.fromhex("0200000001000700ffffffff04000500ffffffff20000500ffffffff")
    shall = {b"user.x": b"1", objects.DEFAULT_ACL: acl}
    xattrs.put(path, objects.DEFAULT_ACL, acl)
    assert objects.travelling(path) == {}

    asked = msgspec.structs.replace(
        item(gfid, Kind.DIRECTORY, *sides.target.find(gfid)), xattrs=shall
    )
    alone = GlusterTarget(root, lambda: root)
    answer = apply(alone, asked)
    assert isinstance(answer, Refused)
    assert answer.words == "xattrs were set with success and are not there"
    done(apply(GlusterTarget(root, lambda: sides.root), asked))
    assert objects.travelling(path) == shall


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
    return [brick for brick in sides.primary_bricks if _holds(brick, gfid)]


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
            gfid = gfids.from_raw(xattrs.get(path, b"glusterfs.gfid")[:16])  # type: ignore[index]
            read = push.load(sides.primary_gfids, item(gfid, Kind.FILE), 1 << 20)
            stale += read is None or read.data != content
    assert stale == 0
