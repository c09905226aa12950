"""Bytes that threads and agents hold against each other."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.item import ROOT, Place
from engine.secondary.locks import STRIPES, LockFile, stripe

OTHER = """
import os, sys
from engine.secondary.locks import LockFile
lock = LockFile(os.fsencode(sys.argv[1]))
claimed = lock.claim(sys.argv[2], 0)
print(claimed, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[LockFile]:
    made = LockFile(os.fsencode(tmp_path / "lock"))
    yield made
    made.close()


def test_what_hashes_stays_within_the_file() -> None:
    keys = [Place(ROOT, b"%d" % n) for n in range(1000)]
    assert all(0 <= stripe(key) < STRIPES for key in (ROOT, *keys))
    assert len({stripe(key) for key in keys}) > 0.9 * STRIPES


def test_a_thread_waits_for_another(lock: LockFile) -> None:
    said: list[str] = []

    def other() -> None:
        with lock.holding(2, 1):
            said.append("other")

    with lock.holding(1, 2, 1):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        said.append("first")
    thread.join()
    assert said == ["first", "other"]


def test_one_call_is_under_way_at_a_time(lock: LockFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GlusterFS client answers nobody any more when two of a killed process are interrupted."""
    lockf, under_way, most = fcntl.lockf, list[int](), list[int]()

    def slow(*args: int) -> None:
        under_way.append(args[3])
        most.append(len(under_way))
        time.sleep(0.005)
        lockf(*args)
        under_way.remove(args[3])

    def hold(stripe: int) -> None:
        with lock.holding(stripe, stripe + 10):
            pass

    monkeypatch.setattr(fcntl, "lockf", slow)
    threads = [threading.Thread(target=hold, args=(stripe,)) for stripe in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(most), len(most)) == (1, 20)


def test_nobody_waits_in_the_kernel(lock: LockFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a mount a killed process would keep its locks until that wait ends."""
    lockf, asked = fcntl.lockf, list[int]()
    refused = [errno.EAGAIN, errno.EAGAIN]

    def busy(*args: int) -> None:
        asked.append(args[1])
        if args[1] != fcntl.LOCK_UN and refused:
            raise OSError(refused.pop(), "so it seems")
        lockf(*args)

    monkeypatch.setattr(fcntl, "lockf", busy)
    with lock.holding(7):
        assert refused == []
    assert asked == [fcntl.LOCK_EX | fcntl.LOCK_NB] * 3 + [fcntl.LOCK_UN]
    refused.append(errno.ENOLCK)
    with pytest.raises(OSError, match="so it seems"), lock.holding(7):
        pass
    with lock.holding(7):
        pass


@pytest.mark.parametrize(
    ("worker", "free"), [("s n:/b1", False), ("s n:/b2", True)], ids=["the same", "another"]
)
def test_one_agent_of_a_worker_until_it_ends(
    lock: LockFile, tmp_path: Path, worker: str, *, free: bool
) -> None:
    argv = [sys.executable, "-c", OTHER, str(tmp_path / "lock"), "s n:/b1"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as older:
        assert older.stdout is not None
        assert older.stdout.readline() == b"True\n"
        assert lock.claim(worker, 0) is free
        older.kill()
    assert lock.claim(worker, 10)
