"""The words both sides share: what one gfid shall be, and what became of it.

An item is the present truth of one object on the primary; the agent makes the secondary so. Items
carry no history and may be applied twice, late, or in any order.
"""

from enum import StrEnum
from typing import NamedTuple, NewType

import msgspec

Gfid = NewType("Gfid", str)
"""An object's identity in a volume: canonical lower-case uuid text, 36 characters."""

ROOT = Gfid("00000000-0000-0000-0000-000000000001")
"""The gfid of every volume's root directory."""

NOBODY = Gfid("00000000-0000-0000-0000-000000000000")
"""No object has this one: GlusterFS writes it where it does not know a gfid."""


class Place(NamedTuple):
    """One name in one directory: where an object can stand."""

    parent: Gfid
    name: bytes


TOP = Place(ROOT, b"")
"""Stands for the root directory itself, which has no name."""


class Kind(StrEnum):
    """What an object is; the S_IFMT part of its mode."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    FIFO = "fifo"
    SOCKET = "socket"
    BLOCK = "block"
    CHARACTER = "character"


class Attributes(msgspec.Struct, frozen=True, array_like=True):
    """What `lstat` says that must be equal on both sides; times are in nanoseconds."""

    mode: int
    """Full mode, type bits included."""
    uid: int
    gid: int
    size: int
    mtime: int
    atime: int
    rdev: int = 0


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """All of one object that both sides must have equal, but for the bytes of a file."""

    gfid: Gfid
    kind: Kind
    attributes: Attributes
    links: int
    target: bytes = b""
    """Where a symlink points."""
    xattrs: dict[bytes, bytes] = {}
    """Those that travel: a digest of each value, by name."""
    trouble: str = ""
    """What of it could not be read, and why."""


class Piece(NamedTuple):
    """A part of a file's content."""

    gfid: Gfid
    start: int
    length: int


class Item(msgspec.Struct, frozen=True, kw_only=True, tag="item"):
    """One living object as it shall be."""

    gfid: Gfid
    kind: Kind
    names: tuple[Place, ...]
    """Where it stands on the primary; a directory has exactly one, the root none."""
    whole: bool = True
    """Whether `names` are all its names; if not, others on the secondary are left alone."""
    heard: tuple[Place, ...] = ()
    """Where it was heard of and no longer stands."""
    attributes: Attributes
    target: bytes = b""
    """Where a symlink points."""
    xattrs: dict[bytes, bytes] | None = None
    """All that travel (user.*, POSIX ACLs); None: not looked at, leave them."""
    data: bytes | None = None
    """The whole content of a small file; None: the content does not travel here."""
    data_follows: bool = False
    """The content comes after this item, or was not looked at; the times are left alone, for right
    ones say that it is right.
    """
    coming: bool = False
    """A mover brings the content; where it needs the owner's right to write, it has that."""
    standing: bool = False
    """Nothing was heard of its names, so it is there most likely: a lock is only taken if not."""
    elsewhere: bool = False
    """Another brick holds it, whose worker makes it; here it is only given its names, if it is
    there.
    """
    patient: bool = False
    """It waits for whoever stands at its names: nobody is moved aside for it."""


class Gone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    """One object that is no more on the primary."""

    gfid: Gfid
    heard: tuple[Place, ...] = ()
    lawful: bool
    """The primary is known to have had it. Somebody else's object is not removed."""
    orphan: bool = False
    """The directory that it was heard in has ended: if it is not lawful, it goes to limbo."""
    kept: bool = False
    """It stays there all the same, but in limbo: who renamed over it ended it lawfully."""


AnyItem = Item | Gone


class Holder(msgspec.Struct, frozen=True, array_like=True):
    """Who stands at a place on the secondary."""

    place: Place
    gfid: Gfid
    kind: Kind


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The secondary now is as the item said; what was found there afterwards."""

    gfid: Gfid
    links: int = 0
    size: int = 0
    mtime: int = 0
    changed: bool = True
    """Whether anything had to be done."""
    touched: tuple[Gfid, ...] = ()
    """Directories in which a name was made or taken: their times have changed with that."""
    displaced: tuple[Holder, ...] = ()
    """Objects that stood at this item's names; they are in limbo, or lost just this one of their
    names.
    """
    strangers: tuple[Holder, ...] = ()
    """Others that hold a name this object was heard under."""
    created: bool = False
    """It was not there at all before."""


class NeedParent(msgspec.Struct, frozen=True, kw_only=True, tag="need"):
    """The directory that this object belongs in is not on the secondary, or still below it."""

    gfid: Gfid
    parent: Gfid
    touched: tuple[Gfid, ...] = ()
    """This and what follows: as in Done, of what was done before."""
    displaced: tuple[Holder, ...] = ()
    created: bool = False


class NotEmpty(msgspec.Struct, frozen=True, kw_only=True, tag="notempty"):
    """A directory that is gone still has children on the secondary."""

    gfid: Gfid
    children: tuple[Holder, ...]


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The secondary's file system said no."""

    gfid: Gfid
    doing: str
    place: Place | None = None
    errno: int
    words: str
    touched: tuple[Gfid, ...] = ()
    """This and what follows: as in Done, of what was done before it said no."""
    displaced: tuple[Holder, ...] = ()
    created: bool = False
    held: tuple[Holder, ...] = ()
    """Who stands in its way and was left there, for it is patient."""


AnyAnswer = Done | NeedParent | NotEmpty | Refused
