"""Ordinary client mounts of a lab's volumes, inside its hosts."""

import os
from pathlib import Path

from engine.gluster import xattrs
from engine.lab import files, hosts
from engine.lab.hosts import Host

FRESH = (
    "--attribute-timeout=0",
    "--entry-timeout=0",
    "--negative-timeout=0",
    "--xlator-option=*-md-cache.md-cache-timeout=0",
)
"""What makes a mount show a change of another client at once, at about 15 times the price per stat.

All four are needed: without the last one size, mode, times, content and deletions were seen up to a
second late every time; with them none of 30 changes of each kind was.
"""


def mount(host: Host, volume: str, servers: tuple[str, ...], *, cached: bool = False) -> str:
    """Mount `volume` in `host` and wait until all of it answers; return where, as the host sees it.

    Again is the same mount.
    """
    folder = f"{files.CLIENTS}/{volume}{'-cached' if cached else ''}"
    if not mounted(host, folder):
        host.run(["mkdir", "-p", folder])
        host.run(
            [
                *("glusterfs", "--process-name=fuse", f"--volfile-id=/{volume}"),
                *(f"--volfile-server={server}" for server in servers),
                *(() if cached else FRESH),
                folder,
            ]
        )
        hosts.until(f"the mount of {volume} on {host.name}", lambda: whole(host.path(folder)))
    return folder


def whole(root: Path) -> bool:
    """Return whether a volume is mounted at `root` and every subvolume of it answers."""
    try:
        status = xattrs.get(os.fsencode(root), b"dht.subvol.status")
    except OSError:
        return False
    return status is not None and status.startswith(b"1")


def mounted(host: Host, folder: str) -> bool:
    """Return whether something is mounted at `folder` of `host`."""
    table = Path(f"/proc/{host.pid}/mountinfo").read_text()
    return any(line.split()[4] == folder for line in table.splitlines())
