"""Labs for tests: one that a whole run shares, and names for those that are taken apart."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lab import network, prerequisites
from engine.lab.lab import Lab
from engine.lab.shape import Shape

SMALL = Shape(primaries=1, bricks=1, replica=1, secondary_bricks=1, gsyncd=False)
"""The least there can be: two hosts of one brick each."""
_numbers = itertools.count(1)


def need_lab() -> None:
    """Skip the test where no lab can be made; where CI is set, fail instead."""
    if problem := prerequisites.missing():
        if os.environ.get("CI"):
            pytest.fail(problem.sentence())
        pytest.skip(problem.sentence())


def fresh_name() -> str:
    """Return a name that no other test and no other run has."""
    return f"t{os.getpid()}-{next(_numbers)}"


def traces(lab: Lab) -> list[str]:
    """Return what is left of `lab` on this machine; found without the lab's own books."""
    root = os.fsencode(lab.place.root)
    found = [str(lab.place.root)] if lab.place.root.exists() else []
    found += [f"netns {name}" for name in network.existing(lab.place)]
    for process in Path("/proc").glob("[0-9]*"):
        said = b""
        for file in ("environ", "cmdline", "mountinfo"):
            try:
                said += (process / file).read_bytes() + b"\0"
            except OSError:
                continue
        if root + b"/" in said and process.name != str(os.getpid()):
            found.append(f"process {process.name}: {said[:80]!r}")
    return found


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Give a lab of the default shape, the same one to every test of the run."""
    need_lab()
    made = Lab(fresh_name())
    try:
        made.up(Shape(gsyncd=False))
        yield made
    finally:
        made.down()


@pytest.fixture
def own_lab() -> Iterator[Lab]:
    """Give a lab that is not up yet, to one test alone."""
    need_lab()
    made = Lab(fresh_name())
    try:
        yield made
    finally:
        made.down()
