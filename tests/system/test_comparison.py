"""verify and reconcile on real volumes: what they say is what the tests' own comparison says."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import fresh_world
from world import SESSION, WORK, World

from engine import names
from engine.events import Crawl, CrawlChanged
from engine.gluster import xattrs
from engine.lab import compare
from engine.lab.compare import What
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY, SECONDARY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

BRIEF = ("--patience", "3")
"""Nothing is on its way where everything is settled."""
Json = dict[str, object]
MANY = """import os, sys
os.makedirs(sys.argv[1] + "/inner")
for n in range(600):
    with open(f"{sys.argv[1]}/{n}" if n % 2 else f"{sys.argv[1]}/inner/{n}", "wb") as out:
        out.write(b"%d" % n)
"""
BUSY = """import os, sys, time
os.mkdir(sys.argv[1])
os.chdir(sys.argv[1])
for n in range(10**6):
    with open("log", "ab") as log:
        log.write(b"%d" % n)
    open(f"new {n}", "wb").close()
    os.rename(f"new {n}", f"{n % 50}")
    if n % 3:
        os.unlink(f"{n % 50}")
    time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Give a lab of its own, with a session that has replicated everything."""
    with fresh_world("sysv", World) as made:
        made.work("every", WORK, "data")
        made.lab.run("prim1", ["python", "-c", MANY, f"{WORK}/many"])
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        yield made


def told(world: World, *words: str, host: str = "prim1") -> tuple[int, list[Json]]:
    """Return exit code and JSON of a command."""
    said = world.georep(host, *words, "--json")
    assert b"Traceback" not in said.stderr, said.stderr.decode()
    return said.returncode, [json.loads(line) for line in said.stdout.splitlines()]


def reconcile(world: World, *words: str, host: str = "prim1") -> tuple[int, list[Json]]:
    """Return exit code and JSON of a reconcile of what is settled."""
    return told(world, "reconcile", SESSION, *BRIEF, *words, host=host)


def unreconciled(world: World) -> list[Json]:
    """Return what the status of all nodes' workers says is not reconciled."""
    found = []
    for host in world.hosts:
        said = world.georep(host, "status", SESSION, "--json")
        (session,) = json.loads(said.stdout)["sessions"]
        found += [each["unreconciled"] for each in session["workers"] if each["unreconciled"]]
    return found


def lose_history(world: World, *commands: str) -> None:
    """Change the primary while nobody writes it down; then replicate again, by a crawl."""
    world.stop()
    world.lab.gluster("prim1", "volume", "set", PRIMARY, "changelog.changelog", "off")
    world.lab.run("prim1", ["sh", "-exc", f"cd {WORK}; " + "; ".join(commands)])
    world.lab.gluster("prim1", "volume", "set", PRIMARY, "changelog.changelog", "on")
    began = time.time()
    world.start()
    world.settle()
    assert Crawl.HYBRID in {e.crawl for e in world.told(began) if isinstance(e, CrawlChanged)}


def extras(world: World) -> set[str]:
    """Return what the judge finds on the secondary and not on the primary."""
    found = compare.volumes(world.lab)
    return {f"/{names.show(each.path)}" for each in found if each.what is What.EXTRA}


def test_equal_after_every_operation_and_nothing_to_reconcile(world: World) -> None:
    assert world.differences() == []
    for host in world.hosts:
        code, said = told(world, "verify", SESSION, "--content", host=host)
        assert (code, [each["type"] for each in said]) == (0, ["summary"])
        assert int(str(said[0]["objects"])) > 900
        assert int(str(said[0]["bytes"])) > 1 << 20
    assert reconcile(world)[0] == 0
    assert unreconciled(world) == [], "it began with an empty secondary"
    assert world.georep("prim1", "status", SESSION).returncode == 0


def test_changes_under_way_are_no_differences(world: World) -> None:
    argv = world.lab.exec_argv("prim1", ["python", "-c", BUSY, f"{WORK}/flight"])
    with subprocess.Popen(argv) as busy:
        try:
            code, said = told(world, "verify", SESSION, "--content", "--patience", "10")
            assert busy.poll() is None
        finally:
            busy.kill()
    assert (code, [each["type"] for each in said]) == (0, ["summary"])
    world.settle()
    assert compare.volumes(world.lab) == []


def test_an_interrupt_leaves_no_mount(world: World) -> None:
    there = world.lab.path("sec1", world.lab.mount(SECONDARY, "sec1"))
    (there / "foreign").write_bytes(b"so that there is something to wait for")
    before = set(world.processes("sec1", "agent"))
    argv = world.lab.exec_argv("prim1", ["georep", "verify", SESSION, "--patience", "300"])
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until("it has begun", lambda: set(world.processes("sec1", "agent")) - before)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")
    mounts = world.lab.run("prim1", ["cat", "/proc/self/mountinfo"]).stdout
    assert b"/run/georep/" not in mounts
    until("its agent has ended", lambda: set(world.processes("sec1", "agent")) <= before)
    (there / "foreign").unlink()


