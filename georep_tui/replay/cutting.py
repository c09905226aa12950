"""A stretch of a replay as a journal of its own, which begins with how everything was."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.errors import Usage
from engine.snapshot import snapshot
from engine.state import State, apply
from georep_tui.replay import notes
from georep_tui.replay.notes import AnyNote
from georep_tui.replay.stretch import Stretch

TURN = 64
"""Events after which whoever writes gets a turn."""
FIX = "Name a new file."


def write(stretch: Stretch, path: Path) -> Iterator[int]:
    """Write it to a file that was not there, whole or not at all.

    Yields how many events were written, now and then, and at the end, when it is there. Raises
    Usage when it cannot be. Who stops half way leaves nothing.
    """
    if os.path.lexists(path):
        raise Usage(f"{path} is there already", fix=FIX)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("xb") as file:
            yield from _fill(stretch, file)
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces what somebody has made there since.
        os.link(part, path)
    except FileExistsError:
        raise Usage(f"{path} is there already", fix=FIX) from None
    except OSError as error:
        words = f"{path} cannot be written: {error.strerror or error}"
        raise Usage(words, fix="Name another place.") from error
    finally:
        part.unlink(missing_ok=True)


def _fill(stretch: Stretch, file: BinaryIO) -> Iterator[int]:
    state = State()
    for count, told in enumerate(stretch.before()):
        if not isinstance(told, AnyNote):
            apply(state, told)
        if count % TURN == 0:
            yield 0
    for event in snapshot(state):
        file.write(notes.encode(event) + b"\n")
    written = 0
    for written, told in enumerate(stretch.within(), 1):
        file.write(notes.encode(told) + b"\n")
        if written % TURN == 0:
            yield written
    yield written
