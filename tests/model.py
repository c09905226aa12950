"""A primary in memory with the logs of its bricks, for tests of plan and rules without GlusterFS.

What GlusterFS does and matters here: a file's records are in the logs of its replica set, a
directory's in all logs; each replica has its own slices; of content and of attributes a slice tells
only once, of a name that was renamed over it tells nothing.
"""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from memory_target import MemoryTarget
from memory_target import Thing as Copy

from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.plan.dirty import Dirty, Why
from engine.plan.items import Absent, Alive, Truth

Record = tuple[str, Gfid, int, tuple[Place, ...], int]
MKDIR, UNLINK, RMDIR, SYMLINK, RENAME, LINK, CREATE = 4, 5, 6, 7, 8, 9, 23
SETXATTR, SETATTR = 17, 38
_TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
}
_MADE = {Kind.DIRECTORY: MKDIR, Kind.SYMLINK: SYMLINK}


@dataclass(frozen=True)
class Thing:
    """One object of the primary."""

    kind: Kind
    mtime: int
    mode: int = 0o644
    content: bytes = b""
    target: bytes = b""
    xattrs: tuple[tuple[bytes, bytes], ...] = ()

    def attributes(self) -> Attributes:
        """Return what a look shows of it."""
        size = len(self.content) + len(self.target)
        mode = _TYPES[self.kind] | self.mode
        return Attributes(mode, 0, 0, size, self.mtime, self.mtime)


class Logged(NamedTuple):
    """A record, and of what it is the last word as long as no later one speaks of it."""

    record: Record
    about: frozenset[object]


class Slice(NamedTuple):
    """A closed part of a log."""

    ts: int
    """When it was closed."""
    records: list[Logged]


@dataclass
class Brick:
    """One replica's log."""

    number: int
    """Of its replica set."""
    slices: list[Slice] = field(default_factory=list)
    live: list[Logged] = field(default_factory=list)
    noted: set[tuple[object, ...]] = field(default_factory=set)
    """What the open slice has told of content and attributes: it does not tell it again."""

    def add(
        self, letter: str, gfid: Gfid, fop: int, *places: Place, about: Iterable[object]
    ) -> None:
        what = (letter, gfid, letter == "M" and fop)
        if letter == "E" or what not in self.noted:
            self.noted.add(what)
            self.live.append(Logged((letter, gfid, fop, places, 0), frozenset(about)))

    def roll(self, now: int) -> None:
        """Close the slice; one without records leaves none."""
        if self.live:
            self.slices.append(Slice(now, self.live))
        self.live, self.noted = [], set()

    def lose(self, chosen: int) -> None:
        """Lose a record of which later ones are the last word."""
        logged = [(part, one) for part in self.slices for one in part.records]
        logged += [(Slice(0, self.live), one) for one in self.live]
        later: set[object] = set()
        covered = []
        for part, one in reversed(logged):
            if one.about <= later:
                covered.append((part, one))
            later |= one.about
        if covered:
            part, one = covered[chosen % len(covered)]
            part.records.remove(one)

    def copy(self) -> "Brick":
        slices = [Slice(one.ts, list(one.records)) for one in self.slices]
        return Brick(self.number, slices, list(self.live), set(self.noted))


