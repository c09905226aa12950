"""Fold what was heard into the dirty set of a window: which gfids to look at, and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Flag, auto

from engine.item import NOBODY, Gfid, Holder, Kind, Place

RENAME = 8
_UNLINK = 5
_MKNOD, _MKDIR, _RMDIR, _SYMLINK, _CREATE = 3, 4, 6, 7, 23
"""GlusterFS's fop numbers, as changelogs have them."""
_MAKERS = frozenset((_CREATE, _MKNOD, _MKDIR, _SYMLINK))
_ENDERS = frozenset((_UNLINK, _RMDIR))
_OF_DIRECTORIES = frozenset((_MKDIR, _RMDIR))


class Why(Flag):
    """What about an object may have changed."""

    NAMES = auto()
    """Where it stands, and with that whether it is there at all."""
    ATTRIBUTES = auto()
    """Owner, mode, times, xattrs, ACLs."""
    DATA = auto()
    """Its content, for certain: send it."""
    DOUBT = auto()
    """Its content, perhaps: send it unless size and mtime are equal on both sides."""


ALL = Why.NAMES | Why.ATTRIBUTES | Why.DOUBT
_MADE = Why.NAMES | Why.ATTRIBUTES
"""What may have changed about an object that was made: it is new."""
_EVERY = tuple(Why(value) for value in range(1 << len(Why)))
"""Every combination, by its value."""


@dataclass(slots=True)
class Dirty:
    """One gfid that must be looked at again."""

    why: Why = field(default_factory=lambda: Why(0))
    heard: dict[Place, None] = field(default_factory=dict)
    """Places it was heard under, oldest first; the secondary may still have it there."""
    directory: bool = False
    """It was heard of as a directory."""


@dataclass(slots=True)
class Window:
    """Everything heard and not yet made so."""

    dirty: dict[Gfid, Dirty] = field(default_factory=dict)
    """In first-heard order."""
    spoken: set[Gfid] = field(default_factory=set)
    """Those of whom the own brick told, by a record or, in a crawl, by its handle."""
    known: set[Gfid] = field(default_factory=set)
    """Others that the primary is known to have had: a look found them."""
    orphans: set[Gfid] = field(default_factory=set)
    """Those that stand in a directory that has ended, and that nobody has taken away so far."""
    full: dict[Gfid, int] = field(default_factory=dict)
    """Directories that have ended, and how often each was found not empty."""
    taken: set[Place] = field(default_factory=set)
    """Places onto which a RENAME was heard: who stood there may have been destroyed without a
    record.
    """
    aside: set[Gfid] = field(default_factory=set)
    """Those in limbo of whom it was asked, or will be, whether they stood at such a place."""
    lost: dict[Gfid, set[bytes]] = field(default_factory=dict)
    """Who was renamed onto names in directories that the record does not tell: a place of theirs
    with such a name, heard or seen later, is in `taken`.
    """
    deep: set[Gfid] = field(default_factory=set)
    """Those of whom every directory above is to be looked at too."""
    records: int = 0
    since: int = 0
    """From then on changelogs do not tell everything, in seconds since the epoch; 0: there was none
    before.
    """
    after: int = 0
    """All of it was heard in slices, of what was done after this, in seconds since the epoch; 0: it
    was heard in another way.
    """
    keeps: bool = False
    """A name that a record says was removed is not heard of: it stays on the secondary."""
    takers: dict[Place, set[Gfid]] = field(default_factory=dict)
    """Where `keeps`: of the places in `taken`, who was renamed onto each."""
    sparing: bool = False
    """What is found in a directory that is gone is left there, and the directory with it; an
    operator who saw a list of what is to go has not seen that.
    """

    def mark(self, gfid: Gfid, why: Why, *heard: Place) -> Dirty:
        """Make `gfid` dirty, keeping what was known of it."""
        dirty = self.dirty.get(gfid)
        if dirty is None:
            dirty = self.dirty[gfid] = Dirty(why)
        else:
            # What `|` does, at a tenth of its price; this runs several times for each record.
            dirty.why = _EVERY[dirty.why._value_ | why._value_]
        for place in heard:
            dirty.heard[place] = None
        return dirty

    def take(self, gfid: Gfid, places: Iterable[Place]) -> None:
        """Note that `gfid` was renamed onto those of its `places` of which it was not known."""
        for place in places:
            if place.name in self.lost.get(gfid, ()):
                self.taken.add(place)
                if self.keeps:
                    self.takers.setdefault(place, set()).add(gfid)

    def mark_holder(self, holder: Holder) -> None:
        """Make whoever was found at a place on the secondary dirty."""
        dirty = self.mark(holder.gfid, Why.NAMES, holder.place)
        dirty.directory |= holder.kind is Kind.DIRECTORY


def fold(window: Window, records: Iterable[tuple[str, Gfid, int, tuple[Place, ...], int]]) -> None:
    """Add changelog records (letter, gfid, fop, places, mode) to `window`.

    An M record means that all attributes and xattrs may have changed, whatever fop it names: the
    brick writes only the first of each class in a slice. An entry's parent directories get new
    times without a record of their own, so they are dirty too.
    """
    mark, spoken, keeps = window.mark, window.spoken, window.keeps
    count = 0
    for letter, gfid, fop, written, _mode in records:
        count += 1
        spoken.add(gfid)
        if letter == "D":
            mark(gfid, Why.DATA)
        elif letter == "M":
            mark(gfid, Why.ATTRIBUTES)
        else:
            places = written
            if written[0].parent == NOBODY or written[-1].parent == NOBODY:
                places = tuple(place for place in written if place.parent != NOBODY)
                if fop == RENAME and written[-1].parent == NOBODY:
                    window.lost.setdefault(gfid, set()).add(written[-1].name)
            if window.lost:
                window.take(gfid, places)
            if keeps and fop in _ENDERS:
                dirty = mark(gfid, Why.NAMES)
                for place in places:
                    dirty.heard.pop(place, None)
            else:
                dirty = mark(gfid, _MADE if fop in _MAKERS else Why.NAMES, *places)
            if fop in _OF_DIRECTORIES:
                dirty.directory = True
            elif fop == RENAME and written[-1].parent != NOBODY:
                window.taken.add(written[-1])
                if keeps:
                    window.takers.setdefault(written[-1], set()).add(gfid)
            for place in places:
                mark(place.parent, Why.ATTRIBUTES).directory = True
    window.records += count
