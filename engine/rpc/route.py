"""How one node of the secondary is reached: by our own connection, and by OpenSSH for movers."""

import os
from dataclasses import dataclass

from engine.gluster.objects import ALL, Scope


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach one node of the secondary."""

    host: str
    user: str = "root"
    port: int = 22
    key: str = ""
    """Private key file; empty: those of ~/.ssh."""
    known_hosts: str = ""
    """Empty: ~/.ssh/known_hosts and the system's."""
    command: str = "georep-engine"
    """The engine on the far side; words, split as a shell would."""
    timeout: float = 60
    silence: int = 120
    """Seconds without a word after which either side counts the other as gone."""
    log_level: str = "INFO"
    scope: Scope = ALL
    """Which xattrs the agent has to do with."""

    def known_hosts_files(self) -> list[str]:
        """Return the files that say which host keys are right."""
        if self.known_hosts:
            return [self.known_hosts]
        usual = [os.path.expanduser("~/.ssh/known_hosts"), "/etc/ssh/ssh_known_hosts"]
        return [path for path in usual if os.path.exists(path)]

    def openssh(self, *, control: tuple[str, str] = ("no", "none")) -> list[str]:
        """Return the command line of an OpenSSH client that goes the same way, without the host.

        `control`: whether it opens a connection for others, and the socket of the shared one.
        """
        master, path = control
        words = ["ssh", "-p", str(self.port), "-l", self.user, "-oBatchMode=yes"]
        words += [
            "-oStrictHostKeyChecking=yes",
            f"-oControlPath={path}",
            f"-oControlMaster={master}",
        ]
        words += [f"-oConnectTimeout={int(self.timeout)}", "-oServerAliveInterval=15"]
        if self.known_hosts:
            words += [f"-oUserKnownHostsFile={self.known_hosts}"]
        if self.key:
            words += ["-i", self.key, "-oIdentitiesOnly=yes"]
        return words
