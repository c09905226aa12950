"""Screen 4: every key of it, and the mouse."""

import pytest
import scripted
from test_events_screen import copied, press, row
from watching import drawn, text

from georep_tui import keymap
from georep_tui.app import Console
from georep_tui.key import Where
from georep_tui.screens.page import Page
from georep_tui.screens.throughput import ThroughputScreen


def console(**more: bool) -> Console:
    return Console(scripted.stream(), clock=scripted.clock, **more)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_figures_graph_and_jobs(size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "G", "4")
        assert "[4 Throughput]" in shown
        assert "prod → dr1::prod" in shown
        assert "▸MB/s sent" in shown
        assert "60 s ago" in shown
        assert "gfs1:/bricks/b1 · job 41 · newest first" in shown
        assert "29 MB/s on the line" in shown
        assert ("under way" in shown) is (size[0] > 100)


async def test_metrics() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "G", "4")
        for name in ("▸files/s", "▸objects/s", "▸speed-up", "▸MB/s sent"):
            assert name in await press(pilot, "m")


async def test_windows() -> None:
    app = Console(scripted.hour_stream(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "60 s ago" in await press(pilot, "G", "4")
        assert "t window" in text(app)
        for words in ("10 min ago", "1 h ago", "60 s ago"):
            assert words in await press(pilot, "t")
        await press(pilot, "t", "t", "m")
        drawn_graph = [line for line in text(app).splitlines() if "│" in line]
        assert drawn_graph[-1].rstrip().endswith(("█", "▇", "▆", "▅", "▄", "▃", "▂")), "now"
        assert len(drawn_graph[-1].partition("│ ")[2].strip()) > 60, "the whole hour"
        assert "1 h ago" not in await press(pilot, "slash", "t", "escape", "m", "m")


async def test_one_brick_after_the_other_and_back() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "G", "4")
        for brick in ("gfs1:/bricks/b1", "gfs1:/bricks/b2", "gfs2:/bricks/b1"):
            assert f"prod → dr1::prod {brick}" in await press(pilot, "b")
        shown = text(app)
        assert "no job of a mover yet" in shown
        assert "l events" not in shown
        assert "prod → dr1::prod  " in await press(pilot, "escape")
        assert "[2 Workers]" in await press(pilot, "escape")


async def test_orders() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "G", "4", "G")
        for name in ("most sent", "longest", "least speed-up", "newest"):
            assert f"{name} first" in await press(pilot, "s")
        assert row(app).split()[0] == "41"


async def test_a_job_its_events_and_back() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "G", "4", "enter")
        assert "sent most, of the files in the last jobs" in shown
        assert "db.qcow2" in shown
        assert r"bad\xffname" in shown
        assert "BRICK" not in shown
        assert "BRICK" in await press(pilot, "escape")
        found = copied(app)
        await press(pilot, "y")
        assert "JobFinished  push 41 · 31 of 31 files · 118 MB sent" in found[0]
        shown = await press(pilot, "l")
        assert "events of prod gfs1:/bricks/b1" in shown
        assert "[4 Throughput]" in await press(pilot, "escape")


async def test_filter() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "G", "4", "slash", *"push b1 m")
        assert "filter: push b1 m" in shown, "letters belong to the filter"
        assert "▸MB/s sent" in shown
        shown = await press(pilot, "escape", "slash", *"gfs2 !push", "enter")
        assert "gfs2:/bricks/b2" in row(app)
        assert "rsync" in row(app)


async def test_the_mouse() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "G")
        await pilot.click("#tabs", offset=(40, 0))
        await drawn(pilot)
        assert isinstance(app.screen, Page)
        assert app.screen.NAME == "throughput"
        await pilot.click("#list", offset=(20, 3))
        await drawn(pilot)
        assert row(app).split()[0] == "40"
        await pilot.click("#list", offset=(20, 3), times=2)
        await drawn(pilot)
        assert "BRICK" not in text(app)


async def test_no_session_and_only_ascii() -> None:
    app = Console(scripted.nothing(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "no session is chosen" in await press(pilot, "4", "m", "b", "s", "y")
    app = console(plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert (await press(pilot, "G", "4")).isascii()
        assert (await press(pilot, "enter")).isascii()
        assert "no worker has spoken yet" in await press(pilot, "1", "g", "4")


def test_every_key_has_an_action_that_exists() -> None:
    for key in keymap.KEYS:
        if key.where is Where.THROUGHPUT:
            assert hasattr(ThroughputScreen, f"action_{key.action.split('(')[0]}"), key
