"""Sessions changed in the console: every key of it, the mouse, and what reaches the files."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import managed
import pytest
import scripted
from managed import Errands
from test_console import HOSTILE, console, press
from test_control import Engine
from test_failures_screen import notices, settled
from textual.events import Key
from textual.pilot import Pilot
from watching import all_help, drawn, text

from engine import config, options
from engine.commands import Reload
from engine.config import Places, Session
from engine.events import AnyEvent, EngineStarted, SessionKnown, Wanted
from engine.options import Options
from engine.session import checkpoints, wanted
from engine.session.errands import (
    AnyErrand,
    Checked,
    Compare,
    Create,
    Done,
    Examine,
    Failed,
    Hear,
    Look,
)
from georep_tui import keymap, rows
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.key import Where
from georep_tui.screens import creating
from georep_tui.screens.agree import AgreeScreen
from georep_tui.screens.creating import CreateScreen
from georep_tui.screens.deleting import DeleteScreen
from georep_tui.screens.differing import DifferencesScreen
from georep_tui.screens.form import MEANING, FormInput, FormScreen
from georep_tui.screens.help import HelpScreen
from georep_tui.screens.looking import DoctorScreen, VerifyScreen
from georep_tui.screens.moment import CheckpointScreen
from georep_tui.screens.page import Page
from georep_tui.screens.sessions import SessionsScreen
from georep_tui.screens.settings import OptionsScreen, ValueScreen
from georep_tui.steward import Steward
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.switch import Switch

SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creating, "QUIET", 0.0)


@pytest.fixture
def at(tmp_path: Path) -> Places:
    """Return a node with the session `prod`."""
    places = managed.places(tmp_path)
    config.create(places, Session("prod", "prod", "georep", "dr1", "prod"))
    return places


@contextlib.asynccontextmanager
async def engine_at(at: Places) -> AsyncIterator[Engine]:
    """Run as much of an engine as a steward tells."""
    engine = Engine()
    async with engine.control.listen(at.socket):
        yield engine


def knows(word: Wanted, name: str = "prod") -> AnyEvent:
    return SessionKnown(
        at=scripted.NOW,
        session=name,
        primary=name,
        secondary=f"georep@dr1::{name}",
        wanted=word,
        node="gfs1",
    )


def of_one(at: Places, word: Wanted, errands: Errands | None = None) -> Console:
    """Return a console that sees one session, and can change it."""

    async def source() -> AsyncIterator[AnyEvent]:
        yield EngineStarted(at=1, node="gfs1", version="0.1.0", pid=900)
        yield knows(word)
        await asyncio.Event().wait()

    run = (errands or Errands()).run
    return console(source(), steward=Steward(at, run=run, clock=scripted.clock), desk=Desk())


@pytest.mark.parametrize(
    ("key", "before", "after", "words"),
    [
        pytest.param("S", Wanted.CREATED, Wanted.STARTED, "is started.", id="start"),
        pytest.param("P", Wanted.STARTED, Wanted.PAUSED, "pauses when", id="pause"),
        pytest.param("U", Wanted.PAUSED, Wanted.STARTED, "goes on.", id="resume"),
        pytest.param("X", Wanted.PAUSED, Wanted.STOPPED, "is stopped.", id="stop"),
    ],
)
async def test_each_asks_first_and_is_noted_and_told(
    at: Places, key: str, before: Wanted, after: Wanted, words: str
) -> None:
    wanted.write(at, "prod", before)
    async with engine_at(at) as engine:
        app = of_one(at, before)
        async with app.run_test(size=(80, 24)) as pilot:
            await drawn(pilot)
            told = notices(app)
            for no in ("escape", "n", "q"):
                shown = await press(pilot, key)
                assert isinstance(app.screen, AgreeScreen)
                assert "session prod" in shown
                await press(pilot, no)
                assert isinstance(app.screen, SessionsScreen)
            assert wanted.read(at, "prod") is before
            await press(pilot, "2", key, "y")
            await settled(pilot, app)
            assert wanted.read(at, "prod") is after
            assert words in told[0]
            assert engine.asked == [Reload()]


async def test_without_an_engine_it_is_noted_and_said(at: Places) -> None:
    app = of_one(at, Wanted.CREATED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        await press(pilot, "S", "y")
        await settled(pilot, app)
        assert "noted as started, but no engine acts on it" in told[0]
        assert wanted.read(at, "prod") is Wanted.STARTED


async def test_a_refusal_is_one_sentence(at: Places) -> None:
    wanted.write(at, "prod", Wanted.STOPPED)
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        await press(pilot, "P", "y")
        await settled(pilot, app)
        assert told == [
            "Session prod is stopped: there is nothing to pause. Say georep start prod."
        ]


async def test_the_bottom_line_follows_what_can_be_done() -> None:
    queue: asyncio.Queue[AnyEvent] = asyncio.Queue()

    async def source() -> AsyncIterator[AnyEvent]:
        while True:
            yield await queue.get()

    app = console(source(), steward=Steward(managed.places(Path("/nowhere"))))
    async with app.run_test(size=(140, 40)) as pilot:
        for word, there, gone in (
            (Wanted.CREATED, "S start", "P pause"),
            (Wanted.STARTED, "P pause", "S start"),
            (Wanted.PAUSED, "U resume", "P pause"),
            (Wanted.STOPPED, "S start", "U resume"),
        ):
            await queue.put(knows(word))
            await pilot.pause(0.05)
            app._tick()
            await pilot.pause(0.05)
            shown = str(app.screen.query_one(KeyBar).render())
            assert there in shown
            assert gone not in shown
            assert "? help" in shown


@SIZES
async def test_a_session_is_made_in_the_form(at: Places, size: tuple[int, int]) -> None:
    errands = Errands(*managed.CHECKS)
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        told = notices(app)
        assert "Name the primary and the secondary" in await press(pilot, "N")
        shown = await press(pilot, *"[/", "down", *"h")
        assert "does not name a secondary" in shown, "said while it is typed"
        assert not errands.wanted
        await press(pilot, *["backspace"] * 3, *"b1::svol", "up", *["backspace"] * 2, *"gvol")
        shown = await press(pilot, "down", "down", *"new")
        assert "new: gvol → root@b1::svol" in shown
        assert "✕ gfs1: The bricks of gvol keep no changelog" in shown
        assert "gluster volume set gvol changelog.changelog on" in shown
        assert errands.wanted[-1] == Look(volume="gvol", secondary="b1::svol", name="new")
        shown = await press(pilot, "down", *"x[")
        assert "ssh-port cannot be 'x['" in shown
        await press(pilot, "backspace", "backspace", *"2222", "down", "down", "down")
        shown = await press(pilot, *"sync-jobs=2")
        assert "Transfers of file content at a time" in shown
        await press(pilot, "down", "space", "down", "space", "space")
        shown = await press(pilot, "pageup")
        assert "all as they must be" in shown, "it will be switched on"
        assert "Mend" not in shown
        shown = await press(pilot, "enter")
        assert isinstance(app.screen, AgreeScreen)
        assert "The changelog of gvol is switched on" in shown
        await press(pilot, "n")
        assert isinstance(app.screen, CreateScreen)
        errands.checks = managed.FINE
        await press(pilot, "enter", "y")
        await pilot.pause()
        assert isinstance(app.screen, SessionsScreen)
        assert told == ["Session new is created. S starts it."]
        assert errands.wanted[-1] == Create(
            volume="gvol",
            secondary="b1::svol",
            name="new",
            settings=("ssh-port=2222", "sync-jobs=2"),
            enable=True,
        )


async def test_what_is_typed_at_once_goes_to_the_line_that_was_chosen(at: Places) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "N")
        for name in ("g", "down", "h", "tab", "n", "shift+tab", "i"):
            app.post_message(Key(name, name if len(name) == 1 else None))
        for _ in range(5):
            await pilot.pause()
        fields = [
            app.screen.query_one(f"#{id}", FormInput) for id in ("volume", "secondary", "name")
        ]
        assert [field.value for field in fields] == ["g", "hi", "n"]


async def test_the_cursor_goes_to_what_was_made(at: Places) -> None:
    queue: asyncio.Queue[AnyEvent] = asyncio.Queue()

    async def source() -> AsyncIterator[AnyEvent]:
        for name in ("a", "z"):
            yield knows(Wanted.STARTED, name)
        while True:
            yield await queue.get()

    app = console(source(), steward=Steward(at, run=Errands().run, clock=scripted.clock))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "N", *"gvol", "down", *"b1::svol", "down", *"new", "enter", "y")
        assert "Start session" not in await press(pilot, "S"), "a is started already"
        await queue.put(knows(Wanted.CREATED, "new"))
        await drawn(pilot)
        assert "Start session new?" in await press(pilot, "S")


def test_what_the_first_lines_mean_is_told_whole() -> None:
    for where in ("", "gfs1 and gfs2"):
        for each in creating.fields(where)[:3]:
            assert len(rows.wrap(each.meaning, 75, lines=9)) <= MEANING, each


@SIZES
async def test_on_several_nodes_the_forms_speak_of_them(at: Places, size: tuple[int, int]) -> None:
    errands = Errands()
    app = of_one(at, Wanted.STOPPED, errands)
    assert app.steward is not None
    app.steward.where, app.steward.several = "gfs1, gfs2 and gfs3", True
    wanted.write(at, "prod", Wanted.STOPPED)
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "N")
        assert "New session, made on gfs1, gfs2 and gfs3" in shown
        assert "have bricks on each node that it is made on." in " ".join(shown.split())
        shown = await press(pilot, *"gvol", "down", *"b1::svol")
        assert "Each node needs a key" in shown
        shown = " ".join((await press(pilot, "enter")).split())
        assert "All of this is done on gfs1, gfs2 and gfs3, one after the other" in shown
        assert "this node" not in shown
        shown = await press(pilot, "n", "escape", "D", "y", *"prod", "down", "space")
        assert "take its positions off the bricks there, too" in shown
        shown = " ".join(shown.split())
        assert "its positions for georep@dr1::prod on the bricks of gfs1, gfs2 and gfs3" in shown


async def test_what_could_not_be_made_can_be_mended(at: Places) -> None:
    errands = Errands()
    errands.answers = [Failed(words="Session s was not created. Mend what is crossed.")]
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "N", *"gvol", "down", *"b1::svol", "enter", "y")
        assert "Session s was not created" in text(app)
        await press(pilot, *"x")
        assert app.screen.query_one("#volume", FormInput).value == "gvolx"
        shown = await press(pilot, "down", "down", *"prod")
        assert "A session called prod exists already" in shown
        shown = await press(pilot, "down", "down", "down", "down", *'sync-jobs="')
        assert "More options: No closing quotation" in shown
        await press(pilot, "enter")
        assert isinstance(app.screen, CreateScreen), "nothing to ask of what cannot be"
        await press(pilot, "escape")
        assert isinstance(app.screen, SessionsScreen)


async def test_what_an_earlier_look_still_tells_counts_no_more(at: Places) -> None:
    hears: list[Hear] = []

    async def run(_places: Places, _errand: AnyErrand, hear: Hear) -> None:
        hears.append(hear)
        await asyncio.Event().wait()

    errands = Errands()
    errands.run = run  # type: ignore[method-assign]
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "N", *"gvol", "down", *"b1::v")
        await press(pilot, "enter", "y")
        for hear in hears[:-1]:
            hear(Checked(check=managed.CHECKS[2]))
            hear(Done(fine=True))
        await pilot.pause()
        assert isinstance(app.screen, CreateScreen), "nothing has been made"
        assert "keep no changelog" not in text(app)
        hears[-1](Done(fine=True, name="new"))
        await pilot.pause()
        assert isinstance(app.screen, SessionsScreen)


async def test_nothing_is_looked_at_while_it_is_typed(
    at: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "QUIET", 60.0)
    errands = Errands()
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "N", *"gvol", "down", *"b1::svol")
        assert not errands.wanted
        assert "Not everything has been looked at" in await press(pilot, "enter")


async def test_a_checkpoint_says_what_it_will_be(at: Places) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        shown = await press(pilot, "C")
        assert "sets 2026-05-01T12:04:31Z" in shown
        shown = await press(pilot, *"x", "enter")
        assert "'x' is no time" in shown
        assert isinstance(app.screen, CheckpointScreen)
        await press(pilot, "backspace", "down", *"[/")
        assert "cannot be the label" in text(app)
        await press(pilot, "backspace", "backspace", *"tonight", "enter")
        await settled(pilot, app)
        assert told == ["Checkpoint tonight is set: everything before 2026-05-01 12:04:31 UTC."]
        (made,) = checkpoints.read(at, "prod")
        assert (made.label, made.time) == ("tonight", int(scripted.NOW))


async def test_deleting_asks_twice_and_wants_the_name(at: Places) -> None:
    wanted.write(at, "prod", Wanted.STOPPED)
    app = of_one(at, Wanted.STOPPED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        shown = await press(pilot, "D")
        assert "do not come back" in shown
        assert "Type prod to delete it" in await press(pilot, "y")
        assert "Not this name" in await press(pilot, *"pro", "enter")
        assert isinstance(app.screen, DeleteScreen)
        assert "Its positions stay" in await press(pilot, *"d")
        await press(pilot, "escape")
        assert config.names(at) == ["prod"]
        await press(pilot, "D", "y", *"prod", "enter")
        await settled(pilot, app)
        assert told == ["Session prod is gone. Both volumes stay as they are."]
        assert config.names(at) == []
        assert not at.of("prod").exists()


async def test_the_way_out_of_a_session_that_rests_is_in_the_bottom_line(at: Places) -> None:
    app = of_one(at, Wanted.STOPPED)
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        assert "D delete" in text(app)
        assert "S start" in text(app)


async def test_a_session_that_never_ran_has_no_positions_to_ask_about(at: Places) -> None:
    app = of_one(at, Wanted.CREATED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        shown = await press(pilot, "D", "y", *"prod")
        assert "take its positions" not in shown
        assert "has never run" in shown
        await press(pilot, "enter")
        await settled(pilot, app)
        assert told == ["Session prod is gone. Both volumes stay as they are."]
        assert config.names(at) == []


async def test_positions_go_when_that_is_chosen(
    at: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []

    async def delete(places: Places, name: str, *, reset: bool) -> list[str]:
        asked.append((name, reset))
        return ["/bricks/b1"]

    monkeypatch.setattr("engine.session.lifecycle.delete", delete)
    app = of_one(at, Wanted.STOPPED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        shown = await press(pilot, "D", "y", *"prod", "down", "space")
        assert "and its positions for georep@dr1::prod" in shown
        await press(pilot, "enter")
        await settled(pilot, app)
        assert asked == [("prod", True)]
        assert "taken off /bricks/b1" in told[0]


@SIZES
async def test_options_are_changed_and_put_back(at: Places, size: tuple[int, int]) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        told = notices(app)
        shown = await press(pilot, "O")
        assert isinstance(app.screen, OptionsScreen)
        assert "Port of sshd on the secondary" in shown
        shown = await press(pilot, "enter", *"x[")
        assert isinstance(app.screen, ValueScreen)
        assert "ssh-port cannot be '22x['" in shown
        assert "a whole number from 1 to 65535" in await press(pilot, "enter")
        shown = await press(pilot, *["backspace"] * 4, *"2222")
        assert "ssh-port becomes 2222, it is 22" in shown
        await press(pilot, "enter")
        await settled(pilot, app)
        assert config.read(at, "prod").options.ssh_port == 2222
        assert "ssh-port of session prod is 2222 now, it was 22." in told[-1]
        assert "2222" in text(app)
        await press(pilot, "escape", "O", "R")
        assert isinstance(app.screen, AgreeScreen)
        await press(pilot, "n")
        assert config.read(at, "prod").options.ssh_port == 2222
        await press(pilot, "R", "y")
        await settled(pilot, app)
        assert config.read(at, "prod").options == Options()
        await press(pilot, "R")
        assert told[-1] == "ssh-port has its default."
        await press(pilot, "A")
        assert told[-1] == "All options have their defaults."
        new = options.changed(Options(), ["sync-jobs=2", "bandwidth=20m"], where="x")
        config.write(at, Session("prod", "prod", "georep", "dr1", "prod", options=new))
        shown = await press(pilot, "q", "O", "A")
        assert "sync-jobs, bandwidth" in shown
        await press(pilot, "y")
        await settled(pilot, app)
        assert config.read(at, "prod").options == Options()


async def test_a_file_that_cannot_be_read_is_said(at: Places) -> None:
    app = of_one(at, Wanted.STARTED)
    at.file("prod").write_text("primary: [")
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        await press(pilot, "O")
        assert isinstance(app.screen, SessionsScreen)
        assert "is not YAML" in told[0]


async def test_the_doctor_looks_and_looks_again(at: Places) -> None:
    errands = Errands(*managed.CHECKS)
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "H")
        assert isinstance(app.screen, DoctorScreen)
        assert "5 things looked at, 1 wrong" in shown
        assert "✓ backup1: root@backup1 accepts our key" in shown
        errands.checks = managed.FINE
        assert "all as they must be" in await press(pilot, "enter")
        assert errands.wanted == [Examine(name="prod"), Examine(name="prod")]
        errands.answers = [Failed(words="It ended [/.", evidence="no\x1b memory")]
        shown = await press(pilot, "enter")
        assert "It ended [/." in shown
        assert "no\\x1b memory" in shown
        await press(pilot, "escape")
        assert isinstance(app.screen, SessionsScreen)


async def test_comparing_shows_what_differs(at: Places) -> None:
    errands = Errands()
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "V", *"a/b", "down", "space", "up")
        shown = await press(pilot, "enter")
        assert isinstance(app.screen, VerifyScreen)
        assert errands.wanted == [Compare(name="prod", under="a/b", content=True)]
        assert "Differences: 2, at 2 places." in shown
        assert "/a/[/b" in shown
        assert r"/bad\xff" in shown
        await press(pilot, "escape")
        assert isinstance(app.screen, SessionsScreen)


async def test_what_was_said_stands_over_no_question(at: Places) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await drawn(pilot)
        app.notify("an earlier word")
        assert "an earlier word" in await press(pilot, "j")
        shown = await press(pilot, "P")
        assert "Pause session prod?" in shown
        assert "an earlier word" not in shown


@pytest.mark.parametrize("key", ["H", "V"])
async def test_closing_ends_what_is_under_way(at: Places, key: str) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def run(*_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    errands = Errands()
    errands.run = run  # type: ignore[method-assign]
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, key, "enter")
        await begun.wait()
        assert "esc ends it" in shown
        await press(pilot, "enter", "escape")
        await ended.wait()
        assert isinstance(app.screen, SessionsScreen)


async def click(pilot: Pilot[None], words: str) -> None:
    """Click on a key of the bottom line."""
    bar = pilot.app.screen.query_one(KeyBar)
    await pilot.click(KeyBar, offset=(str(bar.render()).index(words) + 2, 0))
    await pilot.pause(0.05)
    await pilot.pause()


async def test_the_mouse(at: Places) -> None:
    wanted.write(at, "prod", Wanted.STARTED)
    errands = Errands()
    app = of_one(at, Wanted.STARTED, errands)
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        await click(pilot, "P pause")
        assert isinstance(app.screen, AgreeScreen)
        await click(pilot, "esc no")
        assert wanted.read(at, "prod") is Wanted.STARTED
        await click(pilot, "P pause")
        await click(pilot, "y ⏎ yes")
        await settled(pilot, app)
        assert wanted.read(at, "prod") is Wanted.PAUSED
        await click(pilot, "N new")
        await pilot.click("#secondary")
        await press(pilot, *"b1::v")
        assert app.screen.query_one("#secondary", FormInput).value == "b1::v"
        await pilot.click("#force")
        assert app.screen.query_one("#force", Switch).on
        await click(pilot, "esc close")
        await click(pilot, "O options")
        lines = text(app).splitlines()[::2]
        row = next(y for y, line in enumerate(lines) if line.lstrip().startswith("sync-jobs"))
        at_row = (5, row - app.screen.query_one("#table").region.y)
        await pilot.click("#table", offset=at_row)
        await pilot.pause()
        assert "Transfers of file content" in text(app)
        await pilot.click("#table", offset=at_row, times=2)
        await pilot.pause()
        assert isinstance(app.screen, ValueScreen)
        await click(pilot, "esc close")
        await click(pilot, "esc close")
        assert isinstance(app.screen, SessionsScreen)
        await click(pilot, "q quit")
    assert app.return_code == 0


async def test_a_console_that_only_reads_changes_nothing_and_tells_of_no_such_key() -> None:
    app = console(scripted.failing_stream(), reading_only=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        changing = [key for key in keymap.MANAGING_KEYS if key.where is Where.MANAGING]
        for screen in ("1", "2", "3"):
            await press(pilot, screen)
            await press(pilot, *(key.keys for key in changing), "R", "I")
            assert isinstance(app.screen, Page)
            shown = str(app.screen.query_one(KeyBar).render())
            assert not [key for key in changing if f" {key.shown} {key.label} " in shown]
            assert "R retry" not in shown
        await press(pilot, "1", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        shown = await all_help(pilot)
        assert "its workers" in shown
        for key in (*changing, *(key for key in keymap.KEYS if key.id in keymap._CHANGING)):
            assert key.help not in shown


async def test_the_help_tells_of_every_key_that_changes(at: Places) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "question_mark")
        shown = await all_help(pilot)
        for key in keymap.MANAGING_KEYS:
            assert key.help in shown


async def test_an_option_is_found_by_a_word(at: Places) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "O", "slash", *"gfid_c", "enter")
        shown = await press(pilot)
        assert "find: gfid_c" in shown
        assert "gfid-conflict-resolution" in shown
        assert "ssh-port" not in shown
        await press(pilot, "enter", "ctrl+u", *"false", "enter")
        await settled(pilot, app)
        assert config.read(at, "prod").options.gfid_conflict_resolution is False
        assert "nothing here matches" in await press(pilot, "slash", "ctrl+u", *"nope", "enter")
        await press(pilot, "enter", "R")
        assert isinstance(app.screen, OptionsScreen), "nothing is under the cursor"
        assert "change-detector" in await press(pilot, "escape"), "all are there again"
        await press(pilot, "escape")
        assert isinstance(app.screen, SessionsScreen)


@pytest.mark.parametrize("part", ["asks", "columns", "table", "about"])
async def test_a_list_that_is_being_closed_is_not_drawn(at: Places, part: str) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "O")
        assert isinstance(app.screen, OptionsScreen)
        await app.screen.query_one(f"#{part}").remove()
        app.screen.redraw()


async def test_letters_belong_to_the_filter(at: Places) -> None:
    app = of_one(at, Wanted.STARTED)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "filter: NSPUCOXHVD" in await press(pilot, "slash", *"NSPUCOXHVD")
        assert isinstance(app.screen, Page)


async def test_on_no_session_only_a_new_one_is_offered(tmp_path: Path) -> None:
    steward = Steward(managed.places(tmp_path), run=Errands().run)
    app = console(scripted.quiet(), steward=steward)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "N makes one" in text(app)
        await press(pilot, *"SPUCOXHVD")
        assert isinstance(app.screen, SessionsScreen)
        await press(pilot, "N")
        assert isinstance(app.screen, CreateScreen)


@pytest.mark.parametrize(
    ("where", "several", "words"),
    [
        pytest.param("", False, "no sessions on this node", id="here"),
        pytest.param("prim2", False, "no sessions on prim2", id="another node"),
        pytest.param("prim1 and prim2", True, "no sessions on these nodes", id="several"),
    ],
)
async def test_where_there_is_no_session(
    tmp_path: Path, where: str, *, several: bool, words: str
) -> None:
    steward = Steward(managed.places(tmp_path), run=Errands().run)
    steward.where, steward.several = where, several
    app = console(scripted.quiet(), steward=steward)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert words in text(app)


async def test_hostile_names_are_shown_as_they_are(at: Places) -> None:
    async def source() -> AsyncIterator[AnyEvent]:
        for name in HOSTILE:
            yield knows(Wanted.STOPPED, name)
        await asyncio.Event().wait()

    app = console(source(), steward=Steward(at, run=Errands().run, clock=scripted.clock))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        shown = []
        for dialog in ("C", "V", "H", "O", "C", "V", "H", "D"):
            shown.append(await press(pilot, "S"))
            await press(pilot, "escape")
            shown.append(await press(pilot, dialog))
            await press(pilot, "escape", "j")
            assert isinstance(app.screen, SessionsScreen)
        await press(pilot, "S", "y")
        await settled(pilot, app)
        seen = "\n".join([*shown, *told])
        assert "\x1b" not in seen
        assert "Start session [/?" in seen
        assert "Start session a[/b]c?" in seen
        assert r"Start session bad\xff\x1b[31m?" in seen
        assert "session [bold red]x" in seen


async def test_only_ascii(at: Places) -> None:
    errands = Errands(*managed.CHECKS)
    steward = Steward(at, run=errands.run, clock=scripted.clock)
    app = console(steward=steward, plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "G")
        for keys in (["P"], ["C"], ["O"], ["V", "enter"], ["H"], ["N", *"gvol", "down", *"h::v"]):
            assert (await press(pilot, *keys)).isascii(), keys
            await press(pilot, "escape")


def test_every_key_of_a_form_has_an_action() -> None:
    owners: dict[Where, list[type]] = {
        Where.MANAGING: [Console],
        Where.FORM: [FormScreen],
        Where.SWITCH: [Switch],
        Where.OPTIONS: [OptionsScreen],
        Where.VERIFY: [VerifyScreen],
        Where.DIFFERENCES: [DifferencesScreen],
    }
    for named in keymap.MANAGING_KEYS:
        for owner in owners[named.where]:
            room, _, action = named.action.split("(")[0].rpartition(".")
            assert hasattr(Console if room == "app" else owner, f"action_{action}"), named
