"""The console on running engines, here and on other nodes."""

import gc
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from engine import feed
from engine.events import AnyEvent
from georep_tui import calling, keyboard, remembered
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.hosts import Host
from georep_tui.keyboard import Keyboard
from georep_tui.look import Look
from georep_tui.running import Commands, Find
from georep_tui.sources import Link
from georep_tui.steward import Steward


def collect_seldom() -> None:
    """Look for garbage in rings less often: a console makes little, and what it keeps of ten
    thousand events a second would be looked through again and again.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def watch(
    engines: Sequence[Path | Host],
    *,
    find: Find,
    steward: Steward | None = None,
    reading_only: bool = False,
    dark: bool = True,
    ansi: bool = False,
    plain: bool = False,
    keyboard: Keyboard = keyboard.USUAL,
    seconds: float | None = None,
) -> int:
    """Show what the engines say, those at sockets and those of hosts, until the operator leaves, or
    for `seconds`; return 0 then.

    `find` says what runs commands of georep on the node of a socket. `steward` makes and changes
    sessions; without one, and with `reading_only`, none can be.
    """
    link, desk = Link(), Desk()
    desk.commands = Commands(lambda node: desk.hosts.get(node) or find(node))
    sources = [desk.follow(engine, _heard(engine, link)) for engine in engines]
    look = Look(dark=dark, ansi=ansi, plain=plain)
    app = Console(
        *sources,
        link=link,
        desk=None if reading_only else desk,
        steward=None if reading_only else steward,
        reading_only=reading_only,
        keyboard=keyboard,
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


def _heard(engine: Path | Host, link: Link) -> AsyncIterator[AnyEvent]:
    if isinstance(engine, Path):
        return feed.live(engine, heard=link.follow(str(engine)))
    say = link.follow(engine.name)

    def heard(words: str) -> None:
        say(engine.words(words) if words and engine.name not in words else words)

    return feed.live(calling.dial(engine), heard=heard)
