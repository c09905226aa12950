"""Marks on a volume's root: its own, and those of the primaries that replicate to it.

gsyncd leaves the same ones, in the same form. Measured on GlusterFS 10.3: any client can leave one
and take it off, only one with client-pid -1 is told the value of one that it names, and none lists
them; bricks keep and list them all. All calls block.
"""

import errno
from collections.abc import Sequence

from engine.errors import Reject
from engine.gluster import xattrs
from engine.gluster.gfid import from_text
from engine.gluster.xattrs import VOLUME_MARK, Malformed, VolumeMark

_PREFIX = VOLUME_MARK + b"."


def own(root: bytes) -> VolumeMark | None:
    """Return what the volume mounted at `root` says of itself; None when it is not indexed. Only a
    mount with client-pid -1 is told.
    """
    value = xattrs.get(root, VOLUME_MARK)
    return None if value is None else xattrs.unpack_volume_mark(value)


def foreign(bricks: Sequence[bytes]) -> dict[str, bytes]:
    """Return the marks of primaries as bricks of one volume keep them, by the uuids of those; where
    bricks differ, for one was down, the one that ends last.

    OSError when no brick can be read, or none is given.
    """
    found: dict[str, bytes] = {}
    trouble = OSError(errno.ENODEV, "no brick of the volume is on this node")
    readable = False
    for brick in bricks:
        try:
            for uuid, value in _on(brick).items():
                found[uuid] = max(value, found.get(uuid, b""), key=_ends)
            readable = True
        except OSError as error:
            trouble = error
    if not readable:
        raise trouble
    return found


def leave(root: bytes, bricks: Sequence[bytes], primary: str, value: bytes) -> None:
    """Leave the mark of a primary on the volume mounted at `root`, in place of an older one of its
    own.

    Reject when it is none, or another's; OSError when no one of `bricks` has it afterwards.
    """
    _check(primary, value)
    name = xattrs.volume_mark_name(primary)
    xattrs.put(root, name, value)
    # Clients ignore some xattrs with success.
    if all(_on(brick).get(primary) != value for brick in bricks):
        raise OSError(errno.EIO, "the mark was left with success and is not there")


def take_off(root: bytes, bricks: Sequence[bytes], primary: str) -> None:
    """Take the mark of a primary off a volume; it need not be there. OSError when all `bricks` have
    it still.
    """
    from_text(primary.encode())
    xattrs.remove(root, xattrs.volume_mark_name(primary))
    if all(primary in _on(brick) for brick in bricks):
        raise OSError(errno.EIO, "the mark was taken off with success and is still there")


def _on(brick: bytes) -> dict[str, bytes]:
    return {
        name.removeprefix(_PREFIX).decode("ascii", "replace"): value
        for name, value in xattrs.get_all(brick).items()
        if name.startswith(_PREFIX)
    }


def _ends(value: bytes) -> int:
    try:
        return xattrs.unpack_volume_mark(value).expires or 0
    except Malformed:
        return -1


def _check(primary: str, value: bytes) -> None:
    from_text(primary.encode())
    try:
        mark = xattrs.unpack_volume_mark(value)
    except Malformed as error:
        raise Reject(error.words, cause="protocol") from error
    if mark.uuid != primary or mark.expires is None:
        raise Reject(f"this is no mark of {primary[:80]}", cause="protocol")
