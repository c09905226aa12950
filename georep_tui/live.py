"""The console on the sockets of running engines."""

import gc
import signal
from collections.abc import Sequence
from pathlib import Path

from engine import feed
from georep_tui import remembered
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.look import Look
from georep_tui.running import Argv, Commands
from georep_tui.sources import Link
from georep_tui.steward import Steward


def collect_seldom() -> None:
    """Look for garbage in rings less often: a console makes little, and what it keeps of ten
    thousand events a second would be looked through again and again.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def watch(
    sockets: Sequence[Path],
    *,
    argv: Argv,
    steward: Steward | None = None,
    reading_only: bool = False,
    dark: bool = True,
    ansi: bool = False,
    plain: bool = False,
    seconds: float | None = None,
) -> int:
    """Show what the engines say until the operator leaves, or for `seconds`; return 0 then.

    `argv` says how a command of georep is begun on a node. `steward` makes and changes sessions;
    without one, and with `reading_only`, none can be.
    """
    link, desk = Link(), Desk(commands=Commands(argv))
    sources = [desk.follow(path, feed.live(path, heard=link.follow(str(path)))) for path in sockets]
    look = Look(dark=dark, ansi=ansi, plain=plain)
    app = Console(
        *sources,
        link=link,
        desk=None if reading_only else desk,
        steward=None if reading_only else steward,
        reading_only=reading_only,
        seconds=seconds,
        **look,
    )
    app.remember = remembered.keep
    collect_seldom()
    before = signal.getsignal(signal.SIGTERM)
    try:
        app.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    return app.return_code or 0
