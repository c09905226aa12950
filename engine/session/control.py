"""The engine's unix socket: a snapshot and then events to everyone who connects, commands back."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine import commands, events, feed
from engine.commands import Answer, AnyCommand
from engine.events import AnyEvent
from engine.snapshot import snapshot
from engine.state import State

SLACK = 1 << 20
"""Bytes a reader may be behind, beyond a snapshot."""
PATIENCE = 30.0
"""Seconds a reader that is behind may take before it is dropped."""
READERS = 64
COMMAND = 1 << 16
"""Longest command line in bytes."""

Obey = Callable[[AnyCommand], Awaitable[Answer]]


@dataclass(slots=True, eq=False)
class _Reader:
    writer: asyncio.StreamWriter
    live: bool = False
    """Gets each event; otherwise it is behind, and a snapshot is due to it."""
    late: asyncio.Event = field(default_factory=asyncio.Event)


class Control:
    """Speaks to everyone who is connected. Nobody who reads slowly can hold the engine up."""

    def __init__(self, state: State, obey: Obey) -> None:
        self._state, self._obey = state, obey
        self._readers: set[_Reader] = set()

    def publish(self, event: AnyEvent) -> None:
        """Send one event, which is in the state already, to every reader that keeps up."""
        ready = [reader for reader in self._readers if reader.live]
        if not ready:
            return
        line = events.encode(event) + b"\n"
        for reader in ready:
            transport = reader.writer.transport
            if transport.get_write_buffer_size() > transport.get_write_buffer_limits()[1]:
                reader.live = False
                reader.late.set()
            else:
                reader.writer.write(line)

    @contextlib.asynccontextmanager
    async def listen(self, path: Path) -> AsyncIterator[None]:
        """Serve at `path` inside the `with`; the caller holds the lock that makes it ours alone."""
        listener = _bind(path)
        server = await asyncio.start_unix_server(self._serve, sock=listener, limit=COMMAND)
        try:
            yield
        finally:
            server.close()
            for reader in tuple(self._readers):
                reader.writer.close()
            _remove(path)

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader = _Reader(writer)
        if len(self._readers) >= READERS:
            writer.close()
            return
        self._readers.add(reader)
        try:
            self._refresh(reader)  # before any answer: who asks has seen everything until then
            async with asyncio.TaskGroup() as group:
                feeding = group.create_task(self._feed(reader))
                await self._commands(stream, writer)
                feeding.cancel()
        except* (ConnectionError, TimeoutError, ValueError):
            pass  # it went away, or read nothing for too long, or sent a line without an end
        finally:
            self._readers.discard(reader)
            # abort: a close would wait for the bytes that a stuck reader does not take
            writer.transport.abort()

    async def _feed(self, reader: _Reader) -> None:
        """Send a new snapshot whenever the reader has been left behind and can take it."""
        while True:
            await reader.late.wait()
            async with asyncio.timeout(PATIENCE):
                await reader.writer.drain()
            self._refresh(reader)

    def _refresh(self, reader: _Reader) -> None:
        content = b"".join(events.encode(event) + b"\n" for event in snapshot(self._state))
        # The snapshot itself must not count as being behind, or it would be sent for ever.
        reader.writer.transport.set_write_buffer_limits(high=len(content) + SLACK, low=SLACK)
        reader.late.clear()
        reader.writer.write(content)
        reader.live = True

    async def _commands(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await stream.readline():
            command = commands.decode(line)
            if command is None:
                answer = Answer(done=False, words="This engine does not know that command")
            else:
                answer = await self._obey(command)
            writer.write(commands.encode(answer) + b"\n")
            async with asyncio.timeout(PATIENCE):
                await writer.drain()


def _bind(path: Path) -> socket.socket:
    """Listen at `path`, in place of what a dead engine left there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The mode must be right from the first moment; chmod afterwards would leave a gap.
    mask = os.umask(0o177)
    try:
        with feed.address(path) as short:
            listener.bind(short)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(mask)
    listener.setblocking(False)
    return listener


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
