"""`georep-engine gate [--only PLACE] [COMMAND…]`: the one thing that a key of georep's may start.

sshd starts it in the place of whatever was asked for. It starts the agent, a receiver or the far
end of an rsync, put together anew from what `engine.secondary.asked` has understood, with a clean
environment, and refuses all else. PLACE is the volume or directory that the key is for; without it
any. COMMAND is how the primary calls the engine.

It is started on every login, so it loads little.
"""

import os
import shutil
import stat
import sys
from collections.abc import Mapping, Sequence

from engine.errors import GeorepError, Reject
from engine.rpc.gated import REFUSED
from engine.secondary import asked
from engine.secondary.asked import Agent, Receiver, Rsync

ASKED = "SSH_ORIGINAL_COMMAND"
"""Where sshd puts what was asked for."""
ONLY = "--only"
_KEPT = ("HOME", "LOGNAME", "PATH", "SHELL", "USER")
"""What sshd itself sets; all else of the environment stays outside."""
_IDENTITY = "identity.json"


def main(argv: Sequence[str]) -> int:
    """Become what was asked for; return only when it is refused, having said why."""
    only, engine = split(argv)
    try:
        _become(os.environ.get(ASKED, ""), only, engine)
    except GeorepError as error:
        sys.stderr.write(f"georep-engine: {error.sentence()}\n")
    except OSError as error:
        sys.stderr.write(f"georep-engine: This could not be started: {error}\n")
    return REFUSED


def split(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the place that a key is for, empty for any, and how the primary calls the engine."""
    match list(argv):
        case ["--only", place, *engine]:
            pass
        case [*engine]:
            place = ""
    return place, engine or asked.ENGINE


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment is handed on."""
    return {name: environment[name] for name in _KEPT if name in environment}


def _become(text: str, only: str, engine: Sequence[str]) -> None:
    words = _engine()
    match asked.parse(text, engine):
        case Agent():
            words += ["agent", *([ONLY, only] if only else [])]
        case Receiver(far):
            check(far, only)
            words += ["receive", far]
        case Rsync(options, far):
            check(far, only)
            program = shutil.which("rsync")
            if program is None:
                raise Reject("rsync is not installed here", fix="Install it: apt-get install rsync")
            from engine.secondary import fence  # deferred: only rsync needs ctypes

            fence.enter(far)
            words = [program, "--server", *options, ".", f"{far}/"]
    os.execve(words[0], words, clean(os.environ))


def _engine() -> list[str]:
    """Return how we were started, so that what we become is called the same in a list of
    processes; `-P`: nothing is loaded from where we happen to stand.
    """
    script = sys.argv[0]
    known = os.path.basename(script) == asked.ENGINE[0] and os.path.isabs(script)
    return [sys.executable, "-P", *([script] if known else ["-m", "engine"])]


def check(far: str, only: str) -> None:
    """Raise Reject unless the directory `far` is an agent's mount, ours or the one that glusterd
    made for this user, or georep's own in a directory, and that of the volume or directory `only`.
    """
    if far.startswith(asked.MOUNTS) or f"/user{os.geteuid()}/mtpt-" in far:
        fits = _mounted(far, only)
    else:
        fits = only in ("", far.removesuffix(f"/{asked.OWN}")) and _identified(far)
    if not fits:
        raise Reject(f"This key was refused: {far} is no place that it is for")


def _mounted(far: str, volume: str) -> bool:
    """Whether `volume`, or any, is mounted right at `far`."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            mount, _, what = line.partition(" - ")
            kind, source, *_ = what.split(" ")
            if mount.split(" ")[4] == far and kind == "fuse.glusterfs":
                return volume in ("", source.partition(":")[2].lstrip("/"))
    return False


def _identified(far: str) -> bool:
    """Whether `far` is georep's own, of a directory that was made a secondary."""
    try:
        held = os.open(far, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.stat(_IDENTITY, dir_fd=held, follow_symlinks=False)
        finally:
            os.close(held)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
