"""What is told between two times, and what was told before it."""

import math
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import Usage
from georep_tui import player
from georep_tui.replay import chains, files
from georep_tui.replay.notes import AnyTold
from georep_tui.replay.reading import Reading


class Stretch:
    """A part of what is in some files; first `before` is read to its end, then `within`."""

    def __init__(self, names: Sequence[str], *, since: str = "", until: str = "") -> None:
        found = files.look([Path(name) for name in names])
        begin = min(file.first for file in found)
        self.files = len(found)
        self.first = _time(since, begin, 0.0)
        """Seconds since the epoch; 0: the begin."""
        self._last = _time(until, begin, math.inf)
        self.reading = Reading(chains.link(found, here=platform.node()))
        self._steps = iter(self.reading)

    def before(self) -> Iterator[AnyTold]:
        """Yield what is told before it."""
        while self.reading.next_at < self.first:
            yield from next(self._steps)

    def within(self) -> Iterator[AnyTold]:
        """Yield what is told in it."""
        while self.reading.next_at <= self._last and not math.isinf(self.reading.next_at):
            yield from next(self._steps)


def _time(text: str, near: float, otherwise: float) -> float:
    if not text:
        return otherwise
    at = player.parse(text, near)
    if at is None:
        raise Usage(f"{text!r} is no time", fix="Write 11:40, 11:40:05 or '2026-05-01 11:40'; UTC.")
    return at
