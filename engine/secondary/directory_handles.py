"""Where the objects of a directory secondary are: from gfids to paths that nobody can bend.

`DIR/.georep/.gfid/<gfid>` is the handle of each object.

- Of what is no directory it is a hard link: it goes with the object, wherever that is moved. Made
  before the object's first name and removed after its last; one that is the only name left was
  left by a crash, and counts as absent.
- Of a directory it is a symbolic link that nothing ever follows; its text is the directory's place,
  `<parent gfid>/<name>`, or both places while it moves from one to the other. The text is a hint:
  what is found there is believed only when it carries the gfid in an xattr of its own.

Every path here is an open directory of ours and one name in it. Directories are opened one by one
from the root down, and no symbolic link among them is followed.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeVar

from engine.errors import Reject
from engine.gluster import gfid as gfids
from engine.gluster import urls
from engine.item import ROOT, Gfid, Place
from engine.secondary import directory_books
from engine.secondary.directory_books import Books, RootBooks
from engine.secondary.directory_plain import INODES, PlainBooks
from engine.secondary.locks import STRIPES, LockFile, stripe
from engine.secondary.syncfs import syncfs
from engine.secondary.target import OWN

T = TypeVar("T")
LIMBO = Gfid("00000000-0000-0000-0000-6c696d626f00")
"""The gfid of `.georep/limbo`; GlusterFS gives no object such a one."""
QUARANTINE = Gfid("00000000-0000-0000-0000-71756172616e")
"""That of `.georep/quarantine`."""
HANDLES, NEW, LOCK = b".gfid", b"new", b"lock"
_MOVES = 2 * STRIPES
_STRANGERS = _MOVES + 1
_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class Handles:
    """The handles below one root, and the locks that go with them."""

    def __init__(self, root: bytes) -> None:
        """Open what `directory_setup` has made in the directory `root`."""
        top = _open(root)
        own = _open(OWN, top)
        limbo, quarantine = _open(b"limbo", own), _open(b"quarantine", own)
        self.fixed = {ROOT: top, LIMBO: limbo, QUARANTINE: quarantine}
        """Open directories that never move."""
        self._handles, self._new = _open(HANDLES, own), _open(NEW, own)
        self._inodes = _open(INODES, own) if exists(_below(own, INODES)) else None
        self.books: Books = RootBooks()
        if self._inodes is not None:
            self.books = PlainBooks(_below(self._handles, b""), _below(self._inodes, b""))
        self.locks = LockFile(_below(own, LOCK), _STRANGERS + 1)
        os.close(own)

    def close(self) -> None:
        """Let go of everything."""
        for file in (*self.fixed.values(), self._handles, self._new, self._inodes):
            if file is not None:
                os.close(file)
        self.locks.close()

    def sync(self) -> None:
        """Bring everything to the disk."""
        syncfs(self.fixed[ROOT])

    def path(self, gfid: Gfid) -> bytes:
        """Return the path of the handle of `gfid`."""
        return _below(self._handles, _checked(gfid))

    def new(self, gfid: Gfid) -> bytes:
        """Return the path under which what `gfid` needs is made, before it goes to its place."""
        return _below(self._new, _checked(gfid))

    def alone(self, gfid: Gfid) -> AbstractContextManager[None]:
        """Keep everybody else from making, naming, moving or ending `gfid`; one gfid at a time."""
        return self.locks.holding(STRIPES + stripe(gfid))

    def still(self) -> AbstractContextManager[None]:
        """Keep every directory where it is; nothing else is locked or opened while this is held."""
        return self.locks.holding(_MOVES)

    def meeting(self) -> AbstractContextManager[None]:
        """Keep everybody else from meeting a stranger; `alone` comes after it, never before."""
        return self.locks.holding(_STRANGERS)

    def recorded(self, gfid: Gfid) -> tuple[Place, ...]:
        """Return where the directory `gfid` was said to be: one place, two, or none."""
        try:
            parts = os.readlink(self.path(gfid)).split(b"/")
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINVAL):
                return ()
            raise
        return directory_books.places(parts)  # none, if it is that of a user's symbolic link

    def record(self, gfid: Gfid, *places: Place) -> None:
        """Say where the directory `gfid` is, or may be; needs `alone`. Whole or not at all."""
        new = self.new(gfid)
        clear(new)
        os.symlink(b"/".join(directory_books.parts(*places)), new)
        os.rename(new, self.path(gfid))

    def exists(self, gfid: Gfid) -> bool:
        """Whether there is a handle, of whatever worth."""
        return exists(self.path(gfid))

    def forget(self, gfid: Gfid) -> None:
        """Remove the handle; needs `alone`."""
        self.books.ending(self.path(gfid), gfid)
        with suppress(FileNotFoundError):
            os.unlink(self.path(gfid))

    def directory_of(self, handle: bytes) -> bool:
        """Whether a handle is that of a directory."""
        return stat.S_ISLNK(os.lstat(handle).st_mode) and self.books.tells_place(handle)

    @contextmanager
    def directory(self, gfid: Gfid) -> Iterator[bytes]:
        """Open the directory `gfid` and give its path; FileNotFoundError when it is not there."""
        file = self._surely(gfid, self._reach)
        if file is None:
            raise FileNotFoundError(errno.ENOENT, "the directory is not there", gfid)
        try:
            yield b"/proc/self/fd/%d" % file
        finally:
            os.close(file)

    def place(self, gfid: Gfid) -> Place | None:
        """Return where the directory `gfid` is."""
        return self._surely(gfid, self._stands)

    def sweep(self) -> None:
        """Remove what crashes left half made."""
        for name in os.listdir(_below(self._new, b".")):
            with suppress(Reject, OSError):
                gfid = gfids.from_text(name)
                with self.alone(gfid):
                    clear(self.new(gfid))

    def _surely(self, gfid: Gfid, look: Callable[[Gfid], T | None]) -> T | None:
        """Look; where that finds nothing, look again while no directory moves.

        A directory above may have been moved between two steps, and what is taken for absent could
        be made a second time.
        """
        found = look(gfid)
        if found is None and self.recorded(gfid):
            with self.still():
                found = look(gfid)
        return found

    def _reach(self, gfid: Gfid, met: frozenset[Gfid] = frozenset()) -> int | None:
        """Open the directory `gfid`; the caller closes it."""
        above, below = gfid, []
        while above not in self.fixed:
            places = self.recorded(above)
            if above in met or not places:
                return None
            met |= {above}
            if len(places) > 1:
                break
            below.append(places[0].name)
            above = places[0].parent
        here = os.dup(self.fixed[above]) if above in self.fixed else self._either(above, met)
        for name in reversed(below):
            here = _step(here, name)
        return self._that_is(here, gfid)

    def _either(self, gfid: Gfid, met: frozenset[Gfid]) -> int | None:
        """Open a directory that a crash, or a move under way, left with two places."""
        for place in self.recorded(gfid):
            found = self._that_is(_step(self._reach(place.parent, met), place.name), gfid)
            if found is not None:
                return found
        return None

    def _stands(self, gfid: Gfid) -> Place | None:
        for place in self.recorded(gfid):
            found = self._that_is(_step(self._reach(place.parent), place.name), gfid)
            if found is not None:
                os.close(found)
                return place
        return None

    def _that_is(self, here: int | None, gfid: Gfid) -> int | None:
        """Return `here` if it is the directory `gfid`; close it and return None if not."""
        if here is None or self.books.gfid(here) == gfid:
            return here
        os.close(here)
        return None


def inner(directory: bytes, place: Place) -> bytes:
    """Return the path of a place whose directory is open; EPERM for more, or less, than one name.

    The name of our own directory in the root is nobody's, either.
    """
    name = place.name
    try:
        if b"/" in urls.guard(name) or (place.parent == ROOT and name == OWN):
            raise Reject("not one name")
    except Reject as error:
        raise PermissionError(errno.EPERM, "no object can have this name", name) from error
    return directory + b"/" + name


def exists(path: bytes) -> bool:
    """Whether something is there, a dangling link included."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    return True


def clear(path: bytes) -> None:
    """Remove what was half made at `path`: a name, or an empty directory."""
    with suppress(FileNotFoundError):
        try:
            os.unlink(path)
        except IsADirectoryError:
            os.rmdir(path)


def _step(here: int | None, name: bytes) -> int | None:
    """Open the directory `name` in `here`, which is closed; None when there is no such."""
    if here is None:
        return None
    try:
        return _open(name, here)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise
    finally:
        os.close(here)


def _open(path: bytes, below: int | None = None) -> int:
    followed = 0 if below is None else os.O_NOFOLLOW
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | followed, dir_fd=below)


def _below(directory: int, name: bytes) -> bytes:
    return b"/proc/self/fd/%d/" % directory + name


def _checked(gfid: Gfid) -> bytes:
    text = gfid.encode("ascii", "replace")
    try:
        gfids.from_text(text)
    except Reject as error:
        raise PermissionError(errno.EPERM, "this is no gfid", text) from error
    return text
