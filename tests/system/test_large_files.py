"""Large files by each mover, a mover that lies, holes, on real volumes."""

import json
import time
from collections.abc import Iterator

import pytest
from conftest import fresh_world
from world import SESSION, WORK, World

from engine.events import JobFinished, MoverTried
from engine.lab.hosts import until
from engine.lab.shape import SECONDARY
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

MIB = 1 << 20
SLOW = 50_000_000
"""Bytes of a file that needs three minutes at 256k, and a quarter of what 1m would need for that:
how long it is under way is the point, and each byte is written, sent and compared several times.
"""


class MoversWorld(World):
    """One whose session can be made anew, with other options, at the same position."""

    def session(self, **options: str) -> None:
        if self.session_file().exists():
            self.stop()
            for host in self.hosts:
                until("the session's end", lambda: self._deleted(host))  # noqa: B023
        self.create(*(f"{name.replace('_', '-')}={value}" for name, value in options.items()))
        self.start()

    def _deleted(self, host: str) -> bool:
        return self.georep(host, "delete", SESSION).returncode == 0

    def jobs(self, since: float) -> list[JobFinished]:
        return [event for event in self.told(since) if isinstance(event, JobFinished)]

    def broken(self, since: float) -> set[str]:
        tried = [event for event in self.told(since) if isinstance(event, MoverTried)]
        return {event.mover for event in tried if not event.works}

    def allocated(self, name: str) -> int:
        """Return the bytes that a file in the root takes on the secondary's bricks."""
        found = [brick / name for brick in self.lab.bricks(SECONDARY)]
        return sum(path.stat().st_blocks * 512 for path in found if path.exists())


@pytest.fixture(scope="module")
def world() -> Iterator[MoversWorld]:
    with fresh_world("mov", MoversWorld) as made:
        made.engine_up()
        yield made
        made.engine_down()


def test_every_operation_before_the_session_by_stream(world: MoversWorld) -> None:
    world.work("every", WORK, "data", "--later", "stopped", "live")
    began = time.time()
    world.session(sync_method="tarssh", push_limit="0")
    world.settle()
    assert world.differences() == []
    assert world.complaints(began) == []
    assert {job.mover for job in world.jobs(began)} == {"stream"}


def test_every_operation_while_stopped_and_live_by_stream(world: MoversWorld) -> None:
    world.stop()
    world.work("every", WORK, "stopped", "--earlier", "data", "--later", "live")
    began = time.time()
    world.start()
    world.settle()
    world.work("every", WORK, "live", "--earlier", "data", "stopped")
    world.settle()
    assert world.differences() == []
    assert world.complaints(began) == []
    assert {job.mover for job in world.jobs(began)} == {"stream"}


def test_a_mover_that_lies_is_found_and_not_used(world: MoversWorld) -> None:
    liar = world.lab.place.root / "liar"
    liar.write_text("#!/bin/sh\ncat > /dev/null\n")
    liar.chmod(0o755)
    world.session()
    world.run("head -c 3000000 /dev/urandom > {}/changed")
    world.settle()
    began = time.time()
    world.session(rsync_command=str(liar))
    world.run("head -c 1000000 /dev/urandom >> {}/changed; head -c 9000000 /dev/zero > {}/new")
    world.settle()
    assert world.differences() == []
    assert world.complaints(began) == []
    assert world.broken(began) == {"rsync"}
    assert {job.mover for job in world.jobs(began)} == {"stream"}
    said = world.georep("prim1", "status", SESSION)
    assert said.returncode == 1
    assert b"rsync not used: exit code 0, and nothing moved" in said.stdout
    words = b" ".join(said.stdout.split())
    assert b"large files go whole" in words
    assert b"Compare `" in words, "what to do about it"
    told = json.loads(world.georep("prim1", "status", SESSION, "--json").stdout)
    movers = [worker["movers"] for worker in told["sessions"][0]["workers"]]
    assert {each["rsync"]["works"] for each in movers if each} == {False}


