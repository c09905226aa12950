"""Whose turn it is, by a lock on a volume that all nodes have mounted: gsyncd's meta volume.

The file and the kind of lock are gsyncd's, so a session of its own of the same two volumes is kept
out as well. All calls block: run them in threads.
"""

import errno
import fcntl
import os
from pathlib import Path

from engine.errors import Stop

_HELD = frozenset({errno.EACCES, errno.EAGAIN})


class MetaLock:
    """The lock of one replica set; the process that has it is Active."""

    def __init__(self, mounted: Path, *, primary: str, secondary: str, subvolume: int) -> None:
        """`mounted`: where the meta volume is; `primary`, `secondary`: the volumes' uuids;
        `subvolume`: the number of the set, from 0 on.
        """
        self._mounted = mounted
        self._path = mounted / "geo-rep" / f"{primary}_{secondary}_subvol_{subvolume + 1}.lock"
        self._file: int | None = None

    def take(self) -> bool:
        """Take it, or make sure that it still is ours; Stop when nothing is mounted there.

        A client that was cut off from the bricks may have lost it without a word, so it is asked
        for each time; whoever has it gets it again.
        """
        if not os.path.ismount(self._mounted):
            self.release()
            raise Stop(
                f"nothing is mounted at {self._mounted}, where use-meta-volume expects a volume",
                cause="meta volume missing",
                fix="Mount it there on every node: "
                "gluster volume set all cluster.enable-shared-storage enable; or reset "
                "use-meta-volume.",
            )
        try:
            if self._file is None:
                self._path.parent.mkdir(exist_ok=True)
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            if error.errno in _HELD:
                return False
            raise
        return True

    def release(self) -> None:
        """Let another one have it; harmless when it is not ours."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
