"""Content, owner, mode, times and xattrs of one object, given by a path that leads to it and that
nobody can bend.
"""

import os
import stat
from collections.abc import Iterator

from engine.gluster import objects, xattrs
from engine.item import Attributes, Gfid, Kind
from engine.rpc.messages import Seen

_PART = 1 << 20
_BLOCK = 4096
_ZEROS = bytes(_BLOCK)


def seen(gfid: Gfid, status: os.stat_result, *, links: int) -> Seen:
    """Return what `status` says, in the words of the protocol."""
    return Seen(gfid, objects.kind(status.st_mode), objects.attributes(status), links)


def write(path: bytes, data: bytes) -> None:
    """Make `data` the whole content of a file; zeros take no space in one that was empty."""
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        held = memoryview(data)
        # What is not written is zero only where nothing was.
        empty = not os.fstat(file).st_size
        for begin, end in solid(data) if empty else [(0, len(data))]:
            at = begin
            while at < end:
                at += os.pwrite(file, held[at : min(at + _PART, end)], at)
        os.ftruncate(file, len(held))
    finally:
        # A close can be the first to report that a write failed, and os.close raises it.
        os.close(file)


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


def set_attributes(path: bytes, kind: Kind, now: Attributes, shall: Attributes) -> bool:
    """Make owner, mode and mtime as they shall be; return whether anything differed.

    In this order: chown clears suid, and both move ctime.
    """
    differed = False
    if (now.uid, now.gid) != (shall.uid, shall.gid):
        os.lchown(path, shall.uid, shall.gid)
        differed = True
    if kind is not Kind.SYMLINK and (differed or now.mode != shall.mode):
        os.chmod(path, stat.S_IMODE(shall.mode))
        differed = True
    if now.mtime != shall.mtime:
        os.utime(path, ns=(shall.atime, shall.mtime), follow_symlinks=False)
        differed = True
    return differed


def change_xattrs(path: bytes, now: dict[bytes, bytes], shall: dict[bytes, bytes]) -> None:
    """Remove and set what it takes to get from `now` to `shall`."""
    for name in now.keys() - shall.keys():
        xattrs.remove(path, name)
    for name, value in shall.items():
        if now.get(name) != value:
            xattrs.put(path, name, value)
