"""Traps of GlusterFS on the primary: what bricks say, and what is true."""

import asyncio
import os
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import PLAIN, fresh_sides
from mounted import Sides, holds, item, mount_by_gfid

from engine.gluster import gfid as gfids
from engine.gluster import statx, xattrs
from engine.gluster.held import Held
from engine.gluster.mount import THOROUGH
from engine.item import Gfid, Kind, Place
from engine.lab.shape import PRIMARY
from engine.movers import push
from engine.plan.ahead import RACY
from engine.plan.dirty import ALL, Dirty, Why
from engine.plan.items import Absent, Alive
from engine.primary import truth
from engine.primary.truth import Sight
from engine.session.beside import Beside
from engine.session.hop import Hop
from engine.session.looking import Looking
from engine.session.position import Position

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


def test_all_names_of_a_file_are_found_that_only_the_mount_can_tell_of(sides: Sides) -> None:
    """It tells one name; a brick that has parts of files, or no content, has recorded all."""
    path, folder = _primary_folder(sides, "names")
    names = [b"%d" % number for number in range(9)]
    Path(os.fsdecode(path + b"/0")).touch()
    for name in names[1:]:
        os.link(path + b"/0", path + b"/" + name)
    gfid = _gfid(sides, path + b"/0")
    (brick,) = _holding(sides, gfid)
    sight = Sight(brick, sides.primary_gfids, whole=False)
    found = truth.look(sight, gfid, Dirty(ALL))
    assert isinstance(found, Alive)
    assert {place.name for place in found.places if place.parent == folder} == set(names)
    assert (found.whole, found.away) == (True, False)


def test_a_pointer_to_a_file_is_not_taken_for_it(sides: Sides) -> None:
    path, folder = _primary_folder(sides, "pointers")
    gfid, holder, pointing = _with_a_pointer(sides, path)
    (name,) = os.listdir(path)
    shown = os.lstat(pointing + b"/" + gfids.handle(gfid))
    assert (stat.S_IMODE(shown.st_mode), shown.st_size) == (0o1000, 0)

    here, there = _look(sides, holder, gfid), _look(sides, pointing, gfid)
    assert here.attributes == there.attributes
    assert there.attributes.size == len(b"content")
    assert here.places == there.places == (Place(folder, name),)
    assert (here.shared, there.shared) == (False, True)


@pytest.fixture
def three() -> Iterator[Sides]:
    """Give a primary of three bricks."""
    with fresh_sides("three", replace(PLAIN, bricks=3)) as made:
        yield made


