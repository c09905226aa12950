"""Look: what is this gfid on the primary now? On the own brick where the brick knows, on the mount
otherwise.

The brick has a handle for every object it holds, all names of a file as xattrs, and the one place
of a directory as the handle's link target. The xattrs can be stale (a name lost to a rename over it
stays), so each name is checked by its inode. What the brick does not have, or not in full, the
mount is asked; gone is only what the mount, with every subvolume up, twice does not know.

All calls block: run them in threads.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.errors import Retry
from engine.gluster import agreed, objects, reading, recorded, xattrs
from engine.gluster import gfid as gfids
from engine.gluster.gfid import NotAGfid
from engine.gluster.objects import Scope
from engine.gluster.xattrs import Malformed
from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.plan.dirty import Dirty, Why
from engine.plan.items import Absent, Alive, Truth, Unclear
from engine.primary.trash import Trash

_AWAY = frozenset({errno.ENOENT, errno.ESTALE, errno.ELOOP, errno.ENOTDIR})
"""Not there, or not to be reached by handles: paths through more than 40 of them are refused
(ELOOP).
"""
CUT_OFF = frozenset({errno.ENOTCONN, errno.ECONNABORTED, errno.ESHUTDOWN, errno.ETIMEDOUT})
"""It is the mount that does not work, whatever is asked of it."""


AGAIN = 0.02
"""Seconds until who is gone is looked at again. A rebalance makes a file of the pointer on the new
brick, and then, some milliseconds later, a pointer of the file. Asked at once, both can answer when
they have the pointer; where a third one has nothing, that counts as ENOENT.
"""
SOON = 1.0
"""Seconds in which a subvolume that is down cannot be up again: a client that lost a brick tries it
anew after three.
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where to look."""

    brick: bytes
    """The brick's root."""
    mount: bytes
    """Root of an aux-gfid mount of the same volume."""
    whole: bool = True
    """The brick has whole files: not on disperse, not on an arbiter."""
    behind: bool = False
    """The brick may wait for heals: what it has is only believed where the mount shows the same."""
    scope: Scope = objects.ALL
    """Which xattrs are looked at."""
    pieces: bool = False
    """The volume keeps files in pieces."""


def look(sight: Sight, gfid: Gfid, dirty: Dirty) -> Truth:
    """Return what `gfid` is on the primary now; Retry when the volume cannot say.

    Unclear when it cannot say it of this one object, though all of it is up.
    """
    return look_at(sight, [(gfid, dirty)])[0]


def look_at(sight: Sight, part: Sequence[tuple[Gfid, Dirty]]) -> list[Truth]:
    """Look at each of `part`, and again at who is gone; whether all of the volume is up is asked
    once, after the last, or, when that was long after the first, of each who is gone.
    """
    trash = Trash(sight.brick)
    found = [_look(sight, gfid, dirty, trash) for gfid, dirty in part]
    if not any(isinstance(one, Absent) for one in found):
        return found
    time.sleep(AGAIN)
    began = time.monotonic()
    found = [
        _look(sight, *asked, trash) if isinstance(one, Absent) and not one.had else one
        for one, asked in zip(found, part, strict=True)
    ]
    if not subvolumes_up(sight.mount):
        raise Retry(
            "a part of the primary volume is down, so nobody can say what is gone",
            cause="brick down",
            fix="See which brick: gluster volume status",
        )
    if len(part) == 1 or time.monotonic() - began < SOON:
        return found
    # A part of it may have been down when the first were looked at, and have come back since.
    return [
        look(sight, *asked) if isinstance(one, Absent) else one
        for one, asked in zip(found, part, strict=True)
    ]


