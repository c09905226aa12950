"""The secondary as a GlusterFS volume: an aux-gfid mount, worked by `.gfid` paths only.

Real paths and `.gfid` paths must not be mixed: a directory has one place in the kernel's name
cache, and whoever moves it by one form finds it stale by the other. So everything below goes by
`.gfid/<parent>/<name>`, but for `/.georep` itself, which never moves.
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeVar

from engine.gluster import gfid as gfids
from engine.gluster import newfile, objects, reading, xattrs
from engine.gluster.held import Hand, Held
from engine.gluster.objects import Scope
from engine.item import ROOT, Attributes, Facts, Gfid, Holder, Item, Kind, Piece, Place
from engine.plan import shelves
from engine.rpc.messages import Seen
from engine.secondary import attributes, borrowed
from engine.secondary.attributes import Where
from engine.secondary.locks import LockFile, stripe
from engine.secondary.notes import Notes
from engine.secondary.parents import Parents
from engine.secondary.target import OWN
from engine.secondary.used import Used

Answer = TypeVar("Answer")
_TAKEN_BACK = 0.05
"""Seconds, long for one call of a brick."""
_TELLS = 5
_EMPTY = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class GlusterTarget:
    """A mounted secondary volume; its methods may be called from many threads."""

    def __init__(self, root: bytes, plain: Callable[[], bytes], scope: Scope = objects.ALL) -> None:
        """Make `/.georep` in the aux-gfid mount `root`; `plain` gives one without client-pid -1;
        `scope`: which xattrs we have to do with.
        """
        self._root, self._plain = root, plain
        # Kept open, so that the kernel does not ask for it again with every path below it.
        self._below = os.open(root + b"/.gfid", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._gfids = b"/proc/self/fd/%d/" % self._below
        self._parents = Parents(self._gfids)
        self._hands = threading.local()
        self._scope = scope
        own = root + b"/" + OWN
        for directory in (own, own + b"/limbo", own + b"/quarantine"):
            with suppress(FileExistsError):
                os.mkdir(directory, 0o700)
        self._limbo, self._quarantine = _gfid(own + b"/limbo"), _gfid(own + b"/quarantine")
        self._used = Used()
        """Places at which this mount has made a directory, or moved one away from."""
        self.lost = ""
        """Why this mount must not be used any more; empty while it can be."""
        self._notes, self._records = Notes(root), Notes(root, "records")
        self._locks = LockFile(own + b"/lock")

    def close(self) -> None:
        """Let go of everything; no call may be under way."""
        self._locks.close()
        self._parents.close()
        os.close(self._below)

    def claim(self, worker: str, patience: float) -> bool:
        """Wait until no older agent of `worker` is at work; False when it still is."""
        return self._locks.claim(worker, patience)

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Within, this thread finds each file once by its gfid, and holds it.

        Nothing else: each look by its path is a lookup, with which DHT mends a directory, and finds
        out that what was a file once is one by now.
        """
        self._hands.own = Hand(self._gfids)
        try:
            yield
        finally:
            del self._hands.own

    def _hand(self) -> Hand:
        """Return what the thread holds; outside of `at_hand`, for one call only."""
        found: Hand | None = getattr(self._hands, "own", None)
        return Hand(self._gfids) if found is None else found

    def seen(self, gfid: Gfid) -> Seen | None:
        """Return what stands under `gfid`, wherever that is."""
        self._check_usable()
        hand = self._hand()
        if gfid in hand:
            try:
                return attributes.seen_at(gfid, hand.find(gfid))
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ESTALE):
                    raise
                # What was held has ended; the gfid may be another's by now.
                hand.drop(gfid)
        try:
            found = attributes.seen_at(gfid, hand.find(gfid))
        except FileNotFoundError:
            found = None
        if found is None or found.kind is not Kind.FILE:
            hand.drop(gfid)
        return found

    def at(self, place: Place) -> Seen | None:
        """Return who stands at `place`; None also when its parent is missing or no directory."""
        self._check_usable()
        try:
            with self._parents.within(place.parent) as path:
                # Held, not opened: the path is walked once, and both looks are of one object.
                held = Held(path + place.name)
            status, raw = held.status(), xattrs.get(held, b"glusterfs.gfid")
        except (FileNotFoundError, NotADirectoryError):
            return None
        if raw is None:
            return None
        return attributes.seen(gfids.from_raw(raw[:16]), status, links=status.st_nlink)

    def points(self, gfid: Gfid) -> bytes:
        """Return where a symlink points."""
        return self._anew(gfid, lambda: os.readlink(self._object(gfid)))

    def create(self, item: Item, place: Place) -> Seen:
        """Create the object whole; the caller has made sure that the gfid is not there."""
        if item.kind is Kind.DIRECTORY:
            return self._create_directory(item, place)
        self._new(item, place)
        at = self._object(item.gfid)
        if item.kind is not Kind.FILE:
            return self._complete(item, at)
        made = Held(at)
        if not item.data:
            return self._complete(item, made)
        with attributes.opened(made) as file:
            attributes.fill(file, item.data)
            return self._complete(item, file)

    def _new(self, item: Item, place: Place) -> None:
        self._check_usable()
        value = newfile.blob(item, place.name)
        with self._parents.within(place.parent, changing=True) as path:
            xattrs.put(path, newfile.XATTR, value)

    def _create_directory(self, item: Item, place: Place) -> Seen:
        """Make a directory, in limbo first where the client may remember another one.

        Where it has made one before, and another client moved that away, it takes the new one for
        the old one, one time in ten and for as long as it knows that: whatever then goes by the new
        gfid works in the old directory. Under its own gfid none ever stood.
        """
        if place in self._used:
            self._new(item, self.limbo(item.gfid))
            self.rename(self.limbo(item.gfid), place)
        else:
            self._new(item, place)
            self._used.add(place)
        self._check_found(item.gfid, place)
        return self._complete(item, self._object(item.gfid))

    def _check_found(self, gfid: Gfid, place: Place) -> None:
        """Give the mount up, and raise ESTALE, if a new directory is taken for another one: if the
        path that the volume tells of it leads to somebody else, each time.
        """
        for _ in range(_TELLS):
            told = self._path_told(gfid)
            if not told or told == self._path_told(place.parent) + b"/" + place.name:
                return
            # Somebody may be moving what is above.
            walked = self._walk(told)
            if not walked or walked[-1].gfid == gfid:
                return
            time.sleep(_TAKEN_BACK)
        self.lost = (
            f"the GlusterFS client takes the new directory {gfid} for {walked[-1].gfid}; "
            "a new mount does not"
        )
        self._check_usable()

    def _check_usable(self) -> None:
        """Raise ESTALE once the mount is given up: what is done by a gfid may hit another one."""
        if self.lost:
            raise OSError(errno.ESTALE, self.lost)

    def _path_told(self, gfid: Gfid) -> bytes:
        if gfid == ROOT:
            return b""
        return self._told(self._object(gfid), b"glusterfs.gfid2path").split(b"\0")[0]

    def _complete(self, item: Item, at: Where) -> Seen:
        """Give what was just made, and is root's, its xattrs, owner and times; look at it then."""
        now = attributes.created(item)
        if item.xattrs is not None and self._set_xattrs(item.gfid, at, item.xattrs):
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
        source = self._object(gfid)
        with self._parents.within(place.parent, changing=True) as path:
            name = path + place.name
            try:
                self._anew(gfid, lambda: borrowed.doing(source, lambda: _link(source, name)))
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
        with self._parents.within(place.parent, changing=True) as path:
            os.unlink(path + place.name)

    def rmdir(self, place: Place) -> None:
        """Remove an empty directory."""
        os.rmdir(self._path(place))

    def rename(self, source: Place, place: Place) -> None:
        """Move a directory to a place that is free, and not below itself.

        The kernel wants the very source path looked up just before, else ESTALE. Below itself,
        GlusterFS says EINVAL and has lost the directory's handle on one brick.
        """
        path = self._path(source)
        os.lstat(path)
        self._used.add(source)
        os.rename(path, self._path(place))

    def find(self, gfid: Gfid) -> list[Place]:
        """Return present places of `gfid`; each path that the volume tells is walked and checked.

        For hard links it tells paths joined by colons, which names may have, too.
        """
        path = self._object(gfid)
        told = self._told(path, b"glusterfs.gfid2path").split(b"\0")
        told += self._told(path, b"glusterfs.gfidtopath").rstrip(b"\0").split(b":")
        found: dict[Place, None] = {}
        for one in dict.fromkeys(told):
            walked = self._walk(one)
            if walked and walked[-1].gfid == gfid:
                found[walked[-1].place] = None
        return list(found)

    def above(self, gfid: Gfid) -> list[Gfid]:
        """Return a directory and those above it."""
        if gfid == ROOT:
            return [ROOT]
        told = self._told(self._object(gfid), b"glusterfs.gfid2path").split(b"\0")
        walked = self._walk(told[0])
        if not walked or walked[-1].gfid != gfid:
            raise OSError(errno.ESTALE, "the volume cannot tell where it is")
        return [ROOT, *(holder.gfid for holder in walked)]

    def _told(self, path: bytes, name: bytes) -> bytes:
        try:
            return xattrs.get(path, name) or b""
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE, errno.ERANGE, errno.ENOTSUP):
                return b""
            raise

    def _walk(self, path: bytes) -> list[Holder]:
        """Return who stands at each step of a path from the volume's root; nothing if one is free.

        Step by step, by gfids: real paths of what was moved are stale on this mount.
        """
        walked: list[Holder] = []
        parent = ROOT
        for part in path.strip(b"/").split(b"/"):
            place = Place(parent, part)
            seen = self.at(place) if part else None
            if seen is None:
                return []
            walked.append(Holder(place, seen.gfid, seen.kind))
            parent = seen.gfid
        return walked

    def children(self, place: Place, most: int) -> list[Holder]:
        """List a directory by its place, for `.gfid/<gfid>` itself cannot be listed; `most` of its
        children will do.
        """
        holder = self.at(place)
        if holder is None:
            return []
        found = []
        for name in os.listdir(self._path(place)):
            inner = Place(holder.gfid, name)
            child = self.at(inner)
            if child is not None:
                found.append(Holder(inner, child.gfid, child.kind))
            if len(found) == most:
                break
        return found

    def write(self, gfid: Gfid, data: bytes) -> None:
        """Make `data` the whole content of a file."""
        attributes.write(self._where(gfid), data)

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        """Make owner, mode and mtime as they shall be; return whether anything differed."""

        def act() -> bool:
            return attributes.set_attributes(self._where(gfid), kind, now, shall)

        return self._anew(gfid, act)

    def set_xattrs(self, gfid: Gfid, shall: dict[bytes, bytes]) -> bool:
        """Make the xattrs that travel exactly these."""
        return self._set_xattrs(gfid, self._where(gfid), shall)

    def _set_xattrs(self, gfid: Gfid, at: Where, shall: dict[bytes, bytes]) -> bool:
        now = objects.travelling(at, self._scope)
        if now == shall:
            return False

        def change() -> None:
            attributes.change_xattrs(at, now, shall)

        try:
            self._anew(gfid, lambda: borrowed.doing(self._object(gfid), change))
        except OSError as error:
            if error.errno == errno.EROFS:
                # Files' ACLs are let through for pid -1, directories' are not.
                words = "the secondary volume is read-only; switch features.read-only off there"
                raise OSError(errno.EROFS, words) from error
            raise
        now = objects.travelling(at, self._scope)
        if now != shall:
            # A client with pid -1 ignores a default ACL, with success; an ordinary one does not.
            plain = self._plain() + b"/" + gfids.aux(gfid)
            borrowed.doing(plain, lambda: attributes.change_xattrs(plain, now, shall))
            if objects.travelling(at, self._scope) != shall:
                raise OSError(errno.EIO, "xattrs were set with success and are not there")
        return True

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
                changed = os.lstat(self._path(place)).st_ctime
                found.append((Holder(place, holder.gfid, holder.kind), changed))
        return found

    def whole(self) -> bool:
        """Whether all of the volume answers, so that what is not seen is not there."""
        return reading.whole(self._root)

    def listed(self, place: Place) -> list[bytes] | None:
        """List the names in a directory, sorted; None when there is none at `place`."""
        return reading.names(self._root, place)

    def facts(self, places: Sequence[Place]) -> list[Facts | None]:
        """Return who stands at each of `places`, with all that is compared."""
        return reading.facts(self._root, places)

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

    def remembered(self) -> dict[Gfid, bytes]:
        """Return all such records."""
        return {Gfid(name): record for name, record in self._records.read().items()}

    def forget(self, gfid: Gfid) -> None:
        """Drop the record of `gfid`, if there is one."""
        self._records.drop(gfid)

    def copy_file(self, source: Gfid, copy: Gfid) -> None:
        """Give the file `copy`, which is new and empty, the content and the xattrs of `source`."""
        attributes.copy(self._object(source), self._object(copy))
        self.set_xattrs(copy, objects.travelling(self._object(source), self._scope))

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

    def _anew(self, gfid: Gfid, act: Callable[[], Answer]) -> Answer:
        """Do `act`, and once more where the client still has an older object under this gfid.

        It had seen it, and another client has removed it: then calls say ESTALE for ever. Measured:
        looking up, opening, linking and waiting do not help; listing the directory it is in does.
        """
        try:
            return act()
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise
        self._hand().drop(gfid)
        for place in self.find(gfid):
            if place.parent == ROOT:
                os.listdir(self._root)
            for parent in self.find(place.parent):
                os.listdir(self._path(parent))
        return act()

    def _where(self, gfid: Gfid) -> bytes | Held:
        hand = self._hand()
        return hand.find(gfid) if gfid in hand else self._object(gfid)

    def _object(self, gfid: Gfid) -> bytes:
        return self._gfids + gfid.encode("ascii")

    def _path(self, place: Place) -> bytes:
        return self._gfids + place.parent.encode("ascii") + b"/" + place.name


def _link(source: bytes, name: bytes) -> None:
    os.link(source, name, follow_symlinks=False)


def _gfid(path: bytes) -> Gfid:
    raw = xattrs.get(path, b"glusterfs.gfid")
    assert raw is not None, "every object of a GlusterFS mount has a gfid"
    return gfids.from_raw(raw[:16])
