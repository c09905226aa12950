"""Where a directory secondary keeps which gfid an object has, and under which names it stands.

An agent that is root keeps both on the object itself, in xattrs that nobody else may see. Without
root there are no such xattrs: `directory_plain`.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from engine.errors import Reject
from engine.gluster import gfid as gfids
from engine.gluster import urls, xattrs
from engine.item import Gfid, Place
from engine.secondary import directory_names

GFID = b"trusted.georep.gfid"
"""On every object: its gfid, 16 raw bytes."""


class Books(Protocol):
    """What is kept of objects; names are hints, gfids are not."""

    def gfid(self, target: bytes | int) -> Gfid | None:
        """Return the gfid of an object, given by a path, of which no link is followed, or an open
        directory; None for what is not ours, or not any more.
        """

    def brand(self, path: bytes, gfid: Gfid, *names: Place) -> None:
        """Give the object at `path` its gfid; its handle may come after it. Of what is no
        directory, note the names, too, at which it is about to stand.
        """

    def tells_place(self, handle: bytes) -> bool:
        """Whether a handle is that of a directory, and no link to the object itself."""

    def note(self, path: bytes, place: Place) -> None:
        """Note of the object at `path`, no directory, that it is about to stand at `place`."""

    def drop(self, path: bytes, place: Place) -> None:
        """Remove the note that it stood at `place`."""

    def noted(self, path: bytes) -> list[Place]:
        """Return where it was noted to stand."""

    def make_room(self, path: bytes) -> bool:
        """Remove every note that takes room of its xattrs; False when there was none."""

    def ending(self, handle: bytes, gfid: Gfid) -> None:
        """Forget what is kept beside the object whose handle is about to go."""

    def writable(self, path: bytes) -> AbstractContextManager[None]:
        """Within, a file may be written, and its xattrs set."""


class RootBooks:
    """Those of an agent that is root."""

    def gfid(self, target: bytes | int) -> Gfid | None:
        """Return the gfid that an object carries."""
        return from_raw(xattrs.get(target, GFID))

    def brand(self, path: bytes, gfid: Gfid, *names: Place) -> None:
        """Have the object carry its gfid, and its names."""
        xattrs.put(path, GFID, gfids.to_raw(gfid))
        for place in names:
            self.note(path, place)

    def tells_place(self, handle: bytes) -> bool:
        """Only objects themselves carry a gfid."""
        return self.gfid(handle) is None

    def note(self, path: bytes, place: Place) -> None:
        """Note one name on the object."""
        directory_names.note(path, place)

    def drop(self, path: bytes, place: Place) -> None:
        """Remove that note."""
        directory_names.drop(path, place)

    def noted(self, path: bytes) -> list[Place]:
        """Return the names that are noted on it."""
        return directory_names.noted(path)

    def make_room(self, path: bytes) -> bool:
        """Remove all of them; False when there was none."""
        return directory_names.make_room(path)

    def ending(self, handle: bytes, gfid: Gfid) -> None:
        """Do nothing: what is kept on an object goes with it."""

    def writable(self, path: bytes) -> AbstractContextManager[None]:
        """Do nothing: root may write."""
        return nullcontext()


def from_raw(raw: bytes | None) -> Gfid | None:
    """Return the gfid in the value of an xattr; None when there is none in it."""
    return None if raw is None or len(raw) != 16 else gfids.from_raw(raw)


def places(parts: Sequence[bytes]) -> tuple[Place, ...]:
    """Return the places in `parts`, parent and name by turns; none if one of them can be none."""
    pairs = zip(parts[::2], parts[1::2], strict=False)
    try:
        return tuple(Place(gfids.from_text(parent), urls.guard(name)) for parent, name in pairs)
    except Reject:
        return ()


def parts(*places: Place) -> list[bytes]:
    """Undo `places`."""
    return [part for place in places for part in (place.parent.encode(), place.name)]
