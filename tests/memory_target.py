"""A secondary in memory, for tests of the rules: what a POSIX volume with gfids does, and nothing
faster.
"""

import errno
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from engine.item import ROOT, TOP, Attributes, Facts, Gfid, Holder, Item, Kind, Piece, Place
from engine.rpc.messages import Seen

LIMBO = Gfid("00000000-0000-0000-0000-0000000011b0")


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
        self.places: dict[Place, Gfid] = {}
        self.kept: dict[str, bytes] = {}

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

    def seen(self, gfid: Gfid) -> Seen | None:
        thing = self.things.get(gfid)
        if thing is None:
            return None
        return Seen(gfid, thing.kind, thing.attributes, len(self.names(gfid)))

    def at(self, place: Place) -> Seen | None:
        gfid = self.places.get(place)
        return None if gfid is None else self.seen(gfid)

    def create(self, item: Item, place: Place) -> None:
        assert item.gfid not in self.things, "a second object with one gfid"
        self._free(place)
        attributes = msgspec.structs.replace(item.attributes, size=0, mtime=99)
        self.things[item.gfid] = Thing(item.kind, attributes, item.target)
        self.places[place] = item.gfid
        self._touch(place)

    def link(self, gfid: Gfid, place: Place) -> None:
        self._free(place)
        if gfid not in self.things:
            raise _error(errno.ENOENT)
        assert self.things[gfid].kind is not Kind.DIRECTORY
        self.places[place] = gfid
        self._touch(place)

    def unlink(self, place: Place) -> None:
        gfid = self.places[place]
        assert self.things[gfid].kind is not Kind.DIRECTORY
        del self.places[place]
        self._touch(place)
        if not self.names(gfid):
            del self.things[gfid]

    def rmdir(self, place: Place) -> None:
        gfid = self.places[place]
        if any(inner.parent == gfid for inner in self.places):
            raise _error(errno.ENOTEMPTY)
        del self.places[place]
        del self.things[gfid]
        self._touch(place)

    def rename(self, source: Place, place: Place) -> None:
        self._free(place)
        gfid = self.places[source]
        above: Gfid | None = place.parent
        while above is not None and above != ROOT:
            if above == gfid:
                raise _error(errno.EINVAL)
            above = next((p.parent for p, g in self.places.items() if g == above), None)
        del self.places[source]
        self.places[place] = gfid
        self._touch(source)
        self._touch(place)

    def find(self, gfid: Gfid) -> Place | None:
        return min(self.names(gfid), default=None)

    def children(self, place: Place) -> list[Holder]:
        parent = self.places[place]
        return [
            Holder(inner, gfid, self.things[gfid].kind)
            for inner, gfid in self.places.items()
            if inner.parent == parent
        ]

    def write(self, gfid: Gfid, data: bytes) -> None:
        thing = self.things[gfid]
        thing.data = data
        thing.attributes = msgspec.structs.replace(thing.attributes, size=len(data), mtime=99)

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        size = now.size if kind is Kind.FILE else shall.size
        self.things[gfid].attributes = msgspec.structs.replace(shall, size=size)
        return now != self.things[gfid].attributes

    def set_xattrs(self, gfid: Gfid, shall: dict[bytes, bytes]) -> bool:
        differed = self.things[gfid].xattrs != shall
        self.things[gfid].xattrs = dict(shall)
        return differed

    def limbo(self, gfid: Gfid) -> Place:
        return Place(LIMBO, gfid.encode())

    def in_limbo(self) -> list[Gfid]:
        return [Gfid(place.name.decode()) for place in self.places if place.parent == LIMBO]

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

    @contextmanager
    def holding(self, *keys: Gfid | Place) -> Iterator[None]:
        yield

    def _free(self, place: Place) -> None:
        parent = self.things.get(place.parent)
        if parent is None or parent.kind is not Kind.DIRECTORY:
            raise _error(errno.ENOENT)
        if place in self.places:
            raise _error(errno.EEXIST)

    def _touch(self, place: Place) -> None:
        thing = self.things[place.parent]
        thing.attributes = msgspec.structs.replace(thing.attributes, mtime=99)
