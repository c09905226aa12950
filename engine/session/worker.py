"""`georep-engine worker`: the process of one brick: it mounts, works, says that it lives, hears."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine import commands, events
from engine.errors import GeorepError, Retry
from engine.gluster import params
from engine.gluster.mount import Mount, needs_privilege
from engine.session import task
from engine.session.report import Report
from engine.session.settings import Settings
from engine.session.task import Task
from engine.session.wishes import Wishes
from engine.session.work import Work

PULSE = 2.0
"""Seconds between two signs of life."""
HUNG = 120.0
"""Seconds after which a primary mount that does not answer is given up."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker; events go to stdout, commands come on stdin. Return the exit code."""
    options = task.arguments(argv)
    report = Report(options.session, f"{options.node}:{options.brick}")
    # What libraries print must not get between the events.
    sys.stdout = sys.stderr
    mount: Mount | None = None
    code = 1
    try:
        told = task.read(options)
        report.tick(force=True)
        report.now_doing("mounting the primary volume")
        label = f"{told.session.name}-{Path(told.brick.path).name}"
        log = told.state / "log" / f"mount-{label}.log"
        mount = Mount(
            told.volume.name,
            label=label,
            log=log,
            log_level=told.session.options.log_level,
            privileged=needs_privilege(told.volume),
            params=params.words(told.session.options.gluster_params),
        )
        mount.start(told.session.options.connection_timeout)
        code = asyncio.run(_Worker(told, mount, report).run())
    except GeorepError as error:
        _fault(report, error)
    except OSError as error:
        _fault(report, _explained(error))
    finally:
        if mount is not None:
            with contextlib.suppress(GeorepError):
                mount.stop()
    # A thread that still hangs on a dead mount must not keep the process.
    sys.stderr.flush()
    os._exit(code)


class _Worker:
    """One worker while it works: it shows that it lives, and hears what is wanted of it."""

    def __init__(self, task: Task, mount: Mount, report: Report) -> None:
        self._task, self._mount, self._report = task, mount, report
        self._settings = Settings(task.session.options)
        self._wishes = Wishes(paused=task.paused)
        self._work = Work(task, mount, report, self._settings, self._wishes)

    async def run(self) -> int:
        """Work until asked to stop, until the goal is reached, or until something fails."""
        work = asyncio.create_task(self._work.run())
        kept = (self._listen(), self._pulse(), self._report.stalls.watch())
        helpers = [asyncio.create_task(each) for each in kept]
        stop = asyncio.create_task(self._wishes.ended.wait())
        try:
            await asyncio.wait({work, stop, *helpers}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                reason = await work
            else:
                reason = "asked to stop"
                for helper in helpers:
                    if helper.done():
                        helper.result()
        finally:
            for each in (*helpers, stop, work):
                each.cancel()
            with contextlib.suppress(asyncio.CancelledError, GeorepError):
                await work
            self._work.close()
        self._report.tick(force=True)
        self._report.tell(events.WorkerStopped, reason=reason)
        return 0

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE)
            replicator = self._work.replicator
            stuck = replicator.stuck_for() if replicator is not None else 0.0
            if stuck > HUNG:
                raise Retry(
                    f"the primary mount has not answered for {stuck:.0f} s",
                    cause="mount hangs",
                    fix=f"See which bricks are down: gluster volume status "
                    f"{self._task.volume.name}",
                )
            if stuck > 5:
                self._report.waits = f"primary mount, not answering for {stuck:.0f} s"
            if not self._mount.alive():
                raise Retry(
                    "the GlusterFS client of the primary volume ended",
                    cause="mount lost",
                    fix=f"See its log: {self._task.state}/log",
                )
            self._report.tick(force=True)

    async def _listen(self) -> None:
        """Take commands; the end of stdin means that the supervisor is gone, and so are we."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            match commands.decode(line):
                case commands.Stop():
                    break
                case commands.Pause():
                    self._wishes.pause()
                case commands.Resume():
                    self._wishes.resume()
                case commands.Reread(gfids=gfids):
                    if self._work.replicator is not None:
                        await self._work.replicator.failing.reread(gfids)
                        self._wishes.woken.set()
                case commands.Change(options=texts):
                    self._settings.change(texts)
                    self._wishes.woken.set()
                case _:
                    pass
        self._wishes.ended.set()


def _explained(error: OSError) -> GeorepError:
    """Say what an OSError of the primary's mount or brick means."""
    return Retry(
        f"the primary answered: {error.strerror or error} ({error.filename or 'no file named'!s})",
        cause="primary I/O error",
        fix="See the bricks and the mount: gluster volume status.",
        evidence=str(error),
    )


def _fault(report: Report, error: GeorepError) -> None:
    report.say(
        events.WorkerFaulty(
            at=time.time(),
            session=report.session,
            worker=report.worker,
            cause=error.cause or "unknown",
            words=error.words,
            fix=error.fix,
            evidence=error.evidence[-4000:],
        )
    )
