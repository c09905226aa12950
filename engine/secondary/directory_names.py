"""The names of what is no directory, noted on the object itself: one xattr for each, a hint as the
handles of directories are.

A note is made before its name and removed after it, so that it can be one too many, never one too
few. Where a file system has no room for a note there is none; then the tree is searched.
"""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress

from engine.errors import Reject
from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import ROOT, Place
from engine.secondary.directory_handles import Handles, gfid_of
from engine.secondary.target import OWN

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


def search(handles: Handles, status: os.stat_result) -> Iterator[Place]:
    """Look through the whole tree, and through limbo, for names of the object with this `status`.

    Takes as long as it takes: 2 µs and up for each object of the secondary.
    """
    for file in handles.fixed.values():
        for _, directories, names, here in os.fwalk(b"/proc/self/fd/%d/." % file):
            parent = gfid_of(here)
            if parent == ROOT and OWN in directories:
                directories.remove(OWN)
            for name in names:
                if parent is not None and _same(status, name, here):
                    yield Place(parent, name)


def _same(status: os.stat_result, name: bytes, here: int) -> bool:
    try:
        there = os.stat(name, dir_fd=here, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(status, there)


def _text(place: Place) -> bytes:
    return place.parent.encode("ascii") + b"/" + place.name


def _key(place: Place) -> bytes:
    return _NAME + hashlib.blake2b(_text(place), digest_size=8).hexdigest().encode("ascii")
