"""Every key of the key table is pressed, each of its names, and has the effect that it promises.

A step names a key, how to come to where it works, and what is so after it and was not before.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import managed
import pytest
import scripted
from acts import STEP, Acts
from managed import Errands
from test_recorded import JOURNAL
from test_replay_console import replay
from textual.pilot import Pilot
from textual.screen import Screen
from watching import drawn, text

from engine import config, options
from engine.config import Places, Session
from engine.events import AnyEvent, Wanted
from engine.options import Options
from engine.plan.steps import Told
from engine.session import wanted
from georep_tui import keymap
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.key import Where
from georep_tui.keyboard import USUAL, Keyboard
from georep_tui.replaying import Replay
from georep_tui.screens import creating
from georep_tui.screens.agree import AgreeScreen, NameScreen, PathScreen
from georep_tui.screens.creating import CreateScreen
from georep_tui.screens.differing import DifferencesScreen
from georep_tui.screens.help import HelpScreen
from georep_tui.screens.line import FindScreen, LineScreen, TimeScreen
from georep_tui.screens.looking import DoctorScreen, VerifyScreen
from georep_tui.screens.moment import CheckpointScreen
from georep_tui.screens.page import Page
from georep_tui.screens.palette import PaletteScreen
from georep_tui.screens.settings import OptionsScreen, ValueScreen
from georep_tui.steward import Steward
from georep_tui.widgets.record_list import RecordList
from georep_tui.widgets.switch import Switch

Probe = Callable[[Console], bool]
TRIES = 40
"""How often the screen is drawn until an effect must be there."""


class Step(NamedTuple):
    """One press of a key."""

    id: str
    key: str
    effect: Probe
    before: Sequence[str] = ()
    """Keys that lead to where it works."""


def sees(words: str) -> Probe:
    return lambda app: words in text(app)


def gone(words: str) -> Probe:
    return lambda app: words not in text(app)


def on(screen: type[Screen[object]]) -> Probe:
    return lambda app: isinstance(app.screen, screen)


def left(screen: type[Screen[object]]) -> Probe:
    return lambda app: not isinstance(app.screen, screen)


def mode(name: str) -> Probe:
    return lambda app: app.current_mode == name and isinstance(app.screen, Page)


def at(row: str) -> Probe:
    return lambda app: app.screen.query(RecordList).first().key == row


def detail(open: bool) -> Probe:
    return lambda app: app.screen.has_class("-detail") is open


def filtering(yes: bool) -> Probe:
    return lambda app: isinstance(app.screen, Page) and app.screen.filtering is yes


def focus(id: str) -> Probe:
    return lambda app: app.focused is not None and app.focused.id == id


def scrolled(place: str, yes: bool) -> Probe:
    return lambda app: (app.screen.query_one(place).scroll_y > 0) is yes


def copied(words: str) -> Probe:
    return lambda app: words in app.clipboard


def wide(yes: bool) -> Probe:
    return lambda app: isinstance(app.screen, Page) and app.screen.spread is yes


def zoomed(yes: bool) -> Probe:
    return lambda app: isinstance(app.screen, Page) and app.screen.zoomed is yes


def in_pane(id: str) -> Probe:
    return lambda app: app.focused is not None and app.focused.id == id


def shift(later: bool) -> Probe:
    """Return whether a replay is at a later, or an earlier, time than `press` found it at."""

    def probe(app: Console) -> bool:
        assert isinstance(app, Replay)
        return app.player.at > MARK["at"] if later else app.player.at < MARK["at"]

    return probe


MARK = {"at": 0.0}
"""Where the replay stood before the key; one test runs at a time."""


def asked(word: Wanted) -> Probe:
    def probe(app: Console) -> bool:
        assert app.steward is not None
        return wanted.read(app.steward.places, "prod") is word

    return probe


LISTS = (
    Step("list.down", "j", at("home")),
    Step("list.down", "down", at("logs")),
    Step("list.up", "k", at("home")),
    Step("list.up", "up", at("archive")),
    Step("list.last", "G", at("prod")),
    Step("list.first", "g", at("archive")),
    Step("list.last", "end", at("prod")),
    Step("list.first", "home", at("archive")),
    Step("list.page_down", "pagedown", at("prod")),
    Step("list.page_up", "pageup", at("archive")),
)
EVERYWHERE = (
    *(
        Step(f"go.{name}", str(number), mode(name), () if number > 1 else ("2",))
        for number, name in (
            (1, "sessions"),
            (2, "workers"),
            (3, "failures"),
            (4, "throughput"),
            (5, "events"),
        )
    ),
    Step("filter", "slash", filtering(True), ("1",)),
    Step("help", "question_mark", on(HelpScreen), ("escape",)),
    Step("freeze", "space", sees("frozen at"), ("escape",)),
    Step("palette", "colon", on(PaletteScreen)),
    Step("palette", "ctrl+p", on(PaletteScreen), ("escape",)),
    Step("theme", "d", lambda app: "light" in app.theme, ("escape",)),
    Step("quit", "q", lambda app: app.return_code == 0),
)
FILTER = (Step("filter.keep", "enter", filtering(False), ("slash", *"home")),)
HELP = (
    *(Step("help.close", each, left(HelpScreen), ("question_mark",)) for each in ("escape", "q")),
    Step("help.close", "question_mark", left(HelpScreen), ("question_mark",)),
    Step("help.words", "w", sees("w: the keys"), ("question_mark",)),
    Step("help.words", "tab", sees("w: what the words")),
    *(
        step
        for down, up in (("j", "k"), ("down", "up"), ("pagedown", "pageup"))
        for step in (
            Step("help.down", down, scrolled("#keys", True)),
            Step("help.up", up, scrolled("#keys", False)),
        )
    ),
)
AGREE = (
    *(Step("agree.no", each, left(AgreeScreen), ("1", "G", "P")) for each in ("escape", "n", "q")),
    Step("agree.yes", "y", asked(Wanted.PAUSED), ("P",)),
    Step("agree.yes", "enter", asked(Wanted.STOPPED), ("X",)),
)
PALETTE = (
    Step("palette.down", "down", at("1"), ("colon",)),
    Step("palette.up", "up", at("0")),
    Step("palette.close", "escape", left(PaletteScreen)),
    Step("palette.take", "enter", mode("events"), ("colon", *"screen:events")),
)
SESSIONS = (
    Step("sessions.open", "enter", mode("workers"), ("G",)),
    Step("sessions.sort", "s", sees("STATE↓"), ("1",)),
    Step("sessions.reverse", "r", sees("STATE↑")),
    Step("sessions.copy", "y", copied("prod → dr1::prod")),
    Step("sessions.events", "l", mode("events"), ("1",)),
    Step("sessions.failures", "f", mode("failures"), ("1",)),
    Step("sessions.back", "escape", gone("filter: home"), ("1", "slash", *"home", "enter")),
)
WORKERS = (
    Step("workers.open", "enter", detail(True), ("G", "enter")),
    Step("workers.back", "escape", detail(False)),
    Step("workers.sort", "s", sees("STATUS↓")),
    Step("workers.reverse", "r", sees("STATUS↑")),
    Step("workers.copy", "y", copied("gfs")),
    Step("workers.events", "l", mode("events")),
    Step("workers.failures", "f", mode("failures"), ("2",)),
)
FAILURES = (
    Step("failures.open", "enter", detail(True), ("j", "3")),
    Step("failures.back", "escape", detail(False)),
    Step("failures.mark", "x", sees("marked 1")),
    Step("failures.all", "a", sees("marked 119")),
    Step("failures.retry", "R", on(AgreeScreen), ("a",)),
    Step("failures.ignore", "I", on(AgreeScreen), ("escape",)),
    Step("failures.fix", "F", on(AgreeScreen), ("escape",)),
    Step("failures.export", "E", on(NameScreen), ("escape",)),
    Step("failures.sort", "s", sees("by kind"), ("escape",)),
    Step("failures.reverse", "S", sees("KIND↓")),
    Step("failures.reverse", "r", sees("KIND↑")),
    Step("failures.group", "b", sees("─ gfid mismatch  2")),
    Step("failures.copy", "y", copied("users/kate"), ("b", "b", "b", "g")),
    Step("failures.aside", "p", mode("aside")),
)
NAME = (
    Step("name.close", "escape", left(NameScreen), ("j", "3", "E")),
    Step("name.write", "enter", lambda _: bool(list(Path.cwd().glob("georep-*.jsonl"))), ("E",)),
)
ASIDE = (
    Step("aside.copy", "y", copied("/users/kate/mail/inbox.mbox"), ("j", "3", "p")),
    Step("aside.restore", "R", on(PathScreen)),
    Step("aside.drop", "D", on(AgreeScreen), ("escape",)),
    Step("aside.update", "u", lambda app: _asked(app) > MARK["at"], ("escape",)),
    Step("aside.back", "escape", mode("failures")),
)
PATH = (
    Step("path.close", "escape", left(PathScreen), ("j", "3", "p", "R")),
    Step("path.take", "enter", on(AgreeScreen), ("R",)),
)
THROUGHPUT = (
    Step("throughput.metric", "m", sees("▸files/s"), ("G", "4")),
    Step("throughput.window", "t", sees("10 min ago")),
    Step("throughput.sort", "s", sees("most sent first")),
    Step("throughput.reverse", "S", sees("SENT↑")),
    Step("throughput.reverse", "r", sees("SENT↓")),
    Step("throughput.brick", "b", sees("dr1::prod gfs1:/bricks/b1")),
    Step("throughput.copy", "y", copied("JobFinished")),
    Step("throughput.open", "enter", detail(True)),
    Step("throughput.back", "escape", detail(False)),
    Step("throughput.events", "l", mode("events")),
)
PANES = (
    Step("pane.next", "tab", in_pane("left"), ("G", "2")),
    Step("pane.last", "shift+tab", in_pane("list")),
    Step("pane.zoom", "z", zoomed(True)),
    Step("pane.zoom", "z", zoomed(False)),
    Step("pane.wide", "w", wide(True)),
    Step("pane.right", "right", sees("←")),
    Step("pane.left", "left", gone("←")),
)
EVENTS = (
    Step("events.level", "l", sees("≥ warn"), ("5",)),
    Step("events.copy", "y", copied("2026-05-01"), ("l", "l", "l")),
    Step("events.open", "enter", detail(True)),
    Step("events.back", "escape", detail(False)),
    Step("events.brick", "b", gone("worker all")),
)
MANAGING = (
    Step("session.start", "S", on(AgreeScreen), ("g",)),
    Step("session.delete", "D", on(AgreeScreen), ("escape",)),
    Step("session.resume", "U", on(AgreeScreen), ("escape", "j", "j")),
    Step("session.pause", "P", on(AgreeScreen), ("escape", "G")),
    Step("session.stop", "X", on(AgreeScreen), ("escape",)),
    Step("session.checkpoint", "C", on(CheckpointScreen), ("escape",)),
    Step("session.options", "O", on(OptionsScreen), ("escape",)),
    Step("session.doctor", "H", on(DoctorScreen), ("escape",)),
    Step("session.verify", "V", on(VerifyScreen), ("escape",)),
    Step("session.new", "N", on(CreateScreen), ("escape",)),
)
FORM = (
    Step("form.next", "down", focus("content"), ("G", "V")),
    Step("form.before", "up", focus("under")),
    Step("form.next", "tab", focus("content")),
    Step("form.before", "shift+tab", focus("under")),
    Step("form.switch", "space", lambda app: app.screen.query_one(Switch).on, ("down",)),
    Step("form.go", "enter", sees("2 places"), ("up",)),
    Step("form.close", "escape", left(VerifyScreen)),
    Step("form.later", "pagedown", scrolled("#answer", True), ("H",)),
    Step("form.earlier", "pageup", scrolled("#answer", False)),
)
DIFFERENCES = (
    Step("verify.differences", "ctrl+r", on(DifferencesScreen), ("G", "V", "enter")),
    Step("differences.mark", "x", sees("marked 1")),
    Step("differences.all", "a", sees("marked 2")),
    Step("differences.copy", "y", copied("/bad"), ("j",)),
    Step("differences.resend", "R", on(AgreeScreen)),
    Step("differences.close", "escape", left(DifferencesScreen), ("n",)),
    Step("differences.close", "q", left(DifferencesScreen), ("ctrl+r",)),
)
OPTIONS = (
    Step("options.open", "enter", on(ValueScreen), ("G", "O")),
    Step("options.find", "slash", on(LineScreen), ("escape",)),
    Step("options.reset", "R", on(AgreeScreen), (*"sync-jobs", "enter")),
    Step("options.all", "A", on(AgreeScreen), ("escape",)),
    Step("options.close", "escape", gone("find: sync-jobs"), ("escape",)),
    Step("options.close", "q", left(OptionsScreen)),
)
REPLAYED = (
    Step("replay.play", "space", sees("▶ REPLAY")),
    Step("replay.next", "n", shift(True), ("space",)),
    Step("replay.next", "n", shift(True)),
    Step("replay.last", "N", shift(False)),
    Step("replay.on", "full_stop", shift(True)),
    Step("replay.back", "comma", shift(False)),
    Step("replay.later", "right_square_bracket", shift(True)),
    Step("replay.earlier", "left_square_bracket", shift(False)),
    Step("replay.faster", "greater_than_sign", sees("‖ 2×")),
    Step("replay.slower", "less_than_sign", sees("‖ 1×")),
    Step("replay.filter", "slash", filtering(True), ("2",)),
    Step("replay.time", "g", on(TimeScreen), ("escape",)),
    Step("time.close", "escape", left(TimeScreen)),
    Step("time.go", "enter", sees("05:07:15Z"), ("g", *"05:07:15")),
    Step("marker.set", "asterisk", lambda app: isinstance(app, Replay) and bool(app.marked())),
    Step("marker.list", "apostrophe", on(PaletteScreen)),
    Step("marker.cut", "e", on(NameScreen), ("escape",)),
    Step("marker.last", "left_curly_bracket", shift(False), ("escape", "full_stop", "full_stop")),
    Step("marker.next", "right_curly_bracket", shift(True), ("comma", "comma")),
    Step("replay.find", "slash", on(FindScreen), ("5",)),
    Step("find.next", "n", shift(True), (*"gfid", "enter", "n", "n", "n", "n")),
    Step("find.last", "N", shift(False), ("n", "n")),
    Step("find.end", "escape", gone("n next · N last")),
)
LIVE = {
    "lists": LISTS,
    "everywhere": EVERYWHERE,
    "filter": FILTER,
    "help": HELP,
    "asked": AGREE,
    "palette": PALETTE,
    "sessions": SESSIONS,
    "workers": WORKERS,
    "failures": FAILURES,
    "file": NAME,
    "put aside": ASIDE,
    "place": PATH,
    "throughput": THROUGHPUT,
    "panes": PANES,
    "events": EVENTS,
    "session": MANAGING,
    "form": FORM,
    "options": OPTIONS,
    "differences": DIFFERENCES,
}


def _asked(app: Console) -> int:
    assert app.desk is not None
    acts = app.desk.commands
    assert isinstance(acts, Acts)
    return len(acts.asked)


async def _day() -> AsyncIterator[AnyEvent]:
    for event in scripted.failing() + scripted.minutes():
        yield event
    await asyncio.Event().wait()


def console(folder: Path, keys: Keyboard = USUAL) -> Console:
    """Return the console of the scripted day, in which everything can be done."""
    places = managed.places(folder)
    now = options.changed(Options(), ["sync-jobs=7"], where="x")
    config.create(places, Session("prod", "prod", "georep", "dr1", "prod", options=now))
    wanted.write(places, "prod", Wanted.STARTED)
    acts = Acts()
    acts.steps_told = [[Told(step=STEP)] for _ in range(9)]
    nowhere = Places(Path("/"), Path("/"))
    return Console(
        _day(),
        desk=Desk({"gfs1": nowhere, "gfs3": nowhere}, acts),
        steward=Steward(
            places, run=Errands(*managed.CHECKS * 20).run, clock=scripted.clock, commands=acts
        ),
        clock=scripted.clock,
        keyboard=keys,
    )


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, one after the other, each when what the one before did is drawn."""
    app = pilot.app
    assert isinstance(app, Console)
    for key in keys:
        await pilot.press(key)
        await drawn(pilot)
        while isinstance(app, Replay) and app.search.looking:
            await drawn(pilot)
    for _ in range(2 if isinstance(app.screen, Page) else 0):
        await drawn(pilot)


