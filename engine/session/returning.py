"""Directories that come back out of georep's own, as limbo is on the middle link of a chain: what
was done in them there was passed over. Pure.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from engine.item import Gfid
from engine.plan.dirty import Dirty
from engine.plan.items import Truth
from engine.session.looking import is_directory


def back(
    truths: Mapping[Gfid, Truth], batch: Mapping[Gfid, Dirty], outside: AbstractSet[Gfid]
) -> set[Gfid]:
    """Return the directories of `batch` that stand in the tree, and were heard of at a place in one
    that is `outside` of replication.

    The record of their return says so, whoever was restarted since they went there; that directory
    is in the batch as well, for its times.
    """
    return {
        gfid
        for gfid, found in truths.items()
        if is_directory(found)
        and gfid not in outside
        and any(place.parent in outside for place in batch[gfid].heard)
    }
