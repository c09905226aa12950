"""The grammar of changelog records: NUL-terminated fields into records. Pure.

A record is a letter and the gfid, then fields that depend on the operation. Names are raw bytes and
hold anything but NUL and `/`, so only the operation says how many fields belong to a record, never
the look of the next field: the path of a removed file can be just `D<gfid>`.
GlusterFS 10.3, checked by experiment.
"""

from typing import Final, NamedTuple

from engine.gluster.gfid import NotAGfid, from_text
from engine.item import Gfid, Place

MKNOD: Final = 3
MKDIR: Final = 4
UNLINK: Final = 5
RMDIR: Final = 6
SYMLINK: Final = 7
RENAME: Final = 8
LINK: Final = 9
CREATE: Final = 23

LONGEST: Final = 8192
"""Bytes; no record is longer: the longest one is a removal, with a name and a path."""
BEGINNING: Final = 38
"""Bytes with which a record begins: letter, gfid, NUL."""

_PATH_MAX: Final = 4096
_REMEMBERED: Final = 1 << 16

_ENTRIES: Final = {
    # Number, index behind the last field, index of the first place, whether a removal.
    **{b"%d" % fop: (fop, 6, 5, False) for fop in (MKNOD, MKDIR, CREATE)},
    **{b"%d" % fop: (fop, 3, 2, False) for fop in (SYMLINK, LINK)},
    **{b"%d" % fop: (fop, 3, 2, True) for fop in (UNLINK, RMDIR)},
    b"%d" % RENAME: (RENAME, 4, 2, False),
}
_NUMBERS: Final = {b"%d" % number: number for number in (*range(64), 0o100644, 0o040755)}
"""The most frequent ones, because looking up is faster than reading."""


class Record(NamedTuple):
    """One change that a brick made."""

    letter: str
    """D: content. M: attributes or xattrs. E: a name."""
    gfid: Gfid
    fop: int
    """The operation; 0 for D. For M just the first of its class in the slice."""
    places: tuple[Place, ...]
    """Of E: the old and the new one for RENAME, else the one that was made or removed. On a sharded
    volume the parent of the new one is NOBODY where somebody stood there before.
    """
    mode: int
    """Of CREATE, MKNOD, MKDIR: type bits and permissions; else 0."""


class _BadError(Exception):
    """A field that cannot be what it must be."""


class Gfids(dict[bytes, Gfid]):
    """Every gfid seen, by its text, so that each is checked, decoded and kept once."""

    def __missing__(self, text: bytes) -> Gfid:
        try:
            gfid = from_text(text)
        except NotAGfid:
            raise _BadError("no gfid where one must be") from None
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = gfid
        return gfid


def read(
    records: list[Record], fields: list[bytes], at: int, gfids: Gfids, *, paths: bool
) -> tuple[int, str]:
    """Add to `records` those that begin at field `at`; return where they end, and why if badly.

    Invariant: all fields before the returned one are in records, and none from it on.
    """
    # Not terminated, so not a field yet.
    last = len(fields) - 1
    add, new = records.append, tuple.__new__
    try:
        while at < last:
            head = fields[at]
            letter, gfid = head[:1], gfids[head[1:]]
            if letter == b"D":
                add(new(Record, ("D", gfid, 0, (), 0)))
                at += 1
            elif letter not in b"EM":
                raise _BadError(f"letter {chr(letter[0])!r} is none of D, E, M")
            elif at + 1 >= last:
                break
            elif letter == b"M":
                add(new(Record, ("M", gfid, _number(fields[at + 1]), (), 0)))
                at += 2
            else:
                fop, end, first, removes = _operation(fields[at + 1])
                end += at
                if end > last:
                    break
                mode = 0
                if first > 2:
                    # Mode, uid and gid stand before the place of what was made.
                    mode = _number(fields[at + 2])
                    _number(fields[at + 3])
                    _number(fields[at + 4])
                places: tuple[Place, ...] = (_place(fields[at + first], gfids),)
                if fop == RENAME:
                    places += (_place(fields[at + first + 1], gfids),)
                if removes and paths:
                    end = _behind_path(fields, end)
                    if end > last:
                        break
                add(new(Record, ("E", gfid, fop, places, mode)))
                at = end
    except _BadError as bad:
        return at, str(bad)
    return at, ""


def _operation(field: bytes) -> tuple[int, int, int, bool]:
    try:
        return _ENTRIES[field]
    except KeyError:
        raise _BadError("operation that no entry has") from None


def _place(field: bytes, gfids: Gfids) -> Place:
    name = field[37:]
    # No brick writes "." or ".."; believed, they would lead out of the directory.
    if field[36:37] != b"/" or b"/" in name or len(name) > 255 or name in (b"", b".", b".."):
        raise _BadError("no name where one must be")
    return tuple.__new__(Place, (gfids[field[:36]], name))


def _behind_path(fields: list[bytes], at: int) -> int:
    """Return the field behind the path of a removed object; behind the last when it is not whole.

    With capture-del-path off the path is one NUL: an empty field, and another one.
    """
    last = len(fields) - 1
    if at == last or (not fields[at] and at + 1 == last):
        return last + 1
    if len(fields[at]) > _PATH_MAX or (not fields[at] and fields[at + 1]):
        raise _BadError("no path where one must be")
    return at + 1 if fields[at] else at + 2


def _number(field: bytes) -> int:
    number = _NUMBERS.get(field)
    if number is None:
        if not field.isdigit() or len(field) > 10:
            raise _BadError("no number where one must be")
        number = int(field)
    return number


def begins(field: bytes) -> bool:
    """Return whether a record can begin with this field."""
    if len(field) != BEGINNING - 1 or field[:1] not in b"DEM":
        return False
    try:
        from_text(field[1:])
    except NotAGfid:
        return False
    return True
