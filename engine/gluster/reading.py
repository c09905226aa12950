"""Read a mounted volume for a comparison: names, everything about objects, digests of content.

Everything goes by `.gfid/<parent>/<name>`, so a directory is found wherever it has been moved to;
and an object is looked up once, by a handle, because each lookup costs round trips to the bricks.

All calls block: run them in threads.
"""

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterable, Iterator

import xattr

from engine.gluster import agreed, objects, xattrs
from engine.gluster import gfid as gfids
from engine.gluster.held import Held
from engine.item import TOP, Attributes, Facts, Gfid, Kind, Piece, Place

CHUNK = 1 << 20
_AWAY = frozenset({errno.ENOENT, errno.ESTALE, errno.ENOTDIR, errno.ELOOP})
"""No such object there, or another than a directory."""
_TRIES = 4
"""A directory that is looked up by two threads at once can be stale to one of them."""


def whole(root: bytes) -> bool:
    """Whether every subvolume of the volume mounted at `root` answers."""
    return (xattrs.get(root, b"dht.subvol.status") or b"").startswith(b"1")


def names(root: bytes, place: Place) -> list[bytes] | None:
    """Return the names in a directory, sorted; None when there is no directory at `place`."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        # The mount's own root may be reached through whatever path it has.
        here = os.open(_path(root, place), flags if place != TOP else flags & ~os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in _AWAY:
            return None
        raise
    try:
        # While files migrate, a name can be listed twice.
        return sorted({os.fsencode(name) for name in os.listdir(here)})
    finally:
        os.close(here)


def facts(root: bytes, places: Iterable[Place], *, pieces: bool = False) -> list[Facts | None]:
    """Return who stands at each of `places`, with all that is compared; None where nobody does.
    `pieces`: the volume keeps files in pieces.
    """
    with _Parents(root, pieces=pieces) as parents:
        return [_settled(parents, place) for place in places]


def digest(root: bytes, piece: Piece) -> bytes | None:
    """Return a digest of that part of a file, as far as the file reaches; None when it cannot be
    read, or is gone.
    """
    return digest_of(root + b"/" + gfids.aux(piece.gfid), piece)


def digest_of(path: bytes, piece: Piece) -> bytes | None:
    """Return the same of the file at `path`."""
    made = hashlib.blake2b(digest_size=16)
    # Without O_NONBLOCK a FIFO would wait here for somebody to write.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(path, flags)
    except OSError as error:
        _raise_if_dead(error)
        return None
    try:
        at, end = piece.start, piece.start + piece.length
        while at < end and (data := os.pread(file, min(CHUNK, end - at), at)):
            made.update(data)
            at += len(data)
    except OSError as error:
        _raise_if_dead(error)
        return None
    finally:
        os.close(file)
    return made.digest()


def _raise_if_dead(error: OSError) -> None:
    if error.errno == errno.ENOTCONN:
        raise error


class _Parents:
    """Handles of the directories that places are in; one at a time, for places come sorted."""

    def __init__(self, root: bytes, *, pieces: bool) -> None:
        self.root, self.pieces = root, pieces
        self._held: tuple[Gfid, int] | None = None

    def __enter__(self) -> "_Parents":
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def get(self, parent: Gfid) -> int:
        if self._held is not None and self._held[0] == parent:
            return self._held[1]
        self.drop()
        path = self.root + b"/" + gfids.aux(parent)
        self._held = parent, os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return self._held[1]

    def drop(self) -> None:
        if self._held is not None:
            os.close(self._held[1])
            self._held = None


def _settled(parents: _Parents, place: Place) -> Facts | None:
    for left in reversed(range(_TRIES)):
        try:
            return _at(parents, place)
        except OSError as error:
            if error.errno == errno.ESTALE and left:
                parents.drop()
                continue
            return None if error.errno in _AWAY else unreadable(error)
    raise AssertionError("the last try returns")


def unreadable(error: OSError) -> Facts:
    """Return what is known of an object that could not even be looked up."""
    words = f"look up: {errno.errorcode.get(error.errno or 0, 'unknown')}"
    nothing = Attributes(mode=0, uid=0, gid=0, size=0, mtime=0, atime=0)
    return Facts(gfid=Gfid(""), kind=Kind.FILE, attributes=nothing, links=0, trouble=words)


def _at(parents: _Parents, place: Place) -> Facts | None:
    if place == TOP:
        # The mount's own root may be reached through whatever path it has.
        return _object(*agreed.look(parents.root + b"/.", pieces=parents.pieces))
    above = parents.get(place.parent)
    path = b"/proc/self/fd/%d/%b" % (above, place.name)
    return _object(*agreed.look(path, pieces=parents.pieces))


def _object(held: Held, status: os.stat_result) -> Facts | None:
    kind = objects.kind(status.st_mode)
    trouble: list[str] = []
    values: dict[bytes, bytes] = {}
    target = b""
    raw: bytes = xattr.get(held.path, b"glusterfs.gfid")
    with _noting(trouble, "xattrs"):
        values = _digests(held.path)
    if kind is Kind.SYMLINK:
        with _noting(trouble, "target"):
            target = held.target()
    return Facts(
        gfid=gfids.from_raw(raw[:16]),
        kind=kind,
        attributes=objects.attributes(status),
        links=status.st_nlink,
        target=target,
        xattrs=values,
        trouble="; ".join(trouble),
    )


def _digests(proc: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    # Sorted, so that two looks at the same object are equal byte for byte.
    for name in sorted(xattr.list(proc)):
        if objects.travels(name):
            try:
                value: bytes = xattr.get(proc, name)
            except OSError as error:
                if error.errno == errno.ENODATA:
                    continue
                raise
            found[name] = digest_of_value(value)
    return found


def digest_of_value(value: bytes) -> bytes:
    """Return the digest by which values of xattrs are compared."""
    return hashlib.blake2b(value, digest_size=16).digest()


@contextlib.contextmanager
def _noting(trouble: list[str], what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ESTALE:
            raise
        trouble.append(f"{what}: {errno.errorcode.get(error.errno or 0, 'unknown')}")


def _path(root: bytes, place: Place) -> bytes:
    return root if place == TOP else root + b"/" + gfids.aux_place(place)
