"""Large contents: jobs of about equal bytes for the movers, and the check that they arrived."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine import names
from engine.errors import Retry
from engine.events import Content, JobFinished, JobStarted
from engine.gluster import gfid as gfids
from engine.item import Gfid, Item
from engine.movers.job import Job, Mover
from engine.movers.ways import usual
from engine.options import Options
from engine.primary import truth
from engine.rpc.channel import Channel
from engine.session.report import Report
from engine.session.trying import Trying

_WORTH = 4 << 20
"""Bytes that go as fast as another job can be started."""
_TOLD = 20
"""Files of one job of which it is told what was wrong with them."""
_LARGEST = 3
"""Files of one job that are told by name."""


class Run(Protocol):
    """Runs one blocking call in a thread."""

    def __call__(
        self, call: Callable[..., dict[Gfid, int]], *args: object
    ) -> Awaitable[dict[Gfid, int]]:
        """Return what the call returns."""
        ...


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the content of one file."""

    item: Item
    """As the primary had it before."""
    size: int | None = None
    """Bytes on the far side, when it is whole there."""
    words: str = ""
    """Why it is not."""


class Bulk:
    """Brings the content of large files that already stand, empty or old, on the secondary."""

    def __init__(
        self, trying: Trying, channel: Channel, report: Report, *, here: bytes, jobs: int
    ) -> None:
        """`here` is the mount of the primary; `jobs` run at a time."""
        self._trying, self._channel, self._report = trying, channel, report
        self._here, self._jobs = here, jobs
        self._slots = asyncio.Semaphore(jobs)
        self._count = 0
        self._log = False

    def take_up(self, options: Options) -> None:
        """Write each job's figures into the log as well, if `options` say so."""
        self._log = options.log_rsync_performance

    async def jobs(
        self, files: Sequence[Item], empty: Collection[Gfid]
    ) -> list[tuple[Mover, list[Item]]]:
        """Return who is to bring which of `files`; those in `empty` have nothing there yet.

        Retry when no mover works.
        """
        groups: dict[Mover, list[Item]] = {}
        for item in files:
            mover = await self._trying.choose(new=item.gfid in empty)
            groups.setdefault(mover, []).append(item)
        return [
            (mover, part) for mover, group in groups.items() for part in parts(group, self._jobs)
        ]

    async def bring(self, mover: Mover, files: Sequence[Item], run: Run) -> list[Brought]:
        """Copy when it is our turn, then look at each file on the far side; Retry when the mover
        as such has failed.
        """
        asked = [item.gfid for item in files]
        async with self._slots:
            self._count += 1
            number = self._count
            size = sum(item.attributes.size for item in files)
            self._tell_start(number, mover, files, size)
            job = await self._trying.ways.run(mover, self._here, asked, size)
            sizes = await run(_sizes, self._here, asked)
            found = await self._channel.lookup(asked)
        brought = []
        for item, seen in zip(files, found.gfids, strict=True):
            now = sizes.get(item.gfid)
            there = None if seen is None else seen.attributes.size
            if now is None:
                brought.append(Brought(item, words="the primary does not show it any more"))
            elif words := _wrong(job, item, now, there):
                brought.append(Brought(item, words=words))
            else:
                brought.append(Brought(item, there))
        short = {
            one.item.gfid: one.words
            for one in brought
            if one.size is None and one.item.gfid in sizes
        }
        self._tell(number, job, files, sizes, short)
        self._judge(job, sizes)
        return brought

    def _tell_start(self, number: int, mover: Mover, files: Sequence[Item], size: int) -> None:
        sizes = {item.gfid: item.attributes.size for item in files}
        self._report.tell(
            JobStarted,
            mover=mover.value,
            job=number,
            asked=len(files),
            size=size,
            largest=_largest(files, sizes),
        )

    def _tell(
        self,
        number: int,
        job: Job,
        files: Sequence[Item],
        sizes: dict[Gfid, int],
        short: dict[Gfid, str],
    ) -> None:
        size = sum(sizes.values())
        if self._log:
            sys.stderr.write(f"{figures(number, job, size, len(short))}\n")
        self._report.say(
            JobFinished(
                at=time.time(),
                session=self._report.session,
                worker=self._report.worker,
                mover=job.mover.value,
                job=number,
                asked=job.asked,
                moved=len(job.moved),
                short=len(short),
                size=size,
                sent=job.sent,
                matched=job.matched,
                literal=job.literal,
                speedup=round(size / job.sent, 2) if job.sent else 0.0,
                seconds=job.seconds,
                code=job.code,
                words=job.words[-500:],
                failed=tuple(f"{gfid}: {words}" for gfid, words in list(short.items())[:_TOLD]),
                largest=_largest(files, sizes),
            )
        )

    def _judge(self, job: Job, sizes: dict[Gfid, int]) -> None:
        """Raise Retry when the mover itself is at fault, not one file or another."""
        route, by_rsync = self._trying.ways.route, job.mover is Mover.RSYNC
        if not usual(job.mover, job.code):
            raise Retry(
                f"{job.mover} to {route.host} failed with exit code {job.code}",
                cause="rsync failed" if by_rsync else "stream failed",
                fix=f"The words below are its own. See whether {route.user}@{route.host} still "
                "lets it in by ssh with the same key; the worker tries all movers when it starts.",
                evidence=job.words,
            )
        silent = sizes.keys() - job.moved.keys() - job.failed.keys()
        if silent and not job.moved:
            raise Retry(
                f"{job.mover} exited {job.code} and moved none of {job.asked} files",
                cause="rsync moved nothing" if by_rsync else "stream moved nothing",
                fix="Look at its version on both sides; the worker tries all movers when it "
                "starts, and takes another one if this does not work.",
                evidence=job.words,
            )


