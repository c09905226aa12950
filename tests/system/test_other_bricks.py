"""What a worker cannot know alone: whom another brick's has yet to bring away, and what an earlier
one had left out.
"""

from collections.abc import Iterator

import pytest
from conftest import fresh_world
from world import SESSION, World

from engine.lab import faults
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY, Shape
from engine.session import awaited
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

NODES = Shape(primaries=2, bricks=1, replica=1, secondary_bricks=2, rollover=2, gsyncd=False)
"""A brick on each of two nodes, without replicas."""
FILES = range(12)
"""So many that some are on either brick."""


@pytest.fixture(scope="module")
def two() -> Iterator[World]:
    """Give a session of two nodes that runs."""
    with fresh_world("sysn", World, NODES) as made:
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


def waits(state: State) -> bool:
    """Whether a worker says that others have to empty a directory."""
    session = state.sessions.get(SESSION)
    told = [worker.pending for worker in session.workers.values()] if session else []
    return any(each is not None and each.waits == awaited.words(1) for each in told)


def failures(world: World) -> list[str]:
    """Return what those nodes say that have any."""
    said = [world.georep(host, "failures", SESSION) for host in world.hosts]
    return [each.stdout.decode() for each in said if each.returncode]


def test_a_directory_waits_for_those_whom_another_worker_brings_away(two: World) -> None:
    """A brick that has just begun cannot tell under which names it has a file."""
    world, second = two, two.lab.shape.volume_bricks(PRIMARY)[1]
    world.run("mkdir {}/ends {}/lives")
    world.run("".join(f"echo {n} > {{}}/ends/f{n}\n" for n in FILES))
    world.settle()
    assert world.differences() == []
    world.stop()
    world.run("mv {}/ends/* {}/lives; rmdir {}/ends")
    faults.kill_brick(world.lab, PRIMARY, second)
    faults.start_volume(world.lab, PRIMARY)
    world.lab.run("prim1", ["georep", "start", SESSION])
    world.until("it waits", waits)
    assert failures(world) == []
    there = world.there()
    assert (there / "ends").is_dir()
    assert list((there / "lives").iterdir()), "those on its own brick"
    world.lab.run("prim2", ["georep", "start", SESSION])
    world.settle()
    until("it is tried again", lambda: not (there / "ends").exists(), patience=120)
    assert world.differences() == []
    assert failures(world) == []


def test_what_comes_out_of_directories_that_are_left_out_is_walked(two: World) -> None:
    """The worker was restarted; what it passed over no record will tell again."""
    world = two
    world.run("mkdir -p {}/.georep/limbo")
    for top in ("stays", "ends", "follows/deep"):
        world.run(f"mkdir -p {{}}/.georep/limbo/{top}/folder/inner")
        world.run(
            "".join(f"echo {n} > {{}}/.georep/limbo/{top}/folder/inner/f{n}\n" for n in FILES)
        )
    world.settle()
    assert world.differences() == []
    world.stop()
    limbo = "{}/.georep/limbo"
    world.run(f"mv {limbo}/stays/folder {{}}/of-one-that-stays")
    world.run(f"mv {limbo}/ends/folder {{}}/of-one-that-ends; rmdir {limbo}/ends")
    world.run(f"mv {limbo}/follows/deep/folder {{}}/of-one-that-follows")
    world.run(f"mv {limbo}/follows {{}}/follows")
    world.start()
    world.settle()
    assert world.differences() == []
    assert failures(world) == []
