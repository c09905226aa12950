"""The hybrid crawl: every object of a brick, by its handles, with a cursor that survives a restart.

A brick keeps a handle for each of its objects in one of 65,536 directories `.glusterfs/aa/bb`.
Reading those instead of the tree means that nothing is met twice or missed because it was moved
meanwhile, that the cursor is one number, and that the share done is known.

All calls block: run them in threads.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine import files
from engine.gluster import gfid as gfids
from engine.gluster.gfid import NotAGfid
from engine.item import Gfid

BUCKETS = 65536
"""Directories that handles are spread over."""


class Cursor(msgspec.Struct, frozen=True):
    """Where a crawl is; kept until it has ended."""

    since: int
    """Seconds since the epoch when it began: what changed from then on is in the changelogs."""
    bucket: int
    """Everything in the directories before this one is on the secondary."""
    brick: str = ""
    objects: int = 0
    directories: int = 0
    """How many of the objects so far were directories, about: some are looked at with others."""
    unnamed: bool = False
    """Of some of them not all names are known."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Some objects, and where to go on when all of them are on the secondary."""

    gfids: list[Gfid]
    bucket: int


def load(path: Path, brick: str) -> Cursor | None:
    """Return the cursor of an unfinished crawl of `brick`; None when there is none that can be
    used.
    """
    try:
        cursor = msgspec.json.decode(path.read_bytes(), type=Cursor)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return cursor if cursor.brick == brick and 0 <= cursor.bucket <= BUCKETS else None


def save(path: Path, cursor: Cursor) -> None:
    """Keep `cursor`, whole or not at all."""
    files.write(path, msgspec.json.encode(cursor))


def portion(brick: bytes, bucket: int, size: int) -> Portion:
    """Return the objects from `bucket` on: at least `size`, or all that are left."""
    found: list[Gfid] = []
    while bucket < BUCKETS and len(found) < size:
        top = bucket >> 8
        above = brick + f"/.glusterfs/{top:02x}".encode()
        for low in (low for low in _present(above) if (top << 8) + low >= bucket):
            found += _gfids(above + f"/{low:02x}".encode())
            bucket = (top << 8) + low + 1
            if len(found) >= size:
                break
        else:
            bucket = (top + 1) << 8
    return Portion(found, bucket)


def _present(above: bytes) -> list[int]:
    """Return which of the 256 directories below `above` there are, in order."""
    return sorted(int(name, 16) for name in _names(above) if _TWO(name))


def _gfids(path: bytes) -> list[Gfid]:
    found = []
    for name in _names(path):
        try:
            found.append(gfids.from_text(name))
        except NotAGfid:
            continue
    return found


def _names(path: bytes) -> list[bytes]:
    try:
        return os.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return []


_TWO = re.compile(rb"[0-9a-f]{2}").fullmatch
