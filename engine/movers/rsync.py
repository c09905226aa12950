"""Large files by rsync over OpenSSH: one job moves a list of gfids and says what it did.

rsync's own word proves nothing: 3.5.0 can transfer nothing and exit 0. The job counts what rsync
says it moved; whether each file is whole on the far side is for the caller to check there.
"""

import asyncio
import re
import shlex
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import Stop
from engine.gluster import gfid as gfids
from engine.item import Gfid
from engine.rpc.ssh import Route

_KEPT = 64 << 10
"""Most of rsync's stderr that is kept, in bytes; all of it is read, so that its pipe never fills.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What one run of rsync says of itself; sizes in bytes."""

    asked: int
    moved: int
    sent: int
    matched: int
    literal: int
    seconds: float
    code: int
    words: str


def command(
    route: Route, mount: bytes, far: bytes, program: str, options: str
) -> list[bytes | str]:
    """Return rsync's command line: from `mount` here to the agent's mount `far`, names on stdin.

    --existing and --inplace, because objects keep the gfids they were made with; no times, because
    a file whose mtime is right counts as whole, and that is for the item to say after the check.
    """
    host = f"[{route.host}]" if ":" in route.host else route.host
    return [
        *(
            program,
            "-0",
            "--files-from=-",
            "--relative",
            "--no-implied-dirs",
            "--inplace",
            "--existing",
        ),
        *(
            "--ignore-times",
            "--ignore-missing-args",
            "--stats",
            "--no-human-readable",
            "--timeout=300",
        ),
        *shlex.split(options),
        *("-e", shlex.join(route.openssh())),
        mount + b"/./",
        host.encode() + b":" + far + b"/",
    ]


async def run(
    route: Route, mount: bytes, far: bytes, files: Sequence[Gfid], *, program: str, options: str
) -> Job:
    """Move the content of `files`; Stop when rsync cannot be started at all."""
    started = time.monotonic()
    argv = command(route, mount, far, program, options)
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise Stop(
            f"{program} is not installed on this machine",
            cause="rsync missing",
            fix="Install it: apt-get install rsync",
        ) from error
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        names = b"".join(gfids.aux(gfid) + b"\0" for gfid in files)
        _, out, said = await asyncio.gather(
            _feed(process.stdin, names), _read(process.stdout), _read(process.stderr)
        )
        code = await process.wait()
    except BaseException:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()
        raise
    moved, literal, matched, sent = figures(out)
    words = said.decode("utf-8", "replace").strip()
    seconds = time.monotonic() - started
    return Job(len(files), moved, sent, matched, literal, seconds, code, words)


_FIGURES = tuple(
    re.compile(pattern)
    for pattern in (
        rb"Number of regular files transferred: ([\d,.]+)",
        rb"Literal data: ([\d,.]+)",
        rb"Matched data: ([\d,.]+)",
        rb"Total bytes sent: ([\d,.]+)",
    )
)


def figures(out: bytes) -> tuple[int, int, int, int]:
    """Return files transferred, literal, matched and sent bytes from rsync's --stats; 0 where it
    says nothing.
    """
    found = (pattern.search(out) for pattern in _FIGURES)
    moved, literal, matched, sent = (
        int(re.sub(rb"\D", b"", match[1])) if match else 0 for match in found
    )
    return moved, literal, matched, sent


async def _feed(pipe: asyncio.StreamWriter, data: bytes) -> None:
    try:
        pipe.write(data)
        await pipe.drain()
        pipe.close()
    except (BrokenPipeError, ConnectionResetError):
        # rsync ended before it had read all names; its exit code and words tell why.
        pass


async def _read(pipe: asyncio.StreamReader) -> bytes:
    kept = bytearray()
    while data := await pipe.read(1 << 16):
        kept += data
        del kept[:-_KEPT]
    return bytes(kept)
