import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import directories
import msgspec
import pytest
import xattr
from hypothesis import given
from hypothesis import strategies as st
from test_apply import A, item

from engine import names
from engine.item import ROOT, Done, Place
from engine.lab import tree
from engine.lab.compare import Difference, What, diff, folders
from engine.lab.tree import Node, Tree
from engine.secondary.apply import apply

FILE = Node(
    mode=stat.S_IFREG | 0o644, uid=1, gid=2, size=3, mtime=1_500_000_001, inode=7, gfid="a" * 36
)
LINK = msgspec.structs.replace(FILE, mode=stat.S_IFLNK | 0o777, target=b"there")
DEVICE = msgspec.structs.replace(FILE, mode=stat.S_IFBLK | 0o600, rdev=os.makedev(8, 1))
DIRECTORY = Node(mode=stat.S_IFDIR | 0o755, mtime=5, inode=9)


def test_equal_trees_differ_in_nothing_and_inode_numbers_are_their_own() -> None:
    one: Tree = {b"": DIRECTORY, b"f": FILE, b"l": LINK}
    two: Tree = {
        path: msgspec.structs.replace(node, inode=n + 100)
        for n, (path, node) in enumerate(one.items())
    }
    one[b"l"] = msgspec.structs.replace(LINK, inode=8)
    assert diff(one, two) == []


@pytest.mark.parametrize(
    ("node", "change", "what"),
    [
        pytest.param(FILE, {"gfid": "b" * 36}, What.GFID, id="another object under the name"),
        pytest.param(FILE, {"mode": stat.S_IFREG | 0o4644}, What.MODE, id="suid"),
        pytest.param(FILE, {"uid": 0}, What.OWNER, id="owner"),
        pytest.param(FILE, {"gid": 0}, What.OWNER, id="group"),
        pytest.param(FILE, {"size": 4}, What.SIZE, id="size"),
        pytest.param(FILE, {"mtime": 1_500_000_002}, What.MTIME, id="one nanosecond"),
        pytest.param(FILE, {"mtime": -1}, What.MTIME, id="before 1970"),
        pytest.param(DIRECTORY, {"mtime": 6}, What.MTIME, id="a directory's time"),
        pytest.param(FILE, {"content": b"\1"}, What.CONTENT, id="content"),
        pytest.param(FILE, {"nlink": 2}, What.NLINK, id="a link outside what is seen"),
        pytest.param(LINK, {"target": b"elsewhere"}, What.TARGET, id="symlink's target"),
        pytest.param(DEVICE, {"rdev": os.makedev(8, 2)}, What.DEVICE, id="device number"),
        pytest.param(FILE, {"xattrs": {b"user.a": b""}}, What.XATTR, id="xattr too many, empty"),
        pytest.param(
            DIRECTORY, {"xattrs": {b"system.posix_acl_default": b"\2"}}, What.XATTR, id="acl"
        ),
        pytest.param(FILE, {"mode": stat.S_IFIFO | 0o644}, What.KIND, id="kind"),
        pytest.param(FILE, {"trouble": "content: EIO"}, What.UNREADABLE, id="unreadable"),
    ],
)
def test_each_property_is_compared(node: Node, change: dict[str, object], what: What) -> None:
    other = msgspec.structs.replace(node, **change)
    for one, two in ((node, other), (other, node)):
        (found,) = diff({b"dir/x": one}, {b"dir/x": two})
        assert (found.path, found.what) == (b"dir/x", what)
        assert found.primary != found.secondary
    assert diff({b"x": other}, {b"x": other}) == [] or other.trouble


def test_what_cannot_be_read_on_either_side_is_never_called_equal() -> None:
    lost = Node(mode=0, trouble="stat: EIO")
    assert [d.what for d in diff({b"x": lost}, {b"x": lost})] == [What.UNREADABLE]


