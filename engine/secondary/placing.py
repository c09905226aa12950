"""Bring one object to its names: created there, moved there, or given one more."""

import errno

import msgspec

from engine.item import ROOT, Gfid, Item, Kind, NeedParent, Place
from engine.rpc.messages import Seen
from engine.secondary import attributes, taking
from engine.secondary.in_the_way import Way
from engine.secondary.lent import Lent
from engine.secondary.so_far import SoFar
from engine.secondary.target import Target
from engine.secondary.trouble import FULL, Trouble, doing


class Placing:
    """One item, once."""

    def __init__(
        self, target: Target, item: Item, so_far: SoFar, way: Way, lent: Lent | None
    ) -> None:
        self._target, self._item, self._so_far = target, item, so_far
        self._way, self._lent = way, lent
        self.whole: Seen | None = None
        """What it is since it was created, just now, if that is all the item says."""
        self.found: Seen | None = None
        """What it was, if it was there."""

    def place(self) -> NeedParent | None:
        """Return None when it stands where it shall; Trouble when the file system said no."""
        if self._item.kind is Kind.DIRECTORY:
            return self._place_directory()
        return self._place_leaf()

    def _place_directory(self) -> NeedParent | None:
        for place in self._item.names:
            holder = self._look_under_lock(place)
            if not self._right(holder):
                needed = self._settle_directory(place, holder)
                if needed is not None:
                    return needed
        return None

    def _look_under_lock(self, place: Place) -> Seen | None:
        """Return who stands at the place of a directory, but not while another agent makes it.

        Every worker hears of every directory, so all look for it in the same moment. A brick gives
        a random gfid to a directory that is looked up by name and has none yet; GlusterFS lets it
        be for one second, and a busy disk can take longer between mkdir and the gfid.
        """
        target = self._target
        with doing("look up", place), target.holding(self._item.gfid, place):
            return target.at(place)

    def _right(self, holder: Seen | None) -> bool:
        gfid, kind = self._item.gfid, self._item.kind
        return holder is not None and holder.gfid == gfid and holder.kind is kind

    def _settle_directory(self, place: Place, holder: Seen | None) -> NeedParent | None:
        """Bring the directory to `place`, where `holder` was seen: made there, or moved from where
        it is now.

        Held by gfid, because two agents that create it at two places would make two directories
        with one gfid; by place and by the gfid of who holds it, because a rename onto an empty
        directory would silently destroy that one; and by the root when it moves, because nobody may
        move its new parent below it meanwhile.
        """
        item, target = self._item, self._target
        here = self._way.same_nature()
        keys: list[Gfid | Place] = [item.gfid, place]
        if here is not None:
            keys.append(ROOT)
        if holder is not None:
            keys.append(holder.gfid)
        with doing("lock", place), target.holding(*keys):
            if self._parent_missing(place):
                return NeedParent(gfid=item.gfid, parent=place.parent)
            with doing("look up", place):
                taking.expect(target.at(place), holder)
                taking.expect(target.seen(item.gfid), here)
            if here is None:
                self._way.free(place, holder)
                self._create(place)
            elif self._below_itself(place):
                return NeedParent(gfid=item.gfid, parent=place.parent)
            else:
                source = self._find_directory(place)
                self._way.free(place, holder)
                with doing("move", place):
                    target.rename(source, place)
                self._so_far.change(source, place)
            with doing("check", place):
                if not self._right(target.at(place)):
                    raise OSError(errno.ESTALE, "it did not get its name")
        return None

    def _below_itself(self, place: Place) -> bool:
        """Whether the new parent still is below the directory; then that one has to move first.

        GlusterFS refuses such a rename, and loses the handle of the directory on one brick.
        """
        with doing("look at what is above", place):
            return self._item.gfid in self._target.above(place.parent)

    def _find_directory(self, place: Place) -> Place:
        item, target = self._item, self._target
        with doing("find the present place", place):
            for heard in (*item.heard, target.limbo(item.gfid)):
                holder = target.at(heard)
                if holder is not None and holder.gfid == item.gfid:
                    return heard
            found = target.find(item.gfid)
            if not found:
                raise OSError(errno.ESTALE, "it is there, and the volume cannot tell where")
            return found[0]

    def _place_leaf(self) -> NeedParent | None:
        item = self._item
        if not item.names and self._way.same_nature() is None:
            words = "its names on the primary are not known, and it is not on the secondary"
            raise Trouble("create", None, OSError(errno.ENODATA, words))
        for index, place in enumerate(item.names):
            needed = self._stand_at(place) if index == 0 else self._give_name(place)
            if needed is not None:
                return needed
        return None

    def _stand_at(self, place: Place) -> NeedParent | None:
        """Create at `place` what is not there yet; give the name to what is.

        Held by gfid, because the volume takes a second file with one gfid. Looked for only here,
        where nobody else can create it: to find nothing costs the volume most.
        """
        item, target = self._item, self._target
        if item.standing:
            # Nothing is made where it is there, and the lock is for that.
            self.found = self._way.same_nature()
            if self.found is not None:
                return self._give_name(place)
        try:
            with doing("lock", place), target.holding(item.gfid):
                with doing("look up"):
                    here = target.seen(item.gfid)
                if here is None:
                    self._create(place)
                    return None
        except Trouble as trouble:
            return self._not_created(place, trouble)
        if self._way.of_same_nature(here) is None:
            return self._stand_at(place)
        self.found = here
        return self._give_name(place)

    def _not_created(self, place: Place, trouble: Trouble) -> NeedParent | None:
        # A parent that is no directory has many errnos: EPERM, EIO, ENOTDIR.
        if self._parent_missing(place):
            return NeedParent(gfid=self._item.gfid, parent=place.parent)
        if trouble.error.errno != errno.EEXIST or not self._way.clear(place):
            raise trouble
        return self._stand_at(place)

    def _create(self, place: Place) -> None:
        """Create it, whole; what is not as it shall be then comes in the usual way.

        Whoever stops before it is whole, or is refused in the middle, leaves an object that is met
        the next time like any other, and whose times do not say that its content is right.
        """
        try:
            with doing("create", place):
                made = self._target.create(self._item, place)
            self.whole = made if self._as_asked(made) else None
        except Trouble:
            with doing("look up", place):
                there = self._target.at(place)
            if there is None or there.gfid != self._item.gfid:
                raise
        self._so_far.created = True
        self._so_far.change(place)

    def _as_asked(self, made: Seen) -> bool:
        now, data = made.attributes, self._item.data
        size = now.size if data is None else len(data)
        shall = attributes.wanted(self._item, now)
        return now == msgspec.structs.replace(shall, size=size, atime=now.atime)

    def _give_name(self, place: Place) -> NeedParent | None:
        with doing("look up", place):
            holder = self._target.at(place)
        if holder is not None and holder.gfid == self._item.gfid:
            return None
        if holder is not None:
            self._way.clear(place)
        try:
            with doing("link", place):
                self._link(place)
        except Trouble as trouble:
            if self._parent_missing(place):
                return NeedParent(gfid=self._item.gfid, parent=place.parent)
            if trouble.error.errno not in FULL or not self._spare_a_name():
                raise
            return self._give_name(place)
        self._so_far.change(place)
        return None

    def _spare_a_name(self) -> bool:
        """Take one name away that is not its any more, if it has such a one and another."""
        item, target = self._item, self._target
        with doing("look for names too many"):
            seen = target.seen(item.gfid)
            if seen is None or seen.links < 2:
                return False
            found = target.find(item.gfid) if item.whole else []
        for place in (*item.heard, target.limbo(item.gfid), *found):
            if place not in item.names:
                holder = taking.drop(target, item.gfid, place)
                if holder is not None and holder.gfid == item.gfid:
                    self._so_far.change(place)
                    return True
        return False

    def _link(self, place: Place) -> None:
        """Give it one more name; whose it is, is noted where this item will not say that."""
        item, target = self._item, self._target
        if self._lent is None or not item.elsewhere:
            target.link(item.gfid, place)
            return
        with target.holding(item.gfid):
            here = target.seen(item.gfid)
            if here is None:
                raise OSError(errno.ENOENT, "it vanished while it was made")
            with self._lent.noted(here):
                target.link(item.gfid, place)

    def _parent_missing(self, place: Place) -> bool:
        with doing("look up the parent", place):
            parent = self._target.seen(place.parent)
        return parent is None or parent.kind is not Kind.DIRECTORY
