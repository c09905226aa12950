"""The attributes of an object of a mount, as a look-up and a question of them agree on them.

While a replica waits for a heal, AFR has a look-up tell what the good copy has; who then asks for
the attributes, as stat(2) does, is sent to any copy with the right *content*, and that can have an
old mode, owner or time. A look-up alone will not do either: of two replies of the same object that
cross, the kernel drops the one that was asked for last. And of a split brain it tells nothing.

Where a volume keeps files in pieces (features.shard), look-ups of our clients tell sizes and times
as they were once: there those are asked for alone.
"""

import errno
import os
import stat
from typing import NamedTuple

from engine.gluster import objects, statx
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


class Looked(NamedTuple):
    """An object that was looked at, however often that took."""

    held: Held
    status: os.stat_result
    """What is true of it; of what is scattered, the attributes, and not the size."""
    asked: os.stat_result
    """What the last question told: its size is always that of the right content."""
    sure: bool
    """Whether look-up and question agreed in the end."""
    scattered: bool = False
    """Whether one copy has the right attributes, and another one the right content."""


def look(path: bytes, *, pieces: bool = False) -> tuple[Held, os.stat_result]:
    """Return the object at `path`, held, and its attributes; no symlink is followed. `pieces`: the
    volume keeps files in pieces.

    OSError when it cannot be asked, and EBUSY when no copy of it is good as a whole.
    """
    found = looked(path, pieces=pieces)
    if found.scattered:
        words = "heals of its content and of its attributes are pending, each on another brick"
        raise OSError(errno.EBUSY, words, path)
    return found.held, found.status


def look_to_change(path: bytes, *, pieces: bool = False) -> tuple[Held, os.stat_result, bool]:
    """Return the same for whoever will make it other than it is, and whether it is sure.

    A time that nobody can tell is one that differs from all others: what shall have a time is given
    it then, and its content once more. Who is not sure must not be asked again without a look-up.
    """
    found = looked(path, pieces=pieces)
    status = found.status
    if found.scattered:
        same = found.asked.st_mtime_ns == status.st_mtime_ns
        mtime = status.st_mtime_ns if same else objects.NO_TIME
        status = statx.altered(status, size=found.asked.st_size, mtime=mtime)
    return found.held, status, found.sure


def looked(path: bytes, *, pieces: bool = False) -> Looked:
    """Look until look-up and question agree, `LOOKS` times at the most; OSError as for `look`."""
    found: list[Told] = []
    asked: list[Told] = []
    while True:
        held = Held(path)
        looked_up, status = statx.known(held.file), held.status()
        looked_up = shown(looked_up, status)
        if pieces:
            looked_up = statx.altered(looked_up, size=status.st_size, mtime=status.st_mtime_ns)
        found.append(_told(looked_up))
        asked.append(_told(status))
        if found[-1] == asked[-1]:
            return Looked(held, status, status, sure=True)
        if len(found) == LOOKS:
            # What crossed, or changed in between, is not the same a third time.
            return Looked(held, looked_up, status, sure=False, scattered=scattered(found, asked))


def shown(found: os.stat_result, asked: os.stat_result) -> os.stat_result:
    """Return what was looked up, without setgid and sticky where a mount hides the two: DHT marks
    so what it migrates, and strips them from answers, but not from look-ups.
    """
    both = stat.S_ISGID | stat.S_ISVTX
    told = found.st_mode & both == both and asked.st_mode & both != both
    if not told or not stat.S_ISREG(found.st_mode):
        return found
    return statx.altered(found, mode=found.st_mode & ~both)


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
