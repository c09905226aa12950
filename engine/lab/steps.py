"""The steps of a churn: drawn by a seed, and done below one folder.

What shall be done is drawn without looking at the tree, so each process does the same in every run;
what it meets depends on the others. A step that the tree refuses is passed over.
"""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from random import Random
from typing import NamedTuple

from engine.lab.folder import SECOND, Folder
from engine.lab.moves import HOSTILE

_FOLDERS = (b"d1", b"d 2", b"d\xff3", b"d\n4", b"d5")
_LEAVES = (*(b"f%d" % n for n in range(10)), *HOSTILE[:8], *_FOLDERS[:2])
_REFUSALS = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "EINVAL", "ELOOP", "ESTALE"),
        *("ENODATA", "EPERM", "EBUSY", "EMLINK", "ENXIO", "EIO", "EXDEV", "ENAMETOOLONG"),
    )
)
"""What a file system may rightly answer when somebody else was there first."""


class Kind(StrEnum):
    """What can be done to one path or two."""

    WRITE = "write"
    APPEND = "append"
    PATCH = "patch"
    TRUNCATE = "truncate"
    REPLACE = "replace"
    MKDIR = "mkdir"
    MOVE = "move"
    MOVE_FOLDER = "move folder"
    SWAP = "swap"
    LINK = "link"
    SYMLINK = "symlink"
    FIFO = "fifo"
    UNLINK = "unlink"
    RMDIR = "rmdir"
    REMOVE_TREE = "remove tree"
    CHMOD = "chmod"
    CHOWN = "chown"
    TIMES = "times"
    SET = "set"
    UNSET = "unset"


_WEIGHTS = {
    Kind.WRITE: 20,
    Kind.APPEND: 6,
    Kind.PATCH: 4,
    Kind.TRUNCATE: 3,
    Kind.REPLACE: 6,
    Kind.MKDIR: 10,
    Kind.MOVE: 18,
    Kind.MOVE_FOLDER: 6,
    Kind.SWAP: 3,
    Kind.LINK: 7,
    Kind.SYMLINK: 4,
    Kind.FIFO: 1,
    Kind.UNLINK: 8,
    Kind.RMDIR: 2,
    Kind.REMOVE_TREE: 1,
    Kind.CHMOD: 3,
    Kind.CHOWN: 3,
    Kind.TIMES: 3,
    Kind.SET: 8,
    Kind.UNSET: 2,
}


class Step(NamedTuple):
    """What to do, to which path, towards which other, and a number that says the rest."""

    kind: Kind
    one: bytes
    other: bytes
    number: int


def plan(seed: int, process: int) -> Iterator[Step]:
    """Yield without end what this process shall do. Pure."""
    random = Random(f"{seed}/{process}")
    kinds, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    while True:
        (kind,) = random.choices(kinds, weights)
        folders = kind in (Kind.MKDIR, Kind.MOVE_FOLDER, Kind.RMDIR, Kind.REMOVE_TREE)
        one, other = _path(random, folders=folders), _path(random, folders=folders)
        yield Step(kind, one, other, random.getrandbits(32))


def _path(random: Random, *, folders: bool) -> bytes:
    (depth,) = random.choices((0, 1, 2), (4, 4, 2))
    leaf = random.choice(_FOLDERS if folders else _LEAVES)
    return b"/".join([*(random.choice(_FOLDERS) for _ in range(depth)), leaf])


class Doer:
    """Does operations below one folder."""

    def __init__(self, root: bytes, process: int) -> None:
        self.at = Folder(root)
        self._aside = b".aside-%d-" % process
        self._numbers = itertools.count()

    def do(self, step: Step) -> bool:
        """Do one step; return whether the tree let us."""
        try:
            _HOW[step.kind](self, step)
        except OSError as error:
            if error.errno not in _REFUSALS:
                raise
            return False
        return True

    def write(self, step: Step) -> None:
        """Write a file anew."""
        self._put(step.one, os.O_CREAT | os.O_TRUNC, 0, step.number)

    def append(self, step: Step) -> None:
        """Add to a file."""
        self._put(step.one, os.O_APPEND, 0, step.number)

    def patch(self, step: Step) -> None:
        """Write somewhere in a file."""
        self._put(step.one, 0, step.number % 50_000, step.number)

    def _put(self, name: bytes, flags: int, offset: int, number: int) -> None:
        # Neither through a symlink nor waiting for a FIFO's reader.
        flags |= os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self.at.at(name), flags, 0o644)
        with open(descriptor, "wb") as file:
            if offset:
                file.seek(offset)
            file.write(Random(number).randbytes(_size(number)))

    def replace(self, step: Step) -> None:
        """Write a file beside it and rename that over it."""
        aside = self._spare()
        self._put(aside, os.O_CREAT | os.O_EXCL, 0, step.number)
        self._move(aside, step.one)

    def swap(self, step: Step) -> None:
        """Let two names change places."""
        aside = self._spare()
        self.at.move(step.one, aside)
        try:
            self.at.move(step.other, step.one)
        finally:
            self._move(aside, step.other)

    def _move(self, aside: bytes, name: bytes) -> None:
        try:
            self.at.move(aside, name)
        except IsADirectoryError:
            self.at.unlink(aside)
            raise

    def _spare(self) -> bytes:
        return self._aside + b"%d" % next(self._numbers)

    def symlink(self, step: Step) -> None:
        """Make a symlink, dangling or not."""
        target = step.other if step.number % 2 else os.path.basename(step.other)
        self.at.symlink(target, step.one)

    def chmod(self, step: Step) -> None:
        """Set the mode."""
        self.at.chmod(step.one, 0o700 | step.number % 0o10000)

    def set(self, step: Step) -> None:
        """Set an xattr."""
        value = Random(step.number).randbytes(step.number % 50)
        self.at.set(step.one, b"user.a", value)


def _size(number: int) -> int:
    """Return a size: mostly small, at times a few hundred KiB, rarely none at all."""
    match number % 20:
        case 0:
            return 0
        case 1:
            return number % 500_000
        case _:
            return number % 8_000


_HOW: dict[Kind, Callable[["Doer", Step], None]] = {
    Kind.WRITE: Doer.write,
    Kind.APPEND: Doer.append,
    Kind.PATCH: Doer.patch,
    Kind.TRUNCATE: lambda d, s: d.at.truncate(s.one, s.number % 100_000),
    Kind.REPLACE: Doer.replace,
    Kind.MKDIR: lambda d, s: d.at.mkdir(s.one),
    Kind.MOVE: lambda d, s: d.at.move(s.one, s.other),
    Kind.MOVE_FOLDER: lambda d, s: d.at.move(s.one, s.other),
    Kind.SWAP: Doer.swap,
    Kind.LINK: lambda d, s: d.at.link(s.one, s.other),
    Kind.SYMLINK: Doer.symlink,
    Kind.FIFO: lambda d, s: d.at.fifo(s.one),
    Kind.UNLINK: lambda d, s: d.at.unlink(s.one),
    Kind.RMDIR: lambda d, s: d.at.rmdir(s.one),
    Kind.REMOVE_TREE: lambda d, s: d.at.remove_tree(s.one),
    Kind.CHMOD: Doer.chmod,
    Kind.CHOWN: lambda d, s: d.at.chown(s.one, s.number % 5, s.number % 7),
    Kind.TIMES: lambda d, s: d.at.times(s.one, s.number * SECOND + s.number),
    Kind.SET: Doer.set,
    Kind.UNSET: lambda d, s: d.at.unset(s.one, b"user.a"),
}
