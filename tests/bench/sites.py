"""The lab that rivals are measured in: both volumes, their bricks, the wire between the sites."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench import bricks
from engine.gluster import xattrs
from engine.gluster.xattrs import Mark
from engine.lab import faults, gsyncd, volumes
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.place import DEFAULT_ROOT
from engine.lab.shape import PRIMARY, SECONDARY, Shape

SHAPE = Shape(primaries=1, bricks=2, replica=1, secondary_bricks=2)
"""Plain bricks: on two cores, replicas would measure GlusterFS more than who replicates it."""
HOST, FAR = "prim1", "sec1"
_LABS = "measure"
"""What the names of our labs begin with; then comes the process."""
_READ_ONLY = "features.read-only"
_ENDS = (signal.SIGINT, signal.SIGTERM)
FAR_PORT = 2222
"""Where the relay with a delay listens, on `FAR`."""
DELAY = 0.020
"""Seconds that it keeps everything, each way."""


class Site:
    """Both sites, as one who measures them needs them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.primary = [os.fsencode(brick) for brick in lab.bricks(PRIMARY)]
        self.secondary = [os.fsencode(brick) for brick in lab.bricks(SECONDARY)]
        self.here = lab.path(HOST, lab.mount(PRIMARY, HOST))
        """The primary's mount, seen from outside the lab."""
        self.mounts = lab.mount(PRIMARY, HOST, cached=True), lab.mount(SECONDARY, FAR, cached=True)
        """Ordinary mounts of both, for those who copy from one to the other."""
        self._uuids = _uuid(lab, PRIMARY), _uuid(lab, SECONDARY)

    def sent(self) -> int:
        """Return the bytes that have left the primary's host."""
        table = Path(f"/proc/{self.lab.host(HOST).pid}/net/dev").read_text()
        line = next(row for row in table.splitlines() if row.strip().startswith("eth0:"))
        return int(line.split(":")[1].split()[8])

    def close_slice(self) -> None:
        """Have every brick close its slice, so that what was changed can be replicated."""
        faults.rollover(self.lab, PRIMARY)

    def mark(self) -> None:
        """Say on the bricks that everything up to now is on the secondary.

        The slices of it are closed, and nobody changes anything until a second later.
        """
        self.close_slice()
        time.sleep(1.1)
        for brick in self.primary:
            xattrs.write_stime(brick, *self._uuids, Mark(int(time.time())))

    def forget(self) -> None:
        """Say on the bricks that nothing is on the secondary."""
        for brick in self.primary:
            xattrs.remove(brick, xattrs.stime_name(*self._uuids))
            xattrs.remove(brick, xattrs.entry_stime_name(*self._uuids))

    def positions(self) -> list[int]:
        """Return the position of each brick, 0 where there is none."""
        found = (xattrs.read_stime(brick, *self._uuids) for brick in self.primary)
        return [0 if mark is None else mark.seconds for mark in found]

    def differences(self, folder: str) -> list[str]:
        """Return what is not equal below `folder` on both sides, as their bricks have it."""
        return bricks.differences(self.primary, self.secondary, os.fsencode(folder))

    def empty(self, folder: str, *, primary: bool = True) -> None:
        """Remove `folder` from the secondary, and from the primary too."""
        pairs = [(HOST, self.mounts[0]), (FAR, self.mounts[1])]
        for host, mount in pairs if primary else pairs[1:]:
            self.lab.run(host, ["rm", "-rf", f"{mount}/{folder}"], timeout=600)


@contextlib.contextmanager
def site(*, gsyncd_too: bool) -> Iterator[Site]:
    """Make a lab, and with it whatever the sessions of both rivals need; take it down again."""
    lab = Lab(f"{_LABS}-{os.getpid()}")
    try:
        lab.up(SHAPE)
        if gsyncd_too:
            gsyncd.create(lab)
            _let_write(lab)
        yield Site(lab)
    finally:
        before = [signal.signal(number, signal.SIG_IGN) for number in _ENDS]
        lab.down()
        for number, handler in zip(_ENDS, before, strict=True):
            signal.signal(number, handler)


def _let_write(lab: Lab) -> None:
    """Undo, as soon as it is done, that gsyncd has the secondary read-only: copies could not write.

    gsyncd itself writes with and without it.
    """
    far = lab.host(FAR)
    until("gsyncd's hook", lambda: volumes.option(far, SECONDARY, _READ_ONLY) in ("on", "enable"))
    lab.gluster(FAR, "volume", "set", SECONDARY, _READ_ONLY, "off")


def clear_dead() -> None:
    """Take down the labs of runs that were killed."""
    for folder in DEFAULT_ROOT.glob(f"{_LABS}-*"):
        pid = folder.name.partition("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            Lab(folder.name).down()


@contextlib.contextmanager
def delayed(site: Site) -> Iterator[None]:
    """Have a way to the secondary's sshd that is `DELAY` long, at `FAR_PORT`."""
    argv = ["python", str(Path(__file__).with_name("relay.py")), str(FAR_PORT), str(DELAY)]
    relay = subprocess.Popen(site.lab.exec_argv(FAR, argv), stdout=subprocess.PIPE)
    try:
        assert relay.stdout is not None
        until("the relay", relay.stdout.readline)
        yield
    finally:
        relay.kill()
        relay.wait()
        if relay.stdout is not None:
            relay.stdout.close()


def trust_far_port(site: Site) -> None:
    """Have the primary's host know the secondary's key at `FAR_PORT` too."""
    known = site.lab.path(HOST, "/root/.ssh/known_hosts")
    lines = known.read_text().splitlines()
    key = next(line.split(maxsplit=1)[1] for line in lines if FAR in line.split()[0].split(","))
    entry = f"[{FAR}]:{FAR_PORT} {key}"
    if entry not in lines:
        known.write_text("\n".join([*lines, entry, ""]))


def _uuid(lab: Lab, volume: str) -> str:
    host = lab.shape.pool(volume)[0]
    info = lab.place.glusterd(host) / "vols" / volume / "info"
    return dict(line.partition("=")[::2] for line in info.read_text().splitlines())["volume-id"]
