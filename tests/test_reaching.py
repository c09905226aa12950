"""Checkpoints on one node: noted, reached brick by brick, and their command run once."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from engine.config import Places, Session
from engine.errors import Usage
from engine.events import (
    AnyEvent,
    CheckpointDeleted,
    CheckpointReached,
    CheckpointSet,
    HookEnded,
    PositionMoved,
    WorkerStarted,
)
from engine.options import Options
from engine.session import checkpoints, reaching
from engine.session.checkpoints import CUT_OFF, Checkpoint, Hook
from engine.session.reaching import Reaching

SESSION = Session("s", "gvol", "root", "sec1", "svol")
A, A2, B = "n:/a", "n:/a2", "n:/b"
PARTS = {A: 0, A2: 0, B: 1}


@pytest.fixture
def at(tmp_path: Path) -> Places:
    made = Places(tmp_path / "config", tmp_path / "state")
    made.of("s").mkdir(parents=True)
    return made


def moved(worker: str, stime: int) -> PositionMoved:
    return PositionMoved(at=1, session="s", worker=worker, stime=stime, slice=stime + 1)


class Node:
    """An engine's view of one session, and all that it told."""

    def __init__(self, at: Places, command: str = "") -> None:
        self.told: list[AnyEvent] = []
        self.news = asyncio.Event()
        self.reaching = Reaching(at, "s", "n", self.tell)
        self.session = dataclasses.replace(SESSION, options=Options(checkpoint_command=command))

    def tell(self, event: AnyEvent) -> None:
        self.told.append(event)
        self.news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():
                await self.news.wait()
                self.news.clear()

    def of(self, kind: type) -> list[AnyEvent]:
        return [event for event in self.told if isinstance(event, kind)]


@asynccontextmanager
async def node(at: Places, command: str = "") -> AsyncIterator[Node]:
    made = Node(at, command)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(made.reaching.watch())
        made.reaching.look(made.session)
        made.reaching.follow(PARTS)
        yield made
        watching.cancel()


def test_it_is_kept_and_replaced_and_deleted(at: Places) -> None:
    assert checkpoints.read(at, "s") == []
    assert checkpoints.put(at, "s", "x", 100, 1.5) is None
    assert checkpoints.put(at, "s", "y", 200, 2.5) is None
    assert checkpoints.put(at, "s", "x", 300, 3.5) == Checkpoint(label="x", time=100, made=1.5)
    assert [(each.label, each.time) for each in checkpoints.read(at, "s")] == [
        ("y", 200),
        ("x", 300),
    ]
    with pytest.raises(Usage, match="no checkpoint z") as caught:
        checkpoints.drop(at, "s", "z")
    assert "y, x" in caught.value.fix
    checkpoints.drop(at, "s", "y")
    assert [each.label for each in checkpoints.read(at, "s")] == ["x"]


def test_what_came_of_one_that_was_replaced_is_dropped(at: Places) -> None:
    checkpoints.put(at, "s", "x", 100, 1.5)
    (old,) = checkpoints.read(at, "s")
    checkpoints.put(at, "s", "x", 300, 3.5)
    checkpoints.note(at, "s", [_with(old, complete=9.0)])
    assert checkpoints.read(at, "s") == [Checkpoint(label="x", time=300, made=3.5)]


def _with(one: Checkpoint, **changes: object) -> Checkpoint:
    return msgspec.structs.replace(one, **changes)


def test_the_oldest_complete_ones_make_room(at: Places) -> None:
    for number in range(checkpoints.MOST):
        checkpoints.put(at, "s", f"c{number}", 100, float(number))
    with pytest.raises(Usage, match="50 checkpoints that are not reached"):
        checkpoints.put(at, "s", "more", 100, 99.0)
    found = checkpoints.read(at, "s")
    checkpoints.note(at, "s", [_with(found[3], complete=9.0)])
    checkpoints.put(at, "s", "more", 100, 99.0)
    labels = [each.label for each in checkpoints.read(at, "s")]
    assert len(labels) == checkpoints.MOST
    assert ("c3" in labels, labels[-1]) == (False, "more")


