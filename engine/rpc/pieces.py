"""The stream by which contents of files travel: pieces with a head each. Pure.

Of each file come pieces of data in rising order, and then its end, or what broke it. What no piece
covers is a hole. Nothing in the stream can name anything but a gfid.
"""

import struct
from enum import IntEnum

from engine.errors import Stop
from engine.gluster import gfid as gfids
from engine.item import Gfid

_HEAD = struct.Struct(">B16sQI")
SIZE = _HEAD.size
"""Bytes of a head."""
LONGEST = 1 << 20
"""Most bytes that follow a head."""


class What(IntEnum):
    """What a piece is."""

    DATA = 1
    """Bytes, which belong at `at`."""
    END = 2
    """The file ends at `at`; it is whole."""
    BROKEN = 3
    """The file cannot be read on; the bytes are words that say why."""


def head(what: What, gfid: Gfid, at: int = 0, length: int = 0) -> bytes:
    """Return the head of a piece that `length` bytes follow."""
    return _HEAD.pack(what, gfids.to_raw(gfid), at, length)


def parse(data: bytes) -> tuple[What, Gfid, int, int]:
    """Undo `head`; Stop for what is none."""
    try:
        what, raw, at, length = _HEAD.unpack(data)
        kind = What(what)
    except (struct.error, ValueError) as error:
        raise Stop(f"what came is no piece of a stream: {error}", cause="protocol") from error
    if length > LONGEST:
        raise Stop(f"a piece of {length} bytes came", cause="protocol")
    return kind, gfids.from_raw(raw), at, length
