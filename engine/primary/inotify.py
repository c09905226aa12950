"""Wake when something happens in a directory: inotify, by way of the C library."""

import asyncio
import ctypes
import errno
import os
from collections.abc import Mapping
from typing import Final

MODIFY: Final = 0x0002
MOVED_FROM: Final = 0x0040
CREATE: Final = 0x0100

_libc = ctypes.CDLL(None, use_errno=True)


class Inotify:
    """One inotify descriptor; readable when something happened. OSError when there are too many."""

    def __init__(self) -> None:
        self._fd: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise _error("inotify_init1")

    def watch(self, directory: bytes, mask: int) -> None:
        """Watch a directory for the events in `mask`; OSError when it cannot be."""
        if _libc.inotify_add_watch(self._fd, ctypes.c_char_p(directory), ctypes.c_uint32(mask)) < 0:
            raise _error(os.fsdecode(directory))

    def fileno(self) -> int:
        """Return the descriptor, for an event loop to watch."""
        return self._fd

    def drain(self) -> None:
        """Forget what happened up to now. Never blocks."""
        try:
            while os.read(self._fd, 1 << 16):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Stop watching; harmless when done twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def watching(folders: Mapping[bytes, int]) -> Inotify | None:
    """Watch directories, each for its mask; None where that cannot be (too many, or not there)."""
    try:
        watcher = Inotify()
    except OSError:
        return None
    try:
        for directory, mask in folders.items():
            watcher.watch(directory, mask)
    except OSError:
        watcher.close()
        return None
    return watcher


async def happened(watcher: Inotify | None, poll: float) -> None:
    """Return when something happened, or may have; without a watcher after `poll` seconds.

    Whoever looks after that misses nothing: what happens from now on wakes the next wait.
    """
    if watcher is None:
        await asyncio.sleep(poll)
        return
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()
    loop.add_reader(watcher.fileno(), woken.set)
    try:
        await woken.wait()
    finally:
        loop.remove_reader(watcher.fileno())
    watcher.drain()


def _error(what: str) -> OSError:
    number = ctypes.get_errno() or errno.EIO
    return OSError(number, os.strerror(number), what)
