"""Canaries: a small file goes through a mover, and the far side says whether it arrived.

Nothing is written on the primary: the file comes from a folder of this node, and goes into one of
georep's own on the secondary, by the same kind of path as all others.
"""

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from engine.errors import GeorepError, Reject, Stop
from engine.gluster import gfid as gfids
from engine.gluster.reading import digest_of_value
from engine.item import Gfid, Piece
from engine.movers.job import Job, Mover
from engine.movers.ways import Ways
from engine.rpc.channel import Channel

SIZE = 64 << 10
"""Bytes of a canary; random ones, so that nothing old can be taken for it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one canary."""

    mover: Mover
    works: bool
    """True also where nothing could be found out."""
    seconds: float
    words: str = ""
    fix: str = ""
    again: bool = False
    """Whether it may go better in a moment."""


async def probe(mover: Mover, ways: Ways, channel: Channel, worker: str) -> Tried:
    """Send a canary by `mover`; only a lost agent is an error."""
    started = time.monotonic()
    name = f"{mover}-{hashlib.sha256(worker.encode()).hexdigest()[:16]}"
    try:
        gfid = await channel.canary(name)
        with tempfile.TemporaryDirectory(prefix="georep-canary.") as folder:
            content = _prepare(Path(folder), gfid)
            job = await ways.run(mover, os.fsencode(folder), [gfid], SIZE)
        (found,) = await channel.digest([Piece(gfid, 0, 2 * SIZE)])
    except Stop as error:
        return Tried(mover, False, time.monotonic() - started, error.words, error.fix)
    except (Reject, OSError) as error:
        words = error.words if isinstance(error, GeorepError) else str(error)
        return Tried(mover, True, time.monotonic() - started, f"could not be tried: {words}")
    arrived = found == digest_of_value(content)
    return judge(job, ways, time.monotonic() - started, arrived=arrived)


def judge(job: Job, ways: Ways, seconds: float, *, arrived: bool) -> Tried:
    """Say what a canary's job means, whatever it says of itself."""
    if arrived:
        return Tried(job.mover, True, seconds)
    if job.code:
        words = f"exit code {job.code}: {_telling(job.words)[:300]}"
    elif job.moved:
        words = "exit code 0, and what arrived is not what was sent"
    else:
        words = "exit code 0, and nothing moved"
    return Tried(job.mover, False, seconds, words, _fix(job.mover, ways), again=job.code != 0)


def _telling(words: str) -> str:
    """Return the line that says most: what georep itself says on the far side, else the last."""
    lines = words.splitlines() or ["it said nothing"]
    ours = (line for line in lines if line.startswith("georep-engine: "))
    return next(ours, lines[-1])


def _fix(mover: Mover, ways: Ways) -> str:
    where = f"{ways.route.user}@{ways.route.host}"
    if mover is Mover.RSYNC:
        return (
            f"Compare `{ways.rsync_command} --version` here and on {ways.route.host}; {where} must "
            "let rsync in by ssh. Then stop and start the session."
        )
    return (
        f"{where} must let `{ways.route.command} receive` in by ssh, with the same key. Then stop "
        "and start the session."
    )


def _prepare(folder: Path, gfid: Gfid) -> bytes:
    content = os.urandom(SIZE)
    path = folder / os.fsdecode(gfids.aux(gfid))
    path.parent.mkdir()
    path.write_bytes(content)
    return content
