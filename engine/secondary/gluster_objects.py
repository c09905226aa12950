"""The objects of a mounted volume, by `.gfid` paths only: found, asked, made.

Real paths and `.gfid` paths must not be mixed: a directory has one place in the kernel's name
cache, and whoever moves it by one form finds it stale by the other. So everything here goes by
`.gfid/<parent>/<name>`; only `/.georep` itself, which never moves, and the root are called by name.
"""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from engine.gluster import agreed, newfile, reading, recorded, xattrs
from engine.gluster import gfid as gfids
from engine.gluster.held import Held
from engine.item import ROOT, Gfid, Holder, Item, Kind, Place
from engine.rpc.messages import Seen
from engine.secondary import attributes
from engine.secondary.notes import Notes
from engine.secondary.parents import Parents

Answer = TypeVar("Answer")


class Objects:
    """What an aux-gfid mount leads to; may be asked from many threads."""

    def __init__(
        self,
        root: bytes,
        second: Callable[[], bytes],
        bricks: Sequence[bytes] = (),
        *,
        pieces: bool = False,
    ) -> None:
        """`root`: the mount; `second` gives another one like it; `bricks`: those of this node;
        `pieces`: the volume keeps files in pieces.
        """
        self.root, self._second, self._pieces = root, second, pieces
        self._bricks, self._asked = bricks, Notes(root, "asked")
        # Kept open, so that the kernel does not ask for it again with every path below it.
        self._below = os.open(root + b"/.gfid", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._gfids = b"/proc/self/fd/%d/" % self._below
        self.parents = Parents(self._gfids)
        self._hands = threading.local()
        self.lost = ""
        """Why this mount must not be used any more; empty while it can be."""

    def close(self) -> None:
        """Let go of everything; no call may be under way."""
        self.parents.close()
        os.close(self._below)

    def check_usable(self) -> None:
        """Raise ESTALE once the mount is given up: what is done by a gfid may hit another one."""
        if self.lost:
            raise OSError(errno.ESTALE, self.lost)

    def path(self, gfid: Gfid) -> bytes:
        """Return the path that leads to an object by its gfid."""
        return self._gfids + gfid.encode("ascii")

    def path_of(self, place: Place) -> bytes:
        """Return the path that leads to a place."""
        return self._gfids + place.parent.encode("ascii") + b"/" + place.name

    def where(self, gfid: Gfid) -> bytes | Held:
        """Return the object if this thread holds it, and its path if not."""
        return self._hand().get(gfid) or self.path(gfid)

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Within, this thread finds each file once by its gfid, and holds it.

        Nothing else: each look by its path is a lookup, with which DHT mends a directory, and finds
        out that what was a file once is one by now.
        """
        self._hands.own = {}
        try:
            yield
        finally:
            del self._hands.own

    def _hand(self) -> dict[Gfid, Held]:
        """Return what the thread holds; outside of `at_hand`, for one call only."""
        found: dict[Gfid, Held] | None = getattr(self._hands, "own", None)
        return {} if found is None else found

    def seen(self, gfid: Gfid) -> Seen | None:
        """Return what stands under `gfid`, wherever that is."""
        self.check_usable()
        hand = self._hand()
        if gfid in hand:
            try:
                return attributes.seen_at(gfid, hand[gfid])
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ESTALE):
                    raise
                # What was held has ended; the gfid may be another's by now.
                del hand[gfid]
        try:
            held, status, sure = agreed.look_to_change(self.path(gfid), pieces=self._pieces)
        except FileNotFoundError:
            return None
        found = attributes.seen(gfid, status, links=status.st_nlink)
        if found.kind is Kind.FILE and sure:
            hand[gfid] = held
        return found

    def at(self, place: Place) -> Seen | None:
        """Return who stands at `place`; None also when its parent is missing or no directory."""
        self.check_usable()
        try:
            with self.parents.within(place.parent) as path:
                name = path + place.name
                held, status, _ = agreed.look_to_change(name, pieces=self._pieces)
            raw = xattrs.get(held, b"glusterfs.gfid")
        except (FileNotFoundError, NotADirectoryError):
            return None
        if raw is None:
            return None
        return attributes.seen(gfids.from_raw(raw[:16]), status, links=status.st_nlink)

    def points(self, gfid: Gfid) -> bytes:
        """Return where a symlink points."""
        return self.anew(gfid, lambda: os.readlink(self.path(gfid)))

    def new(self, item: Item, place: Place) -> None:
        """Have the volume make what `item` says at `place`: root's, empty, and with its gfid."""
        self.check_usable()
        value = newfile.blob(item, place.name)
        with self.parents.within(place.parent, changing=True) as path:
            xattrs.put(path, newfile.XATTR, value)

    def find(self, gfid: Gfid) -> list[Place]:
        """Return present places of `gfid`: all that a brick of this node has recorded, and if there
        is none, what the volume tells. Each is looked at.

        For hard links the volume tells paths joined by colons, which names may have, too.
        """
        here = [at for at in recorded.names_on(self._bricks, gfid) if self._stands(gfid, at)]
        if here:
            return here
        path = self.path(gfid)
        told = self.told(path, b"glusterfs.gfid2path").split(b"\0")
        told += self._all_told(gfid, path).rstrip(b"\0").split(b":")
        found: dict[Place, None] = {}
        for one in dict.fromkeys(told):
            walked = self.walk(one)
            if walked and walked[-1].gfid == gfid:
                found[walked[-1].place] = None
        return list(found)

    def _stands(self, gfid: Gfid, place: Place) -> bool:
        seen = self.at(place)
        return seen is not None and seen.gfid == gfid

    def _all_told(self, gfid: Gfid, path: bytes) -> bytes:
        """Return all paths that the volume tells of `gfid`; each object is asked for them once.

        A brick dies of the question (10.3), and its replicas after it, if it has a name recorded in
        a directory that is gone: one that was renamed over, of a file that has others. A note says
        that nobody answered, so that it is not asked for again.
        """
        try:
            folder = stat.S_ISDIR(os.lstat(path).st_mode)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE):
                return b""
            raise
        if folder:
            return self.told(path, b"glusterfs.gfidtopath")
        if self._asked.get(gfid):
            return b""
        self._asked.keep(gfid, b"who is asked for all paths of this one may die of it\n")
        try:
            answer = self.told(path, b"glusterfs.gfidtopath")
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                self._asked.drop(gfid)
            raise
        self._asked.drop(gfid)
        return answer

    def above(self, gfid: Gfid) -> list[Gfid]:
        """Return a directory and those above it."""
        if gfid == ROOT:
            return [ROOT]
        told = self.told(self.path(gfid), b"glusterfs.gfid2path").split(b"\0")
        walked = self.walk(told[0])
        if not walked or walked[-1].gfid != gfid:
            raise OSError(errno.ESTALE, "the volume cannot tell where it is")
        return [ROOT, *(holder.gfid for holder in walked)]

    def told(self, path: bytes, name: bytes) -> bytes:
        """Return what the volume tells of a path under the xattr `name`; nothing if it cannot."""
        try:
            return xattrs.get(path, name) or b""
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESTALE, errno.ERANGE, errno.ENOTSUP):
                return b""
            raise

    def walk(self, path: bytes) -> list[Holder]:
        """Return who stands at each step of a path from the volume's root; nothing if one is free.

        Step by step, by gfids: real paths of what was moved are stale on this mount.
        """
        walked: list[Holder] = []
        parent = ROOT
        for part in path.strip(b"/").split(b"/"):
            place = Place(parent, part)
            seen = self.at(place) if part else None
            if seen is None:
                return []
            walked.append(Holder(place, seen.gfid, seen.kind))
            parent = seen.gfid
        return walked

    def names(self, place: Place) -> list[bytes] | None:
        """List a directory by its place, for `.gfid/<gfid>` itself cannot be listed; None when
        there is none.

        Nor can the place, on a mount that looked for the directory by its gfid while a brick was
        without it, as when another agent makes it: its client then takes the two for one as long as
        it knows the directory. Another mount does not.
        """
        try:
            return reading.names(self.root, place)
        except OSError as error:
            if error.errno != errno.ENOTSUP:
                raise
        return reading.names(self._second(), place)

    def children(self, place: Place, most: int) -> list[Holder]:
        """List a directory by its place; `most` of its children will do."""
        holder = self.at(place)
        if holder is None:
            return []
        found = []
        for name in self.names(place) or ():
            inner = Place(holder.gfid, name)
            child = self.at(inner)
            if child is not None:
                found.append(Holder(inner, child.gfid, child.kind))
            if len(found) == most:
                break
        return found

    def anew(self, gfid: Gfid, act: Callable[[], Answer]) -> Answer:
        """Do `act`, and once more where the client still has an older object under this gfid.

        It had seen it, and another client has removed it: then calls say ESTALE for ever. Measured:
        looking up, opening, linking and waiting do not help; listing the directory it is in does.
        """
        try:
            return act()
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise
        self._hand().pop(gfid, None)
        for place in self.find(gfid):
            if place.parent == ROOT:
                os.listdir(self.root)
            for parent in self.find(place.parent):
                self._list_here(parent)
        return act()

    def _list_here(self, place: Place) -> None:
        """List a directory on this very mount, which is given up if it cannot: see `names`."""
        try:
            os.listdir(self.path_of(place))
        except OSError as error:
            if error.errno != errno.ENOTSUP:
                raise
            self.lost = (
                f"the GlusterFS client cannot list {os.fsdecode(place.name)!r} in {place.parent}; "
                "a new mount can"
            )
            self.check_usable()
