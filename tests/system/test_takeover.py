"""A session of gsyncd that is stopped, and georep that goes on from where it was."""

import os
import time
from collections.abc import Iterator

import pytest
from conftest import fresh_world
from lab_fixtures import traces
from world import PATIENCE, SESSION, WORK, World

from engine.events import Crawl, CrawlChanged, PositionMoved
from engine.gluster import xattrs
from engine.lab import gsyncd
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY, Shape

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SHAPE = Shape(rollover=2)
TAME = """import os, sys
for folder in range(4):
    os.mkdir(f"{sys.argv[1]}/d{folder}")
    for file in range(10):
        with open(f"{sys.argv[1]}/d{folder}/f{file}", "wb") as out:
            out.write(os.urandom(5000))
"""


@pytest.fixture
def own_world() -> Iterator[World]:
    with fresh_world("sysg", World, SHAPE) as made:
        yield made
    assert traces(made.lab) == []


def stimes(lab: Lab) -> dict[str, int]:
    """Return up to when, in seconds since the epoch, each brick is noted as done."""
    found = {}
    for brick in lab.bricks(PRIMARY):
        for name in os.listxattr(brick):
            if name.endswith(".stime"):
                found[str(brick)] = int.from_bytes(os.getxattr(brick, name)[:4], "big")
    return found


def ends(lab: Lab) -> list[int]:
    """Return when each mark on bricks of the secondary ends, in seconds since the epoch."""
    found = []
    for brick in lab.bricks(SECONDARY):
        for name, value in xattrs.get_all(brick).items():
            if name.startswith(xattrs.VOLUME_MARK):
                mark = xattrs.unpack_volume_mark(value)
                assert mark.expires is not None
                found.append(mark.expires)
    return found


def marked(lab: Lab) -> bool:
    """Return whether every brick is noted as done up to some time."""
    found = stimes(lab)
    return len(found) == len(lab.bricks(PRIMARY)) and min(found.values()) > 0


def test_a_session_of_gsyncd_is_carried_on(own_world: World) -> None:
    lab = own_world.lab
    lab.run("prim1", ["python", "-c", TAME, WORK])
    gsyncd.create(lab)
    gsyncd.start(lab)
    until("gsyncd's marks", lambda: marked(lab), patience=PATIENCE)
    refused = own_world.georep("prim1", "adopt", PRIMARY)
    assert refused.returncode == 1
    assert b"gsyncd still runs from gvol to root@sec1::svol" in refused.stderr
    until("gsyncd's mark on the secondary", lambda: ends(lab), patience=PATIENCE)
    gsyncd.stop(lab)
    assert max(ends(lab)) <= time.time() + 120
    assert {worker.status for worker in gsyncd.status(lab)} == {"Stopped"}
    marks = set(stimes(lab).values())
    # What gsyncd itself left different is known from here on.
    assert [words for words in own_world.differences() if "mtime" not in words] == []
    # gsyncd leaves the secondary read-only, where GlusterFS refuses ACLs of directories even to us.
    lab.gluster("sec1", "volume", "set", SECONDARY, "features.read-only", "off")

    own_world.work("every", WORK, "after")
    lab.run(
        "prim1", ["sh", "-c", f"rm {WORK}/d0/f0; mv {WORK}/d1 {WORK}/d0/; echo x >> {WORK}/d2/f1"]
    )
    began = time.time()
    listed = own_world.georep("prim2", "adopt", "--list").stdout.decode()
    assert "gvol root@sec1::svol  does not run here  until " in listed
    for host in own_world.hosts:
        said = own_world.georep(host, "adopt", PRIMARY, "--name", SESSION)
        assert said.returncode == 0, said
    own_world.engine_up()
    own_world.start()
    own_world.settle()
    told = own_world.told(began)
    crawls = {event.crawl for event in told if isinstance(event, CrawlChanged)}
    assert crawls == {Crawl.HISTORY, Crawl.CHANGELOG}
    assert min(event.stime for event in told if isinstance(event, PositionMoved)) >= min(marks)
    assert own_world.differences() == []
    assert min(ends(lab)) > time.time() + 600, "ours has taken the place of gsyncd's"
    own_world.engine_down()
    assert ends(lab) == []
    back_to_gsyncd(own_world)


def back_to_gsyncd(world: World) -> None:
    """Let gsyncd go on from where georep stopped."""
    marks = stimes(world.lab)
    world.run("echo late > {}/after-georep")
    gsyncd.begin(world.lab)
    there = world.there() / "after-georep"
    until(
        "gsyncd brings it",
        lambda: there.exists() and there.read_text() == "late\n",
        patience=PATIENCE,
    )
    gsyncd.stop(world.lab)
    now = stimes(world.lab)
    assert all(now[brick] >= mark for brick, mark in marks.items())
