"""What the own brick is believed, and what only the mount knows."""

import os
from pathlib import Path

import directories
import pytest

from engine.errors import Retry
from engine.gluster import gfid as gfids
from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.plan.dirty import ALL, Dirty, Why
from engine.plan.items import Absent, Alive, Truth
from engine.primary import truth
from engine.primary.trash import Trash
from engine.primary.truth import Sight

A = Gfid("00000001-0000-4000-8000-000000000000")
B = Gfid("00000002-0000-4000-8000-000000000000")
C = Gfid("00000003-0000-4000-8000-000000000000")


@pytest.mark.parametrize(
    ("brick", "mount", "shown"),
    [
        pytest.param(0o7754, 0o4754, 0o4754, id="both: the mount hides them"),
        pytest.param(0o7754, 0o7754, 0o7754, id="both: one subvolume, the mount shows them"),
        pytest.param(0o2754, 0o4, 0o2754, id="setgid alone: the brick knows"),
        pytest.param(0o1754, 0o4, 0o1754, id="sticky alone: the brick knows"),
    ],
)
def test_the_mode_is_the_one_that_users_see(
    tmp_path: Path, brick: int, mount: int, shown: int
) -> None:
    directories.needs_trusted_xattrs(tmp_path)
    file, handle = tmp_path / "brick/f", tmp_path / "brick/.glusterfs" / A[:2] / A[2:4] / A
    root = tmp_path / "brick/.glusterfs/00/00" / ROOT
    there = tmp_path / "mount/.gfid" / A
    for folder in (handle.parent, root.parent, there.parent):
        folder.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    os.link(file, handle)
    root.symlink_to("../../..")
    os.setxattr(file, "trusted.gfid2path.1", ROOT.encode() + b"/f")
    file.chmod(brick)
    there.write_text("")
    there.chmod(mount)
    sight = Sight(os.fsencode(tmp_path / "brick"), os.fsencode(tmp_path / "mount"))
    found = truth.look(sight, A, Dirty(ALL))
    assert isinstance(found, Alive)
    assert (found.kind, found.places) == (Kind.FILE, (Place(ROOT, b"f"),))
    assert found.attributes.mode & 0o7777 == shown


@pytest.mark.parametrize("up", [True, False], ids=["all is up", "a part went down on the way"])
def test_who_is_gone_is_only_believed_when_all_of_the_volume_answers_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, up: bool
) -> None:
    asked: list[bytes] = []

    def answers(mount: bytes) -> bool:
        asked.append(mount)
        return up

    monkeypatch.setattr(truth, "subvolumes_up", answers)
    sight = Sight(os.fsencode(tmp_path / "brick"), os.fsencode(tmp_path / "mount"))
    part = [(A, Dirty(Why.NAMES)), (B, Dirty(Why.NAMES))]
    if up:
        assert truth.look_at(sight, part) == [Absent(A), Absent(B)]
    else:
        with pytest.raises(Retry, match="a part of the primary volume is down"):
            truth.look_at(sight, part)
    assert len(asked) == 1


def test_who_was_gone_a_while_ago_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brick was away for the first, and is back when all of the volume is asked for."""
    clock, alive = [0.0], Alive(A, Kind.FILE, (), True, Attributes(0o100600, 1, 2, 3, 4, 4))

    def look(sight: Sight, gfid: Gfid, dirty: Dirty, trash: Trash) -> Truth:
        away, clock[0] = clock[0] < 12, clock[0] + 4
        return Absent(gfid) if away or gfid == B else alive

    monkeypatch.setattr(truth, "_look", look)
    monkeypatch.setattr(truth, "subvolumes_up", lambda mount: True)
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    part = [(A, Dirty(Why.NAMES)), (B, Dirty(Why.NAMES))]
    assert truth.look_at(Sight(b"/brick", b"/mount"), part) == [alive, Absent(B)]


def test_who_is_gone_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebalance can hide a file for a moment; see the lab's test of that."""
    alive = Alive(A, Kind.FILE, (), True, Attributes(0o100600, 1, 2, 3, 4, 4))
    there, looks = [False], []

    def look(sight: Sight, gfid: Gfid, dirty: Dirty, trash: Trash) -> Truth:
        looks.append(gfid)
        return alive if gfid == A and there[0] else Absent(gfid, had=gfid == C)

    monkeypatch.setattr(truth, "_look", look)
    monkeypatch.setattr(truth, "subvolumes_up", lambda mount: True)
    monkeypatch.setattr("time.sleep", lambda seconds: there.__setitem__(0, True))
    part = [(gfid, Dirty(Why.NAMES)) for gfid in (A, B, C)]
    found = truth.look_at(Sight(b"/brick", b"/mount"), part)
    assert found == [alive, Absent(B), Absent(C, had=True)]
    assert looks == [A, B, C, A, B]


def test_what_is_below_a_directory(tmp_path: Path) -> None:
    directories.needs_trusted_xattrs(tmp_path)
    top, link = tmp_path / "d", tmp_path / gfids.handle(A).decode()
    (top / "e").mkdir(parents=True)
    (top / "e/f").write_text("")
    (top / "no object").write_text("")
    link.parent.mkdir(parents=True)
    link.symlink_to(top)
    for path, one in ((top / "e", B), (top / "e/f", C)):
        os.setxattr(path, "trusted.gfid", gfids.to_raw(one))
    assert truth.below(Sight(os.fsencode(tmp_path), b"/mount"), A) == [A, B, C]
    assert truth.below(Sight(os.fsencode(tmp_path), b"/mount"), B) == [B]
