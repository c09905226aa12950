"""What a real secondary refuses: noted in the ledger, holding nobody, and done when it can be."""

import errno
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import fresh_world
from world import SESSION, World

from engine.events import PositionMoved
from engine.lab.hosts import until
from engine.lab.shape import SECONDARY
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def failing() -> Iterator[World]:
    """Give a session that runs, in a lab of its own: its secondary is ill-treated here."""
    with fresh_world("sysf", World) as made:
        made.run("mkdir {}/shut {}/open && echo 1 > {}/shut/old")
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


@contextmanager
def immutable(world: World, path: str) -> Iterator[None]:
    """Have the secondary's bricks refuse every change in a directory.

    No unlink, though: GlusterFS 10.3 gives up the object's handle before it is refused.
    """
    folders = [str(brick / path) for brick in world.lab.bricks(SECONDARY)]
    subprocess.run(["chattr", "+i", *folders], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", *folders], check=True)


def failures(world: World) -> list[dict[str, object]]:
    """Return what both nodes have in their ledgers."""
    found = []
    for host in world.hosts:
        found += json.loads(world.georep(host, "failures", SESSION, "--json").stdout)
    return found


def test_one_bad_directory_holds_nobody(failing: World) -> None:
    with immutable(failing, "shut"):
        failing.run(
            "for n in 1 2 3; do echo $n > {}/shut/new$n; echo $n > {}/open/new$n; done; "
            "mkdir {}/shut/d && echo x > {}/shut/d/below"
        )
        failing.settle()
        found = {str(each["path"]): each for each in failures(failing)}
        new = [f"shut/new{number}" for number in (1, 2, 3)]
        assert sorted(found) == ["shut", "shut/d", "shut/d/below", *new]
        kinds = {path: each["kind"] for path, each in found.items()}
        assert kinds.pop("shut/d/below") == "missing parent"
        assert set(kinds.values()) == {"EPERM"}
        there = failing.lab.path("sec1", failing.lab.mount(SECONDARY, "sec1"))
        assert sorted(path.name for path in (there / "open").iterdir()) == ["new1", "new2", "new3"]
        assert sorted(path.name for path in (there / "shut").iterdir()) == ["old"]
        said = failing.georep("prim1", "status", SESSION)
        assert said.returncode == 1
        assert b"EPERM" in said.stdout
    for host in failing.hosts:
        assert failing.georep(host, "retry", SESSION).returncode == 0
    failing.until("nothing fails", lambda state: not _failing(state))
    assert failures(failing) == []
    assert failing.differences() == []
    assert failing.georep("prim1", "failures", SESSION).returncode == 0


def test_what_was_skipped_stays_away_until_it_changes(failing: World) -> None:
    with immutable(failing, "shut"):
        failing.run("echo 1 > {}/shut/skipped")
        failing.settle()
        for one in failures(failing):
            host = str(one["worker"]).partition(":")[0]
            assert failing.georep(host, "skip", SESSION, str(one["path"])).returncode == 0
        failing.until("they are no failures any more", lambda state: not _failing(state))
    assert failing.georep("prim1", "retry", SESSION).stdout.startswith(b"0 objects")
    assert [words.split(": ")[1] for words in failing.differences()] == ["mtime", "missing"]
    failing.run("echo 2 >> {}/shut/skipped")
    failing.settle()
    assert failing.differences() == []
    assert failures(failing) == []


def test_a_failure_outlives_the_engine(failing: World) -> None:
    with immutable(failing, "shut"):
        failing.run("echo 1 > {}/shut/kept")
        failing.settle()
        failing.engine_down()
        failing.engine_up()
        failing.until("they are told again", lambda state: _failing(state) == 2)
        found = failures(failing)
    for one in found:
        host = str(one["worker"]).partition(":")[0]
        assert failing.georep(host, "retry", SESSION, str(one["gfid"])).returncode == 0
    failing.until("nothing fails", lambda state: not _failing(state))
    assert failures(failing) == []
    assert failing.differences() == []


def test_a_full_secondary_stops_the_position_and_nothing_is_lost(failing: World) -> None:
    began = time.time()
    with full(failing):
        failing.run("for n in $(seq 40); do head -c 100000 /dev/urandom > {}/open/big$n; done")

        def faulty(state: State) -> bool:
            faults = [worker.fault for worker in state.sessions[SESSION].workers.values()]
            return any(f and f.at >= began and f.cause == "secondary full" for f in faults)

        failing.until("a worker says that there is no room", faulty)
        assert failures(failing) == []
    failing.settle()
    assert failing.differences() == []
    assert any(isinstance(event, PositionMoved) for event in failing.told(began))


def _failing(state: State) -> int:
    session = state.sessions.get(SESSION)
    return session.failing if session else 0


@contextmanager
def full(world: World) -> Iterator[None]:
    """Have no room on the secondary: its volume keeps more in reserve than there is."""
    gluster = world.lab.gluster
    # Not in the root: as long as there is room, that would get a new mtime.
    probe = world.there() / ".georep" / "probe"
    gluster("sec1", "volume", "set", SECONDARY, "storage.reserve", "99")
    try:
        # Its bricks look every five seconds.
        until("there is no room", lambda: _no_room(probe))
        yield
    finally:
        gluster("sec1", "volume", "reset", SECONDARY, "storage.reserve")


def _no_room(probe: Path) -> bool:
    try:
        probe.write_bytes(b"x")
    except OSError as error:
        return error.errno == errno.ENOSPC
    finally:
        probe.unlink(missing_ok=True)
    return False
