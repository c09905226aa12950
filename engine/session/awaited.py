"""Who waits for other bricks: a directory that is gone, and has something in it on the secondary
that is for their workers to take away, or to bring to its new place.

It stands in the ledger, so that no position waits for it, and is tried again. It is called a
failure only by evidence: it is still not empty though every brick has passed the moment at which it
was found so first.
"""

from collections.abc import Awaitable, Callable

from engine.failures import WAITS
from engine.session.ledger import Failure
from engine.session.position import MARGIN

Passed = Callable[[], Awaitable[int]]
"""Says up to when, in seconds since the epoch, every brick is through; 0: nobody knows."""
LONGEST = 60.0
"""Most seconds between two tries; what it waits for can come at any time."""


async def waits(passed: Passed | None, before: Failure | None, kind: str) -> bool:
    """Whether a directory that is not empty waits for others; `before` is how it stands in the
    ledger, `kind` what it is called there once it has failed.

    Invariant: at first it does, for its own slice is not settled, and so its own brick has yet to
    pass. What has failed by evidence stays so until it is done.
    """
    if passed is None or (before is not None and before.kind == kind):
        return False
    if before is None or before.kind != WAITS:
        return True
    return await passed() - MARGIN <= before.first


def words(count: int) -> str:
    """Return what it waits for, of `count` directories, for people."""
    what = "a directory that is gone" if count == 1 else f"{count} directories that are gone"
    return f"other bricks, to empty {what}"
