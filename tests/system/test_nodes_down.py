"""Two nodes on either side, and each of them going down: the other one goes on."""

import math
import subprocess
import time
from collections.abc import Iterator

import pytest
from conftest import fresh_world
from world import PATIENCE, SESSION, WORK, World

from engine.events import PeerPassedOver, Role
from engine.lab import faults
from engine.lab.shape import PRIMARY, SECONDARY, Shape
from engine.lab.watch import passed
from engine.peers import LOST
from engine.state import State, WorkerState

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SHAPE = Shape(secondaries=2, secondary_bricks=1, secondary_replica=2, rollover=2, gsyncd=False)


class TwoNodes(World):
    """The session names the second node of the secondary; the first one it has to learn of."""

    to = f"root@sec2::{SECONDARY}"


@pytest.fixture(scope="module")
def own_world() -> Iterator[TwoNodes]:
    with fresh_world("sysn", TwoNodes, SHAPE) as made:
        yield made


def active(state: State) -> dict[str, WorkerState]:
    """Return the Active workers, by their brick."""
    session = state.sessions.get(SESSION)
    return {
        name: worker
        for name, worker in (session.workers if session else {}).items()
        if worker.role is not None and worker.role.role is Role.ACTIVE and not worker.ended
    }


def peers(state: State) -> dict[str, str]:
    """Return which node of the secondary each Active worker uses."""
    return {
        name.removesuffix(":"): worker.connected.peer
        for name, worker in active(state).items()
        if worker.connected is not None
    }


def until_peers(world: World, expected: dict[str, str]) -> None:
    world.until(f"{expected} are in use", lambda state: peers(state) == expected)


HOME = {"prim1:/bricks/b1": "sec1", "prim1:/bricks/b2": "sec2"}
"""Where the Active workers belong: one to each."""


WRITING = """cd DIR
mkdir NAME
for n in $(seq 60); do
    mkdir NAME/d$n
    echo $n > NAME/d$n/f
    mv NAME/d$n/f NAME/f$n
    [ $n -lt 3 ] || rm NAME/f$((n - 2))
done
"""
"""Few, and tame: what is written while one replica is away has to heal."""


def writing(world: World, host: str, name: str) -> subprocess.Popen[bytes]:
    """Begin to write in a directory of that name, through a mount of the primary on `host`."""
    script = WRITING.replace("DIR", world.lab.mount(PRIMARY, host)).replace("NAME", name)
    return subprocess.Popen(world.lab.exec_argv(host, ["sh", "-ec", script]))


def fingerprint(world: World, host: str) -> str:
    """Return that of the host's key, as the host itself shows it."""
    key = world.lab.place.host(host) / "ssh_host_ed25519_key.pub"
    return world.lab.run(host, ["ssh-keygen", "-lf", str(key)]).stdout.decode().split()[1]


def test_a_key_opens_all_nodes_and_workers_are_shared_out(own_world: TwoNodes) -> None:
    world = own_world
    for host in world.hosts:
        said = world.georep(host, "keys", world.to, "--accept", fingerprint(world, "sec2"))
        assert said.returncode == 0, said
        assert b"sec1 has bricks of svol and cannot take workers" in said.stdout
        said = world.georep(host, "keys", world.to, "--accept", fingerprint(world, "sec1"))
        assert b"The key gets in on sec1, too" in said.stdout
    assert writing(world, "prim1", "before").wait(PATIENCE) == 0
    world.create()
    world.engine_up()
    world.start()
    until_peers(world, HOME)
    world.settle()
    assert world.differences() == []
    said = world.georep("prim1", "doctor", SESSION)
    assert said.returncode == 0
    assert b"sec1: georep" in said.stdout


def test_a_node_of_the_secondary_goes_down(own_world: TwoNodes) -> None:
    world, began = own_world, time.time()
    elsewhere = dict.fromkeys(HOME, "sec1")
    writer = writing(world, "prim1", "secondary")
    faults.power_off(world.lab, "sec2")
    until_peers(world, elsewhere)
    assert writer.wait(PATIENCE) == 0
    world.settle()
    assert world.differences() == []
    # The engines begin anew, and it is the very node that the session names which is away.
    world.engine_down()
    world.run("mv {}/secondary {}/moved; echo 1 > {}/moved/without")
    world.engine_up()
    until_peers(world, elsewhere)
    world.settle()
    assert world.differences() == []
    assert world.verified(), "commands find the other node, too"
    told = [event for event in world.told(began) if isinstance(event, PeerPassedOver)]
    assert {event.peer for event in told} == {"sec2"}
    assert {event.cause for event in told} <= {"host unreachable", *LOST}
    assert told[-1].cause == "host unreachable"
    assert world.georep("prim1", "status", SESSION).returncode == 1
    said = world.georep("prim1", "doctor", SESSION).stdout.decode()
    assert "sec2" in said
    assert "sec1: georep" in said


def test_it_is_back_and_workers_return_when_they_begin_again(own_world: TwoNodes) -> None:
    world = own_world
    world.lab.up()
    world.stop()
    world.start()
    until_peers(world, HOME)
    world.run("rm -r {}/moved/d1; ln {}/moved/without {}/back; echo 2 >> {}/back")
    world.settle()
    assert world.differences() == []


def test_the_active_node_of_the_primary_goes_down(own_world: TwoNodes) -> None:
    """All of it: its engine, its bricks, its glusterd, its mounts."""
    world, lab = own_world, own_world.lab
    writer = writing(world, "prim2", "primary")
    faults.power_off(lab, "prim1")
    world.engines.pop("prim1").wait(PATIENCE)
    assert writer.wait(PATIENCE) == 0
    world.hosts = ("prim2",)
    world.until("the other one takes over", lambda state: len(active(state)) == 2)
    moment = math.ceil(time.time())
    world.until("everything is replicated", lambda state: passed(state, SESSION, moment, lab.shape))
    world.hosts = lab.shape.primary_hosts
    # The primary's other half is brought up to read it; nobody replicates from there.
    lab.up()
    lab.heal(PRIMARY)
    assert world.differences() == []
    world.engine_up("prim1")
    lab.run("prim1", ["umount", "--lazy", WORK])
    world.mount()
    world.run("rm -r {}/primary/d1; echo 3 >> {}/back")
    world.settle()
    assert world.differences() == []
