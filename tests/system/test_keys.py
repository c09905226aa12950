"""Keys of georep's own, the gate they are bound to, gsyncd's keys, and the doctor: real sshd, real
volumes.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import fresh_world
from lab_fixtures import traces
from world import SESSION, TO, World

from engine.events import JobFinished, MoverTried
from engine.lab.shape import PRIMARY, SECONDARY, Shape
from engine.rpc.gated import REFUSED

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

GSYNCD_KEY = "/var/lib/glusterd/geo-replication/secret.pem"
SHAPE = Shape(primaries=1, bricks=2, replica=1, secondary_bricks=2, rollover=2)
"""Two bricks on either side, and GlusterFS's own geo-replication, for its keys."""


@pytest.fixture(scope="module")
def keyed() -> Iterator[World]:
    """Give a session with a key of its own, of which ~/.ssh of the primary knows nothing."""
    with fresh_world("sysk", World, SHAPE) as made:
        made.run("head -c 2000000 /dev/urandom > {}/large; echo 1 > {}/small")
        assert made.georep("prim1", "keys", TO, "--accept", fingerprint(made)).returncode == 0
        made.create("push-limit=1000")
        made.engine_up()
        made.start()
        yield made
    assert traces(made.lab) == []


def fingerprint(world: World) -> str:
    """Return what sec1 itself says of its key."""
    key = world.lab.place.host("sec1") / "ssh_host_ed25519_key.pub"
    said = world.lab.run("sec1", ["ssh-keygen", "-lf", str(key)])
    return said.stdout.decode().split()[1]


def key(world: World) -> Path:
    """Return the key that was made, as prim1 sees it."""
    return world.lab.place.state("prim1") / "keys" / f"root@sec1::{SECONDARY}"


def authorized(world: World) -> Path:
    """Return what sshd on sec1 lets in."""
    return world.lab.place.host("sec1") / "ssh" / "authorized_keys"


def test_nobody_is_believed_without_a_word(keyed: World) -> None:
    words = ["keys", "root@sec1", "--set", "ssh-port=22"]
    said = keyed.georep("prim1", *words, "--accept", "SHA256:another")
    assert said.returncode == 0, "its key is known from the first time"
    known = keyed.lab.place.state("prim1") / "keys" / "known_hosts"
    before = known.read_text()
    known.write_text("")
    said = keyed.georep("prim1", *words)
    known.write_text(before)
    assert said.returncode == 1
    assert f"--accept {fingerprint(keyed)}" in said.stderr.decode()


def test_everything_goes_through_the_gate(keyed: World) -> None:
    began = time.time()
    keyed.settle()
    keyed.run("printf x | dd of={}/large bs=1 seek=500000 conv=notrunc 2>/dev/null; echo 2 > {}/s2")
    keyed.settle()
    assert keyed.differences() == []
    told = keyed.told(0)
    tried = {event.mover: event.works for event in told if isinstance(event, MoverTried)}
    assert tried == {"rsync": True, "stream": True}
    jobs = [event for event in told if isinstance(event, JobFinished)]
    assert {event.mover for event in jobs if event.at >= began - 60} == {"rsync", "stream"}
    line = authorized(keyed).read_text().splitlines()[-1]
    assert line.startswith('restrict,command="georep-engine gate')


ESCAPES = {
    "a command": "true",
    "a shell": "",
    "a second command": "georep-engine agent; touch /run/tmp/out",
    "an engine": "georep-engine run",
    "its own way in": "georep-engine authorize",
    "a folder": "georep-engine receive /run/tmp",
    "a mount that is none": "georep-engine receive /run/georep/agent-s.1.1",
    "rsync to a folder": "rsync --server -IRSe.LsfxCIvu --existing --inplace --no-implied-dirs "
    ". /run/tmp/",
    "rsync that sends": "rsync --server --sender -IRSe.LsfxCIvu . /etc/",
}


@pytest.mark.parametrize("what", ESCAPES)
def test_nothing_else_does(keyed: World, what: str) -> None:
    argv = ["ssh", "-i", str(key(keyed)), "-oIdentitiesOnly=yes", "-oBatchMode=yes", "root@sec1"]
    said = keyed.lab.run("prim1", [*argv, *filter(None, [ESCAPES[what]])], check=False)
    assert said.returncode == REFUSED, said
    assert b"This key was refused" in said.stderr
    assert not keyed.lab.path("sec1", "/run/tmp/out").exists()


def test_a_key_is_for_one_volume(keyed: World) -> None:
    options = ("--name", "other", "--set", f"ssh-key={key(keyed)}")
    said = keyed.georep("prim1", "create", PRIMARY, "root@sec1::elsewhere", *options)
    assert said.returncode == 1
    assert (
        f"this key is for {SECONDARY} on the secondary, not for elsewhere" in said.stdout.decode()
    )


def test_no_port_is_forwarded(keyed: World) -> None:
    argv = ["ssh", "-i", str(key(keyed)), "-oIdentitiesOnly=yes", "-oBatchMode=yes"]
    argv += ["-oExitOnForwardFailure=yes", "-W", "127.0.0.1:22", "root@sec1"]
    said = keyed.lab.run("prim1", argv, check=False)
    assert said.returncode != 0
    assert b"SSH-2.0" not in said.stdout


