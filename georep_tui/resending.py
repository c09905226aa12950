"""The command `georep resend`: named objects are sent again, and both sides compared."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import Places


def run(at: "Places", args: argparse.Namespace) -> int:
    """Run it; return the exit code."""
    from engine.session import resending  # deferred: a mount and ssh take a moment to import
    from engine.session.comparing import path_of
    from georep_tui import stepping

    paths = [path_of(path) for path in args.paths]
    return stepping.run(args, lambda agreed: resending.resend(at, args.name, paths, agreed))
