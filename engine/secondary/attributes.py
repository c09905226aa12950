"""Content, owner, mode, times and xattrs of one object, given by a path that leads to it and that
nobody can bend, or by a descriptor.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from engine.gluster import objects, xattrs
from engine.gluster.held import Held
from engine.item import Attributes, Gfid, Item, Kind
from engine.rpc.messages import Seen

Where = bytes | int | Held
"""A path, of which no symlink is followed, an open descriptor, or what is held."""
_PART = 1 << 20
_BLOCK = 4096
_ZEROS = bytes(_BLOCK)


def seen(gfid: Gfid, status: os.stat_result, *, links: int) -> Seen:
    """Return what `status` says, in the words of the protocol."""
    return Seen(gfid, objects.kind(status.st_mode), objects.attributes(status), links)


def seen_at(gfid: Gfid, at: Where) -> Seen:
    """Return what stands there now."""
    status = at.status() if isinstance(at, Held) else os.stat(at, follow_symlinks=_followed(at))
    return seen(gfid, status, links=status.st_nlink)


def write(at: bytes | Held, data: bytes) -> None:
    """Make `data` the whole content of a file; zeros take no space in one that was empty."""
    with opened(at) as file:
        # What is not written is zero only where nothing was.
        if os.fstat(file).st_size:
            _put(file, data, 0, len(data))
            os.ftruncate(file, len(data))
        else:
            fill(file, data)


@contextmanager
def opened(at: bytes | Held) -> Iterator[int]:
    """Open a file to be written, and close it, in the end."""
    path, way = (at.path, 0) if isinstance(at, Held) else (at, os.O_NOFOLLOW)
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC | way)
    try:
        yield file
    finally:
        # A close can be the first to report that a write failed, and os.close raises it.
        os.close(file)


def fill(file: int, data: bytes) -> None:
    """Write `data` into a file that is empty; zeros take no space there."""
    end = 0
    for begin, end in solid(data):
        _put(file, data, begin, end)
    if end < len(data):
        os.ftruncate(file, len(data))


def _put(file: int, data: bytes, begin: int, end: int, at: int = 0) -> None:
    """Write a part of `data`, which stands from `at` on in the file."""
    held = memoryview(data)
    while begin < end:
        begin += os.pwrite(file, held[begin : min(begin + _PART, end)], at + begin)


def solid(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each part of `data` that is not all zeros, in whole blocks."""
    begin = None
    for at in range(0, len(data), _BLOCK):
        block = data[at : at + _BLOCK]
        zeros = block == (_ZEROS if len(block) == _BLOCK else bytes(len(block)))
        if zeros and begin is not None:
            yield begin, at
            begin = None
        elif not zeros and begin is None:
            begin = at
    if begin is not None:
        yield begin, len(data)


def copy(source: bytes, to: bytes) -> None:
    """Give the file at `to`, which is empty, the content of the one at `source`."""
    file = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with opened(to) as made:
            at = 0
            while data := os.pread(file, _PART, at):
                for begin, end in solid(data):
                    _put(made, data, begin, end, at)
                at += len(data)
            os.ftruncate(made, at)
            os.fsync(made)
    finally:
        os.close(file)


def created(item: Item) -> Attributes:
    """Return what was made for `item`, by root, and not given a time."""
    return msgspec.structs.replace(item.attributes, uid=0, gid=0, mtime=objects.NO_TIME)


def wanted(item: Item, now: Attributes) -> Attributes:
    """Return what the attributes of an object that has `now` shall be.

    A file whose size and mtime are right counts as whole; one whose content follows is not, yet.
    """
    shall = item.attributes
    if item.data_follows:
        shall = msgspec.structs.replace(shall, mtime=now.mtime, atime=now.atime)
    return shall


def set_attributes(at: Where, kind: Kind, now: Attributes, shall: Attributes) -> bool:
    """Make owner, mode and mtime as they shall be; return whether anything differed.

    In this order: chown clears suid, and both move ctime.
    """
    path, followed = _path(at), _followed(at)
    differed = False
    if (now.uid, now.gid) != (shall.uid, shall.gid):
        os.chown(path, shall.uid, shall.gid, follow_symlinks=followed)
        differed = True
    if kind is not Kind.SYMLINK and (differed or now.mode != shall.mode):
        os.chmod(path, stat.S_IMODE(shall.mode))
        differed = True
    if now.mtime != shall.mtime:
        os.utime(path, ns=(shall.atime, shall.mtime), follow_symlinks=followed)
        differed = True
    return differed


def change_xattrs(at: Where, now: dict[bytes, bytes], shall: dict[bytes, bytes]) -> None:
    """Remove and set what it takes to get from `now` to `shall`."""
    for name in now.keys() - shall.keys():
        xattrs.remove(at, name)
    for name, value in shall.items():
        if now.get(name) != value:
            xattrs.put(at, name, value)


def _path(at: Where) -> bytes | int:
    return at.path if isinstance(at, Held) else at


def _followed(at: Where) -> bool:
    return not isinstance(at, bytes)
