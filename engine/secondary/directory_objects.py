"""The objects of a directory secondary: looked at by their gfids, made, met for the first time."""

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from engine.item import ROOT, Gfid, Item, Kind, Place
from engine.rpc.messages import Seen
from engine.secondary import attributes
from engine.secondary.directory_books import Books
from engine.secondary.directory_handles import Handles
from engine.secondary.target import OWN

_DEVICES = frozenset({stat.S_IFBLK, stat.S_IFCHR})
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
        if gfid not in self._handles.fixed and not self._handles.directory_of(handle):
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
            gfid = self._handles.books.gfid(path)
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
            if handles.books.gfid(path) == gfid and self.has_handle(gfid, place, status):
                return True
            if self.look(gfid) is not None:
                return False
            if stat.S_ISDIR(status.st_mode):
                handles.books.brand(path, gfid)
                handles.record(gfid, place)
            else:
                handles.books.brand(path, gfid, place)
                handles.forget(gfid)
                os.link(path, handles.path(gfid), follow_symlinks=False)
            return True


def shown(gfid: Gfid, status: os.stat_result) -> Seen:
    """Return what `status` says; the handle of what is no directory is none of its names."""
    handles = 0 if stat.S_ISDIR(status.st_mode) else 1
    return attributes.seen(gfid, status, links=status.st_nlink - handles)


def make(new: bytes, item: Item) -> None:
    """Make what is no directory, empty."""
    if item.kind is Kind.SYMLINK:
        os.symlink(item.target, new)
    else:
        shall = item.attributes
        try:
            os.mknod(new, stat.S_IFMT(shall.mode) | 0o600, shall.rdev)
        except PermissionError as error:
            if stat.S_IFMT(shall.mode) not in _DEVICES:
                raise
            words = "only root can make a device there"
            raise PermissionError(errno.EPERM, words, new) from error


def mark(new: bytes, item: Item, books: Books, *names: Place) -> None:
    """Give what was just made its gfid, owner and mode; note its names, if it is no directory."""
    books.brand(new, item.gfid, *names)
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


def search(handles: Handles, status: os.stat_result) -> Iterator[Place]:
    """Look through the whole tree, and through limbo, for names of the object with this `status`.

    Takes as long as it takes: 2 µs and up for each object of the secondary.
    """
    for file in handles.fixed.values():
        for _, directories, names, here in os.fwalk(b"/proc/self/fd/%d/." % file):
            parent = handles.books.gfid(here)
            if parent == ROOT and OWN in directories:
                directories.remove(OWN)
            for name in names:
                if parent is not None and _same(status, name, here):
                    yield Place(parent, name)


def _same(status: os.stat_result, name: bytes, here: int) -> bool:
    try:
        there = os.stat(name, dir_fd=here, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(status, there)
