"""Where an object stands, as the bricks of this node have recorded it."""

from collections.abc import Iterable
from contextlib import suppress

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Gfid, Place


def places(bricks: Iterable[bytes], gfid: Gfid) -> list[Place]:
    """Return the places that `bricks`, paths of them, have recorded for what is no directory; none
    where they do not have it, or cannot be read.

    Each may be old: GlusterFS leaves the record of a name there that was renamed over (10.3).
    """
    found: dict[Place, None] = {}
    for brick in bricks:
        try:
            values = xattrs.get_all(brick + b"/" + gfids.handle(gfid))
        except OSError:
            # Not on this brick, or not ours to read: whoever is asked next tells.
            continue
        for name, value in values.items():
            with suppress(gfids.NotAGfid):
                if name.startswith(xattrs.GFID2PATH):
                    found[gfids.place(value)] = None
    return list(found)
