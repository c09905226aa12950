"""Large files by rsync over OpenSSH: one job moves a list of gfids and says what it did.

rsync's own word proves nothing: 3.5.0 can transfer nothing and exit 0. The job says which files
rsync has named as moved; whether each file is whole on the far side is for the caller to check.
"""

import re
import shlex
from collections.abc import Sequence

from engine.errors import Stop
from engine.gluster import gfid as gfids
from engine.item import Gfid
from engine.movers import child
from engine.movers.job import Job, Mover, blamed
from engine.rpc.route import Route

USUAL = frozenset({0, 23, 24})
"""Exit codes after which the check decides: all, some, or vanished files."""
_LINE = 64
"""Bytes of stdout for each file, at most; and as many again as `_STATS` for the figures."""
_STATS = 64 << 10


def command(
    route: Route, mount: bytes, far: bytes, *, shell: Sequence[str], program: str, options: str
) -> list[bytes | str]:
    """Return rsync's command line: from `mount` here to the agent's mount `far`, names on stdin.
    `shell` is how it gets to the other host.

    --existing and --inplace, because objects keep the gfids they were made with; no times, because
    a file whose mtime is right counts as whole, and that is for the item to say after the check.
    --sparse, so that holes stay holes.
    """
    host = f"[{route.host}]" if ":" in route.host else route.host
    return [
        *(program, "-0", "--files-from=-", "--relative", "--no-implied-dirs"),
        *("--inplace", "--existing", "--sparse", "--ignore-times", "--ignore-missing-args"),
        "--timeout=300",
        *shlex.split(options),
        *("--stats", "--out-format=%n %l", "--no-human-readable"),
        *("-e", shlex.join(shell)),
        mount + b"/./",
        host.encode() + b":" + far + b"/",
    ]


async def run(
    route: Route,
    mount: bytes,
    far: bytes,
    files: Sequence[Gfid],
    *,
    shell: Sequence[str],
    program: str,
    options: str,
) -> Job:
    """Move the content of `files`; Stop when rsync cannot be started at all."""
    argv = command(route, mount, far, shell=shell, program=program, options=options)
    names = b"".join(gfids.aux(gfid) + b"\0" for gfid in files)
    try:
        ended = await child.run(argv, names, most=_STATS + _LINE * len(files))
    except OSError as error:
        raise Stop(
            f"{program} cannot be started on this machine: {error.strerror}",
            cause="rsync missing",
            fix="Install it: apt-get install rsync",
        ) from error
    count, literal, matched, sent = figures(ended.out)
    return Job(
        Mover.RSYNC,
        len(files),
        ended.code,
        ended.seconds,
        ended.said,
        moved=named(ended.out) if count else {},
        failed=blamed(ended.said),
        sent=sent,
        matched=matched,
        literal=literal,
    )


_FIGURES = tuple(
    re.compile(pattern)
    for pattern in (
        rb"Number of regular files transferred: ([\d,.]+)",
        rb"Literal data: ([\d,.]+)",
        rb"Matched data: ([\d,.]+)",
        rb"Total bytes sent: ([\d,.]+)",
    )
)
_MOVED = re.compile(rb"^\.gfid/([0-9a-f-]{36}) (\d+)$", re.MULTILINE)


def figures(out: bytes) -> tuple[int, int, int, int]:
    """Return files transferred, literal, matched and sent bytes from rsync's --stats; 0 where it
    says nothing.
    """
    found = (pattern.search(out) for pattern in _FIGURES)
    moved, literal, matched, sent = (
        int(re.sub(rb"\D", b"", match[1])) if match else 0 for match in found
    )
    return moved, literal, matched, sent


def named(out: bytes) -> dict[Gfid, int]:
    """Return the files that rsync names as moved, one on a line, with their sizes."""
    return {Gfid(text.decode("ascii")): int(size) for text, size in _MOVED.findall(out)}
