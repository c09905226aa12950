"""Bring back what was put aside, and keep a copy of what has to go.

Invariants:
- nothing is put over anybody, and nobody is without a name at any moment;
- only who stands in quarantine is brought back, and never into georep's own directories;
- a file is emptied only when a copy of it, compared byte for byte, stands in quarantine;
- whose it is, is noted before that may change (`lent`).
A crash at any point leaves a state from which the same call goes on to the same end.
"""

import errno
import os
import uuid

import msgspec

from engine.gluster import objects
from engine.item import ROOT, Attributes, Gfid, Holder, Item, Kind, Piece, Place
from engine.rpc.messages import Rescue, Seen
from engine.secondary import taking
from engine.secondary.lent import Lent, noted
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble, doing

_LOOK_AGAIN = frozenset({errno.ESTALE, errno.EBUSY, errno.EEXIST, errno.ENOENT, errno.EAGAIN})
"""Somebody was faster, or the client's picture was old; a second look decides."""
_TRIES = 4
_COPIES = 100
"""Copies of one state of a file that crashes may have left unfinished."""


def restore(target: Target, holder: Holder, to: Place, lent: Lent | None = None) -> None:
    """Bring `holder` out of quarantine to the free place `to`; harmless when it stands there.

    `lent`: notes whose it is; None: its owner need not be borrowed.
    """
    for left in reversed(range(_TRIES)):
        try:
            _restore(target, holder, to, lent)
        except Trouble as trouble:
            if not left or trouble.error.errno not in _LOOK_AGAIN:
                raise
        else:
            break
    target.forget(holder.gfid)


def _restore(target: Target, holder: Holder, to: Place, lent: Lent | None) -> None:
    place, gfid = holder.place, holder.gfid
    # The root, too: while it is held no agent moves a directory.
    with doing("restore", to), target.holding(gfid, place, to, ROOT):
        if place.parent != target.shelf(gfid, "").parent:
            raise OSError(errno.EPERM, "it is not in quarantine")
        if lent is not None:
            lent.give_back(gfid)
        here, there = target.at(place), target.at(to)
        if there is not None and there.gfid != gfid:
            raise OSError(errno.EEXIST, f"{there.kind} {there.gfid} stands there")
        if here is None or here.gfid != gfid:
            if there is None:
                raise OSError(errno.ESTALE, "it is not in quarantine any more")
            return
        _check_open(target, gfid, to)
        if here.kind is Kind.DIRECTORY:
            taking.expect(there, None)
            target.rename(place, to)
        else:
            if there is None:
                # Linked first, so that there is no moment at which it has no name.
                with noted(lent, here):
                    target.link(gfid, to)
            target.unlink(place)
        taking.expect(target.at(to), here)


def _check_open(target: Target, gfid: Gfid, to: Place) -> None:
    """Raise OSError unless `to` is in a directory of the tree, and not below `gfid` itself."""
    parent = target.seen(to.parent)
    if parent is None or parent.kind is not Kind.DIRECTORY:
        raise OSError(errno.ENOENT, "its directory is not there")
    # `/.georep` itself, too, which is above both, and with it all that is below.
    aside = (target.limbo(gfid).parent, target.shelf(gfid, "").parent)
    own = {one for each in aside for one in target.above(each)} - {ROOT}
    above = target.above(to.parent)
    if gfid in above or own & set(above) or (to.parent == ROOT and objects.own(to.name)):
        raise OSError(errno.EPERM, "that is below itself, or in georep's own directories")


def rescue(target: Target, asked: Rescue) -> Gfid:
    """Put a copy of a file into quarantine, compare both, and empty the file; return the copy.

    It is emptied, not removed: of what has no byte the ordinary rules know what to do.
    """
    gfid = asked.gfid
    with doing("look up"):
        source = target.seen(gfid)
        _check_same(source, asked)
        assert source is not None, "checked"
    copy = _copied(target, source, asked.day)
    with doing("make it empty"), target.holding(gfid):
        _check_same(target.seen(gfid), asked)
        if not _equal(target, gfid, copy, asked.size):
            raise OSError(errno.ESTALE, "it is not what was copied any more")
        target.write(gfid, b"")
    return copy


def _check_same(seen: Seen | None, asked: Rescue) -> None:
    if seen is None or seen.kind is not Kind.FILE:
        raise OSError(errno.ESTALE, "there is no such file any more")
    if (seen.attributes.size, seen.attributes.mtime) != (asked.size, asked.mtime):
        raise OSError(errno.ESTALE, "it has changed since it was looked at")


def _copied(target: Target, source: Seen, day: str) -> Gfid:
    """Return a whole copy of `source` in quarantine: one that is there, or a new one.

    Its gfid comes from what is copied, so that a second call finds it; what a crash left
    unfinished is nobody's, and is neither written over nor counted.
    """
    shown = source.attributes
    for number in range(_COPIES):
        words = f"copy {number} of {source.gfid} {shown.size} {shown.mtime}"
        # Version 5, made from words: GlusterFS gives no object such a gfid.
        copy = Gfid(str(uuid.uuid5(uuid.NAMESPACE_OID, words)))
        with doing("copy"):
            if _made(target, copy, shown, day):
                target.copy_file(source.gfid, copy)
                _set_times(target, copy, shown)
            # The times are set last; without them it may lack its owner, and xattrs, too.
            done = target.seen(copy)
            finished = done is not None and done.attributes.mtime == shown.mtime
            if finished and _equal(target, source.gfid, copy, shown.size):
                return copy
    raise Trouble("copy", None, OSError(errno.EIO, "no copy of it is equal to it"))


def _made(target: Target, copy: Gfid, shown: Attributes, day: str) -> bool:
    shelf = target.shelf(copy, day)
    with target.holding(copy, shelf):
        if target.seen(copy) is not None:
            return False
        attributes = msgspec.structs.replace(shown, size=0)
        item = Item(
            gfid=copy, kind=Kind.FILE, names=(shelf,), attributes=attributes, data_follows=True
        )
        target.create(item, shelf)
    return True


def _set_times(target: Target, copy: Gfid, shown: Attributes) -> None:
    now = target.seen(copy)
    if now is None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    target.set_attributes(copy, Kind.FILE, now.attributes, shown)


def _equal(target: Target, gfid: Gfid, copy: Gfid, size: int) -> bool:
    there = target.seen(copy)
    if there is None or there.kind is not Kind.FILE or there.attributes.size != size:
        return False
    ours, theirs = (target.digest(Piece(one, 0, size + 1)) for one in (gfid, copy))
    return ours is not None and ours == theirs
