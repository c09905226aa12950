"""A mover's process: names go in, words come out, no pipe ever fills, and it surely ends."""

import asyncio
import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

_SAID = 1 << 20
"""Most of its stderr that is kept, in bytes; all of it is read."""
_GRACE = 5.0
"""Seconds from the polite word to the kill."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended."""

    code: int
    out: bytes
    said: str
    seconds: float


async def run(argv: Sequence[str | bytes], names: bytes, *, most: int) -> Ended:
    """Run a command, hand it `names` on stdin and keep the last `most` bytes of its stdout.

    FileNotFoundError when there is no such program.
    """
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # What it says of a file is read by us.
        env={**os.environ, "LC_ALL": "C"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        _, out, said = await asyncio.gather(
            _feed(process.stdin, names),
            _read(process.stdout, most),
            _read(process.stderr, _SAID),
        )
        code = await process.wait()
    except BaseException:
        await _end(process)
        raise
    words = said.decode("utf-8", "replace").strip()
    return Ended(code, out, words, time.monotonic() - started)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            async with asyncio.timeout(_GRACE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _feed(pipe: asyncio.StreamWriter, data: bytes) -> None:
    try:
        pipe.write(data)
        await pipe.drain()
        pipe.close()
    except (BrokenPipeError, ConnectionResetError):
        # It ended before it had read all names; its exit code and words tell why.
        pass


async def _read(pipe: asyncio.StreamReader, most: int) -> bytes:
    kept = bytearray()
    while data := await pipe.read(1 << 16):
        kept += data
        del kept[:-most]
    return bytes(kept)
