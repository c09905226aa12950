"""The bottom line of every screen ends with a whole word, whatever the width of the terminal."""

from collections.abc import Sequence
from pathlib import Path

import managed
import pytest
import scripted
from rich.cells import cell_len
from test_recorded import JOURNAL
from test_replay_console import replay
from watching import drawn

from georep_tui.app import Console
from georep_tui.steward import Steward
from georep_tui.widgets.key_bar import Hint, KeyBar

WIDTHS = range(80, 161)
PAGES: tuple[Sequence[str], ...] = (
    ("1",),
    ("j", "tab"),
    ("j", "2"),
    ("j", "2", "enter"),
    ("j", "3"),
    ("j", "3", "enter"),
    ("j", "3", "p"),
    ("j", "4"),
    ("j", "4", "enter"),
    ("5",),
    ("5", "enter"),
)


def _app(kind: str, folder: Path) -> Console:
    if kind == "replay":
        return replay(None, JOURNAL)
    steward = Steward(managed.places(folder)) if kind == "managing" else None
    return Console(scripted.stream(), clock=scripted.clock, steward=steward)


def _words(hints: Sequence[Hint]) -> str:
    return "".join(f" {key} {text} " for _, key, text in hints)


@pytest.mark.parametrize("kind", ["replay", "live", "managing"])
@pytest.mark.parametrize("keys", PAGES, ids="-".join)
async def test_no_word_is_cut(kind: str, keys: Sequence[str], tmp_path: Path) -> None:
    app = _app(kind, tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await drawn(pilot)
        await pilot.press(*keys)
        await drawn(pilot)
        bar = app.screen.query_one(KeyBar)
        assert str(bar.render()) == _words(bar.hints(100))
        for width in WIDTHS:
            hints = bar.hints(width)
            assert cell_len(_words(hints)) <= width
            assert any(id == "help" for id, *_ in hints)
