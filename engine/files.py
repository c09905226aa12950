"""Small files that are written whole or not at all, and the locks that guard what they describe."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.errors import Usage


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path`, mode 0600; a crash leaves the old content or the new one."""
    with _temporary(path, data) as temporary:
        os.replace(temporary, path)


def create(path: Path, data: bytes) -> None:
    """Like `write`, but raise FileExistsError when something is at `path` already."""
    with _temporary(path, data) as temporary:
        # A link never replaces; two operators who create the same name cannot both win.
        os.link(temporary, path)


@contextlib.contextmanager
def locked(path: Path, *, what: str, fix: str) -> Iterator[None]:
    """Hold `path` against every other process; raise Usage naming the one that has it.

    The kernel lets go when the holder dies, however it dies; the file itself stays.
    """
    with _lock_file(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            words = f"{what}: process {pid or 'unknown'} holds {path}"
            raise Usage(words, cause="already running", fix=fix) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield


@contextlib.contextmanager
def unlocked(path: Path) -> Iterator[bool]:
    """Say whether nobody holds `path` by `locked`; if so, nobody can until this ends.

    Several may ask at the same time.
    """
    with _lock_file(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextlib.contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _temporary(path: Path, data: bytes) -> Iterator[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
