"""Where events come from: a running engine, here or on another node, or a journal's files."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

from engine import commands, events
from engine.commands import Answer, AnyCommand, Sync
from engine.errors import GeorepError, Retry
from engine.events import AnyEvent
from engine.state import State, apply

LINE = 16 << 20
"""Longest line that is read, in bytes."""
PORTION = 1 << 18
"""Bytes taken at a time: lines may come by the thousand."""
_SOCKET_PATH = 107
"""Bytes that fit into a unix socket's address."""
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
GREETING = b'{"type":"Attached"}'
"""The line that `georep-engine attach` begins with: what comes before it is not georep's."""

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], contextlib.AbstractAsyncContextManager[Ends]]
"""Gives a connection to an engine elsewhere, with what it needs; GeorepError when it cannot."""


async def live(
    engine: Path | Dial, *, heard: Callable[[str], None] = lambda words: None
) -> AsyncGenerator[AnyEvent, None]:
    """Yield what an engine says, for ever; after every connect its snapshot first.

    `engine`: its socket, or how it is reached.

    A snapshot begins with the EngineStarted of its node and so takes back what was known before:
    fold it into the same State. `heard` is called with "" when the engine answers and with a
    sentence when it does not.
    """
    wait = _FIRST_WAIT
    while True:
        try:
            async with contextlib.aclosing(once(engine)) as stream:
                async for event in stream:
                    if wait:
                        heard("")
                        wait = 0.0
                    yield event
            heard("The engine closed the connection")
        except GeorepError as error:
            heard(error.sentence())
        wait = min(_LONGEST_WAIT, max(_FIRST_WAIT, wait * 2))
        await asyncio.sleep(wait)


async def once(engine: Path | Dial) -> AsyncGenerator[AnyEvent, None]:
    """Yield what an engine says until it closes; raise Retry when none answers.

    All of its snapshot has come before the first of it is yielded, without a wait in between: who
    folds it never meets half of what the engine knows.
    """
    async with _connected(engine) as (reader, writer):
        writer.write(commands.encode(Sync()) + b"\n")
        told = lines(reader)
        for event in await _until_answered(told):
            yield event
        async for line in told:
            said = events.decode(line)
            if said is not None:
                yield said


async def _until_answered(told: AsyncIterator[bytes]) -> list[AnyEvent]:
    found = []
    async for line in told:
        event = events.decode(line)
        if event is not None:
            found.append(event)
        elif commands.decode_answer(line) is not None:
            break
    return found


async def ask(
    engine: Path | Dial,
    command: AnyCommand,
    *,
    timeout: float = 30,
    before: Callable[[bytes], None] = lambda line: None,
) -> Answer:
    """Send one command to an engine and return its answer; Retry when none comes.

    `before` gets the lines that come first: the snapshot, and what is told meanwhile.
    """
    where = f" at {engine}" if isinstance(engine, Path) else ""
    async with _connected(engine) as (reader, writer):
        writer.write(commands.encode(command) + b"\n")
        try:
            async with asyncio.timeout(timeout):
                async for line in lines(reader):
                    answer = commands.decode_answer(line)
                    if answer is not None:
                        return answer
                    before(line)
        except TimeoutError:
            raise Retry(
                f"The engine{where} did not answer for {timeout:.0f} s", fix="Try again."
            ) from None
    raise Retry(f"The engine{where} ended before it answered", fix="Try again.")


async def picture(engine: Path | Dial, *, timeout: float = 30, into: State | None = None) -> State:
    """Return the State of an engine as it is now, folded `into` one that is there already; raise
    Retry when none answers.
    """
    state = State() if into is None else into

    def take(line: bytes) -> None:
        event = events.decode(line)
        if event is not None:
            apply(state, event)

    await ask(engine, Sync(), timeout=timeout, before=take)
    return state


@contextlib.asynccontextmanager
async def _connected(engine: Path | Dial) -> AsyncIterator[Ends]:
    if not isinstance(engine, Path):
        async with engine() as ends:
            yield ends
        return
    reader, writer = await connect(engine)
    try:
        yield reader, writer
    finally:
        writer.close()


async def connect(path: Path) -> Ends:
    """Return a connection to the engine at `path`; raise Retry when none listens there."""
    try:
        with address(path) as short:
            return await asyncio.open_unix_connection(short, limit=LINE)
    except OSError as error:
        raise silent(path, error) from error


def silent(path: Path, error: OSError) -> Retry:
    """Return what is told when nobody can be reached at `path`."""
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return Retry(
            f"No engine runs here: nobody listens at {path}",
            cause="no engine",
            fix="Start it with systemctl start georep, or georep-engine run.",
        )
    return Retry(
        f"The engine at {path} cannot be reached: {error.strerror or error}",
        cause="no engine",
        fix="Run this as the engine's user, usually root.",
    )


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """Give a name for `path` that fits into a socket's address; valid inside the `with` only."""
    if len(os.fsencode(path)) <= _SOCKET_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def files(folder: Path) -> list[Path]:
    """Return the files of the journal in `folder`, the oldest first."""
    try:
        found = [path for path in folder.iterdir() if path.suffix == ".jsonl"]
    except FileNotFoundError:
        return []
    return sorted(path for path in found if path.stem.isdecimal())


def read(paths: Iterable[Path]) -> Iterator[AnyEvent]:
    """Yield the events in journal files; what is cut off or unknown is skipped."""
    for path in paths:
        with path.open("rb") as file:
            while line := file.readline(LINE):
                event = events.decode(line)
                if event is not None:
                    yield event


async def lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines that come, many from each read; the last one even where it was cut off."""
    held = b""
    try:
        while portion := await reader.read(PORTION):
            *whole, rest = portion.split(b"\n")
            if whole:
                whole[0], held = held + whole[0], rest
                for line in whole:
                    yield line
            else:
                held += rest
            if len(held) > LINE:
                return  # it is no engine that speaks there
    except ConnectionError:
        return  # the engine is gone
    if held:
        yield held
