"""`georep adopt`: which sessions gsyncd has, and one of them made georep's."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from engine import moments
from engine.config import Places
from engine.errors import GeorepError, Usage
from engine.gluster import gsyncd
from engine.gluster.gsyncd import Found
from engine.session import adopting, checks
from georep_tui import checking


def run(at: Places, args: argparse.Namespace) -> int:
    """List gsyncd's sessions, or take one over; 0, or an error with the next step."""
    root = checks.check_root()
    if not root.fine:
        raise Usage("georep adopt reads what glusterd keeps, which only root can", fix=root.fix)
    found = gsyncd.sessions()
    if args.list or not args.volume:
        _list(found)
        return 0
    meant = adopting.choose(found, args.volume, args.secondary)
    taken = adopting.translate(meant.options)
    agree = (lambda _: True) if args.enable else checking.agree
    made = asyncio.run(adopting.adopt(at, meant, name=args.name, tick=checking.tick, agree=agree))
    if taken.settings:
        _tell(f"Taken over: {', '.join(taken.settings)}")
    if taken.left:
        _tell(f"Not taken over, for georep has no such thing: {', '.join(taken.left)}")
    _tell(f"Session {made.name} is created, and goes on where gsyncd stopped.")
    _tell(f"On every node with bricks say this, and then: georep start {made.name}")
    return 0


def _list(found: Sequence[Found]) -> None:
    if not found:
        _tell("gsyncd has no session on this node.")
    for each in found:
        state = "runs" if each.running else "does not run here"
        _tell(f"{each.primary} {each.secondary}  {state}  {_until(each)}")
        for word, options in zip(("taken over", "left"), _options(each), strict=True):
            if options:
                _tell(f"    {word}: {', '.join(options)}")


def _options(found: Found) -> tuple[Sequence[str], Sequence[str]]:
    taken = adopting.translate(found.options)
    return taken.settings, taken.left


def _until(found: Found) -> str:
    """Say up to when all bricks of this node have everything."""
    try:
        marks = list(adopting.positions(found).values())
    except GeorepError as error:
        return error.words
    if not marks or not min(marks):
        return "no position yet: everything will be looked at"
    return f"until {moments.show(min(marks))}"


def _tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
