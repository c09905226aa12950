"""The live changelog of a brick, read while it grows.

A record is written before the reply to whoever made the change, in one call; so what was answered
can be read here. At rollover the file is renamed, or, without records, unlinked; read to its end
through the descriptor that is open, nothing is lost (GlusterFS 10.3, checked by experiment).

What is heard here is heard again when the slice has closed; so nothing depends on it but speed.
Records are numbered from 0 in the order in which they were heard, over all files, and the number of
a record in a closed slice can be asked for.
"""

import os
from pathlib import Path
from typing import Final

from engine.primary import inotify
from engine.primary.catalogue import CHANGELOGS, LIVE
from engine.primary.changelog import NotAChangelog, Parser, UnknownChangelog
from engine.primary.records import Record

POLL: Final = 0.2
"""Seconds between two looks where inotify cannot be had."""
MOST: Final = 20_000
"""Records handed out at once, about; the others wait in the file."""
_PORTION: Final = 1 << 18
_REMEMBERED: Final = 4096
"""Files of which it is known what was read in them; slices may wait long for a large content."""


class Live:
    """Tells of records as they are written. `read` and `first` block; `wait` belongs to the event
    loop.
    """

    def __init__(self, brick: str) -> None:
        self._path = Path(brick, CHANGELOGS, LIVE)
        self.heard = 0
        """Records handed out so far; also the number of the next one."""
        self.began = 0
        """Number of the first record of the file that is being read."""
        self._file: int | None = None
        self._parser = Parser()
        self._deaf = False
        """What stands in the file that is being read is not understood."""
        self._drained: dict[tuple[int, int], tuple[int, int]] = {}
        """First number and count of the records of files that were read to their end."""
        written = inotify.MODIFY | inotify.CREATE | inotify.MOVED_FROM
        self._inotify = inotify.watching({os.fsencode(self._path.parent): written})

    def read(self) -> list[Record]:
        """Return the records written since the last call, `MOST` of them or a few more."""
        found: list[Record] = []
        while len(found) < MOST:
            if self._file is None and not self._open():
                break
            over = self._replaced()
            found += self._read_on(MOST - len(found))
            if not over or len(found) >= MOST:
                break
            self._end()
        return found

    @property
    def sound(self) -> bool:
        """Whether there is a file, and all that was read in it was understood."""
        return self._file is not None and not self._deaf and not self._parser.damaged

    def first(self, path: Path, count: int) -> int | None:
        """Return the number of the first record of a closed slice that has `count` of them; None
        when not all of it was heard here.
        """
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        first, heard = self._drained.get((status.st_dev, status.st_ino), (0, -1))
        return first if heard == count else None

    async def wait(self) -> None:
        """Return when something was written, or may have been."""
        await inotify.happened(self._inotify, POLL)

    def close(self) -> None:
        """Stop reading; harmless when done twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def _open(self) -> bool:
        try:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False  # briefly, at each rollover
        self._parser = Parser(file=self._path.name)
        self.began, self._deaf = self.heard, False
        return True

    def _replaced(self) -> bool:
        """Whether the brick has closed the file that is open here; asked before it is read on."""
        assert self._file is not None
        try:
            now = os.stat(self._path)
        except FileNotFoundError:
            return True
        return not os.path.samestat(now, os.fstat(self._file))

    def _read_on(self, most: int) -> list[Record]:
        assert self._file is not None
        found: list[Record] = []
        while len(found) < most and (data := os.read(self._file, _PORTION)):
            try:
                found += self._parser.feed(data)
            except (NotAChangelog, UnknownChangelog):
                # Whoever reads the closed slice says so.
                self._deaf = True
                os.lseek(self._file, 0, os.SEEK_END)
        self.heard += len(found)
        return found

    def _end(self) -> None:
        """Let the file go, remembering which records it had."""
        assert self._file is not None
        status = os.fstat(self._file)
        if not self._parser.damaged and self._parser.consumed == status.st_size:
            if len(self._drained) >= _REMEMBERED:
                del self._drained[next(iter(self._drained))]
            key = (status.st_dev, status.st_ino)
            self._drained.pop(key, None)
            self._drained[key] = (self.began, self.heard - self.began)
        os.close(self._file)
        self._file = None
