"""What goes wrong in a lab when a test wants it to, and the way back."""

import os
import time
from pathlib import Path

from engine.errors import Usage
from engine.lab import hosts, network, processes, volumes
from engine.lab.lab import Lab

_ROLLS = "diagnostics.brick-log-flush-timeout"
"""A harmless option of the bricks: any new value of it makes them begin a new changelog slice."""


def stop_volume(lab: Lab, volume: str) -> None:
    """Stop `volume`, whoever uses it."""
    lab.gluster(lab.server(volume).name, "volume", "stop", volume, "force")


def start_volume(lab: Lab, volume: str) -> None:
    """Start `volume`, or those of its bricks that are down, and wait until all serve."""
    volumes.serve(lab.server(volume), volume, lab.shape.volume_bricks(volume))


def kill_brick(lab: Lab, volume: str, brick: str) -> None:
    """Kill -9 the process of `brick` (host:path); `start_volume` brings it back."""
    name, _, path = brick.partition(":")
    host = lab.host(name)
    if pid := volumes.brick_process(host, volume, path):
        processes.kill(pid, host.pid)
        hosts.until(f"the end of {brick}", lambda: processes.started(pid) is None)


def kill_glusterd(lab: Lab, host: str) -> None:
    """Kill -9 glusterd on `host`; the bricks live on."""
    found = lab.host(host)
    if pid := found.glusterd:
        processes.kill(pid, found.pid)
        hosts.until(f"the end of glusterd on {host}", lambda: processes.started(pid) is None)


def power_off(lab: Lab, host: str) -> None:
    """Kill -9 all that runs on `host`: bricks, glusterd, sshd, clients, whatever else; `lab.up`
    brings it back as a start does.
    """
    held = lab.host(host).pid

    def gone() -> bool:
        found = [
            pid
            for pid in processes.of_lab(lab.place)
            if pid != held and processes.shares_network(pid, held)
        ]
        for pid in found:
            processes.kill(pid, held)
        return not found

    hosts.until(f"the end of all on {host}", gone)


def unplug(lab: Lab, host: str) -> None:
    """Take the wire of `host` away: nobody hears anything of it, not even that it is gone."""
    network.switch(lab.place, host, up=False)


def plug(lab: Lab, host: str) -> None:
    """Put the wire back."""
    network.switch(lab.place, host, up=True)


def rollover(lab: Lab, volume: str) -> None:
    """Make every brick of `volume` close its changelog slice; return when all have."""
    bricks = lab.bricks(volume)
    before = {brick: _slices(brick) for brick in bricks}
    server = lab.server(volume)
    if volumes.option(server, volume, "changelog.changelog") != "on":
        raise Usage(
            f"The volume {volume} keeps no changelog", fix="Make a lab whose shape has it on."
        )
    # Slices are named by the second: a second one within it would overwrite the first.
    newest = max(_newest(brick) for brick in bricks)
    while time.time() < newest + 1:
        time.sleep(0.05)
    value = "61" if volumes.option(server, volume, _ROLLS) == "60" else "60"
    volumes.gluster(server, "volume", "set", volume, _ROLLS, value)
    hosts.until(
        f"the new slices of {volume}",
        lambda: all(_slices(brick) > before[brick] and _live(brick).exists() for brick in bricks),
    )


def _live(brick: Path) -> Path:
    """Return the slice that `brick` writes; it is made after the index has the one before."""
    return brick / ".glusterfs/changelogs/CHANGELOG"


def _htime(brick: Path) -> Path | None:
    """Return the newest index of the closed slices of `brick`."""
    return max((brick / ".glusterfs/changelogs/htime").glob("HTIME.*"), default=None)


def _slices(brick: Path) -> tuple[str, int]:
    htime = _htime(brick)
    return (htime.name, htime.stat().st_size) if htime else ("", 0)


def _newest(brick: Path) -> int:
    """Return when the last slice of `brick` was closed, or 0."""
    htime = _htime(brick)
    if htime is None:
        return 0
    told = os.getxattr(htime, "trusted.glusterfs.htime").rstrip(b"\0")
    return int(told.partition(b":")[0])
