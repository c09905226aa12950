"""The secondary goes away while nothing is written: workers say so, and return by themselves."""

import os
import signal
import time
from collections.abc import Iterator

import pytest
from conftest import PLAIN, fresh_world
from test_failures import full
from world import SESSION, World

from engine.events import WorkerFaulty
from engine.figures import Status, status
from engine.lab import faults, volumes
from engine.lab.shape import SECONDARY
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def own_world() -> Iterator[World]:
    with fresh_world("sysi", World, PLAIN) as made:
        made.run("echo 1 > {}/file")
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


def _are(state: State, word: Status) -> bool:
    session = state.sessions[SESSION]
    return all(status(session, name) is word for name in session.workers)


def _until_faulty(world: World, since: float) -> list[WorkerFaulty]:
    """Return what was told first of each worker since a time."""
    world.until(
        "each worker tells",
        lambda state: all(
            worker.fault is not None and worker.fault.at > since
            for worker in state.sessions[SESSION].workers.values()
        ),
    )
    told: dict[str, WorkerFaulty] = {}
    for event in world.told(since):
        if isinstance(event, WorkerFaulty):
            told.setdefault(event.worker, event)
            print(f"{event.at - since:.0f} s {event.worker} {event.cause}: {event.words}")  # noqa: T201
    return list(told.values())


def _are_back(world: World) -> None:
    world.until("all are active", lambda state: _are(state, Status.ACTIVE))
    world.run("date >> {}/file")
    world.settle()
    assert world.differences() == []


def test_the_volume_is_stopped(own_world: World) -> None:
    world, began = own_world, time.time()
    faults.stop_volume(world.lab, SECONDARY)
    told = _until_faulty(world, began)
    assert {event.cause for event in told} == {"secondary bricks down"}
    said = world.georep("prim1", "status", SESSION)
    assert said.returncode == 1
    faults.start_volume(world.lab, SECONDARY)
    _are_back(world)


def test_a_brick_is_killed(own_world: World) -> None:
    world, began = own_world, time.time()
    faults.kill_brick(world.lab, SECONDARY, world.lab.shape.volume_bricks(SECONDARY)[1])
    told = _until_faulty(world, began)
    assert {event.cause for event in told} == {"secondary bricks down"}
    faults.start_volume(world.lab, SECONDARY)
    _are_back(world)


def test_a_brick_hangs(own_world: World) -> None:
    world, lab, began = own_world, own_world.lab, time.time()
    host, _, path = lab.shape.volume_bricks(SECONDARY)[0].partition(":")
    pid = volumes.brick_process(lab.host(host), SECONDARY, path)
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        world.until(
            "it is told before it is over",
            lambda state: any(
                worker.pending is not None and worker.pending.trouble
                for worker in state.sessions[SESSION].workers.values()
            ),
        )
        told = _until_faulty(world, began)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert {event.cause for event in told} <= {"secondary hangs", "secondary bricks down"}
    _are_back(world)


def test_the_volume_is_made_read_only(own_world: World) -> None:
    world, began = own_world, time.time()
    world.lab.gluster("sec1", "volume", "set", SECONDARY, "features.read-only", "on")
    told = _until_faulty(world, began)
    assert {event.cause for event in told} == {"secondary read-only"}
    # Begun anew they come as those who may.
    _are_back(world)
    world.lab.gluster("sec1", "volume", "set", SECONDARY, "features.read-only", "off")
    _are_back(world)


def _troubles(state: State) -> set[str]:
    session = state.sessions[SESSION]
    return {worker.pending.trouble for worker in session.workers.values() if worker.pending}


def test_the_volume_is_full(own_world: World) -> None:
    world, began = own_world, time.time()
    with full(world):
        world.until("it is told", lambda state: _troubles(state) == {"secondary full"})
        said = world.georep("prim1", "status", SESSION)
        assert said.returncode == 1
        assert b"secondary full" in said.stdout
        assert "→ Make room there".encode() in said.stdout
    world.until("there is room again", lambda state: _troubles(state) == {""})
    assert not any(isinstance(event, WorkerFaulty) for event in world.told(began))
    _are_back(world)


def test_the_client_of_the_volume_dies(own_world: World) -> None:
    world, began = own_world, time.time()
    world.kill("sec1", "--no-daemon", "--aux-gfid-mount")
    told = _until_faulty(world, began)
    assert {event.cause for event in told} <= {"secondary given up", "secondary bricks down"}
    _are_back(world)


def test_the_wire_is_cut(own_world: World) -> None:
    world, began = own_world, time.time()
    faults.unplug(world.lab, "sec1")
    try:
        told = _until_faulty(world, began)
    finally:
        faults.plug(world.lab, "sec1")
    assert {event.cause for event in told} <= {"connection lost", "secondary silent"}
    _are_back(world)