class Primary:
    """A tree and the logs of its bricks. Operations that cannot be done do nothing."""

    def __init__(self, sets: int = 2, replicas: int = 1) -> None:
        self.things: dict[Gfid, Thing] = {ROOT: Thing(Kind.DIRECTORY, 1, 0o755)}
        self.places: dict[Place, Gfid] = {}
        self.sets = [[Brick(number) for _ in range(replicas)] for number in range(sets)]
        self.clock = 1
        self.made = 0
        self.changed: dict[tuple[Gfid, int], int] = {}
        """When anything about an object was last changed, on each replica set that holds it."""
        self.placed: dict[Gfid, int] = {}
        """When each that is there came to its place."""

    def copy(self) -> "Primary":
        """Return a primary of its own in the same state."""
        twin = Primary()
        twin.things, twin.places = dict(self.things), dict(self.places)
        twin.sets = [[brick.copy() for brick in replicas] for replicas in self.sets]
        twin.clock, twin.made, twin.changed = self.clock, self.made, dict(self.changed)
        twin.placed = dict(self.placed)
        return twin

    def bricks(self) -> Iterator[Brick]:
        for replicas in self.sets:
            yield from replicas

    def roll(self) -> None:
        """Close every slice."""
        self.clock += 1
        for brick in self.bricks():
            brick.roll(self.clock)

    def number(self, gfid: Gfid) -> int:
        """Return the replica set that holds a file."""
        return int(gfid[-4:], 16) % len(self.sets)

    def holds(self, brick: Brick, gfid: Gfid, kind: Kind) -> bool:
        return kind is Kind.DIRECTORY or self.number(gfid) == brick.number

    def names(self, gfid: Gfid) -> tuple[Place, ...]:
        return tuple(place for place, holder in self.places.items() if holder == gfid)

    def children(self, gfid: Gfid) -> list[Gfid]:
        return [child for place, child in self.places.items() if place.parent == gfid]

    def inside(self, gfid: Gfid) -> set[Gfid]:
        found = {gfid}
        for child in self.children(gfid):
            found |= self.inside(child)
        return found

    def make(self, place: Place, kind: Kind, target: bytes = b"") -> None:
        if place in self.places or place.parent not in self.things:
            return
        self.made += 1
        gfid = Gfid(f"{self.made:08x}-0000-4000-8000-{self.made:012x}")
        self.clock += 1
        self.things[gfid] = Thing(kind, self.clock, target=target)
        self.places[place] = gfid
        self.placed[gfid] = self.clock
        self._entry(gfid, kind, _MADE.get(kind, CREATE), place)
        if kind is Kind.DIRECTORY:
            # DHT notes its layout.
            self._log("M", gfid, kind, SETXATTR)

    def write(self, place: Place, content: bytes) -> None:
        gfid = self.places.get(place)
        if gfid is not None and self.things[gfid].kind is Kind.FILE:
            self.clock += 1
            self.things[gfid] = replace(self.things[gfid], content=content, mtime=self.clock)
            self._log("D", gfid, Kind.FILE, 0)

    def chmod(self, place: Place, mode: int) -> None:
        gfid = self.places.get(place)
        if gfid is not None and self.things[gfid].kind is not Kind.SYMLINK:
            self.clock += 1
            self.things[gfid] = replace(self.things[gfid], mode=mode)
            self._log("M", gfid, self.things[gfid].kind, SETATTR)

    def set_xattr(self, place: Place, value: bytes) -> None:
        gfid = self.places.get(place)
        # Linux lets nothing else have user xattrs.
        if gfid is not None and self.things[gfid].kind in (Kind.FILE, Kind.DIRECTORY):
            self.clock += 1
            self.things[gfid] = replace(self.things[gfid], xattrs=((b"user.x", value),))
            self._log("M", gfid, self.things[gfid].kind, SETXATTR)

    def link(self, place: Place, new: Place) -> None:
        gfid = self.places.get(place)
        if gfid is None or new in self.places or new.parent not in self.things:
            return
        if self.things[gfid].kind is not Kind.DIRECTORY:
            self.clock += 1
            self.places[new] = gfid
            self._entry(gfid, self.things[gfid].kind, LINK, new)

    def remove(self, place: Place) -> None:
        gfid = self.places.get(place)
        if gfid is None or self.children(gfid):
            return
        self.clock += 1
        kind = self.things[gfid].kind
        self._take(place, gfid)
        self._entry(gfid, kind, RMDIR if kind is Kind.DIRECTORY else UNLINK, place)

    def rename(self, old: Place, new: Place) -> None:
        gfid, victim = self.places.get(old), self.places.get(new)
        if gfid is None or victim == gfid or new.parent in self.inside(gfid):
            return
        if new.parent not in self.things:
            return
        kind = self.things[gfid].kind
        if victim is not None:
            folder = self.things[victim].kind is Kind.DIRECTORY
            if folder is not (kind is Kind.DIRECTORY) or self.children(victim):
                return
            self._take(new, victim)
        self.clock += 1
        del self.places[old]
        self.places[new] = gfid
        self.placed[gfid] = self.clock
        self._entry(gfid, kind, RENAME, old, new, victim=victim)

    def look(self, gfid: Gfid, number: int, dirty: Dirty) -> Truth:
        """Return what the worker of this replica set finds.

        Of a file that another set holds, a mount tells one name, and confirms those heard.
        """
        thing = self.things.get(gfid)
        if thing is None:
            return Absent(gfid)
        names = self.names(gfid)
        told = names
        shared = thing.kind is Kind.DIRECTORY or self.number(gfid) != number
        if shared and len(names) > 1:
            heard = [place for place in dirty.heard if place in names]
            told = tuple(dict.fromkeys((*heard, names[-1])))
        return Alive(
            *(gfid, thing.kind, told, len(told) == len(names), thing.attributes()),
            target=thing.target,
            xattrs=dict(thing.xattrs) if dirty.why & Why.ATTRIBUTES else None,
            shared=shared,
            changed=max(self.changed.get((gfid, n), 1) for n in range(len(self.sets))) * 10**9,
        )

    def _take(self, place: Place, gfid: Gfid) -> None:
        del self.places[place]
        self._changes(gfid, Kind.FILE)
        if gfid not in self.places.values():
            del self.things[gfid]
            del self.placed[gfid]

    def _entry(
        self, gfid: Gfid, kind: Kind, fop: int, *places: Place, victim: Gfid | None = None
    ) -> None:
        for place in places:
            if place.parent in self.things:
                self.things[place.parent] = replace(self.things[place.parent], mtime=self.clock)
                for number in self._sets(gfid, kind):
                    self.changed[place.parent, number] = self.clock
        self._log("E", gfid, kind, fop, *places, victim=victim)

    def _sets(self, gfid: Gfid, kind: Kind) -> range:
        every = range(len(self.sets))
        number = self.number(gfid)
        return every if kind is Kind.DIRECTORY else every[number : number + 1]

    def _changes(self, gfid: Gfid, kind: Kind) -> None:
        for number in self._sets(gfid, kind):
            self.changed[gfid, number] = self.clock

    def _log(
        self,
        letter: str,
        gfid: Gfid,
        kind: Kind,
        fop: int,
        *places: Place,
        victim: Gfid | None = None,
    ) -> None:
        self._changes(gfid, kind)
        about: set[object] = {(letter, gfid), *places, *(("in", p.parent) for p in places)}
        if fop in (CREATE, MKDIR, SYMLINK):
            about.add(("M", gfid))
        if fop in (UNLINK, RMDIR):
            about.add(("end", gfid))
        if victim is not None:
            about.add(("end", victim))
        for brick in self.bricks():
            if self.holds(brick, gfid, kind):
                brick.add(letter, gfid, fop, *places, about=about)


