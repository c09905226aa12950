"""Connections to the engines of other nodes, by `georep-engine attach` over ssh."""

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from functools import partial

from engine import feed
from engine.feed import Dial, Ends
from georep_tui.hosts import Host

_PATIENCE = 30.0
_BEFORE = 200
"""Lines that a login may say first."""
_WORDS = 1 << 16


def dial(host: Host) -> Dial:
    """Return how the engine of `host` is reached."""
    return partial(_called, host)


@contextlib.asynccontextmanager
async def _called(host: Host) -> AsyncIterator[Ends]:
    """Give the ends of a connection; Retry when ssh, or the engine there, does not answer."""
    try:
        process = await asyncio.create_subprocess_exec(
            *host.argv("georep-engine", "attach"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=feed.LINE,
            # ^C in a terminal is for the console.
            start_new_session=True,
        )
    except OSError as error:
        raise host.unstarted(error) from error
    assert process.stdin is not None
    assert process.stdout is not None
    words = bytearray()
    listening = asyncio.create_task(_listen(process, words))
    try:
        if not await _greeted(process.stdout):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 1)
                await listening
            raise host.trouble(process.returncode, bytes(words))
        yield process.stdout, process.stdin
    finally:
        process.stdin.close()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        listening.cancel()
        await process.wait()


async def _greeted(said: asyncio.StreamReader) -> bool:
    with contextlib.suppress(TimeoutError, ValueError):
        async with asyncio.timeout(_PATIENCE):
            for _ in range(_BEFORE):
                line = await said.readline()
                if line.rstrip() == feed.GREETING:
                    return True
                if not line:
                    return False
    return False


async def _listen(process: Process, words: bytearray) -> None:
    """Keep what is said on stderr, the last of it: a pipe that nobody reads fills."""
    assert process.stderr is not None
    while portion := await process.stderr.read(_WORDS):
        words += portion
        del words[:-_WORDS]
