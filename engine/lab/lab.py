"""One lab: up, down, status, and programs in its hosts."""

import contextlib
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.errors import Stop, Usage
from engine.lab import (
    clients,
    files,
    health,
    hosts,
    network,
    prerequisites,
    processes,
    record,
    volumes,
)
from engine.lab.health import Health
from engine.lab.hosts import Host
from engine.lab.lock import Lock
from engine.lab.place import DEFAULT_ROOT, Place
from engine.lab.record import Record
from engine.lab.shape import VOLUMES, Shape, address

DEFAULT_NAME = "lab"


class Lab:
    """Two throwaway GlusterFS sites on this machine; needs root."""

    def __init__(self, name: str = DEFAULT_NAME) -> None:
        self.place = Place.of(name)

    @property
    def name(self) -> str:
        """Return the lab's name."""
        return self.place.name

    @property
    def shape(self) -> Shape:
        """Return the shape the lab was made with."""
        return self._record().shape

    def up(self, shape: Shape | None = None) -> None:
        """Make the lab, or bring what is left of it back; returns at once when it is whole.

        Without a shape it is the one the lab has, or the default.
        """
        prerequisites.check()
        with Lock(self.name) as lock:
            known = record.load(self.place.record)
            if known is None or not known.formed:
                self._clear()
                self._form(shape or Shape(), lock)
            elif shape is not None and shape != known.shape:
                raise Usage(
                    f"The lab {self.name} has another shape: {known.shape.differences(shape)}",
                    fix=f"Run `georep lab down --name {self.name}` first, or use another name.",
                )
            elif not self.status().healthy:
                self._revive(known.shape, lock)

    def down(self) -> None:
        """End every process of the lab and remove every trace of it."""
        prerequisites.check_root()
        with Lock(self.name):
            self._clear()

    def status(self) -> Health:
        """Return how each host and volume is."""
        prerequisites.check_root()
        known = record.load(self.place.record)
        if known is None or not known.formed:
            return Health(self.name, str(self.place.root))
        return health.look(self.place, known.shape, self._running(known))

    def host(self, name: str) -> Host:
        """Return the running host called `name`."""
        known = self._record()
        if name not in known.shape.hosts:
            raise Usage(
                f"The lab {self.name} has no host {name!r}",
                fix=f"Its hosts are {', '.join(known.shape.hosts)}.",
            )
        if found := self._running(known).get(name):
            return found
        raise Stop(
            f"The host {name} of the lab {self.name} is not running",
            fix=f"Run `georep lab up --name {self.name}` to bring it back.",
        )

    def exec_argv(self, host: str, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` in `host`, from outside the lab."""
        return self.host(host).argv(argv)

    def run(
        self,
        host: str,
        argv: Sequence[str],
        *,
        check: bool = True,
        stdin: bytes = b"",
        timeout: float = 600,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `argv` in `host` and return what it said; failing is an error unless told not to."""
        return self.host(host).run(argv, check=check, stdin=stdin, timeout=timeout)

    def path(self, host: str, path: str) -> Path:
        """Return `path` of `host` as seen from outside; good for as long as the host runs."""
        return self.host(host).path(path)

    def gluster(self, host: str, *arguments: str) -> str:
        """Run the gluster command on `host`, again while glusterd is busy; return what it said."""
        return volumes.gluster(self.host(host), *arguments)

    def heal(self, volume: str) -> None:
        """Have the replicas of `volume`, if it has any, become the same."""
        if self.shape.replicas(volume) > 1:
            volumes.heal(self.server(volume), volume)

    def server(self, volume: str) -> Host:
        """Return the first host of the pool that serves `volume`."""
        return self.host(self.shape.pool(volume)[0])

    def bricks(self, volume: str) -> list[Path]:
        """Return the folders of the bricks of `volume`, in its order, as seen from outside."""
        rows = (brick.partition(":") for brick in self.shape.volume_bricks(volume))
        return [self.place.host(host) / path.lstrip("/") for host, _, path in rows]

    def mount(self, volume: str, host: str, *, cached: bool = False) -> str:
        """Mount `volume` in `host`, without caches unless asked; return where, as `host` sees it.

        From outside it is `path(host, …)` of that. The next `down` unmounts it.
        """
        servers = self.shape.pool(volume)
        return clients.mount(self.host(host), volume, servers, cached=cached)

    def _record(self) -> Record:
        prerequisites.check_root()
        known = record.load(self.place.record)
        if known is None:
            raise Stop(
                f"There is no lab called {self.name}",
                fix=f"Make it with `georep lab up --name {self.name}`.",
            )
        return known

    def _running(self, known: Record) -> dict[str, Host]:
        recorded = (Host(self.place, name, *holder) for name, holder in known.holders.items())
        return {host.name: host for host in recorded if host.alive}

    def _form(self, shape: Shape, lock: int) -> None:
        files.write(self.place, shape, hosts.programs())
        record.save(self.place.record, Record(shape, formed=False))
        running = self._power_on(shape, lock)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda volume: self._form_volume(shape, volume, running), VOLUMES))
        holders = {host.name: (host.pid, host.started) for host in running.values()}
        record.save(self.place.record, Record(shape, formed=True, holders=holders))

    def _form_volume(self, shape: Shape, volume: str, running: dict[str, Host]) -> None:
        pool = shape.pool(volume)
        first = running[pool[0]]
        for other in pool[1:]:
            volumes.gluster(first, "peer", "probe", other)
        hosts.until(f"the pool of {volume}", lambda: volumes.pooled(self.place, pool))
        volumes.gluster(first, *shape.create_arguments(volume))
        if options := shape.option_arguments(volume):
            volumes.gluster(first, *options)
        volumes.serve(first, volume, shape.volume_bricks(volume))

    def _power_on(self, shape: Shape, lock: int) -> dict[str, Host]:
        addresses = {host: address(host, self.place.network) for host in shape.hosts}
        network.build(self.place, addresses, lock=lock)
        with ThreadPoolExecutor() as pool:
            up = list(pool.map(lambda name: hosts.hold(self.place, name, lock=lock), shape.hosts))
            list(pool.map(_start_daemons, up))
        return {host.name: host for host in up}

    def _revive(self, shape: Shape, lock: int) -> None:
        """Bring a lab back that was whole once: like power after a power cut."""
        running = self._running(self._record())
        if set(running) >= set(shape.hosts) <= network.wired(self.place):
            with ThreadPoolExecutor() as pool:
                list(pool.map(_start_daemons, running.values()))
        else:
            processes.end_all(self.place)
            network.remove(self.place)
            running = self._power_on(shape, lock)
            holders = {host.name: (host.pid, host.started) for host in running.values()}
            record.save(self.place.record, Record(shape, formed=True, holders=holders))
        for volume in VOLUMES:
            volumes.serve(running[shape.pool(volume)[0]], volume, shape.volume_bricks(volume))

    def _clear(self) -> None:
        # First, so that a lab whose removal is cut short counts as none, and is not revived.
        self.place.record.unlink(missing_ok=True)
        processes.end_all(self.place)
        network.remove(self.place)
        # A child of a killed `up` may have been on its way into a host.
        processes.end_all(self.place)
        # Not shutil.rmtree: a volume may hold folders deeper than Python can recurse.
        argv = ["rm", "-rf", "--one-file-system", str(self.place.root)]
        said = subprocess.run(argv, capture_output=True, text=True, check=False)
        if said.returncode:
            raise Stop(
                f"The folder {self.place.root} cannot be removed: {said.stderr.strip()}",
                fix="Remove what holds it, then run `georep lab down` again.",
            )
        with contextlib.suppress(OSError):  # another lab is in there, or nothing ever was
            DEFAULT_ROOT.rmdir()


def _start_daemons(host: Host) -> None:
    host.start_sshd()
    host.start_glusterd()
