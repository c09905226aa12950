"""Remove what is no more on the primary, with every name it has."""

import errno
from collections.abc import Iterable, Iterator

from engine.item import AnyAnswer, Done, Gfid, Gone, Holder, Kind, NotEmpty, Place
from engine.secondary import taking
from engine.secondary.lent import Lent
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble, doing


def remove(target: Target, gone: Gone, lent: Lent | None = None) -> AnyAnswer:
    """Remove every name of what is no more; what was not the primary's is left alone, or saved from
    a directory that ends.

    `lent`: notes whose it is; None: owners need not be borrowed.
    """
    if gone.kept:
        return _out_of_limbo(target, gone)
    if not gone.lawful:
        return _saved(target, gone, lent) if gone.orphan else Done(gfid=gone.gfid, changed=False)
    touched: set[Gfid] = set()
    strangers: list[Holder] = []
    ended = False
    for place in gone.heard:
        there = taking.end_there(target, gone.gfid, place)
        if isinstance(there, NotEmpty):
            return there
        if there is not None and there.gfid == gone.gfid:
            touched.add(place.parent)
            ended = ended or (there.links == 1 and there.kind is not Kind.DIRECTORY)
        elif there is not None:
            strangers.append(Holder(place, there.gfid, there.kind))
    # Whose only name was taken has ended; a directory may have been made twice.
    for place in () if ended else names(target, gone.gfid, ()):
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


def _out_of_limbo(target: Target, gone: Gone) -> Done:
    """Take its place in limbo away, and no other; a directory with something in it stays there."""
    limbo = target.limbo(gone.gfid)
    out = gone.lawful and _stands(target, gone.gfid, limbo)
    changed = out and taking.end(target, gone.gfid, limbo) is None
    return Done(gfid=gone.gfid, changed=changed)


def _saved(target: Target, gone: Gone, lent: Lent | None) -> Done:
    """Bring to limbo what stands in a directory that ends."""
    touched: set[Gfid] = set()
    for place in gone.heard:
        with doing("look up", place):
            holder = target.at(place)
        if holder is not None and holder.gfid == gone.gfid:
            with doing("lock", place), target.holding(gone.gfid, place):
                taking.expect(target.at(place), holder)
                taking.move_aside(target, place, holder, lent)
            touched.add(place.parent)
    parents = without_limbo(target, gone.gfid, touched)
    return Done(gfid=gone.gfid, changed=bool(touched), touched=parents)


def names(target: Target, gfid: Gfid, heard: Iterable[Place]) -> Iterator[Place]:
    """Yield names of `gfid`, to be taken away one after the other, until it has none.

    Trouble when it is there and nobody can tell where.
    """
    for place in heard:
        if _stands(target, gfid, place):
            yield place
    limbo = target.limbo(gfid)
    while True:
        with doing("find the present place"):
            if target.seen(gfid) is None:
                return
        if _stands(target, gfid, limbo):
            yield limbo
            continue
        with doing("find the present place"):
            found = target.find(gfid)
        if not found:
            words = "it is there, and the volume cannot tell where"
            raise Trouble("find the present place", None, OSError(errno.ESTALE, words))
        yield from found


def _stands(target: Target, gfid: Gfid, place: Place) -> bool:
    with doing("look up", place):
        holder = target.at(place)
    return holder is not None and holder.gfid == gfid


def without_limbo(target: Target, gfid: Gfid, parents: set[Gfid]) -> tuple[Gfid, ...]:
    """Return those of `parents` that the primary has, too."""
    return tuple(parents - {target.limbo(gfid).parent})
