"""What a brick did not write down, or forgot: found where it can be, named where it cannot."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PLAIN, fresh_world
from world import SESSION, WORK, World

from engine.events import Crawl, CrawlChanged
from engine.lab import faults
from engine.lab.shape import PRIMARY
from engine.primary import htime

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

CHANGES = """cd {}; for n in 1 2 3 4 5 6 7 8; do
    mkdir @$n; echo $n > @$n/new; mv file$n @$n/moved; echo $n >> kept$n; ln kept$n @$n/link
done"""
"""On both bricks; `@` is the name of a test."""
BUSY = """import os, sys
os.mkdir(sys.argv[1])
os.chdir(sys.argv[1])
for n in range(10**6):
    with open(f"{n % 200}", "ab") as file:
        file.write(b"%d" % n)
    os.rename(f"{n % 200}", f"{(n + 1) % 200}")
"""


@pytest.fixture(scope="module")
def forgetful() -> Iterator[World]:
    """Give a session that runs and has replicated what the tests change."""
    with fresh_world("sysl", World, PLAIN) as made:
        made.create()
        made.engine_up()
        made.start()
        prepare(made)
        yield made


def prepare(world: World) -> None:
    """Have files that a test can move and write to, on both sides."""
    world.run("cd {}; for n in 1 2 3 4 5 6 7 8; do echo > file$n; echo >> kept$n; done")
    world.settle()
    assert world.differences() == []


def change(world: World, name: str) -> None:
    world.run(CHANGES.replace("@", name))


def crawls(world: World, since: float) -> list[CrawlChanged]:
    """Return the crawls of whole bricks that were begun."""
    told = [event for event in world.told(since) if isinstance(event, CrawlChanged)]
    return [event for event in told if event.crawl is Crawl.HYBRID]


def index(brick: Path) -> Path:
    """Return the newest HTIME of a brick."""
    return max((brick / ".glusterfs/changelogs/htime").glob("HTIME.*"))


def named(brick: Path) -> set[str]:
    """Return the slices with records that its index names, by paths below the changelogs."""
    entries = htime.parse(index(brick).read_bytes()).entries
    return {entry.path for entry in entries if not entry.empty}


def closed(brick: Path) -> set[str]:
    """Return the slices with records that a brick has."""
    root = brick / ".glusterfs/changelogs"
    return {str(path.relative_to(root)) for path in root.glob("2*/*/*/CHANGELOG.*")}


def unreconciled(world: World) -> list[object]:
    said = world.georep("prim1", "status", SESSION, "--json")
    (session,) = json.loads(said.stdout)["sessions"]
    return [each["unreconciled"] for each in session["workers"] if each["unreconciled"]]


def stopped_slices(world: World, name: str) -> dict[Path, set[str]]:
    """Change something while the session is stopped; return the slices of each brick that tell."""
    world.stop()
    bricks = world.lab.bricks(PRIMARY)
    faults.rollover(world.lab, PRIMARY)
    before = {brick: closed(brick) for brick in bricks}
    change(world, name)
    faults.rollover(world.lab, PRIMARY)
    return {brick: closed(brick) - before[brick] for brick in bricks}


def reconciled(world: World) -> None:
    """Check that the status asks for a reconcile, do that, and check that it is content."""
    assert len(unreconciled(world)) == len(world.lab.bricks(PRIMARY))
    said = world.georep("prim1", "status", SESSION)
    assert said.returncode == 1
    assert b"not reconciled" in said.stdout
    # All is settled, so nothing is on its way.
    words = ("reconcile", SESSION, "--apply", "--patience", "3")
    assert world.georep("prim1", *words).returncode == 0
    world.await_reconciled()
    assert unreconciled(world) == []
    assert world.georep("prim1", "status", SESSION).returncode == 0


def test_slices_that_the_index_does_not_name_are_found(forgetful: World) -> None:
    for brick, slices in stopped_slices(forgetful, "unnamed").items():
        assert slices <= named(brick)
        rows = index(brick).read_bytes().split(b"\0")
        left = [row for row in rows if not row.decode().endswith(tuple(slices))]
        assert len(left) == len(rows) - len(slices)
        # In place, for the brick has it open, and goes on where it was.
        index(brick).write_bytes(b"\0".join(left))
        assert not slices & named(brick)
    began = time.time()
    forgetful.start()
    forgetful.settle()
    assert forgetful.differences() == []
    assert crawls(forgetful, began) == []
    assert forgetful.georep("prim1", "status", SESSION).returncode == 0


def test_a_slice_that_is_gone_is_a_crawl_and_a_word_about_it(forgetful: World) -> None:
    prepare(forgetful)
    for brick, slices in stopped_slices(forgetful, "gone").items():
        assert slices
        for path in slices:
            (brick / ".glusterfs/changelogs" / path).unlink()
    began = time.time()
    forgetful.start()
    forgetful.settle()
    begun = crawls(forgetful, began)
    assert len(begun) == len(forgetful.lab.bricks(PRIMARY)), begun
    assert all("is missing" in event.reason for event in begun), begun
    # A crawl brings what is there, and a move of what it meets; no removal is needed here.
    assert forgetful.differences() == []
    reconciled(forgetful)


def test_switched_off_and_on_again_while_files_change(forgetful: World) -> None:
    prepare(forgetful)
    began = time.time()
    argv = forgetful.lab.exec_argv("prim1", ["python", "-c", BUSY, f"{WORK}/busy"])
    with subprocess.Popen(argv) as busy:
        try:
            forgetful.lab.gluster("prim1", "volume", "set", PRIMARY, "changelog.changelog", "off")
            change(forgetful, "off")
            forgetful.run("rm {}/kept1 {}/kept2 {}/kept3")
            forgetful.lab.gluster("prim1", "volume", "set", PRIMARY, "changelog.changelog", "on")
            assert busy.poll() is None
        finally:
            busy.kill()
    forgetful.settle()
    reasons = [event.reason for event in crawls(forgetful, began)]
    assert any("the journal" in reason for reason in reasons), reasons
    assert forgetful.complaints(began) == []
    extra = [words for words in forgetful.differences() if ": extra: " not in words]
    assert extra == []
    reconciled(forgetful)
    assert forgetful.compared() == []


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "running"])
def test_a_brick_that_dies_with_records_in_its_live_file(
    forgetful: World, *, stopped: bool
) -> None:
    prepare(forgetful)
    bricks = forgetful.lab.bricks(PRIMARY)
    began = time.time()
    if stopped:
        forgetful.stop()
    change(forgetful, f"killed{stopped:d}")
    # Right before it dies, so that no slice closes in between.
    for number in range(8):
        forgetful.lab.path("prim1", f"{WORK}/killed{stopped:d}1/last{number}").touch()
    for brick in forgetful.lab.shape.volume_bricks(PRIMARY):
        faults.kill_brick(forgetful.lab, PRIMARY, brick)
    faults.start_volume(forgetful.lab, PRIMARY)
    left = [slices for brick in bricks if (slices := closed(brick) - named(brick))]
    assert left, "what a brick finds of its former run it does not name"
    forgetful.await_mount()
    if stopped:
        forgetful.start()
    forgetful.run("echo after > {}/after")
    forgetful.settle()
    assert forgetful.differences() == []
    assert crawls(forgetful, began) == []
    assert unreconciled(forgetful) == []


def test_all_of_it_is_equal(forgetful: World) -> None:
    assert forgetful.verified()
    assert forgetful.georep("prim1", "status", SESSION).returncode == 0
    forgetful.engine_down()
