"""The commands of georep-engine that need an event loop, with their words and exit codes."""

import asyncio
import contextlib
import logging
import sys

from engine import config, feed
from engine import events as facts
from engine.config import Places
from engine.events import EngineStarted
from engine.session import once as single
from engine.session import supervisor


def run(at: Places) -> int:
    """Supervise until stopped."""
    _log_to_stderr()
    asyncio.run(supervisor.run(at))
    return 0


def once(at: Places, session: str) -> int:
    """Replicate one session; say on stdout how it ended."""
    _log_to_stderr()
    outcome = asyncio.run(single.once(at, session, supervisor.usual_ways(at)))
    sys.stdout.write(outcome.words + "\n")
    return 0 if outcome.whole else 1


def events(at: Places, session: str | None) -> int:
    """Write events as they come, of one session or of all; 1 when the engine ends."""
    if session is not None:
        config.check_name(session)
    asyncio.run(_write_events(at, session))
    sys.stderr.write("georep-engine: The engine has ended.\n")
    return 1


async def _write_events(at: Places, session: str | None) -> None:
    async with contextlib.aclosing(feed.once(at.socket)) as stream:
        async for event in stream:
            if session is None or isinstance(event, EngineStarted) or event.session == session:
                sys.stdout.buffer.write(facts.encode(event) + b"\n")
                sys.stdout.buffer.flush()


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
