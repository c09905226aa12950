"""Large contents: jobs of about equal bytes for the mover, and the check that they arrived."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.errors import Retry
from engine.events import JobFinished
from engine.gluster import gfid as gfids
from engine.item import Gfid, Item
from engine.movers import rsync
from engine.primary import truth
from engine.rpc.channel import Channel
from engine.rpc.ssh import Route
from engine.session.report import Report

_USUAL = frozenset({0, 23, 24})
"""Exit codes of rsync after which the check decides: all, some, or vanished files."""
_AT_ONCE = 256
"""Files asked for their holes in one hop to a thread."""


class Run(Protocol):
    """Runs one blocking call in a thread."""

    def __call__(
        self, call: Callable[..., dict[Gfid, int]], *args: object
    ) -> Awaitable[dict[Gfid, int]]:
        """Return what the call returns."""
        ...


@dataclass(slots=True)
class Brought:
    """What arrived and what did not."""

    whole: dict[Gfid, int] = field(default_factory=dict)
    """Sizes of those that are whole on the far side."""
    short: list[tuple[Item, str]] = field(default_factory=list)


class Bulk:
    """Brings the content of large files that already stand, empty or old, on the secondary."""

    def __init__(
        self,
        route: Route,
        channel: Channel,
        report: Report,
        *,
        here: bytes,
        there: bytes,
        jobs: int,
        program: str,
        options: str,
    ) -> None:
        """`here` and `there` are the mounts of primary and secondary."""
        self._route, self._channel, self._report = route, channel, report
        self._here, self._there = here, there
        self._jobs, self._program, self._options = jobs, program, options
        self._count = 0

    async def bring(self, files: Sequence[Item], run: Run) -> Brought:
        """Copy, then look at each file on the far side; Retry when nothing arrived at all."""
        brought = Brought()
        self._report.pending_files = len(files)
        self._report.pending_bytes = sum(item.attributes.size for item in files)
        self._report.now_doing(f"rsync of {len(files)} files")
        asked = [item.gfid for item in files]
        holes: dict[Gfid, int] = {}
        for at in range(0, len(asked), _AT_ONCE):
            holes |= await run(_holes, self._here, asked[at : at + _AT_ONCE])
        dense = self._parts([item for item in files if item.gfid not in holes])
        sparse = self._parts([item for item in files if item.gfid in holes])
        slots = asyncio.Semaphore(self._jobs)
        jobs = [self._job(part, run, brought, slots) for part in dense]
        # It costs dense files up to half again, so only those that need it get it.
        jobs += [self._job(part, run, brought, slots, options="--sparse ") for part in sparse]
        try:
            await asyncio.gather(*jobs)
        finally:
            self._report.pending_files = self._report.pending_bytes = 0
        return brought

    def _parts(self, files: Sequence[Item]) -> list[list[Item]]:
        """Split into jobs of about equal bytes: the largest first, each to the lightest job."""
        parts: list[list[Item]] = [[] for _ in range(min(self._jobs, len(files)))]
        weights = [0] * len(parts)
        for item in sorted(files, key=lambda item: -item.attributes.size):
            lightest = weights.index(min(weights))
            parts[lightest].append(item)
            weights[lightest] += item.attributes.size
        return parts

    async def _job(
        self,
        files: Sequence[Item],
        run: Run,
        brought: Brought,
        slots: asyncio.Semaphore,
        *,
        options: str = "",
    ) -> None:
        self._count += 1
        number = self._count
        gfids_asked = [item.gfid for item in files]
        async with slots:
            job = await rsync.run(
                *(self._route, self._here, self._there, gfids_asked),
                program=self._program,
                options=options + self._options,
            )
        sizes = await run(_sizes, self._here, gfids_asked)
        found = await self._channel.lookup(gfids_asked)
        short: list[Item] = []
        for item, seen in zip(files, found.gfids, strict=True):
            now = sizes.get(item.gfid)
            if now is None:
                # Gone from the primary meanwhile: the next look says so.
                continue
            there = None if seen is None else seen.attributes.size
            if there is not None and there in (item.attributes.size, now) and job.moved:
                brought.whole[item.gfid] = there
            else:
                short.append(item)
                words = f"{there} of {now} bytes arrived; rsync exit {job.code}: {job.words[-300:]}"
                brought.short.append((item, words))
        self._report.say(
            JobFinished(
                at=time.time(),
                session=self._report.session,
                worker=self._report.worker,
                mover="rsync",
                job=number,
                asked=job.asked,
                moved=job.moved,
                short=len(short),
                sent=job.sent,
                matched=job.matched,
                literal=job.literal,
                seconds=job.seconds,
                code=job.code,
                words=job.words[-500:],
            )
        )
        if job.code not in _USUAL:
            raise Retry(
                f"rsync to {self._route.host} failed with exit code {job.code}",
                cause="rsync failed",
                fix=f"Try by hand: rsync --version, and {self._route.user}@{self._route.host} "
                "must let rsync in by ssh with the same key.",
                evidence=job.words,
            )
        if sizes and not job.moved:
            raise Retry(
                f"rsync exited {job.code} and moved none of {job.asked} files",
                cause="rsync moved nothing",
                fix="Look at rsync's version on both sides; with a higher push-limit files go "
                "without it.",
                evidence=job.words,
            )


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


def _holes(mount: bytes, asked: Sequence[Gfid]) -> dict[Gfid, int]:
    """Return those that have holes, or preallocated space, and where the first one begins."""
    found: dict[Gfid, int] = {}
    for gfid in asked:
        with contextlib.suppress(OSError):  # gone, or nobody can tell: the job's own look says so
            file = os.open(mount + b"/" + gfids.aux(gfid), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                first = os.lseek(file, 0, os.SEEK_HOLE)
                # Every file ends with one.
                if first < os.fstat(file).st_size:
                    found[gfid] = first
            finally:
                os.close(file)
    return found
