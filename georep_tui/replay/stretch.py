"""What is told between two times, and what was told before it."""

import math
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import moments
from engine.errors import Usage
from georep_tui import player
from georep_tui.replay import chains, files
from georep_tui.replay.chains import Chain
from georep_tui.replay.files import File
from georep_tui.replay.notes import AnyTold
from georep_tui.replay.reading import Reading


class Stretch:
    """A part of a replay; first `before` is read to its end, then `within`."""

    def __init__(self, chains: Sequence[Chain], *, first: float, last: float) -> None:
        """`first` and `last` are seconds since the epoch; 0: the begin."""
        self.files = sum(len(chain.files) for chain in chains)
        self.first, self._last = first, last
        self.reading = Reading(chains)
        self._steps = iter(self.reading)

    def before(self) -> Iterator[AnyTold]:
        """Yield what is told before it."""
        while self.reading.next_at < self.first:
            yield from next(self._steps)

    def within(self) -> Iterator[AnyTold]:
        """Yield what is told in it."""
        while self.reading.next_at <= self._last and not math.isinf(self.reading.next_at):
            yield from next(self._steps)


def of_files(names: Sequence[str], *, since: str = "", until: str = "") -> Stretch:
    """Return the part of what is in some files that two typed times name; "": all."""
    found = files.look([Path(name) for name in names])
    begin = min(file.first for file in found)
    first, last = _time(since, begin, 0.0), _time(until, begin, math.inf)
    _check(found, first, last)
    return Stretch(chains.link(found, here=platform.node()), first=first, last=last)


def _check(found: Sequence[File], first: float, last: float) -> None:
    """Raise Usage when nothing can be told between these times."""
    if last < first:
        raise Usage("--until is before --since", fix="Name the earlier time as --since.")
    begin = min(file.first for file in found)
    # Where a packed one ends is known only when all of it has been read.
    end = math.inf if any(file.packed for file in found) else max(file.last for file in found)
    if first > end or last < begin:
        told = f"from {moments.show(begin)}" + (
            "" if math.isinf(end) else f" to {moments.show(end)}"
        )
        raise Usage("Nothing is told in that stretch", fix=f"The files tell what was {told}.")


def _time(text: str, near: float, otherwise: float) -> float:
    if not text:
        return otherwise
    at = player.parse(text, near)
    if at is None:
        raise Usage(f"{text!r} is no time", fix="Write 11:40, 11:40:05 or '2026-05-01 11:40'; UTC.")
    return at
