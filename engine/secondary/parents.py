"""Directories of the secondary held for a moment, so that not every name in them costs a question
to every brick.

A path like `.gfid/<parent>/<name>` makes the client look the parent up by its gfid, and DHT asks
all bricks for that. What is held here is the directory itself, whatever its name is by now.
"""

import errno
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from engine.gluster.held import Held
from engine.item import Gfid

AGE = 1.0
"""Seconds for which one is held: as long as any GlusterFS client believes a name by default."""
MOST = 128
_GONE = frozenset({errno.ESTALE, errno.ENOENT, errno.ENOTDIR, errno.EIO})


class Parents:
    """The directories that were used last; may be asked from many threads."""

    def __init__(self, gfids: bytes) -> None:
        """`gfids`: the path, with a slash, below which a directory is found by its gfid."""
        self._gfids = gfids
        self._guard = threading.Lock()
        self._held: OrderedDict[Gfid, tuple[Held, float]] = OrderedDict()
        """Each with when it was found."""

    @contextmanager
    def within(self, gfid: Gfid, *, changing: bool = False) -> Iterator[bytes]:
        """Give a path that ends with a slash and leads to the directory `gfid`.

        OSError when it is not there. `changing`: the names in it are worked, so what fails may fail
        for the sake of the directory, and it is found anew the next time.
        """
        held = self._find(gfid)
        try:
            yield held.path + b"/"
        except OSError as error:
            if error.errno == errno.ESTALE or (changing and error.errno in _GONE):
                self._forget(gfid, held)
            raise

    def close(self) -> None:
        """Let go of all."""
        with self._guard:
            self._held.clear()

    def _find(self, gfid: Gfid) -> Held:
        now = time.monotonic()
        with self._guard:
            held, since = self._held.get(gfid, (None, 0.0))
        if held is None or now - since >= AGE:
            # No file, ever: the client would know it for as long, also when it has ended and a
            # directory was made under its gfid, of which it then takes one brick for all.
            held = Held(self._gfids + gfid.encode("ascii"), os.O_DIRECTORY)
            with self._guard:
                self._held[gfid] = held, now
                self._held.move_to_end(gfid)
                self._let_go(now)
        return held

    def _let_go(self, now: float) -> None:
        """Forget those that are too old, and the oldest when there are too many."""
        while self._held:
            _, since = next(iter(self._held.values()))
            if now - since < AGE and len(self._held) <= MOST:
                return
            self._held.popitem(last=False)

    def _forget(self, gfid: Gfid, held: Held) -> None:
        with self._guard:
            if self._held.get(gfid, (None, 0.0))[0] is held:
                del self._held[gfid]
