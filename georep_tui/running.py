"""Commands of georep that the console has run on a node, each in a process of its own: they mount
volumes, and a mount that hangs shall hang nobody's screen.
"""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress

from engine.plan.steps import Told
from georep_tui import stepping
from georep_tui.hosts import Host

_LIMIT = 1 << 24
"""Bytes of a line, at most."""
_LAST = 2.0
"""Seconds in which a process can end that is told to."""

Find = Callable[[str], Host]
"""Returns the host that a node is."""


async def end(process: Process) -> None:
    """Have a process end that nobody waits for any more; nothing of it is left in the loop, if it
    ends at all.
    """
    for stop in (process.terminate, process.kill):
        with suppress(ProcessLookupError, TimeoutError):
            stop()
            async with asyncio.timeout(_LAST):
                await process.communicate()
        if process.returncode is not None:
            return


class Commands:
    """Runs commands; one that the console leaves behind is told to end."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def said(self, node: str, *words: str) -> bytes:
        """Return what a command writes on `node`; Retry, with its own words, for nothing."""
        host = self._find(node)
        try:
            process = await asyncio.create_subprocess_exec(
                *host.argv("georep", *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LIMIT,
            )
        except OSError as error:
            raise host.unstarted(error) from error
        try:
            out, wrong = await process.communicate()
        finally:
            if process.returncode is None:
                await end(process)
        if out:
            return out
        raise host.trouble(process.returncode, wrong)

    async def steps(self, node: str, *words: str) -> list[Told]:
        """Return what a command says that tells steps; Retry as `said`."""
        said = await self.said(node, *words, "--json")
        return [told for line in said.splitlines() if (told := stepping.read(line)) is not None]
