"""Mounts that glusterd makes for others: kept, noted, unmounted, and found when a keeper is killed.

A program in gluster's place mounts nothing; it makes the two paths that glusterd would.
"""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import Retry, Stop
from engine.gluster import brokered
from engine.gluster.brokered import KEEPER, Brokered

GLUSTER = r"""#!/bin/sh
while [ $# -gt 0 ]; do word=$1; shift; case $word in
mount)
    [ -e {root}/refuse ] && { echo "mount failed" >&2; exit 1; }
    while [ -e {root}/slow ]; do sleep 0.05; done
    mkdir -p {root}/hive {root}/user{uid}/mtpt-$1-abc
    ln -s {root}/user{uid}/mtpt-$1-abc {root}/hive/mnt1
    echo {root}/hive/mnt1; exit 0 ;;
umount)
    [ -e {root}/busy ] && [ "$2" != lazy ] && { echo busy >&2; exit 1; }
    rm {root}/hive/mnt1 && rmdir {root}/user{uid}/*; exit $? ;;
esac; done
exit 1
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a home, a glusterd that is none, and a volume that is up."""
    programs = tmp_path / "bin"
    programs.mkdir()
    gluster = programs / "gluster"
    text = GLUSTER.replace("{root}", str(tmp_path)).replace("{uid}", str(os.geteuid()))
    gluster.write_text(text)
    gluster.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(brokered, "_up", lambda _root: True)
    yield tmp_path
    brokered.clean()


def mounted(world: Path) -> bool:
    return (world / "hive/mnt1").is_symlink()


def notes(world: Path) -> list[Path]:
    return sorted((world / ".local/state/georep/mounts").iterdir())


def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it never came so")


def begun(world: Path) -> Brokered:
    made = Brokered("svol")
    made.start(30)
    assert mounted(world)
    return made


def test_it_is_unmounted_when_it_is_stopped(world: Path) -> None:
    made = begun(world)
    assert made.root.endswith(b"/mtpt-georep-root-svol-abc")
    assert len(notes(world)) == 1
    assert made.alive()
    assert brokered.clean() == []
    assert mounted(world)
    made.stop()
    until(lambda: not mounted(world) and not notes(world))
    assert not made.alive()


def test_it_is_unmounted_when_its_owner_is_killed(world: Path) -> None:
    code = (
        "import time; from engine.gluster import brokered; brokered._up = lambda _: True\n"
        "brokered.Brokered('svol').start(30); print(flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    owner.stdout.readline()
    assert mounted(world)
    owner.kill()
    owner.communicate()
    until(lambda: not mounted(world) and not notes(world))


def test_what_a_killed_keeper_has_left_is_found(world: Path) -> None:
    made = begun(world)
    assert made._keeper is not None
    made._keeper.send_signal(signal.SIGTERM)
    assert made.alive(), "a signal that ends others does not end it"
    made._keeper.kill()
    made._keeper.wait()
    assert not made.alive()
    made.stop()
    (world / "busy").touch()
    (words,) = brokered.clean()
    assert "cannot be unmounted: busy" in words
    assert mounted(world)
    (world / "busy").unlink()
    assert brokered.clean() == []
    assert not mounted(world)
    assert notes(world) == []


def test_a_mount_that_hangs_is_not_asked(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = begun(world)
    real = os.lstat

    def lstat(path: str | bytes, **more: int) -> os.stat_result:
        assert b"mtpt-" not in os.fsencode(path), "nobody comes back from that"
        return real(path, **more)

    monkeypatch.setattr(os, "lstat", lstat)
    assert brokered.clean() == []
    assert made._keeper is not None
    made._keeper.kill()
    made._keeper.wait()
    made.stop()
    (world / "busy").touch()
    (words,) = brokered.clean()
    assert "cannot be unmounted: busy" in words


def asked(world: Path) -> Brokered:
    """Have the keeper of a mount killed while glusterd is still at it."""
    (world / "slow").touch()
    made = Brokered("svol")

    def start() -> None:
        with pytest.raises(Stop):
            made.start(30)

    starting = threading.Thread(target=start)
    starting.start()
    until(lambda: bool(made._keeper and notes(world)))
    assert made._keeper is not None
    time.sleep(0.5)  # so that the command is there
    made._keeper.kill()
    starting.join()
    return made


def test_a_keeper_that_is_killed_while_it_mounts_has_noted_it(world: Path) -> None:
    asked(world)
    assert brokered.clean() == []
    assert len(notes(world)) == 1, "the command still is at it"
    (world / "slow").unlink()
    until(lambda: mounted(world))
    until(lambda: brokered.clean() == [] and not mounted(world))
    assert notes(world) == []


def test_who_unmounts_leaves_nothing_of_others(world: Path) -> None:
    """Nobody may come after: a session that is stopped leaves no mount."""
    made = begun(world)
    left = world / ".local/state/georep/mounts/georep-root-other.1.1"
    left.touch()
    made.stop()
    until(lambda: not notes(world))


def test_a_note_has_its_room_before_there_is_a_mount(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"), brokered._noted("svol", "INFO", privileged=True):
        pytest.fail("it is mounted")
    assert not mounted(world)
    assert notes(world) == []


def test_who_is_still_in_it_is_waited_for_and_then_left(
    world: Path,
) -> None:
    (world / "busy").touch()
    made = begun(world)
    made.stop()
    path = str(world / "hive/mnt1")
    assert mounted(world)
    with pytest.raises(Retry, match="busy"):
        brokered._unmount(path, patience=0)
    brokered._unmount(path, patience=0.1)
    assert not mounted(world)
    assert made._keeper is not None
    assert made._keeper.wait(60) == 0


def test_a_note_from_before_a_restart_unmounts_nobody_elses(world: Path) -> None:
    brokered._notes()
    other = world / f"user{os.geteuid() + 1}/mtpt-georep-eve-svol-xyz"
    other.mkdir(parents=True)
    (world / "hive").mkdir()
    (world / "hive/mnt1").symlink_to(other)
    note = world / ".local/state/georep/mounts/georep-root-svol.1.1"
    note.write_text(str(world / "hive/mnt1"))
    assert brokered.clean() == []
    assert not note.exists()
    assert mounted(world)
    (world / "hive/mnt1").unlink()


def test_what_nobody_could_note_is_told(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = f"/r/user{os.geteuid()}/mtpt-georep-geo-svol-abc"
    monkeypatch.setattr(brokered, "_brokered", lambda: {lost})
    (words,) = brokered.clean()
    assert f"as root: umount {lost}" in words
    made = begun(world)
    monkeypatch.setattr(brokered, "_brokered", lambda: {os.fsdecode(made.root)})
    assert brokered.clean() == []
    made.stop()
    until(lambda: not notes(world))


def test_glusterd_s_no_has_its_words_and_the_next_step(world: Path) -> None:
    (world / "refuse").touch()
    with pytest.raises(Stop) as caught:
        Brokered("svol").start(30)
    assert caught.value.cause == "mountbroker refuses"
    assert "georep-engine mountbroker root svol" in caught.value.fix
    assert "mount failed" in caught.value.evidence
    assert notes(world) == []


def test_a_home_that_cannot_be_written_is_told(
    world: Path,
) -> None:
    (world / ".local").touch()
    with pytest.raises((Stop, OSError), match=r"\.local"):
        Brokered("svol").start(30)
    (world / ".local").unlink()


def test_a_keeper_is_started_by_agents_alone() -> None:
    argv = [sys.executable, "-m", "engine", KEEPER]
    said = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "started by an agent" in said.stderr
