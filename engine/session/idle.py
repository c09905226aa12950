"""While a worker has nothing to do: whether the secondary would take it, if there were something.

Whoever brings changes is told by their answers.
"""

import asyncio
from contextlib import suppress

from engine.errors import Reject, Retry
from engine.rpc.channel import Channel
from engine.rpc.messages import Ready
from engine.session.report import Report

LOOK = 45.0
"""Seconds without an answer to a change after which the secondary is looked at, again and again."""
AGAIN = 5.0
"""Seconds until the second look, which decides: a brick that is started anew is away for one."""
SLOW = 10.0
"""Seconds without an answer after which that is told."""


class Idle:
    """Looks at the secondary of one worker as long as nothing else does."""

    def __init__(self, channel: Channel, report: Report, *, host: str, patience: float) -> None:
        """`host` has the agent; `patience`: seconds that it may take to answer."""
        self._channel, self._report = channel, report
        self._host, self._patience = host, patience

    async def watch(self) -> None:
        """Look now and then; Retry when the secondary cannot be worked on. Never returns."""
        while True:
            await asyncio.sleep(max(0.1, LOOK - self._channel.idle_for()))
            if self._channel.idle_for() >= LOOK:
                await self.look()

    async def look(self) -> None:
        """Look once, and again when something is wrong; Retry when it still is."""
        with suppress(Retry):
            await self._ask()
            return
        await asyncio.sleep(AGAIN)
        await self._ask()

    async def _ask(self) -> None:
        try:
            ready = await self._answered()
        except Reject as error:
            raise Retry(
                f"{error.words} ({self._host})",
                cause=error.cause,
                fix=error.fix or "See its bricks there: gluster volume status SVOL",
            ) from error
        if not ready.whole:
            raise Retry(
                f"a part of the secondary volume does not answer ({self._host})",
                cause="secondary bricks down",
                fix="See which brick on the secondary: gluster volume status SVOL",
            )
        # No fault: who would end could not take away what is removed, either.
        self._report.trouble = "secondary full" if ready.full else ""

    async def _answered(self) -> Ready:
        """Return the answer; tell when there is none for long, and raise Retry when there is none
        at all.
        """
        telling = asyncio.get_running_loop().call_later(SLOW, self._tell_slow)
        try:
            async with asyncio.timeout(self._patience):
                return await self._channel.ready()
        except TimeoutError:
            raise Retry(
                f"the mount of the secondary on {self._host} has not answered for "
                f"{self._patience:.0f} s",
                cause="secondary hangs",
                fix="See there which bricks are down, or cannot be reached: "
                "gluster volume status SVOL",
            ) from None
        finally:
            telling.cancel()

    def _tell_slow(self) -> None:
        self._report.trouble = "secondary hangs"
