"""What an ordinary user keeps of an object: a table; and that keeping it twice changes nothing."""

import stat
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import keeping
from engine.item import ROOT, Attributes, Facts, Gfid, Item, Kind, Place
from engine.keeping import Owner

GEO = Owner(name="geo", uid=2001, gid=2002, groups=(7, 8))
FILE, DIRECTORY, LINK = stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK
ACL = b"system.posix_acl_access"
G = Gfid("00000001-0000-4000-8000-000000000000")


def kept(mode: int, uid: int = 5, gid: int = 6) -> tuple[int, int, int]:
    found = keeping.attributes(Attributes(mode, uid, gid, 1, 2, 3, 4), GEO)
    assert (found.size, found.mtime, found.atime, found.rdev) == (1, 2, 3, 4)
    return found.mode, found.uid, found.gid


@pytest.mark.parametrize(
    ("mode", "then"),
    [
        pytest.param(FILE | 0o644, FILE | 0o644, id="a usual file"),
        pytest.param(FILE | 0o444, FILE | 0o444, id="a file that nobody may write"),
        pytest.param(FILE | 0o040, FILE | 0o440, id="its owner may read it"),
        pytest.param(FILE | 0o7755, FILE | 0o1755, id="nobody borrows the user's rights"),
        pytest.param(DIRECTORY | 0o2750, DIRECTORY | 0o2750, id="a setgid directory"),
        pytest.param(DIRECTORY | 0o055, DIRECTORY | 0o755, id="a directory that shuts us out"),
        pytest.param(DIRECTORY | 0o1777, DIRECTORY | 0o1777, id="a sticky one"),
        pytest.param(LINK | 0o777, LINK | 0o777, id="a symlink"),
        pytest.param(stat.S_IFIFO | 0o000, stat.S_IFIFO | 0o000, id="a FIFO"),
    ],
)
def test_modes(mode: int, then: int) -> None:
    assert kept(mode)[0] == then


@pytest.mark.parametrize(
    ("gid", "then"),
    [
        pytest.param(6, 2002, id="a group that the user is not in"),
        pytest.param(8, 8, id="one that he is in"),
        pytest.param(2002, 2002, id="his own"),
        pytest.param(0, 2002, id="root's"),
    ],
)
def test_owners(gid: int, then: int) -> None:
    assert kept(FILE | 0o600, gid=gid)[1:] == (2001, then)


@given(
    st.sampled_from([FILE, DIRECTORY, LINK, stat.S_IFIFO]),
    st.integers(0, 0o7777),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_what_is_kept_is_kept_as_it_is(kind: int, mode: int, uid: int, gid: int) -> None:
    once = keeping.attributes(Attributes(kind | mode, uid, gid, 0, 0, 0), GEO)
    assert keeping.attributes(once, GEO) == once
    assert stat.S_IFMT(once.mode) == kind


def an_item(mode: int, acl: bytes | None = None, *, coming: bool = False) -> Item:
    kind = Kind.DIRECTORY if stat.S_ISDIR(mode) else Kind.FILE
    xattrs = None if acl is None else {b"user.a": b"1", ACL: acl}
    shall = Attributes(mode, 0, 0, 0, 0, 0)
    names = (Place(ROOT, b"a"),)
    return Item(gfid=G, kind=kind, names=names, attributes=shall, xattrs=xattrs, coming=coming)


def test_a_file_that_a_mover_writes_can_be_written() -> None:
    coming = keeping.item(an_item(FILE | 0o400, coming=True), GEO)
    assert stat.S_IMODE(coming.attributes.mode) == 0o600
    assert stat.S_IMODE(keeping.item(an_item(FILE | 0o400), GEO).attributes.mode) == 0o400


def acl(owner: int) -> bytes:
    entries = [(1, owner, 0xFFFFFFFF), (2, 5, 7), (4, 0, 0xFFFFFFFF), (16, 5, 0xFFFFFFFF)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


@pytest.mark.parametrize(
    ("mode", "coming", "before", "after"),
    [
        pytest.param(DIRECTORY | 0o500, False, acl(5), acl(7), id="a directory"),
        pytest.param(FILE | 0o000, False, acl(0), acl(4), id="a file"),
        pytest.param(FILE | 0o400, True, acl(4), acl(6), id="a file that is written"),
        pytest.param(FILE | 0o600, False, acl(6), acl(6), id="nothing to add"),
        pytest.param(FILE | 0o600, False, b"", b"", id="no ACL at all"),
        pytest.param(FILE | 0o600, False, acl(6)[:-1], acl(6)[:-1], id="not understood"),
    ],
)
def test_an_acl_says_the_same_of_the_owner(
    mode: int, coming: bool, before: bytes, after: bytes
) -> None:
    kept = keeping.item(an_item(mode, before, coming=coming), GEO)
    assert kept.xattrs == {b"user.a": b"1", ACL: after}


def test_xattrs_that_were_not_looked_at_are_left_alone() -> None:
    assert keeping.item(an_item(FILE | 0o000), GEO).xattrs is None


def test_what_is_compared_is_what_is_kept() -> None:
    found = Facts(G, Kind.FILE, Attributes(FILE | 0o6755, 5, 8, 9, 1, 1), 1)
    shown = keeping.facts(found, GEO).attributes
    assert (shown.mode, shown.uid, shown.gid, shown.size) == (FILE | 0o755, 2001, 8, 9)
