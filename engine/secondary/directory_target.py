"""The secondary as a directory of a local file system: no GlusterFS there, and the same rules.

Everything but file content and attributes goes by handles (`directory_handles`), whose locks make
each step here whole against every other agent. Against a crash the order of calls does: after any
of them an object is there, once, or it is not.

What stands in the directory without a gfid was written there by somebody else. It gets a gfid of
its own when it is met, so that the rules can move it aside.
"""

import errno
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from engine import keeping
from engine.gluster import objects, reading
from engine.gluster.objects import Scope
from engine.item import ROOT, TOP, Attributes, Facts, Gfid, Holder, Item, Kind, Piece, Place
from engine.plan import shelves
from engine.rpc.messages import Seen
from engine.secondary import attributes, directory_names, directory_plain
from engine.secondary.directory_handles import LIMBO, QUARANTINE, Handles, clear, exists, inner
from engine.secondary.directory_objects import Objects, make, mark, move, search, shown
from engine.secondary.directory_plain import PlainBooks
from engine.secondary.locks import stripe
from engine.secondary.notes import Notes

_EMPTY = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class DirectoryTarget:
    """A directory that `directory_setup` has made ready; its methods may be called from many
    threads.
    """

    def __init__(self, root: bytes, scope: Scope = objects.ALL) -> None:
        """`scope`: which xattrs we have to do with."""
        self._scope = scope
        self._handles = Handles(root)
        self._books = self._handles.books
        plain = isinstance(self._books, PlainBooks)
        self.owner = directory_plain.owner() if plain else None
        """To whom all of it belongs; None: each object to its own owner."""
        self._notes, self._records = Notes(root), Notes(root, "records")
        self._objects = Objects(self._handles)
        self._handles.sweep()

    def close(self) -> None:
        """Let go of the directory and of all locks."""
        self._handles.close()

    def claim(self, worker: str, patience: float) -> bool:
        """Wait until no older agent of `worker` is at work; False when it still is."""
        return self._handles.locks.claim(worker, patience)

    def at_hand(self) -> AbstractContextManager[None]:
        """Hold nothing: a handle is found as fast."""
        return nullcontext()

    def seen(self, gfid: Gfid) -> Seen | None:
        """Return what stands under `gfid`; what a crash left of it is removed."""
        found = self._objects.look(gfid)
        if found is None and self._handles.exists(gfid):
            # It may be in the making, too: who makes it holds it.
            with self._handles.alone(gfid):
                found = self._objects.look(gfid)
                if found is None:
                    self._handles.forget(gfid)
        return found

    def at(self, place: Place) -> Seen | None:
        """Return who stands at `place`; None also when its directory is not there."""
        try:
            with self._handles.directory(place.parent) as parent:
                path = inner(parent, place)
                gfid = self._books.gfid(path)
                if gfid is None or not self._objects.has_handle(gfid, place, os.lstat(path)):
                    gfid = self._objects.meet(place, path)
                return shown(gfid, os.lstat(path))
        except FileNotFoundError:
            return None

    def create(self, item: Item, place: Place) -> Seen:
        """Create the object whole; FileExistsError if the gfid or the place is taken."""
        handles, gfid = self._handles, item.gfid
        item = item if self.owner is None else keeping.item(item, self.owner)
        with handles.alone(gfid), handles.directory(place.parent) as parent:
            path, new = inner(parent, place), handles.new(gfid)
            if self._objects.look(gfid) is not None or exists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            clear(new)
            if item.kind is Kind.DIRECTORY:
                handles.record(gfid, place)
                os.mkdir(new, 0o700)
                mark(new, item, self._books)
                move(new, path)
            else:
                make(new, item)
                mark(new, item, self._books, place)
                os.rename(new, handles.path(gfid))
                os.link(handles.path(gfid), path, follow_symlinks=False)
        return self._complete(item)

    def _complete(self, item: Item) -> Seen:
        """Give what was just made its content, xattrs and times; look at it then."""
        gfid = item.gfid
        if item.data is not None:
            self.write(gfid, item.data)
        if item.xattrs is not None:
            self.set_xattrs(gfid, item.xattrs)
        now = self._standing(gfid).attributes
        self.set_attributes(gfid, item.kind, now, attributes.wanted(item, now))
        return self._standing(gfid)

    def link(self, gfid: Gfid, place: Place) -> None:
        """Give `gfid` one more name; FileExistsError if somebody has it."""
        handles = self._handles
        with handles.alone(gfid), handles.directory(place.parent) as parent:
            path, handle = inner(parent, place), handles.path(gfid)
            found = self._standing(gfid)
            if found.kind is Kind.DIRECTORY:
                raise PermissionError(errno.EPERM, "a directory has one name", path)
            if exists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            self._books.note(handle, place)
            os.link(handle, path, follow_symlinks=False)

    def unlink(self, place: Place) -> None:
        """Take a name away from what is no directory; with the last one the object ends."""
        handles, gfid = self._handles, self._holder(place)
        handle = handles.path(gfid)
        with handles.alone(gfid), self._holding_still(gfid, place) as path:
            os.unlink(path)
            if os.lstat(handle).st_nlink == 1:
                handles.forget(gfid)
            else:
                self._books.drop(handle, place)

    def rmdir(self, place: Place) -> None:
        """Remove an empty directory."""
        gfid = self._holder(place)
        with self._handles.alone(gfid), self._holding_still(gfid, place) as path:
            os.rmdir(path)
            self._handles.forget(gfid)

    def rename(self, source: Place, place: Place) -> None:
        """Move a directory; its handle names both places until it has moved."""
        handles, gfid = self._handles, self._holder(source)
        with (
            handles.alone(gfid),
            self._holding_still(gfid, source) as old,
            handles.directory(place.parent) as parent,
            handles.still(),
        ):
            new = inner(parent, place)
            if exists(new):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
            handles.record(gfid, source, place)
            try:
                move(old, new)
            except OSError:
                handles.record(gfid, source)
                raise
            handles.record(gfid, place)

    def find(self, gfid: Gfid) -> list[Place]:
        """Return every present place of `gfid`; a file's name that is nowhere noted is searched
        for.
        """
        found = self._objects.look(gfid)
        if found is None or gfid in self._handles.fixed:
            return []
        if found.kind is Kind.DIRECTORY:
            place = self._handles.place(gfid)
            return [] if place is None else [place]
        handle = self._handles.path(gfid)
        known = {place for place in self._books.noted(handle) if self._stands(handle, place)}
        if len(known) < found.links:
            known |= set(search(self._handles, os.lstat(handle)))
        return sorted(known)

    def above(self, gfid: Gfid) -> list[Gfid]:
        """Return a directory and those above it."""
        found = [gfid]
        while found[-1] not in self._handles.fixed:
            place = self._handles.place(found[-1])
            if place is None:
                raise OSError(errno.ESTALE, "the handles do not tell where it is", gfid)
            found.append(place.parent)
        return found

    def points(self, gfid: Gfid) -> bytes:
        """Return where a symlink points."""
        return os.readlink(self._handles.path(gfid))

    def children(self, place: Place, most: int) -> list[Holder]:
        """List a directory; `most` of its children will do."""
        holder = self.at(place)
        if holder is None:
            return []
        with self._handles.directory(holder.gfid) as path:
            names = os.listdir(path)
        found = []
        for name in names:
            below = Place(holder.gfid, name)
            child = self.at(below)
            if child is not None:
                found.append(Holder(below, child.gfid, child.kind))
            if len(found) == most:
                break
        return found

    def write(self, gfid: Gfid, data: bytes) -> None:
        """Make `data` the whole content of a file."""
        path = self._handles.path(gfid)
        with self._books.writable(path):
            attributes.write(path, data)

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        """Make owner, mode and mtime as they shall be, as far as they can be kept; return whether
        anything differed.
        """
        if self.owner is not None:
            shall = keeping.attributes(shall, self.owner)
        with self._objects.reached(gfid) as path:
            return attributes.set_attributes(path, kind, now, shall)

    def set_xattrs(self, gfid: Gfid, shall: dict[bytes, bytes]) -> bool:
        """Make the xattrs that travel exactly these."""
        with self._objects.reached(gfid) as path, self._books.writable(path):
            now = objects.travelling(path, self._scope)
            if now == shall:
                return False
            try:
                attributes.change_xattrs(path, now, shall)
            except OSError as error:
                if error.errno == errno.EOPNOTSUPP:
                    words = "the file system of the secondary takes no such xattr or ACL"
                    raise OSError(errno.EOPNOTSUPP, words) from error
                if not directory_names.lacks_room(error) or not self._books.make_room(path):
                    raise
                attributes.change_xattrs(path, objects.travelling(path, self._scope), shall)
        return True

    def limbo(self, gfid: Gfid) -> Place:
        """Return the place where `gfid` stands while it is in limbo."""
        return Place(LIMBO, gfid.encode("ascii", "replace"))

    def shelf(self, gfid: Gfid, day: str) -> Place:
        """Return the place in quarantine where `gfid` stands when it was put there on `day`."""
        return Place(QUARANTINE, shelves.name(gfid, day))

    def in_limbo(self) -> list[Gfid]:
        """List who is in limbo."""
        with self._handles.directory(LIMBO) as path:
            return [Gfid(name.decode("ascii")) for name in os.listdir(path) if len(name) == 36]

    def in_quarantine(self) -> list[tuple[Holder, float]]:
        """List who is in quarantine, the oldest first, each with when it last changed."""
        with self._handles.directory(QUARANTINE) as path:
            names = sorted(os.listdir(path))
        found = []
        for name in names:
            place = Place(QUARANTINE, name)
            holder = self.at(place)
            if holder is not None:
                with self._handles.directory(QUARANTINE) as path:
                    changed = os.lstat(inner(path, place)).st_ctime
                found.append((Holder(place, holder.gfid, holder.kind), changed))
        return found

    def whole(self) -> bool:
        """Whether all of it answers: a directory is there or is not."""
        return True

    def listed(self, place: Place) -> list[bytes] | None:
        """List the names in a directory, sorted; None when there is none at `place`."""
        found = self.seen(ROOT) if place == TOP else self.at(place)
        if found is None or found.kind is not Kind.DIRECTORY:
            return None
        with self._handles.directory(found.gfid) as path:
            return sorted(os.listdir(path))

    def facts(self, places: Sequence[Place]) -> list[Facts | None]:
        """Return who stands at each of `places`, with all that is compared."""
        return [self._facts(place) for place in places]

    def _facts(self, place: Place) -> Facts | None:
        try:
            found = self.seen(ROOT) if place == TOP else self.at(place)
            if found is None:
                return None
            with self._objects.reached(found.gfid) as path:
                values = objects.travelling(path)
            target = self.points(found.gfid) if found.kind is Kind.SYMLINK else b""
        except FileNotFoundError:
            return None
        except OSError as error:
            return reading.unreadable(error)
        digests = {name: reading.digest_of_value(values[name]) for name in sorted(values)}
        return Facts(found.gfid, found.kind, found.attributes, found.links, target, digests)

    def digest(self, piece: Piece) -> bytes | None:
        """Return a digest of a part of a file; None when it is gone."""
        return reading.digest_of(self._handles.path(piece.gfid), piece)

    def note(self, name: str, content: bytes) -> None:
        """Keep a small note in `.georep/notes`, whole or not at all."""
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
        with self._books.writable(self._handles.path(copy)):
            attributes.copy(self._handles.path(source), self._handles.path(copy))
        self.set_xattrs(copy, objects.travelling(self._handles.path(source), self._scope))

    def canary(self, name: str) -> Gfid:
        """Make or empty a file among the handles, which is no object's."""
        # Version 5, made from the name: GlusterFS gives no object such a gfid.
        gfid = Gfid(str(uuid.uuid5(uuid.NAMESPACE_OID, name)))
        os.close(os.open(self._handles.path(gfid), _EMPTY, 0o600))
        return gfid

    def holding(self, *keys: Gfid | Place) -> AbstractContextManager[None]:
        """Hold these against the other threads, and, by byte ranges of a file, against every other
        agent.
        """
        return self._handles.locks.holding(*map(stripe, keys))

    def sync(self) -> None:
        """Wait until everything is on the disk; an error also tells of what failed before."""
        self._handles.sync()

    def _standing(self, gfid: Gfid) -> Seen:
        found = self._objects.look(gfid)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such object", gfid)
        return found

    def _holder(self, place: Place) -> Gfid:
        holder = self.at(place)
        if holder is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.name)
        return holder.gfid

    @contextmanager
    def _holding_still(self, gfid: Gfid, place: Place) -> Iterator[bytes]:
        """Give the path of `place`; ESTALE when it is no longer of `gfid`, which is held."""
        with self._handles.directory(place.parent) as parent:
            path = inner(parent, place)
            if self._books.gfid(path) != gfid:
                raise OSError(errno.ESTALE, "somebody else stands there now", place.name)
            yield path

    def _stands(self, handle: bytes, place: Place) -> bool:
        try:
            with self._handles.directory(place.parent) as parent:
                return os.path.samestat(os.lstat(handle), os.lstat(inner(parent, place)))
        except (FileNotFoundError, PermissionError):
            return False
