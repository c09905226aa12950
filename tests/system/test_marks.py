"""Marks as GlusterFS gives and keeps them, and sessions that are refused for them: a second primary
into the same secondary, and a ring, of two volumes and of three.
"""

import os
import re
import time
from collections.abc import Iterator

import pytest
from mounted import Sides, mount_by_gfid
from world import PATIENCE, SESSION, World

from engine.events import WorkerFaulty
from engine.gluster import volume_marks, xattrs
from engine.gluster.xattrs import Mark, VolumeMark
from engine.lab.hosts import until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

ON = {"alpha": "prim1", "beta": "prim1", "gamma": "sec1"}
SOMEBODY = "0000000f-0000-4000-8000-000000000000"


class Ring(World):
    """Three volumes of two bricks, of which alpha is replicated to gamma."""

    to = "root@sec1::gamma"

    def __init__(self, sides: Sides) -> None:
        super().__init__(sides.lab)
        for name, host in ON.items():
            bricks = [f"{host}:/bricks/{name}{number}" for number in (1, 2)]
            self.lab.gluster(host, "volume", "create", name, *bricks, "force")
            self.lab.gluster(host, "volume", "start", name)

    def end(self) -> None:
        """Take all of it away."""
        for name, host in ON.items():
            self.lab.gluster(host, "volume", "stop", name, "force")
            self.lab.gluster(host, "volume", "delete", name)
        for host in set(ON.values()):
            for file in (self.lab.place.config(host) / "sessions").glob("*.yaml"):
                file.unlink()

    def made(self, volume: str, to: str, name: str, *words: str) -> tuple[int, str, str]:
        """Create a session of `volume`; return the exit code, what is crossed, and all."""
        far = f"root@{ON[to]}::{to}"
        said = self.georep(ON[volume], "create", volume, far, "--name", name, "--enable", *words)
        words_said = said.stdout.decode()
        crossed = [line for line in words_said.splitlines() if line.startswith("✕")]
        return said.returncode, "\n".join(crossed), words_said + said.stderr.decode()

    def uuid(self, volume: str) -> str:
        told = self.lab.gluster(ON[volume], "volume", "info", volume)
        found = re.search(r"^Volume ID: (\S+)$", told, re.MULTILINE)
        assert found
        return found[1]

    def on_bricks(self, volume: str, uuid: str) -> list[VolumeMark | None]:
        """Return what each brick of `volume` keeps of one primary."""
        found = []
        for number in (1, 2):
            brick = self.lab.place.host(ON[volume]) / f"bricks/{volume}{number}"
            value = xattrs.get(brick, xattrs.volume_mark_name(uuid))
            found.append(None if value is None else xattrs.unpack_volume_mark(value))
        return found

    def await_mark(self, volume: str, of: str) -> None:
        uuid = self.uuid(of)
        until(
            f"the mark of {of} on {volume}",
            lambda: None not in self.on_bricks(volume, uuid),
            patience=PATIENCE,
        )


@pytest.fixture(scope="module")
def ring(sides: Sides) -> Iterator[Ring]:
    made = Ring(sides)
    code, _, said = made.made("alpha", "gamma", SESSION)
    assert code == 0, said
    try:
        made.engine_up("prim1")
        made.start()
        made.await_mark("gamma", "alpha")
        yield made
    finally:
        made.close()
        made.end()


def test_marks_as_glusterfs_has_them(ring: Ring) -> None:
    uuid = ring.uuid("alpha")
    privileged = mount_by_gfid(ring.lab, "prim1", "alpha", "marks-own", "--client-pid=-1")
    own = volume_marks.own(privileged)
    assert own is not None
    assert (own.uuid, own.failed, own.expires) == (uuid, False, None)
    assert 0 < own.since.seconds <= time.time()
    first, second = ring.on_bricks("gamma", uuid)
    assert first is not None
    assert first.expires is not None
    assert time.time() < first.expires <= time.time() + 1800
    assert first == second == own._replace(expires=first.expires)
    name, told = xattrs.volume_mark_name(uuid), xattrs.pack_volume_mark(first)
    for label, options, value in (("plain", (), None), ("pid", ("--client-pid=-1",), told)):
        root = mount_by_gfid(ring.lab, "sec1", "gamma", f"marks-{label}", *options)
        assert xattrs.get(root, name) == value
        assert name not in xattrs.names(root), "so bricks are asked which there are"


def test_a_second_primary_is_refused(ring: Ring) -> None:
    code, crossed, said = ring.made("beta", "gamma", "second")
    assert code == 1
    told = r"volume alpha of prim1 \(uuid \S+, session s\) is replicated to gamma, too, since .*"
    assert re.search(told + r"mark counts until .*another secondary.*--force", crossed), said
    code, _, said = ring.made("beta", "gamma", "second", "--force")
    assert code == 0, said
    assert (
        b"\nheed-marks: false\n"
        in (ring.lab.place.config("prim1") / "sessions/second.yaml").read_bytes()
    )
    assert ring.georep("prim1", "delete", "second").returncode == 0
    listed = ring.georep("prim1", "doctor", SESSION).stdout.decode()
    assert "Marks of primaries: on alpha: none; on gamma: volume alpha of prim1" in listed


def test_a_ring_is_refused_and_a_chain_is_not(ring: Ring) -> None:
    code, crossed, said = ring.made("gamma", "alpha", "back")
    assert code == 1
    assert re.search(r"alpha is itself replicated to gamma: volume alpha of prim1", crossed), said
    code, _, said = ring.made("gamma", "beta", "on")
    assert code == 0, said
    ring.engine_up("sec1")
    assert ring.georep("sec1", "start", "on").returncode == 0
    ring.await_mark("beta", "gamma")
    code, crossed, said = ring.made("beta", "alpha", "back")
    assert code == 1
    told = r"alpha is itself replicated to beta: over volume gamma of sec1"
    assert re.search(told, crossed), said


def test_a_worker_ends_for_a_mark_and_a_stop_takes_ours_off(ring: Ring) -> None:
    uuid, root = ring.uuid("alpha"), os.fsencode(ring.lab.path("sec1", "/vol/marks-plain"))
    ring.stop()
    assert ring.on_bricks("gamma", uuid) == [None, None]
    mark = VolumeMark(SOMEBODY, False, Mark(1), int(time.time()) + 1000)
    xattrs.put(root, xattrs.volume_mark_name(SOMEBODY), xattrs.pack_volume_mark(mark))
    began = time.time()
    ring.start()
    until("its workers end", lambda: faults(ring, began) == {"second primary"}, patience=PATIENCE)
    assert ring.on_bricks("gamma", uuid) == [None, None]
    ended = mark._replace(expires=int(time.time()))
    xattrs.put(root, xattrs.volume_mark_name(SOMEBODY), xattrs.pack_volume_mark(ended))
    ring.await_mark("gamma", "alpha")


def faults(world: World, since: float) -> set[str]:
    """Return the causes of what ended workers."""
    return {event.cause for event in world.told(since) if isinstance(event, WorkerFaulty)}
