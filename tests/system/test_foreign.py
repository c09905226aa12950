"""What somebody wrote on the secondary: moved out of the way, kept, listed, and never destroyed."""

import json
import os
import time
from collections.abc import Iterator

import pytest
from conftest import fresh_world
from mounted import lose
from world import PATIENCE, SESSION, World

from engine.gluster import xattrs
from engine.lab.hosts import until
from engine.lab.shape import SECONDARY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    """Give a session that runs, into a secondary that somebody else writes to, too."""
    with fresh_world("syso", World) as made:
        made.run("mkdir {}/ends {}/stays && echo 1 > {}/ends/old")
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


def quarantined(world: World) -> list[str]:
    """Return the paths of what both nodes list as put away."""
    found = []
    for host in world.hosts:
        said = json.loads(world.georep(host, "failures", SESSION, "--json").stdout)
        found += [each["path"] for each in said if each["kind"] == "quarantined"]
    return found


def test_foreign_objects_are_kept_whatever_the_primary_does(shared: World) -> None:
    there = shared.lab.path("sec1", shared.lab.mount(SECONDARY, "sec1"))
    # One is in the way of a name, the others stand in a directory that ends.
    (there / "stays/mine").write_text("written there")
    (there / "ends/mine").write_text("written there, too")
    (there / "ends/folder").mkdir()
    (there / "ends/folder/deep").write_text("and this")
    shared.run("echo theirs > {}/stays/mine; rm -r {}/ends")
    shared.settle()
    assert not (there / "ends").exists()
    shelf = there / ".georep/quarantine"
    until("they are put away", lambda: len(list(shelf.glob("*"))) == 3, patience=PATIENCE)
    until("each is listed once", lambda: len(quarantined(shared)) == 3, patience=PATIENCE)
    kept = [there / path for path in quarantined(shared)]
    texts = {path.read_text() for path in kept if path.is_file()}
    assert texts == {"written there", "written there, too"}
    assert [(path / "deep").read_text() for path in kept if path.is_dir()] == ["and this"]
    # The times of the root are those of what somebody did there.
    assert [words for words in shared.differences() if not words.startswith("/: mtime")] == []
    status = shared.georep("prim1", "status", SESSION)
    assert status.returncode == 0, status.stdout.decode()


def test_what_stands_in_a_directory_that_agents_met_half_made_is_kept(shared: World) -> None:
    """Their clients can never list it again."""
    shared.run("mkdir {}/half")
    shared.settle()
    shared.stop()
    brick = os.fsencode(shared.lab.bricks(SECONDARY)[1])
    gfid = xattrs.gfid(brick + b"/half")
    assert gfid is not None
    lose(brick, b"half", gfid)
    shared.start()
    shared.run("chmod 700 {}/half")
    shared.settle()
    shelf = shared.there() / ".georep/quarantine"
    before = len(list(shelf.glob("*")))
    (shared.there() / "half/mine").write_text("written there")
    began = time.time()
    shared.run("rmdir {}/half")
    shared.settle()
    until("it is put away", lambda: len(list(shelf.glob("*"))) == before + 1, patience=PATIENCE)
    assert not (shared.there() / "half").exists()
    assert [words for words in shared.complaints(began) if ": quarantined: " not in words] == []
