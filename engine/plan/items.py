"""From what a look found to what shall be: one item per gfid. Pure."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from engine.item import ROOT, AnyAnswer, AnyItem, Attributes, Done, Gfid, Gone, Item, Kind, Place
from engine.plan.dirty import Dirty, Why, Window


@dataclass(frozen=True, slots=True)
class Alive:
    """An object as the primary has it now."""

    gfid: Gfid
    kind: Kind
    places: tuple[Place, ...]
    whole: bool
    """Whether `places` are all its names."""
    attributes: Attributes
    target: bytes = b""
    xattrs: dict[bytes, bytes] | None = None
    shared: bool = False
    """Other bricks' workers make it so, too: a directory, or what another brick holds."""
    away: bool = False
    """Another brick has it, and no name of it could be found from here; its worker knows them."""
    changed: int = 0
    """When anything of it changed last (ctime), in ns since the epoch; 0: not known."""
    unnamed: int = 0
    """How many names it has that are not known."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The whole primary volume, with all its subvolumes up, says that there is no such gfid."""

    gfid: Gfid
    had: bool = False
    """The volume still has it, where it keeps what was removed: in its trash, or put there by a
    heal.
    """


@dataclass(frozen=True, slots=True)
class Unclear:
    """The primary itself cannot say what this is: a split brain, a heal that is pending."""

    gfid: Gfid
    errno: int
    words: str


Truth = Alive | Absent | Unclear


@dataclass(frozen=True, slots=True)
class Manner:
    """What an operator wants made so in another way than usual."""

    keeps: bool = False
    """What is removed on the primary stays on the secondary."""
    patient: bool = False
    """Nobody who is in the way of another is moved aside."""
    beside: bool = False
    """Workers make the same objects so at the same time, and no record brings them to us again."""


USUAL = Manner()


def make(
    truth: Truth,
    dirty: Dirty,
    window: Window,
    outside: AbstractSet[Gfid] = frozenset(),
    manner: Manner = USUAL,
) -> AnyItem | None:
    """Return what shall be; None when there is nothing to be said of it, or nobody can say it.

    `outside` are directories that are not replicated (the volume's own); what is in them is not
    either.

    Removal is lawful only of what the primary is known to have had, or of who stood at a place onto
    which a rename was heard (the overwritten object gets no record of its own). An end without any
    record comes after a beginning with one: so whoever made it so from an older look, and reads
    that record again after a crash, may take it away.
    """
    match truth:
        case Unclear():
            return None
        case Absent(gfid, had):
            if manner.keeps:
                # What is removed stays; only another one's rename onto its name is its end.
                lawful = any(window.takers.get(place, set()) - {gfid} for place in dirty.heard)
            else:
                known = had or gfid in window.spoken or gfid in window.known
                lawful = known or any(place in window.taken for place in dirty.heard)
            orphan = gfid in window.orphans
            return Gone(
                gfid=gfid,
                heard=tuple(dirty.heard),
                lawful=lawful,
                orphan=orphan,
                kept=manner.keeps,
            )
        case Alive():
            if truth.gfid in outside:
                return None
            places = truth.places
            if window.lost:
                window.take(truth.gfid, places)
            names = places
            if outside:
                names = tuple(place for place in places if place.parent not in outside)
            nameless = bool(places) or truth.whole
            if not names and nameless and truth.gfid != ROOT:
                # Only in directories that are not ours, or in none: a handle that was left behind.
                return None
            left = tuple([place for place in dirty.heard if place not in places])
            # Of a file whose name alone was heard nobody knows whether its content is right; given
            # the primary's times, a crawl that has yet to compare it would take it for equal.
            names_alone = truth.kind is Kind.FILE and not dirty.why & ~Why.NAMES
            return Item(
                gfid=truth.gfid,
                kind=truth.kind,
                names=names,
                # Names that were removed are kept: those on the secondary may be more.
                whole=truth.whole and not manner.keeps,
                heard=left,
                attributes=truth.attributes,
                target=truth.target,
                xattrs=truth.xattrs,
                data_follows=names_alone,
                # A directory is only looked at under its lock: another worker may be making it.
                standing=not dirty.why & Why.NAMES
                and not dirty.heard
                and truth.kind is not Kind.DIRECTORY,
                elsewhere=truth.shared
                and truth.kind is not Kind.DIRECTORY
                and (truth.away or truth.gfid not in window.spoken),
                patient=manner.patient,
            )


def unsure(truth: Truth, answer: AnyAnswer) -> bool:
    """Whether the primary must be looked at once more after `answer` to what `truth` said.

    Two workers can look at a shared object one after the other and make it so in the other order;
    then the older look wins, and no record is left that would mend it. So whoever has changed a
    shared object looks again: if nothing is new then, no newer look can have been overwritten. An
    object of the own brick has one worker; but a rename over it ends it without a record there, so
    whoever has given it a name looks again, too.
    """
    if not isinstance(answer, Done) or not isinstance(truth, Alive):
        return False
    return answer.changed if truth.shared else answer.created or bool(answer.touched)


def overtaken(looked: Truth, again: Truth) -> bool:
    """Whether what was made so is no longer what the primary has; attributes that changed count
    where no record of the own brick need come of it.
    """
    if not isinstance(looked, Alive) or not isinstance(again, Alive):
        return type(looked) is not type(again)
    if not looked.shared:
        return set(looked.places) != set(again.places)
    return _shown(looked) != _shown(again)


def renewed(looked: Truth, again: Truth) -> bool:
    """Whether anything of an object was changed between two looks, its content included.

    xattrs count where both looks have them.
    """
    if not isinstance(looked, Alive) or not isinstance(again, Alive):
        return type(looked) is not type(again)
    if None not in (looked.xattrs, again.xattrs) and looked.xattrs != again.xattrs:
        return True
    one, other = (_shown(truth)[:-1] for truth in (looked, again))
    contents = (looked.attributes.size, looked.changed) != (again.attributes.size, again.changed)
    return one != other or (contents and looked.kind is not Kind.DIRECTORY)


def _shown(truth: Alive) -> tuple[object, ...]:
    a = truth.attributes
    return (frozenset(truth.places), a.mode, a.uid, a.gid, a.mtime, truth.xattrs)


def unrecorded(truth: Truth, why: Why, since: int) -> bool:
    """Whether the content in doubt of a file must be sent, whatever size and mtime say.

    No changelog tells what was done to it from `since` on (0: there never was one). It may have
    been written when it was already looked at for its attributes; then the secondary has its new
    times, and its old content.
    """
    if not isinstance(truth, Alive) or truth.kind is not Kind.FILE or not why & Why.DOUBT:
        return False
    return bool(since) and truth.changed >= since * 10**9


def content(item: AnyItem, why: Why) -> bool:
    """Whether the content of `item` has to be brought, or at least compared."""
    if not isinstance(item, Item) or item.kind is not Kind.FILE or item.elsewhere:
        return False
    return bool(why & (Why.DATA | Why.DOUBT))
