"""The model's random runs with a real directory as the secondary, where an agent may crash between
any two of its system calls.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import directories
import pytest
from directories import Crash, crashing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_worker import Secondary, finish
from test_model import EXAMPLES, Run

from engine import keeping
from engine.item import ROOT, Attributes, Kind
from engine.secondary.directory_target import DirectoryTarget

NEVER = 1_000_000


class DirectoryRun(Run):
    """One random run that begins with an empty directory and all logs."""

    def __init__(self, chance: Random, root: Path) -> None:
        self.root = root
        super().__init__(chance)

    def start(self) -> Secondary:
        target = directories.made(self.root)
        os.utime(self.root, ns=(1, 1))
        return Secondary(self.primary, target)

    def go_on(self, number: int, steps: Iterator[None]) -> bool:
        """Go on by a turn, in which the agent may crash; return whether there are more."""
        after = self.chance.randint(0, 15) if self.chance.random() < 0.1 else NEVER
        try:
            with crashing(after):
                return super().go_on(number, steps)
        except Crash:
            assert directories.faults(self.root) == []
            self.crash(number)
            return False


@pytest.mark.parametrize("user", directories.USERS)
@settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_the_trees_end_equal_in_a_directory(user: str, seed: int) -> None:
    chance = Random(seed)
    with directories.acting(user), directories.ground() as folder:
        run = DirectoryRun(chance, folder)
        target = run.secondary.target
        assert isinstance(target, DirectoryTarget)
        try:
            for _ in range(chance.randint(20, 100)):
                run.turn()
            run.end()
            finish(run.primary, run.secondary)
            assert directories.faults(run.root) == []
            assert _differences(run, target) == []
        finally:
            target.close()


def _kept(target: DirectoryTarget, right: Attributes) -> Attributes:
    return right if target.owner is None else keeping.attributes(right, target.owner)


def _differences(run: DirectoryRun, target: DirectoryTarget) -> list[str]:
    primary = run.primary
    found = []
    if (there := directories.tree(run.root)) != primary.places:
        found.append(f"{there}, not {primary.places}")
    for gfid, thing in primary.things.items():
        seen = target.seen(gfid)
        if seen is None:
            found.append(f"{gfid}: missing")
            continue
        shown, right = seen.attributes, thing.attributes()
        if (seen.kind, shown.mtime) != (thing.kind, right.mtime):
            found.append(f"{gfid}: {seen}, not {thing}")
        if thing.kind is Kind.FILE:
            content = (run.root / ".georep/.gfid" / gfid).read_bytes()
            if (content, shown.mode) != (thing.content, _kept(target, right).mode):
                found.append(f"{gfid}: {content!r}, not {thing}")
        if thing.kind is Kind.SYMLINK and target.points(gfid) != thing.target:
            found.append(f"{gfid}: points elsewhere")
    assert ROOT in primary.things
    return found
