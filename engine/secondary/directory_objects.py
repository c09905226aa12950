"""The objects of a directory secondary: looked at by their gfids, made, met for the first time."""

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Gfid, Item, Kind, Place
from engine.rpc.messages import Seen
from engine.secondary import attributes, directory_names
from engine.secondary.directory_handles import GFID, Handles, gfid_of

_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR})


class Objects:
    """What the handles lead to."""

    def __init__(self, handles: Handles) -> None:
        self._handles = handles

    def look(self, gfid: Gfid) -> Seen | None:
        """Return what stands under `gfid` and has a place, too."""
        try:
            with self.reached(gfid) as path:
                found = shown(gfid, os.lstat(path))
        except FileNotFoundError:
            return None
        return found if found.links else None

    @contextmanager
    def reached(self, gfid: Gfid) -> Iterator[bytes]:
        """Give a path that leads to the object wherever it stands, and whoever moves it."""
        handle = self._handles.path(gfid)
        if gfid not in self._handles.fixed and not _is_of_directory(handle):
            yield handle
            return
        with self._handles.directory(gfid) as path:
            # What the dot leads to is no link, so calls that follow none take it.
            yield path + b"/."

    def has_handle(self, gfid: Gfid, place: Place, status: os.stat_result) -> bool:
        """Whether the handle of `gfid` leads to what stands at `place`."""
        if stat.S_ISDIR(status.st_mode):
            return place in self._handles.recorded(gfid)
        try:
            return os.path.samestat(status, os.lstat(self._handles.path(gfid)))
        except FileNotFoundError:
            return False

    def meet(self, place: Place, path: bytes) -> Gfid:
        """Give what stands at `path` a gfid of its own, or its handle back.

        Somebody wrote it, copied it there with the gfid of another, or moved it; or a crash came
        between its gfid and its handle.
        """
        with self._handles.meeting():
            gfid = gfid_of(path)
            if gfid is not None and self._take_in(gfid, place, path):
                return gfid
            gfid = Gfid(str(uuid.uuid4()))
            taken = self._take_in(gfid, place, path)
            assert taken, "a gfid that was made just now is nobody's"
            return gfid

    def _take_in(self, gfid: Gfid, place: Place, path: bytes) -> bool:
        """Have the handle of `gfid` lead to `path`; False when it leads to another object."""
        handles = self._handles
        with handles.alone(gfid):
            status = os.lstat(path)
            if gfid_of(path) == gfid and self.has_handle(gfid, place, status):
                return True
            if self.look(gfid) is not None:
                return False
            xattrs.put(path, GFID, gfids.to_raw(gfid))
            if stat.S_ISDIR(status.st_mode):
                handles.record(gfid, place)
            else:
                directory_names.note(path, place)
                handles.forget(gfid)
                os.link(path, handles.path(gfid), follow_symlinks=False)
            return True


def shown(gfid: Gfid, status: os.stat_result) -> Seen:
    """Return what `status` says; the handle of what is no directory is none of its names."""
    handles = 0 if stat.S_ISDIR(status.st_mode) else 1
    return attributes.seen(gfid, status, links=status.st_nlink - handles)


def _is_of_directory(handle: bytes) -> bool:
    """Whether a handle is of a directory: only the objects themselves carry their gfid."""
    return stat.S_ISLNK(os.lstat(handle).st_mode) and gfid_of(handle) is None


def make(new: bytes, item: Item) -> None:
    """Make what is no directory, empty."""
    if item.kind is Kind.SYMLINK:
        os.symlink(item.target, new)
    else:
        shall = item.attributes
        os.mknod(new, stat.S_IFMT(shall.mode) | 0o600, shall.rdev)


def mark(new: bytes, item: Item) -> None:
    """Give what was just made its gfid, owner and mode."""
    xattrs.put(new, GFID, gfids.to_raw(item.gfid))
    os.lchown(new, item.attributes.uid, item.attributes.gid)
    if item.kind is not Kind.SYMLINK:
        os.chmod(new, stat.S_IMODE(item.attributes.mode))


def move(old: bytes, new: bytes) -> None:
    """Move a directory to a name that was free a moment ago; FileExistsError if it is not now."""
    try:
        os.rename(old, new)
    except OSError as error:
        if error.errno in _TAKEN:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from error
        raise
