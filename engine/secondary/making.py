"""Make one living item so: its kind, its names, its content and its attributes, in this order."""

import errno

from engine.item import ROOT, AnyAnswer, Done, Holder, Item, Kind, Place
from engine.rpc.messages import Seen
from engine.secondary import attributes, taking
from engine.secondary.in_the_way import Way
from engine.secondary.lent import Lent
from engine.secondary.placing import Placing
from engine.secondary.so_far import SoFar
from engine.secondary.target import Target
from engine.secondary.trouble import doing


class Making:
    """One item; `make` may be called again after Trouble, and what it did is not forgotten."""

    def __init__(self, target: Target, item: Item, lent: Lent | None = None) -> None:
        """`lent`: notes whose an object is that may be ours for a moment; None: we are root."""
        self._target, self._item, self._lent = target, item, lent
        self.so_far = SoFar(target, item.gfid)
        self._way = Way(target, item, self.so_far, lent)

    def make(self) -> AnyAnswer:
        """Return what became of it; Trouble when the file system said no."""
        item, so_far = self._item, self.so_far
        if item.elsewhere and not self._there():
            return Done(gfid=item.gfid, changed=False)
        placing = Placing(self._target, item, so_far, self._way, self._lent)
        needed = placing.place()
        if needed is not None:
            return so_far.unfinished(needed)
        strangers = self._meet_strangers()
        if placing.whole is not None and len(item.names) == 1:
            return so_far.done(placing.whole, strangers)
        if item.data is not None and placing.whole is None and self._has_bytes(placing.found):
            with doing("write"):
                self._target.write(item.gfid, item.data)
            so_far.change()
        return self._finish(placing.found, strangers)

    def _has_bytes(self, found: Seen | None) -> bool:
        """Whether there are bytes to write, or to take away."""
        return bool(self._item.data or self._as_found(found).attributes.size)

    def _there(self) -> bool:
        with doing("look up"):
            here = self._target.seen(self._item.gfid)
        return here is not None and self._way.alike(here)

    def _meet_strangers(self) -> list[Holder]:
        """Take away names it was heard under and no longer has; return who else stands there."""
        strangers: list[Holder] = []
        for place in self._item.heard:
            if self._item.names and self._item.kind is not Kind.DIRECTORY:
                holder = self._lose(place)
            else:
                with doing("look up", place):
                    holder = self._target.at(place)
                if holder is not None and holder.gfid == self._item.gfid:
                    self._check_moved(place)
            if holder is not None and holder.gfid != self._item.gfid:
                strangers.append(Holder(place, holder.gfid, holder.kind))
        return strangers

    def _check_moved(self, place: Place) -> None:
        """Raise ENOTUNIQ if a directory stands at `place`, and where it belongs besides.

        GlusterFS makes two of one whose move was cut short, and no client can undo that.
        """
        item, target = self._item, self._target
        if item.kind is not Kind.DIRECTORY or not item.names:
            return
        # With the root nobody moves it, so both looks are of one moment.
        with doing("look where it was", place), target.holding(item.gfid, place, ROOT):
            found = [target.at(one) for one in (place, *item.names)]
            if all(one is not None and one.gfid == item.gfid for one in found):
                raise OSError(errno.ENOTUNIQ, "it stands there as well as where it belongs")

    def _lose(self, place: Place) -> Seen | None:
        """Take `place` from it, if it has it; return who was there."""
        holder = taking.drop(self._target, self._item.gfid, place)
        if holder is not None and holder.gfid == self._item.gfid:
            self.so_far.change(place)
        return holder

    def _drop_unheard_names(self) -> None:
        """Take away its limbo name, and names that nobody spoke of, as far as the volume can tell
        them.
        """
        item, target = self._item, self._target
        self._lose(target.limbo(item.gfid))
        if not item.whole:
            return
        with doing("look for names too many"):
            seen = target.seen(item.gfid)
            found = target.find(item.gfid) if seen and seen.links > len(item.names) else []
        for place in found:
            if place not in item.names:
                self._lose(place)

    def _finish(self, found: Seen | None, strangers: list[Holder]) -> Done:
        item, target = self._item, self._target
        here = self._as_found(found)
        if item.kind is not Kind.DIRECTORY and item.names and here.links > len(item.names):
            self._drop_unheard_names()
            here = self._look()
        if item.elsewhere:
            return self.so_far.done(here, strangers)
        if item.xattrs is not None:
            with doing("set xattrs"):
                changed = target.set_xattrs(item.gfid, item.xattrs)
            if changed:
                # An ACL changes the mode.
                self.so_far.change()
                here = self._look()
        shall = attributes.wanted(item, here.attributes)
        with doing("set attributes"):
            differed = target.set_attributes(item.gfid, item.kind, here.attributes, shall)
        if differed:
            self.so_far.change()
            here = self._look()
        return self.so_far.done(here, strangers)

    def _as_found(self, found: Seen | None) -> Seen:
        """Return what it is; as it was found at first, unless something has been done to it."""
        if found is None or self.so_far.changed:
            return self._look()
        return found

    def _look(self) -> Seen:
        with doing("look up"):
            here = self._target.seen(self._item.gfid)
            if here is None:
                raise OSError(errno.ENOENT, "it vanished while it was made")
            return here
