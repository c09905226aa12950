"""Which positions on the bricks are a session's: noted when its secondary answers, and taken off
when the operator wants everything looked at again. All calls block.
"""

import contextlib
from collections.abc import Iterable

from engine import files
from engine.config import Places
from engine.errors import Usage
from engine.gluster import xattrs

_LONGEST = 100
"""Bytes of a uuid's file that are read."""


def note(at: Places, name: str, secondary: str) -> None:
    """Note the uuid of the secondary that session `name` writes positions for.

    A disk that takes no note is no reason not to replicate.
    """
    with contextlib.suppress(OSError):
        if read(at, name) != secondary:
            files.write(at.of(name) / "secondary", f"{secondary}\n".encode())


def read(at: Places, name: str) -> str:
    """Return that uuid; empty when the secondary never answered on this node."""
    try:
        with (at.of(name) / "secondary").open("rb") as file:
            return file.read(_LONGEST).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""


def known(at: Places, name: str) -> str:
    """Return that uuid; Usage when it is not known, for positions of others must stay."""
    secondary = read(at, name)
    if not secondary:
        raise Usage(
            f"Session {name} has never reached its secondary from this node, so nobody knows which "
            "positions on the bricks would be its own",
            fix=f"Delete it without --reset-sync-time; or start and stop it once: georep start "
            f"{name}",
        )
    return secondary


def take_off(bricks: Iterable[str], primary: str, secondary: str) -> list[str]:
    """Take the positions for a pair of volumes, given by their uuids, off `bricks`; return those
    that had one.

    The name that counts goes last: a crash in between leaves a position, and the next try ends it.
    """
    found = []
    for brick in bricks:
        xattrs.remove(brick, xattrs.entry_stime_name(primary, secondary))
        if xattrs.remove(brick, xattrs.stime_name(primary, secondary)):
            found.append(brick)
    return found
