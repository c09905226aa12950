"""Which way a large file goes. Pure."""

from collections.abc import Collection

from engine.movers.job import Mover

TARSSH = "tarssh"
"""gsyncd's word for: no rsync, every file whole."""


def order(method: str, *, new: bool) -> tuple[Mover, ...]:
    """Return the movers for a file, the best first; a `new` one has nothing on the secondary.

    rsync has nothing to compare a new file with, and a stream is faster.
    """
    if new or method == TARSSH:
        return (Mover.STREAM, Mover.RSYNC)
    return (Mover.RSYNC, Mover.STREAM)


def choose(method: str, broken: Collection[Mover], *, new: bool) -> Mover | None:
    """Return the best of those that work; None when none does."""
    return next((mover for mover in order(method, new=new) if mover not in broken), None)


def consequence(mover: Mover, broken: Collection[Mover]) -> str:
    """Say what it means that `mover` does not work."""
    left = [each for each in Mover if each not in broken]
    if not left:
        return "no large file can be copied"
    if mover is Mover.RSYNC:
        return "large files go whole"
    return "large files go by rsync"
