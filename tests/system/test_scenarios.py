"""Every operation in every phase with rsync alone, and what once made others hang."""

import time
from collections.abc import Iterator

import pytest
from conftest import PLAIN, fresh_world
from world import SESSION, WORK, World

from engine.events import Crawl, CrawlChanged, JobFinished

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

ONTO = """import os, sys
os.mkdir(sys.argv[1])
os.chdir(sys.argv[1])
for n in range(1000):
    with open(f"file{n}", "wb") as out:
        out.write(b"%d" % n)
    os.rename(f"file{n}", "file")
"""
"""A thousand objects made one after the other, each renamed onto the one name that is left."""


@pytest.fixture(scope="module")
def bulk() -> Iterator[World]:
    """Give a lab in which no content travels but by rsync."""
    with fresh_world("sysr", World, PLAIN) as made:
        yield made


def crawls(world: World, since: float) -> set[Crawl]:
    return {event.crawl for event in world.told(since) if isinstance(event, CrawlChanged)}


def jobs(world: World, since: float) -> list[JobFinished]:
    return [event for event in world.told(since) if isinstance(event, JobFinished)]


def test_data_from_before_the_session(bulk: World) -> None:
    bulk.work("every", WORK, "data", "--later", "stopped", "live")
    began = time.time()
    bulk.create("push-limit=0")
    bulk.engine_up()
    bulk.start()
    bulk.settle()
    assert bulk.differences() == []
    assert bulk.complaints(began) == []
    assert Crawl.HYBRID in crawls(bulk, began)
    assert sum(job.moved for job in jobs(bulk, began)) > 300


def test_what_happened_while_stopped(bulk: World) -> None:
    bulk.stop()
    bulk.work("every", WORK, "stopped", "--earlier", "data", "--later", "live")
    began = time.time()
    bulk.start()
    bulk.settle()
    assert bulk.differences() == []
    assert bulk.complaints(began) == []
    assert Crawl.HYBRID not in crawls(bulk, began)
    assert sum(job.moved for job in jobs(bulk, began)) > 100


def test_what_happens_while_it_runs(bulk: World) -> None:
    began = time.time()
    bulk.work("every", WORK, "live", "--earlier", "data", "stopped")
    bulk.settle()
    assert bulk.differences() == []
    assert bulk.complaints(began) == []
    assert crawls(bulk, began) == set()
    assert sum(job.moved for job in jobs(bulk, began)) > 100


def test_a_thousand_renames_onto_one_name_with_one_job(bulk: World) -> None:
    bulk.stop()
    with bulk.session_file().open("a") as file:
        file.write("sync-jobs: 1\n")
    bulk.lab.run("prim1", ["python", "-c", ONTO, f"{WORK}/onto"])
    began = time.time()
    bulk.start()
    bulk.settle()
    assert bulk.differences() == []
    assert bulk.complaints(began) == []
    there = bulk.there() / "onto"
    assert {path.name: path.read_bytes() for path in there.iterdir()} == {"file": b"999"}
    assert bulk.verified()
    assert bulk.georep("prim1", "status", SESSION).returncode == 0
    bulk.engine_down()
