"""Mounts that glusterd makes for an ordinary user (`engine.gluster.broker`), and what is left of
them.

Such a mount is nobody's child, so the kernel ends it with nobody. A keeper does, a process of its
own for each mount: it asks for the mount, notes it, waits until whoever started it has ended, and
has it unmounted. What a keeper that was killed has left is found by its note. The gluster command
itself writes the path there, so one that was asked for by a keeper that is no more is noted, too.
"""

import contextlib
import fcntl
import json
import os
import pwd
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from engine.errors import GeorepError, Retry, Stop, Usage
from engine.gluster import broker, mount, volume, xattrs

KEEPER = "keep-mount"
"""How `georep-engine` is told to be one."""
_PATIENCE = 60.0
_LAZY_AFTER = 20.0
"""Seconds in which those who still have files open in a mount may close them."""
_ROOM = 4096
"""Bytes of a note: taken before there is a mount, for a full disk must not swallow its path."""


class Brokered:
    """One volume, mounted by glusterd. `start` and `stop` block; `root` is valid between them."""

    def __init__(self, name: str, *, level: str = "INFO", privileged: bool = False) -> None:
        """`privileged`: as client-pid -1; see `engine.gluster.mount.needs_privilege`."""
        self._volume, self._level, self._privileged = name, level.upper(), privileged
        self.root = b""
        self._keeper: subprocess.Popen[bytes] | None = None
        self._client: tuple[int, int] | None = None
        """Process and birth of the GlusterFS client, where it can be seen."""

    def start(self, timeout: float) -> None:
        """Have it mounted, and wait until every subvolume is up; GeorepError with glusterd's own
        words if not.
        """
        clean()
        words = [self._volume, "privileged" if self._privileged else "plain", self._level]
        self._keeper = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine", KEEPER, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # The login ends when nobody has its stderr any more, and the keeper outlives it.
            stderr=subprocess.DEVNULL,
            # Neither a closed terminal nor the end of a login reaches it.
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + timeout
            path = self._told(timeout)
            self.root = os.fsencode(_behind(path))
            self._client = _client(self.root)
            self._await_ready(deadline, timeout)
        except BaseException:
            self.stop()
            raise

    def alive(self) -> bool:
        """Whether client and keeper still run."""
        kept = self._keeper is not None and self._keeper.poll() is None
        return kept and (self._client is None or mount.birth(self._client[0]) == self._client[1])

    def stop(self) -> None:
        """Have it unmounted as soon as nobody has a file open in it, us included."""
        if self._keeper is not None and self._keeper.stdin is not None:
            with contextlib.suppress(OSError):
                self._keeper.stdin.close()
            # What we have open ourselves keeps it waiting, until we end.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(1)

    def kill(self) -> None:
        """Leave it: the client is root's, and its keeper has it unmounted when we end."""

    def _told(self, timeout: float) -> str:
        """Return the path that the keeper tells; its trouble is ours."""
        assert self._keeper is not None
        assert self._keeper.stdout is not None
        with self._keeper.stdout as said_there:
            ready, _, _ = select.select([said_there], [], [], timeout)
            line = said_there.readline() if ready else b""
        said = json.loads(line) if line.endswith(b"\n") else {"words": "", "cause": ""}
        if "path" in said:
            return str(said["path"])
        raise Stop(
            said["words"] or "the mount of the secondary volume was not made in time",
            cause=said["cause"] or "mount failed",
            fix=said.get("fix", "See there: /var/log/glusterfs/glusterd.log"),
            evidence=said.get("evidence", ""),
        )

    def _await_ready(self, deadline: float, timeout: float) -> None:
        while not _up(self.root):
            if time.monotonic() > deadline or not self.alive():
                raise Retry(
                    f"volume {self._volume} was not ready within {timeout:.0f} s",
                    cause="bricks down",
                    fix=f"See which bricks are down: gluster volume status {self._volume}",
                )
            time.sleep(0.02)


def keep(argv: Sequence[str]) -> int:
    """Be a keeper: mount, tell the path on stdout, wait for the end of stdin, unmount."""
    match list(argv):
        case [name, "privileged" | "plain" as how, level]:
            pass
        case _:
            raise Usage(f"{KEEPER} has three arguments", fix="It is started by an agent.")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        with _noted(name, level, privileged=how == "privileged") as path:
            with contextlib.suppress(BrokenPipeError):
                _say({"path": path})
            while os.read(0, 4096):
                pass
            _unmount(path, patience=_LAZY_AFTER)
    except (GeorepError, OSError) as error:
        with contextlib.suppress(BrokenPipeError):
            _tell(error)
        return 1
    with contextlib.suppress(GeorepError, OSError):
        clean()
    return 0


