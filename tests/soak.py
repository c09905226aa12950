"""How the console holds out: `make soak`, or `make soak ARGS="--rate 10000 --minutes 5"`.

An engine of its own process tells of many workers, as fast as it is asked to; with `--days`,
instead, days of events go by as fast as the console takes them. The console goes from screen to
screen all the while. What it costs is printed as it goes on: CPU of its process alone, as a share
of one core, its memory, and the blocks that Python has in use: where memory grows and these do not,
nothing is kept.
"""

import argparse
import asyncio
import itertools
import os
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec

from engine import events, feed
from engine.commands import Answer
from engine.events import (
    AnyEvent,
    BatchDone,
    Content,
    EngineStarted,
    EntryFailed,
    EntryMended,
    JobFinished,
    JobStarted,
    MinuteCounted,
    PendingChanged,
    PositionMoved,
    Role,
    RoleChanged,
    SessionKnown,
    Wanted,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
)
from georep_tui import live
from georep_tui.app import Console

BEGIN = 1777593600.0
"""2026-05-01 00:00 UTC."""
NODES = 10
SCREENS = "12345"
DAY = 86400.0
DWELL = 7.0
"""Seconds on each screen."""


def workers(count: int) -> list[dict[str, str]]:
    """Return whom something is told of."""
    return [
        {"session": f"s{at % 4}", "worker": f"gfs{at % NODES}:/bricks/b{at // NODES}"}
        for at in range(count)
    ]


def beginning(at: float, count: int) -> Iterator[AnyEvent]:
    """Yield what an engine tells first."""
    for node in range(NODES):
        name = f"gfs{node}"
        yield EngineStarted(at=at, node=name, version="0.1.0", pid=900)
        for session in range(4):
            yield SessionKnown(
                at=at,
                session=f"s{session}",
                primary="vol",
                secondary="georep@dr::vol",
                wanted=Wanted.STARTED,
                node=name,
            )
    for pid, who in enumerate(workers(count)):
        yield WorkerStarted(at=at, pid=1000 + pid, restart=0, **who)
        yield RoleChanged(at=at, role=Role.ACTIVE, reason="first of its replica set", **who)


def load(order: int, at: float, everyone: list[dict[str, str]]) -> AnyEvent:
    """Return the event of that place in the order, the workers in turn: work, failures that are
    mended or not, now and then a fault; names never come again.
    """
    turn, which = divmod(order, len(everyone))
    who, number = everyone[which], turn + which
    job, kind = divmod(number, 10)
    size = 1_000_000 + number % 7919
    done = {"slices": 1, "entries": number % 211, "files": number % 31, "bytes": size}
    match kind:
        case 0 | 1 | 2:
            return WorkerProgressed(
                at=at,
                slices=number,
                records=number,
                entries=number,
                files=number,
                bytes=number * 1000,
                removed=0,
                **who,
            )
        case 3:
            return PendingChanged(at=at, doing=f"job {job}", waits="", **done, **who)
        case 4:
            return BatchDone(at=at, records=20, removed=0, seconds=1.5, rounds=1, **done, **who)
        case 5:
            file = Content(gfid=f"{number:032x}", name=f"render-{order}.exr", size=size)
            return JobStarted(
                at=at, mover="rsync", job=job, asked=3, size=size, largest=(file,), **who
            )
        case 6:
            return JobFinished(
                at=at,
                mover="rsync",
                job=job,
                asked=3,
                moved=3,
                short=0,
                sent=size // 2,
                matched=size // 2,
                literal=size // 2,
                seconds=1.2,
                code=0,
                words="",
                **who,
            )
        case 7:
            return PositionMoved(at=at, stime=int(at), slice=int(at), **who)
        case 8:
            path = f"users/kate/\\xff/file-{order}"
            return EntryFailed(
                at=at,
                gfid=f"{order % 50_000:032x}",
                path=path,
                doing="create",
                kind="EACCES",
                words="Permission denied",
                tries=1,
                **who,
            )
        case _:
            return _seldom(number, order, at, who)


