"""What of a session's volume is on this node, and the workers that follow from it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from engine.config import Places, Session
from engine.errors import Stop
from engine.gluster import volume
from engine.gluster.volume import Brick, Volume
from engine.session.keeper import Job


@dataclass(frozen=True, slots=True)
class Local:
    """The volume as it is now, and its bricks that are here."""

    volume: Volume
    bricks: tuple[Brick, ...]

    def parts(self) -> list[tuple[Brick, ...]]:
        """Return the bricks of each part of the volume that has its own data."""
        parts: dict[int, list[Brick]] = {}
        for brick in self.volume.bricks:
            parts.setdefault(brick.subvolume, []).append(brick)
        return [tuple(part) for part in parts.values()]

    def nothing(self) -> Stop:
        """Return the error for a volume that has no brick here."""
        hosts = ", ".join(sorted({brick.host for brick in self.volume.bricks}))
        return Stop(
            f"No brick of {self.volume.name} is on this node",
            cause="no local brick",
            fix=f"Nothing to do here; the session runs on the nodes that have bricks: {hosts}.",
        )


Look = Callable[[Session], Local]
MakeJob = Callable[[Session, Brick, Volume, int | None], Job]


def look(session: Session) -> Local:
    """Return what is here of the session's volume; raise GeorepError when it is down. Blocks."""
    found = volume.read(session.primary)
    if not found.started:
        raise Stop(
            f"Volume {session.primary} is stopped",
            cause="volume stopped",
            fix=f"Start it with gluster volume start {session.primary}.",
        )
    node = volume.local_node_uuid()
    return Local(found, found.of_node(node))


def worker_name(node: str, path: str) -> str:
    """Return how events call the worker of a brick."""
    return f"{node}:{path}"


def jobs(at: Places, node: str) -> MakeJob:
    """Return what makes the job of a session's brick on this node."""

    def job(session: Session, brick: Brick, volume: Volume, until: int | None) -> Job:
        name = worker_name(node, brick.path)
        worker = [
            *("worker", "--session", session.name, "--brick", brick.path, "--node", node),
            *("--volume-uuid", volume.uuid, "--config", str(at.config), "--state", str(at.state)),
            *(() if until is None else ("--until", str(until))),
        ]
        # What it mounts is seen by nobody else and goes with it, but where it shall be seen.
        alone = ("unshare", "--mount", "--propagation", "private", "--")
        command = (
            # The kernel kills the worker when we die, however we die.
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *(() if session.options.access_mount else alone),
            *(sys.executable, "-m", "engine", *worker),
        )
        start = 2.0 * session.options.connection_timeout + 30.0
        log = at.of(session.name) / "log" / f"worker-{_flat(brick.path)}.log"
        parts = len({brick.subvolume for brick in volume.bricks})
        return Job(session.name, name, command, log, start, brick.subvolume, parts)

    return job


def _flat(path: str) -> str:
    return path.strip("/").replace("/", "-")[-200:] or "root"
