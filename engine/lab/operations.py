"""What a workload does to objects that stay where they are: content, attributes, special files.

Each case has two halves. `before` makes objects; `then` works on them, in the same phase of a
session's life or in a later one, and may make more.
"""

import ctypes
import os
import stat
from collections.abc import Callable
from typing import NamedTuple

from engine.lab.folder import SECOND, Folder

KIB, MIB = 1 << 10, 1 << 20
_PUNCH = 1 | 2
"""FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE."""
_libc = ctypes.CDLL(None, use_errno=True)


class Case(NamedTuple):
    """One thing a user does, in two halves."""

    name: str
    before: Callable[[Folder], None]
    then: Callable[[Folder], None]


def _contents(at: Folder) -> None:
    for name, size in ((b"empty", 0), (b"1", 1), (b"4k", 4 * KIB), (b"300k", 300 * KIB)):
        at.write(name, size)
        at.write(name + b" kept", size)
    at.write(b"3m", 3 * MIB)


def _contents_then(at: Folder) -> None:
    at.write(b"empty", 5)
    at.unlink(b"1")
    at.write(b"1", 1)
    at.write(b"4k", 4 * KIB)
    at.append(b"300k", 10)
    at.patch(b"3m", MIB, 4 * KIB)
    for round_ in range(20):
        at.append(b"grown", round_)
    at.write(b"came and went")
    at.unlink(b"came and went")


def _lengths(at: Folder) -> None:
    for name in (b"up", b"down", b"down a little", b"to nothing", b"by descriptor", b"same"):
        at.write(name, 300 * KIB)


def _lengths_then(at: Folder) -> None:
    at.truncate(b"up", 400 * KIB)
    at.truncate(b"down", 1000)
    at.truncate(b"down a little", 300 * KIB - 1)
    at.truncate(b"to nothing", 0)
    with open(at.at(b"by descriptor"), "r+b") as file:
        file.truncate(200 * KIB)
    before = os.stat(at.at(b"same"))
    # Nothing but the bytes, and ctime, tells that it was written.
    at.patch(b"same", 5 * KIB, 1)
    at.times(b"same", before.st_mtime_ns)


def _holes(at: Folder) -> None:
    for name in (b"hole first", b"hole filled", b"hole cut off"):
        at.write(name, 0)
        at.patch(name, MIB, 5)
    at.write(b"hole last", 4 * KIB)
    at.truncate(b"hole last", 2 * MIB)
    at.write(b"punched", 600 * KIB)
    at.write(b"allocated", 10)


