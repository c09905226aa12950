"""A volume that is replicated into a directory, by root and by an ordinary user: every operation in
every phase, and kills.
"""

import json
import time
from collections.abc import Iterator

import msgspec
import pytest
from conftest import fresh_world
from test_unprivileged import UID, OrdinaryWorld, fingerprint
from world import SESSION, WORK, World, arrived

from engine import keeping
from engine.events import Crawl, CrawlChanged, EntryFailed, JobFinished, WorkerFaulty
from engine.item import Attributes, Kind
from engine.lab import compare
from engine.lab.compare import Difference
from engine.lab.shape import PRIMARY
from engine.lab.tree import Node, Tree
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

BACKUP = "/bricks/backup"


PLAIN = "/bricks/plain"
GEO = keeping.Owner(name="geo", uid=UID, gid=UID)


class DirectoryWorld(OrdinaryWorld):
    """A lab whose primary is replicated to a directory of sec1."""

    to = f"ssh://root@sec1:file://{BACKUP}"

    def compared(self) -> list[Difference]:
        primary = compare.volume(self.lab, PRIMARY)
        if self.to == TO_GEO:
            there = compare.directory(self.lab, "sec1", PLAIN)
            return [each for each in compare.diff(as_kept(primary), there) if not device(each)]
        return compare.diff(primary, compare.directory(self.lab, "sec1", BACKUP))


TO_GEO = f"geo@sec1:{PLAIN}"


def as_kept(tree: Tree) -> Tree:
    """Return a tree as `geo` keeps it."""
    return {path: _as_kept(node) for path, node in tree.items()}


def _as_kept(node: Node) -> Node:
    shown = Attributes(node.mode, node.uid, node.gid, node.size, node.mtime, 0)
    kept = keeping.attributes(shown, GEO)
    return msgspec.structs.replace(node, mode=kept.mode, uid=kept.uid, gid=kept.gid)


def device(found: Difference) -> bool:
    """Whether it is a device that is missing, as it must be."""
    words = found.primary.partition(" ")[0]
    return found.what is compare.What.MISSING and words in (Kind.BLOCK, Kind.CHARACTER)


@pytest.fixture(scope="module")
def backup() -> Iterator[DirectoryWorld]:
    with fresh_world("sysd", DirectoryWorld) as made:
        yield made


def test_create_says_what_is_wrong_with_a_directory(backup: DirectoryWorld) -> None:
    for path, words in ((BACKUP, "mkdir -p /bricks/backup"), ("/etc", "not empty")):
        said = backup.georep("prim1", "create", PRIMARY, f"root@sec1:{path}", "--name", "refused")
        assert said.returncode == 1
        crossed = [line for line in said.stdout.decode().splitlines() if line.startswith("✕")]
        assert any(words in line for line in crossed), crossed
        assert b"Traceback" not in said.stdout + said.stderr


def test_data_from_before_the_session_comes_by_a_crawl(backup: DirectoryWorld) -> None:
    backup.lab.run("sec1", ["mkdir", BACKUP])
    backup.work("every", WORK, "data", "--later", "stopped", "live")
    backup.lab.run("prim1", ["sh", "-c", f"head -c 20M /dev/urandom > {WORK}/large"])
    began = time.time()
    backup.create()
    backup.engine_up()
    backup.start()
    backup.settle()
    assert backup.differences() == []
    assert backup.complaints(began) == []
    jobs = [event for event in backup.told(began) if isinstance(event, JobFinished)]
    assert sum(job.moved for job in jobs) >= 1
    assert [job.code for job in jobs if job.code] == []


def test_what_happened_while_stopped_comes_by_history(backup: DirectoryWorld) -> None:
    backup.stop()
    backup.work("every", WORK, "stopped", "--earlier", "data", "--later", "live")
    began = time.time()
    backup.start()
    backup.settle()
    assert backup.differences() == []
    crawls = {event.crawl for event in backup.told(began) if isinstance(event, CrawlChanged)}
    assert Crawl.HYBRID not in crawls
    assert backup.complaints(began) == []


def test_what_happens_while_it_runs_comes_live(backup: DirectoryWorld) -> None:
    began = time.time()
    backup.work("every", WORK, "live", "--earlier", "data", "stopped")
    backup.lab.run("prim1", ["sh", "-c", f"head -c 5M /dev/urandom >> {WORK}/large"])
    backup.settle()
    assert backup.differences() == []
    assert backup.complaints(began) == []


def test_agents_killed_in_the_middle_of_a_churn(backup: DirectoryWorld) -> None:
    with backup.churning("churned", 7):
        for _ in range(3):
            before = time.time()
            backup.until("something of the churn has arrived", lambda s: arrived(s, before))  # noqa: B023
            backup.kill("sec1", "agent")
    backup.settle()
    assert backup.differences() == []


