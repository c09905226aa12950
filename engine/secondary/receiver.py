"""`georep-engine receive`: writes a stream of contents into files that stand already.

It opens files by their gfids alone, creates none, and touches neither owner nor mode. For each it
says on stdout what became of it: `<gfid> <size> <bytes that came>`, or `<gfid> ! <words>`.
"""

import contextlib
import fcntl
import os
import sys
from collections.abc import Sequence
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
    finally:
        with contextlib.suppress(OSError):  # a file that did not end is not whole anyway
            receiver.close()
    return 0 if whole else 1


class Receiver:
    """Writes one file after the other."""

    def __init__(self, far: bytes) -> None:
        """`far`: file G is `.gfid/G` below it."""
        self._far = far
        self._gfid: Gfid | None = None
        """The file that is being written."""
        self._file = -1
        self._old = self._end = self._came = 0
        """How long it was, how far it is written, and how many bytes have come for it."""
        self._trouble = ""

    def take(self, source: BinaryIO) -> bool:
        """Write all that `source` has; return whether it ended behind a file."""
        buffer = bytearray(pieces.LONGEST)
        view = memoryview(buffer)
        while _fill(source, view[: pieces.SIZE]):
            what, gfid, at, length = pieces.parse(bytes(view[: pieces.SIZE]))
            if not _fill(source, view[:length]):
                return False
            self._piece(what, gfid, at, view[:length])
        return self._gfid is None

    def close(self) -> None:
        """Let go of the file; OSError when something of it could not be written."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _piece(self, what: What, gfid: Gfid, at: int, data: memoryview) -> None:
        try:
            if gfid != self._gfid:
                self._gfid, self._trouble = gfid, ""
                self._open(gfid)
            match what:
                case What.DATA if not self._trouble:
                    self._write(data, at)
                case What.END if not self._trouble:
                    self._finish(at)
                case What.BROKEN:
                    self._trouble = bytes(data).decode("utf-8", "replace")
                case _:
                    pass
        except OSError as error:
            self._trouble = f"the secondary says: {error.strerror or error}"
        if what is not What.DATA:
            self._tell(gfid, at)

    def _open(self, gfid: Gfid) -> None:
        path = self._far + b"/" + gfids.aux(gfid)
        self._file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._old, self._end, self._came = os.fstat(self._file).st_size, 0, 0

    def _write(self, data: memoryview, at: int) -> None:
        self._leave_hole(at)
        self._came += len(data)
        while data:
            done = os.pwrite(self._file, data, at)
            data, at = data[done:], at + done
        self._end = at

    def _leave_hole(self, until: int) -> None:
        """Have nothing from here to `until`: all behind it comes anew, so it can be cut off."""
        if self._end < until and self._end < self._old:
            os.ftruncate(self._file, self._end)
            self._old = self._end

    def _finish(self, size: int) -> None:
        self._leave_hole(size)
        os.ftruncate(self._file, size)
        # What was written can still fail behind a cache; only this asks.
        os.fsync(self._file)
        self.close()

    def _tell(self, gfid: Gfid, size: int) -> None:
        words = " ".join(self._trouble.split())[:500]
        sys.stdout.write(f"{gfid} ! {words}\n" if words else f"{gfid} {size} {self._came}\n")
        sys.stdout.flush()
        self._gfid = None
        with contextlib.suppress(OSError):  # what was wrong is told
            self.close()


def _fill(source: BinaryIO, view: memoryview) -> bool:
    """Fill `view` from `source`; return whether there was enough."""
    while view:
        count = source.readinto(view)  # type: ignore[attr-defined]  # unbuffered files have it
        if not count:
            return False
        view = view[count:]
    return True
