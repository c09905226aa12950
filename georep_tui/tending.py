"""The commands that make a session, have it work or rest, and remove it: a call and a word each."""

import argparse
import sys
from typing import TYPE_CHECKING

from engine import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.config import Places


def run(at: "Places", args: argparse.Namespace) -> int:
    """Run one of them; return the exit code."""
    import asyncio  # deferred, like everything here

    from engine.session import lifecycle
    from georep_tui import checking

    match args.command:
        case "create":
            made = asyncio.run(
                lifecycle.create(
                    at,
                    args.volume,
                    args.secondary,
                    name=args.name,
                    settings=args.settings,
                    tick=checking.tick,
                    agree=(lambda _: True) if args.enable else checking.agree,
                    force=args.force,
                )
            )
            _tell(f"Session {made.name} is created. Start it: georep start {made.name}")
        case "start":
            asyncio.run(lifecycle.start(at, args.name))
            _tell(f"Session {args.name} is started. Watch it: georep")
        case "stop":
            asyncio.run(lifecycle.stop(at, args.name))
            _tell(f"Session {args.name} is stopped.")
        case "pause":
            asyncio.run(lifecycle.pause(at, args.name))
            _tell(
                f"Session {args.name} pauses as soon as what is under way is settled. "
                f"Go on: georep resume {args.name}"
            )
        case "resume":
            asyncio.run(lifecycle.resume(at, args.name))
            _tell(f"Session {args.name} goes on.")
        case "retry":
            found = asyncio.run(lifecycle.retry(at, args.name, args.objects))
            _tell(f"{_objects(found.count)} tried again, at once if the session runs.")
            return _strange(args.name, found.strangers)
        case "skip":
            found = asyncio.run(lifecycle.skip(at, args.name, args.objects))
            _tell(f"{_objects(found.count)} left alone until they change.")
            return _strange(args.name, found.strangers)
        case _:
            _delete(at, args.name, reset=args.reset_sync_time)
    return 0


def _delete(at: "Places", name: str, *, reset: bool) -> None:
    import asyncio  # deferred, like everything here

    from engine import config
    from engine.session import lifecycle

    secondary = config.read(at, name).secondary if reset else ""
    bricks = asyncio.run(lifecycle.delete(at, name, reset=reset))
    _tell(f"Session {name} is gone. Both volumes stay as they are.")
    if reset:
        where = ", ".join(bricks) or "no brick of this node: there was none"
        _tell(f"The position for {secondary} was taken off {where}. Do so on each node.")


def _strange(name: str, words: "Sequence[str]") -> int:
    """Say which words named no failure; return the exit code."""
    for word in words:
        sys.stderr.write(
            f"georep: No failure of session {name} is called {names.verbatim(word)}.\n"
        )
    return 1 if words else 0


def _objects(count: int) -> str:
    return "1 object is" if count == 1 else f"{count} objects are"


def _tell(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
