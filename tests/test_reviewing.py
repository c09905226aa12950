"""A replay under review: what is found in it, marked in it, and cut out of it."""

import asyncio
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from gsyncd_logs import line
from test_events_screen import row
from test_replay_console import DAY, notices, press, replay
from textual.pilot import Pilot
from textual.widgets import Input
from watching import drawn, hushed, text

from georep_tui.palette import Noun
from georep_tui.replaying import Replay
from georep_tui.screens.events import EventsScreen
from georep_tui.screens.page import Page
from georep_tui.screens.palette import PaletteScreen
from georep_tui.widgets.key_bar import KeyBar

SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])


async def settled(pilot: Pilot[None]) -> str:
    """Wait until nothing is being looked for or written."""
    app = pilot.app
    assert isinstance(app, Replay)
    quiet = 0
    while quiet < 3:
        await drawn(pilot)
        busy = [each for each in app.workers if each.group != "events"]
        quiet = 0 if busy or app.search.looking or app._pointing else quiet + 1
    return text(app)


async def keys(pilot: Pilot[None], *pressed: str) -> str:
    await pilot.press(*pressed)
    return await settled(pilot)


def typed(words: str) -> list[str]:
    return [{" ": "space", "!": "exclamation_mark"}.get(letter, letter) for letter in words]


async def test_from_hit_to_hit() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "5")
        bar = str(app.screen.query_one(KeyBar).render())
        assert " / find" in bar
        assert "filter" not in bar
        shown = await keys(pilot, "slash", *typed("GFID mismatch !settled"), "enter")
        assert "find: GFID mismatch !settled · n next · N last · esc end" in shown
        assert "10:06:21" in row(app)
        assert "ConflictMet" in row(app)
        first = app.player.at
        assert not app.player.playing
        await keys(pilot, "n")
        assert "10:06:21" not in row(app)
        assert app.player.at > first, "further on than was ever shown"
        assert app.player.at == app.search.hit.at if app.search.hit else False
        await keys(pilot, "N")
        assert app.player.at == first
        told = notices(app)
        await keys(pilot, "N")
        assert told == ["no event before this has it"]
        assert app.player.at == first
        shown = await keys(pilot, "escape")
        assert "find:" not in shown
        assert "[5 Events]" in shown
        assert "10:06:22Z" in await press(pilot, "n"), "n is for alerts again"


async def test_hits_within_a_moment() -> None:
    app = replay()
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        await press(pilot, "5")
        await keys(pilot, "slash", *typed("prim"), "enter")
        seen = []
        for _ in range(6):
            seen.append((app.player.at, row(app)))
            await keys(pilot, "n")
        assert len(set(seen)) == 6, "each is met once"
        for each in reversed(seen):
            await keys(pilot, "N")
            assert (app.player.at, row(app)) == each


async def test_only_what_can_be_shown_is_found() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        await press(pilot, "5")
        await keys(pilot, "slash", *typed("BatchDone"), "enter")
        assert told == ["no event after this has it"], "work is not shown"
        await keys(pilot, "l", "l", "l", "n")
        assert "BatchDone" in row(app)
        await keys(pilot, "escape", "slash", *typed("zzz"), "escape")
        assert app.search.words == ""


async def test_found_before_all_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gsyncd.log.gz"
    path.write_bytes(gzip.compress(DAY[1].read_bytes()))
    app = replay(None, path, read=False)
    app.player.index.work(0)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "5")
        await keys(pilot, "slash", *typed("faulty"), "enter")
        while not app.player.index.done or app.player.target is not None:
            await pilot.pause(0.02)
            app._tick()
        await drawn(pilot)
        assert "WorkerFaulty" in row(app)
        assert "10:07:25Z" in text(app)


async def test_found_further_on_than_was_read_and_still_there_when_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(_app: Replay) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Replay, "_read_ahead", never)
    app = replay(None, DAY[1], read=False)
    app.player.index.work(0)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "5")
        shown = await keys(pilot, "slash", *typed("faulty"), "enter")
        assert app.player.since is not None
        assert "what was before is being read" in shown
        assert "WorkerFaulty" in row(app)
        assert "10:07:25" in row(app)
        app.player.index.work(60)
        await drawn(pilot)
        await drawn(pilot)
        assert app.player.since is None
        assert "WorkerFaulty" in row(app)
        assert "n next" in text(app)


