"""Directories of a mounted volume, made and moved where the client may remember another one."""

import errno
import os
import time

from engine.item import ROOT, Gfid, Item, Place
from engine.secondary.gluster_objects import Objects
from engine.secondary.trouble import FULL
from engine.secondary.used import Used

_NOTHING = frozenset({*FULL, errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOENT})
"""What is said where nothing was made, and nobody was met."""
_PAUSES = (0.05, 0.05, 0.1, 0.1, 0.2, 0.5, 1.0, 1.0)
"""Seconds between two looks at a new directory. Each brick moves a directory by itself, and while
another agent moves this one, on bricks that have much to do, one tells where it was, and another
has somebody else there; who is taken for another stays so.
"""


class Directories:
    """Those that one mount has made, or moved."""

    def __init__(self, found: Objects, limbo: Gfid) -> None:
        """`limbo`: the directory in which a new one can be made first."""
        self._objects, self._limbo = found, limbo
        self._used = Used()
        """Places where this mount has made a directory, was told that one is, or moved one away."""

    def make(self, item: Item, place: Place) -> None:
        """Make a directory, in limbo first where the client may remember another one.

        Where it has made one before, and another client moved that away, it takes the new one for
        the old one, one time in ten and for as long as it knows that: whatever then goes by the new
        gfid works in the old directory. Under its own gfid none ever stood.
        """
        if place in self._used:
            limbo = Place(self._limbo, item.gfid.encode("ascii"))
            self._objects.new(item, limbo)
            self.move(limbo, place)
        else:
            try:
                self._objects.new(item, place)
            except OSError as error:
                # This mount may remember the one that another agent had made, or its own.
                if error.errno not in _NOTHING:
                    self._used.add(place)
                raise
            self._used.add(place)
        self._check_found(item.gfid, place)

    def _check_found(self, gfid: Gfid, place: Place) -> None:
        """Give the mount up, and raise ESTALE, if a new directory is taken for another one: if the
        path that the volume tells of it leads to somebody else, each time.
        """
        taken: Gfid | None = None
        for pause in (0.0, *_PAUSES):
            time.sleep(pause)
            try:
                taken = self._taken_for(gfid, place)
            except OSError as error:
                # What is above moves, or ends.
                if error.errno not in (errno.ESTALE, errno.ENOENT):
                    raise
            else:
                if taken is None:
                    return
        if taken is not None:
            self._objects.lost = (
                f"the GlusterFS client takes the new directory {gfid} for {taken}; "
                "a new mount does not"
            )
            self._objects.check_usable()

    def _taken_for(self, gfid: Gfid, place: Place) -> Gfid | None:
        """Return whom the path that is told of a new directory leads to, if that is another one."""
        told = self._path_told(gfid)
        if not told or told == self._path_told(place.parent) + b"/" + place.name:
            return None
        # Somebody may be moving what is above.
        walked = self._objects.walk(told)
        return walked[-1].gfid if walked and walked[-1].gfid != gfid else None

    def move(self, source: Place, place: Place) -> None:
        """Move a directory to a place that is free, and not below itself.

        The kernel wants the very source path looked up just before, else ESTALE. Below itself,
        GlusterFS says EINVAL and has lost the directory's handle on one brick.
        """
        path = self._objects.path_of(source)
        os.lstat(path)
        self._used.add(source)
        os.rename(path, self._objects.path_of(place))

    def _path_told(self, gfid: Gfid) -> bytes:
        if gfid == ROOT:
            return b""
        return self._objects.told(self._objects.path(gfid), b"glusterfs.gfid2path").split(b"\0")[0]
