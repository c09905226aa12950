"""Directory secondaries for tests: made, read with nothing but os, checked, and stopped between any
two system calls.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
import xattr

from engine.item import ROOT, Gfid, Place
from engine.secondary import directory_setup
from engine.secondary.directory_handles import LIMBO, QUARANTINE
from engine.secondary.directory_target import DirectoryTarget

ROOT_USER, ORDINARY = "root", "ordinary"
USERS = (ROOT_USER, ORDINARY)
"""Who an agent can be."""
UID = 2001
PRIMARY = "9c1f7c0e-5a52-4f3b-9d5c-7f1d6b0e4a11"
GFID, PLAIN_GFID = "trusted.georep.gfid", "user.georep.gfid"


@contextmanager
def acting(user: str) -> Iterator[None]:
    """Be `user` meanwhile, all threads of this process."""
    if user == ROOT_USER:
        yield
        return
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    groups, gid = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(UID)
    os.seteuid(UID)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


@contextmanager
def starting() -> Iterator[None]:
    """Be root again to start a process: our Python may be where only root gets to. The process
    becomes who we are by `become`.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != UID:
        yield
        return
    os.seteuid(0)
    os.setegid(0)
    try:
        yield
    finally:
        os.setegid(gid)
        os.seteuid(uid)


def become() -> str:
    """Return a line of Python that has a process be who we are, once all is imported."""
    return f"os.setgid({UID}); os.setuid({UID})" if os.geteuid() == UID else ""


@contextmanager
def ground() -> Iterator[Path]:
    """Give a folder of whoever we are, which is removed; pytest's own ones are for root alone."""
    folder = Path(tempfile.mkdtemp(prefix="georep-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def needs_trusted_xattrs(path: Path) -> None:
    """Skip where root, or what should be, has no file system that keeps trusted xattrs."""
    if os.geteuid() == UID:
        return
    try:
        os.setxattr(path, "trusted.georep.test", b"1")
        os.removexattr(path, "trusted.georep.test")
    except OSError as error:
        pytest.skip(f"a directory secondary needs root and trusted xattrs: {error}")


def made(path: Path) -> DirectoryTarget:
    """Return a new, empty secondary."""
    needs_trusted_xattrs(path)
    directory_setup.identify(path, PRIMARY, make=True)
    return DirectoryTarget(os.fsencode(path))


def carried(path: bytes) -> Gfid:
    """Return the gfid that an object carries; without root, the one that its handle has."""
    if os.geteuid() == 0:
        return Gfid(str(UUID(bytes=os.getxattr(path, GFID, follow_symlinks=False))))
    if stat.S_ISDIR(os.lstat(path).st_mode):
        return Gfid(str(UUID(bytes=os.getxattr(path, PLAIN_GFID, follow_symlinks=False))))
    above = os.path.dirname(path)
    while not os.path.lexists(above + b"/.georep/.gfid"):
        above = os.path.dirname(above)
    handles = above + b"/.georep/.gfid/"
    (name,) = [n for n in os.listdir(handles) if _same(handles + n, path)]
    return Gfid(name.decode())


def _same(one: bytes, other: bytes) -> bool:
    return os.path.samestat(os.lstat(one), os.lstat(other))


def tree(root: Path) -> dict[Place, Gfid]:
    """Return who stands where, but for limbo; nothing of the engine has a part in it."""
    return _below(os.fsencode(root), ROOT)


def limbo(root: Path) -> dict[Place, Gfid]:
    """Return who stands in limbo, and below."""
    return _below(os.fsencode(root) + b"/.georep/limbo", LIMBO)


def _below(path: bytes, parent: Gfid) -> dict[Place, Gfid]:
    found: dict[Place, Gfid] = {}
    for name in os.listdir(path):
        if (parent, name) != (ROOT, b".georep"):
            inner = path + b"/" + name
            gfid = carried(inner)
            found[Place(parent, name)] = gfid
            if stat.S_ISDIR(os.lstat(inner).st_mode):
                found |= _below(inner, gfid)
    return found


def faults(root: Path) -> list[str]:
    """Return what is not as it must be, whatever happened: objects twice, or without a handle."""
    found: list[str] = []
    where: dict[Gfid, list[bytes]] = {}
    for base, folder in (
        (ROOT, root),
        (LIMBO, root / ".georep/limbo"),
        (QUARANTINE, root / ".georep/quarantine"),
    ):
        _collect(os.fsencode(folder), base, where)
    for gfid, paths in where.items():
        inodes = {os.lstat(path).st_ino for path in paths}
        handle = os.fsencode(root) + b"/.georep/.gfid/" + gfid.encode()
        status = os.lstat(paths[0])
        if len(inodes) > 1:
            found.append(f"{gfid} are several objects: {paths}")
        elif not os.path.lexists(handle):
            found.append(f"{gfid} has no handle: {paths}")
        elif stat.S_ISDIR(status.st_mode):
            if len(paths) > 1:
                found.append(f"directory {gfid} at {paths}")
        elif os.lstat(handle).st_ino != status.st_ino:
            found.append(f"the handle of {gfid} leads elsewhere: {paths}")
        elif status.st_nlink != len(paths) + 1:
            found.append(f"{gfid} has {status.st_nlink} links and the names {paths}")
        elif os.geteuid() and not _told(root, gfid, status.st_ino):
            found.append(f"nothing tells that inode {status.st_ino} is {gfid}: {paths}")
    return found


def _told(root: Path, gfid: Gfid, inode: int) -> bool:
    try:
        return os.readlink(root / f".georep/inodes/{inode}").split("/")[0] == gfid
    except FileNotFoundError:
        return False


def _collect(path: bytes, gfid: Gfid, where: dict[Gfid, list[bytes]]) -> None:
    for name in os.listdir(path):
        if (gfid, name) != (ROOT, b".georep"):
            inner = path + b"/" + name
            child = carried(inner)
            where.setdefault(child, []).append(inner)
            if stat.S_ISDIR(os.lstat(inner).st_mode):
                _collect(inner, child, where)


def orphans(root: Path) -> set[str]:
    """Return the handles that lead to nothing that has a place."""
    placed = {*tree(root).values(), *limbo(root).values()}
    return set(os.listdir(root / ".georep/.gfid")) - placed


class Crash(BaseException):
    """The machine stopped here; nothing of ours may run any more."""


_CHANGES = (
    *("mkdir", "mknod", "symlink", "link", "unlink", "rmdir", "rename"),
    *("chown", "lchown", "chmod", "utime", "pwrite", "ftruncate"),
)


@contextmanager
def crashing(after: int) -> Iterator[list[str]]:
    """Let `after` changes of the file system be made, and none after them; give those made."""
    calls: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **more: Any) -> Any:
            if len(calls) >= after:
                raise Crash(name)
            calls.append(name)
            return call(*args, **more)

        return counting

    with ExitStack() as stack:
        for module, names in ((os, _CHANGES), (xattr, ("set", "remove"))):
            for name in names:
                patch = mock.patch.object(module, name, counted(name, getattr(module, name)))
                stack.enter_context(patch)
        yield calls
