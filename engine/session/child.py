"""One child process: its lines as they come, its last words, and its certain end."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

LAST_WORDS = 64 << 10
"""Bytes of stderr that are kept."""
LOG = 8 << 20
"""Bytes of a log file; one older file of that size stays beside it."""
LINE = 1 << 20
"""Longest line of stdout; a longer one is dropped."""
DRAIN = 1.0
"""Seconds for what a dead child left in its pipes, which a grandchild may still hold open."""


class Child:
    """A process in its own session, so that a ^C in a terminal is ours to pass on, politely."""

    def __init__(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment`: all of it; None: ours."""
        self._log = log
        self._words = bytearray()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=environment,
        )
        self.pid = self._process.pid
        # Nobody but us reaps it, so the pid is still its own, dead or alive.
        self._pidfd = os.pidfd_open(self.pid)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)

    async def follow(self, hear: Callable[[bytes], None]) -> int:
        """Hand each line of stdout to `hear` until the process is gone; return its exit code.

        Whatever happens in here, the process and all of its session are dead afterwards.
        """
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(self._pidfd, gone.set)
        try:
            async with (
                _pipe(self._process.stdout) as out,
                _pipe(self._process.stderr) as err,
                asyncio.TaskGroup() as group,
            ):
                pumps = (
                    group.create_task(_lines(out, hear)),
                    group.create_task(_chunks(err, self.note)),
                )
                await gone.wait()
                await asyncio.wait(pumps, timeout=DRAIN)
                for pump in pumps:
                    pump.cancel()
        finally:
            loop.remove_reader(self._pidfd)
            self._end()
        return self._process.returncode or 0

    def say(self, line: bytes) -> None:
        """Write one line to its stdin; a child that does not read is not waited for."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            os.write(self._process.stdin.fileno(), line)

    def note(self, data: bytes) -> None:
        """Keep `data` as part of its last words and of its log."""
        self._words += data
        del self._words[:-LAST_WORDS]
        # The log is for developers; a full disk must not stop replication.
        with contextlib.suppress(OSError):
            _append(self._log, data)

    def last_words(self, size: int = 4000) -> str:
        """Return the end of its stderr as printable lines."""
        text = bytes(self._words[-size:]).decode(errors="replace").strip()
        return "".join(c if c.isprintable() or c == "\n" else " " for c in text)

    def kill(self) -> None:
        """Kill it and everything it started in its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _end(self) -> None:
        # Before the wait: once reaped, the number could belong to somebody else's group.
        self.kill()
        # Only after a cancelled wait can it still be alive, and then not for long, unless the
        # kernel holds it; the engine must end all the same.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=DRAIN)
        os.close(self._pidfd)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


@contextlib.asynccontextmanager
async def _pipe(file: IO[bytes]) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), file
    )
    try:
        yield reader
    finally:
        transport.close()


async def _lines(reader: asyncio.StreamReader, hear: Callable[[bytes], None]) -> None:
    held = b""
    async for chunk in _read(reader):
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            hear(line)
        if len(held) > LINE:
            held = b""


async def _chunks(reader: asyncio.StreamReader, note: Callable[[bytes], None]) -> None:
    async for chunk in _read(reader):
        note(chunk)


async def _read(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await reader.read(1 << 16):
        yield chunk


def _append(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)
        size = file.tell()
    if size > LOG:
        os.replace(path, f"{path}.1")
