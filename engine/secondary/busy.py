"""What an agent's threads are at, and for how long: so that what hangs is told from work."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LOOK = 0.05
"""Seconds between two looks whether all have ended."""


class Busy:
    """The calls that are under way, of any number of threads."""

    def __init__(self) -> None:
        self._since: dict[int, float] = {}

    @contextmanager
    def item(self) -> Iterator[None]:
        """Be busy with one item: some calls of the mount, each of which is short."""
        yield from self._during(time.monotonic())

    @contextmanager
    def question(self) -> Iterator[None]:
        """Be busy with something that may take its time, as a copy of a large file does."""
        yield from self._during(math.inf)

    def longest(self) -> float:
        """Return for how many seconds the oldest item has been under way; 0 without one."""
        # A copy, for others come and go meanwhile.
        oldest = min(self._since.copy().values(), default=math.inf)
        return max(0.0, time.monotonic() - oldest)

    def ended(self, seconds: float) -> bool:
        """Wait so long for the end of all; whether all have ended. Nobody may begin any more."""
        until = time.monotonic() + seconds
        time.sleep(_LOOK)  # who was just handed something is heard of
        while self._since:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK)
        return True

    def _during(self, began: float) -> Iterator[None]:
        me = threading.get_ident()
        self._since[me] = began
        try:
            yield
        finally:
            del self._since[me]
