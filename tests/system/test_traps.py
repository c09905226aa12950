"""Traps of GlusterFS, on real mounts: what the plain call does there, and that ours does not.

Each test first walks into the trap, so that one that GlusterFS mends some day is noticed, and what
guards against it can go.
"""

import contextlib
import errno
import os
import threading
import time
from uuid import uuid4

import msgspec
import pytest
from mounted import Sides, done, item, says

from engine.gluster import gfid as gfids
from engine.gluster import newfile, objects, xattrs
from engine.item import ROOT, Gfid, Gone, Kind, NeedParent, Place, Refused
from engine.lab.shape import SECONDARY
from engine.secondary.apply import apply
from engine.secondary.gluster_target import GlusterTarget

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

NULL, ZERO = os.makedev(1, 3), os.makedev(1, 5)


def test_a_directory_that_was_last_seen_by_another_path_moves(sides: Sides) -> None:
    one, two = sides.folder(), sides.folder()
    at, to = Place(one, b"d"), Place(two, b"d")
    gfid = sides.made(at, Kind.DIRECTORY)
    os.lstat(sides.root + b"/test-%d/d" % (sides.folders - 1))
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


def test_a_name_whose_pointer_was_removed_is_seen_and_mended(sides: Sides) -> None:
    """Left behind by a lookup in the middle of a link: 3 of 400, where three others look.

    What a thorough mount makes directories in is looked for on every brick by all others, too.
    """
    plain = sides.mount("sec1", SECONDARY)
    hidden = sides.served(plain, plain)
    folder, gfid = Gfid(str(uuid4())), Gfid(str(uuid4()))
    first = Place(folder, b"first")
    done(apply(hidden, item(folder, Kind.DIRECTORY, Place(ROOT, b"pointers"))))
    done(apply(hidden, item(gfid, Kind.FILE, first)))
    at = next(Place(folder, b"n%d" % n) for n in range(100) if _given_a_pointer(sides, gfid, n))
    assert hidden.at(at) is None
    says(errno.EEXIST, hidden.link, gfid, at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "link", lambda *_args, **_more: None)
        with pytest.raises(OSError, match="and is not there"):
            hidden.link(gfid, at)
    done(apply(sides.target, item(gfid, Kind.FILE, first, at)))
    found = hidden.at(at)
    assert found is not None, "the pointer is there again, for everybody"
    assert found.gfid == gfid


def _given_a_pointer(sides: Sides, gfid: Gfid, number: int) -> bool:
    """Give `gfid` the name; if that belongs on another brick, remove the pointer that is there."""
    name = b"n%d" % number
    parent = sides.target.find(gfid)[0].parent
    sides.target.link(gfid, Place(parent, name))
    for brick in sides.bricks:
        path = brick + b"/pointers/" + name
        if os.path.lexists(path) and xattrs.get(path, xattrs.LINKTO):
            os.unlink(path)
            return True
    return False


def _left_behind(sides: Sides) -> tuple[Place, Gfid]:
    """Return a place that the other agent moved a directory away from, which this one had moved
    there, and that directory.
    """
    folder = sides.folder()
    here, there = Place(folder, b"here"), Place(folder, b"there")
    old = Gfid(str(uuid4()))
    sides.other.create(item(old, Kind.DIRECTORY), here)
    assert sides.other.at(here)
    sides.target.rename(here, there)
    assert sides.other.at(here) is None
    sides.other.rename(there, here)
    return there, old


def test_a_new_directory_is_not_taken_for_the_one_that_was_moved_away(sides: Sides) -> None:
    """Else all that is done in it by its gfid is done in the other one, and nobody says so."""
    place, old = _left_behind(sides)
    value = newfile.blob(item(Gfid(str(uuid4())), Kind.DIRECTORY), place.name)
    new = Gfid(value[8:44].decode())
    xattrs.put(sides.other._objects.path(place.parent), newfile.XATTR, value)
    sides.other.create(item(Gfid(str(uuid4())), Kind.FILE), Place(new, b"lost"))
    assert sides.standing(new) == {}
    assert list(sides.standing(old)) == [b"lost"]

    place, old = _left_behind(sides)
    new, inner = Gfid(str(uuid4())), Gfid(str(uuid4()))
    done(apply(sides.other, item(new, Kind.DIRECTORY, place)))
    done(apply(sides.other, item(inner, Kind.FILE, Place(new, b"found"))))
    assert sides.standing(new) == {b"found": inner}
    assert sides.standing(old) == {}
    assert not sides.other.lost


@pytest.mark.parametrize("ends", [False, True])
def test_a_directory_is_made_where_another_was_made_before(sides: Sides, ends: bool) -> None:
    """One in ten was the other one, which another agent had moved; or could not be made at all."""
    for _ in range(150):
        folder = sides.folder()
        place = Place(folder, b"here")
        old, new, inner = (Gfid(str(uuid4())) for _ in range(3))
        done(apply(sides.other, item(old, Kind.DIRECTORY, place)))
        if ends:
            sides.other.rmdir(place)
        else:
            sides.target.rename(place, Place(folder, b"there"))
        done(apply(sides.other, item(new, Kind.DIRECTORY, place)))
        done(apply(sides.other, item(inner, Kind.FILE, Place(new, b"found"))))
        assert sides.standing(new) == {b"found": inner}
        assert not sides.other.lost


