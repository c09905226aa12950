"""What an operator wants of a worker that runs: that it rests, looks again, or ends."""

import asyncio

from engine import events
from engine.session.report import Report


class Wishes:
    """Told by commands, at any moment; asked where everything that was begun is settled."""

    def __init__(self, *, paused: bool = False) -> None:
        self.paused = paused
        """Nothing new shall be begun."""
        self.woken = asyncio.Event()
        """Set when something was said: whoever waits for changes looks again."""
        self.ended = asyncio.Event()
        """Set when it is to end."""
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

    async def rest(self, report: Report) -> None:
        """While the session is paused, wait; the caller has nothing under way.

        Whoever goes on afterwards decides anew, from what is on disk: days may have passed.
        """
        while self.paused:
            report.now_doing("paused", f"georep resume {report.session}")
            report.tell(events.PauseChanged, paused=True)
            await self.resumed()
            report.tell(events.PauseChanged, paused=False)
