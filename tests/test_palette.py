"""The palette: what it offers for what is typed, and what each of it does."""

import pytest
import scripted
from rich.cells import cell_len
from test_events_screen import HOSTILE
from textual.pilot import Pilot
from textual.widgets import Input
from watching import drawn, text

from engine.events import EngineStarted, SessionKnown, Wanted, WorkerStarted
from engine.state import State, apply
from georep_tui import failed, palette, theme
from georep_tui.app import Console
from georep_tui.palette import Noun
from georep_tui.screens.agree import NameScreen
from georep_tui.screens.help import HelpScreen
from georep_tui.screens.page import Page
from georep_tui.screens.palette import PaletteScreen


def day() -> State:
    state = State()
    for event in scripted.events():
        apply(state, event)
    return state


def hostile() -> State:
    state = State()
    apply(state, EngineStarted(at=1, node="n", version="1", pid=1))
    for name in HOSTILE:
        known = {"primary": name, "secondary": f"h::{name}", "node": "n"}
        apply(state, SessionKnown(at=1, session=name, wanted=Wanted.STARTED, **known))
        apply(state, WorkerStarted(at=1, session=name, worker=f"n:/{name}", pid=1, restart=0))
    return state


def offered(typed: str, *, here: str | None = None) -> list[str]:
    found = palette.entries(day(), here=here)
    return [entry.text for entry in palette.offered(found, (Noun.FILTER,), typed)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        pytest.param("", ["session: archive", "session: home"], id="all there is"),
        pytest.param("prod", ["session: prod", "worker: gfs1:/bricks/b1"], id="what begins so"),
        pytest.param("work b4", ["worker: gfs1:/bricks/b4", "worker: gfs2:/bricks/b4"], id="words"),
        pytest.param("theme: li", ["theme: light", "theme: ansi-light"], id="noun and verb"),
        pytest.param("THEME:LIGHT", ["theme: light"], id="case is nothing"),
        pytest.param("filter: a  [/b]", ["filter: a [/b]"], id="a filter"),
        pytest.param("no such thing", ["filter: no such thing"], id="nothing but a filter"),
        pytest.param("filter:", [], id="a noun without words"),
        pytest.param("gfs1:/bricks/b1", ["worker: gfs1:/bricks/b1"], id="a colon is no noun"),
    ],
)
def test_what_is_meant(typed: str, first: list[str]) -> None:
    assert offered(typed)[: len(first)] == first
    assert first or not offered(typed)


def test_workers_of_the_session_that_is_shown_come_first() -> None:
    assert offered("worker:", here="prod")[0] == "worker: gfs1:/bricks/b1"
    assert offered("worker:", here="home")[0] == "worker: gfs1:/bricks/b3"
    assert "export: failures" in offered("", here="home")
    assert "export: failures" not in offered("", here="logs")
    assert "export: failures" not in offered("", here="gone")


@pytest.mark.parametrize("width", [0, 3, 20, 74])
def test_lines_fit_and_names_are_printable(width: int) -> None:
    for entry in palette.entries(hostile(), here=HOSTILE[0]):
        line = "".join(part for part, _ in palette.line(entry, width))
        assert line.isprintable()
        assert cell_len(line) == width or width < 20


def test_names_are_found_as_they_are_shown_and_given_as_they_are() -> None:
    found = palette.entries(hostile(), here=None)
    assert [each.value[0] for each in found if each.noun is Noun.SESSION] == sorted(HOSTILE)
    assert all(each.words.isprintable() for each in found)
    escape = palette.matching(found, r"session \x1b[31m")
    assert [entry.value for entry in escape] == [(HOSTILE[4],)]


async def take(pilot: Pilot[None], typed: str, *keys: str) -> str:
    """Choose in the palette; return the screen."""
    app = pilot.app
    assert isinstance(app, Console)
    await pilot.press("colon")
    await pilot.pause()
    assert isinstance(app.screen, PaletteScreen)
    app.screen.query_one(Input).value = typed
    await pilot.pause()
    await pilot.pause()
    await pilot.press(*keys, "enter")
    await pilot.pause()
    await drawn(pilot)
    return text(app)


async def test_what_it_does() -> None:
    app = Console(scripted.failing_stream(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "[2 Workers]" in await take(pilot, "session: prod")
        shown = await take(pilot, "worker: prod gfs2:/bricks/b2")
        assert "─ gfs2:/bricks/b2" in shown
        assert "─ gfs1:/bricks/b3" in await take(pilot, "worker: b3 home")
        assert "[5 Events]" in await take(pilot, "screen: events")
        assert "filter: refused !kate" in await take(pilot, "filter: refused !kate")
        assert "filter" not in (await take(pilot, "screen: work")).splitlines()[0]
        assert "[1 Sessions]" in await take(pilot, "screen: sess")
        await take(pilot, "theme: ansi-l")
        assert app.theme == theme.ANSI_LIGHT.name
        await pilot.press("d")
        assert app.theme == theme.ANSI_DARK.name
        await take(pilot, "theme: dark")
        assert app.theme == theme.DARK.name
        shown = await take(pilot, "export: fail")
        assert isinstance(app.screen, NameScreen)
        listed = failed.every(app.picture.sessions["home"])
        assert f"Write {len(listed)} failures" in shown
        await pilot.press("escape")
        await take(pilot, "help")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await take(pilot, "console: quit")
    assert app.return_code == 0


async def test_keys_of_it() -> None:
    app = Console(scripted.stream(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await pilot.press("ctrl+p")
        await drawn(pilot)
        assert isinstance(app.screen, PaletteScreen)
        assert "session: archive" in text(app)
        await pilot.press("q", "1", "colon", "escape")
        assert isinstance(app.screen, Page)
        assert "[2 Workers]" in await take(pilot, "session:", "down", "down", "up", "down", "down")
        assert "media → dr1::media" in text(app)
        await pilot.press("slash", "colon", "a", "enter")
        await drawn(pilot)
        assert "filter: :a" in text(app), "in a filter it is a letter"
        await pilot.press("colon")
        await drawn(pilot)
        await pilot.click("#offered", offset=(4, 1), times=2)
        await drawn(pilot)
        assert "home → dr2::home" in text(app)


async def test_nothing_is_meant() -> None:
    app = Console(scripted.stream(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await pilot.press("colon", *"theme: zz", "enter")
        await drawn(pilot)
        assert isinstance(app.screen, PaletteScreen)
        assert "nothing here matches" in text(app)
        await pilot.press("escape")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_hostile_names_and_ascii(size: tuple[int, int]) -> None:
    app = Console(plain=True)
    app.picture = app._state = hostile()
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        await pilot.press("colon")
        await drawn(pilot)
        shown = text(app)
        assert shown.isascii()
        assert r"session: bad\xff\x1b[31m" in shown
        assert "session: [bold red]x" in shown
        await pilot.press(*"[/b]c", "enter")
        await drawn(pilot)
        assert app.scope == "a[/b]c"
