"""A brick that was down, is back, and waits for heals: what it has is older than what is true."""

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import fresh_world
from world import PATIENCE, SESSION, WORK, World

from engine.events import Role
from engine.lab import compare, faults
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY
from engine.primary import election
from engine.state import State, WorkerState

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

NUMBERS = range(8)
"""Of each kind so many, so that some are on either replica set."""


@pytest.fixture(scope="module")
def own_world() -> Iterator[World]:
    with fresh_world("sysh", World) as made:
        yield made


HEAL = ("prim1", "volume", "heal", PRIMARY)
CLIENTS = 60.0
"""Seconds in which clients may heal by themselves what they came across."""


def each(*commands: str) -> str:
    """Return shell that does this for each number, `N` in it."""
    return "\n".join(command.replace("N", str(n)) for n in NUMBERS for command in commands)


def active(state: State) -> dict[str, WorkerState]:
    """Return the Active workers."""
    session = state.sessions.get(SESSION)
    return {
        name: worker
        for name, worker in (session.workers if session else {}).items()
        if worker.role is not None and worker.role.role is Role.ACTIVE and not worker.ended
    }


def arrive(world: World) -> None:
    """Wait until all slices from before now are made so, also where no position may pass them."""
    moment = math.ceil(time.time())

    def arrived(state: State) -> bool:
        found = active(state).values()
        slices = [each.position.slice for each in found if each.position is not None]
        # More than two while one is down: its other brick's node is named for this one's set, too.
        return len(slices) >= 2 and min(slices) > moment

    world.until("it arrives", arrived)


def stime(world: World, worker: str) -> int:
    """Return the position of one worker, as the engines tell it."""
    found: list[int] = []

    def told(state: State) -> bool:
        # One engine may have told of its workers and the other one not yet.
        session = state.sessions.get(SESSION)
        of = session.workers.get(worker) if session else None
        if of is not None and of.position is not None:
            found.append(of.position.stime)
        return bool(found)

    world.until("a position", told)
    return found[-1]


def test_the_other_replica_takes_over(own_world: World) -> None:
    world, lab = own_world, own_world.lab
    first, second, *_ = lab.shape.volume_bricks(PRIMARY)
    kinds = "grown cut owned closed moved linked gone over victim tagged"
    world.run("mkdir {}/d {}/moves")
    world.run(each(*(f"echo N > {{}}/d/{kind}N" for kind in kinds.split())))
    world.create()
    world.engine_up()
    world.start()
    world.settle()
    assert world.differences() == []

    lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "off")
    faults.kill_brick(lab, PRIMARY, first)
    world.until("the other one takes over", lambda state: second in active(state))
    world.run(
        each(
            "echo more >> {}/d/grownN",
            "truncate -s 1 {}/d/cutN",
            "chown 5:6 {}/d/ownedN",
            "chmod 600 {}/d/closedN",
            "mv {}/d/movedN {}/d/newN",
            "ln {}/d/linkedN {}/d/anotherN",
            "rm {}/d/goneN",
            "mv {}/d/overN {}/d/victimN",
            "setfattr -n user.a -v 1 {}/d/taggedN",
            "echo fresh > {}/d/freshN",
        )
    )
    world.run("mkdir {}/d/sub; mv {}/moves {}/d/sub/moved")
    arrive(world)
    assert world.differences() == []


def test_a_brick_that_is_behind_takes_nothing_back(own_world: World) -> None:
    world, lab = own_world, own_world.lab
    first = lab.shape.volume_bricks(PRIMARY)[0]
    # These the other one may not have settled when it has to go.
    world.run(each("echo late > {}/d/lateN", "echo late >> {}/d/grownN"))
    faults.start_volume(lab, PRIMARY)
    world.until("it is back", lambda state: first in active(state))
    # Until then it was Passive, and took over what the other one had settled.
    back = time.time()
    # Whoever writes has a connection of its own; without it the brick would hear of nothing.
    mount = os.fsencode(lab.path(world.hosts[0], WORK))
    until("the writer's mount", lambda: election.answers(mount, ["prim1"], b"/bricks/b1"))
    # Of each the brick hears something, and has it as it was before it went down.
    named = "grown cut owned closed new linked victim tagged fresh"
    world.run(each(*(f"setfattr -n user.b -v 2 {{}}/d/{name}N" for name in named.split())))
    world.run("setfattr -n user.b -v 2 {}/d/sub {}/d/sub/moved")
    arrive(world)
    late = {"/d", *(f"/d/late{n}" for n in NUMBERS)}
    found = [str(each) for each in compare.volumes(lab)]
    found = [said for said in found if said.partition(": ")[0] not in late]
    # Of link counts the primary's own mounts show those that the brick had; of names they do not.
    assert [said for said in found if ": nlink: " not in said] == []
    assert stime(world, first) <= back, "it says that all it knows of is there, and waits"

    lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "on")
    world.settle()
    # Until the daemon removes what it has put aside, who stands there has a link more.
    until("all is cleared up", lambda: lab.gluster(*HEAL) and not aside(world))
    assert world.compared() == []
    for host in world.hosts:
        said = world.georep(host, "failures", SESSION)
        assert said.returncode == 0, said.stdout.decode()