def _look(sight: Sight, gfid: Gfid, dirty: Dirty, trash: Trash) -> Truth:
    """Absent is only so when every subvolume is up afterwards."""
    try:
        found = _on_brick(sight, gfid, dirty, trash)
        if isinstance(found, Absent):
            return found
        if found is None or sight.behind:
            found = _on_mount(sight, gfid, dirty, found)
    except OSError as error:
        if error.errno in CUT_OFF or not subvolumes_up(sight.mount):
            raise
        return Unclear(gfid, error.errno or 0, error.strerror or str(error))
    except Malformed as error:
        return Unclear(gfid, errno.EINVAL, error.words)
    return Absent(gfid) if found is None else found


def subvolumes_up(mount: bytes) -> bool:
    """Whether every subvolume of the mounted volume answers."""
    return reading.whole(mount)


def path(sight: Sight, place: Place) -> bytes:
    """Return where `place` is below the volume's root, for people; as far up as the brick knows."""
    places = way(sight, place)
    top = places[-1].parent
    parts = [each.name for each in places]
    if top != ROOT:
        parts += [top.encode(), b".gfid"]
    return b"/".join(reversed(parts))


def way(sight: Sight, place: Place) -> list[Place]:
    """Return `place` and those of the directories above it, as far up as the brick knows."""
    places = [place]
    while places[-1].parent != ROOT and len(places) < 1000:
        try:
            link = os.readlink(sight.brick + b"/" + gfids.handle(places[-1].parent))
            above = gfids.handle_link(link)
        except (OSError, NotAGfid):
            above = None
        if above is None:
            break
        places.append(above)
    return places


def placed(sight: Sight, gfid: Gfid) -> float | None:
    """Return when a directory came to where it stands, in seconds since the epoch by the own
    brick's clock; None when that does not have it.

    Its handle is a link to its place, and made anew with each move.
    """
    try:
        return os.lstat(sight.brick + b"/" + gfids.handle(gfid)).st_ctime
    except OSError as error:
        if error.errno in _AWAY:
            return None
        raise


def own_directories(brick: bytes) -> list[Gfid]:
    """Return the directories in the root that belong to GlusterFS, or to georep, and are not
    replicated: the trash also before there is one.
    """
    found = [objects.TRASH]
    with os.scandir(brick) as entries:
        for entry in entries:
            if objects.own(entry.name):
                gfid = xattrs.gfid(entry.path)
                if gfid is not None and gfid not in found:
                    found.append(gfid)
    return found


def below(sight: Sight, gfid: Gfid) -> list[Gfid]:
    """Return a directory, and all that the own brick has in it and in those below it."""
    found = [gfid]
    for path, folders, others in os.walk(sight.brick + b"/" + gfids.handle(gfid)):
        for name in (*folders, *others):
            # What went away meanwhile has a record of that.
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, NotAGfid):
                one = xattrs.gfid(path + b"/" + name)
                found += [] if one is None else [one]
    return found


def _on_brick(sight: Sight, gfid: Gfid, dirty: Dirty, trash: Trash) -> Alive | Absent | None:
    handle = sight.brick + b"/" + gfids.handle(gfid)
    try:
        status = os.lstat(handle)
        if stat.S_ISLNK(status.st_mode) and xattrs.get(handle, xattrs.GFID) is None:
            return _directory(sight, gfid, os.readlink(handle), dirty)
        values = xattrs.get_all(handle)
    except OSError as error:
        if error.errno in _AWAY:
            return None
        raise
    except NotAGfid:
        return None
    if xattrs.LINKTO in values and stat.S_IMODE(status.st_mode) & stat.S_ISVTX:
        return None
    places = present(sight.brick, status, values)
    if not places and _removed(sight, status, values, trash):
        return Absent(gfid, had=True)
    if len(places) != status.st_nlink - 1 or not sight.whole:
        return None
    kind = objects.kind(status.st_mode)
    try:
        mode = _shown_mode(sight, gfid, status)
    except FileNotFoundError:
        return None
    return Alive(
        gfid=gfid,
        kind=kind,
        places=places,
        whole=True,
        attributes=_shown(status, values, mode),
        changed=status.st_ctime_ns,
        target=os.readlink(handle) if kind is Kind.SYMLINK else b"",
        xattrs=objects.that_travel(values, sight.scope) if dirty.why & Why.ATTRIBUTES else None,
    )


