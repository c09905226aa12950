"""Large files whole, in one stream over OpenSSH for each job: the far end says what it wrote."""

import os
import re
import shlex
import sys
from collections.abc import Sequence

from engine.errors import Stop
from engine.item import Gfid
from engine.movers import child
from engine.movers.job import Job, Mover
from engine.rpc.route import Route

USUAL = frozenset({0})
_LINE = 600
"""Bytes that the far end says of each file, at most."""
_TOLD = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (?:(\d+) (\d+)|! (.*))")


def command(route: Route, mount: bytes, far: bytes, shell: Sequence[str]) -> list[bytes | str]:
    """Return the sender's command line, and in it that of the far end; gfids go on stdin.

    `shell` is how it gets to the other host.
    """
    there = shlex.join([*shlex.split(route.command), "receive", os.fsdecode(far)])
    sender = [sys.executable, "-m", "engine.movers.sender"]
    return [*sender, mount, *shell, "--", route.host, there]


async def run(
    route: Route, mount: bytes, far: bytes, files: Sequence[Gfid], *, shell: Sequence[str]
) -> Job:
    """Move the content of `files`; Stop when nothing can be started at all."""
    names = b"".join(gfid.encode("ascii") + b"\0" for gfid in files)
    try:
        ended = await child.run(
            command(route, mount, far, shell), names, most=_LINE * (len(files) + 100)
        )
    except OSError as error:
        raise Stop(
            f"{sys.executable} cannot be started on this machine: {error.strerror}",
            cause="stream missing",
            fix="Install georep again on this node.",
        ) from error
    moved, sent, failed = told(ended.out)
    return Job(
        Mover.STREAM,
        len(files),
        ended.code,
        ended.seconds,
        ended.said,
        moved=moved,
        failed=failed,
        sent=sent,
        literal=sent,
    )


def told(out: bytes) -> tuple[dict[Gfid, int], int, dict[Gfid, str]]:
    """Return what the far end said: the size of each file that is whole, the bytes that came for
    them all, and what was wrong with the others. Lines that are not its own say nothing.
    """
    moved: dict[Gfid, int] = {}
    came = 0
    failed: dict[Gfid, str] = {}
    for line in out.decode("utf-8", "replace").splitlines():
        if match := _TOLD.fullmatch(line):
            gfid, size, count, words = match.groups()
            if size is None:
                failed[Gfid(gfid)] = words
            else:
                moved[Gfid(gfid)] = int(size)
                came += int(count)
    return moved, came, failed
