"""HTIME files, a brick's index of the slices it closed: bytes into entries. Pure.

An HTIME is a row of absolute paths, each with a NUL behind it, appended when a slice has closed:
`/…/changelogs/YYYY/MM/DD/CHANGELOG.<ts>` since GlusterFS 8, `/…/changelogs/CHANGELOG.<ts>` before.
A lower-case `changelog.<ts>` is a slice without records, for which there is no file. What stands
before `/changelogs/` is where the brick was then, and is not looked at. All records have one
length, until an upgrade changes it. Checked by experiment against 10.3, whose xattr
`trusted.glusterfs.htime` (`<last ts>:<number>`) counts wrongly after a brick's restart: only the
bytes are believed.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

LONGEST: Final = 4352
"""Bytes; no record is longer: a path, and some."""

_TAIL: Final = re.compile(
    rb"(?:.*?/)?((?:\d{4}/\d\d/\d\d/)?(CHANGELOG|changelog)\.(\d{1,15}))", re.S
)
_FILE: Final = re.compile(r"HTIME\.(\d{1,15})")


class Entry(NamedTuple):
    """One closed slice, as its brick wrote it down."""

    ts: int
    """When it closed, in seconds since the epoch."""
    path: str
    """Below the changelog directory."""
    empty: bool
    """It has no records and no file."""


class Parsed(NamedTuple):
    """What a part of an HTIME says."""

    entries: list[Entry]
    """In the order of the file, which a clock set back makes another one than that of time."""
    consumed: int
    """Bytes up to the last NUL; what follows is still being written, or torn."""
    unknown: int
    """Records that are no slice's path. Their slices, unless empty, are in the directories."""


def created(name: str) -> int | None:
    """Return the second in which the HTIME of this name was begun; None for other files."""
    match = _FILE.fullmatch(name)
    return None if match is None else int(match[1])


def parse(data: bytes) -> Parsed:
    """Return the entries in `data`, which begins where a record begins."""
    *rows, rest = data.split(b"\0")
    matches = [_TAIL.fullmatch(row) for row in rows]
    entries = [
        Entry(int(match[3]), match[1].decode("ascii"), match[2] == b"changelog")
        for match in matches
        if match is not None
    ]
    return Parsed(entries, len(data) - len(rest), matches.count(None))


def find(read: Callable[[int, int], bytes], size: int, since: int) -> int:
    """Return where to begin reading for all records of `since` or later.

    `read(offset, length)` returns bytes of it; some twenty short reads, however large the file.
    Records must be in order of time; what is not understood makes the answer earlier, never later.
    """
    low, high = 0, size
    # Invariant: records before `low` are older; what begins at `high` or behind it is not, or torn.
    while low < high:
        begin = _begin(read, (low + high) // 2, high)
        if begin is None:
            begin = low
        window = read(begin, LONGEST)
        end = window.find(b"\0") + 1
        entries = parse(window[:end]).entries
        if entries and entries[0].ts < since:
            low = begin + end
        elif begin == low or (not entries and end):
            break
        else:
            high = begin
    return low


def _begin(read: Callable[[int, int], bytes], at: int, limit: int) -> int | None:
    """Return where the first record at or behind `at` begins, if that is before `limit`."""
    if at == 0:
        return 0
    end = read(at - 1, LONGEST).find(b"\0")
    return at + end if 0 <= end < limit - at else None