@SIZES
async def test_markers(size: tuple[int, int]) -> None:
    app = replay()
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        told = notices(app)
        await press(pilot, "n", "asterisk", "n")
        assert "◆" in await press(pilot, "asterisk")
        assert told == ["marker set"] * 2
        assert "10:06:22Z" in await press(pilot, "left_curly_bracket")
        await press(pilot, "left_curly_bracket")
        assert told.pop() == "no marker before this"
        assert "10:07:26Z" in await press(pilot, "right_curly_bracket")
        await press(pilot, "right_curly_bracket")
        assert told.pop() == "no marker after this"
        await press(pilot, "g", *"09:50", "enter")
        await pilot.press("apostrophe")
        await drawn(pilot)
        assert isinstance(app.screen, PaletteScreen)
        shown = text(app)
        assert "goto: 2026-11-23 10:06:22 prim2:/bricks/d1" in shown
        assert "goto: 2026-11-23 10:07:26 " in shown
        assert "10:07:26Z" in await press(pilot, "down", "enter")
        await press(pilot, "asterisk")
        assert told.pop() == "marker taken away"
        assert len(app.markers) == 1


async def choose(pilot: Pilot[None], words: str) -> str:
    await pilot.press("colon")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = words
    await drawn(pilot)
    return await keys(pilot, "enter")


async def test_by_the_palette() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "10:09:01Z" in await choose(pilot, "goto: 10:09:01")
        assert "10:08:00Z" in await choose(pilot, "10:08")
        await choose(pilot, "mark: the link [/] was cut")
        assert [each.words for each in app.markers] == ["the link [/] was cut"]
        await press(pilot, "g", *"09:50", "enter")
        assert "10:08:00Z" in await choose(pilot, "was cut")
        shown = await choose(pilot, "find: faulty")
        assert "[5 Events]" in shown
        assert "WorkerFaulty" in row(app)
        shown = await choose(pilot, "filter: connected")
        assert "filter: connected" in shown
        assert "goto" not in {each.noun.value for each in app.offered("soon")}
        assert Noun.GOTO in {each.noun for each in app.offered("11:40")}


async def test_letters_belong_to_whoever_is_typed_into() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "slash", *"*'{}e:", "enter")
        assert isinstance(app.screen, Page)
        assert app.screen.wanted == "*'{}e:"
        assert not app.markers
        assert not app.search.words


async def test_a_stretch_is_cut_out(tmp_path: Path) -> None:
    app = replay()
    target = tmp_path / "night.jsonl"
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        await press(pilot, "n", "asterisk", "n", "asterisk", "comma")
        shown = await press(pilot, "e")
        assert "2026-11-23 10:06:22 to 2026-11-23 10:07:26" in shown
        assert "Write this stretch" in shown
        app.screen.query_one(Input).value = str(target)
        await keys(pilot, "enter")
        assert "events written to" in told[-1]
        lines = [json.loads(each) for each in target.read_bytes().splitlines()]
        assert lines[-1]["at"] <= app.player.end
        assert max(each["at"] for each in lines) <= app.markers.times()[1]
        assert str(len(lines)) not in ("0", "1")
        await press(pilot, "e")
        app.screen.query_one(Input).value = str(target)
        await keys(pilot, "enter")
        assert told[-1] == f"{target} is there already. Name a new file."
        await press(pilot, "e")
        app.screen.query_one(Input).value = "/nowhere/x"
        await keys(pilot, "enter")
        assert told[-1] == "There is no folder /nowhere. Give another name."
        await press(pilot, "e")
        before = len(told)
        await keys(pilot, "escape")
        assert len(told) == before
        part = replay(None, target)
        assert part.player.begin <= app.markers.times()[0]
    assert os.listdir(tmp_path) == ["night.jsonl"]


async def test_hostile_names_and_ascii(tmp_path: Path) -> None:
    path = tmp_path / "gsyncd.log"
    start = "starting gsyncd worker [{brick=/[/b]\x1b[31m}, {secondary_node=[red]x}]"
    again = "worker died in startup phase [{brick=/[/b]\x1b[31m}]"
    path.write_bytes(line(0, "monitor", start) + line(9, "monitor", again))
    app = replay(None, path, plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "5")
        shown = await keys(pilot, "slash", *typed("[/b]"), "enter")
        assert "find: [/b]" in shown
        assert "WorkerStarted" in row(app)
        assert "starting" in row(app)
        assert (await keys(pilot, "asterisk")).isascii()
        shown = await keys(pilot, "apostrophe")
        assert shown.isascii()
        assert "[/b]" in shown
        await pilot.press("escape")
        await keys(pilot, "slash", *typed("[bold red]$x"), "enter")
        assert isinstance(app.screen, EventsScreen)
        assert "find: [bold red]$x" in text(app)


LOOKS = {
    "markers": ["n", "asterisk", "n", "n", "asterisk", "comma", "apostrophe"],
    "cut": ["n", "asterisk", "e"],
}


@SIZES
@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("name", LOOKS)
def test_looks(snap_compare: Any, name: str, size: tuple[int, int], dark: bool) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        for key in LOOKS[name]:
            await pilot.press(key)
        await settled(pilot)
        await hushed(pilot)
        await drawn(pilot)

    assert snap_compare(replay(dark=dark), terminal_size=size, run_before=settle)
