"""What workers did per second over a time that the operator chose. Pure.

The last minute and a half is known from totals, about one a second; before that from what the
engine counts of each minute, an hour back, which outlives the worker. Nothing more is kept for it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise, zip_longest
from math import ceil
from typing import NamedTuple

from engine import figures
from engine.state import WorkerState

MINUTE = 60.0


class Window(StrEnum):
    """How far back the graph reaches."""

    MINUTE = "60 s"
    MINUTES = "10 min"
    HOUR = "1 h"

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return {Window.MINUTE: MINUTE, Window.MINUTES: 10 * MINUTE, Window.HOUR: 60 * MINUTE}[self]


class Run(NamedTuple):
    """A total as it grew: times, and what it was at each of them."""

    times: list[float]
    totals: list[float]

    def at(self, time: float) -> float:
        """Return the total at a time; between two it grows evenly."""
        later = bisect_right(self.times, time)
        if later in (0, len(self.times)):
            return self.totals[max(0, later - 1)] if self.times else 0.0
        before, after = self.times[later - 1], self.times[later]
        low, high = self.totals[later - 1], self.totals[later]
        return low + (high - low) * (time - before) / (after - before)


def run(worker: WorkerState, kind: str) -> Run:
    """Return how the total of `kind` ("bytes", "files", "entries") of one worker grew."""
    found, total = Run([], []), 0.0
    begin = worker.samples[0].at if worker.samples else float("inf")
    for minute, count in sorted({each.minute: each for each in worker.minutes}.items()):
        end = min(minute + MINUTE, begin)
        if end > minute:
            _add(found, minute, total)
            total += getattr(count, kind) * (end - minute) / MINUTE
            _add(found, end, total)
    for before, after in pairwise(worker.samples):
        # Nobody tells of nothing: what grew after a silence grew at its end.
        _add(found, before.at, total)
        _add(found, max(before.at, after.at - figures.GAP), total)
        total += max(0, getattr(after, kind) - getattr(before, kind))
    if worker.samples:
        _add(found, worker.samples[-1].at, total)
    return found


def _add(found: Run, time: float, total: float) -> None:
    if found.times and time <= found.times[-1]:
        found.totals[-1] = total
    else:
        found.times.append(time)
        found.totals.append(total)


def together(
    workers: Iterable[WorkerState], kind: str, window: Window, now: float, points: int
) -> list[float]:
    """Return what several workers did per second, in equal parts of the time up to now; fewer than
    `points`, the last ones, when nobody told of anything before.
    """
    step = window.seconds / points
    runs = [_rates(run(worker, kind), step, now, points) for worker in workers]
    newest_first = (reversed(rates) for rates in runs)
    return [sum(parts) for parts in zip_longest(*newest_first, fillvalue=0.0)][::-1]


def _rates(found: Run, step: float, now: float, points: int) -> list[float]:
    if not found.times:
        return []
    points = min(points, ceil(max(0.0, now - found.times[0]) / step))
    edges = [found.at(now - step * back) for back in range(points, -1, -1)]
    return [max(0.0, after - before) / step for before, after in pairwise(edges)]
