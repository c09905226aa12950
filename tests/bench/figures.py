"""Numbers out of numbers: percentiles, medians, spreads, ratios. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some measurements, and between what they lie."""

    middle: float
    least: float
    most: float


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all (0 to 1) do not exceed; none is made up."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> Spread:
    """Return the median of `values`, of which there is at least one, and the two ends."""
    ordered = sorted(values)
    half = len(ordered) // 2
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return Spread(middle, ordered[0], ordered[-1])


def ratios(theirs: Sequence[tuple[int, float]], ours: Sequence[tuple[int, float]]) -> list[float]:
    """Return theirs ÷ ours for each round (number, value) that both have."""
    own = {number: value for number, value in ours if value > 0}
    return [value / own[number] for number, value in theirs if number in own]
