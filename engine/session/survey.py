"""Both volumes of a session, open for one command of an operator: a mount here, an agent there."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from engine import config
from engine.config import Places, Session
from engine.errors import Retry, Stop, Usage
from engine.gluster import objects, params
from engine.gluster.mount import Mount, needs_privilege
from engine.item import ROOT, TOP, Kind, Place
from engine.rpc.route import Route
from engine.rpc.ssh import Agent
from engine.session import checks, local, nodes
from engine.session.local import Local
from engine.session.nodes import Who
from engine.session.sides import Here, Side, There

T = TypeVar("T")
ROLLOVER = 15
"""Seconds until a brick closes its changelog slice, where the volume has no setting of its own."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is open while the command runs."""

    places: Places
    session: Session
    local: Local
    mount: Mount
    agent: Agent
    route: Route
    """The way to it."""
    here: Here
    there: There

    def patience(self) -> float:
        """Return how many seconds a change may take to arrive, generously."""
        return patience(self.local)


Work = Callable[[Survey], Awaitable[T]]


def run(at: Places, name: str, work: Work[T], *, command: str, worker: str = "") -> T:
    """Open both volumes of session `name`, do `work`, and close them however it ends.

    `worker`: commands that have it in common exclude each other. It mounts, so it must run in the
    main thread. GeorepError when something is not as it must be; KeyboardInterrupt when told to
    end.
    """
    session = config.read(at, name)
    root = checks.check_root()
    if not root.fine:
        raise Usage(f"georep {command} mounts both volumes, which only root can", fix=root.fix)
    found = local.look(session)
    mount = Mount(
        session.primary,
        label=f"{name}-{command}",
        log=at.of(name) / "log" / f"mount-{command}.log",
        log_level=session.options.log_level,
        privileged=needs_privilege(found.volume),
        params=params.words(session.options.gluster_params),
    )
    mount.start(session.options.connection_timeout)
    try:
        return asyncio.run(_opened(at, session, found, mount, work, worker))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except BrokenPipeError:
        raise  # who read our output has gone; that is nothing of the volume's
    except OSError as error:
        raise Retry(
            f"the primary answered: {error.strerror or error}",
            cause="primary I/O error",
            fix="See the bricks: gluster volume status.",
            evidence=str(error),
        ) from error
    finally:
        mount.stop()


async def _opened(
    at: Places, session: Session, found: Local, mount: Mount, work: Work[T], worker: str
) -> T:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    here = Here(mount.root, pieces=found.volume.pieces)
    try:
        async with nodes.reached(at, session, Who(worker=worker)) as reached:
            there = There(reached.agent.channel)
            far = (reached.agent, reached.route)
            return await work(Survey(at, session, found, mount, *far, here, there))
    finally:
        here.close()
    raise Stop("the agent ended without a word", cause="agent ended")


def patience(found: Local) -> float:
    """Return how many seconds a change of the volume may take to arrive, generously."""
    said = found.volume.options.get("changelog.rollover-time", "")
    return 4.0 * (int(said) if said.isdigit() else ROLLOVER) + 10.0


async def find(side: Side, path: bytes) -> tuple[Place, bytes]:
    """Return the place of `path`, from the volume's root, and the path without needless slashes.

    Symlinks are not followed. Usage when there is nothing, or nothing that is replicated.
    """
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if not parts:
        return TOP, b""
    if objects.own(parts[0]):
        raise Usage("What is there is not replicated", fix="Name a path of the volume's own data.")
    parent = ROOT
    place = TOP
    for depth, part in enumerate(parts):
        place = Place(parent, part)
        (facts,) = await side.facts([place])
        if facts is None or (depth + 1 < len(parts) and facts.kind is not Kind.DIRECTORY):
            raise Usage(
                "There is no such path on the primary",
                fix="Name it from the volume's root, as a mount shows it.",
            )
        parent = facts.gfid
    return place, b"/".join(parts)
