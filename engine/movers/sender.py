"""The near end of a stream: reads files of the mount by gfid and sends their contents to a command.

A process of its own, `python -m engine.movers.sender MOUNT COMMAND…`, so that contents never pass
through the worker. Gfids come on stdin, each ended by a NUL; the command's stdout and stderr are
ours.
"""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import IO

from engine.gluster import gfid as gfids
from engine.item import Gfid
from engine.rpc import pieces
from engine.rpc.pieces import What

_PIPE = 1 << 20
"""Bytes that the pipe to the command shall hold."""
STALLED = 600
"""Seconds without progress after which SIGALRM ends this process: the far side hangs."""
_PART = 1 << 16
"""Bytes that are written at a time: progress even where the line is kept slow."""
_NO_HOLES = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
"""What a file system says that cannot tell where holes are."""


def main(argv: Sequence[str]) -> int:
    """Send; return the command's exit code."""
    mount, *command = argv
    asked = [gfids.from_text(text) for text in sys.stdin.buffer.read().split(b"\0") if text]
    # It must not outlive us: who started us would wait for its output.
    way = ["setpriv", "--pdeathsig", "TERM", *command]
    process = subprocess.Popen(way, stdin=subprocess.PIPE, bufsize=0)
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, _PIPE)
    with contextlib.suppress(BrokenPipeError):
        for gfid in asked:
            _send(os.fsencode(mount), gfid, process.stdin)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    # It has the last files to close.
    signal.alarm(STALLED)
    return process.wait()


def _send(mount: bytes, gfid: Gfid, sink: IO[bytes]) -> None:
    """Send one file; what cannot be read is told in the stream."""
    try:
        file = os.open(mount + b"/" + gfids.aux(gfid), os.O_RDONLY | os.O_NOFOLLOW)
        try:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_SEQUENTIAL)
            size = os.fstat(file).st_size
            for at, data in _contents(file, size):
                if not data:
                    size = at
                    break
                _write(sink, pieces.head(What.DATA, gfid, at, len(data)), data)
        finally:
            os.close(file)
    except BrokenPipeError:
        raise
    except OSError as error:
        words = f"the primary says: {error.strerror or error}".encode()
        _write(sink, pieces.head(What.BROKEN, gfid, 0, len(words)), words)
    else:
        _write(sink, pieces.head(What.END, gfid, size))


def _contents(file: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield what the file has before `size`, by parts; an empty one where it was cut meanwhile."""
    for start, end in extents(file, size):
        at = start
        while at < end:
            data = os.pread(file, min(pieces.LONGEST, end - at), at)
            yield at, data
            if not data:
                return
            at += len(data)


def extents(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where the first `size` bytes of a file have data; between them are holes."""
    at = 0
    while at < size:
        try:
            at = os.lseek(file, at, os.SEEK_DATA)
            end = os.lseek(file, at, os.SEEK_HOLE)
        except OSError as error:
            if error.errno in _NO_HOLES:
                yield at, size
            elif error.errno != errno.ENXIO:
                raise
            return
        yield at, min(end, size)
        at = end


def _write(sink: IO[bytes], *parts: bytes) -> None:
    for part in parts:
        view = memoryview(part)
        while view:
            signal.alarm(STALLED)
            view = view[sink.write(view[:_PART]) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
