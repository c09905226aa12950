"""The nodes that an operator means, and how georep is begun on each: here, or there by ssh."""

import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.config import Places
from engine.errors import GeorepError, Retry, Usage
from engine.gluster import pool

_MODULES = {"georep": "georep_tui", "georep-engine": "engine"}
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_:\[][A-Za-z0-9_.:%\[\]-]*")
SSH = (
    "ssh",
    "-T",
    "-oBatchMode=yes",
    "-oConnectTimeout=10",
    # A link that is cut without a word is noticed within half a minute.
    "-oServerAliveInterval=10",
    "-oServerAliveCountMax=3",
    "-oClearAllForwardings=yes",
)
HERE = "this node"
"""What the node that we run on is called."""
_UNREACHED, _NOT_FOUND = 255, 127
"""Exit codes: of ssh itself, and of a shell that does not find a program."""

Begin = Callable[[Sequence[str]], list[str]]
"""Returns what is run here so that these words are run on a node."""


@dataclass(frozen=True, slots=True)
class Host:
    """A node that commands of georep are run on."""

    name: str
    """As an operator calls it; empty: this one."""
    begin: Begin
    places: tuple[str, ...] = ()
    """Options that say where things are there."""

    def argv(self, program: str, *words: str) -> list[str]:
        """Return what runs `georep` or `georep-engine` there; places come before the words."""
        head = words[:1] if program == "georep-engine" else ()
        return self.begin([program, *head, *self.places, *words[len(head) :]])

    def words(self, said: str) -> str:
        """Return what was said there, so that it is known where."""
        return f"{self.name}: {said}" if self.name else said

    def told(self, error: GeorepError) -> str:
        """Return what went wrong there, in sentences that name it."""
        return error.sentence() if self.name in error.words else self.words(error.sentence())

    def unreached(self, code: int | None) -> bool:
        """Whether a command ended with `code` because it was not even begun there."""
        return bool(self.name) and code in (_UNREACHED, _NOT_FOUND)

    def unstarted(self, error: OSError) -> Retry:
        """Return what is told when nothing could be run here to reach it."""
        return Retry(
            self.words(f"{error.filename or 'a process'} cannot be started: {error.strerror}"),
            fix="See that ssh is installed, and ulimit -u.",
        )

    def trouble(self, code: int | None, stderr: bytes) -> Retry:
        """Return what is told of a command that ended with `code` and did not do its work."""
        lines = stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        first = next((each for each in lines if each.startswith("georep")), lines[-1])
        said = first.removeprefix("georep-engine: ").removeprefix("georep: ")
        if self.name and code == _UNREACHED:
            return Retry(
                f"{self.name} cannot be reached: {said}",
                cause="host unreachable",
                fix=f"Try by hand: ssh {self.name} georep --version",
                evidence="\n".join(lines),
            )
        if self.unreached(code):
            return Retry(
                f"georep is not found on {self.name}: {said}",
                cause="not installed",
                fix=f"ssh {self.name} georep --version must work: install it there, in its PATH",
            )
        return Retry(self.words(said))


def listed(hosts: Sequence[Host]) -> str:
    """Return the names of hosts as they stand in a sentence."""
    *most, last = [host.name or HERE for host in hosts]
    return f"{', '.join(most)} and {last}" if most else last


def here(at: Places) -> Host:
    """Return this node, with its places."""
    return Host("", _here, ("--config", str(at.config), "--state", str(at.state)))


def _here(argv: Sequence[str]) -> list[str]:
    return [sys.executable, "-P", "-m", _MODULES[argv[0]], *argv[1:]]


def there(name: str, places: Sequence[str] = ()) -> Host:
    """Return a node that ssh reaches as `name`; Usage when it cannot be one."""
    if not _HOST.fullmatch(name):
        raise Usage(
            f"--host {name!r} is no host",
            fix="Write [USER@]HOST, as after ssh; once for each node.",
        )

    def begin(argv: Sequence[str]) -> list[str]:
        # In place of the shell there, so that nothing stands between it and the end of the login.
        return [*SSH, "--", name, f"exec {shlex.join(argv)}"]

    return Host(name, begin, tuple(places))


def meant(
    names: Iterable[str], *, whole_pool: bool, at: Places, places: Sequence[str] = ()
) -> list[Host]:
    """Return the nodes that an operator named, each once; none when no other than this is meant.

    `whole_pool`: this node and all of its pool; Retry or Stop when its glusterd does not tell.
    `places`: what was said of where things are.
    """
    found = [there(name, places) for text in names for name in text.split(",")]
    if whole_pool:
        found = [here(at), *(there(name, places) for name in pool.others()), *found]
    return list({host.name: host for host in found}.values())
