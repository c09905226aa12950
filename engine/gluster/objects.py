"""How an object looks through a mount or on a brick: its kind, attributes and the xattrs that
travel.
"""

import os
import stat
from typing import NamedTuple

from engine.gluster import xattrs
from engine.item import Attributes, Gfid, Kind

_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFCHR: Kind.CHARACTER,
}
NO_TIME = -1
"""An mtime that differs from all others; from one that is just this, by a nanosecond."""
ACCESS_ACL = b"system.posix_acl_access"
DEFAULT_ACL = b"system.posix_acl_default"
OURS = b".georep"
TRASH = Gfid("00000000-0000-0000-0000-000000000005")
"""The directory in every volume's root in which GlusterFS keeps what users removed, once
features.trash was on, whatever features.trash-dir calls it.
"""
_TRASHCAN = b".trashcan"
"""What it is called if nobody named another."""
_ANONYMOUS = b".glusterfs-anonymous-inode-"
_OWN_XATTRS = b"user.georep."
"""What a directory secondary without root keeps on objects, also when it was copied elsewhere."""


def kind(mode: int) -> Kind:
    """Return what an object of this `st_mode` is."""
    return _KINDS[stat.S_IFMT(mode)]


def attributes(status: os.stat_result) -> Attributes:
    """Return what of `status` must be equal on both sides."""
    return Attributes(
        mode=status.st_mode,
        uid=status.st_uid,
        gid=status.st_gid,
        size=status.st_size,
        mtime=status.st_mtime_ns,
        atime=status.st_atime_ns,
        rdev=status.st_rdev,
    )


def own(name: bytes) -> bool:
    """Whether what has this name in a root is GlusterFS's or georep's own, and not replicated.

    A trash that was given another name is known by its gfid alone.
    """
    return name in (OURS, _TRASHCAN) or healed_away(name)


def healed_away(name: bytes) -> bool:
    """Whether heals put into the directory of this name what has lost its name on a brick, until
    it is certain that it was not renamed. No client is let in by name.
    """
    return name.startswith(_ANONYMOUS)


def healed_away_of(volume: str) -> bytes:
    """Return the name of that directory in the volume with this uuid."""
    return _ANONYMOUS + volume.encode("ascii")


class Scope(NamedTuple):
    """Which xattrs an operator wants replicated; all others are as if they were not there."""

    users: bool = True
    acls: bool = True


ALL = Scope()


def travels(name: bytes, scope: Scope = ALL) -> bool:
    """Whether an xattr is replicated: user.* but georep's own, and the POSIX ACLs, as far as
    `scope` has them; and what makes one file of its shards.

    An aux mount with client-pid -1 takes no others: GlusterFS 10.3 ignores setting any other name,
    with success.
    """
    if name in xattrs.SHARDED:
        return True
    if name.startswith(b"user."):
        return scope.users and not name.startswith(_OWN_XATTRS)
    return scope.acls and name in (ACCESS_ACL, DEFAULT_ACL)


def that_travel(values: dict[bytes, bytes], scope: Scope = ALL) -> dict[bytes, bytes]:
    """Return those of `values` that are replicated."""
    return {name: value for name, value in values.items() if travels(name, scope)}


def travelling(at: xattrs.Target, scope: Scope = ALL) -> dict[bytes, bytes]:
    """Return the xattrs of an object that are replicated."""
    found: dict[bytes, bytes] = {}
    for name in xattrs.names(at):
        if travels(name, scope):
            value = xattrs.get(at, name)
            if value is not None:
                found[name] = value
    return found
