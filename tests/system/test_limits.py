"""Limits of GlusterFS: how many names of one file there can be, and are recorded."""

import os
from collections.abc import Iterator

import pytest
from conftest import PLAIN, fresh_world
from world import SESSION, World

from engine.gluster import xattrs
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY, SECONDARY

MOST = "storage.max-hardlinks"
"""Names that a file can have; 100 where nobody sets it."""
RECORDING = "storage.gfid2path"
"""Whether bricks record names of files; volumes from before GlusterFS 3.12 have files without."""
pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def limited() -> Iterator[World]:
    """Give a session that runs, and has crawled a file that has names which are not recorded."""
    with fresh_world("sysl", World, PLAIN) as made:
        made.lab.gluster("prim1", "volume", "set", PRIMARY, RECORDING, "off")
        until("the option", lambda: not recorded(made, "off"))
        made.run("mkdir {}/a {}/b; echo 1 > {}/a/first; echo 2 > {}/a/alone")
        made.run("".join(f"ln {{}}/a/first {{}}/b/{number}\n" for number in range(9)))
        made.lab.gluster("prim1", "volume", "reset", PRIMARY, RECORDING)
        until("the option", lambda: recorded(made, "on"))
        made.run("ln {}/a/first {}/b/recorded")
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


def recorded(world: World, name: str) -> bool:
    """Write a file; return whether its name is recorded."""
    world.run(f"rm -f {{}}/{name}; echo > {{}}/{name}")
    found = [brick / name for brick in world.lab.bricks(PRIMARY) if (brick / name).is_file()]
    return any(each.startswith(xattrs.GFID2PATH) for path in found for each in xattrs.names(path))


def failures(world: World) -> str:
    """Return what is told of failures, if there are any."""
    said = world.georep("prim1", "failures", SESSION)
    return said.stdout.decode() if said.returncode else ""


def test_names_that_no_brick_has_recorded_come_with_a_crawl(limited: World) -> None:
    """Of each the mount tells one."""
    there = limited.there()
    assert len(list((there / "b").iterdir())) == 10
    assert limited.differences() == []
    assert failures(limited) == ""


def test_a_file_that_can_have_no_more_names_is_renamed(limited: World) -> None:
    world, most = limited, 6
    world.run("mkdir {}/names")
    for kind in ("moved", "swapped", "other", "victim"):
        world.run(f"echo {kind} > {{}}/names/{kind}")
        for n in range(1, most):
            world.run(f"ln {{}}/names/{kind} {{}}/names/{kind}{n}")
    world.settle()
    assert world.differences() == []
    world.lab.gluster("sec1", "volume", "set", SECONDARY, MOST, str(most))
    probe = world.there() / "names/moved"
    until("the secondary", lambda: refuses(probe))
    world.run("mv {}/names/moved1 {}/names/new; mv {}/names/moved2 {}/names/another")
    world.run("cd {}/names; mv swapped1 t; mv other1 swapped1; mv t other1; mv swapped2 victim2")
    world.settle()
    assert world.differences() == []
    assert failures(world) == ""
    # One more than the secondary lets it have: a failure of this file, and of nothing else.
    world.run("ln {}/names/moved {}/names/more; echo on > {}/names/on")
    world.settle()
    assert "EMLINK" in failures(world)
    assert (world.there() / "names/on").read_text() == "on\n"
    world.lab.gluster("sec1", "volume", "reset", SECONDARY, MOST)
    until("it is let", lambda: not refuses(probe))
    assert world.georep("prim1", "retry", SESSION).returncode == 0
    world.until("nothing fails", lambda state: not state.sessions[SESSION].failing)
    world.settle()
    assert world.differences() == []


def refuses(path: os.PathLike[str]) -> bool:
    """Whether the volume gives a file no more names."""
    probe = os.fspath(path) + ".probe"
    try:
        os.link(path, probe)
    except OSError:
        return True
    os.unlink(probe)
    return False
