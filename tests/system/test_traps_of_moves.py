"""A trap of GlusterFS where directories move: each brick has its own, and moves it by itself."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from conftest import fresh_sides
from mounted import Sides, done, item
from moving import FILES

from engine.gluster import xattrs
from engine.item import Gfid, Kind, Place, Refused
from engine.lab import faults
from engine.lab.hosts import until
from engine.lab.shape import SECONDARY
from engine.secondary.apply import apply

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

KILLS = 12
"""Of them one in three left a directory half moved, when the client ended with its owner."""
ENOUGH = 100
"""Kills of a client after which it is no trap any more."""
PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text()
MEND = PAGE.partition("## A directory at two places")[2].partition("```bash")[2].partition("```")[0]
GFID = "7f2c6f0e-98f4-4f1c-8a5e-2be60da0abc1"
"""The one in it."""


@pytest.fixture(scope="module")
def volumes() -> Iterator[Sides]:
    """Give volumes that nobody else needs, for one of them is stopped."""
    with fresh_sides("moves") as made:
        yield made


class Half(NamedTuple):
    """A directory that bricks have at two places."""

    gfid: Gfid
    above: Path
    """The directory that both places are in, from the volume's root."""
    parent: Gfid
    """That one's gfid."""


class Moves:
    """Directories that move while somebody is killed, time after time."""

    def __init__(self, sides: Sides, folder: str) -> None:
        self._lab, self._folder = sides.lab, folder
        self.bricks = [Path(os.fsdecode(brick)) for brick in sides.bricks]
        self._pauses = Random(7)

    def killed(self, *, client: bool) -> list[Half]:
        """Kill who moves them, and with `client` what keeps his mount before; return what then is
        half moved.
        """
        words = [str(Path(__file__).with_name("moving.py")), SECONDARY, self._folder]
        argv = self._lab.exec_argv("sec1", ["python", *words, "/tmp/moving.log"])
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as moving:
            assert moving.stdout is not None
            owner, keeper = map(int, moving.stdout.readline().split())
            time.sleep(0.1 + 0.2 * self._pauses.random())
            if client:
                os.killpg(keeper, signal.SIGKILL)
            os.kill(owner, signal.SIGKILL)
            moving.communicate()
        until("the end of its client", lambda: not Path(f"/proc/{keeper}").exists())
        time.sleep(0.2)  # for what a brick was told last
        places: dict[Gfid, set[str]] = {}
        above: dict[Gfid, Path] = {}
        for brick in self.bricks:
            for path in (brick / self._folder).glob("*/o*"):
                gfid = _gfid(path)
                places.setdefault(gfid, set()).add(path.name)
                above[gfid] = path.parent.relative_to(brick)
        return [
            Half(gfid, above[gfid], _gfid(self.bricks[0] / above[gfid]))
            for gfid, names in places.items()
            if len(names) > 1
        ]


def _gfid(path: Path) -> Gfid:
    found = xattrs.gfid(path)
    assert found is not None
    return found


def test_a_client_that_is_killed_leaves_a_directory_at_two_places(volumes: Sides) -> None:
    """It is told, and what `docs/operations.md` says brings all of it to one place."""
    moves = Moves(volumes, "halves")
    half = next(half for _ in range(ENOUGH) for half in moves.killed(client=True))
    right, wrong = Place(half.parent, b"other"), Place(half.parent, b"one")
    asked = item(half.gfid, Kind.DIRECTORY, right, heard=(wrong,))
    said = apply(volumes.fresh(), asked)
    assert isinstance(said, Refused), said
    assert (said.errno, said.place) == (errno.ENOTUNIQ, wrong)

    faults.stop_volume(volumes.lab, SECONDARY)
    for brick in moves.bricks:
        words = MEND.replace("/bricks/s1", str(brick)).replace("projects/old", f"{half.above}/one")
        words = words.replace("projects/new", f"{half.above}/other").replace(GFID, half.gfid)
        subprocess.run(["bash", "-ec", words], check=True, capture_output=True)
    faults.start_volume(volumes.lab, SECONDARY)
    target, root = volumes.fresh(), volumes.mount("sec1", SECONDARY)
    done(apply(target, asked))
    assert target.at(wrong) is None
    mended = Path(os.fsdecode(root), half.above, "other")
    assert sorted(os.listdir(mended)) == sorted([*FILES, "inner"])
    assert [(mended / name).read_text() for name in FILES] == FILES
    (mended / "inner/new").write_text("it works")
    assert (mended / "inner/new").read_text() == "it works"


def test_an_agent_that_is_killed_does_not(volumes: Sides) -> None:
    moves = Moves(volumes, "wholes")
    assert [moves.killed(client=False) for _ in range(KILLS)] == [[]] * KILLS
