"""How late a worker's own loop is: what stands still here answers nobody, and feeds no mover."""

import asyncio
import time
from collections import deque

STEP = 0.1
"""Seconds from one sample to the next; one short stall between two of them may not be seen."""
LASTS = 60.0
"""Seconds that a stall is told."""


class Stalls:
    """The longest stall of the last minute, in little memory."""

    def __init__(self) -> None:
        self._found: deque[tuple[float, float]] = deque()
        """When it was, and how long; each is shorter than the one before it, or it would not last
        any longer than that.
        """

    def note(self, at: float, seconds: float) -> None:
        """Take up one sample; `at` never goes back."""
        while self._found and self._found[-1][1] <= seconds:
            self._found.pop()
        self._found.append((at, seconds))
        self._forget(at)

    def longest(self, at: float) -> float:
        """Return the longest of the minute before `at`, in seconds; -1 when nobody has looked."""
        self._forget(at)
        return self._found[0][1] if self._found else -1.0

    async def watch(self) -> None:
        """Sample the loop that this runs in, until it is cancelled."""
        while True:
            due = time.monotonic() + STEP
            await asyncio.sleep(STEP)
            now = time.monotonic()
            self.note(now, max(0.0, now - due))

    def _forget(self, at: float) -> None:
        while self._found and self._found[0][0] < at - LASTS:
            self._found.popleft()
