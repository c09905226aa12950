"""Names of files that a brick has and has not recorded: it records 500 of a file, and none that it
got before GlusterFS recorded any, or while `storage.gfid2path` was off. All calls block.
"""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping

from engine.gluster import gfid as gfids
from engine.gluster import objects, xattrs
from engine.gluster.gfid import NotAGfid
from engine.item import Gfid, Place
from engine.primary import truth

_PASSED_OVER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
"""Gone by now, of which a record tells; or deeper than a path can tell."""


def inodes(brick: bytes, among: Iterable[Gfid]) -> dict[int, Gfid]:
    """Return who of these is a file of which the brick has more names than it has recorded."""
    found = {}
    for gfid in among:
        handle = brick + b"/" + gfids.handle(gfid)
        try:
            status = os.lstat(handle)
            # The handle is one of its links.
            if status.st_nlink > 2 and not _whole(brick, status, xattrs.get_all(handle)):
                found[status.st_ino] = gfid
        except OSError:
            continue  # gone by now, or a failure since it was looked at: of one object alone
    return found


def _whole(brick: bytes, status: os.stat_result, values: dict[bytes, bytes]) -> bool:
    pointer = xattrs.LINKTO in values
    return pointer or len(truth.present(brick, status, values)) == status.st_nlink - 1


def walk(brick: bytes, wanted: Mapping[int, Gfid]) -> Iterator[list[tuple[Gfid, Place]]]:
    """Yield, for each directory of the tree, which of the files of `wanted`, who are told by their
    inodes, have a name in it.
    """
    todo = [brick]
    while todo:
        path = todo.pop()
        found = []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if path == brick and (entry.name == b".glusterfs" or objects.own(entry.name)):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    elif entry.inode() in wanted:
                        found.append((wanted[entry.inode()], entry.name))
            parent = xattrs.gfid(path) if found else None
        except NotAGfid:
            parent = None
        except OSError as error:
            if error.errno not in _PASSED_OVER:
                raise
            parent = None
        yield [] if parent is None else [(gfid, Place(parent, name)) for gfid, name in found]
