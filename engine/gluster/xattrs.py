"""Extended attributes: reading and writing them, and the layouts of those that GlusterFS keeps.

Blocks as long as the file system does: call it in the mount's threads. Symlinks are never
followed. An attribute that is not there is None; every other OSError has the file's name in it.
Layouts are those of GlusterFS 10.3, checked by experiment on bricks and mounts.
"""

import errno
import os
import struct
from typing import Final, NamedTuple

import xattr

from engine.errors import Stop
from engine.gluster.gfid import from_raw, to_raw
from engine.gluster.held import Held
from engine.item import Gfid

Target = bytes | str | int | os.PathLike[str] | Held
"""A path, an open descriptor, or what is held."""

GFID: Final = b"trusted.gfid"
"""On every object of a brick: 16 raw bytes."""
GFID2PATH: Final = b"trusted.gfid2path."
"""Begins the name of one attribute for each hard link; the value is `<parent gfid>/<name>`."""
LINKTO: Final = b"trusted.glusterfs.dht.linkto"
"""On a pointer file (mode 01000, empty): the subvolume that has the file, NUL-terminated."""
MDATA: Final = b"trusted.glusterfs.mdata"
"""The times that GlusterFS shows for an object."""
SHARDED: Final = frozenset(
    (b"trusted.glusterfs.shard.block-size", b"trusted.glusterfs.shard.file-size")
)
"""On a file that is kept in pieces: how large one is, 8 bytes; its size and blocks, 32 bytes. The
first piece stands in the file's place, the others as `/.shard/<gfid>.<number>`, for clients with
client-pid -1 alone. A file of which nobody has said its size is empty to all other clients.
"""
NODE_UUID: Final = b"trusted.glusterfs.node-uuid"
"""On a mount: the node of one brick of each subvolume."""
PATHINFO: Final = b"trusted.glusterfs.pathinfo"
"""On a mount: a tree of the bricks that answer for an object, each as `<POSIX(BRICK):HOST:…`."""
VOLUME_MARK: Final = b"trusted.glusterfs.volume-mark"
"""On the root of a mount with client-pid -1: the volume's own; with `.<uuid>` behind: another's."""


class Mark(NamedTuple):
    """A moment of replication, as stime, entry_stime and volume marks hold it."""

    seconds: int
    """Since the epoch; (0, 0) was written by somebody who wants everything crawled again."""
    micros: int = 0


class VolumeMark(NamedTuple):
    """What a volume says of itself, or one primary left on a secondary."""

    uuid: str
    failed: bool
    """GlusterFS could not say it in full; an indexed volume says False."""
    since: Mark
    """When indexing was switched on."""
    expires: int | None
    """Seconds since the epoch; None in a volume's own mark."""


class Mdata(NamedTuple):
    """The times that GlusterFS shows for an object, in nanoseconds since the epoch."""

    ctime: int
    mtime: int
    atime: int


class Malformed(Stop):
    """An attribute that GlusterFS or gsyncd wrote is not what it must be."""

    def __init__(self, name: bytes, value: bytes, *, on: Target | None = None) -> None:
        shown = name.decode("ascii", "replace")
        where = "" if on is None else f" of {on!r}"
        super().__init__(
            f"xattr {shown}{where} has {len(value)} bytes that make no sense: {value[:40].hex()}",
            cause="xattr malformed",
            fix=f"Look at it with getfattr -n {shown} -e hex, and restore or remove it.",
        )
        self.name, self.value = name, value


def check() -> None:
    """Raise Stop unless the module `xattr` is pyxattr's; another package installs the same name."""
    if getattr(xattr, "NS_USER", None) != b"user" or not hasattr(xattr, "get_all"):
        raise Stop(
            f"the Python module xattr in {getattr(xattr, '__file__', '?')} is not pyxattr's",
            cause="wrong xattr module",
            fix="Remove the package xattr and install pyxattr (Debian: python3-pyxattr).",
        )


def get(target: Target, name: bytes) -> bytes | None:
    """Return the value of one attribute."""
    try:
        value: bytes = xattr.get(_path(target), name, nofollow=_direct(target))
    except OSError as error:
        if error.errno == errno.ENODATA:
            return None
        raise _named(error, target) from None
    return value


def get_all(target: Target) -> dict[bytes, bytes]:
    """Return every attribute with its value."""
    try:
        return dict(xattr.get_all(_path(target), nofollow=_direct(target)))
    except OSError as error:
        raise _named(error, target) from None


def names(target: Target) -> list[bytes]:
    """Return the names of every attribute."""
    try:
        found: list[bytes] = xattr.list(_path(target), nofollow=_direct(target))
    except OSError as error:
        raise _named(error, target) from None
    return found


def put(target: Target, name: bytes, value: bytes) -> None:
    """Set one attribute, new or not."""
    try:
        xattr.set(_path(target), name, value, nofollow=_direct(target))
    except OSError as error:
        raise _named(error, target) from None


