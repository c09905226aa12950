"""Mounts of a volume with gfid access, each by a glusterfs process that dies with us, and not
before what it was told is done.
"""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import GeorepError, Retry, Stop
from engine.gluster import xattrs
from engine.gluster.volume import Volume

RUN = Path("/run/georep")
"""0700; every mount of every engine and agent of this machine is below it."""

FRESH = (
    # A level-triggered reader must never be told what was true a second ago: kernel and client
    # caches off.
    "--attribute-timeout=0",
    "--entry-timeout=0",
    "--negative-timeout=0",
    # Not what the manual page says is the default: when it is not said, the kernel's pages of a
    # file stay when it is opened again, and a read can give what was there before.
    "--fopen-keep-cache=off",
    "--xlator-option=*-md-cache.md-cache-timeout=0",
    "--xlator-option=*-quick-read.cache-timeout=0",
    "--xlator-option=*-io-cache.cache-timeout=0",
)
"""What switches every cache between a volume and us off."""
THOROUGH = "--xlator-option=*-dht.lookup-optimize=off"
"""What makes a mount look for a name on every brick before it says that there is none; see
`GlusterTarget.link`. It mends, for everybody, what looking has found so.
"""
_GRACE, _LAST = 60, 20
"""Seconds that calls of a killed owner have to come back in, which is longer than a client waits
for a brick that hangs (network.ping-timeout, 42 s), and a client to end in.
"""
_PATIENCE = 5
"""Seconds that a client has to end in whose owner lives, and has nothing under way."""
_KEEPER = f"""
exec 3<&0 </dev/null
"$@" 3<&- &
client=$!
end() {{ kill $client; sleep {_LAST}; kill -KILL $client; }}
{{ read -r _; end; }} <&3 &
exec 3<&-
trap '{{ sleep {_GRACE}; end; }} &' TERM
while wait $client; [ $? -gt 128 ] && kill -0 $client; do :; done
kill -KILL 0
"""
"""What starts a client, and ends with it; the shell's arguments are the client's.

Its stdin is open as long as anything of the owner lives: also a call on the mount that the client
is still at, for the kernel lets nobody die in one. A client that ends in the middle of a rename
leaves one directory at two places: each brick has its own. TERM comes when the owner's main thread
has ended. All of it is a process group, which `kill 0` means.
"""