def test_link_groups_are_compared_by_their_names() -> None:
    other = msgspec.structs.replace(FILE, inode=8)
    one: Tree = {b"a": FILE, b"b": FILE, b"c": other}
    two: Tree = {b"a": FILE, b"b": other, b"c": FILE}
    assert diff(one, two) == [
        Difference(b"a", What.LINKS, "/b", "/c"),
        Difference(b"b", What.LINKS, "/a", "no other name"),
        Difference(b"c", What.LINKS, "no other name", "/a"),
    ]


def test_missing_and_extra_names_are_told_apart() -> None:
    assert diff({b"a": FILE}, {b"b": LINK}) == [
        Difference(b"a", What.MISSING, f"file {'a' * 36}", "nothing"),
        Difference(b"b", What.EXTRA, "nothing", f"symlink {'a' * 36}"),
    ]


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name), st.binary(), st.binary())
def test_any_name_and_value_is_printable(path: bytes, one: bytes, two: bytes) -> None:
    nodes = [msgspec.structs.replace(LINK, target=t, xattrs={path: t}) for t in (one, two)]
    for found in diff({path: nodes[0]}, {path: nodes[1]}):
        assert str(found).isprintable()
        assert str(found).startswith(f"/{names.show(path)}: ")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[bytes, bytes]:
    """Two equal folders that hold everything an ordinary user can make."""
    sides = (os.fsencode(tmp_path / "a"), os.fsencode(tmp_path / "b"))
    for side in sides:
        _fill(side)
    assert folders(*sides) == []
    return sides


def _fill(root: bytes) -> None:
    os.makedirs(os.path.join(root, b"dir/\xff\n\\"))
    for name in (b"one", b"dir/\xff\n\\/two"):
        _write(os.path.join(root, name), b"content of " + name)
    os.link(os.path.join(root, b"one"), os.path.join(root, b"dir/link"))
    os.symlink(b"nowhere\xfe", os.path.join(root, b"dir/symlink"))
    os.mkfifo(os.path.join(root, b"fifo"))
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(root)
        try:
            one.bind("socket")
        finally:
            os.chdir(here)
    settle(root)


def settle(root: bytes) -> None:
    for folder, _, files in os.walk(root, topdown=False):
        for name in [*files, b"."]:
            os.utime(os.path.join(folder, name), ns=(10**18, 10**18 + 123), follow_symlinks=False)


