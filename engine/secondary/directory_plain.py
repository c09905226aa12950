"""The books of a directory secondary whose agent is an ordinary user, and owns all that is in it.

A directory carries its gfid in `user.georep.gfid`. Symbolic links, FIFOs and sockets take no xattr
from a user, and a file only while it may be written; of what is no directory the gfid is proved by
its handle, which is a link to it: as long as that is there, no other object can have its inode.
`DIR/.georep/inodes/INODE` is a symbolic link that nothing follows. Its text tells whose handle to
look at, and where the object stands: `gfid/parent/name/parent/name…`. All of it is a hint. It is
made before the handle and removed before it, so what a crash leaves tells of a handle that is not
there, or leads to another inode, and nobody believes it.

Who copies the directory, with hard links, gets other inodes: then all of it is written anew.
"""

import errno
import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from engine.errors import Reject
from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Gfid, Place
from engine.keeping import Owner
from engine.secondary import directory_books

GFID = b"user.georep.gfid"
"""On every directory: its gfid, 16 raw bytes."""
INODES = b"inodes"
_TOO_LONG = frozenset({errno.ENAMETOOLONG, errno.ERANGE})
"""Text of a symbolic link: 1023 bytes on XFS, 4095 on ext4."""


class PlainBooks:
    """Those of an agent that is not root."""

    def __init__(self, handles: bytes, inodes: bytes) -> None:
        """`handles`, `inodes`: paths of the two directories, each with a slash at its end."""
        self._handles, self._inodes = handles, inodes

    def gfid(self, target: bytes | int) -> Gfid | None:
        """Return the gfid that a directory carries, or the one whose handle is this object."""
        status = os.stat(target, follow_symlinks=isinstance(target, int))
        if stat.S_ISDIR(status.st_mode):
            return directory_books.from_raw(xattrs.get(target, GFID))
        said = self._said(status.st_ino)
        if said and self._is_handle(said[0], status):
            return Gfid(said[0].decode("ascii"))
        # An object of ours has two links at least: a name, and its handle.
        return self._searched(status) if status.st_nlink > 1 else None

    def brand(self, path: bytes, gfid: Gfid, *names: Place) -> None:
        """Have a directory carry its gfid; say that of anything else, and its names."""
        status = os.lstat(path)
        if status.st_uid != os.geteuid():
            words = f"it belongs to another user there, uid {status.st_uid}: move it away by hand"
            raise PermissionError(errno.EPERM, words, path)
        if stat.S_ISDIR(status.st_mode):
            xattrs.put(path, GFID, gfids.to_raw(gfid))
        else:
            said = [gfid.encode("ascii"), *directory_books.parts(*names)]
            self._say(status.st_ino, said)

    def tells_place(self, handle: bytes) -> bool:
        """An object that has only its handle is as good as not there, so it matters to nobody that
        it counts as a directory's.
        """
        return os.lstat(handle).st_nlink == 1

    def note(self, path: bytes, place: Place) -> None:
        """Add one name to what is said of the object, if there is room."""
        self._change(path, [place], [])

    def drop(self, path: bytes, place: Place) -> None:
        """Take it out again."""
        self._change(path, [], [place])

    def noted(self, path: bytes) -> list[Place]:
        """Return the names that are said of it."""
        return list(directory_books.places(self._said(os.lstat(path).st_ino)[1:]))

    def make_room(self, path: bytes) -> bool:
        """Return False: nothing of ours takes room of a file's xattrs."""
        return False

    def ending(self, handle: bytes, gfid: Gfid) -> None:
        """Remove what is said of the object: its inode may be another's as soon as it has ended."""
        with suppress(FileNotFoundError):
            inode = os.lstat(handle).st_ino
            if self._said(inode)[:1] == [gfid.encode("ascii")]:
                os.unlink(self._path(inode))

    @contextmanager
    def writable(self, path: bytes) -> Iterator[None]:
        """Lend the owner of a file the right to write it.

        Who stops within leaves it lent until the file is made so again, as its item will be.
        """
        mode = os.lstat(path).st_mode
        lent = stat.S_ISREG(mode) and not mode & stat.S_IWUSR
        if lent:
            os.chmod(path, stat.S_IMODE(mode) | stat.S_IWUSR)
        try:
            yield
        finally:
            if lent:
                # An ACL may have changed the rest of it meanwhile.
                os.chmod(path, stat.S_IMODE(os.lstat(path).st_mode) & ~stat.S_IWUSR)

    def _change(self, path: bytes, more: Sequence[Place], less: Sequence[Place]) -> None:
        inode = os.lstat(path).st_ino
        said = self._said(inode)
        known = directory_books.places(said[1:])
        now = [place for place in dict.fromkeys((*known, *more)) if place not in less]
        if said and list(known) != now:
            try:
                self._say(inode, [said[0], *directory_books.parts(*now)])
            except OSError as error:
                if error.errno not in _TOO_LONG:
                    raise

    def _path(self, inode: int) -> bytes:
        return self._inodes + b"%d" % inode

    def _said(self, inode: int) -> list[bytes]:
        """Return what is said of an inode: a gfid first; nothing when that is none."""
        try:
            said = os.readlink(self._path(inode)).split(b"/")
            gfids.from_text(said[0])
        except (FileNotFoundError, Reject):
            return []
        return said

    def _say(self, inode: int, said: Sequence[bytes], way: bytes = b".new") -> None:
        """Say it, whole or not at all; each `way` is for those who hold the gfid, or for none."""
        path = self._path(inode)
        text, new = b"/".join(said), path + way
        try:
            os.symlink(text, new)
        except FileExistsError:
            os.unlink(new)  # a crash left it
            os.symlink(text, new)
        os.rename(new, path)

    def _is_handle(self, gfid: bytes, status: os.stat_result) -> bool:
        try:
            return os.path.samestat(os.lstat(self._handles + gfid), status)
        except FileNotFoundError:
            return False

    def _searched(self, status: os.stat_result) -> Gfid | None:
        """Look through all handles; what is found that nothing was said of was copied, and so were
        all others. Takes a microsecond and up for each.
        """
        with os.scandir(self._handles) as entries:
            found = [e.name for e in entries if e.inode() == status.st_ino]
        for name in found:
            with suppress(Reject):
                gfid = gfids.from_text(name)
                if self._is_handle(name, status):
                    self._say_all()
                    return gfid
        return None

    def _say_all(self) -> None:
        for name in os.listdir(self._handles):
            # Others may do the same at this moment, or end what is listed; a name that is said
            # just now and lost again is one that is searched for.
            with suppress(FileNotFoundError, FileExistsError, Reject):
                gfid = gfids.from_text(name).encode("ascii")
                status = os.lstat(self._handles + name)
                if status.st_nlink > 1 and self._said(status.st_ino)[:1] != [gfid]:
                    self._say(status.st_ino, [gfid], b".again")


def owner() -> Owner:
    """Return the user who runs this process."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Owner(name=name, uid=uid, gid=os.getegid(), groups=tuple(os.getgroups()))
