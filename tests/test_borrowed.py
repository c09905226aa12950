"""What the kernel lets only an owner do is done as the owner, for one call."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.secondary import borrowed

ME, OTHER = 61234, 61235
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture(autouse=True)
def _ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: ME)


def for_owners(path: bytes, act: Callable[[], None]) -> Callable[[], None]:
    """Return what the kernel does where only an owner may."""

    def call() -> None:
        if os.lstat(path).st_uid != ME:
            raise PermissionError(errno.EPERM, "not yours", path)
        act()

    return call


def made(at: Path, kind: str) -> bytes:
    """Make an object that belongs to another user."""
    path = os.fsencode(at / kind)
    match kind:
        case "symlink":
            os.symlink("nowhere", path)
        case "fifo":
            os.mkfifo(path)
        case "directory":
            os.mkdir(path)
        case _:
            Path(os.fsdecode(path)).touch()
    os.chown(path, OTHER, OTHER, follow_symlinks=False)
    if kind == "suid":
        os.chmod(path, 0o6755)
    return path


@pytest.mark.parametrize("kind", ["suid", "symlink", "fifo"])
def test_a_link_leaves_owner_and_mode_as_they_were(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    before = os.lstat(path)
    borrowed.doing(
        path, for_owners(path, lambda: os.link(path, path + b"2", follow_symlinks=False))
    )
    after = os.lstat(path + b"2")
    assert after.st_nlink == 2
    assert (after.st_uid, after.st_gid, after.st_mode) == (OTHER, OTHER, before.st_mode)
    assert after.st_mtime_ns == before.st_mtime_ns


def test_a_mode_that_was_changed_meanwhile_stays(tmp_path: Path) -> None:
    path = made(tmp_path, "directory")
    borrowed.doing(path, for_owners(path, lambda: os.chmod(path, 0o1750)))
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o1750


def test_an_acl_s_mask_stays_when_setuid_comes_back(tmp_path: Path) -> None:
    path = made(tmp_path, "suid")
    borrowed.doing(path, for_owners(path, lambda: os.chmod(path, 0o775)))
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o6775


def test_what_fails_even_for_an_owner_fails_and_is_given_back(tmp_path: Path) -> None:
    path = made(tmp_path, "symlink")
    (tmp_path / "there").touch()
    there = os.fsencode(tmp_path / "there")
    with pytest.raises(FileExistsError):
        borrowed.doing(path, for_owners(path, lambda: os.link(path, there, follow_symlinks=False)))
    assert os.lstat(path).st_uid == OTHER


@pytest.mark.parametrize("number", [errno.EACCES, errno.ESTALE, errno.EEXIST])
def test_any_other_refusal_borrows_nothing(tmp_path: Path, number: int) -> None:
    path, seen = made(tmp_path, "fifo"), []

    def act() -> None:
        seen.append(os.lstat(path).st_uid)
        raise OSError(number, os.strerror(number))

    with pytest.raises(OSError, match=os.strerror(number)):
        borrowed.doing(path, act)
    assert seen == [OTHER]


def test_what_ends_meanwhile_is_given_back_to_nobody(tmp_path: Path) -> None:
    path = made(tmp_path, "symlink")
    borrowed.doing(path, for_owners(path, lambda: os.unlink(path)))
    assert not os.path.lexists(path)


def test_root_borrows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    path = made(tmp_path, "fifo")
    with pytest.raises(PermissionError):
        borrowed.doing(path, for_owners(path, lambda: None))
    assert os.lstat(path).st_uid == OTHER
