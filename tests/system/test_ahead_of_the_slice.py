"""Changes that arrive while their slice is open: here none closes for an hour."""

import os
import time
from collections.abc import Iterator
from typing import TypeVar

import pytest
from lab_fixtures import need_lab
from world import PATIENCE, SESSION, WORK, World, arrived

from engine.events import AnyEvent, Crawl, EntryFailed, PositionMoved, WorkerFaulty
from engine.lab import faults
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, Shape
from engine.state import State

Event = TypeVar("Event", bound=AnyEvent)
pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

HELD_BACK = 10.0
"""Seconds after which what was not said to be there waits for its slice."""


@pytest.fixture(scope="module")
def listening() -> Iterator[World]:
    """Give a session whose workers read the live changelogs."""
    need_lab()
    lab = Lab(f"live-{os.getpid()}")
    try:
        lab.up(Shape(rollover=3600, gsyncd=False))
        made = World(lab)
        made.mount()
        try:
            made.create()
            made.engine_up()
            made.start()
            made.until("the live changelogs are read", _live)
            yield made
        finally:
            made.close()
    finally:
        lab.down()


def _live(state: State) -> bool:
    session = state.sessions.get(SESSION)
    crawls = [] if session is None else [worker.crawl for worker in session.workers.values()]
    return sum(crawl is not None and crawl.crawl is Crawl.CHANGELOG for crawl in crawls) == 2


def equal(world: World) -> None:
    """Wait until both sides are."""
    deadline = time.monotonic() + PATIENCE
    while found := list(map(str, world.compared())):
        assert time.monotonic() < deadline, found
    closed = [moved for moved in of(world, PositionMoved) if moved.slice]
    assert closed == [], "this was to happen before"


def of(world: World, kind: type[Event]) -> list[Event]:
    return [event for event in world.told(0) if isinstance(event, kind)]


def test_every_operation_arrives(listening: World) -> None:
    listening.work("every", WORK, "live")
    equal(listening)
    assert of(listening, EntryFailed) == of(listening, WorkerFaulty) == []


def test_what_is_changed_again_has_no_record_and_arrives(listening: World) -> None:
    """The brick tells once in a slice that content, attributes or xattrs of an object change."""
    lines = """
import os, time
folder = os.open(".", os.O_RDONLY)
def write(name, data, mode="ab"):
    with open(name, mode) as file:
        file.write(data)
os.mkdir("directory")
for name in ("grown", "patched", "set", "kept"):
    write(name, b"first" * 1000)
for round in range(6):
    write("grown", os.urandom(500_000))
    with open("patched", "r+b") as file:
        file.seek(round * 100)
        file.write(os.urandom(50))
    os.utime("patched", (5, 5))
    for name in ("set", "directory"):
        os.chmod(name, 0o700 + round)
        os.setxattr(name, "user.round", b"%d" % round)
    time.sleep(0.5)
os.rename("grown", "moved")
write("moved", b"and more")
"""
    folder = f"{WORK}/again"
    listening.run("mkdir {}/again")
    listening.lab.run("prim1", ["sh", "-ec", f"cd {folder} && python -c '{lines}'"])
    equal(listening)


def test_a_churn_arrives(listening: World) -> None:
    began = time.time()
    with listening.churning("churned", 7):
        listening.until("some of it has arrived", lambda state: arrived(state, began))
        time.sleep(3)
    equal(listening)
    assert of(listening, WorkerFaulty) == []


def test_what_is_said_to_be_there_is_there(listening: World) -> None:
    """What the worker says of the open slice is all there is to go by.

    Last of all: what has to wait for its slice holds that back until then, so here that closes.
    """
    there = listening.there()
    said = list[int]()
    for round in range(12):
        listening.run(
            f"mkdir {{}}/said{round}; for n in 1 2 3; do echo $n >> {{}}/said{round}/f$n; done; "
            f"sleep 0.{round}; echo more >> {{}}/said{round}/f1; chmod 600 {{}}/said{round}/f2"
        )
        moment = time.time()

        def told(state: State) -> bool:
            if _said(state, moment):  # noqa: B023
                said.append(round)  # noqa: B023
            return round in said or time.time() > moment + HELD_BACK  # noqa: B023

        listening.until("it is said, or held back", told)
        if round not in said:
            faults.rollover(listening.lab, PRIMARY)
            continue
        folder = there / f"said{round}"
        assert (folder / "f1").read_text() == "1\nmore\n"
        assert (folder / "f2").stat().st_mode & 0o777 == 0o600
        assert (folder / "f3").read_text() == "3\n"
    assert said, "nothing was ever said to be there"


def _said(state: State, moment: float) -> bool:
    """Whether the Active workers of both subvolumes say that all before a moment is there."""
    workers = state.sessions[SESSION].workers.values()
    told = [worker.pending.ahead for worker in workers if worker.pending]
    return sum(ahead >= moment for ahead in told) == 2
