"""What is looked up and what is asked must agree; what they tell where they do not."""

import errno
import os
from pathlib import Path
from stat import S_IFREG

import pytest

from engine.gluster import agreed, objects, statx
from engine.gluster.agreed import LOOKS, Told, scattered
from engine.gluster.held import Held

NOW = Told(0o100600, 5, 6, 7, 9)
OLD_MODE, OLD_TIME = NOW._replace(mode=0o100644), NOW._replace(mtime=8)
OLD_SIZE = NOW._replace(size=3)


@pytest.mark.parametrize(
    ("found", "asked", "expected"),
    [
        pytest.param([NOW] * 3, [OLD_MODE] * 3, False, id="attributes are to be healed"),
        pytest.param([NOW] * 3, [OLD_TIME] * 3, False, id="a time is to be healed"),
        pytest.param([OLD_SIZE] * 3, [OLD_MODE] * 3, True, id="one has these, another those"),
        pytest.param([OLD_SIZE, NOW, NOW], [OLD_MODE] * 3, False, id="a look-up has crossed"),
        pytest.param([NOW] * 3, [OLD_SIZE, OLD_MODE, OLD_SIZE], False, id="it is written"),
    ],
)
def test_where_attributes_and_content_are_on_different_copies(
    found: list[Told], asked: list[Told], expected: bool
) -> None:
    assert scattered(found, asked) is expected


def test_what_agrees_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.fsencode(tmp_path / "f")
    (tmp_path / "f").write_bytes(b"content")
    looks = _telling(monkeypatch, found=[], asked=[])
    held, status = agreed.look(path)
    assert (held.status().st_ino, status) == (os.lstat(path).st_ino, os.lstat(path))
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("found", "asked", "mode", "looks"),
    [
        pytest.param([0o600], [0o644], 0o600, LOOKS, id="a copy is to be healed"),
        pytest.param([0o644, 0o600], [0o600], 0o600, 2, id="a look-up crossed another"),
        pytest.param([0o7600], [0o4600], 0o4600, 1, id="what mounts hide"),
        pytest.param([0o7600], [0o7600], 0o7600, 1, id="what they do not, where nothing moves"),
        pytest.param([0o7600], [0o4644], 0o4600, LOOKS, id="what they hide, and a heal"),
    ],
)
def test_what_does_not_agree_is_looked_at_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: list[int],
    asked: list[int],
    mode: int,
    looks: int,
) -> None:
    (tmp_path / "f").touch()
    made = _telling(monkeypatch, found=found, asked=asked)
    _, status = agreed.look(os.fsencode(tmp_path / "f"))
    assert (status.st_mode & 0o7777, len(made)) == (mode, looks)


def test_what_no_copy_has_as_a_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    real = statx.known
    monkeypatch.setattr(statx, "known", lambda file: _with(real(file), size=3))
    with pytest.raises(OSError, match="heals of its content and of its attributes") as caught:
        agreed.look(os.fsencode(tmp_path / "f"))
    assert caught.value.errno == errno.EBUSY


@pytest.mark.parametrize(
    ("looked_up", "asked", "mode", "sure"),
    [
        pytest.param([0o600], [0o600], 0o600, True, id="they agree"),
        pytest.param([0o644, 0o600], [0o600], 0o600, True, id="they agree at last"),
        pytest.param([0o600], [0o644], 0o600, False, id="a copy is to be healed"),
    ],
)
def test_who_changes_it_knows_whether_to_look_up_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    looked_up: list[int],
    asked: list[int],
    mode: int,
    sure: bool,
) -> None:
    (tmp_path / "f").touch()
    _telling(monkeypatch, found=looked_up, asked=asked)
    _, status, said = agreed.look_to_change(os.fsencode(tmp_path / "f"))
    assert (status.st_mode & 0o7777, said) == (mode, sure)
    assert status.st_mtime_ns == (tmp_path / "f").stat().st_mtime_ns


