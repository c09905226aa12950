"""A picture of every screen there is, small and large, dark and light, live and in a replay, all of
one journal that an engine in a lab wrote; `--snapshot-update` accepts a change.

One run takes the four looks of a screen: it is resized, and its theme is changed.
"""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import managed
import pytest
from acts import STEP, Acts
from managed import Errands
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from test_recorded import JOURNAL
from test_replay_console import replay
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input
from watching import drawn, hushed

import georep_tui
from engine import config, options
from engine.config import Places, Session
from engine.events import AnyEvent, SessionKnown, Wanted, decode
from engine.options import Options
from engine.plan.steps import Told
from georep_tui import theme
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.replaying import Replay
from georep_tui.screens import creating
from georep_tui.steward import Steward

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
PARTS = {"Page", "Paned", "Ranked", "ListedScreen", "FormScreen", "ErrandScreen"}
"""What screens are made of, and no screen by itself."""
IN_A_REPLAY = {
    *("SessionsScreen", "WorkersScreen", "FailuresScreen", "ThroughputScreen", "EventsScreen"),
    *("HelpScreen", "PaletteScreen", "TimeScreen", "FindScreen", "NameScreen"),
}
ONLY_IN_A_REPLAY = {"TimeScreen", "FindScreen"}


class Shown(NamedTuple):
    """A screen, and the keys that lead there."""

    screen: str
    keys: Sequence[str]


LIVE = {
    "sessions": Shown("SessionsScreen", []),
    "filter": Shown("SessionsScreen", ["slash", *"back"]),
    "workers": Shown("WorkersScreen", ["enter"]),
    "worker": Shown("WorkersScreen", ["enter", "enter"]),
    "failures": Shown("FailuresScreen", ["3"]),
    "failure": Shown("FailuresScreen", ["3", "enter"]),
    "throughput": Shown("ThroughputScreen", ["4"]),
    "job": Shown("ThroughputScreen", ["4", "j", "enter"]),
    "events": Shown("EventsScreen", ["5"]),
    "event": Shown("EventsScreen", ["5", "k", "enter"]),
    "frozen": Shown("EventsScreen", ["5", "space"]),
    "aside": Shown("AsideScreen", ["3", "p"]),
    "place": Shown("PathScreen", ["3", "p", "R"]),
    "fix": Shown("AgreeScreen", ["3", "F"]),
    "export": Shown("NameScreen", ["3", "E"]),
    "help": Shown("HelpScreen", ["2", "question_mark"]),
    "words": Shown("HelpScreen", ["2", "question_mark", "w"]),
    "palette": Shown("PaletteScreen", ["colon"]),
    "create": Shown("CreateScreen", ["N"]),
    "checkpoint": Shown("CheckpointScreen", ["C"]),
    "options": Shown("OptionsScreen", ["O"]),
    "value": Shown("ValueScreen", ["O", "enter"]),
    "option": Shown("LineScreen", ["O", "slash"]),
    "doctor": Shown("DoctorScreen", ["H"]),
    "verify": Shown("VerifyScreen", ["V", "enter"]),
    "differences": Shown("DifferencesScreen", ["V", "enter", "ctrl+r", "x"]),
}
DELETED = {"delete": Shown("DeleteScreen", ["D", "y"])}
"""Of a session that is stopped."""
REPLAYED = {
    "worker": Shown("WorkersScreen", ["2", "enter"]),
    "failure": Shown("FailuresScreen", ["3", "enter"]),
    "job": Shown("ThroughputScreen", ["4", "enter"]),
    "event": Shown("EventsScreen", ["5", "k", "enter"]),
    "sessions": Shown("SessionsScreen", ["1"]),
    "filter": Shown("WorkersScreen", ["2", "slash", *"prim"]),
    "help": Shown("HelpScreen", ["question_mark"]),
    "palette": Shown("PaletteScreen", ["colon"]),
    "time": Shown("TimeScreen", ["g"]),
    "find": Shown("FindScreen", ["5", "slash"]),
    "cut": Shown("NameScreen", ["asterisk", "e"]),
}
WHEN = ("g", *"05:07:15", "enter")
"""When something has failed."""