def figures(number: int, job: Job, size: int, short: int) -> str:
    """Return what a job did, in one line for a log."""
    return (
        f"{job.mover} job {number}: {job.asked} files of {size} bytes, {len(job.moved)} moved, "
        f"{short} not whole, {job.sent} bytes sent, {job.matched} matched, {job.literal} literal, "
        f"{job.seconds:.2f} s, exit code {job.code}"
    )


def parts(files: Sequence[Item], most: int) -> list[list[Item]]:
    """Split into at most `most` jobs of about equal bytes: the largest file first, each to the
    lightest job. Another job must be worth its while.
    """
    size = sum(item.attributes.size for item in files)
    found: list[list[Item]] = [[] for _ in range(min(most, len(files), 1 + size // _WORTH))]
    weights = [0] * len(found)
    for item in sorted(files, key=lambda item: -item.attributes.size):
        lightest = weights.index(min(weights))
        found[lightest].append(item)
        weights[lightest] += item.attributes.size
    return found


def _largest(files: Sequence[Item], sizes: dict[Gfid, int]) -> tuple[Content, ...]:
    """Return the largest of `files`, each with one of its names."""
    found = sorted((item for item in files if item.gfid in sizes), key=lambda i: -sizes[i.gfid])
    return tuple(
        Content(
            gfid=item.gfid,
            name=names.show(item.names[0].name) if item.names else "",
            size=sizes[item.gfid],
        )
        for item in found[:_LARGEST]
    )


def _wrong(job: Job, item: Item, now: int, there: int | None) -> str:
    """Say what is wrong with a file, of which `there` bytes of `now` are there; empty: nothing."""
    if there is None:
        return f"it is not on the secondary; {job.mover} exit {job.code}: {job.words[-300:]}"
    if item.gfid in job.failed:
        return f"{job.mover}: {job.failed[item.gfid]}"
    # A file that grows all the while has neither of these any more, but what the mover read then.
    if there in (item.attributes.size, now, job.moved.get(item.gfid)):
        if item.gfid in job.moved:
            return ""
        return f"{job.mover} exit {job.code} says nothing of it: {job.words[-300:]}"
    return f"{there} of {now} bytes arrived; {job.mover} exit {job.code}: {job.words[-300:]}"


def _sizes(mount: bytes, asked: Sequence[Gfid]) -> dict[Gfid, int]:
    found: dict[Gfid, int] = {}
    for gfid in asked:
        try:
            found[gfid] = os.lstat(mount + b"/" + gfids.aux(gfid)).st_size
        except OSError as error:
            if error.errno in truth.CUT_OFF:
                raise
            continue  # gone, or unclear: the next look says so
    return found
