"""What the mouse does: tabs, rows, titles, the line of a replay, the wheel, and dialogs."""

import re
from pathlib import Path

import pytest
import scripted
from test_recorded import JOURNAL
from test_replay_console import HOW, replay
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from watching import drawn, text

from engine.config import Places
from georep_tui import transport
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.screens.help import HelpScreen
from georep_tui.screens.line import TimeScreen
from georep_tui.screens.page import TABS, Page
from georep_tui.screens.palette import PaletteScreen


async def seen(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await drawn(pilot)
    app = pilot.app
    assert isinstance(app, Console)
    return text(app)


async def click_on(pilot: Pilot[None], words: str, *, times: int = 1) -> str:
    """Click on words that are on the screen."""
    lines = (await seen(pilot)).splitlines()[::2]
    y = next(at for at, line in enumerate(lines) if words in line)
    x = lines[y].index(words) + 1
    widget, region = pilot.app.screen.get_widget_at(x, y)
    await pilot.click(widget, offset=(x - region.x, y - region.y), times=times)
    return await seen(pilot)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_titles_rows_and_the_wheel(size: tuple[int, int]) -> None:
    desk = Desk({"gfs3": Places(Path("/"), Path("/"))})
    app = Console(scripted.failing_stream(), desk=desk, clock=scripted.clock)
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        for name, tab in TABS:
            await click_on(pilot, tab)
            assert app.current_mode == name
        await seen(pilot, "1", "g", "j", "3")
        for title in ("PATH", "KIND", "TRIES", "LAST"):
            assert re.search(f"{title}[↓↑]", await click_on(pilot, title))
        assert re.search("LAST[↓↑]", await click_on(pilot, " all 1")), "not by what is counted"
        screen = app.screen
        assert isinstance(screen, Page)
        await seen(pilot, "g")
        before = screen.records.key
        await pilot._post_mouse_events([MouseScrollDown], "#list", (5, 2))
        await seen(pilot)
        assert screen.records.scroll_offset.y > 0
        assert screen.records.key == before
        await click_on(pilot, "users/kate/.cache", times=2)
        assert screen.has_class("-detail")
        await click_on(pilot, "esc back")
        assert not screen.has_class("-detail")
        await seen(pilot, "1", "G", "4")
        assert "most sent first" in await click_on(pilot, " SENT ")
        assert "longest first" in await click_on(pilot, " TIME ")
        assert "least speed-up first" in await click_on(pilot, " SPEED")
        assert "newest first" in await click_on(pilot, " JOB")


async def test_the_line_of_a_replay() -> None:
    app = replay(None, JOURNAL)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        begin = app.player.at
        await pilot.click("#transport", offset=(50, 0))
        await drawn(pilot)
        assert begin < app.player.at < app.player.end
        await pilot.click("#transport", offset=(1, 0))
        assert app.player.playing
        await pilot.click("#transport", offset=(1, 0))
        assert not app.player.playing
        await pilot.click("#transport", offset=(79, 0))
        assert app.player.at == app.player.end
        await pilot.click("#transport", offset=(8, 0))
        assert app.player.at == app.player.begin
        await seen(pilot, "g")
        assert isinstance(app.screen, TimeScreen)
        await pilot.click(app.screen, offset=(1, 1))
        await seen(pilot)
        assert isinstance(app.screen, Page)


async def test_beside_dialogs_and_in_the_palette() -> None:
    app = Console(scripted.stream(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await seen(pilot, "question_mark")
        await pilot.click("#keys")
        assert isinstance(app.screen, HelpScreen), "what is in it is read"
        await pilot.click(app.screen, offset=(1, 1))
        await seen(pilot)
        assert isinstance(app.screen, Page)
        await click_on(pilot, "? help")
        await seen(pilot, "escape")
        await seen(pilot, "colon", *"screen")
        await click_on(pilot, "screen: events", times=2)
        assert not isinstance(app.screen, PaletteScreen)
        assert app.current_mode == "events"


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        pytest.param(0, None, id="how it is played"),
        pytest.param(7, 0.0, id="the begin"),
        pytest.param(17, 5.0, id="an alert"),
        pytest.param(26, 1000 / 21, id="between"),
        pytest.param(49, 100.0, id="the end"),
    ],
)
def test_the_time_at_a_cell(x: int, expected: float | None) -> None:
    assert transport.time_at(HOW, 50, x) == expected
