"""Keys of an operator's own work in the console and in a replay, and are shown there."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import scripted
from managed import places
from test_every_key import LIVE, REPLAYED, Step, gone, sees, take
from test_every_key import console as everything
from test_recorded import JOURNAL
from test_replay_console import replay
from textual.pilot import Pilot
from watching import all_help, drawn, text

from engine.config import Places
from georep_tui import keyboard, keyfile, keymap, rows
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.keyboard import Keyboard
from georep_tui.screens import creating
from georep_tui.screens.agree import AgreeScreen
from georep_tui.screens.page import Page
from georep_tui.steward import Steward
from georep_tui.widgets.key_bar import KeyBar

TYPED = keyboard._TYPED
QUIET = (*(f"f{n}" for n in range(1, 13)), *(f"ctrl+{key}" for key in "abdefgklnorstuvwxy"))
FILE = b"""
help: f1
freeze: v
go.sessions: f6
go.events: '6'
list.down: [e, down]
failures.fix: f5
failures.retry: [Z, ctrl+r]
failures.back: f4
failures.aside: O
session.start: F
pane.next: f8
sort: '%'
form.close: f4
agree.yes: J
replay.play: f2
replay.next: j
replay.last: f3
marker.cut: ctrl+e
find.end: ctrl+t
help.words: f7
"""


def _all() -> Keyboard:
    """Return a keyboard on which each thing has a key of its own before its usual ones."""
    loud, calm, quiet = _letters("A"), _letters("a"), iter((*QUIET, *_shifted()))
    new = {}
    for key in keymap.EVERY:
        typed = key.where in TYPED or key.id.endswith(".back")
        one = loud if key.id in keymap.CHANGES else quiet if typed else calm
        new[key.id] = (next(one), *keyboard.usual(key.id))
    return Keyboard(new)


def _letters(first: str) -> Iterator[str]:
    alphabet = "αβγδεζηθικλμνξοπρστυφχψωабвгдежзиклмнопрстуфхцчшщэюяіїєґѓѕћџљњђјүәөңғқұһ"
    alphabet += "абвгдежзийклмноպջռսվտրցւփքօֆթժիլխծկհձղճմյնշոչաբգդեզէը"
    letters = dict.fromkeys(alphabet)
    return iter([each.upper() if first.isupper() else each for each in letters])


def _shifted() -> Iterator[str]:
    return (f"shift+f{number}" for number in range(1, 13))


ALL = _all()


SAYS = {
    ("help.words", "w"): sees(f"{ALL.first('help.words')}: the keys"),
    ("help.words", "tab"): sees(f"{ALL.first('help.words')}: what the words"),
    ("find.end", "escape"): gone(f"{ALL.first('find.next')} next · "),
}
"""What is said of keys."""


def _own(step: Step) -> Step:
    """Return a step with a key of its own; the usual ones, which lead there, do what they did."""
    effect = SAYS.get((step.id, step.key), step.effect)
    return step._replace(key=ALL.keys(step.id)[0], effect=effect)


def test_each_thing_can_have_a_key_of_its_own() -> None:
    for id, keys in ALL.own.items():
        assert keyboard.unfit(id, keys[0]) is None
    assert keyboard.clash(ALL) is None
    assert len({keys[0] for keys in ALL.own.values()}) == len(keymap.EVERY)


@pytest.mark.parametrize("place", LIVE)
async def test_it_works_live(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creating, "QUIET", 0.0)
    monkeypatch.chdir(tmp_path)
    app = everything(tmp_path, ALL)
    async with app.run_test(size=(100, 30)) as pilot:
        await drawn(pilot)
        for step in LIVE[place]:
            await take(pilot, _own(step))


async def test_it_works_in_a_replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = replay(None, JOURNAL, keyboard=ALL)
    async with app.run_test(size=(100, 30)) as pilot:
        await drawn(pilot)
        for step in REPLAYED:
            await take(pilot, _own(step))


def mine() -> Keyboard:
    return keyfile.parse(FILE, where="keys.yaml")


def bar(app: Console) -> str:
    return str(app.screen.query_one(KeyBar).render())


def live(app: Console, ids: Iterable[str]) -> set[str]:
    """Return the keys that do one of `ids` now."""
    return {
        key
        for key, each in app.screen.active_bindings.items()
        if any((each.binding.id or "").startswith(id) for id in ids)
    }


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await drawn(pilot)
    app = pilot.app
    assert isinstance(app, Console)
    return text(app)


async def test_the_old_key_does_nothing_or_what_it_was_given(tmp_path: Path) -> None:
    app = everything(tmp_path, mine())
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        screen = app.screen
        assert isinstance(screen, Page)
        await press(pilot, "g", "j")
        assert screen.records.key == "archive", "j moves no more"
        await press(pilot, "e")
        assert screen.records.key != "archive"
        await press(pilot, "space", "question_mark", "5", "1", "s")
        assert app.screen is screen
        assert not app.frozen
        await press(pilot, "v")
        assert app.frozen
        assert "v shows the present" in await press(pilot)
        shown = await press(pilot, "v", "3")
        assert "f5 fix" in bar(app).lower()
        assert bar(app).count(" retry ") == 1, "by whichever key"
        assert "F6 Sessions" in shown
        assert "[3 Failures]" in shown
        await press(pilot, "F", "R")
        assert app.screen.NAME == "failures", "neither old key asks for anything"
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, AgreeScreen)
        await press(pilot, "y")
        assert isinstance(app.screen, AgreeScreen), "y is no yes any more"
        assert "J yes" in bar(app)
        await press(pilot, "n")
        assert live(app, ["pane.next"]) == {"f8"}
        assert live(app, ["failures.sort"]) == {"percent_sign"}
        assert live(app, ["list.down"]) == {"e", "down"}


async def test_no_key_changes_anything_in_a_console_that_only_reads() -> None:
    app = Console(scripted.failing_stream(), clock=scripted.clock, reading_only=True, keyboard=ALL)
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        changing = [ALL.keys(id)[0] for id in sorted(keymap.CHANGES)]
        for screen in ("1", "2", "3"):
            await press(pilot, screen, *changing)
            assert isinstance(app.screen, Page)
            assert app.current_mode != "aside"
            assert not live(app, [id for id in keymap.CHANGES if id.startswith("session.")])
        await press(pilot, "question_mark")
        shown = await all_help(pilot)
        for id in keymap.CHANGES:
            assert keyboard.shown(ALL.keys(id)[0]) not in shown


async def test_a_key_in_the_bottom_line_can_be_clicked(tmp_path: Path) -> None:
    app = everything(tmp_path, mine())
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        words = bar(app)
        assert words.count(" freeze ") == 1
        await pilot.click(KeyBar, offset=(words.index("v freeze") + 1, 0))
        await drawn(pilot)
        assert app.frozen


async def test_a_replay_has_them_too() -> None:
    app = replay(None, JOURNAL, keyboard=mine())
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        assert "F2 play" in bar(app)
        assert "j F3 next ▲" in bar(app)
        at = app.player.at
        await press(pilot, "space", "f2", "n")
        assert app.player.playing
        await press(pilot, "f2", "j")
        assert app.player.at > at
        shown = await press(pilot, "6", "slash", *"gfid", "enter")
        assert "n next · N last · ^t end" in shown
        await press(pilot, "ctrl+t")
        assert not app.search.words


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize(
    ("name", "keys"), [("sessions", ()), ("failures", ("e", "3")), ("help", ("f1",))]
)
def test_own_keys_look(
    snap_compare: Any, name: str, keys: tuple[str, ...], size: tuple[int, int], tmp_path: Path
) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        await pilot.press(*keys)
        await drawn(pilot)

    app = Console(
        scripted.failing_stream(),
        clock=scripted.clock,
        desk=Desk({"gfs3": Places(Path("/"), Path("/"))}),
        steward=Steward(places(tmp_path), clock=scripted.clock),
        keyboard=mine(),
    )
    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("plain", [False, True], ids=["", "ascii"])
async def test_long_keys_cut_nothing_off_the_help(plain: bool) -> None:
    keys = Keyboard({"list.down": ("ctrl+pagedown", "shift+f10"), "sessions.open": ("ctrl+o",)})
    app = Console(scripted.stream(), clock=scripted.clock, plain=plain, keyboard=keys)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "question_mark")
        shown = await all_help(pilot)
        for key in keymap.KEYS:
            assert rows.ascii_only(key.help) in rows.ascii_only(shown)
        assert "^PgDn " in shown
        assert ("shift+tab" if plain else "⇧tab") in shown