async def take(pilot: Pilot[None], step: Step) -> None:
    """Press a key, and see that what it promises was not so before, and is so then."""
    app = pilot.app
    assert isinstance(app, Console)
    await press(pilot, *step.before)
    said = f"{step.id} {step.key}"
    if isinstance(app, Replay):
        MARK["at"] = app.player.at
    elif step.id == "aside.update":
        MARK["at"] = _asked(app)
    assert not step.effect(app), f"{said} shows nothing: it is so before it"
    await pilot.press(step.key)
    for _ in range(TRIES):
        if step.effect(app):
            return
        await drawn(pilot)
    raise AssertionError(f"{said} has no effect:\n{text(app)}")


@pytest.mark.parametrize("place", LIVE)
async def test_live(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creating, "QUIET", 0.0)
    monkeypatch.chdir(tmp_path)
    app = console(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await drawn(pilot)
        for step in LIVE[place]:
            await take(pilot, step)


async def test_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = replay(None, JOURNAL)
    async with app.run_test(size=(100, 30)) as pilot:
        await drawn(pilot)
        for step in REPLAYED:
            await take(pilot, step)


def test_no_key_is_left_out() -> None:
    pressed = {(step.id, step.key) for steps in (*LIVE.values(), REPLAYED) for step in steps}
    every = {
        (key.id, name)
        for key in keymap.KEYS + keymap.MANAGING_KEYS + keymap.REPLAY_KEYS
        for name in key.keys.split(",")
    }
    assert every - pressed == set(), "write a step for it above"
    assert pressed - every == set(), "there is no such key any more"
    assert {key.where for key in keymap.KEYS} <= set(Where)