def _write(path: bytes, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _same_size(path: bytes) -> None:
    with open(path, "r+b") as file:
        file.write(b"C")


def _replace(path: bytes, make: Callable[[bytes], None]) -> None:
    os.unlink(path)
    make(path)


PLANTED: list[tuple[bytes, Callable[[bytes], object], set[tuple[bytes, What]]]] = [
    (b"one", _same_size, {(b"one", What.CONTENT), (b"dir/link", What.CONTENT)}),
    (
        b"dir/\xff\n\\/two",
        lambda p: os.truncate(p, 4),
        {(b"dir/\xff\n\\/two", What.SIZE), (b"dir/\xff\n\\/two", What.CONTENT)},
    ),
    (b"dir", lambda p: os.chmod(p, 0o1755), {(b"dir", What.MODE)}),
    (b"", lambda p: os.chmod(p, 0o700), {(b"", What.MODE)}),
    (b"fifo", lambda p: os.chmod(p, 0o600), {(b"fifo", What.MODE)}),
    (
        b"dir/symlink",
        lambda p: _replace(p, lambda q: os.symlink(b"x", q)),
        {(b"dir/symlink", What.TARGET)},
    ),
    (
        b"fifo",
        lambda p: _replace(p, lambda q: os.symlink(b"x", q)),
        {(b"fifo", What.KIND), (b"fifo", What.TARGET), (b"fifo", What.MODE)},
    ),
    (b"socket", os.unlink, {(b"socket", What.MISSING)}),
    (b"dir/\xff", os.mkdir, {(b"dir/\xff", What.EXTRA)}),
    (
        b"dir/link",
        lambda p: _replace(p, lambda q: _write(q, b"content of one")),
        {
            (b"dir/link", What.LINKS),
            (b"dir/link", What.NLINK),
            (b"one", What.LINKS),
            (b"one", What.NLINK),
        },
    ),
    (b"dir/.georep", os.mkdir, {(b"dir/.georep", What.EXTRA)}),
    (b".georep", os.mkdir, set()),
    (b".trashcan", os.mkdir, set()),
    (b".glusterfs-anonymous-inode-123", os.mkdir, set()),
]


@pytest.mark.parametrize(
    ("path", "plant", "expected"),
    [pytest.param(*row, id=f"{n}-{names.show(row[0])}") for n, row in enumerate(PLANTED)],
)
def test_a_planted_difference_is_found(
    pair: tuple[bytes, bytes],
    path: bytes,
    plant: Callable[[bytes], object],
    expected: set[tuple[bytes, What]],
) -> None:
    plant(os.path.join(pair[1], path))
    settle(pair[1])
    assert {(d.path, d.what) for d in folders(*pair)} == expected


@pytest.mark.parametrize("path", [b"one", b"dir", b"dir/symlink", b"fifo", b""], ids=names.show)
def test_one_nanosecond_is_found(pair: tuple[bytes, bytes], path: bytes) -> None:
    os.utime(os.path.join(pair[1], path), ns=(10**18, 10**18 + 124), follow_symlinks=False)
    found = {(d.path, d.what) for d in folders(*pair)}
    assert found == {(path, What.MTIME)} | (
        {(b"dir/link", What.MTIME)} if path == b"one" else set()
    )


def test_xattrs_are_found(pair: tuple[bytes, bytes]) -> None:
    for side, value in zip(pair, (b"1", b"2"), strict=True):
        xattr.set(os.path.join(side, b"dir"), b"user.\xff", value)
        settle(side)
    (found,) = folders(*pair)
    assert (found.path, found.what) == (b"dir", What.XATTR)
    assert found.primary == "user.\\xff = '1'"


def test_a_tree_deeper_than_any_path_is_read(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "deep")
    os.mkdir(root)
    here = os.open(root, os.O_RDONLY)
    for _ in range(25):
        os.mkdir(b"d" * 255, dir_fd=here)
        below = os.open(b"d" * 255, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open(b"file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    found = tree.read(root)
    assert max(map(len, found)) == 25 * 256 + 4
    assert [node.trouble for node in found.values() if node.trouble] == []
    assert tree.load(tree.dump(found)) == found
    subprocess.run(["rm", "-rf", root], check=True)  # shutil cannot


def test_the_command_says_what_differs_and_so_does_its_exit_code(
    pair: tuple[bytes, bytes],
) -> None:
    def command(*arguments: bytes) -> subprocess.CompletedProcess[bytes]:
        argv = [sys.executable, "-m", "engine.lab.compare", *arguments]
        return subprocess.run(argv, capture_output=True, check=False)

    same = command(*pair)
    assert (same.returncode, same.stdout) == (0, b"The trees are equal.\n")
    os.unlink(os.path.join(pair[1], b"fifo"))
    settle(pair[1])
    other = command(*pair)
    assert other.returncode == 1
    assert other.stdout.splitlines() == [
        b"/fifo: missing: fifo on the primary, nothing on the secondary",
        b"Differences: 1.",
    ]
    assert command(pair[0]).returncode == 2
    missing = command(pair[0], pair[1] + b"-not-there")
    assert missing.returncode == 2
    assert b"Traceback" not in missing.stderr


def test_a_secondary_in_a_directory_is_read_with_its_gfids(tmp_path: Path) -> None:
    target = directories.made(tmp_path)
    place, other = Place(ROOT, b"f"), Place(ROOT, b"g")
    assert isinstance(apply(target, item(A, place, other, data=b"x")), Done)
    target.close()
    found = tree.read(os.fsencode(tmp_path))
    assert set(found) == {b"", b"f", b"g"}
    assert (found[b""].gfid, found[b"f"].gfid, found[b"f"].nlink) == (ROOT, A, 2)
    assert folders(os.fsencode(tmp_path), os.fsencode(tmp_path)) == []
