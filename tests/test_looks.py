"""How all screens look, at both sizes, dark and light; `--snapshot-update` accepts a change."""

from pathlib import Path
from typing import Any

import pytest
import scripted
from acts import STEP, Acts
from textual.pilot import Pilot
from watching import drawn, hushed

from engine.config import Places
from engine.plan.steps import Told
from georep_tui.app import Console
from georep_tui.desk import Desk

SCREENS = {
    "sessions": [],
    "workers": ["G", "enter"],
    "faulty": ["j", "2", "G"],
    "detail": ["G", "2", "G", "k", "enter"],
    "throughput": ["G", "4", "j"],
    "speedup": ["G", "4", "m", "m", "m", "b", "enter"],
    "events": ["5", "l", "k"],
    "palette": ["colon", *"home", "down"],
}
FAILURES = {
    "failures": ["j", "f"],
    "grouped": ["j", "3", "b", "j", "x", "b", "b", "g"],
    "failure": ["j", "3", "enter"],
    "aside": ["j", "3", "G", "k"],
    "asked": ["j", "3", "x", "x", "x", "x", "I"],
    "exported": ["j", "3", "a", "E"],
}


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("name", SCREENS)
def test_looks(snap_compare: Any, name: str, size: tuple[int, int], dark: bool) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        await pilot.press(*SCREENS[name])
        await drawn(pilot)

    app = Console(scripted.stream(), clock=scripted.clock, dark=dark)
    assert snap_compare(app, terminal_size=size, run_before=settle)


PUT_ASIDE = {
    "shelves": ["j", "3", "p"],
    "restored": ["j", "3", "p", "R"],
    "fixed": ["j", "3", "F"],
}


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("name", PUT_ASIDE)
def test_put_aside_look(snap_compare: Any, name: str, size: tuple[int, int], dark: bool) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        for key in PUT_ASIDE[name]:
            await pilot.press(key)
            await pilot.pause(0.05)
            await drawn(pilot)
        await hushed(pilot)

    acts = Acts()
    acts.steps_told = [[Told(step=STEP)]]
    nowhere = Places(Path("/"), Path("/"))
    desk = Desk({"gfs1": nowhere, "gfs3": nowhere}, acts)
    app = Console(scripted.failing_stream(), desk=desk, clock=scripted.clock, dark=dark)
    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("name", FAILURES)
def test_failures_look(snap_compare: Any, name: str, size: tuple[int, int], dark: bool) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        for key in FAILURES[name]:
            await pilot.press(key)
            await drawn(pilot)

    desk = Desk({"gfs3": Places(Path("/"), Path("/"))})
    source = scripted.failing_stream()
    app = Console(source, desk=desk, clock=scripted.clock, dark=dark)
    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("name", ["workers", "events"])
def test_looks_in_16_colours(
    snap_compare: Any, name: str, size: tuple[int, int], dark: bool
) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        await pilot.press(*SCREENS[name])
        await drawn(pilot)

    app = Console(scripted.stream(), clock=scripted.clock, dark=dark, ansi=True)
    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("window", ["10 min", "1 h"])
def test_windows_look(snap_compare: Any, window: str, size: tuple[int, int]) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        await pilot.press("G", "4", *["t"] * (2 if window == "1 h" else 1))
        await drawn(pilot)

    app = Console(scripted.hour_stream(), clock=scripted.clock)
    assert snap_compare(app, terminal_size=size, run_before=settle)
