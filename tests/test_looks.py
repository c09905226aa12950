"""How the screens look, at both sizes, dark and light; `--snapshot-update` accepts a change."""

from typing import Any

import pytest
import scripted
from textual.pilot import Pilot
from watching import drawn

from georep_tui.app import Console

SCREENS = {
    "sessions": [],
    "workers": ["G", "enter"],
    "faulty": ["j", "2", "G"],
    "detail": ["G", "2", "G", "k", "enter"],
    "throughput": ["G", "4", "j"],
    "speedup": ["G", "4", "m", "m", "m", "b", "enter"],
    "events": ["5", "l", "k"],
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
