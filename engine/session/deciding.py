"""What an operator decides of failures on one node: to be tried again now, or to be left alone."""

import asyncio
import time
from collections.abc import Collection

from engine import feed
from engine.commands import AnyCommand, Reread
from engine.config import Places
from engine.errors import Retry
from engine.session import ledger


async def again(at: Places, session: str, gfids: Collection[str] | None) -> int:
    """Have these failures tried now, also those that were skipped; return how many there were.

    None: all but those that were skipped.
    """
    return await _decide(at, gfids, time.time(), Reread(session=session))


async def aside(at: Places, session: str, gfids: Collection[str]) -> int:
    """Leave these failures alone until their objects change; return how many there were."""
    return await _decide(at, gfids, ledger.NEVER, Reread(session=session, gfids=tuple(gfids)))


async def tell(at: Places, command: AnyCommand) -> None:
    """Tell the engine, if there is one; without one there is nobody who has to know."""
    try:
        await feed.ask(at.socket, command)
    except Retry as error:
        if error.cause != "no engine":
            raise


async def _decide(at: Places, gfids: Collection[str] | None, due: float, told: Reread) -> int:
    """Note it, then tell the engine: it finds what is noted whenever it looks."""
    count = await asyncio.to_thread(ledger.make_due, at.ledger(told.session), gfids, due)
    await tell(at, told)
    return count
