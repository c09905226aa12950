"""Commands of georep that the console has run on a node, each in a process of its own: they mount
volumes, and a mount that hangs shall hang nobody's screen.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence

from engine.errors import Retry
from engine.plan.steps import Told
from georep_tui import stepping

HERE = (sys.executable, "-P", "-m", "georep_tui")
"""georep itself, as it runs here."""
_LIMIT = 1 << 24
"""Bytes of a line, at most."""

Argv = Callable[[str], Sequence[str]]
"""Returns the words that begin a command of georep on a node."""


class Commands:
    """Runs commands; one that the console leaves behind is told to end."""

    def __init__(self, argv: Argv) -> None:
        self._argv = argv

    async def said(self, node: str, *words: str) -> bytes:
        """Return what a command writes on `node`; Retry, with its own words, for nothing."""
        process = await asyncio.create_subprocess_exec(
            *self._argv(node),
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LIMIT,
        )
        try:
            out, wrong = await process.communicate()
        finally:
            if process.returncode is None:
                process.terminate()
        if out:
            return out
        lines = wrong.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        first = next((each for each in lines if each.startswith("georep: ")), lines[-1])
        raise Retry(f"{node}: {first.removeprefix('georep: ')}")

    async def steps(self, node: str, *words: str) -> list[Told]:
        """Return what a command says that tells steps; Retry as `said`."""
        said = await self.said(node, *words, "--json")
        return [told for line in said.splitlines() if (told := stepping.read(line)) is not None]
