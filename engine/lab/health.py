"""How a lab is: per host and per volume, as text and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from engine.lab import network, volumes
from engine.lab.hosts import Host
from engine.lab.place import Place
from engine.lab.shape import VOLUMES, Shape, address


@dataclass(frozen=True, slots=True)
class Brick:
    """One brick, as host:path, and its process, or None when it is down."""

    brick: str
    pid: int | None


@dataclass(frozen=True, slots=True)
class HostHealth:
    """One host; a process that does not run is None."""

    name: str
    address: str
    pid: int | None
    wired: bool
    sshd: int | None
    glusterd: int | None

    @property
    def healthy(self) -> bool:
        """Return whether all of the host works."""
        return self.wired and None not in (self.pid, self.sshd, self.glusterd)


@dataclass(frozen=True, slots=True)
class VolumeHealth:
    """One volume and its bricks."""

    name: str
    started: bool
    bricks: tuple[Brick, ...]

    @property
    def healthy(self) -> bool:
        """Return whether the volume is started and all its bricks run."""
        return self.started and all(brick.pid for brick in self.bricks)


@dataclass(frozen=True, slots=True)
class Health:
    """A whole lab; without hosts when there is none."""

    name: str
    root: str
    hosts: tuple[HostHealth, ...] = ()
    volumes: tuple[VolumeHealth, ...] = ()

    @property
    def healthy(self) -> bool:
        """Return whether there is a lab and all of it works."""
        return bool(self.hosts) and all(part.healthy for part in self.hosts + self.volumes)

    def as_json(self) -> str:
        """Return everything, on one line."""
        return json.dumps({"healthy": self.healthy, **asdict(self)})

    def as_text(self) -> str:
        """Return what an operator reads, and the next step when something is wrong."""
        if not self.hosts:
            return f"There is no lab called {self.name}. Make it with `georep lab up`.\n"
        lines = [f"lab {self.name} in {self.root}: {'healthy' if self.healthy else 'NOT healthy'}"]
        for host in self.hosts:
            parts = {"holder": host.pid, "sshd": host.sshd, "glusterd": host.glusterd}
            said = "  ".join(f"{name} {_process(pid)}" for name, pid in parts.items())
            wire = "" if host.wired else "  not on the bridge"
            lines.append(f"  {host.name:6} {host.address:13} {said}{wire}")
        for volume in self.volumes:
            lines.append(f"  {volume.name:6} {'started' if volume.started else 'NOT started'}")
            lines += [f"    {brick.brick:20} {_process(brick.pid)}" for brick in volume.bricks]
        if not self.healthy:
            lines.append(f"Run `georep lab up --name {self.name}` to mend it.")
        return "\n".join(lines) + "\n"


def look(place: Place, shape: Shape, running: Mapping[str, Host]) -> Health:
    """Return how the lab is; `running` has the hosts that are alive."""
    wired = network.wired(place)
    return Health(
        place.name,
        str(place.root),
        tuple(_host(place, name, running.get(name), wired=name in wired) for name in shape.hosts),
        tuple(_volume(place, shape, name, running) for name in VOLUMES),
    )


def _host(place: Place, name: str, host: Host | None, *, wired: bool) -> HostHealth:
    where = address(name, place.network)
    if host is None:
        return HostHealth(name, where, None, wired, None, None)
    return HostHealth(name, where, host.pid, wired, host.sshd, host.glusterd)


def _volume(place: Place, shape: Shape, name: str, running: Mapping[str, Host]) -> VolumeHealth:
    bricks = []
    for brick in shape.volume_bricks(name):
        host, _, path = brick.partition(":")
        alive = running.get(host)
        bricks.append(Brick(brick, volumes.brick_process(alive, name, path) if alive else None))
    return VolumeHealth(name, volumes.started(place, shape, name), tuple(bricks))


def _process(pid: int | None) -> str:
    return str(pid) if pid else "DOWN"
