"""A replay's table of contents, made while it is looked at: points to go on from, and alerts."""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine.events import AnyEvent, EntryFailed, SessionBlocked, WorkerFaulty
from engine.state import State, apply, snapshot
from georep_tui.replay.chains import Chain
from georep_tui.replay.notes import AnyNote, AnyTold, ConflictMet, GivenUp
from georep_tui.replay.reading import Mark, Reading

GAP = 2000
"""Lines between two points, at first."""
POINTS = 256
FACTS = 200_000
"""Events that all points together hold at most; then every second point goes."""
ALERTS = 20_000
"""Alerts that are kept; of more, those that are further apart."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment that can be gone to at once: where the reading stood, and the picture then."""

    mark: Mark
    facts: tuple[AnyEvent, ...]

    def picture(self) -> State:
        """Return the picture of that moment."""
        state = State()
        for event in self.facts:
            apply(state, event)
        return state


class Index:
    """Reads everything once, a little at a time."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        self._reading = Reading(chains)
        self._steps = iter(self._reading)
        self._state = State()
        self.points = [Point(self._reading.mark(), ())]
        self.alerts: list[float] = []
        """When something went wrong: the whole second after it."""
        self.done = False
        self._gap = GAP
        self._apart = 1.0
        """Least seconds between two alerts that are kept."""
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

    def alert(self, at: float, *, later: bool) -> float | None:
        """Return the next alert after a time, or the last one before it; None without one."""
        if later:
            found = bisect_right(self.alerts, at)
            return self.alerts[found] if found < len(self.alerts) else None
        found = bisect_left(self.alerts, at)
        return self.alerts[found - 1] if found else None

    def _take(self, told: AnyTold) -> None:
        if not isinstance(told, AnyNote):
            apply(self._state, told)
        if is_alert(told):
            self._alert(float(int(max(told.at, self._reading.at)) + 1))

    def _alert(self, second: float) -> None:
        if not self.alerts or second >= self.alerts[-1] + self._apart:
            self.alerts.append(second)
        if len(self.alerts) > ALERTS:
            self._apart *= 2
            kept, self.alerts = self.alerts, []
            for each in kept:
                self._alert(each)

    def _point(self) -> None:
        self._next = self._reading.lines + self._gap
        point = Point(self._reading.mark(), tuple(snapshot(self._state)))
        self.points.append(point)
        self._held += len(point.facts)
        if len(self.points) > POINTS or self._held > FACTS:
            self.points = self.points[::2]
            self._held = sum(len(each.facts) for each in self.points)
            self._gap *= 2


def is_alert(told: AnyTold) -> bool:
    """Return whether an operator would have been called."""
    return isinstance(told, WorkerFaulty | SessionBlocked | EntryFailed | GivenUp | ConflictMet)
