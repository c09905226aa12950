"""The names of what is no directory, as bricks have recorded them in its xattrs."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Gfid, Place


def names(values: Mapping[bytes, bytes]) -> Iterator[Place]:
    """Yield those among the xattrs `values` of one object: at most 500, and some may be no longer
    true: GlusterFS (10.3) leaves the record of a name there that was renamed over.
    """
    for name, value in values.items():
        if name.startswith(xattrs.GFID2PATH):
            # A damaged one is left out: then the names do not add up, and a mount is asked.
            with suppress(gfids.NotAGfid):
                yield gfids.place(value)


def names_on(bricks: Iterable[bytes], gfid: Gfid) -> list[Place]:
    """Return those that `bricks`, paths of them, have of `gfid`; none where they do not have it, or
    cannot be read.
    """
    found: dict[Place, None] = {}
    for brick in bricks:
        # Not on this brick, or not ours to read: whoever is asked next tells.
        with suppress(OSError):
            found |= dict.fromkeys(names(xattrs.get_all(brick + b"/" + gfids.handle(gfid))))
    return list(found)
