"""Places that one mount has used for directories."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from engine.item import ROOT, Attributes, Gfid, Item, Kind, Place
from engine.secondary.gluster_directories import Directories
from engine.secondary.used import Used

LIMBO = Gfid("00000000-0000-4000-8000-00000000aaaa")
ITEM = Item(
    gfid=Gfid("00000000-0000-4000-8000-000000000001"),
    kind=Kind.DIRECTORY,
    names=(),
    heard=(),
    attributes=Attributes(stat.S_IFDIR | 0o755, 0, 0, 0, 0, 0),
)


class Volume:
    """A volume that is a folder for each directory, and tells no paths."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: list[Place] = []
        for gfid in (ROOT, LIMBO):
            (root / gfid).mkdir()

    def path_of(self, place: Place) -> bytes:
        return os.fsencode(self.root / place.parent) + b"/" + place.name

    def new(self, item: Item, place: Place) -> None:
        self.made.append(place)
        os.mkdir(self.path_of(place))

    def path(self, gfid: Gfid) -> bytes:
        return b""

    def told(self, path: bytes, name: bytes) -> bytes:
        return b""


def places(begin: int, end: int) -> list[Place]:
    return [Place(ROOT, b"%d" % number) for number in range(begin, end)]


def test_a_place_is_known_once_it_was_used() -> None:
    used = Used()
    (place,) = places(0, 1)
    assert place not in used
    used.add(place)
    assert place in used
    assert Place(ROOT, place.name) in used


def test_the_latest_are_known_and_the_oldest_forgotten() -> None:
    used = Used(most=10)
    for place in places(0, 35):
        used.add(place)
    assert all(place in used for place in places(20, 35))
    assert not any(place in used for place in places(0, 20))


@pytest.mark.parametrize("first", [False, True], ids=["it was first", "another agent was"])
def test_where_one_was_made_or_met_the_next_one_is_made_in_limbo(
    tmp_path: Path, *, first: bool
) -> None:
    """The client may remember who stood there, and take the new one for it."""
    found: Any = Volume(tmp_path)
    directories, place = Directories(found, LIMBO), Place(ROOT, b"d")
    if first:
        os.mkdir(found.path_of(place))
        with pytest.raises(FileExistsError):
            directories.make(ITEM, place)
    else:
        directories.make(ITEM, place)
    os.rename(found.path_of(place), found.path_of(Place(ROOT, b"moved by another agent")))
    directories.make(ITEM, place)
    assert found.made == [place, Place(LIMBO, ITEM.gfid.encode())]
    assert os.path.isdir(found.path_of(place))


def test_what_was_refused_is_not_made_in_limbo_the_next_time(tmp_path: Path) -> None:
    """It would stand there, and be refused a move, as long as the operator has not seen to it."""
    found: Any = Volume(tmp_path)
    directories, place = Directories(found, LIMBO), Place(Gfid("0" * 36), b"d")
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            directories.make(ITEM, place)
    assert found.made == [place, place]