def _held(sight: Sight, gfid: Gfid) -> bool:
    """Whether the own brick has more of a file than a pointer to another brick."""
    handle = sight.brick + b"/" + gfids.handle(gfid)
    try:
        return not (stat.S_ISVTX & os.lstat(handle).st_mode and xattrs.get(handle, xattrs.LINKTO))
    except FileNotFoundError:
        return False


def present(brick: bytes, status: os.stat_result, values: dict[bytes, bytes]) -> tuple[Place, ...]:
    """Return those recorded names of a file on a brick that still lead to this inode."""
    places = []
    for place in recorded.names(values):
        try:
            there = os.lstat(brick + b"/" + gfids.below_handle(place))
        except OSError as error:
            if error.errno in _AWAY:
                continue
            raise
        if there.st_ino == status.st_ino:
            places.append(place)
    return tuple(places)


def _recorded_of(sight: Sight, gfid: Gfid) -> list[Place]:
    """Return the names that the own brick has recorded of a file that only the mount can tell of:
    that tells one name of it, if any.
    """
    try:
        return list(recorded.names(xattrs.get_all(sight.brick + b"/" + gfids.handle(gfid))))
    except OSError as error:
        if error.errno in _AWAY:
            return []
        raise


def _removed(
    sight: Sight, status: os.stat_result, values: dict[bytes, bytes], trash: Trash
) -> bool:
    """Whether what has none of its recorded names stands in the trash, by the only name it has.

    A brick that waits for heals does not know what became of it since.
    """
    noted = any(name.startswith(xattrs.GFID2PATH) for name in values)
    only = status.st_nlink == 2 and not sight.behind
    return noted and only and trash.holds(status.st_ino)


def _shown_mode(sight: Sight, gfid: Gfid, status: os.stat_result) -> int:
    """Return the mode as mounts show it.

    setgid and sticky together are also how DHT marks a file that it migrates, so mounts of
    distributed volumes hide the two, whoever set them.
    """
    both = stat.S_ISGID | stat.S_ISVTX
    if stat.S_ISREG(status.st_mode) and status.st_mode & both == both:
        return agreed.look(sight.mount + b"/" + gfids.aux(gfid), pieces=sight.pieces)[1].st_mode
    return status.st_mode


def _shown(status: os.stat_result, values: dict[bytes, bytes], mode: int) -> Attributes:
    """Return the attributes as mounts show them, with the times that GlusterFS keeps."""
    shown = objects.attributes(status)
    times = values.get(xattrs.MDATA)
    mdata = None if times is None else xattrs.unpack_mdata(times)
    return Attributes(
        mode=mode,
        uid=shown.uid,
        gid=shown.gid,
        size=shown.size,
        mtime=shown.mtime if mdata is None else mdata.mtime,
        atime=shown.atime if mdata is None else mdata.atime,
        rdev=shown.rdev,
    )


def _directory(sight: Sight, gfid: Gfid, link: bytes, dirty: Dirty) -> Alive | None:
    """A directory's place is the brick's to say; its times only the mount knows, each subvolume has
    others.
    """
    place = gfids.handle_link(link)
    try:
        held, status = agreed.look(sight.mount + b"/" + gfids.aux(gfid), pieces=sight.pieces)
        values = objects.travelling(held, sight.scope) if dirty.why & Why.ATTRIBUTES else None
    except OSError as error:
        if error.errno in _AWAY:
            return None
        raise
    return Alive(
        gfid=gfid,
        kind=Kind.DIRECTORY,
        places=() if place is None else (place,),
        whole=True,
        shared=True,
        attributes=objects.attributes(status),
        xattrs=values,
    )