def told() -> list[AnyEvent]:
    """Return what the engine told."""
    return [event for line in JOURNAL.read_bytes().splitlines() if (event := decode(line))]


def live(folder: Path, *, last: AnyEvent | None = None) -> Console:
    """Return a console to which an engine tells it now; of a session that can be changed."""
    events = told() + ([last] if last else [])

    async def source() -> AsyncIterator[AnyEvent]:
        for event in events:
            yield event
        await asyncio.Event().wait()

    def clock() -> float:
        return events[-1].at

    places = managed.places(folder)
    now = options.changed(Options(), ["sync-jobs=7"], where="x")
    config.create(places, Session("backup", "gvol", "root", "sec1", "svol", options=now))
    acts = Acts()
    acts.steps_told = [[Told(step=STEP)] for _ in range(9)]
    nowhere = Places(Path("/"), Path("/"))
    steward = Steward(places, run=Errands(*managed.CHECKS).run, clock=clock)
    return Console(
        source(), desk=Desk({"prim1": nowhere}, acts), steward=steward, clock=clock, dark=True
    )


async def settled(pilot: Pilot[None]) -> None:
    """Draw until nothing is under way any more."""
    app = pilot.app
    for _ in range(3):
        await drawn(pilot)
    while isinstance(app, Replay) and app.search.looking:
        await drawn(pilot)
    await hushed(pilot)
    for line in app.screen.query(Input):
        line.cursor_blink = False
    await drawn(pilot)


async def look(app: Console, keys: Sequence[str], screen: str, taken: SnapshotAssertion) -> None:
    """Press keys, and compare the four looks of the screen that they lead to."""
    taken = taken.use_extension(SVGImageExtension)
    wrong: list[str] = []
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        await drawn(pilot)
        for key in keys:
            await pilot.press(key)
            await drawn(pilot)
        await settled(pilot)
        assert type(app.screen).__name__ == screen
        for size, cells in SIZES.items():
            await pilot.resize_terminal(*cells)
            for shade, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
                app.theme = colours.name
                await settled(pilot)
                if taken(name=f"{size}-{shade}") != app.export_screenshot():
                    wrong.append(f"{size}-{shade}")
    assert not wrong, "look at the picture, then --snapshot-update"


@pytest.mark.parametrize("name", LIVE)
async def test_live(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setattr(creating, "QUIET", 0.0)
    await look(live(tmp_path), LIVE[name].keys, LIVE[name].screen, snapshot)


@pytest.mark.parametrize("name", DELETED)
async def test_stopped(name: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    at = told()[-1].at
    last = SessionKnown(
        at=at,
        session="backup",
        primary="gvol",
        secondary="root@sec1::svol",
        wanted=Wanted.STOPPED,
        node="prim1",
    )
    await look(live(tmp_path, last=last), DELETED[name].keys, DELETED[name].screen, snapshot)


@pytest.mark.parametrize("name", REPLAYED)
async def test_replayed(name: str, snapshot: SnapshotAssertion) -> None:
    keys = [*WHEN, *REPLAYED[name].keys]
    await look(replay(None, JOURNAL), keys, REPLAYED[name].screen, snapshot)


def test_no_screen_is_left_out() -> None:
    for module in pkgutil.walk_packages(georep_tui.__path__, "georep_tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    screens = {
        each.__name__ for each in _below(Screen) if each.__module__.startswith("georep_tui.")
    }
    drawn_live = {each.screen for each in (*LIVE.values(), *DELETED.values())}
    # Five of them are in test_recorded.
    played = {each.screen for each in REPLAYED.values()} | {"SessionsScreen", "ThroughputScreen"}
    assert screens - PARTS - ONLY_IN_A_REPLAY - drawn_live == set(), "it has no picture"
    assert IN_A_REPLAY - played == set()
    assert (drawn_live | played) <= screens


def _below(kind: type[Screen[object]]) -> set[type[Screen[object]]]:
    found = set(kind.__subclasses__())
    return found | {each for child in found for each in _below(child)}
