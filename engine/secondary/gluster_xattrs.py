"""The xattrs of objects on a mounted volume: made exactly so, and read back each time."""

import errno
from collections.abc import Callable

from engine.gluster import gfid as gfids
from engine.gluster import objects
from engine.gluster.objects import Scope
from engine.item import Gfid
from engine.secondary import attributes, borrowed
from engine.secondary.attributes import Where
from engine.secondary.gluster_objects import Objects


class Xattrs:
    """Those of one mounted volume that we have to do with."""

    def __init__(self, found: Objects, plain: Callable[[], bytes], scope: Scope) -> None:
        """`plain` gives the root of a mount without client-pid -1; `scope`: which xattrs."""
        self._objects, self._plain, self._scope = found, plain, scope

    def read(self, at: Where) -> dict[bytes, bytes]:
        """Return what an object has of them."""
        return objects.travelling(at, self._scope)

    def make(self, gfid: Gfid, at: Where, shall: dict[bytes, bytes]) -> bool:
        """Make them exactly `shall`; return whether anything differed."""
        now = self.read(at)
        if now == shall:
            return False

        def change() -> None:
            attributes.change_xattrs(at, now, shall)

        try:
            self._objects.anew(gfid, lambda: borrowed.doing(self._objects.path(gfid), change))
        except OSError as error:
            if error.errno == errno.EROFS:
                # Files' ACLs are let through for pid -1, directories' are not.
                words = "the secondary volume is read-only; switch features.read-only off there"
                raise OSError(errno.EROFS, words) from error
            raise
        now = self.read(at)
        if now != shall:
            # A client with pid -1 ignores a default ACL, with success; an ordinary one does not.
            plain = self._plain() + b"/" + gfids.aux(gfid)
            borrowed.doing(plain, lambda: attributes.change_xattrs(plain, now, shall))
            if self.read(at) != shall:
                raise OSError(errno.EIO, "xattrs were set with success and are not there")
        return True
