"""One line on stderr that says how far a long command is; on terminals only."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

TICK = 0.5
_CLEAR = "\r\x1b[K"


class Progress:
    """The line, and what is written above it."""

    def __init__(self, words: Callable[[], str]) -> None:
        """`words` makes the line, without a newline, as it is now."""
        self._words = words
        self._on = sys.stderr.isatty()

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Keep the line up to date, and take it away at the end."""
        task = asyncio.create_task(self._run()) if self._on else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
            self._clear()

    def say(self, line: str) -> None:
        """Write a line to stdout, not into the middle of ours."""
        self._clear()
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    async def _run(self) -> None:
        while True:
            columns = shutil.get_terminal_size().columns
            sys.stderr.write(f"{_CLEAR}{self._words()[: columns - 1]}")
            sys.stderr.flush()
            await asyncio.sleep(TICK)

    def _clear(self) -> None:
        if self._on:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
