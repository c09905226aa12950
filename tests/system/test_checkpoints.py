"""A session that is paused and resumed, and checkpoints that are reached: busy, idle, and once."""

import os
import time
from collections.abc import Iterator

import pytest
from conftest import fresh_world
from world import SESSION, WORK, World, arrived

from engine import figures, progress
from engine.events import HookEnded, WorkerFaulty, WorkerStarted
from engine.figures import Status
from engine.lab.shape import PRIMARY
from engine.progress import Standing
from engine.state import SessionState, State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SAID = "/root/said"
HOOK = f"sh -c 'echo $GEOREP_SESSION $GEOREP_CHECKPOINT >> {SAID}; echo out; exit 3'"
SLICES = 8.0
"""Seconds in which several slices close."""


@pytest.fixture(scope="module")
def pointed() -> Iterator[World]:
    """Give a session that runs, with a command for its checkpoints."""
    with fresh_world("sysc", World) as made:
        made.create(f"checkpoint-command={HOOK}")
        made.engine_up()
        made.start()
        made.settle()
        yield made


def session(state: State) -> SessionState:
    return state.sessions.get(SESSION, SessionState())


def words(state: State) -> set[Status]:
    """Return the words for all four workers; fewer than four are none."""
    found = session(state)
    workers = [figures.status(found, name) for name in found.workers]
    return set(workers) if len(workers) == 4 else set()


def standing(state: State, label: str) -> Standing | None:
    return next(
        (each for each in progress.checkpoints(session(state)) if each.label == label), None
    )


def complete(state: State, label: str) -> bool:
    """Whether all four bricks have reached it, one by one, and so has the session."""
    found = standing(state, label)
    reached = [
        each.reached for (_, known), each in session(state).checkpoints.items() if known == label
    ]
    return (
        found is not None
        and found.at is not None
        and (found.reached, found.parts) == (2, 2)
        and sum(map(len, reached)) == 4
    )


def on_each_node(world: World, *said: str) -> None:
    for host in world.hosts:
        world.lab.run(host, ["georep", *said])


def test_checkpoints_are_reached_on_a_busy_and_on_an_idle_volume(pointed: World) -> None:
    began = time.time()
    with pointed.churning("busy", 11):
        pointed.until("some of it has arrived", lambda state: arrived(state, began))
        on_each_node(pointed, "checkpoint", SESSION, "set", "now", "--label", "busy")
        pointed.until("the busy one is reached", lambda state: complete(state, "busy"))
    pointed.settle()
    assert pointed.differences() == []
    # Nothing is written any more; the position moves by slices that are empty.
    on_each_node(pointed, "checkpoint", SESSION, "set", "--label", "idle")
    pointed.until("the idle one is reached", lambda state: complete(state, "idle"))
    on_each_node(pointed, "checkpoint", SESSION, "set", "2099-01-01T00:00Z", "--label", "never")
    pointed.until("all commands ended", lambda state: _commands(state) == 4)

    expected = sorted(f"{SESSION} {label}" for label in ("busy", "idle"))
    assert [sorted(said) for said in _said(pointed)] == [expected] * 2
    failed = {e.words for e in pointed.told(began) if isinstance(e, HookEnded) and e.code == 3}
    assert failed == {"out"}
    assert [event for event in pointed.told(began) if isinstance(event, WorkerFaulty)] == []

    pointed.engine_down()
    pointed.engine_up()
    pointed.until("they still are", _all_complete)
    listed = pointed.georep(pointed.hosts[0], "checkpoint", SESSION, "list").stdout.decode()
    assert "never" in listed
    assert listed.count("reached") == 2
    # After a restart nothing is run a second time.
    pointed.settle()
    assert [sorted(said) for said in _said(pointed)] == [expected] * 2


def _all_complete(state: State) -> bool:
    return complete(state, "busy") and complete(state, "idle")


def _commands(state: State) -> int:
    return sum(each.hook is not None for each in session(state).checkpoints.values())


def _said(world: World) -> list[list[str]]:
    return [world.lab.path(host, SAID).read_text().splitlines() for host in world.hosts]


def test_a_paused_session_begins_nothing_until_it_is_resumed(pointed: World) -> None:
    there = pointed.there()
    on_each_node(pointed, "pause", SESSION)
    pointed.until("all workers rest", lambda state: words(state) == {Status.PAUSED})
    began = time.time()
    pointed.work("every", WORK, "paused")
    time.sleep(SLICES)
    assert not (there / "paused").exists()
    assert [event for event in pointed.told(began) if isinstance(event, WorkerStarted)] == []

    def waits(now: State) -> bool:
        pending = [worker.pending for worker in session(now).workers.values()]
        return all(each is not None and "georep resume" in each.waits for each in pending)

    pointed.until("what they wait for", waits)
    refused = pointed.georep(pointed.hosts[0], "start", SESSION)
    assert (refused.returncode, b"Say georep resume" in refused.stderr) == (2, True)

    pointed.engine_down()
    pointed.engine_up()
    pointed.until("all workers rest again", lambda now: words(now) == {Status.PAUSED})
    time.sleep(SLICES)
    assert not (there / "paused").exists()

    on_each_node(pointed, "resume", SESSION)
    pointed.settle()
    assert pointed.differences() == []


def test_a_large_file_on_its_way_is_finished_before_the_pause(pointed: World) -> None:
    size = 64 << 20
    on_each_node(pointed, "pause", SESSION)
    pointed.until("all workers rest", lambda state: words(state) == {Status.PAUSED})
    # Written to its end by now: what is sent of it is all of it.
    with (pointed.lab.path(pointed.hosts[0], WORK) / "large").open("wb") as file:
        for _ in range(16):
            file.write(os.urandom(size // 16))
    on_each_node(pointed, "resume", SESSION)
    pointed.until("it is on its way", lambda state: _files(state) > 0 or _there(pointed) == size)
    on_each_node(pointed, "pause", SESSION)
    pointed.until("all workers rest", lambda state: words(state) == {Status.PAUSED})
    assert _there(pointed) == size
    on_each_node(pointed, "resume", SESSION)
    pointed.settle()
    assert pointed.differences() == []


def _files(state: State) -> int:
    return sum(w.pending.files for w in session(state).workers.values() if w.pending)


def _there(world: World) -> int:
    try:
        return (world.there() / "large").stat().st_size
    except FileNotFoundError:
        return 0


def test_positions_are_taken_off_the_bricks_when_asked(pointed: World) -> None:
    on_each_node(pointed, "pause", SESSION)
    refused = pointed.georep(pointed.hosts[0], "delete", SESSION, "--reset-sync-time")
    assert (refused.returncode, b"is paused" in refused.stderr) == (2, True)
    pointed.stop()
    for host in pointed.hosts:
        said = pointed.lab.run(host, ["georep", "delete", SESSION, "--reset-sync-time"])
        assert b"was taken off" in said.stdout
    for brick in pointed.lab.bricks(PRIMARY):
        names = os.listxattr(brick)
        assert [name for name in names if name.endswith("stime")] == []
    pointed.engine_down()
