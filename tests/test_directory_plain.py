"""A directory secondary of a user who is not root: what he may not do, and how it is known who an
object is.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import directories
import msgspec
import pytest
from directories import PLAIN_GFID, UID, Crash, crashing, faults, limbo, tree
from test_apply import A, B, C, done, item

from engine import keeping
from engine.item import ROOT, Attributes, Gfid, Gone, Item, Kind, Piece, Place, Refused
from engine.secondary.apply import apply
from engine.secondary.directory_target import DirectoryTarget

AT_A, AT_B = Place(ROOT, b"a"), Place(ROOT, b"b")
LEAVES = [Kind.FILE, Kind.SYMLINK, Kind.FIFO, Kind.SOCKET]


@pytest.fixture(autouse=True)
def ordinary() -> Iterator[None]:
    with directories.acting(directories.ORDINARY):
        yield


@pytest.fixture
def root() -> Iterator[Path]:
    with directories.ground() as folder:
        (folder / "secondary").mkdir()
        directories.made(folder / "secondary").close()
        yield folder / "secondary"


@pytest.fixture
def target(root: Path) -> Iterator[DirectoryTarget]:
    opened = DirectoryTarget(os.fsencode(root))
    yield opened
    opened.close()
    assert faults(root) == []


def a(gfid: Gfid, *names: Place, mode: int = -1, kind: Kind = Kind.FILE, **more: object) -> Item:
    shall = item(gfid, *names, kind=kind, target=b"t" if kind is Kind.SYMLINK else b"", **more)
    if mode < 0:
        return shall
    kept = msgspec.structs.replace(shall.attributes, mode=stat.S_IFMT(shall.attributes.mode) | mode)
    return msgspec.structs.replace(shall, attributes=kept)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def inodes(root: Path) -> set[int]:
    return {int(name) for name in os.listdir(root / ".georep/inodes")}


# What a user may not do, or only meanwhile.


@pytest.mark.parametrize("was", [0o444, 0o400, 0o000, 0o4755])
def test_a_file_that_may_not_be_written_gets_content_and_xattrs(
    root: Path, target: DirectoryTarget, was: int
) -> None:
    for data in (b"first", b"second!"):
        xattrs = {b"user.a": data}
        done(apply(target, a(A, AT_A, mode=was, data=data, xattrs=xattrs)))
        assert mode(root / "a") == (was | 0o400) & 0o777
        assert (root / "a").read_bytes() == data
        assert os.getxattr(root / "a", "user.a") == data
    assert (root / "a").stat().st_uid == UID
    assert not done(apply(target, a(A, AT_A, mode=was, data_follows=True))).changed
    assert target.digest(Piece(A, 0, 9)) is not None


def test_a_mover_can_write_where_it_is_said_to_come(root: Path, target: DirectoryTarget) -> None:
    owner = target.owner
    assert owner is not None
    coming = a(A, AT_A, mode=0o444, data_follows=True, coming=True)
    done(apply(target, keeping.item(coming, owner)))
    (root / ".georep/.gfid" / A).write_bytes(b"from a mover")
    now = a(A, AT_A, mode=0o444)
    done(apply(target, keeping.item(now, owner)))
    assert mode(root / "a") == 0o444
    assert (root / "a").read_bytes() == b"from a mover"


def test_in_a_directory_that_shuts_its_owner_out_things_are_made(
    root: Path, target: DirectoryTarget
) -> None:
    done(apply(target, a(A, AT_A, mode=0o055, kind=Kind.DIRECTORY)))
    done(apply(target, a(B, Place(A, b"b"), data=b"1")))
    assert mode(root / "a") == 0o755
    done(apply(target, a(A, AT_B, mode=0o2500, kind=Kind.DIRECTORY)))
    assert (mode(root / "b"), tree(root)) == (0o2700, {AT_B: A, Place(A, b"b"): B})
    assert target.facts([AT_B])[0] is not None


@pytest.mark.parametrize("after", range(12))
def test_a_right_that_a_crash_left_lent_is_taken_when_it_is_made_so_again(
    root: Path, target: DirectoryTarget, after: int
) -> None:
    done(apply(target, a(A, AT_A, mode=0o444, data=b"1")))
    second = a(A, AT_A, mode=0o444, data=b"22", xattrs={b"user.a": b"1"})
    try:
        with crashing(after):
            apply(target, second)
    except Crash:
        pass
    done(apply(target, second))
    assert (mode(root / "a"), (root / "a").read_bytes()) == (0o444, b"22")


def test_a_device_is_refused_with_the_reason(root: Path, target: DirectoryTarget) -> None:
    answer = apply(target, a(A, AT_A, kind=Kind.BLOCK))
    assert isinstance(answer, Refused)
    assert answer.words == "only root can make a device there"
    assert tree(root) == {}
    assert target.seen(A) is None
    assert os.listdir(root / ".georep/.gfid") == os.listdir(root / ".georep/new") == []


def test_what_another_user_has_there_is_refused_with_the_reason(
    root: Path, target: DirectoryTarget
) -> None:
    with directories.starting():
        (root / "a").write_text("theirs")
    answer = apply(target, a(A, AT_A))
    assert isinstance(answer, Refused)
    assert answer.words.startswith("it belongs to another user there, uid 0")
    assert (root / "a").read_text() == "theirs"
    with directories.starting():
        (root / "a").unlink()
    done(apply(target, a(A, AT_A)))


def test_groups_that_the_user_is_in_are_kept(root: Path) -> None:
    with directories.starting():
        os.setgroups([7])
    try:
        target = DirectoryTarget(os.fsencode(root))
        for gfid, name, gid in ((A, b"a", 7), (B, b"b", 8)):
            shall = a(gfid, Place(ROOT, name))
            kept = Attributes(stat.S_IFREG | 0o640, 0, gid, 0, 7, 8)
            done(apply(target, msgspec.structs.replace(shall, attributes=kept)))
        target.close()
    finally:
        with directories.starting():
            os.setgroups([])
    assert ((root / "a").stat().st_gid, (root / "b").stat().st_gid) == (7, UID)


# What proves who an object is.


@pytest.mark.parametrize("kind", LEAVES)
def test_what_has_ended_is_said_of_no_inode(
    root: Path, target: DirectoryTarget, kind: Kind
) -> None:
    done(apply(target, a(A, AT_A, AT_B, kind=kind)))
    assert inodes(root) == {(root / "a").lstat().st_ino}
    done(apply(target, a(A, AT_B, kind=kind, heard=(AT_A,))))
    assert inodes(root) == {(root / "b").lstat().st_ino}
    done(apply(target, Gone(gfid=A, lawful=True)))
    assert inodes(root) == set()


@pytest.mark.parametrize("kind", LEAVES)
def test_what_is_said_of_an_inode_is_not_believed_without_the_handle(
    root: Path, target: DirectoryTarget, kind: Kind
) -> None:
    done(apply(target, a(A, AT_A, data=b"ours" if kind is Kind.FILE else None, kind=kind)))
    (root / "b").write_text("theirs")
    said = root / f".georep/inodes/{(root / 'b').stat().st_ino}"
    for lie in (A, B, "x", f"{A}/..//", f"{ROOT}"):
        said.unlink(missing_ok=True)
        said.symlink_to(lie)
        holder = target.at(AT_B)
        assert holder is not None
        assert holder.gfid not in (A, B, ROOT)
        for left in (said, root / ".georep/.gfid" / holder.gfid):
            left.unlink()
    done(apply(target, a(C, AT_B)))
    (aside,) = limbo(root)
    assert (root / ".georep/limbo" / os.fsdecode(aside.name)).read_text() == "theirs"


def test_a_copy_with_its_hard_links_is_gone_on_with(root: Path, target: DirectoryTarget) -> None:
    done(apply(target, a(A, AT_A, kind=Kind.DIRECTORY)))
    made = {}
    for number, kind in enumerate(LEAVES, 5):
        gfid = Gfid(f"{number:08x}-0000-4000-8000-000000000000")
        names = (Place(ROOT, b"%d" % number), Place(A, b"%d" % number))
        done(apply(target, a(gfid, *names, kind=kind)))
        made[gfid] = names
    copy = root.parent / "copy"
    subprocess.run(["cp", "-a", root, copy], check=True)
    again = DirectoryTarget(os.fsencode(copy))
    try:
        for gfid, names in made.items():
            there = [again.at(place) for place in names]
            assert [one.gfid if one else None for one in there] == [gfid, gfid]
            assert again.find(gfid) == sorted(names)
            done(apply(again, a(gfid, names[0], kind=Kind.FILE, elsewhere=True)))
        assert again.in_limbo() == []
        assert faults(copy) == []
    finally:
        again.close()
    shutil.rmtree(copy)


def test_what_is_said_of_inodes_can_be_said_anew(root: Path, target: DirectoryTarget) -> None:
    done(apply(target, a(A, AT_A, AT_B, kind=Kind.SYMLINK)))
    shutil.rmtree(root / ".georep/inodes")
    again = directories.made(root)
    assert [one.gfid for place in (AT_A, AT_B) if (one := again.at(place))] == [A, A]
    again.close()
    assert faults(root) == []


def test_a_directory_that_lost_its_gfid_is_made_anew_beside_it(
    root: Path, target: DirectoryTarget
) -> None:
    done(apply(target, a(A, AT_A, kind=Kind.DIRECTORY)))
    done(apply(target, a(B, Place(A, b"b"), data=b"1")))
    os.setxattr(root / "a", PLAIN_GFID, b"x" * 16)
    done(apply(target, a(A, AT_A, kind=Kind.DIRECTORY)))
    done(apply(target, a(B, Place(A, b"b"), data=b"1", heard=())))
    assert tree(root) == {AT_A: A, Place(A, b"b"): B}


def test_its_own_xattrs_are_no_user_s(root: Path, target: DirectoryTarget) -> None:
    done(apply(target, a(A, AT_A, kind=Kind.DIRECTORY, xattrs={b"user.a": b"1"})))
    done(apply(target, a(A, AT_A, kind=Kind.DIRECTORY, xattrs={})))
    assert os.listxattr(root / "a") == [PLAIN_GFID]
    (facts,) = target.facts([AT_A])
    assert facts is not None
    assert facts.xattrs == {}
    assert tree(root) == {AT_A: A}