def test_rsync_is_fenced_in(keyed: World) -> None:
    """A symlink in the volume leads out of it; through the gate there is nothing at its end."""
    mounts = [path for path in keyed.lab.path("sec1", "/run/georep").iterdir() if path.is_dir()]
    far = f"/run/georep/{mounts[0].name}"
    keyed.lab.run("sec1", ["sh", "-c", "mkdir /run/tmp/out; echo old > /run/tmp/out/f"])
    there = keyed.there()
    (there / "leads").symlink_to("/run/tmp/out")
    script = (
        "mkdir -p /run/tmp/in/leads; echo new > /run/tmp/in/leads/f; printf 'leads/f\\0' | "
        "rsync -0 --files-from=- --relative --no-implied-dirs --inplace --existing --sparse "
        f"--ignore-times -e 'ssh -i {key(keyed)} -oIdentitiesOnly=yes -oBatchMode=yes' "
        f"/run/tmp/in/./ root@sec1:{far}/"
    )
    said = keyed.lab.run("prim1", ["sh", "-c", script], check=False)
    assert keyed.lab.path("sec1", "/run/tmp/out/f").read_text() == "old\n", said
    (there / "leads").unlink()


def verdicts(world: World, *words: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return what the doctor finds that is not fine, by node and check."""
    said = world.georep("prim1", "doctor", *words, "--json")
    found = json.loads(said.stdout)
    assert said.returncode == int(any(each["verdict"] == "wrong" for each in found)), said
    rest = [each for each in found if each["verdict"] != "fine"]
    assert all(each["fix"] for each in rest)
    return {(each["node"], each["check"]): each for each in rest}


def test_the_doctor_finds_nothing_and_then_what_is_broken(keyed: World) -> None:
    keyed.settle()
    assert verdicts(keyed) == {}
    assert verdicts(keyed, SESSION) == {}
    lab = keyed.lab
    lab.gluster("sec1", "volume", "set", SECONDARY, "features.shard", "on")
    lab.gluster("prim1", "volume", "set", PRIMARY, "geo-replication.indexing", "off")
    lines = authorized(keyed).read_text()
    bound = lines.replace(f"--only {SECONDARY}", "--only other")
    try:
        found = verdicts(keyed, SESSION)
        assert found.keys() == {("sec1", "shards"), ("prim1", "indexing")}
        assert found["sec1", "shards"]["verdict"] == "wrong"
        authorized(keyed).write_text(bound)
        found = verdicts(keyed, SESSION)
        assert found.keys() == {("sec1", "secondary"), ("prim1", "indexing")}
        assert "not for svol" in found["sec1", "secondary"]["words"]
    finally:
        authorized(keyed).write_text(lines)
        lab.gluster("sec1", "volume", "reset", SECONDARY, "features.shard")
        lab.gluster("prim1", "volume", "set", PRIMARY, "geo-replication.indexing", "on")
    lab.run("prim1", ["georep", "stop", SESSION])
    lab.gluster("sec1", "volume", "stop", SECONDARY)
    try:
        found = verdicts(keyed, SESSION)
        assert found.keys() == {("sec1", "secondary")}
        assert "not started" in found["sec1", "secondary"]["words"]
    finally:
        lab.gluster("sec1", "volume", "start", SECONDARY)


def test_a_key_of_gsyncd_s_is_named_and_one_without_a_prefix_works(keyed: World) -> None:
    keyed.stop()
    keyed.engine_down()
    before = authorized(keyed).read_text()
    options = ("--name", "g", "--set", f"ssh-key={GSYNCD_KEY}", "--set", "push-limit=1000")
    bound = _gsyncd_key(keyed)
    assert bound.startswith('command="/usr/lib')
    authorized(keyed).write_text(f"{before}{bound}\n")
    said = keyed.georep("prim1", "create", PRIMARY, TO, *options)
    assert said.returncode == 1
    assert "opens nothing but gsyncd on sec1" in said.stdout.decode()
    authorized(keyed).write_text(f"{before}{_gsyncd_key(keyed, '--no-prefix')}\n")
    said = keyed.georep("prim1", "create", PRIMARY, TO, *options)
    assert said.returncode == 0, said
    found = verdicts(keyed, "g")
    assert found.keys() == {("sec1", "gate")}
    keyed.run("head -c 2000000 /dev/urandom > {}/later")
    said = keyed.lab.run("prim1", ["georep-engine", "once", "g"], check=False)
    assert said.returncode == 0, said
    assert keyed.differences() == []


def _gsyncd_key(world: World, *words: str) -> str:
    """Have GlusterFS make its keys, and return the line that it would put on the secondary."""
    world.lab.run("prim1", ["gluster-georep-sshkey", "generate", *words])
    folder = world.lab.path("prim1", GSYNCD_KEY).parent
    return (folder / "common_secret.pem.pub").read_text().splitlines()[0]
