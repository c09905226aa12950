"""What a machine must have before a lab can be made on it."""

import os
import shutil
from pathlib import Path

from engine.errors import Stop

_PROGRAMS = {
    "glusterd": "glusterfs-server",
    "gluster": "glusterfs-cli",
    "glusterfs": "glusterfs-client",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "rsync": "rsync",
}
"""Each program and the Debian package that brings it."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def check() -> None:
    """Raise with the next step when a lab cannot be made here."""
    if problem := missing():
        raise problem


def check_root() -> None:
    """Raise unless this is root."""
    if os.geteuid() != 0:
        raise _not_root()


def missing() -> Stop | None:
    """Return why a lab cannot be made here, or None."""
    if os.geteuid() != 0:
        return _not_root()
    absent = {package for name, package in _PROGRAMS.items() if not shutil.which(name, path=PATH)}
    if absent:
        packages = " ".join(sorted(absent))
        return Stop(
            f"The lab needs what is not installed here: {packages}",
            cause="lab prerequisite missing",
            fix=f"Run `apt-get install {packages}`.",
        )
    if not Path("/dev/fuse").exists():
        return Stop(
            "There is no /dev/fuse here, so no volume can be mounted",
            cause="lab prerequisite missing",
            fix="Run `modprobe fuse`; in a container, give it the device.",
        )
    return None


def _not_root() -> Stop:
    return Stop(
        "The lab makes namespaces and mounts, which only root may",
        cause="lab prerequisite missing",
        fix="Run the same command with sudo.",
    )
