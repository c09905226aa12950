"""The panel of who was put aside, and the key that clears a failure's way: nothing is done unasked,
nor when what was shown is no longer so.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import scripted
from acts import ASIDE, STEP, Acts
from test_console import console, press
from test_failures_screen import notices, settled
from textual.pilot import Pilot
from watching import drawn, text

from engine.config import Places
from engine.errors import Retry
from engine.plan.steps import CHANGED, Step, Told
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.hosts import Host, here
from georep_tui.running import Commands
from georep_tui.screens.agree import AgreeScreen, PathScreen
from georep_tui.screens.aside import AsideScreen
from georep_tui.screens.failures import FailuresScreen

FULL = "home-users/kate/mail/inbox.mbox"
"""What the day calls the gfid of that failure."""
KEPT = str(ASIDE[0]["gfid"])
AT = Places(Path("/"), Path("/"))


def on(acts: Commands | None, *nodes: str) -> Console:
    desk = Desk(dict.fromkeys(nodes or ("gfs1", "gfs3"), AT), acts)
    return console(scripted.failing_stream(), desk=desk)


@asynccontextmanager
async def opened(app: Console, *keys: str) -> AsyncIterator[Pilot[None]]:
    """Open the console on the failures of `home`, and press keys."""
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "j", "3", *keys)
        await pilot.pause(0.05)
        await drawn(pilot)
        yield pilot


async def test_who_was_put_aside_is_shown_and_filtered() -> None:
    acts = Acts()
    app = on(acts)
    async with opened(app, "p") as pilot:
        assert isinstance(app.screen, AsideScreen)
        assert acts.asked == [("gfs1", "quarantine", "home", "list", "--json")]
        shown = text(app)
        for words in ("in quarantine 2   in limbo 1", "inbox.mbox", KEPT, "it was in the way of"):
            assert words in shown
        assert "nobody noted where" in await press(pilot, "j")
        assert "bad\\xffname" in await press(pilot, "slash", *"limbo", "enter")
        await press(pilot, "escape")
        await press(pilot, "u")
        assert len(acts.asked) == 2
        await press(pilot, "escape")
        assert isinstance(app.screen, FailuresScreen)


async def test_what_is_shown_while_the_secondary_is_asked_again_says_so() -> None:
    class Slow(Acts):
        async def said(self, node: str, *words: str) -> bytes:
            if self.asked:
                await asyncio.Event().wait()
            return await super().said(node, *words)

    app = on(Slow())
    async with opened(app, "p") as pilot:
        assert "asking the secondary" not in text(app)
        shown = await press(pilot, "u")
        assert "in quarantine 2   in limbo 1   asking the secondary …" in shown
        assert "inbox.mbox" in shown, "what was known stays"


async def test_who_is_in_limbo_is_left_there() -> None:
    acts = Acts()
    app = on(acts)
    async with opened(app, "p", "G") as pilot:
        assert "wait: it goes to its place" in text(app)
        await press(pilot, "R", "D")
        assert isinstance(app.screen, AsideScreen)
        assert len(acts.asked) == 1


async def test_bringing_back() -> None:
    acts = Acts()
    step = Step(gfid=KEPT, name="2026-05-01.x", does=("bring it out of quarantine",))
    acts.steps_told = [[Told(step=step)], [Told(step=step, done=True, words="It stands at /b now")]]
    app = on(acts)
    async with opened(app, "p") as pilot:
        told = notices(app)
        await press(pilot, "R")
        assert isinstance(app.screen, PathScreen)
        shown = await press(pilot, "ctrl+u", *"-b", "enter")
        assert isinstance(app.screen, AgreeScreen)
        assert "bring it out of quarantine" in shown
        acts.objects = acts.objects[1:]
        await press(pilot, "y")
        await settled(pilot, app)
        words = ("gfs1", "quarantine", "home", "restore", KEPT, "--to=-b")
        assert acts.asked[1:3] == [words, (*words, "--seen", step.token)]
        assert "It stands at /b now" in told
        await pilot.pause(0.05)
        assert "in quarantine 1" in text(app)


@pytest.mark.parametrize("keys", [["R", "escape"], ["R", "ctrl+u", "enter"], ["D", "n"]])
async def test_no_is_no(keys: list[str]) -> None:
    acts = Acts()
    acts.steps_told = [[Told(step=STEP)]]
    app = on(acts)
    async with opened(app, "p") as pilot:
        await press(pilot, *keys)
        await settled(pilot, app)
        assert isinstance(app.screen, AsideScreen)
        assert not [words for words in acts.asked if "--seen" in words]


async def test_what_is_refused_is_said() -> None:
    acts = Acts()
    acts.steps_told = [[Told(step=Step(gfid=KEPT, name="x", does=("drop",), refused="It lives."))]]
    app = on(acts)
    async with opened(app, "p") as pilot:
        told = notices(app)
        await press(pilot, "D")
        await settled(pilot, app)
        assert told[-1] == "It lives."
        assert isinstance(app.screen, AsideScreen)


async def test_fixing_what_has_changed_shows_it_anew() -> None:
    acts = Acts()
    newer = msgspec.structs.replace(STEP, secondary="a directory of somebody's")
    acts.steps_told = [
        [Told(step=STEP)],
        [Told(step=newer, words=CHANGED)],
        [Told(step=newer, done=True, words="It stands there now")],
    ]
    app = on(acts)
    async with opened(app) as pilot:
        told = notices(app)
        await press(pilot, "slash", *"inbox", "enter")
        shown = await press(pilot, "F")
        assert isinstance(app.screen, AgreeScreen)
        assert "Clear its way?" in shown
        assert "b1d7a3f0" in shown
        shown = await press(pilot, "y")
        assert isinstance(app.screen, AgreeScreen)
        assert "a directory of somebody's" in shown
        await press(pilot, "y")
        await settled(pilot, app)
        assert told[-1] == "It stands there now"
        words = ("gfs3", "failures", "home", "fix", FULL)
        assert acts.asked == [
            words,
            (*words, "--seen", STEP.token),
            (*words, "--seen", newer.token),
        ]


async def test_what_mends_itself_says_so() -> None:
    acts = Acts()
    acts.steps_told = [[Told(step=Step(gfid=KEPT, name="x", refused="Make room there."))]]
    app = on(acts)
    async with opened(app) as pilot:
        told = notices(app)
        await press(pilot, "F")
        await settled(pilot, app)
        assert told[-1] == "Make room there."


async def test_only_what_is_reached_is_fixed() -> None:
    acts = Acts()
    acts.steps_told = [[Told(step=STEP)]]
    app = on(acts, "gfs1")
    async with opened(app) as pilot:
        told = notices(app)
        await press(pilot, "slash", *"inbox", "enter", "F")
        await settled(pilot, app)
        assert "The ledger of gfs3 is not reached from here" in told[0]
        assert acts.asked == []


async def test_a_command_that_fails_says_why() -> None:
    class Broken(Acts):
        async def said(self, node: str, *words: str) -> bytes:
            raise Retry("gfs1: dr2 does not answer", fix="See whether it is up.")

        async def steps(self, node: str, *words: str) -> list[Told]:
            raise Retry("gfs1: dr2 does not answer", fix="See whether it is up.")

    app = on(Broken())
    async with opened(app) as pilot:
        told = notices(app)
        await press(pilot, "F")
        await settled(pilot, app)
        assert told[-1] == "gfs1: dr2 does not answer. See whether it is up."
        assert "dr2 does not answer" in await press(pilot, "p")


@pytest.mark.parametrize("acts", [None, Acts()], ids=["no commands", "another node"])
async def test_where_nothing_can_be_asked(acts: Acts | None) -> None:
    app = on(acts, "elsewhere")
    async with opened(app, "p") as pilot:
        if acts is None:
            assert isinstance(app.screen, FailuresScreen)
            await press(pilot, "F")
            assert isinstance(app.screen, FailuresScreen)
        else:
            assert "no node of this session is reached" in text(app)
            await press(pilot, "R", "D", "y")
            assert isinstance(app.screen, AsideScreen)


async def test_commands_are_run_in_processes_of_their_own() -> None:
    script = (
        "import sys; print('[]') if sys.argv[1:] == ['x', '--json'] else sys.exit('georep: No.')"
    )
    commands = Commands(
        lambda node: Host(node, lambda argv: [sys.executable, "-c", script, *argv[1:]])
    )
    assert await commands.said("n", "x", "--json") == b"[]\n"
    assert await commands.steps("n", "x") == []
    with pytest.raises(Retry, match="n: No"):
        await commands.said("n", "y")
    georep = Commands(lambda node: here(AT))
    assert b"georep" in await georep.said("n", "--version")
    with pytest.raises(Retry, match="There is no session"):
        await georep.said("n", "quarantine", "x")


async def test_only_ascii() -> None:
    app = console(scripted.failing_stream(), plain=True, desk=Desk({"gfs1": AT}, Acts()))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "j", "3")
        assert (await press(pilot, "p")).isascii()
        assert (await press(pilot, "R")).isascii()
