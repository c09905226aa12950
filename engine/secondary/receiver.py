"""`georep-engine receive`: writes a stream of contents into files that stand already.

It opens files by their gfids alone, creates none, and touches neither owner nor mode. For each it
says on stdout what became of it: `<gfid> <size> <bytes that came>`, or `<gfid> ! <words>`.
"""

import contextlib
import fcntl
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from engine.errors import GeorepError, Usage
from engine.gluster import gfid as gfids
from engine.item import Gfid
from engine.rpc import pieces
from engine.rpc.pieces import What

_PIPE = 1 << 20
"""Bytes that stdin's pipe shall hold."""


def main(argv: Sequence[str]) -> int:
    """Write what comes on stdin below the directory named by `argv`; 0 when the stream was whole.

    1 when it ended in the middle of a file, or was none.
    """
    if len(argv) != 1:
        raise Usage("receive takes one directory", fix="It is started by a primary, over ssh.")
    with contextlib.suppress(OSError):
        fcntl.fcntl(0, fcntl.F_SETPIPE_SZ, _PIPE)
    receiver = Receiver(os.fsencode(argv[0]))
    try:
        with open(0, "rb", buffering=0, closefd=False) as source:
            whole = receiver.take(source)
    except GeorepError as error:
        sys.stderr.write(f"{error.sentence()}\n")
        return 1
    return 0 if whole else 1


@dataclass(slots=True)
class _Written:
    """A file of the stream."""

    gfid: Gfid
    file: int = -1
    """Its descriptor; -1: it could not be opened."""
    old: int = 0
    """How long it was."""
    end: int = 0
    """How far it is written."""
    came: int = 0
    """Bytes of data that have come for it."""
    trouble: str = ""
    """Why it is not whole."""


class Receiver:
    """Writes one file after the other."""

    def __init__(self, far: bytes) -> None:
        """`far`: file G is `.gfid/G` below it."""
        self._far = far
        self._now: _Written | None = None
        """The file that is being written."""

    def take(self, source: BinaryIO) -> bool:
        """Write all that `source` has; return whether it ended behind a file."""
        view = memoryview(bytearray(pieces.LONGEST))
        while got := _fill(source, view[: pieces.SIZE]):
            if got < pieces.SIZE:
                return False
            what, gfid, at, length = pieces.parse(bytes(view[: pieces.SIZE]))
            if _fill(source, view[:length]) < length:
                return False
            if self._now is None or self._now.gfid != gfid:
                self._now = self._open(gfid)
            self._piece(self._now, what, at, view[:length])
        return self._now is None

    def _open(self, gfid: Gfid) -> _Written:
        path = self._far + b"/" + gfids.aux(gfid)
        try:
            file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            return _Written(gfid, file, os.fstat(file).st_size)
        except OSError as error:
            return _Written(gfid, trouble=_words(error))

    def _piece(self, now: _Written, what: What, at: int, data: memoryview) -> None:
        try:
            match what:
                case What.DATA if not now.trouble:
                    _write(now, data, at)
                case What.END if not now.trouble:
                    _leave_hole(now, at)
                    os.ftruncate(now.file, at)
                    now.end = at
                case What.BROKEN:
                    now.trouble = bytes(data).decode("utf-8", "replace")
                case _:
                    pass
        except OSError as error:
            now.trouble = _words(error)
        if what is not What.DATA:
            self._now = None
            _tell(now)


def _tell(now: _Written) -> None:
    """Say what became of a file; what could not be written behind a cache is said at its close."""
    try:
        if now.file >= 0:
            os.close(now.file)
    except OSError as error:
        now.trouble = now.trouble or _words(error)
    words = " ".join(now.trouble.split())[:500]
    sys.stdout.write(f"{now.gfid} ! {words}\n" if words else f"{now.gfid} {now.end} {now.came}\n")
    sys.stdout.flush()


def _write(now: _Written, data: memoryview, at: int) -> None:
    _leave_hole(now, at)
    now.came += len(data)
    while data:
        done = os.pwrite(now.file, data, at)
        data, at = data[done:], at + done
    now.end = at


def _leave_hole(now: _Written, until: int) -> None:
    """Have nothing from its end to `until`: all behind it comes anew, so it can be cut off."""
    if now.end < until and now.end < now.old:
        os.ftruncate(now.file, now.end)
        now.old = now.end


def _words(error: OSError) -> str:
    return f"the secondary says: {error.strerror or error}"


def _fill(source: BinaryIO, view: memoryview) -> int:
    """Fill `view` from `source`; return how many bytes there were."""
    got = 0
    while got < len(view):
        count = source.readinto(view[got:])  # type: ignore[attr-defined]  # unbuffered files have it
        if not count:
            break
        got += count
    return got
