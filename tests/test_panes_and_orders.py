"""Sorting, copying, telling in full, filling the screen and moving in panes, on every screen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import scripted
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from watching import drawn, text

from engine.events import AnyEvent, FailuresCounted
from georep_tui import keymap
from georep_tui.app import Console
from georep_tui.key import Where
from georep_tui.player import Player
from georep_tui.replay import chains, files
from georep_tui.replaying import Replay
from georep_tui.screens.page import Page
from georep_tui.screens.ranked import Ranked
from georep_tui.sorting import REST
from georep_tui.widgets.lines import Lines
from georep_tui.widgets.pane import Pane
from georep_tui.widgets.record_list import RecordList

SMALL, LARGE = (80, 24), (140, 40)
GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
DAY = [GOLDEN / f"{name}-gsyncd.log" for name in ("prim1", "prim2", "sec1-secondary")]


def console(source: AsyncIterator[AnyEvent] | None = None, *, plain: bool = False) -> Console:
    return Console(source or scripted.failing_stream(), clock=scripted.clock, plain=plain)


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause(0.05)
    await drawn(pilot)
    assert isinstance(pilot.app, Console)
    return text(pilot.app)


def page(app: Console) -> Page:
    assert isinstance(app.screen, Page)
    return app.screen


def keys(app: Console) -> list[str]:
    return [row.key for row in page(app).records._rows]


def heads(app: Console) -> list[str]:
    """Return what stands above the rows."""
    shown = page(app).query_one("#head", Lines)._shown or ()
    return ["".join(part for part, _ in line) for line in shown]


async def click(pilot: Pilot[None], title: str) -> str:
    """Click on the title of a column."""
    assert isinstance(pilot.app, Console)
    lines = heads(pilot.app)
    await pilot.click("#head", offset=(lines[-1].index(title), len(lines) - 1))
    return await press(pilot)


async def test_sessions_and_workers_are_sorted_by_keys() -> None:
    app = console()
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        assert "SESSION↑" in text(app)
        await press(pilot, "j", "j")
        assert keys(app) == ["archive", "home", "logs", "media", "prod"]
        assert "STATE↓" in await press(pilot, "s")
        assert keys(app)[0] == "home", "trouble first"
        assert page(app).records.key == "logs", "the cursor stays on its row"
        assert "STATE↑" in await press(pilot, "r")
        assert keys(app)[-1] == "home"
        assert "LAG↓" in await press(pilot, "s", "s")
        assert "SESSION↑" in await press(pilot, "s", "s", "s")
        shown = await press(pilot, "G", "2")
        assert "BRICK↑" in shown
        before = keys(app)
        assert "BRICK↓" in await press(pilot, "r")
        assert keys(app) == before[::-1]
        assert "STATUS↓" in await press(pilot, "s")
        await press(pilot, "enter", "s")
        assert "STATUS↓" in await press(pilot, "escape"), "nothing is sorted where no row is seen"
        assert "filter: sry" in await press(pilot, "slash", *"sry"), "letters belong to the filter"


async def test_failures_and_jobs_are_sorted_the_other_way_round() -> None:
    app = console()
    async with app.run_test(size=LARGE) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "j", "3")
        assert "LAST↓" in shown
        assert ", by last  " in shown
        before = keys(app)
        for key in ("S", "r", "r"):
            shown = await press(pilot, key)
            assert ("turned round" in shown) == ("LAST↑" in shown)
        assert "LAST↑" in shown
        assert keys(app) != before
        assert set(keys(app)[-2:]) == set(before[-2:]), "who is left alone comes last"
        assert "KIND↑" in await press(pilot, "s")
        shown = await press(pilot, "1", "G", "4")
        assert "AT↓" in shown
        assert "newest first" in shown
        shown = await press(pilot, "S")
        assert "AT↑" in shown
        assert "oldest first" in shown
        assert "AT↓" in await press(pilot, "r")
        assert "SENT↓" in await press(pilot, "s")


async def test_a_click_on_a_title_sorts() -> None:
    app = console()
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        assert "LAG↓" in await click(pilot, "LAG")
        assert "LAG↑" in await click(pilot, "LAG")
        await press(pilot, "G", "2")
        assert "MB/s↓" in await click(pilot, "MB/s")
        assert "MB/s↑" in await click(pilot, "MB/s")
        await press(pilot, "4")
        assert "JOB↑" in await click(pilot, "JOB")
        assert "BRICK↑" in await click(pilot, "BRICK")
        assert "TIME↓" in await click(pilot, "TIME")
        await press(pilot, "1", "g", "k", "k")
        page(app).records.go_to("home")
        await press(pilot, "3")
        assert "OP↑" in await click(pilot, "OP")
        assert "TRIES↓" in await click(pilot, "TRIES")
        assert "TRIES↑" in await click(pilot, "TRIES")


async def test_rows_stay_where_they_are_while_they_are_read() -> None:
    queue: asyncio.Queue[AnyEvent] = asyncio.Queue()

    async def source() -> AsyncIterator[AnyEvent]:
        for event in scripted.events():
            yield event
        while True:
            yield await queue.get()

    app, at = console(source()), 1000.0
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        screen = app.screen
        assert isinstance(screen, Ranked)
        screen.pace = lambda: at
        await press(pilot, *"sssss", "G")
        assert "FAIL↓" in text(app)
        before, under = keys(app), screen.records.key
        assert before[0] == "home"
        await queue.put(
            FailuresCounted(
                at=scripted.NOW, session="prod", worker="gfs1:/bricks/b1", waiting=999, skipped=0
            )
        )
        assert "999" in await press(pilot)
        assert keys(app) == before
        at += REST - 1
        await press(pilot, "k", "j")
        at += REST - 1
        await press(pilot)
        app._drawn = ()
        await press(pilot)
        assert keys(app) == before, "somebody moved among them"
        at += 1
        app._drawn = ()
        await press(pilot)
        assert keys(app)[0] == "prod"
        assert screen.records.key == under, "the cursor goes with its row"


async def test_copies_for_a_ticket() -> None:
    app = console()
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        await press(pilot, "j", "y")
        assert app.clipboard.startswith("session home → dr2::home · faulty")
        await press(pilot, "2", "G", "y")
        assert app.clipboard.startswith("session home · gfs3:/bricks/b2")
        assert "ssh refused" in app.clipboard
        assert "\n" not in app.clipboard


async def test_rows_in_full() -> None:
    app = console()
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        assert "TO SEND" not in text(app)
        shown = await press(pilot, "w")
        assert heads(app)[-1].endswith("→")
        assert "ENTRY" in shown
        shown = await press(pilot, "right", "right")
        assert "TO SEND" in shown
        assert "SESSION↑" in shown, "the name stays"
        assert "home → dr2::home" in shown
        assert "TO SEND↓" in await click(pilot, "TO SEND"), "where it stands now"
        await press(pilot, "left", "left", "left")
        assert page(app)._by == 0
        assert "TO SEND" not in await press(pilot, "w")
        await press(pilot, "right")
        page(app).records.go_to("prod")
        assert page(app)._by == 0, "there is nothing further right"
        for name, keys_there, told in (
            ("workers", ["2", "w", "right"], "LAST SYNCED"),
            ("failures", ["3", "w", "right"], "users/kate/.cache/bad\\xffname0115"),
            ("throughput", ["4", "w", "right"], "LITERAL"),
            ("events", ["5", "w"], "SESSION"),
        ):
            app.scope = "home" if name == "failures" else "prod"
            await press(pilot, *keys_there)
            assert name == page(app).NAME
            shown = "".join([text(app), *[await press(pilot, "right") for _ in range(2)]])
            assert told in shown, name
    app = console()
    async with app.run_test(size=LARGE) as pilot:
        await drawn(pilot)
        await press(pilot, "G", "2")
        assert "2026-05-01" not in text(app).partition("─ gfs1")[0]
        assert "2026-05-01 12:03:49" in (await press(pilot, "w")).partition("─ gfs1")[0]


@pytest.mark.parametrize(
    ("keys_there", "above"),
    [
        (["1"], "SESSION"),
        (["G", "2"], "BRICK"),
        (["j", "3"], "KIND"),
        (["G", "4"], "JOB"),
        (["5"], "WHAT"),
    ],
    ids=["sessions", "workers", "failures", "throughput", "events"],
)
async def test_a_list_and_its_pane_fill_the_screen(keys_there: list[str], above: str) -> None:
    app = console()
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        await press(pilot, *keys_there)
        screen, before = page(app), page(app).records.size.height
        shown = await press(pilot, "z")
        assert not screen.query_one("#below").display
        assert screen.records.size.height > before
        assert above in shown
        await press(pilot, "z")
        assert screen.records.size.height == before
        shown = await press(pilot, "tab")
        assert "▸ " in shown.partition(above)[2], "the pane in which keys move is marked"
        assert above not in await press(pilot, "z")
        assert screen.query_one("#left").size.height > before
        assert above in await press(pilot, "escape")
        assert screen.in_pane
        await press(pilot, "escape")
        assert screen.focused is screen.records
        assert screen.records.size.height == before
        await press(pilot, "shift+tab")
        assert isinstance(screen.focused, Pane)
        await press(pilot, "tab")
        assert isinstance(screen.focused, RecordList)
        await pilot.click("#left", offset=(5, 1))
        assert screen.focused is screen.query_one("#left")


async def test_moving_in_panes() -> None:
    app = console()
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "G", "2")
        under = page(app).records.key
        assert "↓ " in shown, "there is more than what is seen"
        assert "never restarted" not in shown
        first = await press(pilot, "tab")
        assert "↑ 1 ↓ " in await press(pilot, "j")
        assert await press(pilot, "k") == first
        shown = await press(pilot, "G")
        assert "3 objects refused so far" in shown
        assert "↓ " not in shown.partition("▸ gfs1")[2]
        assert await press(pilot, "g") == first
        assert "─ ↑ " in await press(pilot, "pagedown")
        assert await press(pilot, "pageup") == first
        assert page(app).records.key == under
        await pilot._post_mouse_events([MouseScrollDown], widget="#left", offset=(5, 3))
        assert "─ ↑ " in await press(pilot)
        await press(pilot, "escape", "j")
        assert page(app).records.key != under
        assert "─ ↑ " not in text(app), "another worker is told from its beginning"


async def test_panes_beside_each_other() -> None:
    app = console()
    async with app.run_test(size=LARGE) as pilot:
        await drawn(pilot)
        await press(pilot, "G", "2")
        assert "▸ gfs1:/bricks/b1 → " in await press(pilot, "tab")
        shown = await press(pilot, "tab")
        assert "▸ last batches" in shown
        assert "─ last jobs" in shown
        shown = await press(pilot, "tab", "z")
        assert "last jobs" in shown
        assert "last batches" not in shown
        assert "BRICK" not in shown
        await pilot.resize_terminal(*SMALL)
        await press(pilot)
        assert "BRICK" in await press(pilot), "what has no place here fills nothing"


async def test_a_replay_has_the_same_keys_and_sorts_at_each_step() -> None:
    found = chains.link(files.look(DAY), here="here")
    played = Player(found, clock=lambda: 0.0)
    while not played.index.done:
        played.index.work(1.0)
    app = Replay(played)
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        await press(pilot, "n", "n", "2")
        screen = page(app)
        assert isinstance(screen, Ranked)
        screen.pace = lambda: 0.0
        assert "BRICK↓" in await press(pilot, "r")
        shown = await press(pilot, "s")
        assert "STATUS↓" in shown
        assert app.still
        faulty = [line.split()[0] for line in shown.split("\n") if "▲ faulty" in line]
        assert keys(app)[0] == faulty[0]
        for _ in range(6):
            shown = await press(pilot, "full_stop")
            rows = [line for line in shown.split("\n") if line.startswith(" prim")]
            assert [line for line in rows if "▲ faulty" in line] == rows[: shown.count("▲ faulty")]
        assert "LAST SYNCED" in await press(pilot, "w", "right")
        assert "▸ prim" in await press(pilot, "w", "tab")
        assert "BRICK" not in await press(pilot, "z")
        assert "BRICK" in await press(pilot, "escape", "escape")
        await press(pilot, "y")
        assert app.clipboard.startswith("session ")


async def test_only_ascii() -> None:
    app = console(plain=True)
    async with app.run_test(size=SMALL) as pilot:
        await drawn(pilot)
        for there in ("1", "2", "3", "4", "5"):
            shown = await press(pilot, *(["1", "G"] if there == "2" else []), there, "w", "right")
            assert shown.isascii(), there
            assert (await press(pilot, "tab")).isascii(), there
            assert (await press(pilot, "z", "j")).isascii(), there
            await press(pilot, "z", "w", "escape")
        assert "SESSION^" in await press(pilot, "1")
        assert "STATEv" in await press(pilot, "s")


def test_every_key_has_an_action_that_exists() -> None:
    for key in keymap.KEYS:
        if key.where is Where.PANES:
            assert hasattr(Page, f"action_{key.action.split('(')[0]}"), key
        if key.where in (Where.SESSIONS, Where.WORKERS) and key.action in ("sort", "reverse"):
            assert hasattr(Ranked, f"action_{key.action}"), key