def test_a_mount_that_takes_a_new_directory_for_another_is_given_up(sides: Sides) -> None:
    place, old = _left_behind(sides)
    root = sides.other._root
    agent = sides.served(root, root)
    gfid = Gfid(str(uuid4()))
    before = sides.target.seen(old)
    shall = item(gfid, Kind.DIRECTORY, place, mode=0o700)
    answer = apply(agent, shall)
    assert isinstance(answer, Refused)
    assert (answer.errno, answer.words) == (errno.ESTALE, agent.lost)
    assert gfid in agent.lost
    assert old in agent.lost
    assert sides.target.seen(old) == before, "what was meant for the new one was done to the old"
    inner = item(Gfid(str(uuid4())), Kind.FILE, Place(gfid, b"f"))
    assert isinstance(apply(agent, inner), Refused)
    assert sides.standing(old) == sides.standing(gfid) == {}
    done(apply(sides.fresh(), shall))


def test_what_is_at_hand_and_was_removed_by_another_agent_is_not_there(sides: Sides) -> None:
    folder = sides.folder()
    for kind in (Kind.FILE, Kind.SYMLINK, Kind.FIFO):
        place = Place(folder, b"%s" % kind.encode())
        gfid = sides.made(place, kind)
        with sides.target.at_hand():
            assert sides.target.seen(gfid)
            sides.other.unlink(place)
            assert sides.target.seen(gfid) is None
            assert sides.target.at(place) is None


@pytest.mark.parametrize("back", [False, True], ids=["gone", "made again elsewhere"])
def test_a_directory_that_is_held_and_was_removed_by_another_agent(
    sides: Sides, back: bool
) -> None:
    """A held directory is good for a second; whoever works it then finds it anew."""
    at = Place(sides.folder(), b"d")
    folder = sides.made(at, Kind.DIRECTORY)
    first, second = Place(folder, b"first"), Place(folder, b"second")
    sides.made(first)
    sides.other.unlink(first)
    sides.other.rmdir(at)
    if back:
        elsewhere = Place(sides.folder(), b"e")
        done(apply(sides.other, item(folder, Kind.DIRECTORY, elsewhere)))
    gfid = Gfid(str(uuid4()))
    answer = apply(sides.target, item(gfid, Kind.FILE, second))
    if not back:
        assert answer == NeedParent(gfid=gfid, parent=folder)
    else:
        assert done(answer).created
        assert sides.standing(folder) == {b"second": gfid}
        there = sides.fresh().at(second)
        assert there is not None
        assert there.gfid == gfid


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
        slow = Slow(sides.root, lambda: sides.root, lambda: sides.root)
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
    (Kind.DIRECTORY, Kind.FIFO, 0, 0),
    (Kind.DIRECTORY, Kind.SYMLINK, 0, 0),
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
    done(apply(sides.target, again))
    assert not done(apply(sides.target, again)).changed
    assert (sides.standing(folder), sides.standing(to.parent)) == ({}, {b"is": gfid})
    seen = sides.fresh().seen(gfid)
    assert seen is not None
    assert (seen.kind, seen.attributes.rdev) == (shall, new)


def test_what_another_agent_has_removed_does_not_stay_stale(sides: Sides) -> None:
    """By which brick it is, about every other one: a client that has seen it says ESTALE."""
    stale = 0
    for number in range(12):
        folder = sides.folder()
        at, to = Place(folder, b"was"), Place(folder, b"is-%d" % number)
        gfid = sides.made(at, Kind.DIRECTORY)
        assert sides.target.seen(gfid)
        assert sides.target.at(at)
        done(apply(sides.other, Gone(gfid=gfid, heard=(at,), lawful=True)))
        assert sides.target.seen(gfid) is None
        again = item(gfid, Kind.FILE, to)
        xattrs.put(sides.path(folder), newfile.XATTR, newfile.blob(again, to.name))
        assert sides.target.seen(gfid)
        try:
            os.lchown(sides.path(gfid), 0, 0)
        except OSError as error:
            stale += error.errno == errno.ESTALE
        done(apply(sides.target, again))
        assert sides.standing(folder) == {to.name: gfid}
    assert stale


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
    alone = sides.served(root, root)
    answer = apply(alone, asked)
    assert isinstance(answer, Refused)
    assert answer.words == "xattrs were set with success and are not there"
    done(apply(sides.served(root, sides.root), asked))
    assert objects.travelling(path) == shall


def test_a_directory_that_has_no_gfid_yet_gets_one_from_whoever_looks(sides: Sides) -> None:
    """Why a directory's place is looked at under the lock of whoever may be making it there."""
    folder = sides.folder()
    for brick in sides.bricks:
        os.mkdir(brick + b"/" + gfids.handle(folder) + b"/made")
    place = Place(folder, b"made")
    # Younger than that, the brick says that it is not there.
    time.sleep(2.1)
    found = sides.other.at(place)
    assert found is not None
    # Too late: its gfid is a random one now.
    says({errno.EEXIST}, sides.target.create, item(Gfid(str(uuid4())), Kind.DIRECTORY), place)
    assert sides.standing(folder) == {b"made": found.gfid}

    gfid = Gfid(str(uuid4()))
    later = Place(folder, b"later")
    looked = threading.Event()

    def look() -> None:
        apply(sides.other, item(gfid, Kind.DIRECTORY, later))
        looked.set()

    with sides.target.holding(gfid, later):
        thread = threading.Thread(target=look)
        thread.start()
        assert not looked.wait(0.5)
        sides.target.create(item(gfid, Kind.DIRECTORY), later)
    thread.join()
    assert sides.standing(folder)[b"later"] == gfid
