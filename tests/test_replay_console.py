"""A replay on the console: its keys, its line, and how it looks."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from gsyncd_logs import line
from test_replay_events import G1, G2, MISMATCH, NO_ROOM, OF_WORKER
from textual.pilot import Pilot
from watching import all_help, drawn, text

from georep_tui import cli, keymap, playback, transport
from georep_tui.player import Player
from georep_tui.replay import chains, files
from georep_tui.replaying import Replay
from georep_tui.screens.help import HelpScreen
from georep_tui.screens.line import TimeScreen
from georep_tui.screens.page import Page
from georep_tui.transport import Playing
from georep_tui.widgets.key_bar import KeyBar

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
DAY = [GOLDEN / f"{name}-gsyncd.log" for name in ("prim1", "prim2", "sec1-secondary")]


class Clock:
    """The time outside."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def replay(clock: Clock | None = None, *paths: Path, read: bool = True, **more: Any) -> Replay:
    found = chains.link(files.look(paths or DAY), here="here")
    played = Player(found, clock=clock or Clock())
    while read and not played.index.done:
        played.index.work(1.0)
    return Replay(played, **more)


def notices(app: Replay) -> list[str]:
    """Return where what the console says in passing is written from now on."""
    told: list[str] = []
    app.notify = lambda words, **more: told.append(words)  # type: ignore[method-assign]
    return told


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await drawn(pilot)
    app = pilot.app
    assert isinstance(app, Replay)
    return text(app)


SCREENS = {
    "alert": ["n", "n"],
    "workers": ["n", "n", "enter"],
    "throughput": ["n", "n", "4", "m"],
    "events": ["n", "n", "5", "l", "k", "k"],
}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("name", SCREENS)
def test_looks(snap_compare: Any, name: str, size: tuple[int, int]) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        await press(pilot, *SCREENS[name])

    assert snap_compare(replay(), terminal_size=size, run_before=settle)


