"""What keeps the threads of one agent, and all agents of one secondary, from acting on one thing at
a time: byte ranges of a file.

`fcntl` holds a byte against other processes and does not tell threads apart, so each byte has a
mutex besides. The locks of a process go when it dies.
"""

import fcntl
import os
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from engine.item import Gfid, Place

STRIPES = 256
"""Bytes that gfids and places hash to; unrelated ones that share a byte wait for each other.

Few: a GlusterFS client keeps something of each byte that ever was locked, and reads all of it each
time.
"""
_SHORTEST, _LONGEST = 0.001, 0.02
"""Seconds between two tries to hold a byte: what is done under one takes some milliseconds."""
_CLAIMS = 1 << 32
"""Where the bytes begin that agents claim for their workers."""


class LockFile:
    """An empty file, opened once, and its bytes; made when it is not there."""

    def __init__(self, path: bytes, size: int = STRIPES) -> None:
        """`size`: bytes that can be held."""
        # No second open of it in one process, ever: closing that would free every lock.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._mutexes = [threading.Lock() for _ in range(size)]
        self._call = threading.Lock()
        """Held around each call of a mount: see `_lock`."""

    def claim(self, worker: str, patience: float) -> bool:
        """Wait up to `patience` seconds until no older agent of `worker` is at work; False when it
        still is.

        One that was cut off from its primary may yet apply what it had heard, over what is newer.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                start = _CLAIMS + zlib.crc32(worker.encode())
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, start)
            except (BlockingIOError, PermissionError):
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.1)
            else:
                return True

    @contextmanager
    def holding(self, *stripes: int) -> Iterator[None]:
        """Hold these bytes; always in ascending order, so that no two wait for each other."""
        with ExitStack() as stack:
            for stripe in sorted(set(stripes)):
                stack.enter_context(self._mutexes[stripe])
                self._lock(stripe)
                stack.callback(self._unlock, stripe)
            yield

    def _lock(self, stripe: int) -> None:
        """Wait for a byte, but never in a call, and have one call under way at a time.

        When an agent is killed, the kernel interrupts its calls, and a GlusterFS client (10.3) has
        each thread that takes the answer to one wait until the interrupt is answered, too. It has
        two such threads: with two calls it answers nobody any more, and keeps all locks.
        """
        pause = _SHORTEST
        while True:
            try:
                with self._call:
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, stripe)
            except BlockingIOError:
                time.sleep(pause)
                pause = min(1.5 * pause, _LONGEST)
            else:
                return

    def _unlock(self, stripe: int) -> None:
        with self._call:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, stripe)

    def close(self) -> None:
        """Free everything."""
        # Whose brick was away since says EBADFD, and is closed all the same.
        with suppress(OSError):
            os.close(self._file)


def stripe(key: Gfid | Place) -> int:
    """Return the byte that stands for a gfid, or for a place; for anything that was sent as one,
    too.
    """
    if isinstance(key, Place):
        return zlib.crc32(_raw(key.parent) + b"/" + key.name) % STRIPES
    return zlib.crc32(_raw(key)) % STRIPES


def _raw(gfid: Gfid) -> bytes:
    return gfid.encode("utf-8", "surrogatepass")