class Mount:
    """One mounted volume. `start` and `stop` block; `root` is valid between them."""

    def __init__(
        self,
        volume: str,
        *,
        label: str,
        log: Path,
        log_level: str = "INFO",
        privileged: bool = False,
        params: Sequence[str] = (),
        fresh: Sequence[str] = FRESH,
    ) -> None:
        """`privileged`: as client-pid -1; see `needs_privilege`. `params`: more arguments; what is
        said here wins over them. `fresh`: what keeps the mount from showing what was; who mounts
        what nobody changes can do with less.
        """
        self._volume, self._log, self._level = volume, log, log_level.upper()
        self._privileged = privileged
        self._params, self._fresh = tuple(params), tuple(fresh)
        label = "".join(c if c.isalnum() or c in "-_" else "_" for c in label)
        self.path = RUN / f"{label}.{owner()}"
        self.root = os.fsencode(self.path)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float) -> None:
        """Mount, and wait until every subvolume is up; GeorepError with the client's own words if
        not.

        Call it in the main thread: the client gets our death as a signal, and the kernel means the
        thread's.
        """
        RUN.mkdir(mode=0o700, exist_ok=True)
        RUN.chmod(0o700)
        clean()
        self.path.mkdir(mode=0o700)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        before = self._log.stat().st_size if self._log.exists() else 0
        command = [
            *("setpriv", "--pdeathsig", "TERM", "sh", "-c", _KEEPER, "georep-mount"),
            *(_glusterfs(), "--no-daemon", "--aux-gfid-mount", "--acl"),
            *self._params,
            *(["--client-pid=-1"] if self._privileged else []),
            *("--volfile-server=localhost", f"--volfile-id={self._volume}"),
            *(f"--log-level={self._level}", f"--log-file={self._log}"),
            *(THOROUGH, *self._fresh, str(self.path)),
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # So Ctrl-C on a terminal reaches us alone, and the mount is there until we stop it.
            process_group=0,
        )
        try:
            self._await_ready(time.monotonic() + timeout, timeout, before)
        except BaseException:
            self.stop()
            raise

    def alive(self) -> bool:
        """Whether the client process still runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Unmount and remove the mount point; harmless when nothing is mounted."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
                self._process.wait()
        _remove(self.path)

    def kill(self) -> None:
        """End the client at once: whoever waits for it gets an error, and bricks let go of what was
        locked through it. `stop` is still to be called.
        """
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _await_ready(self, deadline: float, timeout: float, before: int) -> None:
        assert self._process is not None
        while True:
            if self._process.poll() is not None:
                said = self._said(before)
                raise Stop(
                    f"the GlusterFS client could not mount volume {self._volume}",
                    cause="mount failed",
                    fix=f"See whether the volume is started and its name right: "
                    f"gluster volume info {self._volume}",
                    evidence=said,
                )
            if os.path.ismount(self.path) and self._subvolumes_up():
                return
            if time.monotonic() > deadline:
                raise Retry(
                    f"volume {self._volume} was not ready within {timeout:.0f} s",
                    cause="bricks down",
                    fix=f"See which bricks are down: gluster volume status {self._volume}",
                    evidence=self._said(before),
                )
            time.sleep(0.02)

    def _subvolumes_up(self) -> bool:
        try:
            return (xattrs.get(self.root, b"dht.subvol.status") or b"").startswith(b"1")
        except OSError:
            return False

    def _said(self, before: int) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(before)
                lines = log.read(1 << 20).decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        grave = [line for line in lines if "] E [" in line or "] C [" in line]
        return "\n".join((grave or lines)[-5:])


def needs_privilege(volume: Volume) -> bool:
    """Whether an ordinary client cannot do our work on `volume`: it is read-only, squashed or
    sharded.

    Else it is better left alone: bricks serve all clients with negative pids, thus -1, by a single
    thread.
    """
    options = ("features.read-only", "features.worm", "server.root-squash", "features.shard")
    return any(volume.switched_on(option) for option in options)


def clean() -> list[str]:
    """Unmount and remove what runs of dead processes left below RUN; return what could not be."""
    stuck: list[str] = []
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(RUN):
            if not owned(entry.name):
                try:
                    _remove(Path(entry.path))
                except GeorepError as error:
                    stuck.append(error.words)
    return stuck


def owned(name: str) -> bool:
    """Whether what is called LABEL.PID.BIRTH belongs to a process that lives, or to nobody."""
    _, pid, born = ("..." + name).rsplit(".", 2)
    return not (pid.isdigit() and born.isdigit()) or birth(int(pid)) == int(born)


def owner() -> str:
    """Return what stands behind the label in the name of what belongs to this process."""
    return f"{os.getpid()}.{birth(os.getpid())}"


def _remove(path: Path) -> None:
    if os.fspath(path) in _mounted():
        done = subprocess.run(["umount", path], capture_output=True, check=False)
        if done.returncode and os.fspath(path) in _mounted():
            words = done.stderr.decode("utf-8", "replace").strip()
            raise Retry(
                f"{path} cannot be unmounted: {words}",
                cause="mount stuck",
                fix=f"See who uses it: fuser -vm {path}",
            )
    try:
        # Only ever an empty directory: what would be a volume's root must never be walked.
        path.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        # The client of an owner that was killed may mount just now; it ends by itself.
        if error.errno != errno.EBUSY:
            raise


def _mounted() -> set[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        return {line.split()[4] for line in lines}


def birth(pid: int) -> int:
    """Return when `pid` was started, in clock ticks since boot; 0 when it is no more."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _glusterfs() -> str:
    found = shutil.which(
        "glusterfs", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    )
    if found is None:
        raise Stop(
            "the GlusterFS client is not installed on this machine",
            cause="glusterfs missing",
            fix="Install it: apt-get install glusterfs-client",
        )
    return found
