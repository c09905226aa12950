"""The `glusterfs.gfid.newfile` blobs: create an object with a gfid of our choosing.

Set as an xattr on the parent directory of an aux-gfid mount; `features/gfid-access` in the FUSE
client unpacks it. All integers are u32 big-endian; the blob must end exactly after its last field
(else ENOMEM). Layout checked by experiment against GlusterFS 10.3.

Danger: a gfid that exists elsewhere is not reliably refused; callers must look it up first.
"""

import stat
import struct

from engine.item import Gfid, Item, Kind

XATTR = b"glusterfs.gfid.newfile"


def blob(item: Item, name: bytes) -> bytes:
    """Return the value that makes `item` under `name` with its mode and device number, owned by
    root.

    The owner in a blob is also who asks: anybody but root may be refused by the parent's mode.
    """
    a = item.attributes
    head = struct.pack(">II37sI", 0, 0, _text(item.gfid), a.mode) + name + b"\0"
    mode = stat.S_IMODE(a.mode)
    match item.kind:
        case Kind.DIRECTORY:
            return head + struct.pack(">II", mode, 0)
        case Kind.SYMLINK:
            return head + item.target + b"\0"
        case _:
            # mknod takes the type from both modes: from the one in the head, and from this one.
            return head + struct.pack(">III", a.mode, a.rdev, 0)


def _text(gfid: Gfid) -> bytes:
    return gfid.encode("ascii") + b"\0"
