"""How the dialogs look that change sessions: small and dark, large and light."""

from pathlib import Path
from typing import Any

import managed
import pytest
import scripted
from acts import AGAIN, Acts
from managed import Errands
from textual.pilot import Pilot
from watching import drawn

from engine import config, options
from engine.config import Session
from engine.options import Options
from engine.plan.steps import Told
from georep_tui.app import Console
from georep_tui.screens import creating
from georep_tui.steward import Steward

DIALOGS = {
    "asked": ["G", "P"],
    "form": ["N"],
    "checked": ["N", *"gvol", "down", *"root@backup1::svol", "down"],
    "agreed": ["N", *"gvol", "down", *"root@backup1::svol", "up", "up", "space", "enter"],
    "checkpoint": ["G", "C", "down", *"tonight"],
    "options": ["G", "O", "j", "j", "j", "j", "j", "j"],
    "value": ["G", "O", "enter", "backspace", *"x["],
    "doctor": ["G", "H"],
    "verify": ["G", "V", "enter"],
    "differences": ["G", "V", "enter", "ctrl+r", "x"],
    "resend": ["G", "V", "enter", "ctrl+r", "a", "R"],
    "delete": ["g", "D", "y", *"archive"],
}


@pytest.mark.parametrize(
    ("size", "dark"),
    [pytest.param((80, 24), True, id="80x24-dark"), pytest.param((140, 40), False, id="140x40")],
)
@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_look(
    snap_compare: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    size: tuple[int, int],
    dark: bool,
) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        for key in DIALOGS[name]:
            await pilot.press(key)
        for _ in range(3):
            await pilot.pause(0.05)
        await drawn(pilot)

    monkeypatch.setattr(creating, "QUIET", 0.0)
    at = managed.places(tmp_path)
    now = options.changed(Options(), ["sync-jobs=7", "bandwidth=20m"], where="x")
    config.create(at, Session("prod", "prod", "georep", "dr1", "prod", options=now))
    acts = Acts()
    acts.steps_told = [[Told(step=each) for each in AGAIN]]
    run = Errands(*managed.CHECKS).run
    steward = Steward(at, run=run, clock=scripted.clock, commands=acts)
    app = Console(scripted.stream(), clock=scripted.clock, steward=steward, dark=dark)
    assert snap_compare(app, terminal_size=size, run_before=settle)
