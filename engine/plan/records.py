"""What is noted of an object that was put aside: where it stood, when, and why. Pure."""

import msgspec

from engine.item import Place


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """How one object came to be in limbo, as far as the worker knows that moved it there."""

    path: str = ""
    """Where it stood, below the volume's root, made printable; empty when nobody knows."""
    at: float = 0.0
    """When, in seconds since the epoch by the primary's clock; 0 when nobody knows."""
    why: str = ""
    worker: str = ""
    """Which worker's agent moved it."""
    place: Place | None = None
    """The same as `path`, as records of renames have it."""


UNKNOWN = Record()
IN_THE_WAY = "it was in the way of {gfid}, which has this name on the primary"
ORPHANED = "its directory was removed on the primary, which does not have it"
COPIED = "a copy: the file had the gfid of a {kind} of the primary, and had to make way"

_LATEST = 1 << 35
"""Seconds since the epoch, in a thousand years."""
encode = msgspec.json.Encoder().encode


def decode(data: bytes) -> Record:
    """Return the record in `data`; one that says nothing when it is none."""
    try:
        found = msgspec.json.decode(data, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return UNKNOWN
    # It comes from the far side, and may say anything at all, also what moves a cursor.
    if not all(text.isprintable() for text in (found.path, found.why, found.worker)):
        return UNKNOWN
    return found if 0 <= found.at < _LATEST else msgspec.structs.replace(found, at=0.0)
