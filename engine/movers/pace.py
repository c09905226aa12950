"""One limit for all that send for a session on this node: workers, and children of movers.

They are processes of their own, so what they share is a file: it holds the time until which the
line is taken. Whoever wants to send takes the line for as long as the bytes need at the present
rate, and waits until that time has come.

As a command, `python -m engine.movers.pace FILE RATE TIMETABLE COMMAND…` starts a command and hands
it its own stdin at that pace; it stands before the ssh of a mover.
"""

import contextlib
import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine import bandwidth
from engine.config import Session
from engine.options import Options

FILE = "bandwidth"
"""The name of the file in the folder of a session."""
_NONE = "-"
"""Stands for no timetable, for not every shell hands on an empty word."""
_UNTIL = struct.Struct(">d")
_BURST = 0.25
"""Seconds of an idle line that may be made up for."""
_SHARE = 0.125
"""Seconds for which the line is taken at a time, so that all get their turn."""
_LEAST = 4096
_MOST = 1 << 20
_HORIZON = 600.0
"""Seconds ahead that nobody takes; what says more was written before the machine was started."""


class Bucket:
    """The limit of one session; any number of processes may have one with the same file."""

    def __init__(self, path: Path, rate: str, timetable: str) -> None:
        """`rate` and `timetable` are the options; ValueError when they are wrong."""
        self._path = path
        self._take(rate, timetable)

    @classmethod
    def of(cls, session: Session, state: Path) -> "Bucket":
        """Return that of `session`, whose folder on this node is `state`."""
        options = session.options
        return cls(state / FILE, options.bandwidth, options.bandwidth_timetable)

    def take_up(self, options: Options) -> None:
        """Go by the limits in `options` from now on; what is under way keeps its pace."""
        self._take(options.bandwidth, options.bandwidth_timetable)

    def _take(self, rate: str, timetable: str) -> None:
        self._options = rate, timetable
        self._limits = bandwidth.parse(rate, timetable)

    @property
    def limited(self) -> bool:
        """Whether there is ever a limit."""
        return self._limits.limited

    def words(self) -> tuple[str, ...]:
        """Return what stands before a command to keep it to the limit; nothing without one."""
        if not self.limited:
            return ()
        rate, timetable = self._options
        start = (sys.executable, "-m", "engine.movers.pace")
        return (*start, str(self._path), rate, timetable or _NONE)

    def portion(self) -> int:
        """Return how many bytes to send at a time now."""
        rate = self._rate()
        return max(_LEAST, min(_MOST, int(rate * _SHARE))) if rate else _MOST

    def take(self, count: int) -> float:
        """Take the line for `count` bytes; return the seconds to wait before sending them."""
        rate = self._rate()
        if not rate:
            return 0.0
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            now = time.monotonic()
            until = reserved(os.pread(file, _UNTIL.size, 0), now, count / rate)
            os.pwrite(file, _UNTIL.pack(until), 0)
        finally:
            os.close(file)
        return max(0.0, until - now)

    def _rate(self) -> int:
        here = time.localtime()
        return self._limits.at(here.tm_hour * 60 + here.tm_min)


def reserved(held: bytes, now: float, seconds: float) -> float:
    """Return until when the line is taken, when somebody takes it for `seconds` more.

    `held` is what the file has; rubbish, and a time of another boot, count as a free line.
    """
    until = _UNTIL.unpack(held)[0] if len(held) == _UNTIL.size else 0.0
    if not until <= now + _HORIZON:
        until = 0.0
    return max(until, now - _BURST) + seconds


def main(argv: Sequence[str]) -> int:
    """Relay stdin at the pace; return the command's exit code."""
    path, rate, timetable, *words = argv
    bucket = Bucket(Path(path), rate, "" if timetable == _NONE else timetable)
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", *words], stdin=subprocess.PIPE, bufsize=0
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        _relay(bucket, process)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    return process.wait()


def _relay(bucket: Bucket, process: "subprocess.Popen[bytes]") -> None:
    """Hand on stdin until it ends, or the process does: rsync keeps it open until we have ended."""
    assert process.stdin is not None
    sink, ended = process.stdin.fileno(), os.pidfd_open(process.pid)
    waiting = select.poll()
    waiting.register(0, select.POLLIN)
    waiting.register(ended, select.POLLIN)
    try:
        while not any(file == ended for file, _ in waiting.poll()):
            data = os.read(0, bucket.portion())
            if not data:
                return
            time.sleep(bucket.take(len(data)))
            held = memoryview(data)
            while held:
                held = held[os.write(sink, held) :]
    finally:
        os.close(ended)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
