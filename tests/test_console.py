"""Every key of the console, its empty states, and names that mean harm."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import scripted
from textual.pilot import Pilot
from watching import all_help, drawn, text

from engine.errors import Retry
from engine.events import (
    AnyEvent,
    EntryFailed,
    SessionKnown,
    Wanted,
    WorkerFaulty,
    WorkerProgressed,
)
from georep_tui import keymap, theme
from georep_tui.app import Console
from georep_tui.key import Where
from georep_tui.screens.help import HelpScreen
from georep_tui.screens.page import TABS, Page
from georep_tui.sources import Link
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.record_list import RecordList

HOSTILE = ("[/", "a[/b]c", "[bold red]x", "bad\\xff\x1b[31m", "日本語" * 40, "a\nb\tc", "$ok", "\\")


def console(source: AsyncIterator[AnyEvent] | None = None, **more: object) -> Console:
    return Console(source or scripted.stream(), clock=scripted.clock, **more)  # type: ignore[arg-type]


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause(0.1)
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, Console)
    return text(app)


def key(app: Console) -> str | None:
    assert isinstance(app.screen, Page)
    return app.screen.records.key


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_drilling_in_and_out(size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        assert "[1 Sessions]" in text(app)
        assert "faulty: ssh refused, retry 4 in 31 s" in text(app)
        shown = await press(pilot, "G", "enter")
        assert "[2 Workers]" in shown
        assert "prod → dr1::prod" in shown
        assert "rsync job 2 of 3" in shown
        shown = await press(pilot, "enter")
        assert "never restarted" in shown
        assert "BRICK" not in shown
        assert "BRICK" in await press(pilot, "escape")
        assert "[1 Sessions]" in await press(pilot, "escape")
        assert "[2 Workers]" in await press(pilot, "2")
        assert "[1 Sessions]" in await press(pilot, "1")
        assert "home → dr2::home" in await press(pilot, "g", "j", "2", "G")
        assert "port 22: Connection refused" in text(app)
        assert "See that sshd runs on dr2" in text(app)
        assert "attempt 4 in 31 s, at 12:05:02" in text(app)


async def test_moving() -> None:
    app = console()
    names = ["archive", "home", "logs", "media", "prod"]
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        for keys, expected in (
            (["j"], 1),
            (["down"], 2),
            (["k"], 1),
            (["up", "up"], 0),
            (["G"], 4),
            (["j"], 4),
            (["g"], 0),
            (["end"], 4),
            (["home"], 0),
            (["pagedown"], 4),
            (["pageup"], 0),
        ):
            await press(pilot, *keys)
            assert key(app) == names[expected], keys


async def test_filter() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "slash", *"dr2 !home")
        assert "filter: dr2 !home" in shown
        assert "logs → dr2" in shown
        assert "home → dr2" not in shown
        assert "media → dr1" not in shown
        assert "keep" in shown
        await press(pilot, "enter")
        assert "/ filter" in text(app)
        assert key(app) in ("archive", "logs")
        shown = await press(pilot, "slash", *"zzz", "enter")
        assert "nothing here matches" in shown
        shown = await press(pilot, "escape")
        assert "media → dr1" in shown
        shown = await press(pilot, "slash", "q", "space", "1", "d", "question_mark")
        assert "filter: q 1d?" in shown, "letters belong to the filter"
        shown = await press(pilot, "escape")
        assert "filter:" not in shown


async def test_freezing_holds_the_picture_and_keeps_what_comes() -> None:
    queue: asyncio.Queue[AnyEvent] = asyncio.Queue()

    async def source() -> AsyncIterator[AnyEvent]:
        async for event in _finite():
            yield event
        while True:
            yield await queue.get()

    app = console(source())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "▲ 122" in text(app)
        shown = await press(pilot, "space")
        assert "frozen at 12:04:31Z" in shown
        await queue.put(_failed("x"))
        await drawn(pilot)
        assert "▲ 122" in text(app)
        shown = await press(pilot, "space")
        assert "▲ 123" in shown
        assert "frozen" not in shown


async def test_theme_help_and_quit() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "d")
        assert app.theme == theme.LIGHT.name
        await press(pilot, "d")
        assert app.theme == theme.DARK.name
        for close in ("escape", "q", "question_mark"):
            shown = await press(pilot, "question_mark")
            assert isinstance(app.screen, HelpScreen)
            assert "its workers" in shown, "what works here stands above all"
            shown = await all_help(pilot)
            for named in keymap.KEYS:
                assert named.help in shown
            await press(pilot, close)
            assert isinstance(app.screen, Page)
        await pilot.press("q")
    assert app.return_code == 0


def test_every_key_has_an_action_that_exists() -> None:
    owners: dict[Where, list[type]] = {
        Where.EVERYWHERE: [Console],
        Where.LISTS: [RecordList],
        Where.HELP: [HelpScreen],
    }
    for named in keymap.KEYS:
        for owner in owners.get(named.where, []):
            assert hasattr(owner, f"action_{named.action.split('(')[0]}"), named
    ids = [binding.id for where in Where for binding in keymap.bindings(where)]
    assert len(ids) == len(set(ids))
    tabs = {f"go('{name}')" for name, _ in TABS}
    assert tabs == {named.action for named in keymap.KEYS if named.action.startswith("go(")}


async def test_the_bottom_line_shows_what_works() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "esc" not in str(app.screen.query_one(KeyBar).render())
        await press(pilot, "enter")
        shown = str(app.screen.query_one(KeyBar).render())
        assert "esc  back" in shown.replace("esc back", "esc  back")
        assert "⏎" not in shown, "there is no worker to open"


async def test_hostile_names_are_shown_as_they_are() -> None:
    async def source() -> AsyncIterator[AnyEvent]:
        for name in HOSTILE:
            yield SessionKnown(
                at=1, session=name, primary=name, secondary=name, wanted=Wanted.STARTED, node="n"
            )
            yield _failed(name, session=name)
            yield WorkerFaulty(
                at=1,
                session=name,
                worker=f"n:/{name}",
                cause=name,
                words=name,
                fix=name,
                evidence=name,
            )
        await asyncio.Event().wait()

    for size in ((80, 24), (140, 40)):
        app = console(source())
        async with app.run_test(size=size) as pilot:
            await drawn(pilot)
            shown = text(app)
            assert "[/ → [/" in shown
            assert "a[/b]c → a[/b]c" in shown
            assert "[bold red]x" in shown
            assert "\x1b" not in shown
            for _ in HOSTILE:
                shown = await press(pilot, "2", "G")
                assert "\x1b" not in shown
                await press(pilot, "slash", "[", "slash", "enter", "escape", "1", "j")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(scripted.quiet, "georep create VOLUME", id="no sessions"),
        pytest.param(scripted.nothing, "georep-engine run", id="no engine"),
    ],
)
async def test_empty_states_name_the_next_step(source: object, expected: str) -> None:
    app = console(source())  # type: ignore[operator]
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert expected in text(app)
        shown = await press(pilot, "2", "j", "enter")
        assert "no session is chosen" in shown
        assert "1 shows all sessions" in shown


async def test_a_session_that_is_alone_needs_no_choice() -> None:
    """Also when it is told of only after its page was opened, as where a replay begins."""
    told = asyncio.Event()

    async def source() -> AsyncIterator[AnyEvent]:
        async for event in scripted.quiet():
            yield event
        await told.wait()
        async for event in scripted.failing_stream():
            if getattr(event, "session", "prod") == "prod":
                yield event

    app = console(source())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "no session is chosen" in await press(pilot, "2")
        told.set()
        await drawn(pilot)
        assert "prod → dr1::prod" in await press(pilot, "2")


async def test_an_engine_that_goes_is_named() -> None:
    link = Link()
    first, second = link.follow("a"), link.follow("b")
    assert link.words() == ("◐ connecting", "busy")
    first("")
    second("")
    assert link.words() == ("● live", "ok")
    second(Retry("No engine runs here", fix="Start it.").sentence())
    assert link.words() == ("▲ 1/2 engines", "warn")
    first("gone")
    app = console(scripted.nothing(), link=link)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "✕ no engine" in text(app)
        assert "No engine runs here. Start it." in text(app)


async def test_what_an_engine_said_that_is_gone_is_not_taken_for_the_present() -> None:
    link = Link(clock=lambda: 3600.0)
    first, second = link.follow("a"), link.follow("b")
    first("")
    second("")
    app = console(_calm(), link=link)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = text(app)
        assert "as it was" not in shown
        assert "nothing needs you" in shown
        second("No engine runs here: nobody listens at b. Start it with systemctl start georep.")
        shown = await press(pilot, "2")
        assert (
            "▲ 1 of 2 engines silent since 01:00:00Z: theirs is as it was then · 1 says why"
            in shown
        )
        first("gone")
        shown = await press(pilot, "1")
        assert (
            "✕ no engine answers since 01:00:00Z: all below is as it was then · 1 says why" in shown
        )
        assert "nobody listens at b. Start it with" in shown
        assert "nothing needs you" not in shown
        first("")
        second("")
        assert "as it was" not in await press(pilot, "2")


async def test_no_filter_is_blamed_where_none_is() -> None:
    app = console(_calm())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "nothing here matches" not in await press(pilot, "5", "l")
        assert "nothing here matches the filter" in await press(pilot, "slash", "q", "q", "enter")


async def test_a_finished_source_is_named() -> None:
    app = console(_finite())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "✕ ended" in text(app)


async def test_a_source_that_never_waits_leaves_the_console_alive() -> None:
    async def source() -> AsyncIterator[AnyEvent]:
        while True:
            yield WorkerProgressed(
                at=1,
                session="s",
                worker="n:/b",
                slices=1,
                records=1,
                entries=1,
                files=1,
                bytes=1,
                removed=0,
            )

    app = console(source())
    async with app.run_test(size=(80, 24)):
        await asyncio.sleep(0.7)
        assert app.picture.version > 100
        app.exit()


async def test_only_ascii() -> None:
    app = console(plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert text(app).isascii()
        assert (await press(pilot, "G", "enter")).isascii()
        assert (await press(pilot, "question_mark")).replace("↓", "").replace("↑", "").isascii()


async def test_nothing_is_drawn_when_nothing_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        redrawn: list[str] = []
        monkeypatch.setattr(Page, "redraw", lambda page: redrawn.append(page.NAME))
        await pilot.pause(1.2)
        assert redrawn == []


async def _finite() -> AsyncIterator[AnyEvent]:
    for event in scripted.events():
        yield event


async def _calm() -> AsyncIterator[AnyEvent]:
    async for event in scripted.quiet():
        yield event
    yield scripted._known("s", "h::v", "gfs1", Wanted.STARTED)
    await asyncio.Event().wait()


def _failed(path: str, session: str = "prod") -> AnyEvent:
    return EntryFailed(
        at=1,
        session=session,
        worker="gfs1:/bricks/b1",
        gfid=f"new {path}",
        path=path,
        doing="create",
        kind="EIO",
        words=path,
        tries=1,
    )


async def test_nothing_is_drawn_while_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Console(scripted.stream(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        page = app.screen
        assert isinstance(page, Page)
        with monkeypatch.context() as ending:
            ending.setattr(app, "_running", False)
            await page.query_one("#filter").remove()
            page.redraw()
            ending.setattr(app, "_drawn", ())
            ending.setattr(Console, "screen", property(lambda _: pytest.fail("it has none")))
            app._tick()
