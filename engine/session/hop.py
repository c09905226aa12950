"""Blocking calls of a worker, on its mount, its brick and its ledger, kept off the event loop."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
THREADS = 8
"""Threads that may wait on the primary mount."""


class Hop:
    """A pool of threads that knows how long the oldest call in it has been under way."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="primary")
        self._calls: dict[object, float] = {}
        """Blocking calls under way and when each began."""

    async def run(self, call: Callable[..., T], *args: object) -> T:
        """Run one blocking call; group many small ones inside `call`."""
        token = object()

        def begun() -> T:
            self._calls[token] = time.monotonic()
            try:
                return call(*args)
            finally:
                del self._calls[token]

        return await asyncio.get_running_loop().run_in_executor(self._pool, begun)

    def stuck_for(self) -> float:
        """Return for how many seconds the oldest call has been under way."""
        now = time.monotonic()
        # A copy, in one step: threads add to it and take from it meanwhile.
        return now - min(list(self._calls.values()), default=now)

    def close(self) -> None:
        """Let the threads go; those that hang on a dead mount are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
