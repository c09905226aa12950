"""What is not the same about one name on both sides. Pure."""

import stat
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from engine import names
from engine.item import Attributes, Facts, Kind


class What(StrEnum):
    """In which way two sides differ at one place."""

    MISSING = "missing"
    EXTRA = "extra"
    UNREADABLE = "unreadable"
    KIND = "kind"
    GFID = "gfid"
    MODE = "mode"
    OWNER = "owner"
    SIZE = "size"
    MTIME = "mtime"
    TARGET = "target"
    DEVICE = "device"
    LINKS = "links"
    XATTR = "xattr"
    CONTENT = "content"


class Difference(NamedTuple):
    """One thing that is not the same on both sides."""

    what: What
    primary: str
    """What it is there, printable."""
    secondary: str


def differences(here: Facts | None, there: Facts | None) -> list[Difference]:
    """Return how the primary's object at a place (`here`) and the secondary's differ.

    Of two objects with different gfids nothing more is said: neither is the other's copy. The
    content of files is compared elsewhere.
    """
    if here is None and there is None:
        return []
    if there is None:
        assert here is not None
        return [Difference(What.MISSING, described(here), "nothing")]
    if here is None:
        return [Difference(What.EXTRA, "nothing", described(there))]
    if here.trouble or there.trouble:
        return [Difference(What.UNREADABLE, here.trouble or "fine", there.trouble or "fine")]
    if (here.gfid, here.kind) != (there.gfid, there.kind):
        what = What.GFID if here.gfid != there.gfid else What.KIND
        return [Difference(what, described(here), described(there))]
    return [*_of_attributes(here, there), *_of_xattrs(here.xattrs, there.xattrs)]


def same_directory(here: Facts | None, there: Facts | None) -> bool:
    """Whether both have one and the same directory there, so that what is in it can be compared."""
    return (
        here is not None
        and there is not None
        and here.gfid == there.gfid
        and here.kind is there.kind is Kind.DIRECTORY
    )


def content_due(here: Facts | None, there: Facts | None) -> bool:
    """Whether both have the same file of one size, so that only its bytes are left to compare."""
    return (
        here is not None
        and there is not None
        and here.gfid == there.gfid
        and here.kind is there.kind is Kind.FILE
        and 0 < here.attributes.size == there.attributes.size
    )


def described(facts: Facts) -> str:
    """Return what an object is, in two words."""
    return f"{facts.kind} {facts.gfid}" if facts.gfid else "something"


def _of_attributes(here: Facts, there: Facts) -> list[Difference]:
    found = []
    for what, (kinds, show) in _SHOWN.items():
        if here.kind in kinds:
            one, other = show(here), show(there)
            if one != other:
                found.append(Difference(what, one, other))
    return found


def _of_xattrs(here: Mapping[bytes, bytes], there: Mapping[bytes, bytes]) -> list[Difference]:
    found = []
    for name in sorted(here.keys() | there.keys()):
        one, other = here.get(name), there.get(name)
        if one != other:
            shown = names.show(name)
            words = (_xattr(shown, one, other), _xattr(shown, other, one))
            found.append(Difference(What.XATTR, *words))
    return found


def _xattr(name: str, value: bytes | None, other: bytes | None) -> str:
    if value is None:
        return f"{name} absent"
    return f"{name} with another value" if other is not None else f"{name} present"


def _mtime(at: Attributes) -> str:
    return f"{at.mtime // 10**9}.{at.mtime % 10**9:09}"


_ALL = frozenset(Kind)
_DEVICES = frozenset({Kind.BLOCK, Kind.CHARACTER})
_SHOWN: dict[What, tuple[frozenset[Kind], Callable[[Facts], str]]] = {
    What.MODE: (_ALL - {Kind.SYMLINK}, lambda f: f"{stat.S_IMODE(f.attributes.mode):04o}"),
    What.OWNER: (_ALL, lambda f: f"{f.attributes.uid}:{f.attributes.gid}"),
    What.SIZE: (frozenset({Kind.FILE}), lambda f: str(f.attributes.size)),
    What.MTIME: (_ALL, lambda f: _mtime(f.attributes)),
    What.TARGET: (frozenset({Kind.SYMLINK}), lambda f: names.show(f.target) or "nothing"),
    What.DEVICE: (_DEVICES, lambda f: f"{f.attributes.rdev:#x}"),
    # What a file system counts as a directory's links is its own affair.
    What.LINKS: (_ALL - {Kind.DIRECTORY}, lambda f: str(f.links)),
}
"""Which kinds have each property, and how it is shown: what is shown differently is different."""
