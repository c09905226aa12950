"""Screen 5: every key of it, the mouse, what comes while it is looked at, and a replay."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import scripted
from textual.pilot import Pilot
from told_events import NOW, failed, mended
from watching import drawn, text

from engine.events import AnyEvent
from engine.state import State
from georep_tui import keymap
from georep_tui.app import Console
from georep_tui.key import Where
from georep_tui.player import Player
from georep_tui.replay import chains, files
from georep_tui.replaying import Replay
from georep_tui.screens.events import EventsScreen
from georep_tui.screens.page import Page

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
DAY = [GOLDEN / f"{name}-gsyncd.log" for name in ("prim1", "prim2", "sec1-secondary")]
HOSTILE = (
    "[/",
    "a  b ",
    "a[/b]c",
    "[bold red]x",
    "bad\\xff\x1b[31m",
    "日本語" * 40,
    "a\nb\tc",
    "$ok",
    "\\",
)


class Source:
    """An engine that says what it is told to."""

    def __init__(self, *events: AnyEvent) -> None:
        self.queue: asyncio.Queue[AnyEvent] = asyncio.Queue()
        self.say(*events)

    def say(self, *events: AnyEvent) -> None:
        for event in events:
            self.queue.put_nowait(event)

    async def __aiter__(self) -> AsyncIterator[AnyEvent]:
        while True:
            yield await self.queue.get()


def console(source: AsyncIterator[AnyEvent] | None = None, **more: bool) -> Console:
    return Console(source or scripted.stream(), clock=scripted.clock, **more)


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await drawn(pilot)
    assert isinstance(pilot.app, Console)
    return text(pilot.app)


def row(app: Console) -> str:
    """Return the line under the cursor."""
    assert isinstance(app.screen, Page)
    found = app.screen.records
    return "".join(part for part, _ in found._rows[found._at].line)


def line_of(app: Console, words: str) -> int:
    """Return on which line of the screen something stands for the first time."""
    return next(at for at, line in enumerate(text(app).splitlines()) if words in line)


def copied(app: Console) -> list[str]:
    """Return where what is copied is written from now on."""
    found: list[str] = []
    app.copy_to_clipboard = found.append  # type: ignore[method-assign]
    return found


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_what_happened_the_newest_last(size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "5")
        assert "[5 Events]" in shown
        assert "all events" in shown
        assert "≥ info   session all  worker all  173 of 250 events" in shown
        assert "12:04:29" in row(app)
        assert "pid 411, restart 1" in row(app)
        assert "2026-05-01 12:04:29.000Z · prod · gfs3:/bricks/b1" in shown
        shown = await press(pilot, "g")
        assert "EngineStarted" in row(app)
        assert "georep 0.1.0 began, pid 900" in shown


async def test_levels() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        counts, shown = list[str](), list[str]()
        for _ in range(4):
            await press(pilot, "5" if not counts else "l")
            line = next(line for line in text(app).splitlines() if "≥" in line)
            counts.append(line.split()[1])
            shown.append(text(app))
        assert counts == ["info", "warn", "bad", "all"]
        assert "1 of 250 events" in shown[2]
        assert "See that sshd runs on dr2" in shown[2]
        assert "BatchDone" in shown[3], "work that was done"
        assert "BatchDone" not in shown[0]
        assert "≥ info" in await press(pilot, "l")


async def test_of_a_session_a_worker_and_back() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "G", "l")
        assert "events of prod" in shown
        assert "session prod  worker all" in shown
        assert "[1 Sessions]" in await press(pilot, "escape")
        shown = await press(pilot, "enter", "G", "l")
        assert "events of prod gfs3:/bricks/b1" in shown
        assert "1 of 250 events" in shown
        shown = await press(pilot, "b")
        assert "session prod  worker all" in shown
        assert "session prod  worker gfs3:/bricks/b1" in await press(pilot, "b")
        assert "session all  worker all" in await press(pilot, "5")
        assert "[2 Workers]" in await press(pilot, "escape")


async def test_all_about_one_and_back() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "5", "l", "l", "enter")
        assert "WHAT" not in shown
        assert "ssh: connect to host dr2 port 22: Connection refused" in shown
        assert "level" not in shown.splitlines()[-1]
        assert "WHAT" in await press(pilot, "escape")


async def test_find() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "5", "slash", *"zzz !prod l b y")
        assert "filter: zzz !prod l b y" in shown, "letters belong to the filter"
        assert "nothing here matches" in shown
        shown = await press(pilot, "escape", "slash", *"connection refused", "enter")
        assert "1 of 250 events" in shown
        assert "WorkerFaulty" in row(app), "its evidence is not in its row"
        assert "173 of 250 events" in await press(pilot, "escape")


async def test_the_newest_is_followed_until_somebody_reads() -> None:
    source = Source(mended(NOW))
    app = console(aiter(source))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "5")
        source.say(*(failed(path=f"file {at}") for at in range(30)))
        await pilot.pause(0.05)
        await drawn(pilot)
        assert "file 29" in row(app)
        assert "file 29" in text(app)
        await press(pilot, "k", "k")
        assert "file 27" in row(app)
        above = line_of(app, "file 27")
        source.say(*(mended(at) for at in range(5)))
        source.say(*(failed(path=f"more {at}") for at in range(3)))
        await pilot.pause(0.05)
        await drawn(pilot)
        assert "file 27" in row(app)
        assert line_of(app, "file 27") == above, "what is read does not run away"
        assert "more 2" in await press(pilot, "G")


async def test_drawing_begets_no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    source, drawings = Source(*scripted.events()), list[int]()
    draw = EventsScreen.draw

    def noted(screen: EventsScreen, picture: State, now: float) -> None:
        draw(screen, picture, now)
        drawings.append(picture.version)
        source.say(mended(NOW + len(drawings)))  # there is something new for every drawing

    monkeypatch.setattr("georep_tui.app.TICK", 3600.0)
    app = console(aiter(source))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "5")
        monkeypatch.setattr(EventsScreen, "draw", noted)
        assert isinstance(app.screen, EventsScreen)
        source.say(mended(NOW))
        await pilot.pause(0.02)
        before = app.picture.version
        app.screen.redraw()
        for _ in range(5):
            await pilot.pause(0.02)
        assert app.picture.version > before
        assert len(drawings) == 1


async def test_who_has_scrolled_away_is_left_there() -> None:
    source = Source(*(mended(at) for at in range(50)))
    app = console(aiter(source))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "5")
        assert isinstance(app.screen, Page)
        found = app.screen.records
        assert found.scroll_offset.y == 50 - found.size.height
        found.scroll_to(y=3, animate=False)
        source.say(failed(path="new"))
        await pilot.pause(0.05)
        await drawn(pilot)
        assert found.scroll_offset.y == 3
        assert "51 events" in text(app)
        assert "new" in await press(pilot, "G")


async def test_a_frozen_picture_hears_nothing() -> None:
    source = Source(mended(NOW))
    app = console(aiter(source))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "frozen at" in await press(pilot, "5", "space")
        source.say(failed(path="later"))
        await pilot.pause(0.05)
        await drawn(pilot)
        assert "later" not in text(app)
        assert "later" in await press(pilot, "space")


async def test_copies_are_whole_and_faithful() -> None:
    source = Source(*(failed(path=name, gfid=name) for name in HOSTILE))
    app = console(aiter(source))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        found = copied(app)
        shown = await press(pilot, "5", "g")
        assert "\x1b" not in shown
        for _ in HOSTILE:
            await press(pilot, "y", "j")
        assert len(found) == len(HOSTILE)
        assert "EACCES [/ · create" in found[0]
        assert "EACCES a  b  · create" in found[1]
        assert "日本語" * 40 in found[5]
        assert r"EACCES bad\xff\x1b[31m · create" in found[4]
        assert all(each.isprintable() for each in found)


async def test_the_mouse() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        for at, name in ((18, "workers"), (52, "events"), (3, "sessions"), (52, "events")):
            await pilot.click("#tabs", offset=(at, 0))
            await drawn(pilot)
            assert isinstance(app.screen, Page)
            assert name == app.screen.NAME
        await press(pilot, "l", "l", "l")
        last = row(app)
        await pilot.click("#list", offset=(20, 2))
        await drawn(pilot)
        before = row(app)
        assert before != last
        await pilot.click("#list", offset=(20, 2), times=2)
        await drawn(pilot)
        assert "WHAT" not in text(app)
        assert f"─ {before.split()[2]} ─" in text(app)


async def test_nothing_yet() -> None:
    app = console(aiter(Source()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await pilot.pause(0.6)
        assert "nothing has happened yet" in text(app)


async def test_only_ascii() -> None:
    app = console(plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert (await press(pilot, "5")).isascii()
        assert (await press(pilot, "l", "l", "enter")).isascii()


async def test_a_replay_tells_the_lines_that_nobody_understood(tmp_path: Path) -> None:
    path = tmp_path / "gsyncd.log"
    path.write_bytes(
        DAY[1].read_bytes() + b"[2026-11-23 10:10:18.000000] E [x(y):1:f] z: \xff[/]\n"
    )
    played = Player(chains.link(files.look([path]), here="here"), clock=lambda: 100.0)
    while not played.index.done:
        played.index.work(1.0)
    app = Replay(played)
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "5", "n")
        assert "10:06:22Z" in shown
        assert "ConflictMet" in row(app), "what the time is an alert for is under the cursor"
        assert "prim2:/bricks/d1 2 × gfid mismatch" in shown
        await press(pilot, "n")
        assert "WorkerFaulty" in row(app)
        played.seek(played.end)
        shown = await press(pilot, "l", "G")
        assert r"E \xff[/]" in row(app)
        assert "NotUnderstood" in shown
        shown = await press(pilot, "N", "N")
        assert "NotUnderstood" not in shown, "it had not been told then"


def test_every_key_has_an_action_that_exists() -> None:
    for key in keymap.KEYS:
        if key.where is Where.EVENTS:
            assert hasattr(EventsScreen, f"action_{key.action.split('(')[0]}"), key
