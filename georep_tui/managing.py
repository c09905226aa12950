"""What the keys do that change a session: ask first, have it done, say what came of it."""

from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.state import SessionState
from georep_tui import acts, asking, rows
from georep_tui.acts import Act
from georep_tui.screens.agree import WIDTH, AgreeScreen
from georep_tui.screens.creating import CreateScreen
from georep_tui.screens.deleting import DeleteScreen
from georep_tui.screens.line import LineScreen
from georep_tui.screens.looking import DoctorScreen, VerifyScreen
from georep_tui.screens.moment import CheckpointScreen
from georep_tui.screens.settings import OptionsScreen
from georep_tui.screens.steps import carry_out
from georep_tui.steward import Steward

if TYPE_CHECKING:
    from georep_tui.app import Console

NOTICE = 8.0
"""Seconds that the answer to a key is shown."""


def begin(console: "Console", steward: Steward, act: Act, name: str | None) -> None:
    """Ask what is needed for an act on the session called `name`, or for a new one."""
    session = console.picture.sessions.get(name or "", SessionState())
    console.clear_notifications()  # they would stand over what is asked
    if act is Act.NEW:
        console.push_screen(CreateScreen(steward), partial(_made, console))
    elif name is None:
        return
    elif act is Act.CHECKPOINT:
        asked = CheckpointScreen(name, session, steward.clock)
        console.push_screen(asked, partial(_set, console, steward, name))
    elif act is Act.OPTIONS:
        console.push_screen(OptionsScreen(steward, name, plain=console.plain))
    elif act is Act.DOCTOR:
        console.push_screen(DoctorScreen(steward, name))
    elif act is Act.VERIFY:
        console.push_screen(VerifyScreen(steward, name))
    else:
        told = acts.told(act, name, session, WIDTH, steward.where, console.keyboard)
        asking = AgreeScreen(told, plain=console.plain)
        console.push_screen(asking, partial(_agreed, console, steward, act, name))


def resend(console: "Console", steward: Steward, name: str) -> None:
    """Ask for a path, and then whether to send again what is there."""
    hint = "a path from the volume's root; what it would do is told first"
    asked = LineScreen("resend", hint, plain=console.plain)
    console.push_screen(asked, partial(_resend, console, steward, name))


def _resend(console: "Console", steward: Steward, name: str, typed: str | None) -> None:
    if not typed or not typed.strip():
        return
    path = typed if typed.startswith("/") else f"/{typed}"
    ask = partial(steward.resend, name, [path])
    console.run_worker(carry_out(console.screen, asking.resend, ask), group="decisions")


def _agreed(console: "Console", steward: Steward, act: Act, name: str, agreed: bool | None) -> None:
    if not agreed:
        return
    if act is Act.DELETE:
        known = console.picture.sessions.get(name, SessionState()).known
        secondary, wanted = (known.secondary, known.wanted) if known else ("its secondary", None)
        asked = DeleteScreen(name, secondary, wanted, steward.where)
        console.push_screen(asked, partial(_deleted, console, steward, name))
    else:
        _have_done(console, steward.act(act, name))


def _made(console: "Console", name: str | None) -> None:
    if name is not None:
        console.scope = console.sought = name
        start = console.keyboard.spoken("{session.start} starts it.")
        _say(console, f"Session {name} is created. {start}")


def _set(console: "Console", steward: Steward, name: str, typed: tuple[str, str] | None) -> None:
    if typed is not None:
        _have_done(console, steward.checkpoint(name, *typed))


def _deleted(console: "Console", steward: Steward, name: str, reset: bool | None) -> None:
    if reset is not None:
        _have_done(console, steward.delete(name, reset=reset))


def _have_done(console: "Console", work: Coroutine[Any, Any, str]) -> None:
    async def tell() -> None:
        _say(console, await work)

    console.run_worker(tell(), group="decisions")


def _say(console: "Console", words: str) -> None:
    console.clear_notifications()
    console.notify(rows.plain(words), timeout=NOTICE, markup=False)
