"""A trap of GlusterFS where directories move: each brick has its own, and moves it by itself."""

import os
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import pytest
from mounted import Sides

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.item import Gfid
from engine.lab.hosts import until
from engine.lab.shape import SECONDARY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

KILLS = 12
"""Of them one in three left a directory half moved, when the client ended with its owner."""
ENOUGH = 100
"""Kills of a client after which it is no trap any more."""


class Moves:
    """Directories that move while somebody is killed, time after time."""

    def __init__(self, sides: Sides, folder: str) -> None:
        self._lab, self._folder = sides.lab, folder
        self._bricks = [Path(os.fsdecode(brick)) for brick in sides.bricks]
        self._pauses = Random(7)

    def killed(self, *, client: bool) -> dict[Gfid, set[str]]:
        """Kill who moves them, and with `client` what keeps his mount before; return the
        directories that then stand at several places, with those.
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
        found: dict[Gfid, set[str]] = {}
        for brick in self._bricks:
            for path in (brick / self._folder).glob("*/*"):
                gfid = xattrs.gfid(path)
                assert gfid is not None
                found.setdefault(gfid, set()).add(path.name)
        return {gfid: places for gfid, places in found.items() if len(places) > 1}

    def forget(self) -> None:
        """Take all that is left off the bricks, for no client can."""
        for brick in self._bricks:
            for path in (brick / self._folder).glob("*/*"):
                gfid = xattrs.gfid(path)
                assert gfid is not None
                path.rmdir()
                handle = os.fsdecode(gfids.handle(gfid))
                (brick / handle).unlink(missing_ok=True)


def test_a_client_that_is_killed_leaves_directories_at_two_places(sides: Sides) -> None:
    moves = Moves(sides, "halves")
    assert any(moves.killed(client=True) for _ in range(ENOUGH))
    moves.forget()


def test_an_agent_that_is_killed_does_not(sides: Sides) -> None:
    moves = Moves(sides, "wholes")
    assert [moves.killed(client=False) for _ in range(KILLS)] == [{}] * KILLS
