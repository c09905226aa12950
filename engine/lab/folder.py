"""One folder of a workload and what can be done in it, by names relative to it. Blocks."""

import itertools
import os
import socket
import stat
import struct
from collections.abc import Iterable
from random import Random

import xattr

SECOND = 10**9
_ANY = 0xFFFFFFFF
"""The id of an ACL entry that names nobody."""


class Folder:
    """A folder; what only root may do is left undone by others."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self._random = Random(os.path.basename(root))
        self._root_user = os.geteuid() == 0

    def at(self, name: bytes) -> bytes:
        """Return the whole path of `name`."""
        return os.path.join(self.root, name)

    def data(self, size: int) -> bytes:
        """Return bytes that no mover can guess, the same ones in every run."""
        return self._random.randbytes(size)

    def write(self, name: bytes, size: int = 11) -> None:
        """Write a file from its beginning; what it held before is gone."""
        with open(self.at(name), "wb") as file:
            file.write(self.data(size))

    def append(self, name: bytes, size: int) -> None:
        """Add to the end of a file."""
        with open(self.at(name), "ab") as file:
            file.write(self.data(size))

    def patch(self, name: bytes, offset: int, size: int = 100) -> None:
        """Write somewhere inside a file, or beyond its end."""
        with open(self.at(name), "r+b") as file:
            file.seek(offset)
            file.write(self.data(size))

    def truncate(self, name: bytes, size: int) -> None:
        """Make a file this long."""
        os.truncate(self.at(name), size)

    def mkdir(self, *names: bytes) -> None:
        """Make directories."""
        for name in names:
            os.mkdir(self.at(name))

    def rmdir(self, name: bytes) -> None:
        """Remove an empty directory."""
        os.rmdir(self.at(name))

    def symlink(self, target: bytes, name: bytes) -> None:
        """Make a symlink; its target need not be there."""
        os.symlink(target, self.at(name))

    def link(self, old: bytes, new: bytes) -> None:
        """Give an object, also a symlink, one more name."""
        os.link(self.at(old), self.at(new), follow_symlinks=False)

    def move(self, *names: bytes) -> None:
        """Rename the first to the second, then the second to the third, and so on."""
        for old, new in itertools.pairwise(names):
            os.rename(self.at(old), self.at(new))

    def swap(self, one: bytes, other: bytes) -> None:
        """Let two names change places."""
        self.rotate((one, other))

    def rotate(self, names: Iterable[bytes]) -> None:
        """Let each name go to the next one's place, and the last one's object to the first."""
        first, *rest = names
        aside = first + b"~"
        self.move(first, aside)
        free = first
        for name in reversed(rest):
            self.move(name, free)
            free = name
        self.move(aside, free)

    def unlink(self, *names: bytes) -> None:
        """Remove names of anything but directories."""
        for name in names:
            os.unlink(self.at(name))

    def remove_tree(self, name: bytes) -> None:
        """Remove a directory and all below it, as `rm -r` does."""
        for path, folders, files in os.walk(self.at(name), topdown=False):
            for file in files:
                os.unlink(os.path.join(path, file))
            for folder in folders:
                below = os.path.join(path, folder)
                (os.unlink if os.path.islink(below) else os.rmdir)(below)
        os.rmdir(self.at(name))

    def chmod(self, name: bytes, mode: int) -> None:
        """Set the mode."""
        os.chmod(self.at(name), mode)

    def chown(self, name: bytes, uid: int, gid: int) -> None:
        """Set the owner, also of a symlink."""
        if self._root_user:
            os.lchown(self.at(name), uid, gid)

    def times(self, name: bytes, mtime: int) -> None:
        """Set the times, in nanoseconds, also of a symlink."""
        os.utime(self.at(name), ns=(mtime, mtime), follow_symlinks=False)

    def set(self, name: bytes, attribute: bytes, value: bytes) -> None:
        """Set an xattr."""
        xattr.set(self.at(name), attribute, value)

    def unset(self, name: bytes, attribute: bytes) -> None:
        """Remove an xattr."""
        xattr.remove(self.at(name), attribute)

    def acl(self, name: bytes, uid: int, *, default: bool = False, permissions: int = 6) -> None:
        """Give the user `uid` more than others have, by an access or a default ACL."""
        entries = ((1, 7, _ANY), (2, permissions, uid), (4, 5, _ANY), (16, 7, _ANY), (32, 5, _ANY))
        packed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
        kind = b"default" if default else b"access"
        self.set(name, b"system.posix_acl_" + kind, struct.pack("<I", 2) + packed)

    def fifo(self, name: bytes) -> None:
        """Make a FIFO."""
        os.mkfifo(self.at(name))

    def socket(self, name: bytes) -> None:
        """Make a socket that nobody listens at."""
        if self._root_user:
            os.mknod(self.at(name), stat.S_IFSOCK | 0o755)
            return
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(self.at(name))

    def device(self, name: bytes, kind: int, major: int, minor: int) -> bool:
        """Make a device node and return True; ordinary users get none."""
        if self._root_user:
            os.mknod(self.at(name), kind | 0o640, os.makedev(major, minor))
        return self._root_user