def test_where_files_are_in_pieces_sizes_and_times_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look-ups tell them as they were once; modes are right."""
    (tmp_path / "f").write_bytes(b"content")
    os.utime(tmp_path / "f", ns=(0, 5_000_000_001))
    real = statx.known
    told = {"mode": S_IFREG | 0o600, "size": 3, "mtime": 7_000_000_001}
    monkeypatch.setattr(statx, "known", lambda file: statx.altered(real(file), **told))
    path = os.fsencode(tmp_path / "f")
    for found in (agreed.look(path, pieces=True)[1], agreed.look_to_change(path, pieces=True)[1]):
        shown = objects.attributes(found)
        assert (shown.mode, shown.size, shown.mtime) == (S_IFREG | 0o600, 7, 5_000_000_001)


@pytest.mark.parametrize("mtime", [5_000_000_001, 7_000_000_001], ids=["a time", "the other"])
def test_what_is_scattered_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mtime: int
) -> None:
    """It has the attributes of one copy, and the size of the other; a time only if both have it."""
    (tmp_path / "f").write_bytes(b"content")
    os.utime(tmp_path / "f", ns=(0, 5_000_000_001))
    real = statx.known
    told = {"mode": S_IFREG | 0o600, "size": 3, "mtime": mtime}
    monkeypatch.setattr(statx, "known", lambda file: statx.altered(real(file), **told))
    _, status, sure = agreed.look_to_change(os.fsencode(tmp_path / "f"))
    shown = objects.attributes(status)
    expected = 5_000_000_001 if mtime == 5_000_000_001 else objects.NO_TIME
    assert (shown.mode, shown.size, shown.mtime, sure) == (S_IFREG | 0o600, 7, expected, False)


def test_what_is_altered_is_all_else_as_it_was(tmp_path: Path) -> None:
    """Python 3.13 refuses fields that are said twice."""
    status = os.stat(tmp_path)
    made = statx.altered(status, mode=S_IFREG | 0o7, size=9, mtime=-1_500_000_000)
    changed = {"st_mode": S_IFREG | 0o7, "st_size": 9}
    changed |= {"st_mtime": -1.5, "st_mtime_ns": -1_500_000_000}
    for name in (name for name in dir(status) if name.startswith("st_")):
        assert getattr(made, name) == changed.get(name, getattr(status, name)), name


@pytest.mark.parametrize("kind", ["file", "folder", "link", "fifo", "device"])
def test_the_kernel_tells_all_that_it_tells_who_asks(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    match kind:
        case "file":
            path.write_bytes(b"content")
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("/nowhere")
        case "fifo":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/null")
    held = Held(os.fsencode(path))
    if kind != "device":
        os.utime(path, ns=(1_000_000_007, -5), follow_symlinks=False)
        held = Held(os.fsencode(path))
    one, other = statx.known(held.file), held.status()
    fields = [field for field in dir(other) if field.startswith("st_")]
    assert [getattr(one, field) for field in fields] == [getattr(other, field) for field in fields]
    if kind == "link":
        assert held.target() == b"/nowhere"


def _telling(monkeypatch: pytest.MonkeyPatch, *, found: list[int], asked: list[int]) -> list[int]:
    """Have modes told in turn, the last one again and again; return who is looked up."""
    looks: list[int] = []
    real = Held.status

    def look_up(file: int) -> os.stat_result:
        looks.append(file)
        return _with(os.fstat(file), mode=found[min(len(looks), len(found)) - 1] if found else None)

    def ask(held: Held) -> os.stat_result:
        return _with(real(held), mode=asked[min(len(looks), len(asked)) - 1] if asked else None)

    monkeypatch.setattr(statx, "known", look_up)
    monkeypatch.setattr(Held, "status", ask)
    return looks


def _with(
    status: os.stat_result, *, mode: int | None = None, size: int | None = None
) -> os.stat_result:
    return statx.altered(status, mode=None if mode is None else S_IFREG | mode, size=size)
