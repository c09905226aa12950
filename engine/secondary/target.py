"""What the rules need of a secondary: the few things that can be looked up and done, by gfid and
place.

Implementations raise OSError with the file system's errno. `seen` and `at` answer None for what is
not there.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from engine.item import Attributes, Facts, Gfid, Holder, Item, Kind, Piece, Place
from engine.rpc.messages import Seen

OWN = b".georep"
"""georep's own directory in the root of a secondary; never replicated, never compared."""


class Target(Protocol):
    """A secondary volume, or a directory that takes the place of one."""

    def claim(self, worker: str, patience: float) -> bool:
        """Wait up to `patience` seconds until no older agent of `worker` is at work; False when it
        still is.
        """

    def at_hand(self) -> AbstractContextManager[None]:
        """Within, what this thread finds by its gfid it may hold, and ask without finding it again;
        who has ended is still said to.
        """

    def seen(self, gfid: Gfid) -> Seen | None:
        """Return what stands under `gfid`, wherever that is."""

    def at(self, place: Place) -> Seen | None:
        """Return who stands at `place`; None also when its parent is missing or no directory."""

    def points(self, gfid: Gfid) -> bytes:
        """Return where a symlink points."""

    def create(self, item: Item, place: Place) -> Seen:
        """Create the object with its gfid and all that `item` says of it, the times last; return
        what it is then. FileExistsError if somebody has the place.

        After any other error it can be there, and not be whole.
        """

    def link(self, gfid: Gfid, place: Place) -> None:
        """Give `gfid` one more name; FileExistsError if somebody has it."""

    def unlink(self, place: Place) -> None:
        """Take a name away from what is no directory."""

    def rmdir(self, place: Place) -> None:
        """Remove an empty directory."""

    def rename(self, source: Place, place: Place) -> None:
        """Move a directory to a place that is free, and not below itself: the caller sees to both.

        Onto an empty directory it may destroy that one; below itself it may do damage.
        """

    def find(self, gfid: Gfid) -> list[Place]:
        """Return present places of `gfid`: all that the volume can tell, perhaps none."""

    def above(self, gfid: Gfid) -> list[Gfid]:
        """Return a directory and those above it, up to the root, in any order.

        OSError with ESTALE when the volume cannot tell.
        """

    def children(self, place: Place, most: int) -> list[Holder]:
        """List a directory; `most` of its children will do."""

    def write(self, gfid: Gfid, data: bytes) -> None:
        """Make `data` the whole content of a file."""

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        """Make owner, mode and mtime as they shall be; return whether anything differed."""

    def set_xattrs(self, gfid: Gfid, shall: dict[bytes, bytes]) -> bool:
        """Make the xattrs that travel exactly these; return whether anything differed."""

    def limbo(self, gfid: Gfid) -> Place:
        """Return the place where `gfid` stands while it is in limbo; limbo is made when needed."""

    def in_limbo(self) -> list[Gfid]:
        """List who is in limbo."""

    def shelf(self, gfid: Gfid, day: str) -> Place:
        """Return the place in quarantine where `gfid` stands when it was put there on `day`."""

    def in_quarantine(self) -> list[tuple[Holder, float]]:
        """List who is in quarantine, the oldest first, each with when it last changed (its ctime),
        in seconds since the epoch.
        """

    def whole(self) -> bool:
        """Whether all of the volume answers, so that what is not seen is not there."""

    def listed(self, place: Place) -> list[bytes] | None:
        """List the names in a directory, sorted; None when there is none at `place`."""

    def facts(self, places: Sequence[Place]) -> list[Facts | None]:
        """Return who stands at each of `places`, with all that is compared."""

    def digest(self, piece: Piece) -> bytes | None:
        """Return the BLAKE2b digest, of 16 bytes, of a part of a file; None when it is gone."""

    def note(self, name: str, content: bytes) -> None:
        """Keep a small note beside the data, whole or not at all."""

    def notes(self) -> dict[str, bytes]:
        """Return all notes by name."""

    def remember(self, gfid: Gfid, record: bytes) -> None:
        """Keep a record of how `gfid` came to be put aside, whole or not at all."""

    def record(self, gfid: Gfid) -> bytes:
        """Return that of `gfid`; empty when there is none."""

    def remembered(self) -> dict[Gfid, bytes]:
        """Return all such records."""

    def forget(self, gfid: Gfid) -> None:
        """Drop the record of `gfid`, if there is one."""

    def copy_file(self, source: Gfid, copy: Gfid) -> None:
        """Give the file `copy`, which is new and empty, the content and the xattrs of `source`."""

    def canary(self, name: str) -> Gfid:
        """Make or empty a file of ours that movers find as `.gfid/G`, and return its gfid."""

    def holding(self, *keys: Gfid | Place) -> AbstractContextManager[None]:
        """Hold these gfids and places against every other agent of this volume."""

    def sync(self) -> None:
        """Return when what was done would outlive a power cut, as far as we have a say in it."""
