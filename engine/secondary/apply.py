"""The rules: make one item so, on any target, however often and in whatever state it is found.

Invariants, each kept by looking again under a lock right before the act (`Target.holding`):
- a name is only ever taken from the object that was seen to hold it;
- nothing is renamed onto a name that is held, and no object loses its last name but by a lawful
  Gone;
- a gfid is created only where it does not exist.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from engine.item import (
    AnyAnswer,
    AnyItem,
    Done,
    Gfid,
    Gone,
    Holder,
    Item,
    Kind,
    NeedParent,
    NotEmpty,
    Place,
    Refused,
)
from engine.rpc.messages import Seen
from engine.secondary.target import Target

_LOOK_AGAIN = frozenset({errno.ESTALE, errno.EBUSY, errno.EEXIST, errno.ENOENT, errno.EAGAIN})
"""Somebody was faster, or the client's picture was old; a second look decides."""
_TRIES = 4


class _Trouble(Exception):
    """An OSError with what was being done when it came."""

    def __init__(self, doing: str, place: Place | None, error: OSError) -> None:
        super().__init__(str(error))
        self.doing, self.place, self.error = doing, place, error


@contextmanager
def _doing(what: str, place: Place | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _Trouble(what, place, error) from error


def apply(target: Target, item: AnyItem) -> AnyAnswer:
    """Make `item` so and say what became of it; never raises for what the file system says."""
    for left in reversed(range(_TRIES)):
        try:
            match item:
                case Gone():
                    return _remove(target, item)
                case Item(kind=Kind.DIRECTORY):
                    return _Make(target, item).directory()
                case Item():
                    return _Make(target, item).leaf()
        except _Trouble as trouble:
            code = trouble.error.errno or 0
            if left and code in _LOOK_AGAIN:
                continue
            return Refused(
                gfid=item.gfid,
                doing=trouble.doing,
                place=trouble.place,
                errno=code,
                words=trouble.error.strerror or str(trouble.error),
            )
    raise AssertionError("the last try returns")


class _Make:
    """One try to make one living item so."""

    def __init__(self, target: Target, item: Item) -> None:
        self.target, self.item = target, item
        self.displaced: list[Holder] = []
        self.strangers: list[Holder] = []
        self.changed = False
        self.created = False
        self.touched: set[Gfid] = set()

    def directory(self) -> AnyAnswer:
        item = self.item
        for place in item.names:
            with _doing("look up", place):
                holder = self.target.at(place)
            if holder is None or holder.gfid != item.gfid:
                needed = self._settle_directory(place)
                if needed is not None:
                    return needed
        self._meet_strangers()
        return self._finish()

    def _settle_directory(self, place: Place) -> NeedParent | None:
        """Bring the directory to `place`: made there, or moved from where it is now.

        Held by gfid, because two agents that create it at two places would make two directories
        with one gfid; and by place, because a rename onto an empty directory would silently destroy
        that one.
        """
        item, target = self.item, self.target
        with _doing("lock", place), target.holding(item.gfid, place):
            if self._parent_missing(place):
                return NeedParent(gfid=item.gfid, parent=place.parent)
            with _doing("look up", place):
                holder = target.at(place)
            if holder is not None and holder.gfid == item.gfid:
                return None
            with _doing("look up"):
                here = target.seen(item.gfid)
            self._check_kind(here)
            source = None if here is None else self._find_directory()
            if here is not None and source is None:
                raise _Trouble("find the present place", place, OSError(errno.ESTALE, "not found"))
            if holder is not None:
                self._move_aside(place, holder)
            if source is None:
                with _doing("create", place):
                    target.create(item, place)
                self.created = True
            else:
                with _doing("move", place):
                    target.rename(source, place)
                self.touched.add(source.parent)
        self.touched.add(place.parent)
        self.changed = True
        with _doing("look up", place):
            holder = target.at(place)
        if holder is None or holder.gfid != item.gfid:
            raise _Trouble("check", place, OSError(errno.ESTALE, "it did not get its name"))
        return None

    def _find_directory(self) -> Place | None:
        for place in (*self.item.heard, self.target.limbo(self.item.gfid)):
            holder = self.target.at(place)
            if holder is not None and holder.gfid == self.item.gfid:
                return place
        return self.target.find(self.item.gfid)

    def leaf(self) -> AnyAnswer:
        item, target = self.item, self.target
        with _doing("look up"):
            here = target.seen(item.gfid)
        self._check_kind(here)
        for index, place in enumerate(item.names):
            needed = self._give_name(place, create=here is None and index == 0)
            if needed is not None:
                return needed
        self._meet_strangers()
        if here is None and not item.names:
            words = "its names on the primary are not known, and it is not on the secondary"
            raise _Trouble("create", None, OSError(errno.ENODATA, words))
        if item.data is not None:
            with _doing("write"):
                target.write(item.gfid, item.data)
            self.changed = True
        return self._finish()

    def _check_kind(self, here: Seen | None) -> None:
        if here is not None and here.kind is not self.item.kind:
            words = (
                f"the secondary has a {here.kind} with this gfid, the primary a {self.item.kind}"
            )
            raise _Trouble("compare kinds", None, OSError(errno.ENOTSUP, words))

    def _give_name(self, place: Place, *, create: bool) -> NeedParent | None:
        item, target = self.item, self.target
        try:
            if create:
                with _doing("create", place):
                    target.create(item, place)
                self.changed = self.created = True
                self.touched.add(place.parent)
                return None
        except _Trouble as trouble:
            if trouble.error.errno not in (errno.EEXIST, errno.ENOENT):
                raise
        with _doing("look up", place):
            holder = target.at(place)
        if holder is not None and holder.gfid == item.gfid:
            return None
        if holder is None and self._parent_missing(place):
            return NeedParent(gfid=item.gfid, parent=place.parent)
        if holder is not None:
            with _doing("lock", place), target.holding(place):
                holder = target.at(place)
                if holder is not None and holder.gfid != item.gfid:
                    self._move_aside(place, holder)
        with _doing("create" if create else "link", place):
            if create:
                target.create(item, place)
            else:
                target.link(item.gfid, place)
        self.changed = True
        self.created |= create
        self.touched.add(place.parent)
        return None

    def _parent_missing(self, place: Place) -> bool:
        with _doing("look up the parent", place):
            return self.target.seen(place.parent) is None

    def _move_aside(self, place: Place, holder: Seen) -> None:
        """Bring the holder of `place`, which is held, to limbo; who it is decides the primary,
        later.
        """
        with _doing("move aside", place):
            limbo = self.target.limbo(holder.gfid)
            if holder.kind is Kind.DIRECTORY:
                self.target.rename(place, limbo)
            else:
                # Linked first, whatever other names it seems to have: another agent may take those
                # now.
                _link(self.target, holder, limbo)
                self.target.unlink(place)
        self.displaced.append(Holder(place, holder.gfid, holder.kind))
        self.changed = True

    def _meet_strangers(self) -> None:
        """Take away names it was heard under and no longer has; note who else stands there."""
        for place in self.item.heard:
            with _doing("look up", place):
                holder = self.target.at(place)
            if holder is None:
                continue
            if holder.gfid != self.item.gfid:
                self.strangers.append(Holder(place, holder.gfid, holder.kind))
            elif self.item.names and self.item.kind is not Kind.DIRECTORY:
                self._lose(place, holder)

    def _lose(self, place: Place, holder: Seen) -> bool:
        dropped = _drop(self.target, place, holder)
        if dropped:
            self.changed = True
            self.touched.add(place.parent)
        return dropped

    def _finish(self) -> AnyAnswer:
        item, target = self.item, self.target
        with _doing("look up"):
            here = target.seen(item.gfid)
        if here is None:
            raise _Trouble("look up", None, OSError(errno.ENOENT, "it vanished while it was made"))
        if item.whole and item.kind is not Kind.DIRECTORY and here.links > len(item.names):
            self._drop_unheard_names()
        if item.xattrs is not None:
            with _doing("set xattrs"):
                self.changed |= target.set_xattrs(item.gfid, item.xattrs)
                here = target.seen(item.gfid) or here
        with _doing("set attributes"):
            shall = item.attributes
            if item.data_follows:
                # A file whose size and mtime are right counts as whole; this one is not, yet.
                now = here.attributes
                shall = msgspec.structs.replace(shall, mtime=now.mtime, atime=now.atime)
            differed = target.set_attributes(item.gfid, item.kind, here.attributes, shall)
        if differed or self.changed:
            self.changed = True
            with _doing("look up"):
                here = target.seen(item.gfid) or here
        return Done(
            gfid=item.gfid,
            links=here.links,
            size=here.attributes.size,
            mtime=here.attributes.mtime,
            changed=self.changed,
            created=self.created,
            touched=_without_limbo(target, item.gfid, self.touched),
            displaced=tuple(self.displaced),
            strangers=tuple(self.strangers),
        )

    def _drop_unheard_names(self) -> None:
        """Take away its limbo name, and names that nobody spoke of, as far as the volume can tell
        them.
        """
        item, target = self.item, self.target
        with _doing("look for names too many"):
            limbo = target.limbo(item.gfid)
            holder = target.at(limbo)
            if holder is not None and holder.gfid == item.gfid:
                self._lose(limbo, holder)
            seen = target.seen(item.gfid)
            while seen is not None and seen.links > len(item.names):
                place = target.find(item.gfid, item.names)
                if place is None:
                    return
                holder = target.at(place)
                if holder is None or not self._lose(place, holder):
                    return
                seen = target.seen(item.gfid)


def _remove(target: Target, gone: Gone) -> AnyAnswer:
    """Remove every name of what is no more; leave it alone when nobody spoke of its end."""
    if not gone.lawful:
        return Done(gfid=gone.gfid, changed=False)
    touched: set[Gfid] = set()
    strangers: list[Holder] = []
    with _doing("look up"):
        seen = target.seen(gone.gfid)
        places = [*gone.heard, target.limbo(gone.gfid)] if seen is not None else list(gone.heard)
    for place in places:
        with _doing("look up", place):
            holder = target.at(place)
        if holder is None:
            continue
        if holder.gfid != gone.gfid:
            strangers.append(Holder(place, holder.gfid, holder.kind))
            continue
        answer = _end(target, gone, place, holder)
        if answer is not None:
            return answer
        touched.add(place.parent)
    with _doing("look up"):
        seen = target.seen(gone.gfid)
    while seen is not None:
        with _doing("find the present place"):
            found = target.find(gone.gfid)
            holder = target.at(found) if found is not None else None
        if found is None or holder is None or holder.gfid != gone.gfid:
            raise _Trouble("find the present place", found, OSError(errno.ESTALE, "not found"))
        answer = _end(target, gone, found, holder)
        if answer is not None:
            return answer
        touched.add(found.parent)
        with _doing("look up"):
            seen = target.seen(gone.gfid)
    return Done(
        gfid=gone.gfid,
        changed=bool(touched),
        touched=_without_limbo(target, gone.gfid, touched),
        strangers=tuple(strangers),
    )


def _without_limbo(target: Target, gfid: Gfid, parents: set[Gfid]) -> tuple[Gfid, ...]:
    """Return those of `parents` that the primary has, too."""
    return tuple(parents - {target.limbo(gfid).parent})


def _end(target: Target, gone: Gone, place: Place, holder: Seen) -> NotEmpty | None:
    if holder.kind is not Kind.DIRECTORY:
        with _doing("unlink", place):
            if not _drop(target, place, holder):
                raise OSError(errno.ESTALE, "it moved meanwhile")
        return None
    try:
        with _doing("remove directory", place), target.holding(gone.gfid, place):
            now = target.at(place)
            if now is None or now.gfid != gone.gfid:
                raise OSError(errno.ESTALE, "it moved meanwhile")
            target.rmdir(place)
    except _Trouble as trouble:
        if trouble.error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        with _doing("list", place):
            children = target.children(place)
        if not children:
            raise
        return NotEmpty(gfid=gone.gfid, children=tuple(children))
    return None


def _drop(target: Target, place: Place, seen: Seen) -> bool:
    """Unlink `place` if, under the lock, it still is a name of `seen`."""
    with target.holding(place):
        holder = target.at(place)
        if holder is None or holder.gfid != seen.gfid:
            return False
        target.unlink(place)
    return True


def _link(target: Target, seen: Seen, place: Place) -> None:
    try:
        target.link(seen.gfid, place)
    except FileExistsError:
        holder = target.at(place)
        if holder is None or holder.gfid != seen.gfid:
            raise
