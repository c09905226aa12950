"""Glance at objects on the own brick: some microseconds each, to see whether anything changed.

All calls block: run them in threads.
"""

import os
import stat
from collections.abc import Sequence

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.gluster.xattrs import Malformed
from engine.item import Gfid
from engine.plan.ahead import Glance
from engine.primary.truth import Sight


def glance(sight: Sight, gfid: Gfid) -> Glance | None:
    """Return what the own brick has under `gfid`; None when that is nothing, or not the object."""
    handle = sight.brick + b"/" + gfids.handle(gfid)
    try:
        status = os.lstat(handle)
        if stat.S_ISLNK(status.st_mode) and status.st_nlink == 1:
            # The handle of a directory; a symbolic link has a name besides.
            status = os.stat(handle)
    except OSError:
        return None
    directory = stat.S_ISDIR(status.st_mode)
    pointer = stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == stat.S_ISVTX
    if stat.S_ISLNK(status.st_mode) and status.st_nlink == 1:
        return None
    if pointer or not sight.whole:
        return None
    entries = directory and status.st_ctime_ns == status.st_mtime_ns
    return Glance(status.st_ino, status.st_ctime_ns, status.st_size, directory, entries)


def agreeing(sight: Sight, gfid: Gfid) -> Glance | None:
    """Glance at a file of which content is going to be read through the mount.

    Another replica may not have yet what ours has; read from there, the content would be older than
    the glance, and nothing on our brick would ever tell.
    """
    found = glance(sight, gfid)
    if found is None or found.directory:
        return found
    try:
        shown = os.lstat(sight.mount + b"/" + gfids.aux(gfid))
        handle = sight.brick + b"/" + gfids.handle(gfid)
        times = xattrs.get(handle, xattrs.MDATA)
        ours = os.lstat(handle).st_mtime_ns if times is None else xattrs.unpack_mdata(times).mtime
    except (OSError, Malformed):
        return found._replace(agrees=False)
    return found._replace(agrees=(shown.st_size, shown.st_mtime_ns) == (found.size, ours))


def glances(sight: Sight, wanted: Sequence[Gfid], contents: frozenset[Gfid]) -> list[Glance | None]:
    """Glance at all of `wanted`; at those in `contents` with what the mount shows."""
    return [(agreeing if gfid in contents else glance)(sight, gfid) for gfid in wanted]
