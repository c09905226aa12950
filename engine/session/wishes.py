"""What an operator wants of a worker that runs: that it rests, or that it looks again."""

import asyncio


class Wishes:
    """Told by commands, at any moment; asked where everything that was begun is settled."""

    def __init__(self, *, paused: bool = False) -> None:
        self.paused = paused
        """Nothing new shall be begun."""
        self.woken = asyncio.Event()
        """Set when something was said: whoever waits for changes looks again."""
        self._resumed = asyncio.Event()

    def pause(self) -> None:
        """Let what is under way end, and begin nothing new; harmless when said twice."""
        self.paused = True
        self._resumed.clear()
        self.woken.set()

    def resume(self) -> None:
        """Go on; harmless when said twice."""
        self.paused = False
        self._resumed.set()
        self.woken.set()

    async def resumed(self) -> None:
        """Return when there is nothing to rest for any more."""
        while self.paused:
            await self._resumed.wait()
