"""A secondary in memory, for tests of the rules: what a POSIX volume with gfids does, no less
strict and no kinder.

Like a real one it destroys an empty directory that another is renamed onto, changes an object in
several steps, and does not say which name of a hard link it finds first.
"""

import copy
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import msgspec

from engine.item import ROOT, TOP, Attributes, Facts, Gfid, Holder, Item, Kind, Piece, Place
from engine.rpc.messages import Seen
from engine.secondary import attributes

LIMBO = Gfid("00000000-0000-0000-0000-0000000011b0")
QUARANTINE = Gfid("00000000-0000-0000-0000-000000000071")
NOW = 99
"""The mtime of whatever was changed without being told a time."""


@dataclass
class Thing:
    kind: Kind
    attributes: Attributes
    target: bytes = b""
    data: bytes = b""
    xattrs: dict[bytes, bytes] = field(default_factory=dict)


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=16).digest()


class MemoryTarget:
    """Objects by gfid, and who stands at which place."""

    def __init__(self) -> None:
        top = Attributes(0o40755, 0, 0, 4096, 1, 1)
        self.things = {ROOT: Thing(Kind.DIRECTORY, top), LIMBO: Thing(Kind.DIRECTORY, top)}
        self.things[QUARANTINE] = Thing(Kind.DIRECTORY, top)
        self.places: dict[Place, Gfid] = {}
        self.ended: list[Gfid] = []
        """Whoever lost its last name, oldest first."""
        self.most = 1000
        """Names that one object can have."""
        self.full = errno.EMLINK
        """What it says then."""
        self.held: set[Gfid | Place] = set()
        self.kept: dict[str, bytes] = {}
        self.records: dict[Gfid, bytes] = {}
        self.changed = 0.0
        """When everything was changed last, in seconds since the epoch."""

    def stepped(self) -> None:
        """Called after every change, however small: a moment at which all may stop."""

    def names(self, gfid: Gfid) -> set[Place]:
        return {place for place, holder in self.places.items() if holder == gfid}

    def tree(self) -> dict[Place, Gfid]:
        """Return everything that is neither in limbo nor below it."""
        found: dict[Place, Gfid] = {}
        todo = [ROOT]
        while todo:
            parent = todo.pop()
            for place, gfid in self.places.items():
                if place.parent == parent:
                    found[place] = gfid
                    if self.things[gfid].kind is Kind.DIRECTORY:
                        todo.append(gfid)
        return found

    def copy(self) -> "MemoryTarget":
        """Return a secondary of its own that is in the same state."""
        twin = MemoryTarget()
        twin.things = {gfid: copy.copy(thing) for gfid, thing in self.things.items()}
        twin.places = dict(self.places)
        return twin

    def claim(self, worker: str, patience: float) -> bool:
        return True

    def at_hand(self) -> AbstractContextManager[None]:
        """Hold nothing: all is at hand."""
        return nullcontext()

    def seen(self, gfid: Gfid) -> Seen | None:
        thing = self.things.get(gfid)
        if thing is None:
            return None
        return Seen(gfid, thing.kind, thing.attributes, len(self.names(gfid)))

    def at(self, place: Place) -> Seen | None:
        gfid = self.places.get(place)
        return None if gfid is None else self.seen(gfid)

    def points(self, gfid: Gfid) -> bytes:
        thing = self._thing(gfid)
        if thing.kind is not Kind.SYMLINK:
            raise _error(errno.EINVAL)
        return thing.target

    def create(self, item: Item, place: Place) -> Seen:
        self._must_hold(item.gfid)
        assert item.gfid not in self.things, "a second object with one gfid"
        self._free(place)
        size = len(item.target)
        shown = msgspec.structs.replace(item.attributes, uid=0, gid=0, size=size, mtime=NOW)
        self.things[item.gfid] = Thing(item.kind, shown, item.target)
        self._put(place, item.gfid)
        if item.data is not None:
            self.write(item.gfid, item.data)
        if item.xattrs is not None:
            self.set_xattrs(item.gfid, item.xattrs)
        now = self.things[item.gfid].attributes
        self.set_attributes(item.gfid, item.kind, now, attributes.wanted(item, now))
        made = self.seen(item.gfid)
        assert made is not None, "nobody else can have removed it"
        return made

    def link(self, gfid: Gfid, place: Place) -> None:
        self._free(place)
        if self._thing(gfid).kind is Kind.DIRECTORY:
            raise _error(errno.EPERM)
        if len(self.names(gfid)) >= self.most:
            raise _error(self.full)
        self._put(place, gfid)

    def unlink(self, place: Place) -> None:
        if self._standing(place).kind is Kind.DIRECTORY:
            raise _error(errno.EISDIR)
        self._must_hold(self.places[place], place)
        self._take(place)

    def rmdir(self, place: Place) -> None:
        if self._standing(place).kind is not Kind.DIRECTORY:
            raise _error(errno.ENOTDIR)
        if self.children(place, 1):
            raise _error(errno.ENOTEMPTY)
        self._must_hold(self.places[place], place)
        self._take(place)

    def rename(self, source: Place, place: Place) -> None:
        thing, gfid = self._standing(source), self.places[source]
        if place == self.limbo(gfid):
            self._must_hold(gfid, source)
        else:
            self._must_hold(gfid, place, ROOT)
        self._directory(place.parent)
        there = self.places.get(place)
        if there == gfid:
            # Two names of one object: it does nothing, and says that it worked.
            return
        if thing.kind is Kind.DIRECTORY and gfid in self.above(place.parent):
            raise AssertionError("a directory below itself: GlusterFS loses its handle")
        if there is not None:
            self._make_way(thing, place)
        del self.places[source]
        self._touch(source)
        self._put(place, gfid)

    def find(self, gfid: Gfid) -> list[Place]:
        return sorted(self.names(gfid))

    def above(self, gfid: Gfid) -> list[Gfid]:
        found = [gfid]
        while found[-1] not in (ROOT, LIMBO, QUARANTINE):
            (place,) = self.names(found[-1])
            found.append(place.parent)
        return found

    def children(self, place: Place, most: int) -> list[Holder]:
        self._standing(place)
        parent = self.places[place]
        found = [
            Holder(inner, gfid, self.things[gfid].kind)
            for inner, gfid in self.places.items()
            if inner.parent == parent
        ]
        return found[:most]

    def write(self, gfid: Gfid, data: bytes) -> None:
        thing = self._thing(gfid)
        old = thing.data
        half = len(data) // 2
        for written in (data[:half] + old[half:], data + old[len(data) :], data):
            if written != thing.data:
                thing.data = written
                self._change(gfid, size=len(written), mtime=NOW)

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        """Change owner, mode and mtime one after the other; type and device number stay."""
        has = self._thing(gfid).attributes
        mode = stat.S_IFMT(has.mode) | stat.S_IMODE(shall.mode)
        differed = (now.uid, now.gid, now.mtime) != (shall.uid, shall.gid, shall.mtime)
        if kind is not Kind.SYMLINK and now.mode != mode:
            differed = True
            self._change(gfid, mode=mode)
        if differed:
            self._change(gfid, uid=shall.uid, gid=shall.gid)
            self._change(gfid, mtime=shall.mtime, atime=shall.atime)
        return differed

    def set_xattrs(self, gfid: Gfid, shall: dict[bytes, bytes]) -> bool:
        thing = self._thing(gfid)
        if thing.xattrs == shall:
            return False
        thing.xattrs = dict(shall)
        self.stepped()
        return True

    def limbo(self, gfid: Gfid) -> Place:
        return Place(LIMBO, gfid.encode())

    def shelf(self, gfid: Gfid, day: str) -> Place:
        return Place(QUARANTINE, f"{day}.{gfid}".encode())

    def in_limbo(self) -> list[Gfid]:
        return [Gfid(place.name.decode()) for place in self.places if place.parent == LIMBO]

    def in_quarantine(self) -> list[tuple[Holder, float]]:
        standing = sorted((at, g) for at, g in self.places.items() if at.parent == QUARANTINE)
        return [(Holder(at, gfid, self.things[gfid].kind), self.changed) for at, gfid in standing]

    def whole(self) -> bool:
        return True

    def listed(self, place: Place) -> list[bytes] | None:
        parent = ROOT if place == TOP else self.places.get(place)
        if parent is None or self.things[parent].kind is not Kind.DIRECTORY:
            return None
        return sorted(inner.name for inner in self.places if inner.parent == parent)

    def facts(self, places: Sequence[Place]) -> list[Facts | None]:
        return [self._facts(ROOT if place == TOP else self.places.get(place)) for place in places]

    def _facts(self, gfid: Gfid | None) -> Facts | None:
        if gfid is None:
            return None
        thing = self.things[gfid]
        return Facts(
            gfid=gfid,
            kind=thing.kind,
            attributes=thing.attributes,
            links=len(self.names(gfid)),
            target=thing.target,
            xattrs={name: _digest(value) for name, value in thing.xattrs.items()},
        )

    def digest(self, piece: Piece) -> bytes | None:
        thing = self.things.get(piece.gfid)
        if thing is None:
            return None
        return _digest(thing.data[piece.start : piece.start + piece.length])

    def note(self, name: str, content: bytes) -> None:
        self.kept[name] = content

    def notes(self) -> dict[str, bytes]:
        return dict(self.kept)

    def remember(self, gfid: Gfid, record: bytes) -> None:
        self.records[gfid] = record

    def record(self, gfid: Gfid) -> bytes:
        return self.records.get(gfid, b"")

    def remembered(self) -> dict[Gfid, bytes]:
        return dict(self.records)

    def forget(self, gfid: Gfid) -> None:
        self.records.pop(gfid, None)

    def copy_file(self, source: Gfid, copy: Gfid) -> None:
        self.write(copy, self._thing(source).data)
        self.set_xattrs(copy, self._thing(source).xattrs)

    @contextmanager
    def holding(self, *keys: Gfid | Place) -> Iterator[None]:
        assert not self.held, "two locks, one after the other, are how agents wait for ever"
        self.held = set(keys)
        try:
            yield
        finally:
            self.held = set()

    def _must_hold(self, *keys: Gfid | Place) -> None:
        """What another agent could do at the same moment, if this one did not hold these."""
        assert self.held >= set(keys), "without its lock"

    def _thing(self, gfid: Gfid) -> Thing:
        if gfid not in self.things:
            raise _error(errno.ENOENT)
        return self.things[gfid]

    def _standing(self, place: Place) -> Thing:
        if place not in self.places:
            raise _error(errno.ENOENT)
        return self.things[self.places[place]]

    def _directory(self, gfid: Gfid) -> None:
        if self._thing(gfid).kind is not Kind.DIRECTORY:
            raise _error(errno.ENOTDIR)

    def sync(self) -> None:
        pass

    def _free(self, place: Place) -> None:
        self._directory(place.parent)
        if place in self.places:
            raise _error(errno.EEXIST)

    def _make_way(self, thing: Thing, place: Place) -> None:
        """What a rename does to whoever stands where it goes."""
        holder = self.things[self.places[place]]
        if thing.kind is Kind.DIRECTORY:
            if holder.kind is not Kind.DIRECTORY:
                raise _error(errno.ENOTDIR)
            if self.children(place, 1):
                raise _error(errno.ENOTEMPTY)
        elif holder.kind is Kind.DIRECTORY:
            raise _error(errno.EISDIR)
        self._take(place)

    def _put(self, place: Place, gfid: Gfid) -> None:
        self.places[place] = gfid
        self._touch(place)
        self.stepped()

    def _take(self, place: Place) -> None:
        gfid = self.places.pop(place)
        self._touch(place)
        if gfid not in self.places.values():
            del self.things[gfid]
            self.ended.append(gfid)
        self.stepped()

    def _touch(self, place: Place) -> None:
        thing = self.things[place.parent]
        thing.attributes = msgspec.structs.replace(thing.attributes, mtime=NOW)

    def _change(self, gfid: Gfid, **more: int) -> None:
        thing = self._thing(gfid)
        thing.attributes = msgspec.structs.replace(thing.attributes, **more)
        self.stepped()