def copied(primary: Primary, target: MemoryTarget) -> MemoryTarget:
    """Put everything that the primary has now into an empty `target`."""
    for gfid, thing in primary.things.items():
        target.things[gfid] = Copy(
            *(thing.kind, thing.attributes(), thing.target, thing.content, dict(thing.xattrs))
        )
    target.places = dict(primary.places)
    return target


def differences(primary: Primary, target: MemoryTarget) -> list[str]:
    """Return in what the secondary is not as the primary is."""
    found = []
    tree = target.tree()
    for place in {**primary.places, **tree}:
        here, there = primary.places.get(place), tree.get(place)
        if here != there:
            found.append(f"{place}: {there}, not {here}")
    for gfid, thing in primary.things.items():
        there = target.things.get(gfid)
        if there is None:
            found.append(f"{gfid}: missing")
            continue
        shown = (there.kind, there.attributes.mode, there.attributes.mtime, there.target)
        right = (thing.kind, thing.attributes().mode, thing.mtime, thing.target)
        if (*shown, there.data, there.xattrs) != (*right, thing.content, dict(thing.xattrs)):
            found.append(f"{gfid}: {there}, not {thing}")
        if target.limbo(gfid) in target.places:
            found.append(f"{gfid}: lives, and is in limbo")
    return found
