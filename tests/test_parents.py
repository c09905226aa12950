"""Directories are held for a moment, and never longer than they are good for."""

import errno
import os
from pathlib import Path

import pytest

from engine.item import Gfid
from engine.secondary import parents
from engine.secondary.parents import Parents

A, B = Gfid("a" * 36), Gfid("b" * 36)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("engine.secondary.parents.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def held(tmp_path: Path) -> Parents:
    (tmp_path / A).mkdir()
    return Parents(os.fsencode(tmp_path) + b"/")


def replace(folder: Path) -> None:
    """Put another directory in the place of A, which is removed."""
    (folder / A).rename(folder / "old")
    (folder / A).mkdir()
    (folder / A / "new").touch()


def names(held: Parents) -> list[str]:
    with held.within(A) as path:
        return os.listdir(os.fsdecode(path))


def test_one_is_found_once_and_anew_after_a_second(
    tmp_path: Path, held: Parents, clock: list[float]
) -> None:
    assert names(held) == []
    replace(tmp_path)
    assert names(held) == []
    clock[0] += parents.AGE
    assert names(held) == ["new"]


@pytest.mark.parametrize(
    ("code", "changing", "found"),
    [
        ("ESTALE", False, ["new"]),
        ("ESTALE", True, ["new"]),
        ("ENOENT", True, ["new"]),
        pytest.param("ENOENT", False, [], id="nobody has that name"),
        pytest.param("EEXIST", True, [], id="somebody has that name"),
    ],
)
def test_one_that_may_have_gone_is_found_anew(
    tmp_path: Path, held: Parents, clock: list[float], code: str, changing: bool, found: list[str]
) -> None:
    assert names(held) == []
    replace(tmp_path)
    with pytest.raises(OSError, match="no"), held.within(A, changing=changing):
        raise OSError(getattr(errno, code), "no")
    assert names(held) == found


def test_what_is_not_there_or_no_directory_is_refused(tmp_path: Path, held: Parents) -> None:
    with pytest.raises(FileNotFoundError), held.within(B):
        pass
    (tmp_path / B).touch()
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(NotADirectoryError), held.within(B):
        pass
    assert len(os.listdir("/proc/self/fd")) == before, "a file is not held"


def test_those_that_are_old_go_with_the_next(
    tmp_path: Path, held: Parents, clock: list[float]
) -> None:
    (tmp_path / B).mkdir()
    names(held)
    before = len(os.listdir("/proc/self/fd"))
    clock[0] += parents.AGE
    with held.within(B):
        pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_oldest_go_and_nothing_stays_open(
    tmp_path: Path, held: Parents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parents, "MOST", 2)
    before = len(os.listdir("/proc/self/fd"))
    for name in "cdefg":
        (tmp_path / (name * 36)).mkdir()
        with held.within(Gfid(name * 36)):
            pass
    assert len(os.listdir("/proc/self/fd")) == before + 2
    held.close()
    assert len(os.listdir("/proc/self/fd")) == before