def aside(world: World) -> list[Path]:
    """Return what heals have put aside on the first brick, and not removed."""
    return list(world.lab.bricks(PRIMARY)[0].glob(".glusterfs-anonymous-inode-*/*"))


def healed_by_clients(world: World) -> bool:
    world.run("ls -lR {}")
    said = world.lab.gluster("prim1", "volume", "heal", PRIMARY, "info")
    return said.count("Number of entries: 0") == 4 and bool(aside(world))


def test_what_a_heal_puts_aside_is_removed(own_world: World) -> None:
    """The brick goes on having it, in a directory of GlusterFS's own, for hours perhaps."""
    world, lab = own_world, own_world.lab
    first = lab.shape.volume_bricks(PRIMARY)[0]
    world.run(each("mkdir {}/endsN {}/endsN/inner", "echo N > {}/endsN/inner/f", "echo N > {}/eN"))
    world.settle()
    assert world.differences() == []
    for host in world.hosts:
        lab.run(host, ["georep", "pause", SESSION])
    faults.kill_brick(lab, PRIMARY, first)
    world.run(each("rm -r {}/endsN", "rm {}/eN"))
    # The daemon clears up behind itself, sooner or later; clients leave that to it.
    lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "off")
    lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.entry-self-heal", "on")
    try:
        faults.start_volume(lab, PRIMARY)
        until("clients to heal it", lambda: healed_by_clients(world))
        for host in world.hosts:
            lab.run(host, ["georep", "resume", SESSION])
        there, began, helped = world.there(), time.monotonic(), False

        def removed() -> bool:
            nonlocal helped
            if not helped and time.monotonic() > began + CLIENTS:
                helped = True
                lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "on")
            return not [*there.glob("ends*"), *there.glob("e[0-9]")]

        # Not before the volume says that nothing is to be healed: who looks there has clients begin
        # heals at times that only the daemon ends. Then it may have cleared up, too.
        until("it is removed", removed, patience=PATIENCE)
        assert helped or aside(world), "it was removed there, too: this tests nothing"
        assert world.differences() == []
    finally:
        lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.entry-self-heal", "off")
        lab.gluster("prim1", "volume", "set", PRIMARY, "cluster.self-heal-daemon", "on")


@pytest.fixture
def healthy() -> Iterator[World]:
    """Give a session that runs, in a lab in which nothing was killed."""
    with fresh_world("sysg", World) as made:
        made.create()
        made.engine_up()
        made.start()
        yield made


def test_what_goes_to_the_trash_of_the_volume_is_removed(healthy: World) -> None:
    world, lab = healthy, healthy.lab
    lab.gluster("prim1", "volume", "set", PRIMARY, "features.trash", "on")
    bricks = [Path(brick) for brick in lab.bricks(PRIMARY)]
    until("the trash", lambda: all((brick / ".trashcan").is_dir() for brick in bricks))
    world.run("mkdir -p {}/t/deep")
    world.run(each("echo N > {}/t/fN", "echo N > {}/t/deep/gN", "ln {}/t/fN {}/t/hN"))
    world.settle()
    assert world.differences() == []
    world.run("rm -r {}/t/deep {}/t/f* {}/t/h1")
    world.settle()
    assert world.differences() == []
    world.run("rm -r {}/t")
    world.settle()
    assert world.differences() == []
    kept = {path.name.split("_")[0] for brick in bricks for path in brick.glob(".trashcan/**/*_*")}
    assert kept >= {f"{name}{number}" for name in "gh" for number in NUMBERS}
    world.run("for f in {}/.trashcan/t/*_*; do mv $f {}/back.${f##*/}; done")
    world.run("for f in {}/.trashcan/t/deep/*_*; do mv $f {}/deep.${f##*/}; done")
    world.settle()
    assert world.differences() == []
    # It can have another name at any time; nobody is told of that.
    for option, value in (("trash-dir", "waste"), ("trash-internal-op", "on")):
        lab.gluster("prim1", "volume", "set", PRIMARY, f"features.{option}", value)
    until("its new name", lambda: all((brick / "waste/internal_op").is_dir() for brick in bricks))
    world.run("mkdir {}/w; rm {}/back.h2*")
    world.run(each("echo N > {}/w/fN", "echo N > {}/w/gN"))
    world.settle()
    world.run("mkdir -p {}/w/in/side; echo 1 > {}/w/in/side/file")
    world.settle()
    world.run("rm -r {}/w")
    world.settle()
    assert world.differences() == []
    world.run("for f in {}/waste/w/g*; do mv $f {}/again.${f##*/}; done")
    world.settle()
    assert world.differences() == []
    assert len([path for brick in bricks for path in brick.glob("waste/w/f*")]) == 2 * len(NUMBERS)
    # The root of the secondary has no trash; a walk of both finds none either.
    assert world.verified()
    said = world.georep("prim1", "reconcile", SESSION)
    assert said.returncode == 0, said
    for host in world.hosts:
        said = world.georep(host, "failures", SESSION)
        assert said.returncode == 0, said.stdout.decode()
