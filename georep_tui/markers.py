"""Moments of a replay that the operator marked. Pure."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import NamedTuple

LIMIT = 1000
"""Markers kept at most, the first ones."""


class Marker(NamedTuple):
    """One of them."""

    at: float
    words: str
    """What the operator calls it, or what was told there."""


class Markers:
    """All markers of a replay, in the order of their times; one for each time."""

    def __init__(self) -> None:
        self._found: list[Marker] = []

    def __iter__(self) -> Iterator[Marker]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def times(self) -> tuple[float, ...]:
        """Return when they are."""
        return tuple(marker.at for marker in self._found)

    def put(self, at: float, words: str) -> bool:
        """Set one, in the place of one that is there; return False when there are too many."""
        if not self.take(at) and len(self._found) >= LIMIT:
            return False
        insort(self._found, Marker(at, words))
        return True

    def take(self, at: float) -> bool:
        """Take the one of a time away; return whether there was one."""
        found = [marker for marker in self._found if marker.at != at]
        taken = len(found) < len(self._found)
        self._found = found
        return taken

    def near(self, at: float, *, later: bool) -> float | None:
        """Return the next one after a time, or the last one before it; None without one."""
        times = self.times()
        if later:
            return next((each for each in times if each > at), None)
        found = bisect_left(times, at)
        return times[found - 1] if found else None

    def around(self, at: float, begin: float, end: float) -> tuple[float, float]:
        """Return the stretch that a time is in: from the last marker up to it, to the next one."""
        since = max((each for each in self.times() if each <= at), default=begin)
        return since, next((each for each in self.times() if each > at), end)
