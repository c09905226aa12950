import asyncio
import itertools
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.config import Places, Session
from engine.events import (
    AnyEvent,
    Caught,
    PeerPassedOver,
    RetryScheduled,
    RoleChanged,
    WorkerConnected,
    WorkerFaulty,
    WorkerStarted,
    WorkerStopped,
)
from engine.gluster.volume import Brick, Volume
from engine.session import local, restart
from engine.session.child import LAST_WORDS, Child
from engine.session.keeper import Job, Keeper, Patience

FAKE = Path(__file__).with_name("fake_worker.py")
WORKER = "h:/b"


@pytest.mark.parametrize(
    ("attempt", "lowest", "highest"),
    [
        pytest.param(1, 1.0, 1.0, id="first"),
        pytest.param(2, 1.5, 2.0, id="second"),
        pytest.param(5, 12.0, 16.0, id="doubling"),
        pytest.param(7, 45.0, 60.0, id="longest"),
        pytest.param(10**9, 45.0, 60.0, id="after years"),
    ],
)
def test_delay(attempt: int, lowest: float, highest: float) -> None:
    assert restart.delay(attempt, 0.0) == lowest
    assert restart.delay(attempt, 1.0) == highest


def test_attempt_begins_again_after_health() -> None:
    assert restart.attempt(7, restart.HEALTHY - 1) == 8
    assert restart.attempt(7, restart.HEALTHY) == 1


class Watched:
    """A keeper, what it told, and a way to wait for the next thing it tells."""

    def __init__(self, folder: Path, hows: Iterator[str], patience: Patience, start: float) -> None:
        self.events: list[AnyEvent] = []
        self.log = folder / "log" / "worker.log"
        job = Job("s", WORKER, self._command(next(hows)), self.log, start)
        self.keeper = Keeper(job, self.tell, patience, delay=lambda attempt, roll: 0.0)
        self._hows, self._queue = hows, asyncio.Queue[AnyEvent]()

    def _command(self, how: str) -> tuple[str, ...]:
        return (sys.executable, "-SE", str(FAKE), how, "s", WORKER)

    def tell(self, event: AnyEvent) -> None:
        self.events.append(event)
        self._queue.put_nowait(event)
        if isinstance(event, RetryScheduled):
            self.keeper.job = Job(
                "s", WORKER, self._command(next(self._hows)), self.log, self.keeper.job.start
            )

    async def until(self, kind: type[AnyEvent]) -> AnyEvent:
        while not isinstance(event := await self._queue.get(), kind):
            pass
        return event

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., Watched]:
    def make(
        *hows: str,
        silence: float = 60,
        grace: float = 60,
        tries: int | None = None,
        start: float = 60,
    ) -> Watched:
        rest = itertools.chain(hows, itertools.repeat(hows[-1]))
        return Watched(tmp_path, rest, Patience(silence, grace, tries), start)

    return make