@pytest.mark.parametrize("content", [b"[{", b"", b'[{"label":1}]', b'[{"label":"\xff"}]', b"\xff"])
def test_a_damaged_file_is_said_in_one_sentence(at: Places, content: bytes) -> None:
    (at.of("s") / "checkpoints.json").write_bytes(content)
    with pytest.raises(Usage, match="is damaged") as caught:
        checkpoints.read(at, "s")
    assert "Move it away" in caught.value.fix


@pytest.mark.parametrize(
    ("reached", "complete"),
    [
        pytest.param([], False, id="nobody"),
        pytest.param([A], False, id="one part"),
        pytest.param([A, A2], False, id="both replicas of one part"),
        pytest.param([A2, B], True, id="one replica of each part"),
        pytest.param([A, A2, B], True, id="all"),
    ],
)
def test_one_replica_of_each_part_is_enough(reached: list[str], complete: bool) -> None:
    stimes = dict.fromkeys(reached, 100)
    each = reaching._reached(Checkpoint(label="x", time=100, made=1), stimes, 5.0)
    assert each.reached == dict.fromkeys(reached, 5.0)
    after = reaching._completed(each, PARTS, 6.0, command=True)
    assert (after.complete, after.hook) == ((6.0, Hook(began=6.0)) if complete else (0.0, None))
    assert reaching._completed(after, PARTS, 7.0, command=True) == after, "never again"


def test_nothing_is_complete_while_nobody_knows_the_bricks() -> None:
    each = Checkpoint(label="x", time=100, made=1, reached={A: 5.0})
    assert reaching._completed(each, {}, 6.0, command=True) == each


def test_a_position_before_the_moment_is_not_enough() -> None:
    each = Checkpoint(label="x", time=100, made=1)
    assert reaching._reached(each, {A: 99}, 5.0) == each


async def test_each_brick_is_told_once_and_the_command_runs_once(at: Places) -> None:
    said = at.state / "said"
    words = "$GEOREP_SESSION $GEOREP_CHECKPOINT $GEOREP_CHECKPOINT_TIME $GEOREP_NODE"
    words += " $GEOREP_PRIMARY $GEOREP_SECONDARY"
    command = f"sh -c 'echo {words} >> {said}; echo no >&2; exit 3'"
    checkpoints.put(at, "s", "x", 100, 1.5)
    async with node(at, command) as told:
        for worker in (A, B, A2, A, B):
            told.reaching.hear(moved(worker, 100))
        await told.until(lambda: bool(told.of(HookEnded)))
        await told.until(lambda: len(told.of(CheckpointReached)) == 3)
        (hook,) = told.of(HookEnded)
        assert isinstance(hook, HookEnded)
        assert (hook.hook, hook.about) == ("checkpoint-command", "x")
        assert (hook.code, hook.words) == (3, "no")
    first = told.told
    assert said.read_text() == "s x 100 n gvol root@sec1::svol\n"
    # The next engine knows nothing; it is told all of it again, and runs nothing.
    async with node(at, command) as told:
        told.reaching.hear(moved(A, 200))
        await told.until(lambda: bool(told.of(HookEnded)))
        kinds = (CheckpointSet, CheckpointReached, HookEnded)
        assert [sorted(map(repr, told.of(kind))) for kind in kinds] == [
            sorted(repr(event) for event in first if isinstance(event, kind)) for kind in kinds
        ]
    assert said.read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param("/no/such/program", "could not be started", id="not there"),
        pytest.param("   ", "could not be started", id="no word at all"),
        pytest.param("sleep 100", "killed after", id="without an end"),
        pytest.param("sh -c 'kill -9 $$'", "", id="killed"),
    ],
)
async def test_a_command_that_fails_is_told_and_stops_nothing(
    at: Places, command: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "LONGEST", 0.5)
    checkpoints.put(at, "s", "x", 100, 1.5)
    async with node(at, command) as told:
        for worker in (A, B):
            told.reaching.hear(moved(worker, 100))
        await told.until(lambda: bool(told.of(HookEnded)))
        (hook,) = told.of(HookEnded)
        assert isinstance(hook, HookEnded)
        assert hook.code < 0
        assert words in hook.words
        checkpoints.put(at, "s", "y", 50, 2.5)
        told.reaching.look(told.session)
        await told.until(lambda: len(told.of(HookEnded)) == 2)


