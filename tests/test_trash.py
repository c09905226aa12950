"""What a brick has in its trash."""

import errno
import os
import time
from pathlib import Path

import directories
import pytest

from engine.gluster import gfid as gfids
from engine.gluster.objects import TRASH
from engine.item import ROOT, Gfid, Place
from engine.plan.dirty import Dirty, Why
from engine.plan.items import Absent, Unclear
from engine.primary import kept, truth
from engine.primary.trash import Trash
from engine.primary.truth import Sight

NO_NAMES = os.strerror(errno.ENOTSUP)
A = Gfid("00000001-0000-4000-8000-000000000000")


def make_trash(brick: Path, name: str) -> Path:
    """Make the trash of a brick, as GlusterFS does."""
    handle = brick / gfids.handle(TRASH).decode()
    handle.parent.mkdir(parents=True, exist_ok=True)
    handle.symlink_to(f"../../00/00/{ROOT}/{name}")
    root = handle.with_name(ROOT)
    root.symlink_to("../../..")
    (brick / name).mkdir()
    return brick / name


@pytest.mark.parametrize("name", [".trashcan", "waste"])
def test_what_is_in_the_trash_however_deep(tmp_path: Path, name: str) -> None:
    trashcan = make_trash(tmp_path, name)
    inner = trashcan / "d/e"
    inner.mkdir(parents=True)
    there = [trashcan / "a_1", inner / "b_2"]
    for path in (*there, tmp_path / "c"):
        path.write_text("")
    trash = Trash(os.fsencode(tmp_path))
    assert [trash.holds(path.stat().st_ino) for path in there] == [True, True]
    assert not trash.holds((tmp_path / "c").stat().st_ino)
    assert not trash.holds(inner.stat().st_ino)


def test_without_a_trash_nothing_is_in_it(tmp_path: Path) -> None:
    assert not Trash(os.fsencode(tmp_path)).holds(tmp_path.stat().st_ino)


@pytest.mark.parametrize("named", [".trashcan", "waste"])
@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    ("names", "recorded", "gone"),
    [
        pytest.param(["TRASH/f_1"], True, True, id="removed"),
        pytest.param(["f", "TRASH/f_1"], True, False, id="it has another name"),
        pytest.param(["g", "TRASH/f_1"], True, False, id="it has one that is not recorded"),
        pytest.param(["g"], True, False, id="renamed without a record"),
        pytest.param(["TRASH/f_1"], False, False, id="from before names were recorded"),
    ],
)
def test_who_has_no_other_name_is_gone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    recorded: bool,
    gone: bool,
    behind: bool,
    named: str,
) -> None:
    directories.needs_trusted_xattrs(tmp_path)
    brick, mounted = tmp_path / "brick", tmp_path / "mount/.gfid" / A
    handle = brick / gfids.handle(A).decode()
    for folder in (handle.parent, mounted.parent):
        folder.mkdir(parents=True, exist_ok=True)
    make_trash(brick, named)
    mounted.write_text("")
    handle.write_text("")
    for name in names:
        os.link(handle, brick / name.replace("TRASH", named))
    if recorded:
        os.setxattr(handle, "trusted.gfid2path.1", ROOT.encode() + b"/f")
    monkeypatch.setattr(truth, "subvolumes_up", lambda mount: True)
    sight = Sight(os.fsencode(brick), os.fsencode(tmp_path / "mount"), behind=behind)
    found = truth.look(sight, A, Dirty(Why.NAMES))
    # Else the mount is asked, and this one knows nothing of names.
    expected = Absent(A, had=True) if gone and not behind else Unclear(A, errno.ENOTSUP, NO_NAMES)
    assert found == expected


def linked(brick: Path, gfid: Gfid, place: Place) -> None:
    """Make the handle of a directory."""
    handle = brick / gfids.handle(gfid).decode()
    handle.parent.mkdir(parents=True, exist_ok=True)
    above = place.parent
    handle.symlink_to(f"../../{above[:2]}/{above[2:4]}/{above}/{place.name.decode()}")


def test_what_is_below_a_directory_that_is_left_out(tmp_path: Path) -> None:
    ours, limbo, deep, plain, lost = (
        Gfid(f"{n}0000001-0000-4000-8000-000000000000") for n in "abcde"
    )
    make_trash(tmp_path, "waste")
    linked(tmp_path, ours, Place(ROOT, b".georep"))
    linked(tmp_path, limbo, Place(ours, b"limbo"))
    linked(tmp_path, deep, Place(TRASH, b"t"))
    linked(tmp_path, plain, Place(ROOT, b"d"))
    sight = Sight(os.fsencode(tmp_path), b"/m")
    every = [Place(gfid, b"x") for gfid in (ROOT, ours, limbo, deep, plain, lost, TRASH)]
    out = {ours, limbo, deep, TRASH}
    assert kept.left_out(sight, every, 0) == (out, set())
    assert kept.left_out(sight, every, int(time.time()) + 9) == (out, {lost})
    assert kept.left_out(sight, every, 1) == (out, {plain, lost}), "it may have come from there"
    (tmp_path / os.fsdecode(gfids.handle(TRASH))).unlink()
    assert kept.left_out(sight, every, 1) == (out, set()), "nothing can come from anywhere"
