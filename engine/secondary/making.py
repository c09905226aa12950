"""Make one living item so: its kind, its names, its content and its attributes, in this order."""

import errno
import time
from typing import TypeVar

import msgspec

from engine.item import (
    ROOT,
    AnyAnswer,
    Done,
    Gfid,
    Holder,
    Item,
    Kind,
    NeedParent,
    NotEmpty,
    Place,
    Refused,
)
from engine.rpc.messages import Seen
from engine.secondary import attributes, removal, taking
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble, doing

Unfinished = TypeVar("Unfinished", NeedParent, Refused)


class Making:
    """One item; `make` may be called again after Trouble, and what it did is not forgotten."""

    def __init__(self, target: Target, item: Item) -> None:
        self._target, self._item = target, item
        # Dictionaries for their order.
        self._displaced: dict[Holder, None] = {}
        self._held: dict[Holder, None] = {}
        self._touched: dict[Gfid, None] = {}
        self._changed = False
        self._created = False
        self._whole: Seen | None = None
        """What it is since it was created, just now, if that is all the item says."""
        self._found: Seen | None = None
        """What it was, if it was there."""

    def make(self) -> AnyAnswer:
        """Return what became of it; Trouble when the file system said no."""
        if self._item.elsewhere and not self._there():
            return Done(gfid=self._item.gfid, changed=False)
        needed = self._place()
        if needed is not None:
            return self.so_far(needed)
        strangers = self._meet_strangers()
        if self._whole is not None and len(self._item.names) == 1:
            return self._done(self._whole, strangers)
        if self._item.data is not None and self._whole is None and self._has_bytes():
            with doing("write"):
                self._target.write(self._item.gfid, self._item.data)
            self._changed = True
        return self._finish(strangers)

    def _has_bytes(self) -> bool:
        """Whether there are bytes to write, or to take away."""
        return bool(self._item.data or self._as_found().attributes.size)

    def _there(self) -> bool:
        with doing("look up"):
            here = self._target.seen(self._item.gfid)
        return here is not None and self._alike(here)

    def so_far(self, answer: Unfinished) -> Unfinished:
        """Return `answer` with what was done before it had to be given."""
        if isinstance(answer, Refused):
            answer = msgspec.structs.replace(answer, held=tuple(self._held))
        return msgspec.structs.replace(
            answer,
            created=self._created,
            displaced=tuple(self._displaced),
            touched=self._parents(),
        )

    def _place(self) -> NeedParent | None:
        self._whole = self._found = None
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
        here = self._same_nature()
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
                self._make_way(place, holder)
                self._create(place)
            elif self._below_itself(place):
                return NeedParent(gfid=item.gfid, parent=place.parent)
            else:
                source = self._find_directory(place)
                self._make_way(place, holder)
                with doing("move", place):
                    target.rename(source, place)
                self._touched[source.parent] = None
            self._touched[place.parent] = None
            self._changed = True
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

    def _make_way(self, place: Place, holder: Seen | None) -> None:
        if holder is not None and self._item.patient:
            raise self._in_the_way(place, holder)
        if holder is not None:
            self._displaced[taking.move_aside(self._target, place, holder)] = None
            self._changed = True

    def _in_the_way(self, place: Place, holder: Seen) -> Trouble:
        """Return what is told of `holder`, who is not moved aside: what both sides have there."""
        self._held[Holder(place, holder.gfid, holder.kind)] = None
        item, there = self._item, holder.attributes
        words = (
            f"the secondary has {holder.kind} {holder.gfid} at this name ({there.size} bytes, "
            f"changed {_day(there.mtime)}), the primary {item.kind} {item.gfid} "
            f"({item.attributes.size} bytes, changed {_day(item.attributes.mtime)}), and "
            "gfid-conflict-resolution is off"
        )
        return Trouble("make way", place, OSError(0, words))

    def _place_leaf(self) -> NeedParent | None:
        item = self._item
        if not item.names and self._same_nature() is None:
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
            self._found = self._same_nature()
            if self._found is not None:
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
        if self._of_same_nature(here) is None:
            return self._stand_at(place)
        self._found = here
        return self._give_name(place)

    def _not_created(self, place: Place, trouble: Trouble) -> NeedParent | None:
        # A parent that is no directory has many errnos: EPERM, EIO, ENOTDIR.
        if self._parent_missing(place):
            return NeedParent(gfid=self._item.gfid, parent=place.parent)
        if trouble.error.errno != errno.EEXIST or not self._clear_place(place):
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
            self._whole = made if self._as_asked(made) else None
        except Trouble:
            with doing("look up", place):
                there = self._target.at(place)
            if there is None or there.gfid != self._item.gfid:
                raise
        self._changed = self._created = True
        self._touched[place.parent] = None

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
            self._clear_place(place)
        try:
            with doing("link", place):
                self._target.link(self._item.gfid, place)
        except Trouble:
            if self._parent_missing(place):
                return NeedParent(gfid=self._item.gfid, parent=place.parent)
            raise
        self._changed = True
        self._touched[place.parent] = None
        return None

    def _clear_place(self, place: Place) -> bool:
        """Bring whoever stands at `place` to limbo; return whether somebody did."""
        target = self._target
        with doing("look up", place):
            holder = target.at(place)
        if holder is None or holder.gfid == self._item.gfid:
            return False
        with doing("lock", place), target.holding(holder.gfid, place):
            taking.expect(target.at(place), holder)
            self._make_way(place, holder)
        return True

    def _parent_missing(self, place: Place) -> bool:
        with doing("look up the parent", place):
            parent = self._target.seen(place.parent)
        return parent is None or parent.kind is not Kind.DIRECTORY

    def _same_nature(self) -> Seen | None:
        """Return what stands under the gfid; what cannot be made right is removed first.

        Only what has nothing of its own, no byte and no child: of that the item says everything.
        """
        with doing("look up"):
            here = self._target.seen(self._item.gfid)
        return None if here is None else self._of_same_nature(here)

    def _of_same_nature(self, here: Seen) -> Seen | None:
        item, target = self._item, self._target
        with doing("look up"):
            if self._alike(here):
                return here
        if here.kind is Kind.FILE and here.attributes.size:
            words = (
                f"the secondary has a file of {here.attributes.size} bytes with this gfid, the "
                f"primary a {item.kind}: look at it there, and remove it"
            )
            raise Trouble("compare kinds", None, OSError(errno.ENOTSUP, words))
        for place in removal.names(target, item.gfid, (*item.names, *item.heard)):
            self._clear_out(place)
            self._touched[place.parent] = None
            self._changed = True
        return None

    def _alike(self, here: Seen) -> bool:
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
                self._clear_place(child.place)
            taking.end(target, item.gfid, place)

    def _meet_strangers(self) -> list[Holder]:
        """Take away names it was heard under and no longer has; return who else stands there."""
        strangers: list[Holder] = []
        for place in self._item.heard:
            if self._item.names and self._item.kind is not Kind.DIRECTORY:
                holder = self._lose(place)
            else:
                with doing("look up", place):
                    holder = self._target.at(place)
            if holder is not None and holder.gfid != self._item.gfid:
                strangers.append(Holder(place, holder.gfid, holder.kind))
        return strangers

    def _lose(self, place: Place) -> Seen | None:
        """Take `place` from it, if it has it; return who was there."""
        holder = taking.drop(self._target, self._item.gfid, place)
        if holder is not None and holder.gfid == self._item.gfid:
            self._changed = True
            self._touched[place.parent] = None
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

    def _finish(self, strangers: list[Holder]) -> Done:
        item, target = self._item, self._target
        here = self._as_found()
        if item.kind is not Kind.DIRECTORY and item.names and here.links > len(item.names):
            self._drop_unheard_names()
            here = self._look()
        if item.elsewhere:
            return self._done(here, strangers)
        if item.xattrs is not None:
            with doing("set xattrs"):
                changed = target.set_xattrs(item.gfid, item.xattrs)
            if changed:
                # An ACL changes the mode.
                self._changed = True
                here = self._look()
        shall = attributes.wanted(item, here.attributes)
        with doing("set attributes"):
            differed = target.set_attributes(item.gfid, item.kind, here.attributes, shall)
        if differed:
            self._changed = True
            here = self._look()
        return self._done(here, strangers)

    def _done(self, here: Seen, strangers: list[Holder]) -> Done:
        return Done(
            gfid=self._item.gfid,
            links=here.links,
            size=here.attributes.size,
            mtime=here.attributes.mtime,
            changed=self._changed,
            created=self._created,
            touched=self._parents(),
            displaced=tuple(self._displaced),
            strangers=tuple(strangers),
        )

    def _as_found(self) -> Seen:
        """Return what it is; as it was found at first, unless something has been done to it."""
        if self._found is None or self._changed:
            return self._look()
        return self._found

    def _look(self) -> Seen:
        with doing("look up"):
            here = self._target.seen(self._item.gfid)
            if here is None:
                raise OSError(errno.ENOENT, "it vanished while it was made")
            return here

    def _parents(self) -> tuple[Gfid, ...]:
        return removal.without_limbo(self._target, self._item.gfid, set(self._touched))


def _day(mtime: int) -> str:
    """Return a time in nanoseconds as people read it."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(mtime // 10**9))
