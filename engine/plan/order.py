"""Put items into waves: all of a wave may be made so at the same time, one wave after the other.
Pure.
"""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from engine.item import AnyItem, Gfid, Gone, Item, Kind


def waves(items: Sequence[AnyItem], directories: set[Gfid]) -> list[list[AnyItem]]:
    """Return `items` in waves; `directories` are those gone gfids that were heard of as
    directories.

    First what is gone and frees names, then directories from the top down, then everything else,
    then gone directories from the bottom up, and last the living directories once more: making
    things in a directory changes its times.
    """
    gone = [item for item in items if isinstance(item, Gone) and item.gfid not in directories]
    ended = [item for item in items if isinstance(item, Gone) and item.gfid in directories]
    living = [item for item in items if isinstance(item, Item)]
    branches = [item for item in living if item.kind is Kind.DIRECTORY]
    leaves = [item for item in living if item.kind is not Kind.DIRECTORY]
    down = _levels(branches, {item.gfid: {p.parent for p in item.names} for item in branches})
    up = _levels(ended, {item.gfid: {p.parent for p in item.heard} for item in ended})
    planned: list[list[AnyItem]] = [list(gone), *down, list(leaves), *reversed(up)]
    if len(items) > 1:
        planned.append(list(branches))
    return [wave for wave in planned if wave]


def _levels(items: Sequence[AnyItem], parents: dict[Gfid, set[Gfid]]) -> list[list[AnyItem]]:
    """Return `items` by depth among themselves, parents first.

    Looks at different moments can contradict each other (a below b, b below a); then all go at
    once, and the answers sort it out.
    """
    by_gfid = {item.gfid: item for item in items}
    inner = {gfid: (above & by_gfid.keys()) - {gfid} for gfid, above in parents.items()}
    sorter = TopologicalSorter(inner)
    try:
        sorter.prepare()
    except CycleError:
        return [list(items)]
    levels: list[list[AnyItem]] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        levels.append([by_gfid[gfid] for gfid in ready])
        sorter.done(*ready)
    return levels
