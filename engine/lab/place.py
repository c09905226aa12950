"""Where a lab is: its names, its folder, and what lies where in it."""

import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Usage

DEFAULT_ROOT = Path("/var/lib/georep-lab")
MARKER = ".georep-lab"
"""A file at the root of every lab host; it holds the lab's folder and so tells whose host it is."""
SWITCH = "net"
"""The namespace that holds the bridge, so that no firewall of this machine sees the traffic."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")
_LONGEST_ROOT = 48
"""Sockets lie below it, and their paths are limited to 108 bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """The names and paths of one lab."""

    name: str
    root: Path

    @classmethod
    def of(cls, name: str) -> "Place":
        """Return the place of the lab called `name`, below GEOREP_LAB_ROOT when that is set."""
        if not _NAME.fullmatch(name):
            raise Usage(
                f"{name!r} cannot be the name of a lab",
                fix="Use up to 16 small letters, digits and dashes, and no dash in front.",
            )
        root = Path(os.environ.get("GEOREP_LAB_ROOT") or DEFAULT_ROOT).absolute()
        if len(os.fsencode(root)) > _LONGEST_ROOT:
            raise Usage(
                f"The folder {root} is too long for the sockets below it",
                fix=f"Set GEOREP_LAB_ROOT to a folder of at most {_LONGEST_ROOT} bytes.",
            )
        return cls(name, root / name)

    @property
    def network(self) -> int:
        """Return the third number of the lab's addresses.

        Two labs may draw the same one: their bridges are in different namespaces.
        """
        return zlib.crc32(self.name.encode()) % 256

    @property
    def record(self) -> Path:
        """Return the file that remembers shape and processes."""
        return self.root / "lab.json"

    def namespace(self, host: str) -> str:
        """Return the name of the network namespace of `host`."""
        return f"georep-{self.name}-{host}"

    def owns_namespace(self, namespace: str) -> bool:
        """Return whether `namespace` is named as one of this lab's."""
        return bool(re.fullmatch(rf"georep-{self.name}-({SWITCH}|(prim|sec)\d)", namespace))

    def host(self, host: str) -> Path:
        """Return the folder of `host`."""
        return self.root / host

    def config(self, host: str) -> Path:
        """Return what /etc/georep is on `host`."""
        return self.host(host) / "etc-georep"

    def state(self, host: str) -> Path:
        """Return what /var/lib/georep is on `host`."""
        return self.host(host) / "var-georep"

    def glusterd(self, host: str) -> Path:
        """Return what /var/lib/glusterd is on `host`."""
        return self.host(host) / "glusterd"

    def sshd_config(self, host: str) -> Path:
        """Return the configuration of the sshd of `host`."""
        return self.host(host) / "sshd_config"

    def environment(self, host: str, programs: str) -> dict[str, str]:
        """Return what every program on `host` gets; `programs` is where georep's commands are."""
        return {
            "PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "TMPDIR": "/run/tmp",
            "GEOREP_CONFIG": str(self.config(host)),
            "GEOREP_STATE": str(self.state(host)),
        }