def _seldom(number: int, order: int, at: float, who: dict[str, str]) -> AnyEvent:
    if number % 1000 == 999:
        words, fix = "ssh ended with exit 255", "See that sshd runs there"
        return WorkerFaulty(at=at, cause="ssh refused", words=words, fix=fix, evidence="", **who)
    if number % 100 == 99:
        return MinuteCounted(
            at=at,
            minute=int(at) // 60 * 60,
            slices=4,
            entries=number % 97,
            files=3,
            bytes=10**6,
            **who,
        )
    return EntryMended(at=at, gfid=f"{order * 3 % 50_000:032x}", **who)


async def engine(path: Path, rate: int, count: int) -> None:
    """Tell so many events a second to whoever connects, until it is ended."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        for event in beginning(time.time(), count):
            writer.write(events.encode(event) + b"\n")
        writer.write(msgspec.json.encode(Answer(done=True)) + b"\n")
        who, begin, sent = workers(count), time.monotonic(), 0
        while True:
            due = int((time.monotonic() - begin) * rate)
            now = time.time()
            lines = (events.encode(load(at, now, who)) for at in range(sent, due))
            writer.write(b"".join(line + b"\n" for line in lines))
            await writer.drain()
            sent = due
            await asyncio.sleep(0.05)

    server = await asyncio.start_unix_server(tell, path)
    await server.serve_forever()


async def days(count: int, length: float, clock: list[float]) -> AsyncIterator[AnyEvent]:
    """Yield days of events without a wait; `clock` says how far it is. Each worker tells of
    something every ten seconds.
    """
    for event in beginning(BEGIN, count):
        yield event
    who = workers(count)
    for number in itertools.count():
        clock[0] = BEGIN + number * 10.0 / count
        if clock[0] > BEGIN + length * DAY:
            return
        yield load(number, clock[0], who)


def say(words: str) -> None:
    """Write a line at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def resident() -> float:
    """Return the memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


async def watch(app: Console, seconds: float, every: float) -> None:
    """Run the console on every screen in turn, and print what it costs."""
    costs = f"{'CPU':>6} {'RSS':>8} {'blocks':>9}"
    say(f"{'after':>7} {'events':>11} {'events/s':>9} {costs}  shown until")
    async with app.run_test(size=(140, 40)) as pilot:
        begin = time.monotonic()
        screens = itertools.cycle(SCREENS)
        while app.reading and time.monotonic() - begin < seconds:
            wall, cpu, told = time.monotonic(), time.process_time(), app.picture.version
            while app.reading and time.monotonic() - wall < every:
                await pilot.press(next(screens))
                await asyncio.sleep(min(DWELL, every))
            passed = time.monotonic() - wall
            share = (time.process_time() - cpu) / passed
            rate = (app.picture.version - told) / passed
            at = time.strftime("%m-%d %H:%M", time.gmtime(app.now))
            say(
                f"{time.monotonic() - begin:6.0f}s {app.picture.version:11,} {rate:9,.0f} "
                f"{share:6.1%} {resident():5.0f} MB {sys.getallocatedblocks():9,}  {at}"
            )


async def main(args: argparse.Namespace) -> None:
    """Do what was said."""
    cores, busy = os.cpu_count(), os.getloadavg()[0]
    say(
        f"{cores} cores, load {busy:.1f}; Python {platform.python_version()}; "
        f"{args.workers} workers"
    )
    live.collect_seldom()
    if args.days:
        clock = [BEGIN]
        app = Console(days(args.workers, args.days, clock), clock=lambda: clock[0])
        await watch(app, float("inf"), args.every)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "engine.sock"
        words = ("engine", str(path), str(args.rate), str(args.workers))
        child = await asyncio.create_subprocess_exec(sys.executable, __file__, *words)
        try:
            await watch(Console(feed.live(path)), args.minutes * 60, args.every)
        finally:
            child.terminate()
            await child.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--rate", type=int, default=10_000, help="events a second")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--days", type=float, default=0.0, help="of events, as fast as they go")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two lines")
    return parser


if __name__ == "__main__":
    if sys.argv[1:2] == ["engine"]:
        asyncio.run(engine(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
    else:
        asyncio.run(main(_parser().parse_args()))
