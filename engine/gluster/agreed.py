"""The attributes of an object of a mount, as a look-up and a question of them agree on them.

While a replica waits for a heal, AFR has a look-up tell what the good copy has; who then asks for
the attributes, as stat(2) does, is sent to any copy with the right *content*, and that can have an
old mode, owner or time. A look-up alone will not do either: of two replies of the same object that
cross, the kernel drops the one that was asked for last. And of a split brain it tells nothing.
"""

import errno
import os
import stat
from typing import NamedTuple

from engine.gluster import statx
from engine.gluster.held import Held

LOOKS = 3
"""Times that an object is looked at of which the two do not agree."""


class Told(NamedTuple):
    """What must agree."""

    mode: int
    uid: int
    gid: int
    size: int
    """In bytes; 0 of a directory."""
    mtime: int
    """In nanoseconds since the epoch."""


def look(path: bytes) -> tuple[Held, os.stat_result]:
    """Return the object at `path`, held, and its attributes; no symlink is followed.

    OSError when it cannot be asked, and EBUSY when no copy of it is good as a whole.
    """
    found: list[Told] = []
    asked: list[Told] = []
    while True:
        held = Held(path)
        looked_up, status = statx.known(held.file), held.status()
        looked_up = shown(looked_up, status)
        found.append(_told(looked_up))
        asked.append(_told(status))
        if found[-1] == asked[-1]:
            return held, status
        if len(found) == LOOKS:
            break
    if scattered(found, asked):
        words = "heals of its content and of its attributes are pending, each on another brick"
        raise OSError(errno.EBUSY, words, path)
    # What crossed, or changed in between, is not the same a third time.
    return held, looked_up


def shown(found: os.stat_result, asked: os.stat_result) -> os.stat_result:
    """Return what was looked up, without setgid and sticky where a mount hides the two: DHT marks
    so what it migrates, and strips them from answers, but not from look-ups.
    """
    both = stat.S_ISGID | stat.S_ISVTX
    told = found.st_mode & both == both and asked.st_mode & both != both
    if not told or not stat.S_ISREG(found.st_mode):
        return found
    return statx.with_mode(found, found.st_mode & ~both)


def scattered(found: list[Told], asked: list[Told]) -> bool:
    """Whether one copy has the attributes, and another one the content: all look-ups told the same,
    and all questions something else, another size, too.

    A copy that waits for a heal of its attributes alone has the size of the good one.
    """
    still = len(set(found)) == len(set(asked)) == 1
    return still and found[0].size != asked[0].size


def _told(status: os.stat_result) -> Told:
    size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    return Told(status.st_mode, status.st_uid, status.st_gid, size, status.st_mtime_ns)
