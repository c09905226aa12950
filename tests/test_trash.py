"""What a brick has in its trash."""

import errno
import os
from pathlib import Path

import directories
import pytest

from engine.gluster import gfid as gfids
from engine.item import ROOT, Gfid
from engine.plan.dirty import Dirty, Why
from engine.plan.items import Absent, Unclear
from engine.primary import truth
from engine.primary.trash import Trash
from engine.primary.truth import Sight

NO_NAMES = os.strerror(errno.ENOTSUP)
A = Gfid("00000001-0000-4000-8000-000000000000")


def test_what_is_in_the_trash_however_deep(tmp_path: Path) -> None:
    inner = tmp_path / ".trashcan/d/e"
    inner.mkdir(parents=True)
    there = [tmp_path / ".trashcan/a_1", inner / "b_2"]
    for path in (*there, tmp_path / "c"):
        path.write_text("")
    trash = Trash(os.fsencode(tmp_path))
    assert [trash.holds(path.stat().st_ino) for path in there] == [True, True]
    assert not trash.holds((tmp_path / "c").stat().st_ino)
    assert not trash.holds(inner.stat().st_ino)


def test_without_a_trash_nothing_is_in_it(tmp_path: Path) -> None:
    assert not Trash(os.fsencode(tmp_path)).holds(tmp_path.stat().st_ino)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    ("names", "recorded", "gone"),
    [
        pytest.param([".trashcan/f_1"], True, True, id="removed"),
        pytest.param(["f", ".trashcan/f_1"], True, False, id="it has another name"),
        pytest.param(["g", ".trashcan/f_1"], True, False, id="it has one that is not recorded"),
        pytest.param(["g"], True, False, id="renamed without a record"),
        pytest.param([".trashcan/f_1"], False, False, id="from before names were recorded"),
    ],
)
def test_who_has_no_other_name_is_gone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    recorded: bool,
    gone: bool,
    behind: bool,
) -> None:
    directories.needs_trusted_xattrs(tmp_path)
    brick, mounted = tmp_path / "brick", tmp_path / "mount/.gfid" / A
    handle = brick / gfids.handle(A).decode()
    for folder in (handle.parent, brick / ".trashcan", mounted.parent):
        folder.mkdir(parents=True)
    root = brick / ".glusterfs/00/00" / ROOT
    root.parent.mkdir(exist_ok=True)
    root.symlink_to("../../..")
    mounted.write_text("")
    handle.write_text("")
    for name in names:
        os.link(handle, brick / name)
    if recorded:
        os.setxattr(handle, "trusted.gfid2path.1", ROOT.encode() + b"/f")
    monkeypatch.setattr(truth, "subvolumes_up", lambda mount: True)
    sight = Sight(os.fsencode(brick), os.fsencode(tmp_path / "mount"), behind=behind)
    found = truth.look(sight, A, Dirty(Why.NAMES))
    # Else the mount is asked, and this one knows nothing of names.
    expected = Absent(A, had=True) if gone and not behind else Unclear(A, errno.ENOTSUP, NO_NAMES)
    assert found == expected
