"""Volumes with an arbiter, and with shards: every operation, by a crawl and live, then history."""

from collections.abc import Iterator, Sequence

import pytest
from conftest import fresh_world
from lab_fixtures import traces
from world import TO, WORK, World

from engine.lab.shape import PRIMARY, SECONDARY, VOLUMES, Shape

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

ARBITER = Shape(
    primaries=1, bricks=3, replica=3, arbiter=1, secondary_bricks=2, rollover=2, gsyncd=False
)
PLAIN = Shape(primaries=1, bricks=2, replica=1, secondary_bricks=2, rollover=2, gsyncd=False)
FILES = """
head -c 30000000 /dev/urandom > {0}/image; ln {0}/image {0}/link
head -c 9000000 /dev/urandom > {0}/shrinks; head -c 9000000 /dev/urandom > {0}/grows
head -c 9000000 /dev/urandom > {0}/over; head -c 9000000 /dev/urandom > {0}/under
head -c 9000000 /dev/urandom > {0}/goes; head -c 100 /dev/urandom > {0}/small
"""
FILES_THEN = """
printf hello | dd of={0}/image bs=1 seek=20000000 conv=notrunc 2>/dev/null
truncate -s 5000000 {0}/shrinks; head -c 7000000 /dev/urandom >> {0}/grows; rm {0}/goes
mv {0}/link {0}/moved; mv {0}/over {0}/under; chmod 640 {0}/image
head -c 12000000 /dev/urandom > {0}/small
"""


class Sharded(World):
    """A lab whose volumes keep files in pieces."""

    def mount(self) -> None:
        """Have it so, then mount."""
        for volume in VOLUMES:
            host = self.lab.shape.pool(volume)[0]
            options = ["features.shard", "on", "features.shard-block-size", "4MB"]
            self.lab.run(host, ["gluster", "--mode=script", "volume", "set", volume, *options])
        super().mount()


@pytest.fixture(scope="module")
def arbitrated() -> Iterator[World]:
    with fresh_world("sysa", World, ARBITER) as made:
        yield made
    assert traces(made.lab) == []


@pytest.fixture(scope="module")
def sharded() -> Iterator[Sharded]:
    with fresh_world("sysh", Sharded, PLAIN) as made:
        yield made
    assert traces(made.lab) == []


NOT_WITH_SHARDS = ("snapshots", "hard links")
"""Both have links of symbolic links, for which GlusterFS 10.3 has "no memory" there, mostly."""


def in_turn(world: World, *, before: str, then: str, without: Sequence[str] = ()) -> None:
    """Have every operation done before the session and while it runs, some while it is stopped."""
    out = ["--without", *without] if without else []
    world.work("every", WORK, "data", "--later", "live", *out)
    world.run("mkdir {}/pieces {}/more")
    world.run(before.format(f"{WORK}/pieces"))
    world.create()
    world.engine_up()
    world.start()
    world.settle()
    assert world.differences() == []
    world.work("every", WORK, "live", "--earlier", "data", *out)
    world.run(then.format(f"{WORK}/pieces"))
    world.settle()
    assert world.differences() == []
    world.stop()
    world.run(before.format(f"{WORK}/more"))
    world.run(then.format(f"{WORK}/more"))
    world.start()
    world.settle()
    assert world.differences() == []
    assert world.complaints(0.0) == []
    assert world.verified()


def test_an_arbiter(arbitrated: World) -> None:
    in_turn(arbitrated, before=FILES, then=FILES_THEN)


def test_shards(sharded: Sharded) -> None:
    in_turn(sharded, before=FILES, then=FILES_THEN, without=NOT_WITH_SHARDS)


def test_a_secondary_without_shards_is_refused(sharded: Sharded) -> None:
    """Nobody could make files of the pieces; so is a directory."""
    off = ["gluster", "--mode=script", "volume", "set", SECONDARY, "features.shard", "off"]
    sharded.lab.run("sec1", off)
    sharded.lab.run("sec1", ["mkdir", "/run/there"])
    for to in (TO, "root@sec1:/run/there"):
        said = sharded.georep("prim1", "create", PRIMARY, to, "--name", "other", "--force")
        assert said.returncode == 1
        assert b"gvol has shards of 4MB" in said.stdout
