"""When a mount is given up over a new directory: not while another agent moves it."""

import errno
from typing import cast

import pytest
from sides import gfid

from engine.item import ROOT, Attributes, Gfid, Holder, Item, Kind, Place
from engine.secondary import gluster_directories
from engine.secondary.gluster_directories import Directories
from engine.secondary.gluster_objects import Objects

LIMBO, NEW, OTHER = gfid(1), gfid(2), gfid(3)
AT = Place(ROOT, b"d")


class Told:
    """A mount that tells `wrong` times that a new directory is where somebody else stands."""

    def __init__(self, wrong: int) -> None:
        self.wrong, self.lost = wrong, ""

    def new(self, item: Item, place: Place) -> None:
        pass

    def path(self, of: Gfid) -> bytes:
        return of.encode()

    def told(self, path: bytes, name: bytes) -> bytes:
        self.wrong -= 1
        return b"/elsewhere\0" if self.wrong >= 0 else b"/d\0"

    def walk(self, path: bytes) -> list[Holder]:
        return [Holder(Place(ROOT, b"elsewhere"), OTHER, Kind.DIRECTORY)]

    def check_usable(self) -> None:
        if self.lost:
            raise OSError(errno.ESTALE, self.lost)


@pytest.mark.parametrize(
    ("wrong", "lost"),
    [
        pytest.param(0, False, id="right at once"),
        pytest.param(8, False, id="moved meanwhile, on one brick after the other"),
        pytest.param(99, True, id="taken for another one"),
    ],
)
def test_given_up(monkeypatch: pytest.MonkeyPatch, wrong: int, lost: bool) -> None:
    slept: list[float] = []
    monkeypatch.setattr(gluster_directories.time, "sleep", slept.append)
    mount = Told(wrong)
    made = Directories(cast("Objects", mount), LIMBO)
    item = Item(gfid=NEW, kind=Kind.DIRECTORY, names=(AT,), attributes=Attributes(0, 0, 0, 0, 0, 0))
    if lost:
        with pytest.raises(OSError, match=f"takes the new directory {NEW} for {OTHER}"):
            made.make(item, AT)
    else:
        made.make(item, AT)
    assert bool(mount.lost) is lost
    assert sum(slept) <= 3.0
