"""Take names from objects: what is seen is looked at again under the lock, right before the act.

Invariant: whoever takes a name holds the gfid it is taken from, and the place. Holding the place
alone, two agents could take the last two names of one object at the same moment.
"""

import errno

from engine.item import ROOT, Gfid, Holder, Kind, NotEmpty, Place
from engine.rpc.messages import Seen
from engine.secondary.lent import Lent, noted
from engine.secondary.target import Target
from engine.secondary.trouble import FULL, doing

_CHILDREN = 1000
"""Children of a directory that are told at once."""


def drop(target: Target, gfid: Gfid, place: Place) -> Seen | None:
    """Take `place` from a file that has other names, if it is its; return who was there.

    Trouble (ESTALE) when it has become the last one: somebody took the others.
    """
    with doing("unlink", place), target.holding(gfid, place):
        holder = target.at(place)
        if holder is None or holder.gfid != gfid:
            return holder
        if holder.links < 2:
            raise OSError(errno.ESTALE, "it has become the last name")
        target.unlink(place)
    return holder


def expect(now: Seen | None, before: Seen | None) -> None:
    """Raise ESTALE unless, under the lock, it still is who was seen before it."""
    if (now and now.gfid) != (before and before.gfid):
        raise OSError(errno.ESTALE, "somebody else was faster")


def move_aside(target: Target, place: Place, seen: Seen, lent: Lent | None = None) -> Holder:
    """Bring `seen`, which stands at `place`, to limbo; the caller holds both.

    Who it is, and where it belongs, the primary decides later. `lent`: notes whose it is; None: its
    owner need not be borrowed.
    """
    limbo = target.limbo(seen.gfid)
    with doing("move aside", place):
        there = target.at(limbo)
        if there is not None and there.gfid != seen.gfid:
            # A rename onto an empty directory would destroy it without a word.
            raise OSError(errno.EEXIST, f"in limbo, {there.gfid} stands under its name")
        if seen.kind is Kind.DIRECTORY:
            target.rename(place, limbo)
        else:
            # Linked first, so that there is no moment at which it has no name.
            if there is None:
                _link_to_limbo(target, limbo, seen, lent)
            target.unlink(place)
    return Holder(place, seen.gfid, seen.kind)


def _link_to_limbo(target: Target, limbo: Place, seen: Seen, lent: Lent | None) -> None:
    """Give it a name in limbo; one that can have no more names is kept by its others, of which
    nobody takes any as long as its gfid is held.
    """
    try:
        with noted(lent, seen):
            target.link(seen.gfid, limbo)
    except OSError as error:
        now = target.seen(seen.gfid)
        if error.errno not in FULL or now is None or now.links < 2:
            raise


def put_away(target: Target, gfid: Gfid, day: str, lent: Lent | None = None) -> bool:
    """Bring who is in limbo to quarantine; return whether it was in limbo.

    The caller knows that nobody speaks for it any more. `lent`: notes whose it is; None: its owner
    need not be borrowed.
    """
    limbo, shelf = target.limbo(gfid), target.shelf(gfid, day)
    with doing("put away", limbo), target.holding(gfid, limbo, shelf, ROOT):
        holder = target.at(limbo)
        if holder is None or holder.gfid != gfid:
            return False
        if holder.kind is Kind.DIRECTORY:
            expect(target.at(shelf), None)
            target.rename(limbo, shelf)
            return True
        if lent is not None:
            lent.give_back(gfid)
        if target.at(shelf) is None:
            # Linked first, so that there is no moment at which it has no name.
            with noted(lent, holder):
                target.link(gfid, shelf)
        target.unlink(limbo)
    return True


def discard(target: Target, holder: Holder) -> NotEmpty | None:
    """Take the name of `holder` away, which is in quarantine or below; the caller knows that it is
    nobody's, and was kept for long enough.

    Only this name: whoever was saved from there by another one lives on under that.
    """
    place, gfid = holder.place, holder.gfid
    # The root, too: while it is held no agent moves a directory, in or out of there.
    with doing("discard", place), target.holding(gfid, place, ROOT):
        if target.shelf(gfid, "").parent not in target.above(place.parent):
            raise OSError(errno.EPERM, "it is not in quarantine")
        return _end(target, _its(target, gfid, place), place)


def end_there(target: Target, gfid: Gfid, place: Place) -> Seen | NotEmpty | None:
    """Take `place` from `gfid` as `end` does, if it is its; return who was there."""
    with doing("remove", place), target.holding(gfid, place):
        holder = target.at(place)
        if holder is None or holder.gfid != gfid:
            return holder
        return _end(target, holder, place) or holder


def end(target: Target, gfid: Gfid, place: Place) -> NotEmpty | None:
    """Take `place` from `gfid`, its last name too; the caller knows that this is lawful.

    Trouble (ESTALE) when it is another's by now.
    """
    with doing("remove", place), target.holding(gfid, place):
        return _end(target, _its(target, gfid, place), place)


def _its(target: Target, gfid: Gfid, place: Place) -> Seen:
    holder = target.at(place)
    if holder is None or holder.gfid != gfid:
        raise OSError(errno.ESTALE, "it moved meanwhile")
    return holder


def _end(target: Target, holder: Seen, place: Place) -> NotEmpty | None:
    if holder.kind is not Kind.DIRECTORY:
        target.unlink(place)
        return None
    try:
        target.rmdir(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        children = target.children(place, _CHILDREN)
        if not children:
            raise
        return NotEmpty(gfid=holder.gfid, children=tuple(children))
    return None
