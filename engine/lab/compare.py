"""Whether two trees are the same, and every difference by name: two folders, or a lab's volumes.

`python -m engine.lab.compare A B` compares folders, `--lab NAME` the two volumes of a lab. Each
volume is read in a host of its own pool through a mount made for it. Everything that replication
carries is compared, the root directory itself included; left out are only, in the root, `.georep`,
`.trashcan` and `.glusterfs-anonymous-inode-*`, and everywhere times of access and change.
"""

import argparse
import os
import stat
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from engine import names
from engine.errors import GeorepError, Usage
from engine.gluster import objects
from engine.gluster.mount import FRESH, Mount
from engine.lab import tree as trees
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY
from engine.lab.tree import Node, Tree

_PATIENCE = 600.0
"""Seconds that reading one volume may take."""
_STILL = (
    *(option for option in FRESH if not option.startswith(("--attribute-", "--entry-"))),
    *("--attribute-timeout=600", "--entry-timeout=600"),
    "--use-readdirp=no",
)
"""For a mount that is new, of a volume whose clients are quiet, at half the price of `FRESH`.

Each name is still looked up on all bricks that can have it, once: without the last option a listing
would tell of objects what a single brick has. What was looked up the kernel need not ask again when
the same object is opened and read right after, or when the way to another one leads past it. While
an object waits for a heal of its attributes, a look-up has those of the good brick.
"""


class What(StrEnum):
    """In which way two trees differ at one path."""

    MISSING = "missing"
    EXTRA = "extra"
    KIND = "kind"
    GFID = "gfid"
    MODE = "mode"
    OWNER = "owner"
    SIZE = "size"
    MTIME = "mtime"
    CONTENT = "content"
    TARGET = "target"
    DEVICE = "device"
    XATTR = "xattr"
    LINKS = "links"
    NLINK = "nlink"
    UNREADABLE = "unreadable"


class Difference(NamedTuple):
    """One thing about one path that is not the same on both sides."""

    path: bytes
    what: What
    primary: str
    """What it is there, printable."""
    secondary: str

    def __str__(self) -> str:
        place = f"/{names.show(self.path)}: {self.what}"
        return f"{place}: {self.primary} on the primary, {self.secondary} on the secondary"


def diff(primary: Tree, secondary: Tree) -> list[Difference]:
    """Return every difference, in the order of the paths."""
    ours, theirs = _groups(primary), _groups(secondary)
    found: list[Difference] = []
    for path in sorted(primary.keys() | secondary.keys()):
        here, there = primary.get(path), secondary.get(path)
        if here is None or there is None:
            found.append(_one_sided(path, here, there))
        else:
            found += _of_pair(path, here, there)
            if path in ours and path in theirs and ours[path] != theirs[path]:
                one, other = ours[path] - {path}, theirs[path] - {path}
                found.append(Difference(path, What.LINKS, _paths(one), _paths(other)))
    return found


def folders(primary: bytes, secondary: bytes) -> list[Difference]:
    """Compare two folders that both can be seen from here."""
    try:
        return diff(trees.read(primary), trees.read(secondary))
    except OSError as error:
        raise Usage(
            f"{names.show(os.fsencode(error.filename or ''))} cannot be read: {error.strerror}",
            fix="Name two folders that are there.",
        ) from error


def volumes(lab: Lab) -> list[Difference]:
    """Compare the primary and the secondary volume of `lab`, whose clients must be quiet."""
    return diff(*both(lab))


def both(lab: Lab) -> tuple[Tree, Tree]:
    """Return the tree of the primary volume of `lab`, and that of the secondary."""
    with ThreadPoolExecutor(2) as pool:
        primary, secondary = pool.map(lambda name: volume(lab, name), (PRIMARY, SECONDARY))
    return primary, secondary


def volume(lab: Lab, name: str) -> Tree:
    """Return the tree of one volume of `lab`, read in the first of its hosts."""
    return _read(lab, lab.shape.pool(name)[0], name)


def directory(lab: Lab, host: str, path: str) -> Tree:
    """Return the tree of a directory of one host of `lab`, which may be a secondary."""
    return _read(lab, host, path)


def _read(lab: Lab, host: str, where: str) -> Tree:
    argv = ["python", "-m", "engine.lab.compare", "--dump", where]
    return trees.load(lab.run(host, argv, timeout=_PATIENCE).stdout)


