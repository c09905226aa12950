"""The names of what is no directory, noted on the object itself: one xattr for each, a hint as the
handles of directories are.

A note is made before its name and removed after it, so that it can be one too many, never one too
few. Where a file system has no room for a note there is none; then the tree is searched.
"""

import errno
import hashlib
from contextlib import suppress

from engine.errors import Reject
from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Place

_NAME = b"trusted.georep.name."
_NO_ROOM = frozenset({errno.ENOSPC, errno.E2BIG, errno.ERANGE})
"""ext4 says that its disk is full where only the block of an object's xattrs is."""


def note(path: bytes, place: Place) -> None:
    """Note on the object at `path` that it is about to stand at `place`."""
    try:
        xattrs.put(path, _key(place), _text(place))
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise


def drop(path: bytes, place: Place) -> None:
    """Remove the note that it stood at `place`."""
    xattrs.remove(path, _key(place))


def make_room(path: bytes) -> bool:
    """Remove every note, so that xattrs that travel have its room; False when there was none."""
    notes = [name for name in xattrs.names(path) if name.startswith(_NAME)]
    for name in notes:
        xattrs.remove(path, name)
    return bool(notes)


def lacks_room(error: OSError) -> bool:
    """Whether an xattr was refused because there was no room for it."""
    return error.errno in _NO_ROOM


def noted(path: bytes) -> list[Place]:
    """Return where the object at `path` was noted to stand."""
    found = []
    for name, value in xattrs.get_all(path).items():
        if name.startswith(_NAME):
            with suppress(Reject):
                found.append(gfids.place(value))
    return found


def _text(place: Place) -> bytes:
    return place.parent.encode("ascii") + b"/" + place.name


def _key(place: Place) -> bytes:
    return _NAME + hashlib.blake2b(_text(place), digest_size=8).hexdigest().encode("ascii")
