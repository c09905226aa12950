"""The secondary as a GlusterFS volume: the names in it, and georep's own place there."""

import errno
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

from engine.gluster import gfid as gfids
from engine.gluster import objects, reading, xattrs
from engine.gluster.held import Held
from engine.gluster.objects import Scope
from engine.item import Attributes, Facts, Gfid, Holder, Item, Kind, Piece, Place
from engine.plan import shelves
from engine.rpc.messages import Seen
from engine.secondary import attributes, borrowed
from engine.secondary.attributes import Where
from engine.secondary.gluster_directories import Directories
from engine.secondary.gluster_objects import Objects
from engine.secondary.gluster_xattrs import Xattrs
from engine.secondary.locks import LockFile, stripe
from engine.secondary.notes import Notes
from engine.secondary.target import OWN

_TAKEN_BACK = 0.05
"""Seconds, long for one call of a brick."""
_EMPTY = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class GlusterTarget:
    """A mounted secondary volume; its methods may be called from many threads."""

    def __init__(
        self,
        root: bytes,
        plain: Callable[[], bytes],
        second: Callable[[], bytes],
        scope: Scope = objects.ALL,
        *,
        bricks: Sequence[bytes] = (),
        pieces: bool = False,
    ) -> None:
        """Make `/.georep` in the aux-gfid mount `root`; `plain` gives one without client-pid -1,
        `second` one more like `root`; `scope`: which xattrs we have to do with; `bricks`: those of
        this node; `pieces`: the volume keeps files in pieces.
        """
        self._root, self._pieces = root, pieces
        self._objects = Objects(root, second, bricks, pieces=pieces)
        self._xattrs = Xattrs(self._objects, plain, scope)
        own = root + b"/" + OWN
        for directory in (own, own + b"/limbo", own + b"/quarantine"):
            with suppress(FileExistsError):
                os.mkdir(directory, 0o700)
        self._limbo, self._quarantine = _gfid(own + b"/limbo"), _gfid(own + b"/quarantine")
        self._directories = Directories(self._objects, self._limbo)
        self._notes, self._records = Notes(root), Notes(root, "records")
        self._locks = LockFile(own + b"/lock")

    @property
    def lost(self) -> str:
        """Why this mount must not be used any more; empty while it can be."""
        return self._objects.lost

    def close(self) -> None:
        """Let go of everything; no call may be under way."""
        self._locks.close()
        self._objects.close()

    def claim(self, worker: str, patience: float) -> bool:
        """Wait until no older agent of `worker` is at work; False when it still is."""
        return self._locks.claim(worker, patience)

    def at_hand(self) -> AbstractContextManager[None]:
        """Within, this thread finds each file once by its gfid, and holds it."""
        return self._objects.at_hand()

    def seen(self, gfid: Gfid) -> Seen | None:
        """Return what stands under `gfid`, wherever that is."""
        return self._objects.seen(gfid)

    def at(self, place: Place) -> Seen | None:
        """Return who stands at `place`; None also when its parent is missing or no directory."""
        return self._objects.at(place)

    def points(self, gfid: Gfid) -> bytes:
        """Return where a symlink points."""
        return self._objects.points(gfid)

    def find(self, gfid: Gfid) -> list[Place]:
        """Return present places of `gfid`, as far as the volume tells them."""
        return self._objects.find(gfid)

    def above(self, gfid: Gfid) -> list[Gfid]:
        """Return a directory and those above it."""
        return self._objects.above(gfid)

    def children(self, place: Place, most: int) -> list[Holder]:
        """List a directory; `most` of its children will do."""
        return self._objects.children(place, most)

    def create(self, item: Item, place: Place) -> Seen:
        """Create the object whole; the caller has made sure that the gfid is not there."""
        at = self._objects.path(item.gfid)
        if item.kind is Kind.DIRECTORY:
            self._directories.make(item, place)
            return self._complete(item, at)
        self._objects.new(item, place)
        if item.kind is not Kind.FILE:
            return self._complete(item, at)
        made = Held(at)
        if not item.data:
            return self._complete(item, made)
        with attributes.opened(made) as file:
            attributes.fill(file, item.data)
            return self._complete(item, file)

    def _complete(self, item: Item, at: Where) -> Seen:
        """Give what was just made, and is root's, its xattrs, owner and times; look at it then."""
        now = attributes.created(item)
        if item.xattrs is not None and self._xattrs.make(item.gfid, at, item.xattrs):
            # An ACL changes the mode.
            now = attributes.seen_at(item.gfid, at).attributes
        attributes.set_attributes(at, item.kind, now, attributes.wanted(item, now))
        return attributes.seen_at(item.gfid, at)

    def link(self, gfid: Gfid, place: Place) -> None:
        """Give `gfid` one more name; FileExistsError if somebody has it.

        Where a name belongs on another brick than its file, DHT puts a pointer there first; whoever
        looks the name up before the file has it removes the pointer, and then nobody sees the name,
        nor can give it again. A thorough mount finds it, and makes the pointer anew for everybody.
        """
        source = self._objects.path(gfid)
        with self._objects.parents.within(place.parent, changing=True) as path:
            name = path + place.name
            try:
                self._objects.anew(
                    gfid, lambda: borrowed.doing(source, lambda: _link(source, name))
                )
            except FileExistsError:
                # Only then DHT takes the pointer back that it had put there, and who looks before
                # finds a name that nobody else will.
                time.sleep(_TAKEN_BACK)
                raise
        there = self.at(place)
        if there is None or there.gfid != gfid:
            raise OSError(errno.ESTALE, "it was given a name with success, and is not there")

    def unlink(self, place: Place) -> None:
        """Take a name away from what is no directory."""
        with self._objects.parents.within(place.parent, changing=True) as path:
            os.unlink(path + place.name)

    def rmdir(self, place: Place) -> None:
        """Remove an empty directory."""
        os.rmdir(self._objects.path_of(place))

    def rename(self, source: Place, place: Place) -> None:
        """Move a directory to a place that is free, and not below itself."""
        self._directories.move(source, place)

    def write(self, gfid: Gfid, data: bytes) -> None:
        """Make `data` the whole content of a file."""
        attributes.write(self._objects.where(gfid), data)

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        """Make owner, mode and mtime as they shall be; return whether anything differed."""

        def act() -> bool:
            return attributes.set_attributes(self._objects.where(gfid), kind, now, shall)

        return self._objects.anew(gfid, act)

    def set_xattrs(self, gfid: Gfid, shall: dict[bytes, bytes]) -> bool:
        """Make the xattrs that travel exactly these."""
        return self._xattrs.make(gfid, self._objects.where(gfid), shall)

    def limbo(self, gfid: Gfid) -> Place:
        """Return the place where `gfid` stands while it is in limbo."""
        return Place(self._limbo, gfid.encode("ascii"))

    def shelf(self, gfid: Gfid, day: str) -> Place:
        """Return the place in quarantine where `gfid` stands when it was put there on `day`."""
        return Place(self._quarantine, shelves.name(gfid, day))

    def in_limbo(self) -> list[Gfid]:
        """List who is in limbo."""
        names = os.listdir(self._root + b"/" + OWN + b"/limbo")
        return [Gfid(name.decode("ascii")) for name in names if len(name) == 36]

    def in_quarantine(self) -> list[tuple[Holder, float]]:
        """List who is in quarantine, the oldest first, each with when it last changed."""
        found = []
        for name in sorted(os.listdir(self._root + b"/" + OWN + b"/quarantine")):
            place = Place(self._quarantine, name)
            holder = self.at(place)
            if holder is not None:
                changed = os.lstat(self._objects.path_of(place)).st_ctime
                found.append((Holder(place, holder.gfid, holder.kind), changed))
        return found

    def whole(self) -> bool:
        """Whether all of the volume answers, so that what is not seen is not there."""
        return reading.whole(self._root)

    def listed(self, place: Place) -> list[bytes] | None:
        """List the names in a directory, sorted; None when there is none at `place`."""
        return self._objects.names(place)

    def facts(self, places: Sequence[Place]) -> list[Facts | None]:
        """Return who stands at each of `places`, with all that is compared."""
        return reading.facts(self._root, places, pieces=self._pieces)

    def digest(self, piece: Piece) -> bytes | None:
        """Return a digest of a part of a file; None when it is gone."""
        return reading.digest(self._root, piece)

    def note(self, name: str, content: bytes) -> None:
        """Keep a small note in `/.georep/notes`, whole or not at all."""
        self._notes.keep(name, content)

    def notes(self) -> dict[str, bytes]:
        """Return all notes by name."""
        return self._notes.read()

    def remember(self, gfid: Gfid, record: bytes) -> None:
        """Keep a record of how `gfid` came to be put aside, in `.georep/records`."""
        self._records.keep(gfid, record)

    def record(self, gfid: Gfid) -> bytes:
        """Return that of `gfid`; empty when there is none."""
        return self._records.get(gfid)

    def remembered(self) -> dict[Gfid, bytes]:
        """Return all such records."""
        return {Gfid(name): record for name, record in self._records.read().items()}

    def forget(self, gfid: Gfid) -> None:
        """Drop the record of `gfid`, if there is one."""
        self._records.drop(gfid)

    def copy_file(self, source: Gfid, copy: Gfid) -> None:
        """Give the file `copy`, which is new and empty, the content and the xattrs of `source`."""
        attributes.copy(self._objects.path(source), self._objects.path(copy))
        self.set_xattrs(copy, self._xattrs.read(self._objects.path(source)))

    def canary(self, name: str) -> Gfid:
        """Make or empty a file in `/.georep/canary`."""
        folder = self._root + b"/" + OWN + b"/canary"
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        path = folder + b"/" + name.encode()
        os.close(os.open(path, _EMPTY, 0o600))
        return _gfid(path)

    def holding(self, *keys: Gfid | Place) -> AbstractContextManager[None]:
        """Hold these against the other threads, and, by byte ranges of a file, against every other
        agent.
        """
        return self._locks.holding(*map(stripe, keys))

    def sync(self) -> None:
        """Do nothing: what bricks keep, and when, is for the volume's options and its replicas."""


def _link(source: bytes, name: bytes) -> None:
    os.link(source, name, follow_symlinks=False)


def _gfid(path: bytes) -> Gfid:
    raw = xattrs.get(path, b"glusterfs.gfid")
    assert raw is not None, "every object of a GlusterFS mount has a gfid"
    return gfids.from_raw(raw[:16])