def test_a_disk_that_is_not_mounted_is_not_filled(backup: DirectoryWorld) -> None:
    backup.stop()
    backup.lab.run("sec1", ["mv", BACKUP, f"{BACKUP}.away"])
    backup.lab.run("sec1", ["mkdir", BACKUP])
    began = time.time()
    backup.start()

    def found(state: State) -> bool:
        workers = state.sessions[SESSION].workers.values()
        return any(worker.fault is not None and worker.fault.at >= began for worker in workers)

    backup.until("the empty directory is found", found)
    faults = [event for event in backup.told(began) if isinstance(event, WorkerFaulty)]
    assert {event.cause for event in faults} == {"directory not set up"}
    assert {event.session for event in faults} == {SESSION}
    assert backup.lab.run("sec1", ["ls", "-A", BACKUP]).stdout == b""
    backup.lab.run("sec1", ["rmdir", BACKUP])
    backup.lab.run("sec1", ["mv", f"{BACKUP}.away", BACKUP])
    backup.lab.run("prim1", ["touch", f"{WORK}/after"])
    backup.settle()
    assert backup.differences() == []
    backup.engine_down()


# A directory of somebody who is not root.

HERE = """
mkdir -p {}/shared {}/locked; echo 1 > {}/locked/in; chmod 555 {}/locked
echo x > {}/tool; chown 4001:4002 {}/tool; chmod 6755 {}/tool
for n in 1 2 3; do echo $n > {}/object$n; chmod 444 {}/object$n; done
head -c 3000000 /dev/urandom > {}/pack; chmod 400 {}/pack; : > {}/secret; chmod 0 {}/secret
ln -s nowhere {}/link; ln {}/link {}/shared/link; mkfifo {}/fifo; ln {}/fifo {}/shared/fifo
mkdir -p {}/deep/er; echo 1 > {}/deep/er/file; ln {}/object1 {}/deep/er/object
mknod {}/disk b 7 1
"""
THEN = """
echo more >> {}/object1; printf x | dd of={}/pack bs=1 seek=100 conv=notrunc 2>/dev/null
mv {}/deep/er {}/locked/er; mv {}/locked {}/shared/locked; rm {}/link; mv {}/fifo {}/moved
echo 2 > {}/shared/locked/new; chmod 700 {}/tool; echo y >> {}/secret; rm {}/object2
"""


def test_a_user_who_is_not_root_is_told_what_is_not_kept(backup: DirectoryWorld) -> None:
    for host in backup.hosts:
        backup.georep(host, "stop", SESSION)  # notes it; no engine is there to hear of it
        backup.georep(host, "delete", SESSION, "--reset-sync-time")
    backup.user_up()
    backup.lab.run("sec1", ["mkdir", PLAIN])
    backup.to = TO_GEO
    for host in backup.hosts:
        said = backup.georep(host, "keys", TO_GEO, "--accept", fingerprint(backup))
        assert said.returncode == 0, said
    said = backup.georep("prim1", "create", PRIMARY, TO_GEO, "--name", "refused")
    assert said.returncode == 1
    assert (
        f"Name root@HOST:{PLAIN}, or an empty directory that is geo's own" in said.stdout.decode()
    )
    backup.lab.run("sec1", ["chown", "geo:geo", PLAIN])
    backup.run(HERE)
    said = backup.georep("prim1", "create", PRIMARY, TO_GEO, "--name", "tried")
    assert said.returncode == 0, said
    assert "geo is not root: all in /bricks/plain will be geo's" in said.stdout.decode()
    backup.georep("prim1", "delete", "tried")


def test_all_else_comes_to_a_user_who_is_not_root(backup: DirectoryWorld) -> None:
    began = time.time()
    backup.create("push-limit=100000")
    backup.engine_up()
    backup.start()
    backup.settle()
    assert backup.differences() == []
    assert [job.code for job in jobs(backup, began) if job.code] == []
    with backup.churning("plain", 3):
        for script in (THEN, "echo 4 >> {}/object3"):
            before = time.time()
            backup.until("something of the churn has arrived", lambda s: arrived(s, before))  # noqa: B023
            backup.kill("sec1", "agent")
            backup.run(script)
    backup.stop()
    backup.run("mkdir {}/while; mv {}/shared {}/while; echo 3 >> {}/object3; ln {}/pack {}/pack2")
    backup.start()
    backup.settle()
    assert backup.differences() == []
    refused = [e for e in backup.told(began) if isinstance(e, EntryFailed)]
    assert {"only root can make a device there" in event.words for event in refused} == {True}
    assert {job.mover for job in jobs(backup, began) if not job.code} == {"rsync", "stream"}


def jobs(world: World, since: float) -> list[JobFinished]:
    return [event for event in world.told(since) if isinstance(event, JobFinished)]


def test_what_is_not_kept_is_no_difference(backup: DirectoryWorld) -> None:
    said = backup.georep("prim1", "verify", SESSION, "--content", "--json")
    *found, summary = map(json.loads, said.stdout.splitlines())
    assert {(each["what"], each["primary"].split()[0]) for each in found} <= {
        ("missing", "block"),
        ("missing", "character"),
    }
    assert summary["owner"] == "geo"
    said = backup.lab.run("sec1", ["find", PLAIN, "-name", "tool", "-printf", "%u %m"])
    assert said.stdout == b"geo 700", backup.lab.run("sec1", ["find", PLAIN]).stdout
    backup.engine_down()
