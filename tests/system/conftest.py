"""Labs for the system tests, and the one that the tests of single calls share."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import pytest
from lab_fixtures import need_lab
from mounted import Sides
from world import World

from engine.lab.lab import Lab
from engine.lab.shape import Shape

SHAPE = Shape(rollover=2, gsyncd=False)
PLAIN = Shape(primaries=1, bricks=2, replica=1, secondary_bricks=2, rollover=2, gsyncd=False)
"""Two bricks without replicas on either side."""
W = TypeVar("W", bound=World)


@pytest.fixture(scope="session", autouse=True)
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does, so that labs are taken down."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    yield
    signal.signal(signal.SIGTERM, before)


@contextmanager
def fresh_world(name: str, kind: type[W], shape: Shape = SHAPE) -> Iterator[W]:
    """Make a lab, mounted, without a session; its name begins with `name`."""
    need_lab()
    lab = Lab(f"{name}-{os.getpid()}")
    try:
        lab.up(shape)
        made = kind(lab)
        made.mount()
        try:
            yield made
        finally:
            made.close()
    finally:
        lab.down()


@contextmanager
def fresh_sides(name: str, shape: Shape = PLAIN) -> Iterator[Sides]:
    """Make two volumes, mounted as workers and agents mount them, without a session; the name of
    their lab begins with `name`.
    """
    need_lab()
    lab = Lab(f"{name}-{os.getpid()}")
    try:
        lab.up(shape)
        made = Sides(lab)
        yield made
        made.close()
    finally:
        lab.down()


@pytest.fixture(scope="session")
def sides() -> Iterator[Sides]:
    """Give two small volumes that several modules share."""
    with fresh_sides("traps") as made:
        yield made