def _on_mount(sight: Sight, gfid: Gfid, dirty: Dirty, older: Alive | None) -> Alive | None:
    """Ask the volume; `older` is what the own brick has, which may be no longer so."""
    try:
        held, status = agreed.look(sight.mount + b"/" + gfids.aux(gfid), pieces=sight.pieces)
        kind = objects.kind(status.st_mode)
        told = xattrs.get(held, b"glusterfs.gfid2path")
        values = objects.travelling(held, sight.scope) if dirty.why & Why.ATTRIBUTES else None
        target = held.target() if kind is Kind.SYMLINK else b""
    except OSError as error:
        if error.errno in _AWAY:
            return None
        raise
    guesses: list[Place] = [] if kind is Kind.DIRECTORY else list(dirty.heard)
    guesses += _recorded_of(sight, gfid) if older is None else older.places
    if told is not None and gfid != ROOT:
        walked = _walk(sight, told)
        guesses += [walked] if walked is not None else []
    places = _confirmed(sight, gfid, dict.fromkeys(guesses))
    if not places and told is not None:
        places = _healed_away(sight, told)
    away = not places and kind is not Kind.DIRECTORY and sight.whole and not _held(sight, gfid)
    return Alive(
        gfid=gfid,
        kind=kind,
        places=places,
        whole=_whole(sight, kind, status, places, older),
        attributes=objects.attributes(status),
        target=target,
        xattrs=values,
        shared=older is None or older.shared,
        away=away,
        changed=status.st_ctime_ns,
        unnamed=0 if kind is Kind.DIRECTORY else max(0, status.st_nlink - len(places)),
    )


def _whole(
    sight: Sight,
    kind: Kind,
    status: os.stat_result,
    places: tuple[Place, ...],
    older: Alive | None,
) -> bool:
    """Whether `places` are all its names.

    What the own brick has, and nobody confirms a name of, was renamed or has ended, and is still to
    be healed there: it is changed where it stands on the secondary, for no record of this change
    will come again.
    """
    if kind is Kind.DIRECTORY:
        return bool(places) or older is None
    # Of a name that waits for a heal in its directory the link count may not know yet.
    return len(places) == status.st_nlink and not sight.behind


def _confirmed(sight: Sight, gfid: Gfid, guesses: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(place for place in guesses if _holder(sight, place) == gfid)


def _walk(sight: Sight, path: bytes) -> Place | None:
    """Turn a path from the volume's root into a place; None also for one where heals put things."""
    parts = _parts(path)
    return None if objects.healed_away(parts[0]) else _below(sight, ROOT, parts)


def _parts(path: bytes) -> list[bytes]:
    return path.rstrip(b"\0").strip(b"/").split(b"/")


def _below(sight: Sight, parent: Gfid, parts: Sequence[bytes]) -> Place | None:
    *above, name = parts
    for part in above:
        holder = _holder(sight, Place(parent, part))
        if holder is None:
            return None
        parent = holder
    return Place(parent, name) if name else None


def _healed_away(sight: Sight, path: bytes) -> tuple[Place, ...]:
    """Return the place that `path` tells if a heal has put it there: below a directory that no
    mount lets anybody into by name, and whose children are named by their gfids.
    """
    top, *inner = _parts(path)
    if not objects.healed_away(top) or not inner:
        return ()
    first, *others = inner
    if others:
        try:
            place = _below(sight, gfids.from_text(first), others)
        except NotAGfid:
            return ()  # whoever put that there, it was no heal
        return () if place is None else (place,)
    aside = xattrs.gfid(sight.brick + b"/" + top)
    return () if aside is None else (Place(aside, first),)


def _holder(sight: Sight, place: Place) -> Gfid | None:
    try:
        raw = xattrs.get(sight.mount + b"/" + gfids.aux_place(place), b"glusterfs.gfid")
    except OSError as error:
        if error.errno in _AWAY or error.errno == errno.EPERM:
            return None
        raise
    return None if raw is None else gfids.from_raw(raw[:16])