def test_what_was_removed_and_renamed_unseen_is_reconciled(world: World) -> None:
    there = world.lab.path("sec1", world.lab.mount(SECONDARY, "sec1"))
    (there / "somebody's own").write_bytes(b"1")
    lose_history(
        world,
        "rm many/1 many/inner/2",
        "rm -r data/modes",
        "mv data/times elsewhere",
        "mv many/3 many/5",
        "ln many/7 linked",
        "mv many/7 'data/7 moved'",
        "echo new > many/9",
        "mkdir data/modes",
    )
    assert len(unreconciled(world)) == 2, "one of each replica set"
    assert world.georep("prim1", "status", SESSION).returncode == 1
    before = extras(world)
    assert {"/many/1", "/many/inner/2", "/somebody's own"} <= before
    code, said = reconcile(world)
    assert code == 1
    assert {str(each["path"]) for each in said if each["type"] == "finding"} == before
    assert extras(world) == before, "a dry run"
    code, said = reconcile(world, "--apply", host="prim2")
    assert (code, said[-1]["type"]) == (0, "applied")
    assert compare.volumes(world.lab) == []
    assert told(world, "verify", SESSION, "--content")[0] == 0
    world.await_reconciled()
    assert unreconciled(world) == []
    assert reconcile(world)[0] == 0


def test_more_than_half_wants_force_and_a_kill_does_no_harm(world: World) -> None:
    lose_history(world, "mkdir keep", "mv data/owners keep/", "rm -r many data flight")
    before = extras(world)
    said = world.georep("prim1", "reconcile", SESSION, "--apply", *BRIEF)
    assert said.returncode == 1
    assert b"% of what is on the secondary would be removed" in said.stderr
    assert b"--force" in said.stderr
    assert said.stderr.count(b"\n") == 1
    assert extras(world) == before
    world.stop()  # the next one has nobody to help it
    argv = ["georep", "reconcile", SESSION, "--apply", "--force", *BRIEF]
    process = subprocess.Popen(world.lab.exec_argv("prim1", argv), stdout=subprocess.PIPE)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"On the secondary only"):
            break
    process.kill()
    process.communicate()
    code, told_ = reconcile(world, "--apply", "--force")
    assert (code, told_[-1]["type"]) == (0, "applied"), told_[-1]
    assert compare.volumes(world.lab) == []
    world.start()
    world.await_reconciled()
    assert unreconciled(world) == []


def test_a_name_that_a_lookup_has_hidden_is_found(world: World) -> None:
    """Any client that looks a name up while it is linked can leave it listed, and not to be found.

    Nobody's directory is as thorough to look in as those that georep makes on a secondary.
    """
    folder = f"{WORK}/hidden"
    world.run(f"mkdir {folder}; cd {folder}; echo 1 >0; for n in $(seq 30); do ln 0 $n; done")
    world.settle()
    pointers = [
        path
        for brick in world.lab.bricks(PRIMARY)
        for path in (brick / "hidden").iterdir()
        if xattrs.get(os.fsencode(path), xattrs.LINKTO)
    ]
    name = pointers[0].name
    for path in pointers:
        if path.name == name:
            path.unlink()
    plain = world.lab.path("prim1", world.lab.mount(PRIMARY, "prim1")) / "hidden"
    assert not (plain / name).exists()
    assert name in os.listdir(plain)
    assert world.verified()
    assert (plain / name).samefile(plain / "0"), "the pointer is there again, for everybody"
    assert compare.volumes(world.lab) == []


def test_each_planted_difference_is_found(world: World) -> None:
    """Behind georep's back, as in the test of the judge."""
    there = world.lab.path("sec1", world.lab.mount(SECONDARY, "sec1"))
    world.lab.run("prim1", ["python", "-c", MANY, f"{WORK}/many"])
    world.lab.run("prim1", ["ln", "-s", "here", f"{WORK}/many/symlink"])
    world.settle()
    victims = [there / "many" / str(n) for n in range(1, 20, 2)]
    content, size, mode, owner, mtime, victim, xattr, links, other, _ = victims
    with content.open("r+b") as file:
        file.write(b"X")
    os.utime(content, ns=(0, (Path(world.lab.path("prim1", WORK)) / "many/1").stat().st_mtime_ns))
    os.truncate(size, 100)
    mode.chmod(0o4600)
    os.chown(owner, 5, 6)
    os.utime(mtime, ns=(0, mtime.stat().st_mtime_ns + 1))
    victim.rename(there / "many/renamed")
    os.setxattr(xattr, "user.planted", b"1")
    os.link(links, there / "many/linked")
    other.unlink()
    other.write_bytes(b"another object")
    symlink = there / "many/symlink"
    symlink.unlink()
    symlink.symlink_to("elsewhere")
    (there / "many/foreign").mkdir()
    code, said = told(world, "verify", SESSION, "--content", "--patience", "2")
    assert code == 1
    found = {(str(each["path"]), each["what"]) for each in said if each["type"] == "difference"}
    wanted = (
        (content, "content"),
        (size, "size"),
        (mode, "mode"),
        (owner, "owner"),
        (mtime, "mtime"),
        (victim, "missing"),
        (there / "many/renamed", "extra"),
        (xattr, "xattr"),
        (links, "links"),
        (there / "many/linked", "extra"),
        (other, "gfid"),
        (symlink, "gfid"),
        (there / "many/foreign", "extra"),
        (there / "many", "mtime"),
    )
    assert {(f"/{path.relative_to(there)}", what) for path, what in wanted} <= found
    judged = {f"/{names.show(each.path)}" for each in compare.volumes(world.lab)}
    assert {path for path, _ in found} == judged
    world.engine_down()
