"""A file tree as it is now, with all that replication must carry: the value, and how it is read."""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from uuid import UUID

import msgspec
import xattr

OWN = (b".georep", b".trashcan", b".glusterfs-anonymous-inode-")
"""Names in the root that replication keeps for itself or GlusterFS does; the last is a prefix."""
TRASH = "00000000-0000-0000-0000-000000000005"
"""The gfid of the directory in the root in which GlusterFS keeps what users removed."""
_GFID = b"glusterfs.gfid.string"
_OWN_GFID = b"trusted.georep.gfid"
"""On every object of a directory that is a secondary."""
_PLAIN_GFID = b"user.georep.gfid"
"""On every directory of one whose agent is not root; all else is known by its handle there."""
_ACLS = (b"system.posix_acl_access", b"system.posix_acl_default")
_CHUNK = 1 << 20
_STEP = 2000
"""Bytes of path that are opened at once; the kernel takes 4095."""
_THREADS = 4
_NO_GFID = (errno.ENODATA, errno.EOPNOTSUPP, errno.EPERM)


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One name and the object that it stands for."""

    mode: int
    """Full mode, type bits included."""
    uid: int = 0
    gid: int = 0
    size: int = 0
    """Of regular files only."""
    mtime: int = 0
    """In nanoseconds."""
    rdev: int = 0
    """Of devices only."""
    nlink: int = 1
    """1 for a directory, whatever its file system counts there; georep's own links do not count."""
    inode: int = 0
    """Names of one tree that have it in common are links of one object."""
    gfid: str = ""
    """Empty when the tree is neither on GlusterFS nor a secondary in a directory."""
    target: bytes = b""
    content: bytes = b""
    """Digest of a regular file's bytes."""
    xattrs: dict[bytes, bytes] = {}
    trouble: str = ""
    """What could not be read, and why."""


Tree = dict[bytes, Node]
"""By path from the root, which itself is the empty path."""

_codec = msgspec.msgpack.Decoder(Tree)


def dump(tree: Tree) -> bytes:
    """Return `tree` as MessagePack."""
    return msgspec.msgpack.encode(tree)


def load(data: bytes) -> Tree:
    """Undo `dump`."""
    return _codec.decode(data)


def read(root: bytes) -> Tree:
    """Return the tree below `root`, of any depth; nobody may write there meanwhile.

    What cannot be read is said in its node, and so is what is gone when its turn comes.
    """
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # The root is reached as ".", so that its own symlink or mount point does not matter.
        known = _known(top)
        tree: Tree = {b"": _node(top, b".", known)}
        level = [b""]
        with ThreadPoolExecutor(_THREADS) as pool:
            while level:
                read_all = pool.map(lambda path: _directory(top, path, known), level)
                found = [pair for children in read_all for pair in children]
                tree.update(found)
                level = [path for path, node in found if stat.S_ISDIR(node.mode)]
    finally:
        os.close(top)
    return tree


class _Child(NamedTuple):
    path: bytes
    node: Node


def _directory(top: int, path: bytes, known: Mapping[int, str]) -> list[_Child]:
    """Return the children of the directory at `path`."""
    try:
        with opened(top, path) as here:
            names = [os.fsencode(name) for name in os.listdir(here)]
            children = [
                _Child(os.path.join(path, name), _node(here, name, known))
                for name in names
                if path or not own(name)
            ]
            return [child for child in children if path or child.node.gfid != TRASH]
    except OSError as error:
        lost = Node(mode=0, trouble=_words("list", error))
        return [_Child(os.path.join(path, b"?"), lost)]


def own(name: bytes) -> bool:
    """Return whether `name`, in the root, is none of the user's."""
    return name in OWN[:2] or name.startswith(OWN[2])


@contextlib.contextmanager
def opened(top: int, path: bytes) -> Iterator[int]:
    """Open the directory at `path` below the open directory `top`, however long the path is."""
    here = os.dup(top)
    try:
        for part in _portions(path):
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _portions(path: bytes) -> Iterator[bytes]:
    while len(path) > _STEP:
        cut = path.rindex(b"/", 0, _STEP)
        yield path[:cut]
        path = path[cut + 1 :]
    if path:
        yield path


