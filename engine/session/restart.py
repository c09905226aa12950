"""When a worker that ended is started again. Pure."""

FIRST, LONGEST = 1.0, 60.0
"""Seconds before the first new start, and at most."""
HEALTHY = 60.0
"""Seconds of work after which an end counts as the first one again."""


def attempt(before: int, healthy: float) -> int:
    """Return which attempt the next start is, after `before` and a run healthy for so long."""
    return 1 if healthy >= HEALTHY else before + 1


def delay(attempt: int, roll: float) -> float:
    """Return the seconds to wait before `attempt` (1, 2, …); `roll`, 0 to 1, spreads the herd.

    Workers of one session fall together; without the spread they would come back together.
    """
    full = min(LONGEST, FIRST * 2.0 ** min(attempt - 1, 10))
    return max(FIRST, full * (0.75 + roll / 4))