def remove(target: Target, name: bytes) -> bool:
    """Remove one attribute; return whether it was there."""
    try:
        xattr.remove(_path(target), name, nofollow=_direct(target))
    except OSError as error:
        if error.errno == errno.ENODATA:
            return False
        raise _named(error, target) from None
    return True


def gfid(target: Target) -> Gfid | None:
    """Return the gfid that an object on a brick has."""
    value = get(target, GFID)
    return None if value is None else from_raw(value)


def stime_name(primary: str, secondary: str) -> bytes:
    """Return the name of the data mark of a session between two volumes, given by their uuids."""
    return f"trusted.glusterfs.{primary}.{secondary}.stime".encode("ascii")


def entry_stime_name(primary: str, secondary: str) -> bytes:
    """Return the name of the mark that gsyncd keeps of the names it has made so."""
    return f"trusted.glusterfs.{primary}.{secondary}.entry_stime".encode("ascii")


def read_stime(brick: bytes, primary: str, secondary: str) -> Mark | None:
    """Return up to where a brick is replicated; None when nobody ever was.

    Everything older than it is on the secondary. gsyncd writes the same attribute, so either can
    go on where the other stopped. Malformed when it is not 8 bytes.
    """
    name = stime_name(primary, secondary)
    value = get(brick, name)
    return None if value is None else unpack_mark(value, name=name, on=brick)


def write_stime(brick: bytes, primary: str, secondary: str, mark: Mark) -> None:
    """Say that a brick is replicated up to `mark`, to us and to gsyncd.

    Invariant: the caller has made every change older than `mark` so. Names before data, as gsyncd
    does: a crash in between leaves the data mark, the one that counts, too old and never too new.
    """
    value = pack_mark(mark)
    put(brick, entry_stime_name(primary, secondary), value)
    put(brick, stime_name(primary, secondary), value)


def pack_mark(mark: Mark) -> bytes:
    """Return the 8 bytes of a mark."""
    return _MARK.pack(*mark)


def unpack_mark(value: bytes, *, name: bytes = b"stime", on: Target | None = None) -> Mark:
    """Return the mark in 8 bytes; `name` and `on` are for the words of Malformed."""
    if len(value) != _MARK.size:
        raise Malformed(name, value, on=on)
    return Mark(*_MARK.unpack(value))


def volume_mark_name(primary: str) -> bytes:
    """Return the name of the mark that the volume `primary` leaves on its secondary's root."""
    return VOLUME_MARK + b"." + primary.encode("ascii")


def unpack_volume_mark(value: bytes) -> VolumeMark:
    """Return a volume's own mark (27 bytes) or another volume's (31); Malformed otherwise."""
    if len(value) not in (_OWN.size, _FOREIGN.size) or value[0] != 1:
        raise Malformed(VOLUME_MARK, value)
    _major, _minor, uuid, failed, seconds, micros = _OWN.unpack_from(value)
    expires = None
    if len(value) == _FOREIGN.size:
        expires = _FOREIGN.unpack(value)[-1]
    return VolumeMark(from_raw(uuid), bool(failed), Mark(seconds, micros), expires)


def pack_volume_mark(mark: VolumeMark) -> bytes:
    """Return the 27 bytes of a volume's own mark, or the 31 of one that expires."""
    parts = (1, 0, to_raw(Gfid(mark.uuid)), mark.failed, *mark.since)
    if mark.expires is None:
        return _OWN.pack(*parts)
    return _FOREIGN.pack(*parts, mark.expires)


def unpack_mdata(value: bytes) -> Mdata:
    """Return the times in a `trusted.glusterfs.mdata`: version, flags, then each in two parts."""
    if len(value) != _MDATA.size or value[0] != 1:
        raise Malformed(MDATA, value)
    _version, _flags, *times = _MDATA.unpack(value)
    return Mdata(*(times[at] * 1_000_000_000 + times[at + 1] for at in (0, 2, 4)))


def parse_node_uuids(value: bytes) -> tuple[str, ...]:
    """Return the uuids in a `trusted.glusterfs.node-uuid`: blanks between them, NUL at the end."""
    return tuple(value.rstrip(b"\0").decode("ascii", "replace").split())


def _path(target: Target) -> bytes | str | int | os.PathLike[str]:
    return target.path if isinstance(target, Held) else target


def _direct(target: Target) -> bool:
    """Whether a symlink at the path is meant itself: the one that leads to what is held is not."""
    return not isinstance(target, Held)


def _named(error: OSError, target: Target) -> OSError:
    # pyxattr leaves the file's name out.
    if not isinstance(target, int):
        error.filename = _path(target)
    return error


_MDATA = struct.Struct("!BQ6q")
_MARK = struct.Struct("!II")
_OWN = struct.Struct("!BB16sBII")
_FOREIGN = struct.Struct("!BB16sBIII")

check()