def _node(here: int, name: bytes, known: Mapping[int, str]) -> Node:
    try:
        handle = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=here)
    except OSError as error:
        return Node(mode=0, trouble=_words("open", error))
    try:
        return _object(handle, known)
    finally:
        os.close(handle)


def _object(handle: int, known: Mapping[int, str]) -> Node:
    """Return what `handle` stands for; it was looked up once, and each lookup costs round trips."""
    status = os.fstat(handle)
    mode = status.st_mode
    # Neither xattr calls nor opening for reading take such a handle; its name in /proc they follow
    # to the object itself, also to a symlink, and no further.
    proc = b"/proc/self/fd/%d" % handle
    trouble: list[str] = []
    gfid, handles, xattrs, target, content = "", 0, {}, b"", b""
    with _noting(trouble, "gfid"):
        gfid = _gfid(proc)
    if not gfid:
        with _noting(trouble, "gfid"):
            gfid = _own_gfid(proc, _OWN_GFID) or known.get(status.st_ino, "")
            handles = 1 if gfid else 0
    if not gfid and stat.S_ISDIR(mode):
        with _noting(trouble, "gfid"):
            gfid = _own_gfid(proc, _PLAIN_GFID)
    with _noting(trouble, "xattrs"):
        xattrs = {name: xattr.get(proc, name) for name in xattr.list(proc) if _travels(name)}
    if stat.S_ISLNK(mode):
        with _noting(trouble, "target"):
            target = os.readlink(b"", dir_fd=handle)
    if stat.S_ISREG(mode):
        with _noting(trouble, "content"):
            content = _digest(proc)
    device = stat.S_ISCHR(mode) or stat.S_ISBLK(mode)
    return Node(
        mode=mode,
        uid=status.st_uid,
        gid=status.st_gid,
        size=status.st_size if stat.S_ISREG(mode) else 0,
        mtime=status.st_mtime_ns,
        rdev=status.st_rdev if device else 0,
        nlink=1 if stat.S_ISDIR(mode) else status.st_nlink - handles,
        inode=status.st_ino,
        gfid=gfid,
        target=target,
        content=content,
        xattrs=xattrs,
        trouble="; ".join(trouble),
    )


def _travels(name: bytes) -> bool:
    return (name.startswith(b"user.") and name != _PLAIN_GFID) or name in _ACLS


@contextlib.contextmanager
def _noting(trouble: list[str], what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        trouble.append(_words(what, error))


def _words(what: str, error: OSError) -> str:
    return f"{what}: {errno.errorcode.get(error.errno or 0, '?')}"


def _gfid(proc: bytes) -> str:
    try:
        value: bytes = xattr.get(proc, _GFID)
    except OSError as error:
        if error.errno in _NO_GFID:
            return ""
        raise
    return value.rstrip(b"\0").decode("ascii", "replace")


def _known(top: int) -> dict[int, str]:
    """Return the gfids of what has handles and carries no gfid, by inode."""
    found: dict[int, str] = {}
    with contextlib.suppress(FileNotFoundError):
        os.stat(".georep/inodes", dir_fd=top)
        handles = os.open(".georep/.gfid", os.O_RDONLY | os.O_DIRECTORY, dir_fd=top)
        try:
            found = {e.inode(): e.name for e in os.scandir(handles)}
        finally:
            os.close(handles)
    return found


def _own_gfid(proc: bytes, name: bytes) -> str:
    try:
        raw: bytes = xattr.get(proc, name)
    except OSError as error:
        if error.errno in _NO_GFID:
            return ""
        raise
    return str(UUID(bytes=raw)) if len(raw) == 16 else raw.hex()


def _digest(proc: bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    with open(proc, "rb", buffering=0) as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return digest.digest()
