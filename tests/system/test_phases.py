"""One session through its life, in order: every operation in every phase, then what may break."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import fresh_world
from world import SESSION, WORK, World, arrived

from engine.events import Crawl, CrawlChanged
from engine.lab.shape import PRIMARY, SECONDARY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with fresh_world("sys", World) as made:
        yield made


def crawls(world: World, since: float) -> set[Crawl]:
    return {event.crawl for event in world.told(since) if isinstance(event, CrawlChanged)}


def test_data_from_before_the_session_comes_by_a_crawl(world: World) -> None:
    world.work("every", WORK, "data", "--later", "stopped", "live")
    began = time.time()
    world.create()
    world.engine_up()
    world.start()
    world.settle()
    assert world.differences() == []
    assert Crawl.HYBRID in crawls(world, began)
    assert world.complaints(began) == []


def test_what_happened_while_stopped_comes_by_history(world: World) -> None:
    world.stop()
    world.work("every", WORK, "stopped", "--earlier", "data", "--later", "live")
    began = time.time()
    world.start()
    world.settle()
    assert world.differences() == []
    assert Crawl.HYBRID not in crawls(world, began)
    assert world.complaints(began) == []


def test_what_happens_while_it_runs_comes_live(world: World) -> None:
    began = time.time()
    world.work("every", WORK, "live", "--earlier", "data", "stopped")
    world.settle()
    assert world.differences() == []
    assert crawls(world, began) == set()
    assert world.complaints(began) == []


def _kill_worker(world: World) -> None:
    for host in world.hosts:
        world.kill(host, "worker", "--session", SESSION)


def _kill_agent(world: World) -> None:
    world.kill("sec1", "agent")


def _kill_supervisor(world: World) -> None:
    for engine in world.engines.values():
        engine.kill()
        engine.wait()
    world.engine_up()


@pytest.mark.parametrize("kill", [_kill_worker, _kill_agent, _kill_supervisor])
def test_kill_in_the_middle_of_a_churn(world: World, kill: Callable[[World], None]) -> None:
    seed = sum(kill.__name__.encode())
    with world.churning(kill.__name__, seed) as churn:
        for _ in range(2):
            before = time.time()
            world.until("something of the churn has arrived", lambda s: arrived(s, before))  # noqa: B023
            kill(world)
        assert churn.poll() is None
    world.settle()
    assert world.differences() == []


def test_a_churn_that_nobody_disturbs_leaves_nothing_behind(world: World) -> None:
    """Two agents, both of which met what is there with new mounts, move directories to and fro."""
    began = time.time()
    with world.churning("undisturbed", 12):
        world.until("something of the churn has arrived", lambda s: arrived(s, began))
        time.sleep(8)
    world.settle()
    assert world.differences() == []
    assert world.complaints(began) == []


def test_two_thousand_small_files_and_once(world: World) -> None:
    world.stop()
    folder = Path(WORK, "many")
    lines = "import os,sys\nos.mkdir(sys.argv[1])\nfor n in range(2000):\n"
    lines += " open(f'{sys.argv[1]}/{n}','wb').write(os.urandom(4096))\n"
    world.lab.run("prim1", ["python", "-c", lines, str(folder)])
    said = world.lab.run("prim1", ["georep-engine", "once", SESSION], check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout == f"Session {SESSION}: everything is on the secondary.\n".encode()
    assert world.differences() == []


def test_a_planted_difference_is_found(world: World) -> None:
    """On real volumes, behind georep's back: what the other tests believe must be able to fail."""
    folder = world.lab.mount(SECONDARY, "sec1")
    there = world.lab.path("sec1", folder)
    victims = sorted((there / "many").iterdir())
    content, size, mode, owner, mtime, name = victims[:6]
    with content.open("r+b") as file:
        file.write(b"X")
    os.truncate(size, 100)
    mode.chmod(0o4600)
    os.chown(owner, 5, 6)
    os.utime(mtime, ns=(0, mtime.stat().st_mtime_ns + 1))
    name.rename(there / "many/renamed")
    os.setxattr(victims[6], "user.planted", b"1")
    os.link(victims[7], there / "many/linked")
    victims[8].unlink()
    victims[8].write_bytes(b"another object")
    symlink = there / "live/symlinks/redirected"
    symlink.unlink()
    symlink.symlink_to("elsewhere")
    found = world.differences()
    said = "\n".join(found)
    for victim, what in (
        (content, "content"),
        (size, "size"),
        (mode, "mode"),
        (owner, "owner"),
        (mtime, "mtime"),
        (name, "missing"),
        (there / "many/renamed", "extra"),
        (victims[6], "xattr"),
        (victims[7], "links"),
        (victims[7], "nlink"),
        (there / "many/linked", "extra"),
        (victims[8], "gfid"),
        (victims[8], "content"),
        (symlink, "target"),
        (there / "many", "mtime"),
    ):
        assert f"\n/{victim.relative_to(there)}: {what}: " in f"\n{said}", what
    assert PRIMARY not in said