def _dead(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


def _await_end(pid: int) -> None:
    """Return when `pid` is no more; who outlives the test's own timeout was never killed.

    A signal is delivered when the kernel gets to it, and nobody of ours reaps a grandchild.
    """
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([process], [], [])
    finally:
        os.close(process)


async def test_a_worker_is_stopped_politely(watch: Callable[..., Watched]) -> None:
    watched = watch("live")
    async with asyncio.TaskGroup() as group:
        group.create_task(watched.keeper.keep())
        await watched.until(RoleChanged)
        watched.keeper.stop("the session is stopped")
    assert watched.kinds() == ["WorkerStarted", "WorkerConnected", "RoleChanged", "WorkerStopped"]
    last = watched.events[-1]
    assert isinstance(last, WorkerStopped)
    assert last.reason == "the session is stopped"


async def test_a_worker_that_does_not_obey_is_killed(watch: Callable[..., Watched]) -> None:
    watched = watch("deaf", grace=3)  # it needs a moment to say that it heard
    async with asyncio.TaskGroup() as group:
        group.create_task(watched.keeper.keep())
        await watched.until(WorkerConnected)
        watched.keeper.stop()
    assert watched.kinds()[-2:] == ["CrawlChanged", "WorkerStopped"]


async def test_a_worker_that_dies_without_a_word_is_started_again(
    watch: Callable[..., Watched],
) -> None:
    watched = watch("die", "leave", "live")
    async with asyncio.TaskGroup() as group:
        group.create_task(watched.keeper.keep())
        await watched.until(RoleChanged)
        watched.keeper.stop()
    assert watched.kinds() == [
        *("WorkerStarted", "WorkerFaulty", "RetryScheduled"),
        *("WorkerStarted", "WorkerFaulty", "RetryScheduled"),
        *("WorkerStarted", "WorkerConnected", "RoleChanged", "WorkerStopped"),
    ]
    first, second = [event for event in watched.events if isinstance(event, WorkerFaulty)]
    assert first.words == "The worker ended without a word (exit code 3)"
    assert first.evidence == "boom  [31m at the end"
    assert str(watched.log) in first.fix
    assert second.words == "The worker ended without a word (exit code 0)"
    assert [e.restart for e in watched.events if isinstance(e, WorkerStarted)] == [0, 1, 2]
    assert [e.attempt for e in watched.events if isinstance(e, RetryScheduled)] == [1, 2]
    assert "boom" in watched.log.read_text()


async def test_its_own_words_are_not_doubled(watch: Callable[..., Watched]) -> None:
    watched = watch("faulty", tries=2)
    await watched.keeper.keep()
    assert watched.kinds() == [
        *("WorkerStarted", "WorkerFaulty", "RetryScheduled", "WorkerStarted", "WorkerFaulty"),
    ]
    assert isinstance(watched.events[1], WorkerFaulty)
    assert watched.events[1].cause == "disk full"


async def test_nodes_that_were_away_are_tried_last_once(watch: Callable[..., Watched]) -> None:
    watched = watch("cut off", "cut off", "faulty", "cut off", tries=4)
    await watched.keeper.keep()
    faults = [event for event in watched.events if isinstance(event, WorkerFaulty)]
    away = "--last a --last b"
    assert [fault.evidence for fault in faults] == ["", away, "e", ""]
    told = [each for each in watched.events if isinstance(each, PeerPassedOver | WorkerStarted)]
    unreachable, lost = ("a", "host unreachable"), ("b", "connection lost")
    said = [(each.peer, each.cause) for each in told if isinstance(each, PeerPassedOver)]
    of_a_run = [unreachable, lost, unreachable]
    assert said == [unreachable, *of_a_run, unreachable, lost, unreachable], (
        "of the run before, too"
    )


async def test_kill_9_is_named(watch: Callable[..., Watched]) -> None:
    watched = watch("live", "catch")
    async with asyncio.TaskGroup() as group:
        group.create_task(watched.keeper.keep())
        started = await watched.until(WorkerStarted)
        await watched.until(RoleChanged)
        assert isinstance(started, WorkerStarted)
        os.kill(started.pid, signal.SIGKILL)
    fault = next(event for event in watched.events if isinstance(event, WorkerFaulty))
    assert fault.words == "The worker ended without a word (killed by SIGKILL)"
    assert isinstance(watched.events[-1], WorkerStopped)


@pytest.mark.parametrize(
    ("how", "silence", "start"),
    [
        pytest.param("hang", 0.1, 60, id="after it was connected"),
        pytest.param("mute", 60, 0.1, id="before"),
    ],
)
async def test_a_silent_worker_is_killed(
    watch: Callable[..., Watched], how: str, silence: float, start: float
) -> None:
    watched = watch(how, silence=silence, start=start, tries=1)
    await watched.keeper.keep()
    fault = watched.events[-1]
    assert isinstance(fault, WorkerFaulty)
    assert fault.cause == "worker hangs"
    assert _dead(next(e.pid for e in watched.events if isinstance(e, WorkerStarted)))


async def test_a_goal_is_reached(watch: Callable[..., Watched]) -> None:
    watched = watch("catch")
    await watched.keeper.keep()
    assert watched.kinds()[-2:] == ["Caught", "WorkerStopped"]


async def test_noise_is_kept_apart_and_bounded(watch: Callable[..., Watched]) -> None:
    watched = watch("noisy")
    await watched.keeper.keep()
    assert watched.kinds() == ["WorkerStarted", "Caught", "WorkerStopped"]
    text = watched.log.read_text()
    assert "a library says hello" in text
    assert "somebody:/else" in text


async def test_what_a_worker_leaves_behind_is_killed(watch: Callable[..., Watched]) -> None:
    watched = watch("brood")
    await watched.keeper.keep()
    caught = next(event for event in watched.events if isinstance(event, Caught))
    _await_end(caught.goal)


async def test_a_worker_that_cannot_be_started(watch: Callable[..., Watched]) -> None:
    watched = watch("live", tries=1)
    watched.keeper.job = Job("s", WORKER, ("/nowhere/georep-worker",), watched.log)
    await watched.keeper.keep()
    assert watched.kinds() == ["WorkerFaulty"]


async def test_stop_while_waiting_for_the_next_try(watch: Callable[..., Watched]) -> None:
    watched = watch("die")
    watched.keeper.delay = lambda attempt, roll: 600.0
    async with asyncio.TaskGroup() as group:
        group.create_task(watched.keeper.keep())
        await watched.until(RetryScheduled)
        watched.keeper.stop()
    assert watched.kinds()[-1] == "WorkerStopped"


async def test_no_orphan_when_the_engine_falls(watch: Callable[..., Watched]) -> None:
    watched = watch("live")
    task = asyncio.ensure_future(watched.keeper.keep())
    started = await watched.until(WorkerStarted)
    await watched.until(RoleChanged)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(started, WorkerStarted)
    assert _dead(started.pid)


def test_the_kernel_ends_the_worker_when_the_engine_is_killed(tmp_path: Path) -> None:
    session = Session("s", "gvol", "root", "sec1", "svol")
    volume = Volume("gvol", "u", "", True, "", (), 1, 0, 0, 1, {})
    job = local.jobs(Places(tmp_path, tmp_path), "h")(
        session, Brick("h", "/b", "u", 0, 0), volume, 7
    )
    assert job.worker == "h:/b"
    assert job.command[-2:] == ("--until", "7")
    prefix = job.command[: job.command.index("--") + 1]
    engine = (
        "import sys, time, pathlib; from engine.session.child import Child;"
        "print(Child(sys.argv[2:], log=pathlib.Path(sys.argv[1])).pid, flush=True); time.sleep(600)"
    )
    # `sleep` reads no stdin: only the kernel's signal can end it here.
    with subprocess.Popen(
        (sys.executable, "-c", engine, str(tmp_path / "log"), *prefix, "sleep", "600"),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        while b"sleep" not in Path(f"/proc/{pid}/comm").read_bytes():  # setpriv is done by then
            time.sleep(0.01)
        worker = os.pidfd_open(pid)
        process.kill()
    try:
        select.select([worker], [], [])
    finally:
        os.close(worker)


async def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.session.child.LOG", 1000)
    child = Child(("sleep", "600"), log=tmp_path / "log")
    child.kill()
    await child.follow(lambda line: None)
    for _ in range(201):
        child.note(b"x" * 599 + b"\n")
    assert sorted(os.listdir(tmp_path)) == ["log", "log.1"]
    assert sum(os.stat(tmp_path / name).st_size for name in os.listdir(tmp_path)) < 3000
    assert len(child.last_words(10**9)) <= LAST_WORDS
