"""Who is in the way of one item: at a name it shall have, or under its gfid with another nature."""

import errno
import time

from engine.item import Holder, Item, Kind, NotEmpty, Place
from engine.rpc.messages import Seen
from engine.secondary import removal, taking
from engine.secondary.lent import Lent
from engine.secondary.so_far import SoFar
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble, doing


class Way:
    """The way of one item to where it shall be."""

    def __init__(self, target: Target, item: Item, so_far: SoFar, lent: Lent | None) -> None:
        self._target, self._item, self._so_far, self._lent = target, item, so_far, lent

    def free(self, place: Place, holder: Seen | None) -> None:
        """Bring `holder`, if there is one at `place`, to limbo; the caller holds both.

        Trouble when the item is patient.
        """
        if holder is not None and self._item.patient:
            raise self._in_the_way(place, holder)
        if holder is not None:
            aside = taking.move_aside(self._target, place, holder, self._lent)
            self._so_far.displaced[aside] = None
            self._so_far.change()

    def _in_the_way(self, place: Place, holder: Seen) -> Trouble:
        """Return what is told of `holder`, who is not moved aside: what both sides have there."""
        self._so_far.held[Holder(place, holder.gfid, holder.kind)] = None
        item, there = self._item, holder.attributes
        words = (
            f"the secondary has {holder.kind} {holder.gfid} at this name ({there.size} bytes, "
            f"changed {_day(there.mtime)}), the primary {item.kind} {item.gfid} "
            f"({item.attributes.size} bytes, changed {_day(item.attributes.mtime)}), and "
            "gfid-conflict-resolution is off"
        )
        return Trouble("make way", place, OSError(0, words))

    def clear(self, place: Place) -> bool:
        """Bring whoever stands at `place` to limbo; return whether somebody did."""
        target = self._target
        with doing("look up", place):
            holder = target.at(place)
        if holder is None or holder.gfid == self._item.gfid:
            return False
        with doing("lock", place), target.holding(holder.gfid, place):
            taking.expect(target.at(place), holder)
            self.free(place, holder)
        return True

    def same_nature(self) -> Seen | None:
        """Return what stands under the gfid; what cannot be made right is removed first.

        Only what has nothing of its own, no byte and no child: of that the item says everything.
        """
        with doing("look up"):
            here = self._target.seen(self._item.gfid)
        return None if here is None else self.of_same_nature(here)

    def of_same_nature(self, here: Seen) -> Seen | None:
        """Return `here`, which has its gfid; what cannot be made right is removed, and None."""
        item, target = self._item, self._target
        with doing("look up"):
            if self.alike(here):
                return here
        if here.kind is Kind.FILE and here.attributes.size:
            words = (
                f"the secondary has a file of {here.attributes.size} bytes with this gfid, the "
                f"primary a {item.kind}: look at it there, and remove it"
            )
            raise Trouble("compare kinds", None, OSError(errno.ENOTSUP, words))
        for place in removal.names(target, item.gfid, (*item.names, *item.heard)):
            self._clear_out(place)
            self._so_far.change(place)
        return None

    def alike(self, here: Seen) -> bool:
        """Whether `here` can be made what the item says."""
        item = self._item
        if here.kind is not item.kind:
            return False
        match item.kind:
            case Kind.SYMLINK:
                return self._target.points(item.gfid) == item.target
            case Kind.BLOCK | Kind.CHARACTER:
                return here.attributes.rdev == item.attributes.rdev
            case _:
                return True

    def _clear_out(self, place: Place) -> None:
        """Remove this name of an object of another nature; a directory's children go to limbo."""
        item, target = self._item, self._target
        left = taking.end(target, item.gfid, place)
        if isinstance(left, NotEmpty):
            for child in left.children:
                self.clear(child.place)
            taking.end(target, item.gfid, place)


def _day(mtime: int) -> str:
    """Return a time in nanoseconds as people read it."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(mtime // 10**9))