def _one_sided(path: bytes, here: Node | None, there: Node | None) -> Difference:
    if there is None:
        assert here is not None
        return Difference(path, What.MISSING, _described(here), "nothing")
    return Difference(path, What.EXTRA, "nothing", _described(there))


def _of_pair(path: bytes, here: Node, there: Node) -> Iterator[Difference]:
    if here.trouble or there.trouble:
        yield Difference(path, What.UNREADABLE, here.trouble or "fine", there.trouble or "fine")
    if here.mode == 0 or there.mode == 0:
        return  # nothing more is known of it
    for what, show in _SHOWN.items():
        one, other = show(here), show(there)
        if one != other:
            yield Difference(path, what, one, other)
    for name in sorted(here.xattrs.keys() | there.xattrs.keys()):
        one, other = _xattr(here.xattrs, name), _xattr(there.xattrs, name)
        if one != other:
            label = f"{names.show(name)} "
            yield Difference(path, What.XATTR, label + one, label + other)


_SHOWN: dict[What, Callable[[Node], str]] = {
    What.KIND: lambda node: objects.kind(node.mode),
    What.GFID: lambda node: node.gfid or "none",
    What.MODE: lambda node: f"{stat.S_IMODE(node.mode):04o}",
    What.OWNER: lambda node: f"{node.uid}:{node.gid}",
    What.SIZE: lambda node: str(node.size),
    What.MTIME: lambda node: f"{node.mtime // 10**9}.{node.mtime % 10**9:09}",
    What.CONTENT: lambda node: node.content.hex() or "none",
    What.TARGET: lambda node: names.show(node.target) or "none",
    What.DEVICE: lambda node: f"{os.major(node.rdev)}:{os.minor(node.rdev)}",
    What.NLINK: lambda node: str(node.nlink),
}
"""How each property is shown; what is shown differently is different, so nothing is cut short."""


def _xattr(xattrs: Mapping[bytes, bytes], name: bytes) -> str:
    return f"= {names.show(xattrs[name])!r}" if name in xattrs else "absent"


def _described(node: Node) -> str:
    if node.mode == 0:
        return f"unreadable ({node.trouble})"
    return f"{objects.kind(node.mode)} {node.gfid}".rstrip()


def _groups(tree: Tree) -> dict[bytes, set[bytes]]:
    """Return for each name, of anything but directories, all names of the same object."""
    groups: dict[int, set[bytes]] = defaultdict(set)
    linked = {p: n for p, n in tree.items() if n.mode and not stat.S_ISDIR(n.mode)}
    for path, node in linked.items():
        groups[node.inode].add(path)
    return {path: groups[node.inode] for path, node in linked.items()}


def _paths(group: set[bytes]) -> str:
    return " = ".join(f"/{names.show(path)}" for path in sorted(group)) or "no other name"


def _dump(name: str) -> bytes:
    if name.startswith("/"):
        return trees.dump(trees.read(os.fsencode(name)))
    log = Path("/var/log/glusterfs/georep-compare.log")
    mount = Mount(name, label=f"compare-{name}", log=log, fresh=_STILL)
    mount.start(60)
    try:
        return trees.dump(trees.read(mount.root))
    finally:
        mount.stop()


def main() -> int:
    """Run the command: 0 for equal trees, 1 for different ones, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m engine.lab.compare")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="two folders")
    parser.add_argument("--lab", metavar="NAME", help="the volumes of this lab")
    parser.add_argument(
        "--dump", metavar="WHERE", help="in a host: the tree of a volume, or a path"
    )
    args = parser.parse_args()
    try:
        if args.dump:
            sys.stdout.buffer.write(_dump(args.dump))
            return 0
        if args.lab:
            found = volumes(Lab(args.lab))
        elif len(args.folders) == 2:
            found = folders(*map(os.fsencode, args.folders))
        else:
            parser.error("give two folders, or --lab NAME")
    except GeorepError as error:
        sys.stderr.write(f"{error.sentence()}\n")
        return 2 if isinstance(error, Usage) else 1
    for difference in found:
        sys.stdout.write(f"{difference}\n")
    sys.stdout.write(f"Differences: {len(found)}.\n" if found else "The trees are equal.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
