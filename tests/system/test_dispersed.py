"""A primary volume whose bricks have parts of files: names, contents and turns, on three bricks."""

from collections.abc import Iterator

import pytest
from conftest import fresh_world
from world import SESSION, World

from engine.lab.shape import Shape

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SHAPE = Shape(
    primaries=1,
    bricks=3,
    replica=1,
    disperse=3,
    redundancy=1,
    secondary_bricks=2,
    rollover=2,
    gsyncd=False,
)
LINKS = "".join(f"ln {{}}/d/a {{}}/e/{number}\n" for number in range(5))


@pytest.fixture(scope="module")
def dispersed() -> Iterator[World]:
    """Give a session that runs, and has crawled."""
    with fresh_world("sysd", World, SHAPE) as made:
        made.run("mkdir {}/d {}/e; echo a > {}/d/a; head -c 300000 /dev/urandom > {}/d/large")
        made.run(LINKS)
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


def test_all_names_come_with_a_crawl(dispersed: World) -> None:
    """The mount tells one of each file, and the bricks have no file in full."""
    assert dispersed.differences() == []


def test_what_is_done_comes_live(dispersed: World) -> None:
    world = dispersed
    world.run("ln {}/d/a {}/e/new; mv {}/e/1 {}/e/moved; rm {}/e/2; echo more >> {}/d/a")
    world.run("echo 1 > {}/d/b; mkdir {}/d/sub; mv {}/d/large {}/d/sub; chmod 600 {}/d/sub/large")
    world.settle()
    assert world.differences() == []
    world.stop()
    world.run("mv {}/d/sub {}/sub; echo 2 >> {}/d/b; rm -r {}/e")
    world.start()
    world.settle()
    assert world.differences() == []
    said = world.georep("prim1", "failures", SESSION)
    assert said.returncode == 0, said.stdout.decode()
