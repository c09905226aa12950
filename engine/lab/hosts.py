"""The hosts of a lab: starting one, its daemons, and running programs in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.errors import Stop
from engine.lab import files, inside, network, processes
from engine.lab.place import Place

T = TypeVar("T")
_GLUSTERD_PID = "/run/glusterd.pid"
PATIENCE = 180.0
"""Seconds that any one step may take on a busy machine."""


@dataclass(frozen=True, slots=True)
class Host:
    """One running host."""

    place: Place
    name: str
    pid: int
    """A process that does nothing but live in the host's namespaces."""
    started: int
    """When that process began; with it the number cannot be mistaken for a later one's."""

    @property
    def alive(self) -> bool:
        """Return whether the host still runs."""
        return processes.started(self.pid) == self.started

    def path(self, path: str) -> Path:
        """Return `path` of this host as seen from outside; good for as long as the host runs."""
        return Path(f"/proc/{self.pid}/root{path}")

    def argv(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` in this host, from outside the lab, as root."""
        environment = self.place.environment(self.name, programs()).items()
        settings = [f"{name}={value}" for name, value in environment]
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--net"]
        return [*enter, "env", *settings, *argv]

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        stdin: bytes = b"",
        timeout: float = 600,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `argv` here and return what it said; failing is an error unless told not to."""
        try:
            said = subprocess.run(
                self.argv(argv), input=stdin, capture_output=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired:
            raise Stop(f"{argv[0]} on {self.name} did not end within {timeout:.0f} s") from None
        if check and said.returncode:
            words = (said.stderr or said.stdout).decode(errors="replace").strip()
            raise Stop(
                f"{argv[0]} on {self.name} ended with {said.returncode}: {words}", evidence=words
            )
        return said

    def daemon(self, pid_file: str) -> int | None:
        """Return the process named in `pid_file` if it runs in this host."""
        try:
            pid = int(self.path(pid_file).read_text())
        except (OSError, ValueError):
            return None
        return pid if processes.shares_network(pid, self.pid) else None

    @property
    def sshd(self) -> int | None:
        """Return the process of sshd, if it runs."""
        return self.daemon("/run/sshd.pid")

    @property
    def glusterd(self) -> int | None:
        """Return the process of glusterd, if it runs."""
        return self.daemon(_GLUSTERD_PID)

    def start_sshd(self) -> None:
        """Start sshd unless it runs, and wait until it listens."""
        if self.sshd is None:
            log = str(self.place.host(self.name) / "sshd.log")
            self.run(["/usr/sbin/sshd", "-f", str(self.place.sshd_config(self.name)), "-E", log])
            until(f"sshd on {self.name}", lambda: self.sshd)

    def start_glusterd(self) -> None:
        """Start glusterd unless it runs, and wait until it answers."""
        if self.glusterd is None:
            self.run(["glusterd", "-p", _GLUSTERD_PID])
        until(f"glusterd on {self.name}", self._answer)

    def _answer(self) -> bool:
        return self.run(["gluster", "--mode=script", "pool", "list"], check=False).returncode == 0


def programs() -> str:
    """Return the folder of georep's own commands."""
    return os.path.dirname(sys.executable)


def hold(place: Place, name: str, *, lock: int) -> Host:
    """Start the process that keeps the host `name`; `lock` is held until it is in place."""
    said = subprocess.run(
        [
            *("setsid", "--fork", "nsenter", f"--net={network.NAMESPACES}/{place.namespace(name)}"),
            *("unshare", "--mount", "--uts", "--propagation", "private"),
            *(
                sys.executable,
                "-I",
                "-S",
                inside.__file__,
                json.dumps(files.inside_plan(place, name)),
            ),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        pass_fds=(lock,),
        timeout=PATIENCE,
        text=True,
    )
    word, _, pid = said.stdout.strip().partition(" ")
    began = processes.started(int(pid)) if word == inside.READY else None
    if began is None:
        raise Stop(
            f"The host {name} of the lab could not be made: {said.stdout.strip()}",
            cause="lab host failed",
            evidence=said.stdout.strip(),
        )
    return Host(place, name, int(pid), began)


def until(what: str, probe: Callable[[], T | None], *, patience: float = PATIENCE) -> T:
    """Return the first answer of `probe` that counts."""
    deadline = time.monotonic() + patience
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise Stop(
                f"The lab waited {patience:.0f} s in vain for {what}",
                cause="lab step timed out",
                fix="Look at the logs in the lab's folder; then `georep lab down`, and up again.",
            )
        time.sleep(0.03)
    return answer
