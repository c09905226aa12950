"""The words of `georep failures NAME fix`: what is in the way of a failure goes aside."""

import argparse
from typing import TYPE_CHECKING

from georep_tui import quarantining

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from engine.config import Places
    from engine.events import EntryFailed
    from engine.plan.steps import Told
    from georep_tui.desk import Desk

MOST = 100
"""Objects that the console has fixed at once; one command takes no more."""


def add_act(failures: argparse.ArgumentParser) -> None:
    """Add it to the command `failures`."""
    acts = failures.add_subparsers(dest="act", metavar="fix")
    fix = acts.add_parser(
        "fix", help="move aside who is in the way, asks first", allow_abbrev=False
    )
    fix.add_argument("objects", metavar="GFID|PATH", nargs="+")
    quarantining.add_words(fix)


def run(at: "Places", args: argparse.Namespace) -> int:
    """Run it; return the exit code."""
    from engine.session import mending  # deferred: a mount and ssh take a moment to import
    from georep_tui import stepping

    return stepping.run(args, lambda agreed: mending.fix(at, args.name, args.objects, agreed))


def asked(
    desk: "Desk", session: str, failures: "Iterable[EntryFailed]"
) -> "Callable[[Sequence[str]], Awaitable[list[Told]]]":
    """Return what has failures looked at, each on the node whose worker it is; and, given tokens of
    steps, those done that are still so.
    """
    from engine.state import node_of  # deferred, like everything here

    of: dict[str, list[str]] = {}
    for failure in failures:
        of.setdefault(node_of(failure.worker), []).append(failure.gfid)

    async def ask(tokens: "Sequence[str]") -> "list[Told]":
        told: list[Told] = []
        seen = [part for token in tokens for part in ("--seen", token)]
        for node, gfids in of.items():
            assert desk.commands is not None, "without it the key does nothing"
            words = ("failures", session, "fix", *dict.fromkeys(gfids), *seen)
            told += await desk.commands.steps(node, *words)
        return told

    return ask
