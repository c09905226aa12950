"""What keeps a GlusterFS client: it ends with it, and has it end when its owner is through."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.gluster import mount
from engine.lab.hosts import until

GRACE = 5
"""Seconds that what hangs has here."""


class Kept:
    """A shell in a client's place, and what keeps it."""

    def __init__(self, words: str) -> None:
        script = mount._KEEPER.replace(f"sleep {mount._GRACE}", f"sleep {GRACE}")
        self.keeper = subprocess.Popen(
            ["sh", "-c", script, "kept", "sh", "-c", words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    def release(self) -> None:
        """Be an owner of whom nothing lives any more."""
        assert self.keeper.stdin is not None
        self.keeper.stdin.close()

    def group(self) -> list[int]:
        """Return who is in the process group and lives."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.keeper.pid and fields[0] != "Z":
                found.append(int(folder.name))
        return found

    def await_nobody(self) -> None:
        """Wait until nobody is left in the group, whoever is told so when the keeper ends."""
        until("the end of all", lambda: self.group() == [])

    def catches(self) -> bool:
        """Whether TERM is something that it has heard of."""
        status = Path(f"/proc/{self.keeper.pid}/status").read_text()
        (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    ready = tmp_path / "ready"
    made = Kept(f"trap 'exit 15' TERM; touch {ready}; while :; do sleep 0.05; done")
    try:
        until("both", lambda: ready.exists() and made.catches())
        yield made
    finally:
        if made.keeper.poll() is None:
            os.killpg(made.keeper.pid, signal.SIGKILL)
        made.keeper.wait()
        made.release()


def test_a_client_ends_when_its_owner_has_gone(kept: Kept) -> None:
    kept.release()
    kept.keeper.wait(20)
    kept.await_nobody()


def test_who_is_killed_has_time_for_what_is_under_way(kept: Kept) -> None:
    """The main thread has ended, and others still wait for the mount: the pipe is open."""
    kept.keeper.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        kept.keeper.wait(1)
    kept.release()
    kept.keeper.wait(GRACE - 1)  # not only after the time that what hangs has
    kept.await_nobody()


def test_who_hangs_in_a_mount_does_not_keep_it_for_ever(kept: Kept) -> None:
    kept.keeper.send_signal(signal.SIGTERM)
    kept.keeper.wait(60)
    kept.await_nobody()


@pytest.mark.parametrize("words", ["exit 0", "exit 1", "exit 137", "kill -KILL $$"])
def test_it_ends_with_its_client(words: str) -> None:
    made = Kept(words)
    try:
        made.keeper.wait(20)
        made.await_nobody()
    finally:
        made.release()
