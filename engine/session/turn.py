"""Whose turn it is: Active or Passive, by the node the volume names, and one worker of a set on a
node.
"""

import fcntl
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.events import Role
from engine.gluster.volume import Brick
from engine.primary import election
from engine.primary.meta_lock import MetaLock


@dataclass(frozen=True, slots=True)
class Decision:
    """A role and why."""

    role: Role
    reason: str


class Turn:
    """The election of one brick's worker. All calls block."""

    def __init__(
        self, folder: Path, brick: Brick, hosts: Mapping[str, str], meta: MetaLock | None = None
    ) -> None:
        """`folder` is the session's state on this node; the lock of the replica set lies there.
        `hosts`: what each node is called, by its uuid. `meta`: elects instead of the volume.
        """
        self._meta, self._hosts = meta, hosts
        self._node, self._brick = brick.host_uuid, brick.root
        self._host, self._met = socket.gethostname(), False
        number = brick.subvolume
        self._path = folder / f"subvolume-{number}.lock"
        self._number = number
        self._lock: int | None = None

    def decide(self, mount: bytes) -> Decision:
        """Elect; the lock is held from an Active answer on, until `release`."""
        elected, reason = self._elected(mount)
        if not elected:
            self.release()
            return Decision(Role.PASSIVE, reason)
        if not self._take():
            return Decision(
                Role.PASSIVE, f"another brick of subvolume {self._number} on this node is Active"
            )
        return Decision(Role.ACTIVE, reason)

    def still(self, mount: bytes) -> bool:
        """Whether an Active worker still is the elected one."""
        return self._elected(mount)[0]

    def comes(self, mount: bytes) -> bool:
        """Whether a Passive worker is to become Active."""
        return self._elected(mount)[0] and self._take()

    def release(self) -> None:
        """Let another worker of this set have its turn."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._meta is not None:
            self._meta.release()

    def _elected(self, mount: bytes) -> tuple[bool, str]:
        if self._meta is not None:
            return self._locked(self._meta, mount)
        outcome = election.elect(mount, self._node, self._hosts)
        if outcome.active and self._is_down(mount):
            return False, "its own brick is down"
        return outcome.active, outcome.reason

    def _locked(self, meta: MetaLock, mount: bytes) -> tuple[bool, str]:
        if self._is_down(mount):
            meta.release()
            return False, "its own brick is down"
        if meta.take():
            return True, "it has the lock of its replica set on the meta volume"
        return False, "another one has the lock of its replica set on the meta volume"

    def _is_down(self, mount: bytes) -> bool:
        """Whether the own brick answered once, and does so no more.

        Who was never told of may be told of under a name that we do not know.
        """
        answers = election.answers(mount, {self._host, socket.gethostname()}, self._brick)
        self._met |= answers is True
        return self._met and answers is False

    def _take(self) -> bool:
        if self._lock is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
            self._lock = lock
        return True
