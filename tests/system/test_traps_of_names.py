"""A trap of GlusterFS where all names of a file are asked for: its brick dies of it."""

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from conftest import fresh_sides
from mounted import Sides, done, item, ready, says

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Gfid, Gone, Kind, Place
from engine.lab import faults
from engine.lab.hosts import until
from engine.lab.shape import SECONDARY
from engine.secondary.apply import apply
from engine.secondary.gluster_target import GlusterTarget

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def volumes() -> Iterator[Sides]:
    """Give volumes that nobody else needs, for a brick of one of them dies."""
    with fresh_sides("names") as made:
        yield made


def agent(sides: Sides, *bricks: bytes) -> GlusterTarget:
    """Return the secondary as the agent of a node that has `bricks` has it: with a mount that has
    seen nothing yet.
    """
    root = sides.mount("sec1", SECONDARY)
    return GlusterTarget(root, lambda: root, lambda: root, bricks=bricks)


class Lives:
    """A file of two names of which one was renamed over; the directory of that one is gone."""

    def __init__(self, sides: Sides, name: str) -> None:
        root = sides.lab.path("sec1", sides.lab.mount(SECONDARY, "sec1"))
        until("its mount", lambda: ready(os.fsencode(root)))
        top = root / name
        for folder in ("ends", "stays"):
            (top / folder).mkdir(parents=True)
        (top / "ends/one").write_text("lives")
        os.link(top / "ends/one", top / "stays/other")
        (top / "stays/over").write_text("in its place")
        (top / "stays/over").rename(top / "ends/one")
        (top / "ends/one").unlink()
        (top / "ends").rmdir()
        self.gfid, stays = _gfid(top / "stays/other"), _gfid(top / "stays")
        self.place = Place(stays, b"other")


def _gfid(path: Path) -> Gfid:
    raw = xattrs.get(os.fsencode(path), b"glusterfs.gfid")
    assert raw is not None
    return gfids.from_raw(raw[:16])


def _all_up(sides: Sides) -> bool:
    said = sides.lab.gluster("sec1", "volume", "status", SECONDARY)
    return all(line.split()[-2] == "Y" for line in said.splitlines() if line.startswith("Brick"))


def test_names_that_only_a_brick_elsewhere_has_are_asked_for(volumes: Sides) -> None:
    folder, gfid = volumes.folder(), Gfid(str(uuid4()))
    names = [Place(folder, b"first"), Place(folder, b"second")]
    done(apply(volumes.target, item(gfid, Kind.FILE, *names)))
    elsewhere = agent(volumes)
    for _ in range(2):
        assert sorted(elsewhere.find(gfid)) == names
    elsewhere.close()


def test_a_brick_that_was_asked_for_all_names_dies_once(volumes: Sides) -> None:
    lives = Lives(volumes, "once")
    elsewhere = agent(volumes)
    says(errno.ENOTCONN, elsewhere.find, lives.gfid)
    until("the brick has died", lambda: not _all_up(volumes))
    faults.start_volume(volumes.lab, SECONDARY)
    until("it is back", lambda: _all_up(volumes))

    found = agent(volumes)
    until("all of it answers", found.whole)
    assert found.find(lives.gfid) in ([], [lives.place])
    time.sleep(1)  # who dies is told so with a delay
    assert _all_up(volumes)
    for one in (elsewhere, found):
        one.close()


def test_a_node_that_has_the_file_knows_its_names(volumes: Sides) -> None:
    """Whoever else was asked for them: what has never been looked up by name is not known to a
    brick's own table, and a record may be old.
    """
    lives = Lives(volumes, "here")
    faults.stop_volume(volumes.lab, SECONDARY)
    faults.start_volume(volumes.lab, SECONDARY)
    found = agent(volumes, *volumes.bricks)
    until("all of it answers", found.whole)
    told = found._objects.told(found._objects.path(lives.gfid), b"glusterfs.gfid2path")
    assert told.rstrip(b"\0") == b"<gfid:%b>" % lives.gfid.encode()
    assert found.find(lives.gfid) == [lives.place]
    done(apply(found, Gone(gfid=lives.gfid, lawful=True)))
    assert found.at(lives.place) is None
    assert _all_up(volumes)
    found.close()