def failed_log(folder: Path) -> Path:
    """Write the log of a worker whose entries were not taken."""
    path = folder / "prim1/gsyncd.log"
    path.parent.mkdir()
    begun = "starting gsyncd worker [{brick=/bricks/b1}, {secondary_node=sec}]"
    failed = (MISMATCH, MISMATCH.replace("it", "[/b]"), NO_ROOM.replace(G1, "0" * 8 + G1[8:]))
    told = [
        line(0, "monitor", begun),
        *(line(at * 10, OF_WORKER, each) for at, each in enumerate(failed, 1)),
    ]
    path.write_bytes(b"".join(told))
    return path


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_failures_look(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        await press(pilot, "right_square_bracket", "3", "j")

    app = replay(None, failed_log(tmp_path), dark=dark)
    assert snap_compare(app, terminal_size=size, run_before=settle)


async def test_its_failures_have_both_sides_and_change_nothing(tmp_path: Path) -> None:
    app = replay(None, failed_log(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "right_square_bracket", "f", "j")
        assert "[3 Failures]" in shown
        assert f"primary   gfid {G1} · -rw-r--r--" in shown
        assert f"secondary gfid {G2}" in shown
        assert "prim1:/bricks/b1" in shown
        bar = str(app.screen.query_one(KeyBar).render())
        assert "retry" not in bar
        assert "ignore" not in bar
        await press(pilot, "R", "I")
        assert isinstance(app.screen, Page)
        assert "nothing has failed" in await press(pilot, "left_square_bracket")


async def test_from_alert_to_alert() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "‖ REPLAY  ▲ 0  09:41:49Z" in text(app)
        assert "✕ created" in text(app)
        shown = await press(pilot, "n")
        assert "10:06:22Z" in shown
        assert "prim2:/bricks/d1 2 × gfid mismatch" in shown
        assert "gfid mismatch" not in await press(pilot, "full_stop")
        shown = await press(pilot, "n")
        assert "10:07:26Z" in shown
        assert "faulty: far side killed" in shown
        assert "10:06:22Z" in await press(pilot, "N")
        told = notices(app)
        await press(pilot, *["n"] * 6)
        assert told == ["nothing went wrong after this"] * 2


async def test_time_passes() -> None:
    clock = Clock()
    app = replay(clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "greater_than_sign", "greater_than_sign", "space")
        assert "▶ REPLAY 4×" in shown
        assert "▶ 4×" in shown
        clock.now += 60
        await drawn(pilot)
        assert "09:45:49Z" in text(app)
        shown = await press(pilot, "space", "less_than_sign")
        assert "‖ 2×" in shown
        clock.now += 60
        await drawn(pilot)
        assert "09:45:49Z" in text(app)
        assert "09:46:49Z" in await press(pilot, "right_square_bracket")
        assert "09:44:49Z" in await press(pilot, "left_square_bracket", "left_square_bracket")
        assert "09:47:46Z" in await press(pilot, "full_stop")
        assert "09:43:09Z" in await press(pilot, "comma", "comma")


async def test_going_to_a_time() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await pilot.press("g")
        await pilot.pause()
        assert isinstance(app.screen, TimeScreen)
        await pilot.press(*"10:09:01", "enter")
        await drawn(pilot)
        assert isinstance(app.screen, Page)
        assert "10:09:01Z" in text(app)
        told = notices(app)
        for typed in ("nonsense", "n , . [ ] < >"):
            await pilot.press("g")
            await pilot.pause()
            for letter in typed:
                await pilot.press({" ": "space"}.get(letter, letter))
            await pilot.press("enter")
            await drawn(pilot)
            assert told.pop() == f"{typed!r} is no time"
            assert "10:09:01Z" in text(app)
        await pilot.press("g")
        await pilot.pause()
        await pilot.press("escape")
        await drawn(pilot)
        assert isinstance(app.screen, Page)


async def test_letters_belong_to_the_filter() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "slash", "n", "space", "g", "comma")
        assert "filter: n g," in shown
        assert "09:41:49Z" in shown
        assert "10:06:22Z" in await press(pilot, "escape", "n")


async def test_all_its_keys_are_told() -> None:
    app = replay()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        bar = str(app.screen.query_one(KeyBar).render())
        for hint in ("space  play", ", .  step", "n N  next ▲", "g  time"):
            assert hint.replace("  ", " ") in bar.replace("  ", " ")
        assert "freeze" not in bar
        await pilot.press("question_mark")
        await drawn(pilot)
        assert isinstance(app.screen, HelpScreen)
        shown = await all_help(pilot)
        for key in keymap.of_replay():
            assert key.help in shown
        assert "hold the picture" not in shown
    ids = {key.id for key in keymap.KEYS} & {key.id for key in keymap.REPLAY_KEYS}
    assert not ids


def test_every_key_has_an_action_that_exists() -> None:
    for key in keymap.REPLAY_KEYS:
        if key.where is keymap.Where.REPLAY:
            assert hasattr(Replay, f"action_{key.action.split('(')[0]}"), key


async def test_it_is_usable_before_all_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gsyncd.log.gz"
    path.write_bytes(gzip.compress(DAY[1].read_bytes()))
    app = replay(None, path, read=False)
    app.player.index.work(0)
    async with app.run_test(size=(80, 24)) as pilot:
        app.player.seek(app.player.begin)
        await drawn(pilot)
        while not app.player.index.done:
            await pilot.pause(0.01)
        assert "10:07:26Z" in await press(pilot, "n", "n")


async def test_only_ascii_and_hostile_names(tmp_path: Path) -> None:
    path = tmp_path / "[bold]gsyncd.log"
    start = "starting gsyncd worker [{brick=/[/b]\x1b[31m}, {secondary_node=[red]x}]"
    path.write_bytes(line(0, "monitor", start) + b"\xff\xfe\x1b[31m\n")
    app = replay(None, path, plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert text(app).isascii()
        shown = await press(pilot, "enter", "enter")
        assert shown.isascii()
        assert "\x1b" not in shown


async def test_nothing_told_yet(tmp_path: Path) -> None:
    path = tmp_path / "gsyncd.log"
    path.write_bytes(line(0, "config-get", "Using session config file [{path=x}]"))
    app = replay(None, path)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "nothing is told of any session yet" in text(app)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    opened: list[Replay] = []

    def run(app: Replay) -> None:
        opened.append(app)

    monkeypatch.setattr(Replay, "run", run)
    assert cli.main(["replay", str(DAY[0])]) == 2
    assert "--summary" in capsys.readouterr().err
    monkeypatch.setattr(cli, "_terminal", lambda: True)
    assert cli.main(["--light", "replay", str(DAY[0])]) == 0
    assert "light" in opened[0].theme
    assert cli.main(["replay", "/nowhere"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert playback.READING > playback.RESTING


HOW = Playing(
    begin=0.0, end=100.0, at=50.0, alerts=[5.0, 99.0], playing=False, speed=4.0, share=1.0
)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (HOW, " ‖ 4×  00:00:00 ━▲━━━━━━━━●─────────▲ 00:01:40 ▲ 2"),
        (
            Playing(0.0, 2e5, 0.0, [], playing=True, speed=0.25, share=0.341),
            " ▶ 0.25×  01-01 00:00 ●─────── 01-03 07:33 ▲ 0 · 34 % read",
        ),
        (
            Playing(0.0, 0.0, 0.0, [0.0], playing=False, speed=1.0, share=1.0, waiting=True),
            " ◐ reading  00:00:00 ━━━━━━━━━━━━━━━● 00:00:00 ▲ 1",
        ),
    ],
)
def test_the_line(how: Playing, expected: str) -> None:
    shown = "".join(part for part, _ in transport.line(how, 50))
    assert shown == expected


def test_the_line_is_never_wider_than_the_screen() -> None:
    for width in range(60, 200):
        shown = "".join(part for part, _ in transport.line(HOW, width))
        assert len(shown) == width
