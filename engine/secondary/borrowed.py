"""What an ordinary user may not do with another's object in the kernel's eyes: own it meanwhile.

glusterd mounts so that bricks take us for root. The kernel does not: it lets nobody but the owner
set an ACL, or link what is no plain file (fs.protected_hardlinks). The owner can be changed,
though; so it is, for one call, and changed back. Measured on GlusterFS 10.3 and Linux 6.18: owners,
modes, times, devices and names in sticky directories need none of this.

Whoever stops in between leaves an object that belongs to us. It is either the one whose item is
being made so, which sets its owner at last and is made so again, or one that was displaced, and is
looked at on the primary for that, or one that is put aside, whose owner is noted (`lent`).
"""

import errno
import os
import stat
from collections.abc import Callable
from typing import TypeVar

from engine.gluster.held import Held

Answer = TypeVar("Answer")
_TAKEN_OFF = stat.S_ISUID | stat.S_ISGID
"""What a file loses when its owner is changed."""


def doing(path: bytes, act: Callable[[], Answer]) -> Answer:
    """Do `act`; once more as the owner of what stands at `path`, where the kernel forbids it to
    others.
    """
    try:
        return act()
    except PermissionError as error:
        if error.errno != errno.EPERM or os.geteuid() == 0:
            raise
        held = Held(path)
        before = held.status()
        if before.st_uid == os.geteuid():
            raise
    os.chown(held.path, os.geteuid(), -1)
    try:
        return act()
    finally:
        _give_back(held, before)


def _give_back(held: Held, before: os.stat_result) -> None:
    try:
        os.chown(held.path, before.st_uid, before.st_gid)
        taken = before.st_mode & _TAKEN_OFF
        if taken and stat.S_ISREG(before.st_mode):
            # All else of the mode may have been changed meanwhile, by an ACL.
            os.chmod(held.path, stat.S_IMODE(held.status().st_mode) | taken)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ESTALE):  # it had only the name that was taken
            raise
