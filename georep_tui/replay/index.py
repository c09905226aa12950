"""A replay's table of contents, made while it is looked at: points to go on from, and alerts."""

import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from engine.events import AnyEvent
from engine.snapshot import snapshot
from engine.state import State, apply
from georep_tui.chronicle import Chronicle, Entry
from georep_tui.replay.alerts import Alerts
from georep_tui.replay.chains import Chain
from georep_tui.replay.notes import AnyNote, AnyTold
from georep_tui.replay.reading import Mark, Reading

GAP = 2000
"""Lines between two points, at first."""
POINTS = 256
FACTS = 200_000
"""Events that all points together hold at most; then every second point goes."""
TOLD = 250
"""What happened before a point, of each level: so much of it a point holds."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment that can be gone to at once: where the reading stood, and the picture then."""

    mark: Mark
    facts: tuple[AnyEvent, ...]
    told: tuple[Entry, ...] = ()
    """What happened before it, the last of it."""
    count: int = 0
    """How much was told before it."""

    def picture(self) -> State:
        """Return the picture of that moment."""
        state = State()
        for event in self.facts:
            apply(state, event)
        return state

    def chronicle(self) -> Chronicle:
        """Return what had happened by that moment."""
        return Chronicle(TOLD, entries=self.told, count=self.count)


def chronicle() -> Chronicle:
    """Return one for a replay of which nothing has been told yet."""
    return Chronicle(TOLD)


class Index:
    """Reads everything once, a little at a time."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        self._reading = Reading(chains)
        self._steps = iter(self._reading)
        self._state = State()
        self._chronicle = chronicle()
        self.points = [Point(self._reading.mark(), ())]
        self.alerts = Alerts()
        self.done = False
        self._gap = GAP
        self._held = 0
        self._next = GAP

    @property
    def at(self) -> float:
        """All before this time is known."""
        return self._reading.at

    @property
    def lines(self) -> int:
        """Lines that were read."""
        return self._reading.lines

    @property
    def strange(self) -> int:
        """Lines of them that nobody understood."""
        return self._reading.strange

    def share(self) -> float:
        """Return how much of it has been read, 0 to 1."""
        return 1.0 if self.done else self._reading.share()

    def work(self, seconds: float) -> None:
        """Read on for so long."""
        until = time.monotonic() + seconds
        for count, told in enumerate(self._steps):
            for each in told:
                self._take(each)
            if self._reading.lines >= self._next:
                self._point()
            if count % 64 == 63 and time.monotonic() >= until:
                return
        self.done = True

    def before(self, at: float) -> Point:
        """Return the last point that lies before a time."""
        found = bisect_left(self.points, at, key=lambda point: point.mark.at)
        return self.points[max(0, found - 1)]

    def _take(self, told: AnyTold) -> None:
        if not isinstance(told, AnyNote):
            apply(self._state, told)
        self._chronicle.take(told)
        self.alerts.take(told, max(told.at, self._reading.at))

    def _point(self) -> None:
        self._next = self._reading.lines + self._gap
        facts, told = tuple(snapshot(self._state)), tuple(self._chronicle.entries())
        point = Point(self._reading.mark(), facts, told, self._chronicle.count)
        self.points.append(point)
        self._held += len(point.facts) + len(point.told)
        if len(self.points) > POINTS or self._held > FACTS:
            self.points = self.points[::2]
            self._held = sum(len(each.facts) + len(each.told) for each in self.points)
            self._gap *= 2
