"""A directory as the secondary: crashes between any two changes, and what others do in it."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import directories
import msgspec
import pytest
import xattr
from directories import Crash, carried, crashing, faults, limbo, orphans, tree
from hypothesis import given, settings
from hypothesis import strategies as st
from test_apply import LEAVES, A, B, C, D, done, item

from engine.gluster import gfid as gfids
from engine.item import ROOT, AnyItem, Gfid, Gone, Holder, Item, Kind, Place, Refused
from engine.secondary import directory_names
from engine.secondary.apply import apply
from engine.secondary.directory_books import GFID
from engine.secondary.directory_target import DirectoryTarget
from engine.secondary.syncfs import syncfs

AT_A, AT_B, AT_C = Place(ROOT, b"a"), Place(ROOT, b"b"), Place(ROOT, b"c")
DIRECTORY, FILE, SYMLINK = Kind.DIRECTORY, Kind.FILE, Kind.SYMLINK


@pytest.fixture(params=directories.USERS, autouse=True)
def user(request: pytest.FixtureRequest) -> Iterator[str]:
    """Be each of those that an agent can be."""
    with directories.acting(request.param):
        yield request.param


@pytest.fixture
def tmp_path(user: str) -> Iterator[Path]:
    """Give a folder of that user."""
    with directories.ground() as folder:
        yield folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "secondary"
    folder.mkdir()
    directories.made(folder).close()
    return folder


@pytest.fixture
def target(root: Path) -> Iterator[DirectoryTarget]:
    opened = again(root)
    yield opened
    opened.close()
    assert faults(root) == []


def again(root: Path) -> DirectoryTarget:
    """Return what the next agent opens."""
    return DirectoryTarget(os.fsencode(root))


def make(target: DirectoryTarget, *items: AnyItem) -> None:
    for one in items:
        done(apply(target, one))


def a(gfid: Gfid, *names: Place, kind: Kind = FILE, **more: object) -> Item:
    return item(gfid, *names, kind=kind, target=b"t" if kind is SYMLINK else b"", **more)


def kinds(target: DirectoryTarget, *gfids: Gfid) -> list[Kind | None]:
    seen = [target.seen(gfid) for gfid in gfids]
    return [None if one is None else one.kind for one in seen]


Act = Callable[[DirectoryTarget], None]
NOT_WITHOUT_ROOT = {Kind.BLOCK}
"""Nor are other devices made; but one of the numbers 0, 0 counts as a whiteout."""


def needs_root(user: str, kind: Kind) -> None:
    if user != directories.ROOT_USER and kind in NOT_WITHOUT_ROOT:
        pytest.skip("only root makes devices")


STEPS: dict[str, tuple[tuple[Item, ...], Act]] = {
    **{
        f"create a {kind}": ((), lambda t, kind=kind: t.create(a(A, AT_A, kind=kind), AT_A))
        for kind in Kind
    },
    "link": ((a(A, AT_A),), lambda t: t.link(A, AT_B)),
    "link a symlink": ((a(A, AT_A, kind=SYMLINK),), lambda t: t.link(A, AT_B)),
    "unlink one of two": ((a(A, AT_A, AT_B),), lambda t: t.unlink(AT_A)),
    "unlink the last": ((a(A, AT_A),), lambda t: t.unlink(AT_A)),
    "unlink a symlink": ((a(A, AT_A, kind=SYMLINK),), lambda t: t.unlink(AT_A)),
    "rmdir": ((a(A, AT_A, kind=DIRECTORY),), lambda t: t.rmdir(AT_A)),
    "rename": (
        (a(A, AT_A, kind=DIRECTORY), a(B, AT_B, kind=DIRECTORY), a(C, Place(A, b"c"))),
        lambda t: t.rename(AT_A, Place(B, b"a")),
    ),
    "rename below itself": (
        (a(A, AT_A, kind=DIRECTORY), a(B, Place(A, b"b"), kind=DIRECTORY)),
        lambda t: _refused(t.rename, AT_A, Place(B, b"a")),
    ),
    "to limbo": ((a(A, AT_A, kind=DIRECTORY),), lambda t: t.rename(AT_A, t.limbo(A))),
}


def _refused(call: Callable[..., None], *args: object) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        call(*args)


@pytest.mark.parametrize("name", STEPS)
def test_whatever_call_was_the_last_it_is_before_or_after(
    tmp_path: Path, user: str, name: str
) -> None:
    if name == f"create a {Kind.BLOCK}":
        needs_root(user, Kind.BLOCK)
    having, act = STEPS[name]
    stopped = 0
    while True:
        folder = tmp_path / str(stopped)
        folder.mkdir()
        target = directories.made(folder)
        make(target, *having)
        before = _picture(target, folder)
        ended = True
        with crashing(stopped) as calls:
            try:
                act(target)
            except Crash:
                ended = False
        target.close()
        fresh = again(folder)
        now = _picture(fresh, folder)
        assert faults(folder) == [], calls
        if ended:
            break
        assert now in (before, _after(tmp_path, having, act)), calls
        # Whoever is asked about is rid of what was left of it; nothing else was.
        assert orphans(folder) == set(), calls
        act(fresh) if now == before else None
        assert faults(folder) == []
        assert _picture(fresh, folder) == _after(tmp_path, having, act)
        fresh.close()
        stopped += 1
    assert stopped >= 1
    assert stopped == len(calls)


def _after(tmp_path: Path, having: tuple[Item, ...], act: Act) -> object:
    folder = tmp_path / "after"
    if not folder.exists():
        folder.mkdir()
        target = directories.made(folder)
        make(target, *having)
        act(target)
        target.close()
    target = again(folder)
    picture = _picture(target, folder)
    target.close()
    return picture


def _picture(target: DirectoryTarget, folder: Path) -> object:
    """Return who is where, as the target says it and as it is."""
    seen = [(one.kind, one.links) if (one := target.seen(g)) else None for g in (A, B, C)]
    return seen, [target.find(g) for g in (A, B, C)], tree(folder), limbo(folder)


PLACES = [Place(parent, name) for parent in (ROOT, A, B) for name in (b"x", b"y")]
directories_of = st.sampled_from((A, B))
files_of = st.sampled_from((C, D))
shall = st.one_of(
    st.builds(lambda g, p: a(g, p, kind=DIRECTORY), directories_of, st.sampled_from(PLACES)),
    st.builds(
        lambda g, p, q: a(g, *dict.fromkeys((p, q)), data=b"content", xattrs={b"user.a": b"1"}),
        files_of,
        st.sampled_from(PLACES),
        st.sampled_from(PLACES),
    ),
    st.builds(lambda g: Gone(gfid=g, lawful=True), st.sampled_from((A, B, C, D))),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(shall, st.none() | st.integers(0, 25)), max_size=12))
def test_crashes_in_whatever_is_applied_lose_nothing_and_double_nothing(
    steps: list[tuple[AnyItem, int | None]],
) -> None:
    with directories.ground() as folder:
        _apply_with_crashes(folder, steps)


def _apply_with_crashes(folder: Path, steps: list[tuple[AnyItem, int | None]]) -> None:
    target = directories.made(folder)
    for one, crash in steps:
        there = {*tree(folder).values(), *limbo(folder).values()}
        try:
            with crashing(1000 if crash is None else crash):
                apply(target, one)
        except Crash:
            target.close()
            target = again(folder)
        assert faults(folder) == []
        now = {*tree(folder).values(), *limbo(folder).values()}
        assert there - now <= ({one.gfid} if isinstance(one, Gone) else set())
        for gfid in now:
            found = target.find(gfid)
            assert found
            assert {target.at(place) for place in found} == {target.seen(gfid)}
    target.close()


# What others do in the directory.


def outside(root: Path) -> Path:
    folder = root.parent / "outside"
    folder.mkdir(exist_ok=True)
    return folder


def test_a_directory_that_became_a_symlink_leads_nowhere(
    root: Path, target: DirectoryTarget
) -> None:
    make(target, a(A, AT_A, kind=DIRECTORY), a(B, Place(A, b"b"), kind=DIRECTORY))
    (root / "a").rename(outside(root) / "a")
    (root / "a").symlink_to(outside(root) / "a")
    assert target.seen(B) is None
    assert target.at(Place(B, b"x")) is None
    answer = apply(target, a(C, Place(B, b"x")))
    assert not isinstance(answer, Refused)
    assert not (outside(root) / "a/b/x").exists()
    # It is made again, and the link is moved aside like everybody who holds a name.
    make(target, a(A, AT_A, kind=DIRECTORY), a(B, Place(A, b"b"), kind=DIRECTORY))
    make(target, a(C, Place(B, b"x"), data=b"1"))
    assert tree(root) == {AT_A: A, Place(A, b"b"): B, Place(B, b"x"): C}
    assert os.listdir(outside(root) / "a/b") == []


def _written(path: Path, kind: Kind) -> None:
    match kind:
        case Kind.DIRECTORY:
            path.mkdir()
            (path / "inside").write_text("theirs")
        case Kind.SYMLINK:
            path.symlink_to("/etc/passwd")
        case Kind.FILE:
            path.write_text("theirs")
        case _:
            types = {Kind.FIFO: stat.S_IFIFO, Kind.SOCKET: stat.S_IFSOCK, Kind.BLOCK: stat.S_IFBLK}
            os.mknod(path, types.get(kind, stat.S_IFCHR) | 0o600)


@pytest.mark.parametrize("shall", [FILE, DIRECTORY, SYMLINK])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_somebody_wrote_is_moved_aside_and_lives(
    root: Path, target: DirectoryTarget, user: str, kind: Kind, shall: Kind
) -> None:
    needs_root(user, kind)
    _written(root / "a", kind)
    before = os.lstat(root / "a").st_ino
    answer = done(apply(target, a(A, AT_A, kind=shall)))
    (holder,) = answer.displaced
    assert tree(root) == {AT_A: A}
    assert target.in_limbo() == [holder.gfid]
    aside = root / ".georep/limbo" / holder.gfid
    assert os.lstat(aside).st_ino == before
    if kind is DIRECTORY:
        assert (aside / "inside").read_text() == "theirs"
        (child,) = target.children(target.limbo(holder.gfid), 9)
        assert child.kind is FILE


def test_what_was_copied_with_its_gfid_gets_another(
    root: Path, target: DirectoryTarget, user: str
) -> None:
    make(target, a(A, AT_A, kind=DIRECTORY), a(B, Place(A, b"f"), data=b"1"))
    subprocess.run(["cp", "-a", root / "a", root / "b"], check=True)
    if user == directories.ROOT_USER:
        assert carried(os.fsencode(root / "b/f")) == B
    else:
        assert os.getxattr(root / "b", directories.PLAIN_GFID) == gfids.to_raw(A)
    copy = target.at(AT_B)
    assert copy is not None
    assert copy.gfid not in (A, B)
    (inside,) = target.children(AT_B, 9)
    assert inside.gfid not in (A, B)
    assert target.find(B) == [Place(A, b"f")]


@pytest.mark.parametrize("kind", list(Kind))
def test_what_was_moved_by_hand_is_itself_when_it_is_met(
    root: Path, target: DirectoryTarget, user: str, kind: Kind
) -> None:
    needs_root(user, kind)
    make(target, a(A, AT_A, kind=kind), a(B, AT_B, kind=DIRECTORY))
    (root / "a").rename(root / "b/a")
    holder = target.at(Place(B, b"a"))
    assert holder is not None
    assert holder.gfid == A
    make(target, a(A, AT_A, kind=kind, heard=(Place(B, b"a"),)))
    assert tree(root) == {AT_A: A, AT_B: B}


def test_a_place_alone_proves_nothing(root: Path, target: DirectoryTarget) -> None:
    make(target, a(A, AT_A, kind=DIRECTORY), a(B, Place(A, b"b"), kind=DIRECTORY))
    (root / "a").rename(root / "c")
    (root / "a/b").mkdir(parents=True)
    assert kinds(target, A, B) == [None, None]
    strangers = target.at(AT_A), target.at(AT_C)
    assert [one is not None and one.gfid == A for one in strangers] == [False, True]
    assert target.children(AT_C, 9) == [Holder(Place(A, b"b"), B, DIRECTORY)]
    assert [child.gfid == B for child in target.children(AT_A, 9)] == [False]


def test_a_handle_that_is_lost_comes_back(root: Path, target: DirectoryTarget, user: str) -> None:
    make(target, a(A, AT_A), a(B, AT_B, kind=DIRECTORY))
    for gfid in (A, B):
        (root / ".georep/.gfid" / gfid).unlink()
    assert kinds(target, A, B) == [None, None]
    make(target, a(A, AT_A), a(B, AT_B, kind=DIRECTORY))
    assert tree(root) == {AT_A: A, AT_B: B}
    # Without root nothing but the handle proves who a file is: it is made again, and kept aside.
    assert len(limbo(root)) == (0 if user == directories.ROOT_USER else 1)


def test_a_name_that_somebody_added_goes(root: Path, target: DirectoryTarget) -> None:
    make(target, a(A, AT_A), a(B, AT_B, kind=DIRECTORY))
    os.link(root / "a", root / "b/other")
    assert done(apply(target, a(A, AT_A))).links == 1
    assert tree(root) == {AT_A: A, AT_B: B}


@pytest.mark.parametrize("name", [b"a", b"..", b".", b""])
def test_a_symlink_that_reads_like_a_handle_is_a_symlink(
    root: Path, target: DirectoryTarget, name: bytes
) -> None:
    make(target, a(A, AT_A, kind=DIRECTORY))
    text = ROOT.encode() + b"/" + name
    make(target, msgspec.structs.replace(a(B, AT_B, kind=SYMLINK), target=text))
    assert kinds(target, A, B) == [DIRECTORY, SYMLINK]
    assert target.at(Place(B, b"x")) is None
    assert os.readlink(root / "b") == text.decode()


def test_no_handle_climbs_out_even_to_what_carries_the_gfid(
    root: Path, target: DirectoryTarget
) -> None:
    text = ROOT.encode() + b"/.."
    make(target, msgspec.structs.replace(a(B, AT_B, kind=SYMLINK), target=text))
    xattr_name = directories.GFID if os.geteuid() == 0 else directories.PLAIN_GFID
    os.setxattr(root.parent, xattr_name, gfids.to_raw(B))
    (root.parent / "x").write_text("")
    assert target.at(Place(B, b"x")) is None
    assert xattr_name not in os.listxattr(root.parent / "x")


UNSAFE = [b"", b".", b"..", b"a/b", b"../x", b"/etc/x", b"a\0b"]


@pytest.mark.parametrize("kind", [FILE, DIRECTORY])
@pytest.mark.parametrize("name", [*UNSAFE, b".georep"])
def test_no_name_leads_out_of_its_directory(
    root: Path, target: DirectoryTarget, name: bytes, kind: Kind
) -> None:
    answer = apply(target, a(A, Place(ROOT, name), kind=kind))
    assert isinstance(answer, Refused)
    assert answer.errno == errno.EPERM
    assert tree(root) == {}
    assert os.listdir(root.parent) == [root.name]


@pytest.mark.parametrize("gfid", ["", "..", "../../../x", "ABCDEF01" + A[8:], A + "x", "é" * 36])
def test_no_gfid_leads_out_either(root: Path, target: DirectoryTarget, gfid: str) -> None:
    for one in (a(Gfid(gfid), AT_A), a(A, Place(Gfid(gfid), b"x"))):
        assert isinstance(apply(target, one), Refused)
    assert tree(root) == {}


def test_our_own_directory_may_have_its_name_deeper_down(
    root: Path, target: DirectoryTarget
) -> None:
    inner = Place(A, b".georep")
    make(target, a(A, AT_A, kind=DIRECTORY), a(B, inner))
    assert tree(root) == {AT_A: A, inner: B}


# Room for names, and what does without.


def test_more_names_than_an_object_has_room_for(root: Path, target: DirectoryTarget) -> None:
    places = [Place(ROOT, b"%d" % n + b"x" * 240) for n in range(40)]
    make(target, a(A, *places))
    assert done(apply(target, a(A, places[7]))).links == 1
    assert tree(root) == {places[7]: A}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.E2BIG])
def test_without_notes_names_are_searched_for(
    root: Path, target: DirectoryTarget, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    put = xattr.set

    def full(path: bytes, name: bytes, value: bytes, **more: object) -> None:
        if b".name." in name:
            raise OSError(code, "full")
        put(path, name, value, **more)

    monkeypatch.setattr(xattr, "set", full)
    deep = Place(B, b"deep")
    make(target, a(B, AT_B, kind=DIRECTORY), a(A, AT_A, deep))
    assert directory_names.noted(os.fsencode(root / "a")) == []
    assert set(target.find(A)) == {AT_A, deep}
    make(target, Gone(gfid=A, lawful=True))
    assert tree(root) == {AT_B: B}


def test_notes_make_room_for_what_is_replicated(
    root: Path, target: DirectoryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = xattr.set
    make(target, a(A, AT_A))
    path = os.fsencode(root / "a")

    def full(where: bytes, name: bytes, value: bytes, **more: object) -> None:
        if directory_names.noted(path):
            raise OSError(errno.ENOSPC, "full")
        put(where, name, value, **more)

    monkeypatch.setattr(xattr, "set", full)
    assert target.set_xattrs(A, {b"user.big": b"1"})
    assert os.getxattr(path, "user.big") == b"1"
    assert target.find(A) == [AT_A]


def test_a_sync_waits_or_says_why_not(target: DirectoryTarget) -> None:
    target.sync()
    with pytest.raises(OSError, match="Bad file descriptor"):
        syncfs(-1)


def test_what_a_crash_left_half_made_is_swept_away(root: Path) -> None:
    for name in ("file", A):
        (root / ".georep/new" / name).write_text("")
    (root / ".georep/new" / B).mkdir()
    again(root).close()
    assert os.listdir(root / ".georep/new") == ["file"]


def test_every_object_carries_its_gfid(root: Path, target: DirectoryTarget, user: str) -> None:
    if user != directories.ROOT_USER:
        pytest.skip("only root has xattrs for every object")
    for number, kind in enumerate(Kind):
        gfid, place = Gfid(A[:-1] + str(number)), Place(ROOT, kind.encode())
        make(target, a(gfid, place, kind=kind))
        found = xattr.get(os.fsencode(root / kind), GFID, nofollow=True)
        assert found == gfids.to_raw(gfid)
    assert len(LEAVES) + 1 == len(tree(root))


RACE = """
import os, sys, random
from engine.item import ROOT, Attributes, Gfid, Item, Kind, Place
from engine.secondary.apply import apply
from engine.secondary.directory_target import DirectoryTarget
exec(sys.argv[3])
target = DirectoryTarget(os.fsencode(sys.argv[1]))
draw = random.Random(int(sys.argv[2]))
gfids = [Gfid(f"{n:08x}-0000-4000-8000-000000000000") for n in range(8)]
for _ in range(400):
    n = draw.randrange(8)
    kind = Kind.DIRECTORY if n < 5 else Kind.FILE
    mode = 0o40755 if kind is Kind.DIRECTORY else 0o100644
    parent = draw.choice([ROOT, *gfids[:5]])
    item = Item(gfid=gfids[n], kind=kind, names=(Place(parent, draw.choice([b"x", b"y"])),),
                attributes=Attributes(mode, 0, 0, 0, 1, 1))
    apply(target, item)
"""


def test_three_agents_at_once_make_nothing_twice_and_lose_nothing(root: Path) -> None:
    argv, become = [sys.executable, "-c", RACE, root], directories.become()
    with directories.starting():
        agents = [
            subprocess.Popen([*argv, str(seed), become], cwd=Path(__file__).parent)
            for seed in range(3)
        ]
    assert [agent.wait(120) for agent in agents] == [0, 0, 0]
    assert faults(root) == []
    assert len({*tree(root).values(), *limbo(root).values()}) == 8