@contextlib.contextmanager
def _noted(name: str, level: str, *, privileged: bool) -> Iterator[str]:
    """Give the path of a mount that is noted meanwhile; the note is there before the mount, and
    stays when the body fails.

    It is locked by us and by the gluster command that writes it, so until both have ended.
    """
    user = pwd.getpwuid(os.geteuid()).pw_name
    label = broker.label(user, name)
    note = _notes() / f"{label}.{mount.owner()}"
    with open(note, "xb+", opener=_private) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, _ROOM)
            fcntl.flock(file, fcntl.LOCK_EX)
            _mount(label, name, user, level, privileged=privileged, note=file)
            path = _noted_in(file)
        except BaseException:
            if not _noted_in(file):
                note.unlink()
            raise
        yield path
        note.unlink()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _noted_in(note: IO[bytes]) -> str:
    """Return the path that is noted; empty as long as there is none."""
    note.seek(0)
    path = os.fsdecode(note.read().partition(b"\n")[0].strip(b"\0"))
    return path if path.startswith("/") else ""


def _behind(path: str) -> str:
    """Return where the mount is that glusterd told as `path`, a symlink, without asking the mount:
    while its client hangs, nobody comes back from that.
    """
    with contextlib.suppress(OSError):  # glusterd may have taken it away
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def clean() -> list[str]:
    """Unmount what keepers that were killed have left; return what could not be."""
    stuck: list[str] = []
    known: set[str] = set()
    making, before = False, _brokered()
    for name in sorted(_notes().iterdir()):
        try:
            with open(name, "rb+") as note:
                free = not mount.owned(name.name) and _free(note)
                path = _noted_in(note)
                if path:
                    known.add(_behind(path))
                if free:
                    _unmount_left(name, path)
                making = making or not (path or free)
        except FileNotFoundError:
            making = True  # it went just now
        except GeorepError as error:
            stuck.append(error.words)
    return stuck if making else [*stuck, *map(_unknown, sorted((before & _brokered()) - known))]


def _free(note: IO[bytes]) -> bool:
    """Whether nobody keeps, writes or cleans what is noted; it is ours until the note is closed."""
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unmount_left(note: Path, path: str) -> None:
    label = note.name.rsplit(".", 2)[0]
    # After a restart of the host the path may be nobody's, or another's.
    if path and broker.mounted_for(_behind(path), os.geteuid(), label):
        _unmount(path, patience=0)
    note.unlink(missing_ok=True)


def _unknown(path: str) -> str:
    """Say what is known of a mount that nobody could note: who asked for it was killed, all of
    them.
    """
    return f"{path} was left by an agent that was killed; on that host, as root: umount {path}"


def _brokered() -> set[str]:
    """Return where glusterd has mounted something for an agent of this user."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        paths = {line.split()[4] for line in lines}
    return {path for path in paths if broker.mounted_for(path, os.geteuid(), broker.PREFIX)}


def _mount(
    label: str, name: str, user: str, level: str, *, privileged: bool, note: IO[bytes]
) -> None:
    """Have glusterd mount `name`; the path is written into `note` by whom glusterd tells it."""
    wanted = broker.request(user, name, level=level, privileged=privileged)
    words = ("system::", "mount", label, *wanted)
    code, _, said = volume.command(words, _PATIENCE, stdout=note)
    if code or not _noted_in(note):
        raise Stop(
            f"glusterd on the secondary does not mount {name} for {user}",
            cause="mountbroker refuses",
            fix=f"On each node there, as root: georep-engine mountbroker {user} {name}, then "
            "systemctl restart glusterd.",
            evidence=said,
        )


def _unmount(path: str, *, patience: float) -> None:
    """Have glusterd unmount; Retry when it does not. After `patience` seconds, if there are any,
    what is open in it is left to close by itself.
    """
    deadline = time.monotonic() + patience
    while True:
        lazy = ["lazy"] if patience and time.monotonic() > deadline else []
        code, _, words = volume.command(("system::", "umount", path, *lazy), _PATIENCE)
        if not code or not os.path.lexists(path):
            return
        if lazy or not patience:
            raise Retry(
                f"{path} cannot be unmounted: {words}",
                cause="mount stuck",
                fix=f"See who uses it: fuser -vm {path}",
            )
        time.sleep(0.2)


def _notes() -> Path:
    """Return the folder of what keepers note, one file for each mount."""
    folder = Path.home() / ".local/state/georep/mounts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _up(root: bytes) -> bool:
    try:
        return (xattrs.get(root, b"dht.subvol.status") or b"").startswith(b"1")
    except OSError:
        return False


def _client(root: bytes) -> tuple[int, int] | None:
    """Return the process that serves the mount at `root`, with its birth; None if it is hidden."""
    for pid in _processes():
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if root in words[1:]:
                return pid, mount.birth(pid)
    return None


def _processes() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _tell(error: GeorepError | OSError) -> None:
    if isinstance(error, GeorepError):
        said = {"words": error.words, "cause": error.cause, "fix": error.fix}
        _say({**said, "evidence": error.evidence})
    else:
        where = f"{error.filename}: " if error.filename else ""
        _say({"words": f"the agent cannot note its mount: {where}{error.strerror}", "cause": ""})


def _say(told: dict[str, str]) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")