def _holes_then(at: Folder) -> None:
    at.patch(b"hole filled", 500 * KIB)
    at.truncate(b"hole cut off", 500 * KIB)
    at.patch(b"hole last", MIB)
    # Neither is journalled; the writes that follow are what tells.
    _punch(at.at(b"punched"), 64 * KIB, 256 * KIB)
    at.patch(b"punched", 0)
    with open(at.at(b"allocated"), "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, 300 * KIB)
    at.patch(b"allocated", 200 * KIB)


def _punch(path: bytes, offset: int, size: int) -> None:
    with open(path, "r+b") as file:
        where = ctypes.c_long(offset), ctypes.c_long(size)
        if _libc.fallocate(file.fileno(), _PUNCH, *where) != 0:
            raise OSError(ctypes.get_errno(), "punch hole", path)


def _descriptors(at: Folder) -> None:
    for name in (b"moved", b"moved over", b"removed"):
        at.write(name, 5 * KIB)


def _descriptors_then(at: Folder) -> None:
    with open(at.at(b"moved"), "r+b") as one, open(at.at(b"removed"), "r+b") as two:
        at.move(b"moved", b"moved over")
        at.unlink(b"removed")
        one.write(b"after the rename")
        two.write(b"after the end")
    at.write(b"removed", 3)


def _modes(at: Folder) -> None:
    for name in (b"suid", b"sgid", b"sticky", b"closed", b"twice"):
        at.write(name, 20)
    at.mkdir(b"shared", b"temporary", b"shut")


def _modes_then(at: Folder) -> None:
    for name, mode in ((b"suid", 0o4755), (b"sgid", 0o2755), (b"sticky", 0o1644), (b"closed", 0)):
        at.chmod(name, mode)
    at.chmod(b"twice", 0o4711)
    at.chown(b"twice", 1002, 1003)  # takes the suid away
    at.chown(b"shared", 0, 1001)
    at.chmod(b"shared", 0o2775)
    at.mkdir(b"shared/inherits")
    at.write(b"shared/inherits the group")
    at.chmod(b"temporary", 0o1777)
    at.write(b"shut/in")
    at.chmod(b"shut", 0)


def _owners(at: Folder) -> None:
    at.write(b"file")
    at.mkdir(b"folder")
    at.symlink(b"file", b"symlink")


def _owners_then(at: Folder) -> None:
    at.chown(b"file", 1000, 1001)
    at.chown(b"folder", 2**31, 65534)
    at.chown(b"symlink", 7, 8)
    at.write(b"file", 12)
    at.chmod(b"file", 0o4750)


def _times(at: Folder) -> None:
    for name in (b"file", b"old", b"far"):
        at.write(name)
    at.mkdir(b"folder", b"folder later")
    at.write(b"folder/child")
    at.symlink(b"nowhere", b"symlink")
    at.fifo(b"fifo")
    at.times(b"folder", 1_234_567_890 * SECOND + 987_654_321)


def _times_then(at: Folder) -> None:
    at.times(b"file", 1_500_000_000 * SECOND + 1)
    at.times(b"old", SECOND + 999_999_999)
    at.times(b"far", 4_102_444_800 * SECOND + 500)
    at.times(b"symlink", 1_400_000_000 * SECOND + 123_456_789)
    at.times(b"fifo", 1_300_000_000 * SECOND + 1)
    at.unlink(b"folder/child")
    at.write(b"folder later/child")
    at.times(b"folder later", 1_200_000_000 * SECOND + 5)


def _xattrs(at: Folder) -> None:
    at.write(b"file")
    at.mkdir(b"folder")
    for name in (b"file", b"folder"):
        for attribute in (b"changed", b"removed", b"kept"):
            at.set(name, b"user." + attribute, b"first")


def _xattrs_then(at: Folder) -> None:
    for name in (b"file", b"folder"):
        at.set(name, b"user.changed", b"second\0\xff")
        at.unset(name, b"user.removed")
        at.set(name, b"user.long", at.data(1000))
        at.set(name, b"user.empty", b"")
        at.set(name, b"user.n\xe4me \xff", b"x")
        at.set(name, b"user.came and went", b"x")
        at.unset(name, b"user.came and went")


def _acls(at: Folder) -> None:
    for name in (b"given", b"changed", b"taken"):
        at.write(name)
        at.mkdir(name + b" folder")
    for name in (b"changed", b"taken"):
        at.acl(name, 1000)
        at.acl(name + b" folder", 1000, default=True)


def _acls_then(at: Folder) -> None:
    for name in (b"given", b"changed"):
        at.acl(name, 1001, permissions=4)
        at.acl(name + b" folder", 1001, default=True, permissions=5)
    at.unset(b"taken", b"system.posix_acl_access")
    at.unset(b"taken folder", b"system.posix_acl_default")
    at.write(b"changed folder/inherits")
    at.mkdir(b"changed folder/inherits too")
    at.chmod(b"given", 0o600)


def _specials(at: Folder) -> None:
    for name in (b"fifo", b"fifo removed", b"fifo replaced"):
        at.fifo(name)
    for name in (b"socket", b"socket removed"):
        at.socket(name)
    at.device(b"character", stat.S_IFCHR, 1, 3)
    at.device(b"block", stat.S_IFBLK, 259, 300_000)
    at.device(b"block replaced", stat.S_IFBLK, 8, 1)


def _specials_then(at: Folder) -> None:
    at.move(b"fifo", b"fifo moved")
    at.unlink(b"fifo removed", b"socket removed", b"fifo replaced")
    at.write(b"fifo replaced")
    at.chmod(b"socket", 0o600)
    if at.device(b"zero", stat.S_IFCHR, 1, 5):
        at.link(b"character", b"character link")
        at.chmod(b"block", 0o444)
        at.move(b"zero", b"block replaced")
    at.fifo(b"fifo new")
    at.socket(b"socket new")


CASES = (
    Case("contents", _contents, _contents_then),
    Case("lengths", _lengths, _lengths_then),
    Case("holes", _holes, _holes_then),
    Case("descriptors", _descriptors, _descriptors_then),
    Case("modes", _modes, _modes_then),
    Case("owners", _owners, _owners_then),
    Case("times", _times, _times_then),
    Case("xattrs", _xattrs, _xattrs_then),
    Case("acls", _acls, _acls_then),
    Case("specials", _specials, _specials_then),
)
