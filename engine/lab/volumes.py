"""The gluster command in a lab, and what the glusterds wrote down about pools and volumes."""

import math
import time
from pathlib import Path
from xml.etree import ElementTree

from engine.errors import Stop
from engine.lab import hosts
from engine.lab.hosts import Host
from engine.lab.place import Place
from engine.lab.shape import Shape

_BUSY = (
    "Another transaction is in progress",
    "Locking failed",
    "not in 'Peer in Cluster' state",
    "not connected",
    "Connection failed",
    "please try again",
    "Self-heal daemon is not running",
)
"""What gluster says when the same command may work a moment later."""
_ASK_AGAIN = 4.0


def gluster(host: Host, *arguments: str) -> str:
    """Run the gluster command on `host`, again while glusterd is busy; return what it said."""
    deadline = time.monotonic() + hosts.PATIENCE
    while True:
        done = host.run(["gluster", "--mode=script", *arguments], check=False)
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        if done.returncode == 0:
            return said
        if time.monotonic() > deadline or not any(sign in said for sign in _BUSY):
            raise Stop(
                f"gluster {' '.join(arguments[:4])} failed on {host.name}: {said}",
                cause="lab gluster failed",
                evidence=said,
            )
        time.sleep(0.05)


def option(host: Host, volume: str, name: str) -> str:
    """Return the value of an option of `volume`."""
    _, _, value = gluster(host, "volume", "get", volume, name).rpartition(name)
    return value.split()[0]


def pooled(place: Place, pool: tuple[str, ...]) -> bool:
    """Return whether every glusterd of `pool` has taken in all the others."""
    return all(
        sum("state=3\n" in _read(peer) for peer in (place.glusterd(host) / "peers").glob("*"))
        == len(pool) - 1
        for host in pool
    )


def started(place: Place, shape: Shape, volume: str) -> bool:
    """Return whether `volume` is there and started, as the first host of its pool has it."""
    info = place.glusterd(shape.pool(volume)[0]) / "vols" / volume / "info"
    return "status=1" in _read(info).splitlines()


def brick_process(host: Host, volume: str, brick: str) -> int | None:
    """Return the process that serves `brick` (a path of `host`), if it runs."""
    name = brick.replace("/", "-")
    return host.daemon(f"/run/gluster/vols/{volume}/{host.name}{name}.pid")


def serve(host: Host, volume: str, bricks: tuple[str, ...]) -> None:
    """Start `volume`, or what of it is down, and wait until all its bricks serve."""
    wanted, asked_at = set(bricks), -math.inf

    def attempt() -> bool:
        nonlocal asked_at
        # A glusterd that has just come back says yes and starts nothing: so ask it again.
        if time.monotonic() > asked_at + _ASK_AGAIN:
            gluster(host, "volume", "start", volume, "force")
            asked_at = time.monotonic()
        return online(host, volume) >= wanted

    hosts.until(f"the bricks of {volume}", attempt)


def heal(host: Host, volume: str) -> None:
    """Have a replicated `volume` heal, and wait until its replicas are the same.

    Clients that work at the same names at the same moment can leave replicas different, until the
    next heal; a mount then cannot say what is there.
    """
    asked_at = -math.inf

    def whole() -> bool:
        nonlocal asked_at
        said = gluster(host, "volume", "heal", volume, "info")
        pending = [line.rpartition(" ")[2] for line in said.splitlines() if "of entries:" in line]
        if set(pending) == {"0"}:
            return True
        if time.monotonic() > asked_at + _ASK_AGAIN:
            gluster(host, "volume", "heal", volume)
            asked_at = time.monotonic()
        return False

    hosts.until(f"{volume} to heal", whole)


def online(host: Host, volume: str) -> set[str]:
    """Return the bricks of `volume`, as host:path, that its glusterds count as online."""
    status = gluster(host, "volume", "status", volume, "--xml")
    return {
        f"{node.findtext('hostname')}:{node.findtext('path')}"
        for node in ElementTree.fromstring(status).iter("node")
        if node.findtext("status") == "1" and node.findtext("port") not in (None, "N/A")
    }


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
