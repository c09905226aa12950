"""A volume that is replicated into a directory: every operation in every phase, and kills."""

import time
from collections.abc import Iterator

import pytest
from conftest import fresh_world
from world import SESSION, WORK, World, arrived

from engine.events import Crawl, CrawlChanged, EntryFailed, JobFinished, WorkerFaulty
from engine.lab import compare
from engine.lab.compare import Difference
from engine.lab.shape import PRIMARY
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

BACKUP = "/bricks/backup"


class DirectoryWorld(World):
    """A lab whose primary is replicated to a directory of sec1."""

    to = f"ssh://root@sec1:file://{BACKUP}"

    def compared(self) -> list[Difference]:
        primary = compare.volume(self.lab, PRIMARY)
        return compare.diff(primary, compare.directory(self.lab, "sec1", BACKUP))


@pytest.fixture(scope="module")
def backup() -> Iterator[DirectoryWorld]:
    with fresh_world("sysd", DirectoryWorld) as made:
        yield made


def complaints(world: World, since: float) -> list[str]:
    kinds = EntryFailed | WorkerFaulty
    return [str(event) for event in world.told(since) if isinstance(event, kinds)]


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
    assert complaints(backup, began) == []
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
    assert complaints(backup, began) == []


def test_what_happens_while_it_runs_comes_live(backup: DirectoryWorld) -> None:
    began = time.time()
    backup.work("every", WORK, "live", "--earlier", "data", "stopped")
    backup.lab.run("prim1", ["sh", "-c", f"head -c 5M /dev/urandom >> {WORK}/large"])
    backup.settle()
    assert backup.differences() == []
    assert complaints(backup, began) == []


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
