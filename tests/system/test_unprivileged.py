"""An ordinary user on the secondary, for whom glusterd mounts: every operation, kills, keys."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import fresh_world
from lab_fixtures import traces
from world import SESSION, WORK, World, arrived

from engine.events import JobFinished, MoverTried
from engine.gluster.brokered import KEEPER
from engine.lab import processes
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY, SECONDARY, Shape
from engine.rpc.gated import REFUSED

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SHAPE = Shape(primaries=1, bricks=2, replica=1, secondary_bricks=2, rollover=2, gsyncd=False)
UID = 2001
MOUNTS = "/run/mounts"
USER = f"""
chmod 711 /root  # where this machine may have its Python
for file in passwd group; do cp /etc/$file /run/; done
echo 'geo:x:{UID}:{UID}::/run/geo:/bin/sh' >> /run/passwd
echo 'geo:x:{UID}:' >> /run/group
for file in passwd group; do mount --bind /run/$file /etc/$file; done
echo 'geo:*:19000:0:99999:7:::' >> /etc/shadow
mkdir -p -m 700 /run/geo/.ssh
cp /root/.ssh/authorized_keys /run/geo/.ssh/
chown -R geo:geo /run/geo
"""
"""Makes a user of sec1, whom the lab's own key lets in, as an operator's would."""
STICKY = """
mkdir {}/sticky {}/beside; chmod 1777 {}/sticky; cd {}/sticky
for n in 1 2 3 4 5; do echo $n > f$n; ln -s nowhere l$n; mkdir d$n; done
chown -h 4001:4002 f* l* d*; chown 4003:4003 .
echo x > suid; chown 4001 suid; chmod 4755 suid; mkfifo fifo; chown 4001 fifo
"""
STICKY_THEN = """
cd {}/sticky
rm f1 l1; rmdir d1; mv f2 f2.new; mv l2 l2.new; mv d2 d2.new; mv f3 l3 d3 ../beside
ln f4 ../beside; ln l4 ../beside/l4; ln suid ../beside; ln fifo ../beside
rm f5; mkdir f5; rmdir d5; echo 5 > d5; ln -sf f4 l5
setfattr -n user.kept -v 1 . || python -c "import os; os.setxattr('.', 'user.kept', b'1')"
"""


CHECKOUT = Path(__file__).parents[2]
OPEN = """
mkdir -p /run/open{0}/upper /run/open{0}/work
mount -t overlay overlay -o "lowerdir=$1,upperdir=/run/open{0}/upper,workdir=/run/open{0}/work" "$1"
chmod 755 "$1"
"""
"""Opens a folder of this machine to everybody, on one host of the lab alone."""


class OrdinaryWorld(World):
    """A lab whose secondary is written to by a user who is not root."""

    to = f"geo@sec1::{SECONDARY}"

    def user_up(self) -> None:
        """Make the user, and have sshd give each user a home of his own."""
        self.lab.run("sec1", ["sh", "-ec", USER])
        for number, path in enumerate((*CHECKOUT.parents[::-1], CHECKOUT)):
            if path != Path("/root") and not path.stat().st_mode & 0o001:
                self.lab.run("sec1", ["sh", "-ec", OPEN.format(number), "sh", str(path)])
        config = self.lab.place.sshd_config("sec1")
        config.write_text(config.read_text().replace(' "HOME=/root"', ""))
        self.lab.run("sec1", ["sh", "-c", "kill -HUP $(cat /run/sshd.pid)"])

    def granted(self) -> None:
        """Have glusterd mount for the user, as an operator would."""
        words = ["georep-engine", "mountbroker", "geo", SECONDARY, "--root", MOUNTS]
        self.lab.run("sec1", words)
        host = self.lab.host("sec1")
        self.lab.run("sec1", ["sh", "-c", "kill $(cat /run/glusterd.pid)"])
        until("glusterd to end", lambda: host.glusterd is None)
        host.start_glusterd()

    def mounts(self) -> list[str]:
        """Return what glusterd has mounted on sec1 for the user."""
        said = self.lab.run("sec1", ["cat", "/proc/self/mountinfo"]).stdout.decode()
        paths = [line.split()[4] for line in said.splitlines()]
        return [path for path in paths if path.startswith(f"{MOUNTS}/user{UID}/")]


@pytest.fixture(scope="module")
def ordinary() -> Iterator[OrdinaryWorld]:
    with fresh_world("sysu", OrdinaryWorld, SHAPE) as made:
        made.user_up()
        yield made
    assert traces(made.lab) == []


def fingerprint(world: World) -> str:
    key = world.lab.place.host("sec1") / "ssh_host_ed25519_key.pub"
    return world.lab.run("sec1", ["ssh-keygen", "-lf", str(key)]).stdout.decode().split()[1]


def test_create_says_what_root_has_to_do_there(ordinary: OrdinaryWorld) -> None:
    said = ordinary.georep("prim1", "keys", ordinary.to, "--accept", fingerprint(ordinary))
    assert said.returncode == 0, said
    (line,) = [
        line
        for line in ordinary.lab.path("sec1", "/run/geo/.ssh/authorized_keys")
        .read_text()
        .split("\n")
        if "georep-engine gate" in line
    ]
    assert line.startswith("restrict,command=")
    said = ordinary.georep("prim1", "create", PRIMARY, ordinary.to, "--name", "refused")
    assert said.returncode == 1
    words = said.stdout.decode()
    assert f"georep-engine mountbroker geo {SECONDARY}" in words, words
    assert "Traceback" not in words
    for path in ("/run/geo", "/run/geo/data"):
        said = ordinary.georep("prim1", "create", PRIMARY, f"geo@sec1:{path}", "--name", "refused")
        assert said.returncode == 1


def test_data_from_before_the_session_comes_by_a_crawl(ordinary: OrdinaryWorld) -> None:
    ordinary.granted()
    ordinary.work("every", WORK, "data", "--later", "live")
    ordinary.run(STICKY)
    ordinary.run("head -c 3000000 /dev/urandom > {}/large")
    began = time.time()
    ordinary.create("push-limit=100000")
    ordinary.engine_up()
    ordinary.start()
    ordinary.settle()
    assert ordinary.differences() == []
    assert ordinary.complaints(began) == []
    tried = {one.mover: one.works for one in ordinary.told(began) if isinstance(one, MoverTried)}
    assert tried == {"rsync": True, "stream": True}


def test_what_happens_while_it_runs_comes_live(ordinary: OrdinaryWorld) -> None:
    began = time.time()
    ordinary.work("every", WORK, "live", "--earlier", "data")
    ordinary.run(STICKY_THEN)
    ordinary.run("printf x | dd of={}/large bs=1 seek=500000 conv=notrunc 2>/dev/null")
    ordinary.settle()
    assert ordinary.differences() == []
    assert ordinary.complaints(began) == []
    jobs = [event for event in ordinary.told(began) if isinstance(event, JobFinished)]
    assert "rsync" in {job.mover for job in jobs}


def test_what_is_killed_leaves_no_mount(ordinary: OrdinaryWorld) -> None:
    with ordinary.churning("churned", 7):
        for words in (("agent",), (KEEPER,), ("agent",)):
            before = time.time()
            ordinary.until("something of the churn has arrived", lambda s: arrived(s, before))  # noqa: B023
            ordinary.kill("sec1", *words)
    ordinary.settle()
    assert ordinary.differences() == []
    assert len(ordinary.mounts()) == 2, "one for each brick, and none is left of those before"
    holder = ordinary.lab.host("sec1").pid
    agents = ordinary.processes("sec1", "agent")
    assert agents
    assert all(processes.shares_network(pid, holder) for pid in agents)
    assert {_uid(pid) for pid in agents} == {UID}


def _uid(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        return int(next(line for line in file if line.startswith("Uid:")).split()[1])


def test_a_host_by_another_name_is_known_for_the_node_that_it_is(ordinary: OrdinaryWorld) -> None:
    known = json.loads((ordinary.lab.place.state("prim1") / SESSION / "nodes.json").read_text())
    assert [known["uuid"]] == [uuid for uuid, _ in known["nodes"]]


def put_aside(ordinary: OrdinaryWorld) -> list[dict[str, Any]]:
    """Return who stands in quarantine, as another agent tells it."""
    said = ordinary.georep("prim1", "quarantine", SESSION, "list", "--json")
    return [each for each in json.loads(said.stdout) if each["where"] == "quarantine"]


def test_who_is_put_aside_keeps_its_owner_when_an_agent_dies(ordinary: OrdinaryWorld) -> None:
    """It stopped when it had borrowed the owner, for the kernel lets only that one link this."""
    ordinary.run("mkdir {}/aside")
    ordinary.settle()
    there = ordinary.there() / "aside"
    (there / "x").symlink_to("nowhere")
    os.lchown(there / "x", 4001, 4002)
    ordinary.run("echo x > {}/aside/x")
    ordinary.settle()
    until("it is in quarantine", lambda: len(put_aside(ordinary)) == 1)
    (one,) = put_aside(ordinary)
    own = ordinary.there() / ".georep"
    item = own / "quarantine" / one["item"]
    assert owner(item) == (4001, 4002)
    assert list((own / "lent").iterdir()) == []
    os.lchown(item, UID, 4002)
    note = {"uid": 4001, "gid": 4002, "mode": 0o777, "borrower": UID}
    (own / "lent" / one["gfid"]).write_text(json.dumps(note))
    os.lchown(own / "lent" / one["gfid"], UID, UID)
    assert len(put_aside(ordinary)) == 1
    assert owner(item) == (4001, 4002)
    words = ("quarantine", SESSION, "restore", one["gfid"], "--to", "/aside/back", "--yes")
    assert ordinary.georep("prim1", *words).returncode == 0
    assert owner(there / "back") == (4001, 4002)
    assert list((own / "lent").iterdir()) == []
    (there / "back").unlink()
    ordinary.run("touch {}/aside/y")  # so that the folder gets the times that it has there
    ordinary.settle()
    assert ordinary.differences() == []


def owner(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_uid, status.st_gid


def test_the_doctor_finds_nothing_wrong(ordinary: OrdinaryWorld) -> None:
    said = ordinary.georep("prim1", "doctor", SESSION, "--json")
    found = {each["check"]: each for each in json.loads(said.stdout)}
    assert [each for each in found.values() if each["verdict"] == "wrong"] == []
    assert "geo is not root" in found["user"]["words"]
    assert found["gate"]["verdict"] == found["mounts"]["verdict"] == "fine"


@pytest.mark.parametrize("what", ["true", f"georep-engine receive {MOUNTS}", "rsync --server . /"])
def test_the_key_opens_nothing_else(ordinary: OrdinaryWorld, what: str) -> None:
    key = ordinary.lab.place.state("prim1") / "keys" / f"geo@sec1::{SECONDARY}"
    argv = ["ssh", "-i", str(key), "-oIdentitiesOnly=yes", "-oBatchMode=yes", "geo@sec1", what]
    assert ordinary.lab.run("prim1", argv, check=False).returncode == REFUSED


def test_a_session_that_is_stopped_leaves_no_mount(ordinary: OrdinaryWorld) -> None:
    assert ordinary.verified()
    ordinary.stop()
    ordinary.engine_down()
    until("the mounts to go", lambda: not ordinary.mounts())
    until("their keepers to end", lambda: not ordinary.processes("sec1", KEEPER))
    notes = ordinary.lab.path("sec1", "/run/geo/.local/state/georep/mounts")
    assert list(notes.iterdir()) == []
