"""What one worker is there for: its brick, for which session, and until when."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import config
from engine.config import Places, Session
from engine.errors import Stop
from engine.gluster import volume
from engine.gluster.volume import Brick, Volume


@dataclass(frozen=True, slots=True)
class Task:
    """Everything a worker is told and finds before it starts."""

    session: Session
    places: Places
    volume: Volume
    brick: Brick
    node: str
    until: int | None
    """Seconds since the epoch: end when everything up to then is on the secondary."""
    paused: bool = False
    """Whether the session was paused when the worker was started."""
    last: tuple[str, ...] = ()
    """Hosts of the secondary that were away a moment ago."""

    @property
    def state(self) -> Path:
        """The folder of the session's state on this node."""
        return self.places.of(self.session.name)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the words with which a worker is started."""
    parser = argparse.ArgumentParser(prog="georep-engine worker")
    for name in ("--session", "--brick", "--node"):
        parser.add_argument(name, required=True)
    for name in ("--volume-uuid", "--config", "--state"):
        parser.add_argument(name)
    parser.add_argument("--until", type=int)
    parser.add_argument("--paused", action="store_true")
    parser.add_argument("--last", action="append", default=[])
    return parser.parse_args(argv)


def read(options: argparse.Namespace) -> Task:
    """Return the task of those words; GeorepError when there is no such session or brick."""
    places = config.places(options.config, options.state)
    session = config.read(places, options.session)
    found = volume.read(session.primary)
    for brick in found.bricks:
        if brick.path == options.brick and brick.host_uuid == volume.local_node_uuid():
            return Task(
                *(session, places, found, brick, options.node, options.until),
                paused=options.paused,
                last=tuple(options.last),
            )
    raise Stop(
        f"{options.brick} is no brick of volume {session.primary} on this node any more",
        cause="brick gone",
        fix="The engine looks again by itself; nothing to do.",
    )