def test_a_file_that_changes_bricks_while_it_is_looked_at_is_not_gone(
    three: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebalance makes a file of the pointer, then a pointer of the file. All bricks are asked at
    once, and may answer in the other order: two with pointers to each other, the third with ENOENT.
    """
    path, _ = _primary_folder(three, "migrated")
    gfid, holder, pointing = _with_a_pointer(three, path)
    values = xattrs.get_all(pointing + b"/" + gfids.handle(gfid))
    file = holder + b"/" + gfids.handle(gfid)
    mode = stat.S_IMODE(os.lstat(file).st_mode)
    os.setxattr(file, xattrs.LINKTO, values[xattrs.LINKTO])
    os.chmod(file, stat.S_ISVTX)
    looks: list[float] = []

    def arrive(seconds: float) -> None:
        looks.append(seconds)
        os.chmod(file, mode)
        os.removexattr(file, xattrs.LINKTO)

    sight = Sight(pointing, three.mount("prim1", PRIMARY, THOROUGH))
    assert not os.path.lexists(sight.mount + b"/" + gfids.aux(gfid))
    monkeypatch.setattr(truth.time, "sleep", arrive)
    found = truth.look(sight, gfid, Dirty(Why.NAMES))
    assert isinstance(found, Alive)
    assert len(looks) == 1


def _with_a_pointer(sides: Sides, folder: bytes) -> tuple[Gfid, bytes, bytes]:
    """Return a new file, the only one in a folder, the brick that holds it, and that with a pointer
    to it.
    """
    for number in range(50):
        old, new = folder + b"/f%d" % number, folder + b"/g%d" % number
        Path(os.fsdecode(old)).write_bytes(b"content")
        os.rename(old, new)
        gfid = _gfid(sides, new)
        (holder,) = _holding(sides, gfid)
        for other in set(sides.primary_bricks) - {holder}:
            if os.path.lexists(other + b"/" + gfids.handle(gfid)):
                return gfid, holder, other
        os.unlink(new)
    raise AssertionError("of 50 names none belongs on another brick")


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


def test_a_look_is_never_older_than_a_change_that_others_look_past(sides: Sides) -> None:
    """What a look-up has told the kernel drops where it crosses another one that began before, as
    each way to a child of a directory is one of that, too.
    """
    path, folder = _primary_folder(sides, "crossed")
    Path(os.fsdecode(path + b"/f")).touch()
    at = sides.primary_gfids + b"/" + gfids.aux(folder)
    sight = Sight(sides.primary_bricks[0], sides.primary_gfids)
    done = threading.Event()

    def pass_by() -> None:
        while not done.is_set():
            os.lstat(at + b"/f")

    dropped, wrong, number, began = 0, 0, 0, time.monotonic()
    with ThreadPoolExecutor(6) as others:
        for _ in range(6):
            others.submit(pass_by)
        try:
            while (dropped < 5 or number < 200) and time.monotonic() < began + 120:
                number += 1
                mode = 0o700 + number % 64
                os.chmod(path, mode)
                held = Held(at)
                dropped += stat.S_IMODE(statx.known(held.file).st_mode) != mode
                os.chmod(path, mode := 0o777 - number % 64)
                found = truth.look(sight, folder, Dirty(ALL))
                assert isinstance(found, Alive)
                wrong += stat.S_IMODE(found.attributes.mode) != mode
        finally:
            done.set()
    assert dropped >= 5, "it is not dropped any more: look-ups alone would do"
    assert wrong == 0


def test_a_brick_that_has_yet_to_be_crawled_counts_in_the_lowest_position(sides: Sides) -> None:
    """One without a position is left out by DHT; whoever waits for all would wait for none."""
    root = mount_by_gfid(sides.lab, "prim1", PRIMARY, "lowest", "--client-pid=-1")
    first, second = (Position(brick, "p" * 36, "s" * 36) for brick in sides.primary_bricks)
    first.show()
    assert (first.stime, first.passed(root)) == (0, 0)
    first.settle(1000)
    assert first.passed(root) == 1000, "as if the other one were through"
    second.show()
    assert first.passed(root) == 0
    second.begin(2000)
    second.show()
    first.show()
    assert (first.passed(root), first.read(), second.read()) == (1000, 1000, 2000)


async def test_a_write_in_the_same_second_is_seen_on_another_brick(sides: Sides) -> None:
    """Nothing but the ctime tells, and only to the nanosecond."""
    own, other = sides.primary_bricks
    path, number = sides.primary + b"/second-0", 0
    while not _rewritten(path, b"0") or not holds(other, gfid := _gfid(sides, path)):
        number += 1
        path = sides.primary + b"/second-%d" % number
    hop = Hop()

    async def settled() -> str:
        return ""

    looking = Looking(Sight(own, sides.primary_gfids), hop, settled)

    async def news(*, again: bool) -> tuple[bool, int]:
        """Return whether there is any, and over how many seconds it was looked for."""
        # Begins with a second, so that there is time for all of it.
        await asyncio.sleep((1.1 - time.time()) % 1)
        before = after = _rewritten(path, b"1")
        await asyncio.sleep(2 * RACY / 1e9)
        beside = Beside(looking, hop)
        await beside.look({gfid: Dirty(ALL)}, set(), ancestors=False)
        if again:
            after = _rewritten(path, b"2")
        return bool(await beside.news()), after // 10**9 - before // 10**9

    assert await news(again=False) == (False, 0)
    tried = [await news(again=True)]
    while tried[-1][1] and len(tried) < 60:  # this machine was too slow for one second
        tried.append(await news(again=True))
    assert tried[-1] == (True, 0)
    hop.close()


def _rewritten(path: bytes, content: bytes) -> int:
    """Write a file, so that size and mtime do not tell; return its ctime."""
    with open(path, "wb") as file:
        file.write(content)
    os.utime(path, ns=(10**9, 10**9))
    return os.stat(path).st_ctime_ns
