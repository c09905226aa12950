import asyncio
import dataclasses
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine import config, feed, figures
from engine.commands import Reload, Stop
from engine.config import Places, Session
from engine.errors import Retry, Usage
from engine.events import (
    AnyEvent,
    CheckpointDeleted,
    CheckpointReached,
    EngineStarted,
    EntryMended,
    MinuteCounted,
    PauseChanged,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    Wanted,
    WorkerFaulty,
    WorkerStarted,
    WorkerStopped,
)
from engine.figures import Status
from engine.gluster.volume import Brick, Volume
from engine.item import Gfid
from engine.plan.dirty import Dirty, Why
from engine.session import checkpoints, lifecycle, once, supervisor, wanted
from engine.session.journal import Journal
from engine.session.keeper import Job, Patience
from engine.session.ledger import Failure, Known, Ledger
from engine.session.local import Local
from engine.session.runner import Ways, lock
from engine.state import State

FAKE = Path(__file__).with_name("fake_worker.py")
BRICKS = (
    Brick("h1", "/b1", "u1", 0, 0),
    Brick("h2", "/b1", "u2", 1, 1),
    Brick("h1", "/b2", "u1", 2, 2),
)


class World:
    """A node with a volume; what its workers do and what glusterd says can be changed."""

    def __init__(self, folder: Path) -> None:
        self.at = Places(folder / "config", folder / "state")
        self.hows = {"/b1": "live", "/b2": "live"}
        self.paths = ["/b1", "/b2"]
        """Of the bricks that are here."""
        self.all: tuple[Brick, ...] = BRICKS
        self.replica = 1
        """Bricks to a subvolume; `all` is counted off."""
        self.trouble: Exception | None = None
        self.ways = Ways("h1", self.look, self.job, Patience(silence=60, grace=0.2))

    def look(self, session: Session) -> Local:
        if self.trouble is not None:
            raise self.trouble
        bricks = tuple(
            dataclasses.replace(brick, index=index, subvolume=index // self.replica)
            for index, brick in enumerate(self.all)
        )
        volume = Volume("gvol", "uuid", "", True, "", bricks, self.replica, 0, 0, 1, {})
        return Local(
            volume, tuple(b for b in bricks if b.path in self.paths and b.host_uuid == "u1")
        )

    def job(self, session: Session, brick: Brick, volume: Volume, until: int | None) -> Job:
        worker = f"h1:{brick.path}"
        how = self.hows[brick.path]
        command = (sys.executable, "-SE", str(FAKE), how, session.name, worker)
        return Job(session.name, worker, command, self.at.of(session.name) / "log" / "w.log")

    def add(self, name: str, word: Wanted | None = Wanted.STARTED) -> None:
        config.create(self.at, Session(name, "gvol", "root", "sec1", "svol"))
        if word is not None:
            wanted.write(self.at, name, word)

    @asynccontextmanager
    async def engine(self) -> AsyncIterator["Listener"]:
        """Run the engine, with somebody who hears all it tells; stop it at the end."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(supervisor.run(self.at, self.ways))
            stream = feed.live(self.at.socket)
            try:
                yield Listener(stream)
                await feed.ask(self.at.socket, Stop())
                await task
            finally:
                task.cancel()
                await stream.aclose()


class Listener:
    def __init__(self, stream: AsyncIterator[AnyEvent]) -> None:
        self._stream = stream
        self.events: list[AnyEvent] = []

    async def until(self, kind: type[AnyEvent], count: int = 1) -> AnyEvent:
        """Return the last of the next `count` events of this kind."""
        async with asyncio.timeout(60):
            async for event in self._stream:
                self.events.append(event)
                count -= isinstance(event, kind)
                if not count:
                    return event
        raise AssertionError


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _journal(world: World, name: str) -> list[AnyEvent]:
    return list(feed.read(feed.files(world.at.of(name) / "journal")))


async def test_one_worker_for_each_local_brick_until_the_end(world: World) -> None:
    world.add("s")
    async with world.engine() as told:
        started = await told.until(WorkerStarted, 2)
        state = await lifecycle.status(world.at)
        assert set(state.sessions["s"].workers) == {"h1:/b1", "h1:/b2"}
    assert isinstance(started, WorkerStarted)
    assert _gone(started.pid)
    assert not world.at.socket.exists()
    journal = _journal(world, "s")
    reasons = [event.reason for event in journal if isinstance(event, WorkerStopped)]
    assert reasons == ["the engine was asked to end"] * 2


async def test_start_stop_and_delete(world: World) -> None:
    world.add("s", None)
    async with world.engine() as told:
        known = await told.until(SessionKnown)
        assert isinstance(known, SessionKnown)
        assert known.wanted is Wanted.CREATED
        await lifecycle.start(world.at, "s")
        await told.until(WorkerStarted, 2)
        with pytest.raises(Usage, match="is started"):
            await lifecycle.delete(world.at, "s")
        await lifecycle.stop(world.at, "s")
        await told.until(WorkerStopped, 2)
        await lifecycle.delete(world.at, "s")
        await told.until(SessionForgotten)
        assert (await lifecycle.status(world.at)).sessions == {}
        world.add("s", Wanted.STARTED)
        await feed.ask(world.at.socket, Reload())
        await told.until(WorkerStarted, 2)


async def test_a_paused_session_keeps_its_workers_and_rests_after_a_restart(world: World) -> None:
    world.add("s")
    world.paths = ["/b1"]
    async with world.engine() as told:
        started = await told.until(WorkerStarted)
        # Also while the volume does not answer.
        world.trouble = Retry("glusterd does not answer", cause="glusterd down")
        await lifecycle.pause(world.at, "s")
        paused = await told.until(PauseChanged)
        assert isinstance(paused, PauseChanged)
        assert paused.paused
        state = await lifecycle.status(world.at)
        assert state.sessions["s"].workers["h1:/b1"].started == started
        assert figures.session_status(state.sessions["s"]) is Status.PAUSED
        with pytest.raises(Usage, match="is paused"):
            await lifecycle.delete(world.at, "s")
    world.trouble = None
    async with world.engine() as told:
        first = await told.until(PauseChanged)
        assert isinstance(first, PauseChanged)
        assert first.paused
        await lifecycle.resume(world.at, "s")
        again = await told.until(PauseChanged)
        assert isinstance(again, PauseChanged)
        assert not again.paused


async def test_an_hour_outlives_the_engine_and_only_of_workers_that_are_here(world: World) -> None:
    world.add("s")
    world.paths = ["/b1"]
    journal = Journal(world.at.of("s") / "journal")
    minute = int(time.time()) - 120
    for worker in ("h1:/b1", "h1:/gone"):
        journal.append(
            MinuteCounted(
                at=minute,
                session="s",
                worker=worker,
                minute=minute,
                slices=1,
                entries=2,
                files=3,
                bytes=4,
            )
        )
    journal.close()
    for _ in range(2):
        async with world.engine() as told:
            await told.until(WorkerStarted)
            workers = (await lifecycle.status(world.at)).sessions["s"].workers
            assert set(workers) == {"h1:/b1"}
            assert [each.minute for each in workers["h1:/b1"].minutes] == [minute]


async def test_a_checkpoint_is_reached_and_known_to_the_next_engine(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "node_name", lambda: "h1")
    world.add("s")
    world.paths, world.hows["/b1"] = ["/b1"], "moving"
    checkpoints.put(world.at, "s", "old", 100, 1.5)
    async with world.engine() as told:
        await told.until(CheckpointReached)
        checkpoints.put(world.at, "s", "new", 200, 2.5)
        checkpoints.drop(world.at, "s", "old")
        await lifecycle.nudge(world.at)
        await told.until(CheckpointDeleted)
        await told.until(CheckpointReached)
    assert [list(each.reached) for each in checkpoints.read(world.at, "s")] == [["h1:/b1"]]
    state = await lifecycle.status(world.at)
    assert [label for _, label in state.sessions["s"].checkpoints] == ["new"]
    checkpoints.put(world.at, "s", "later", 900, 3.5)
    state = await lifecycle.status(world.at)
    assert [label for _, label in state.sessions["s"].checkpoints] == ["new", "later"]
    async with world.engine() as told:
        again = await told.until(CheckpointReached)
        assert isinstance(again, CheckpointReached)
        assert again.label == "new"
        await lifecycle.stop(world.at, "s")
        await told.until(WorkerStopped)
        await lifecycle.delete(world.at, "s")
        await told.until(SessionForgotten)
    assert not world.at.of("s").exists()


async def test_a_volume_in_trouble_is_told_and_tried_again(world: World) -> None:
    world.add("s")
    world.trouble = Retry("glusterd does not answer", cause="glusterd down", fix="Start it.")
    async with world.engine() as told:
        blocked = await told.until(SessionBlocked)
        assert isinstance(blocked, SessionBlocked)
        assert (blocked.cause, blocked.fix) == ("glusterd down", "Start it.")
        world.trouble = None
        await told.until(SessionKnown)
        await told.until(WorkerStarted, 2)
        state = await lifecycle.status(world.at)
        assert state.sessions["s"].blocked == {}


async def test_bricks_come_and_go(world: World) -> None:
    world.add("s")
    world.paths = ["/b1"]
    async with world.engine() as told:
        await told.until(WorkerStarted)
        world.paths = ["/b2"]
        await feed.ask(world.at.socket, Reload())
        stopped = await told.until(WorkerStopped)
        assert isinstance(stopped, WorkerStopped)
        assert stopped.worker == "h1:/b1"
        await told.until(WorkerStarted)
        world.paths = []
        await feed.ask(world.at.socket, Reload())
        await told.until(WorkerStopped)
        blocked = await told.until(SessionBlocked)
        assert isinstance(blocked, SessionBlocked)
        assert "h1, h2" in blocked.fix


async def test_a_worker_begins_anew_when_others_come_and_go(world: World) -> None:
    """It has a number among all bricks, which names a lock and notes, and knows the replicas."""
    world.add("s")
    world.paths = ["/b1"]
    async with world.engine() as told:
        await told.until(WorkerStarted)
        for bricks in ((*BRICKS, Brick("h2", "/b9", "u2", 3, 3)), BRICKS):
            world.all = bricks
            await feed.ask(world.at.socket, Reload())
            stopped = await told.until(WorkerStopped)
            assert isinstance(stopped, WorkerStopped)
            assert stopped.reason == "the volume has other bricks than when it began"
            await told.until(WorkerStarted)
        await feed.ask(world.at.socket, Reload())
    assert [type(event) for event in told.events].count(WorkerStarted) == 3


async def test_what_a_brick_that_is_gone_has_left_is_seen_to(world: World) -> None:
    world.add("s")
    failed = {"path": "f", "doing": "create", "kind": "EPERM", "words": "no", "tries": 1}
    failed |= {"first": 1.0, "last": 1.0, "due": 1.0, "slice": 7}
    gone = Failure(worker="h1:/b2", gfid=Gfid("0" * 36), **failed)  # type: ignore[arg-type]
    left = Ledger(world.at.ledger("s"), "h1:/b2")
    left.put([(gone, Known(Dirty(Why.DATA)))])
    world.paths = ["/b1"]
    async with world.engine() as told:
        mended = await told.until(EntryMended)
        assert isinstance(mended, EntryMended)
        assert mended.worker == "h1:/b2"
        await told.until(WorkerStarted)
    assert Ledger(world.at.ledger("s"), "h1:/b1").waiting == 1


async def test_changed_settings_restart_and_bad_ones_do_not_stop(world: World) -> None:
    world.add("s")
    world.paths = ["/b1"]
    async with world.engine() as told:
        await told.until(WorkerStarted)
        path = world.at.file("s")
        good = path.read_text()
        path.write_text(good + "ssh-port: none\n")
        await feed.ask(world.at.socket, Reload())
        blocked = await told.until(SessionBlocked)
        assert isinstance(blocked, SessionBlocked)
        assert "its workers go on" in blocked.words
        path.write_text(good + "ssh-port: 2222\n")
        await feed.ask(world.at.socket, Reload())
        await told.until(WorkerStopped)
        await told.until(WorkerStarted)


async def test_a_second_engine_is_refused(world: World) -> None:
    async with world.engine() as told:
        await told.until(EngineStarted)
        with pytest.raises(Usage, match=f"process {os.getpid()} holds"):
            await supervisor.run(world.at, world.ways)


async def test_sigterm_is_a_polite_end(world: World) -> None:
    world.add("s")
    task = asyncio.ensure_future(supervisor.run(world.at, world.ways))
    stream = feed.live(world.at.socket)
    await Listener(stream).until(WorkerStarted, 2)
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    await stream.aclose()
    reasons = {event.reason for event in _journal(world, "s") if isinstance(event, WorkerStopped)}
    assert reasons == {"the engine got SIGTERM"}


async def test_kill_9_of_a_worker_is_told_and_mended(world: World) -> None:
    world.add("s")
    world.paths = ["/b1"]
    async with world.engine() as told:
        started = await told.until(WorkerStarted)
        assert isinstance(started, WorkerStarted)
        os.kill(started.pid, signal.SIGKILL)
        fault = await told.until(WorkerFaulty)
        assert isinstance(fault, WorkerFaulty)
        assert "SIGKILL" in fault.words
        again = await told.until(WorkerStarted)
        assert isinstance(again, WorkerStarted)
        assert again.restart == 1


@pytest.mark.parametrize(
    ("hows", "replica", "whole", "said"),
    [
        pytest.param(("catch", "catch"), 1, True, "everything is on the secondary", id="both"),
        pytest.param(("catch", "passive"), 2, True, "everything", id="one of a replica set"),
        pytest.param(("catch", "passive"), 1, False, "active for h1:/b2", id="the other is away"),
        pytest.param(("passive", "passive"), 2, False, "/b1 or h1:/b2", id="all of it is away"),
        pytest.param(("failing", "catch"), 1, False, "All but 1 objects", id="something failed"),
    ],
)
async def test_once(
    world: World, hows: tuple[str, str], replica: int, whole: bool, said: str
) -> None:
    world.add("s", None)
    world.hows = dict(zip(("/b1", "/b2"), hows, strict=True))
    world.replica, world.all = replica, (BRICKS[0], BRICKS[2])
    outcome = await once.once(world.at, "s", world.ways)
    assert outcome.whole is whole
    assert said in outcome.words


async def test_once_gives_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "TRIES", 1)
    world.add("s", None)
    world.all = BRICKS[:1]
    world.hows["/b1"] = "faulty"
    outcome = await once.once(world.at, "s", world.ways)
    assert not outcome.whole
    assert outcome.words == "h1:/b1 was given up after 1 tries: No room. Make room."


async def test_once_and_run_never_meet(world: World) -> None:
    world.add("s")
    async with world.engine() as told:
        await told.until(WorkerStarted, 2)
        with pytest.raises(Usage, match="Session s is running on this node already"):
            await once.once(world.at, "s", world.ways)
    with lock(world.at, "s"):
        async with world.engine() as told:
            blocked = await told.until(SessionBlocked)
            assert isinstance(blocked, SessionBlocked)
            assert str(os.getpid()) in blocked.words


async def test_once_is_interrupted(world: World) -> None:
    world.add("s", None)
    world.paths = ["/b1"]
    task = asyncio.ensure_future(once.once(world.at, "s", world.ways))
    while not any(isinstance(event, WorkerStarted) for event in _journal(world, "s")):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
    outcome = await task
    assert outcome.words == "Session s was not finished: the engine got SIGINT."


async def test_status_without_an_engine_comes_from_the_journal(world: World) -> None:
    world.add("s", None)
    world.paths = ["/b1"]
    world.hows["/b1"] = "catch"
    world.add("never", None)
    await once.once(world.at, "s", world.ways)
    state = await lifecycle.status(world.at)
    assert isinstance(state, State)
    assert set(state.sessions) == {"s", "never"}
    assert state.sessions["s"].workers["h1:/b1"].caught is not None
    assert set((await lifecycle.status(world.at, "s")).sessions) == {"s"}
    assert state.at <= time.time()
