"""Make a directory a secondary, once, and know it again: whose it is, and that its disk is mounted.

Only `georep create` makes one; a worker that finds none where one should be ends. An empty mount
point would otherwise be filled with everything that belongs on the disk that is missing.
"""

import errno
import os
import pwd
import uuid
from contextlib import suppress
from pathlib import Path

import msgspec

from engine import files
from engine.errors import Stop
from engine.item import ROOT
from engine.secondary.directory_books import Books, RootBooks
from engine.secondary.directory_handles import HANDLES, LIMBO, LOCK, NEW, QUARANTINE, clear
from engine.secondary.directory_plain import INODES, PlainBooks
from engine.secondary.locks import LockFile
from engine.secondary.target import OWN

FORMAT, PLAIN = 1, 2
"""How `.georep` is laid out, by root and by an ordinary user; all else is another georep's."""
_IDENTITY = "identity.json"
_USUAL = frozenset({OWN, b"lost+found"})
"""What may stand in a directory that counts as empty."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a directory secondary keeps of itself."""

    format: int
    uuid: str
    """Takes the place of a volume's uuid; made once."""
    primary: str
    """The uuid of the volume that is replicated to it."""


def identify(path: Path, primary: str, *, make: bool) -> Identity:
    """Return whose directory `path` is; `make`: an empty one becomes that of the volume `primary`.

    Stop with the next step when it is another's, or cannot be used.
    """
    _check_directory(path)
    _check_owner(path)
    found = _read(path)
    if found is not None:
        _check_ours(path, found, primary)
        return found
    _check_empty(path)
    if make:
        return _set_up(path, primary)
    raise Stop(
        f"the directory {path} on the secondary is empty",
        cause="directory not set up",
        fix="Mount its disk; or, if everything shall be replicated anew, create the session again.",
    )


def _check_directory(path: Path) -> None:
    try:
        os.listdir(path)
        read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError as error:
        raise Stop(
            f"the directory {path} on the secondary cannot be used: {error.strerror}",
            cause="directory missing",
            fix=f"Make it, on the disk that shall hold everything: mkdir -p {path}",
        ) from error
    if read_only:
        raise Stop(
            f"the file system of {path} on the secondary is read-only",
            cause="directory read-only",
            fix=f"Mount it writable: mount -o remount,rw, at what findmnt -T {path} shows.",
        )


def _check_owner(path: Path) -> None:
    """See whether it is ours: who made it a secondary keeps it, or it would be kept in two ways."""
    me, own = os.geteuid(), path / os.fsdecode(OWN)
    uid = os.lstat(own).st_uid if os.path.lexists(own) else me and os.stat(path).st_uid
    if uid != me:
        made = f"was made a secondary by {_user(uid)}" if own.is_dir() else f"is {_user(uid)}'s"
        raise Stop(
            f"the directory {path} on the secondary {made}, and the agent is {_user(me)}",
            cause="directory of another user",
            fix=f"Name {_user(uid)}@HOST:{path}, or an empty directory that is {_user(me)}'s own.",
        )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _read(path: Path) -> Identity | None:
    try:
        text = _identity(path).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(text, type=Identity)
    except msgspec.DecodeError as error:
        raise _damaged(path, f"{_identity(path)} cannot be understood") from error


def _check_ours(path: Path, found: Identity, primary: str) -> None:
    books = _books(path)
    if found.format != _format(books):
        raise Stop(
            f"the directory {path} on the secondary was made by another version of georep",
            cause="version mismatch",
            fix="Install the version that made it, or name an empty directory.",
        )
    if primary and found.primary != primary:
        raise Stop(
            f"another volume (uuid {found.primary}) is replicated to the directory {path}",
            cause="directory of another volume",
            fix="Name an empty directory; each volume needs one of its own.",
        )
    if isinstance(books, PlainBooks):
        # What is in it can be said anew.
        (path / os.fsdecode(OWN) / os.fsdecode(INODES)).mkdir(0o700, exist_ok=True)
    if books.gfid(_top(path, books)) != ROOT:
        # A copy that left xattrs out has lost its gfids, and most likely its hard links.
        raise _damaged(path, f"{path} has lost the xattrs that georep keeps there")


def _check_empty(path: Path) -> None:
    others = sorted(set(os.listdir(os.fsencode(path))) - _USUAL)
    if others:
        raise Stop(
            f"the directory {path} on the secondary is not empty, and not georep's",
            cause="directory not empty",
            fix="Name an empty one; what is in a directory cannot be taken over.",
            evidence=", ".join(repr(name) for name in others[:5]),
        )


def _set_up(path: Path, primary: str) -> Identity:
    root = os.fsencode(path)
    own = root + b"/" + OWN
    names = [HANDLES, NEW, b"limbo", b"quarantine", *([INODES] if os.geteuid() else [])]
    for directory in (own, *(own + b"/" + name for name in names)):
        with suppress(FileExistsError):
            os.mkdir(directory, 0o700)
    locks = LockFile(own + b"/" + LOCK)
    try:
        with locks.holding(0):
            # Two nodes may create the session in the same moment.
            found = _read(path)
            if found is None:
                books = _books(path)
                _try(path, own + b"/probe", books)
                books.brand(own + b"/limbo", LIMBO)
                books.brand(own + b"/quarantine", QUARANTINE)
                books.brand(_top(path, books), ROOT)
                found = Identity(format=_format(books), uuid=str(uuid.uuid4()), primary=primary)
                # Last: until it is there, nothing is, and all of this is done again.
                files.write(_identity(path), msgspec.json.encode(found))
            _check_ours(path, found, primary)
            return found
    finally:
        locks.close()


def _books(path: Path) -> Books:
    if os.geteuid() == 0:
        return RootBooks()
    own = os.fsencode(path) + b"/" + OWN + b"/"
    return PlainBooks(own + HANDLES + b"/", own + INODES + b"/")


def _format(books: Books) -> int:
    return PLAIN if isinstance(books, PlainBooks) else FORMAT


def _top(path: Path, books: Books) -> bytes:
    """Return a path of the root for `books`; a symbolic link may lead to it, and takes no xattr
    from a user.
    """
    return os.fsencode(path) + (b"/." if isinstance(books, PlainBooks) else b"")


def _try(path: Path, probe: bytes, books: Books) -> None:
    """See whether the file system keeps the xattrs that we need, and links to symbolic links."""
    plain = isinstance(books, PlainBooks)
    link = probe + b".link"
    clear(probe)
    clear(link)
    try:
        if plain:
            os.mkdir(probe, 0o700)
        else:
            os.symlink(b"nowhere", probe)
        books.brand(probe, ROOT)
        kept = books.gfid(probe)
        if plain:
            clear(probe)
            os.symlink(b"nowhere", probe)
            os.link(probe, link, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EPERM, errno.ENOSPC):
            raise
        kept = None
    finally:
        clear(probe)
        clear(link)
    if kept != ROOT:
        which = "user.* xattrs, or no links to symbolic links" if plain else "trusted.* xattrs"
        raise Stop(
            f"the file system of {path} on the secondary does not keep {which}",
            cause="no user xattrs" if plain else "no trusted xattrs",
            fix="Name a directory on ext4, XFS or Btrfs; NFS and FAT keep none.",
        )


def _identity(path: Path) -> Path:
    return path / os.fsdecode(OWN) / _IDENTITY


def _damaged(path: Path, words: str) -> Stop:
    return Stop(
        f"{words} (on the secondary)",
        cause="directory damaged",
        fix=f"Restore {path} with all xattrs and hard links, or name an empty directory.",
    )
