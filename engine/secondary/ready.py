"""Whether the secondary could be worked on now, though nobody has anything to do there."""

import errno
import os

from engine.gluster import xattrs
from engine.rpc.messages import Ready
from engine.secondary.target import OWN, Target

_NEVER_SET = b"user.georep.never-set"


def look(target: Target, root: bytes, number: int) -> Ready:
    """Look at the secondary whose root is `root`; OSError when it does not answer, or takes no
    changes. Blocks for as long as the file system does.
    """
    os.lstat(root)
    space = os.statvfs(root)
    _try_to_change(root + b"/" + OWN)
    # Some file systems count no inodes.
    full = not space.f_bavail or bool(space.f_files and not space.f_favail)
    return Ready(id=number, whole=target.whole(), full=full)


def _try_to_change(path: bytes) -> None:
    """Raise OSError when nothing may be changed: to take off what was never set is refused then
    too, and else changes nothing.
    """
    try:
        xattrs.remove(path, _NEVER_SET)
    except OSError as error:
        # Whose it is, and whether it is there, is for others to tell.
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOENT, errno.ENOTSUP):
            raise
