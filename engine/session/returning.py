"""Directories that come back out of those that are not replicated, as limbo is on the middle link
of a chain, or GlusterFS's trash: what was done in them there was passed over. Pure.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from engine.item import Gfid, Place
from engine.plan.dirty import Dirty
from engine.plan.items import Alive, Truth
from engine.session.looking import is_directory


def back(
    truths: Mapping[Gfid, Truth],
    batch: Mapping[Gfid, Dirty],
    outside: AbstractSet[Gfid],
    doubted: AbstractSet[Gfid],
) -> set[Gfid]:
    """Return the directories of `batch` that stand in the tree, and were heard of at a place in one
    that is `outside` of replication, or may have been (`doubted`), or that comes back as well.

    The record of their return says so, whoever was restarted since they went there.
    """
    came = {gfid for gfid, found in truths.items() if is_directory(found) and gfid not in outside}
    found: set[Gfid] = set()
    more = True
    while more:
        out = outside | doubted | found
        new = {gfid for gfid in came if any(place.parent in out for place in batch[gfid].heard)}
        more, found = new > found, new
    return found


def moved(truths: Mapping[Gfid, Truth], batch: Mapping[Gfid, Dirty]) -> list[Place]:
    """Return where directories of `batch` were heard of that are elsewhere by now."""
    return [
        place
        for gfid, found in truths.items()
        if isinstance(found, Alive) and is_directory(found)
        for place in batch[gfid].heard
        if place not in found.places
    ]
