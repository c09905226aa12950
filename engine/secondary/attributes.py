"""Content, owner, mode, times and xattrs of one object, given by a path that leads to it and that
nobody can bend.
"""

import os
import stat

from engine.gluster import objects, xattrs
from engine.item import Attributes, Gfid, Kind
from engine.rpc.messages import Seen

_PART = 1 << 20


def seen(gfid: Gfid, status: os.stat_result, *, links: int) -> Seen:
    """Return what `status` says, in the words of the protocol."""
    return Seen(gfid, objects.kind(status.st_mode), objects.attributes(status), links)


def write(path: bytes, data: bytes) -> None:
    """Make `data` the whole content of a file."""
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        held = memoryview(data)
        at = 0
        while at < len(held):
            at += os.pwrite(file, held[at : at + _PART], at)
        os.ftruncate(file, len(held))
    finally:
        # A close can be the first to report that a write failed, and os.close raises it.
        os.close(file)


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
