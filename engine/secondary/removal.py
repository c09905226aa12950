"""Remove what is no more on the primary, with every name it has."""

import errno
from collections.abc import Iterable, Iterator

from engine.item import AnyAnswer, Done, Gfid, Gone, Holder, Place
from engine.secondary import taking
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble, doing


def remove(target: Target, gone: Gone) -> AnyAnswer:
    """Remove every name of what is no more; what was not the primary's is left alone, or saved from
    a directory that ends.
    """
    if not gone.lawful:
        return _saved(target, gone) if gone.orphan else Done(gfid=gone.gfid, changed=False)
    touched: set[Gfid] = set()
    strangers: list[Holder] = []
    for place in gone.heard:
        with doing("look up", place):
            holder = target.at(place)
        if holder is not None and holder.gfid != gone.gfid:
            strangers.append(Holder(place, holder.gfid, holder.kind))
    for place in names(target, gone.gfid, gone.heard):
        left = taking.end(target, gone.gfid, place)
        if left is not None:
            return left
        touched.add(place.parent)
    return Done(
        gfid=gone.gfid,
        changed=bool(touched),
        touched=without_limbo(target, gone.gfid, touched),
        strangers=tuple(strangers),
    )


def _saved(target: Target, gone: Gone) -> Done:
    """Bring to limbo what stands in a directory that ends."""
    touched: set[Gfid] = set()
    for place in gone.heard:
        with doing("look up", place):
            holder = target.at(place)
        if holder is not None and holder.gfid == gone.gfid:
            with doing("lock", place), target.holding(gone.gfid, place):
                taking.expect(target.at(place), holder)
                taking.move_aside(target, place, holder)
            touched.add(place.parent)
    parents = without_limbo(target, gone.gfid, touched)
    return Done(gfid=gone.gfid, changed=bool(touched), touched=parents)


def names(target: Target, gfid: Gfid, heard: Iterable[Place]) -> Iterator[Place]:
    """Yield names of `gfid`, to be taken away one after the other, until it has none.

    Trouble when it is there and nobody can tell where.
    """
    for place in (*heard, target.limbo(gfid)):
        with doing("look up", place):
            holder = target.at(place)
        if holder is not None and holder.gfid == gfid:
            yield place
    while True:
        with doing("find the present place"):
            if target.seen(gfid) is None:
                return
            found = target.find(gfid)
        if not found:
            words = "it is there, and the volume cannot tell where"
            raise Trouble("find the present place", None, OSError(errno.ESTALE, words))
        yield from found


def without_limbo(target: Target, gfid: Gfid, parents: set[Gfid]) -> tuple[Gfid, ...]:
    """Return those of `parents` that the primary has, too."""
    return tuple(parents - {target.limbo(gfid).parent})