async def test_a_command_that_ends_while_something_is_noted_is_not_run_again(
    at: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, note = at.state / "said", checkpoints.note
    checkpoints.put(at, "s", "x", 100, 1.5)
    checkpoints.put(at, "s", "y", 300, 2.5)
    async with node(at, f"sh -c 'sleep 0.3; echo $GEOREP_CHECKPOINT >> {said}'") as told:

        def slow(at: Places, name: str, changed: list[Checkpoint]) -> None:
            while told.reaching._running and any(each.label == "y" for each in changed):
                time.sleep(0.01)
            note(at, name, changed)

        monkeypatch.setattr(checkpoints, "note", slow)
        for worker in (A, B):
            told.reaching.hear(moved(worker, 100))
        await told.until(lambda: len(told.of(CheckpointReached)) == 2)
        told.reaching.hear(moved(A, 300))
        await told.until(lambda: len(told.of(CheckpointReached)) == 3)
        told.reaching.hear(moved(B, 300))
        await told.until(lambda: len(told.of(HookEnded)) == 2)
    assert said.read_text() == "x\ny\n"


async def test_a_command_that_was_cut_off_is_told_and_not_run_again(at: Places) -> None:
    checkpoints.put(at, "s", "x", 100, 1.5)
    (one,) = checkpoints.read(at, "s")
    begun = _with(one, reached={A: 2.0, B: 2.0}, complete=2.0, hook=Hook(began=2.0))
    checkpoints.note(at, "s", [begun])
    async with node(at, f"touch {at.state}/ran") as told:
        await told.until(lambda: bool(told.of(HookEnded)))
        (hook,) = told.of(HookEnded)
        assert isinstance(hook, HookEnded)
        assert (hook.code, hook.words) == (-1, CUT_OFF)
    assert not (at.state / "ran").exists()
    assert checkpoints.read(at, "s")[0].hook is not None


async def test_a_command_that_is_set_later_is_for_later_checkpoints(at: Places) -> None:
    checkpoints.put(at, "s", "x", 100, 1.5)
    async with node(at) as told:
        for worker in (A, B):
            told.reaching.hear(moved(worker, 100))
        await told.until(lambda: len(told.of(CheckpointReached)) == 2)
    async with node(at, f"touch {at.state}/ran") as told:
        checkpoints.put(at, "s", "y", 500, 2.5)
        told.reaching.look(told.session)
        await told.until(lambda: len(told.of(CheckpointSet)) == 2)
        checkpoints.drop(at, "s", "y")
        told.reaching.look(told.session)
        await told.until(lambda: bool(told.of(CheckpointDeleted)))
    assert not (at.state / "ran").exists()


async def test_what_a_former_worker_said_does_not_count_for_a_new_checkpoint(at: Places) -> None:
    async with node(at) as told:
        told.reaching.hear(moved(A, 900))
        told.reaching.hear(WorkerStarted(at=2, session="s", worker=A, pid=1, restart=1))
        checkpoints.put(at, "s", "x", 100, time.time())
        told.reaching.hear(moved(B, 200))
        told.reaching.look(told.session)
        await told.until(lambda: bool(told.of(CheckpointReached)))
        assert [event.worker for event in told.of(CheckpointReached)] == [B]  # type: ignore[union-attr]