def test_what_differs_by_rsync_and_new_ones_by_stream(world: MoversWorld) -> None:
    began = time.time()
    world.stop()  # while it is written it may arrive in part, and is then no new file any more
    world.run("head -c 8388608 /dev/urandom > {}/patched")
    world.session()
    world.settle()
    assert {job.mover for job in world.jobs(began)} == {"stream"}
    changed = time.time()
    world.run("printf x | dd of={}/patched bs=1 seek=4000000 conv=notrunc status=none")
    world.settle()
    assert world.differences() == []
    assert world.broken(began) == set()
    (job,) = world.jobs(changed)
    assert (job.mover, job.moved, job.short, job.code) == ("rsync", 1, 0, 0)
    assert job.size == 8 * MIB
    assert job.speedup > 50
    assert job.matched > 8 * MIB - 100_000


def test_small_files_do_not_wait_for_a_large_one(world: MoversWorld) -> None:
    """Nor do those of slices that closed meanwhile; only the position waits."""
    began = time.time()
    world.session(bandwidth="256k")
    world.run(f"head -c {SLOW} /dev/urandom > {{}}/slow")
    world.until("it is on its way", lambda state: bool(sending(state)))
    world.run("mkdir {}/beside; echo small > {}/beside/small; mv {}/slow {}/beside/slow")
    arrives(world, "beside/small")
    arrives(world, "beside/slow")
    after = time.time()
    # Two slices close.
    time.sleep(2 * world.lab.shape.rollover + 1)
    world.run("echo later > {}/beside/later")
    arrives(world, "beside/later")
    assert [job for job in world.jobs(began) if job.size >= SLOW] == []
    world.until("its position waits", lambda state: all(at < after for at in sending(state)))
    world.session()
    world.settle()
    assert world.differences() == []
    assert world.complaints(began) == []
    world.run("rm {}/beside/slow")  # else each test that follows reads it on both sides


def sending(state: State) -> list[int]:
    """Return the positions of the workers that have a large content on its way."""
    session = state.sessions.get(SESSION)
    found = session.workers.values() if session else ()
    return [
        worker.position.stime if worker.position else 0
        for worker in found
        if worker.pending is not None and worker.pending.files and not worker.ended
    ]


def arrives(world: MoversWorld, name: str) -> None:
    """Wait until a name is on a brick of the secondary."""
    bricks = world.lab.bricks(SECONDARY)
    until(name, lambda: any((brick / name).exists() for brick in bricks))


@pytest.mark.parametrize("mover", ["stream", "rsync"])
def test_holes_stay_holes(world: MoversWorld, mover: str) -> None:
    name = f"holes-{mover}"
    if mover == "rsync":
        world.run(f"head -c 1048576 /dev/urandom > {{}}/{name}")
        world.settle()
    began = time.time()
    if mover == "stream":
        world.stop()
    world.run(
        f"truncate -s 64M {{}}/{name}; head -c 1048576 /dev/urandom |"
        f" dd of={{}}/{name} bs=1M seek=32 conv=notrunc status=none; truncate -s 80M {{}}/{name}"
    )
    if mover == "stream":
        world.start()
    world.settle()
    assert world.differences() == []
    assert {job.mover for job in world.jobs(began) if job.size >= 64 * MIB} == {mover}
    assert world.allocated(name) < 4 * MIB
    world.run(f"rm {{}}/{name}")  # else each test that follows reads 80 MiB of zeros


@pytest.mark.parametrize("mover", ["stream", "rsync"])
def test_a_limit_holds_for_all_jobs_of_a_node_together(world: MoversWorld, mover: str) -> None:
    names = [f"limited-{number}" for number in range(4)]
    write = " ".join(f"head -c 2000000 /dev/urandom >> {{}}/{name};" for name in names)
    began = time.time()
    if mover == "stream":
        world.stop()
    world.run(write)
    if mover == "stream":
        world.session(bandwidth="1m", bandwidth_timetable="00:00-12:00 2m, 12:00-24:00 2m")
    world.settle()
    assert world.differences() == []
    jobs = world.jobs(began)
    assert {job.mover for job in jobs} == {mover}
    for host in world.hosts:
        mine = [job for job in jobs if job.worker.startswith(f"{host}:")]
        if mine:
            took = max(job.at for job in mine) - min(job.at - job.seconds for job in mine)
            assert sum(job.sent for job in mine) / took < 2.2 * MIB
