"""Who is gone, though the brick still has it: where GlusterFS keeps what was removed.

There are two such places in the root: the trash (features.trash), which has the same gfid under
every name, and the directory into which heals put what has lost its name. All calls block.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto

from engine.gluster import gfid as gfids
from engine.gluster import objects
from engine.item import ROOT, Gfid, Place
from engine.plan.items import Absent, Alive, Truth
from engine.primary import truth
from engine.primary.truth import Sight


class Keeper(Enum):
    """What keeps an object."""

    TRASH = auto()
    HEAL = auto()
    """Until that is certain that it was not renamed."""


def keeper(sight: Sight, found: Alive) -> Keeper | None:
    """Return what keeps `found`, that was removed; None when it has a place anywhere else, or the
    own brick cannot tell.
    """
    keepers = {_keeper(truth.way(sight, place)) for place in found.places}
    return keepers.pop() if len(keepers) == 1 else None


def keepers(sight: Sight, aside: Iterable[Alive]) -> dict[Gfid, Keeper | None]:
    """Return the `keeper` of each."""
    return {found.gfid: keeper(sight, found) for found in aside}


def brought_back(sight: Sight, heard: Mapping[Gfid, Iterable[Place]]) -> list[Gfid]:
    """Return those that were heard of in the trash: who was there is not on the secondary."""
    if not os.path.lexists(sight.brick + b"/" + gfids.handle(objects.TRASH)):
        return []
    return [
        gfid
        for gfid, places in heard.items()
        if any(_keeper(truth.way(sight, place)) is Keeper.TRASH for place in places)
    ]


def left_out(sight: Sight, places: Iterable[Place], after: int) -> tuple[set[Gfid], set[Gfid]]:
    """Return those directories of `places` that are not replicated, or stand below one that is
    not, however deep; and those of which that may have been so since `after`, in seconds since the
    epoch.

    Where it has been since then is not known of what has ended, or was moved, or stands below that.
    0: nothing is asked about that time.
    """
    ways = {place.parent: truth.way(sight, place) for place in places}
    out = {gfid for gfid, way in ways.items() if _left_out(way)}
    if not after or not _keeps_any(sight):
        return out, set()
    return out, {g for g, way in ways.items() if g not in out and _moved(sight, way, after)}


def _keeps_any(sight: Sight) -> bool:
    """Whether the volume has a directory from which anything can come back."""
    places = (objects.OURS, gfids.handle(objects.TRASH))
    return any(os.path.lexists(sight.brick + b"/" + place) for place in places)


def _moved(sight: Sight, way: Sequence[Place], after: int) -> bool:
    above = [place.parent for place in way if place.parent != ROOT]
    if way[-1].parent != ROOT:
        return True
    since = (truth.placed(sight, gfid) for gfid in above)
    return any(at is None or at >= after for at in since)


def _left_out(way: Sequence[Place]) -> bool:
    above, top = way[1:], way[-1]
    trash = any(place.parent == objects.TRASH for place in way)
    return trash or bool(above and top.parent == ROOT and objects.own(top.name))


def untrashed(sight: Sight, found: Truth) -> Truth:
    """Return `found`, or Absent when it stands in GlusterFS's trash only: nobody sees it there."""
    if isinstance(found, Alive) and keeper(sight, found) is Keeper.TRASH:
        return Absent(found.gfid, had=True)
    return found


def _keeper(way: Sequence[Place]) -> Keeper | None:
    if any(place.parent == objects.TRASH for place in way):
        return Keeper.TRASH
    top = way[-1]
    return Keeper.HEAL if top.parent == ROOT and objects.healed_away(top.name) else None
