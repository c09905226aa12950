"""The commands `georep status`, `list` and `failures`: what they ask, and what they end with."""

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import Places


def status(at: "Places", args: argparse.Namespace) -> int:
    """Say how a session is, or all; return the exit code."""
    import asyncio  # deferred, like everything here
    import time

    from engine.events import Wanted
    from engine.session import lifecycle
    from engine.state import State
    from georep_tui import attention, report

    async def ask() -> tuple[bool, State]:
        return await lifecycle.running(at), await lifecycle.status(at, args.name)

    running, state = asyncio.run(ask())
    (report.status_json if args.json else report.status)(state, time.time())
    wanted = [each.known.wanted for each in state.sessions.values() if each.known]
    if not running and Wanted.STARTED in wanted:
        sys.stderr.write(
            "georep: No engine runs on this node, this is what it said last. "
            "Start it with systemctl start georep, or georep-engine run.\n"
        )
        return 1
    return 1 if attention.count(state) else 0


def sessions(at: "Places", args: argparse.Namespace) -> int:
    """Say which sessions there are; return the exit code."""
    from engine.session import lifecycle  # deferred, like everything here
    from georep_tui import report

    found = lifecycle.listed(at)
    (report.listed_json if args.json else report.listed)(found)
    return 1 if any(each.error for each in found) else 0


def names(said: bytes) -> list[str]:
    """Return the names of the sessions in what `georep list --json` said; Retry when it is not
    that.
    """
    import json  # deferred, like everything here

    from engine.errors import Retry

    try:
        return [str(each["session"]) for each in json.loads(said)]
    except (ValueError, TypeError, KeyError):
        raise Retry("What georep list said there is no list of sessions") from None


def failures(at: "Places", args: argparse.Namespace) -> int:
    """Say what could not be replicated; return the exit code."""
    import time  # deferred, like everything here

    from engine.failures import WAITS
    from engine.session import lifecycle
    from georep_tui import report

    found = lifecycle.failures(at, args.name)
    if args.json:
        report.failures_json(found)
    else:
        report.failures(found, time.time())
    return 1 if any(failure.due and failure.kind != WAITS for failure in found) else 0
