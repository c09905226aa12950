"""Options that are changed while a session runs, and what they do on real volumes."""

import json
import os
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest
from conftest import PLAIN, fresh_world
from world import PATIENCE, SESSION, World

from engine.events import PendingChanged, WorkerProgressed, WorkerStarted, WorkerStopped
from engine.gluster import xattrs
from engine.lab.hosts import until
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


class Configured(World):
    """A session whose options are changed as an operator does it."""

    def config(self, *words: str) -> str:
        said = self.georep(self.hosts[0], "config", *words)
        assert said.returncode == 0, said.stderr
        return said.stdout.decode()

    def restarted(self, since: float) -> bool:
        """Whether workers ended for new options, and as many began."""
        told = self.told(since)
        ended = [each for each in told if isinstance(each, WorkerStopped)]
        began = [each for each in told if isinstance(each, WorkerStarted)]
        return len(ended) == len(began) == 2

    def put(self, *words: str) -> None:
        """Set an option that is not live, and wait until the workers have begun again."""
        since = time.time()
        assert "start again" in self.config(*words)
        until("the workers began again", lambda: self.restarted(since))
        self.settle()

    def names(self) -> set[str]:
        return {path.name for path in self.far.iterdir()} - {".georep", ".trashcan"}

    def has(self, name: str, content: str) -> bool:
        """Whether the secondary has such a file."""
        path = self.far / name
        return path.exists() and path.read_text() == content

    @cached_property
    def far(self) -> Path:
        return self.there()

    def failing(self) -> list[dict[str, object]]:
        said = self.georep(self.hosts[0], "failures", SESSION, "--json")
        found: list[dict[str, object]] = json.loads(said.stdout)
        return found


@pytest.fixture(scope="module")
def world() -> Iterator[Configured]:
    """Give a session that runs, in a lab of its own."""
    with fresh_world("sysc", Configured, PLAIN) as made:
        made.run("mkdir {}/gone && echo 1 > {}/gone/in && echo 1 > {}/old && echo 1 > {}/twice")
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


def test_a_live_option_is_taken_up_by_workers_that_go_on(world: Configured) -> None:
    since = time.time()
    path = world.session_file()
    path.write_text(path.read_text() + "# an operator's own words\n")
    assert "take it up as they are" in world.config("set", SESSION, "log_rsync_performance", "true")
    world.run("head -c 2000000 /dev/urandom > {}/large")
    world.settle()
    folder = world.lab.place.state(world.hosts[0]) / SESSION / "log"
    until("the job is in a log", lambda: any(map(_tells_of_a_job, folder.glob("worker-*.log"))))
    assert not [each for each in world.told(since) if isinstance(each, WorkerStopped)]
    assert path.read_text().endswith("# an operator's own words\n")
    assert world.config("get", SESSION, "log-rsync-performance") == "true\n"
    assert world.differences() == []


def _tells_of_a_job(log: Path) -> bool:
    return "stream job 1: 1 files of 2000000 bytes, 1 moved" in log.read_text(errors="replace")


def test_what_is_removed_stays_with_ignore_deletes(world: Configured) -> None:
    world.put("set", SESSION, "ignore-deletes", "true")
    world.run("rm -r {}/gone && rm {}/large && mv {}/old {}/new && rm {}/twice")
    world.settle()
    assert world.names() == {"gone", "large", "new", "twice"}
    world.run("echo 2 > {}/twice && echo 3 > {}/over && mv {}/over {}/new")
    world.settle()
    assert world.names() == {"gone", "large", "new", "twice"}
    assert world.has("gone/in", "1\n")
    assert world.has("twice", "2\n")
    assert world.has("new", "3\n")
    until(
        "the old one is in quarantine",
        lambda: [each["kind"] for each in world.failing()] == ["quarantined"],
        patience=PATIENCE,
    )
    said = world.georep(world.hosts[0], "reconcile", SESSION, "--apply")
    assert (said.returncode, b"kept on purpose" in said.stderr) == (1, True)
    assert b"extra" in world.georep(world.hosts[0], "verify", SESSION).stdout


def test_when_deletes_count_again_the_status_says_what_is_missing(world: Configured) -> None:
    world.put("reset", SESSION, "all")
    world.until("it is told as not reconciled", _due)
    # More than half of the few files that there are.
    said = world.georep(world.hosts[0], "reconcile", SESSION, "--apply", "--force")
    assert said.returncode == 0, said.stdout + said.stderr
    world.await_reconciled()
    assert world.names() == {"new", "twice"}
    assert world.differences() == []


def _due(state: State) -> bool:
    workers = state.sessions[SESSION].workers.values()
    return any(worker.reconcile is not None and worker.reconcile.due for worker in workers)


def test_crawls_alone_and_without_xattrs(world: Configured) -> None:
    world.config("set", SESSION, "change-interval", "1")
    world.config("set", SESSION, "sync-xattrs", "false")
    world.config("set", SESSION, "change-detector", "xsync")
    world.run("echo 4 > {}/crawled && setfattr -n user.mine -v x {}/crawled && mv {}/new {}/newer")
    until("a crawl brought it", lambda: {"crawled", "newer"} <= world.names())
    until("the old name is gone", lambda: "new" not in world.names())
    until("its content, too", lambda: world.has("crawled", "4\n"))
    there = os.fsencode(world.far / "crawled")
    assert b"user.mine" not in xattrs.names(there)
    world.put("reset", SESSION, "all")
    world.run("touch {}/crawled && setfattr -n user.other -v y {}/crawled")
    world.settle()
    assert {b"user.mine", b"user.other"} <= set(xattrs.names(there))
    assert world.differences() == []


def test_who_is_in_the_way_may_be_left_there(world: Configured) -> None:
    world.put("set", SESSION, "gfid_conflict_resolution", "false")
    (world.far / "theirs").write_text("mine")
    world.run("echo 5 > {}/theirs")
    world.settle()
    (failure,) = [each for each in world.failing() if each["kind"] == "gfid conflict"]
    assert failure["path"] == "theirs"
    assert world.has("theirs", "mine")
    (world.far / "theirs").unlink()
    assert world.georep(world.hosts[0], "retry", SESSION).returncode == 0
    until("it is made", lambda: world.has("theirs", "5\n"))
    world.put("reset", SESSION, "gfid-conflict-resolution")
    assert world.differences() == []


def test_workers_tell_what_has_only_attributes_and_how_late_they_are(world: Configured) -> None:
    world.run("mkdir {}/many && for n in $(seq 2000); do echo 1 > {}/many/$n; done")
    world.settle()
    since = time.time()
    world.run("chmod 600 {}/many/*")
    world.settle()
    told = world.told(since)
    pending = [each for each in told if isinstance(each, PendingChanged)]
    assert max(each.meta for each in pending) > 1, "of the directory, and of files"
    assert all(0 <= each.meta <= max(each.entries, 0) for each in pending)
    stalls = [each.stall for each in told if isinstance(each, WorkerProgressed)]
    assert stalls
    assert min(stalls) >= 0
