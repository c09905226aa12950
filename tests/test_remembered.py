"""What the console remembers from one start to the next."""

from pathlib import Path

import pytest
from test_console import console, press
from watching import drawn

from georep_tui import look, remembered


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.mark.parametrize("name", look.THEMES)
def test_a_theme_is_there_at_the_next_start(name: str) -> None:
    assert remembered.theme() == ""
    remembered.keep(name)
    assert remembered.theme() == name


@pytest.mark.parametrize("content", [b"", b"pink", b"\xff\xfe", b"dark" * 1000])
def test_what_is_no_theme_is_none(content: bytes) -> None:
    remembered.keep("light")
    remembered.place().write_bytes(content)
    assert remembered.theme() == ""


def test_where_nothing_can_be_written_nothing_is_said(home: Path) -> None:
    (home / "state").write_text("a file where a folder should be")
    remembered.keep("light")
    assert remembered.theme() == ""


async def test_what_a_key_or_the_palette_chooses_is_remembered() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        app.remember = remembered.keep
        await drawn(pilot)
        assert remembered.theme() == "", "what was not chosen is not kept"
        await press(pilot, "d")
        assert remembered.theme() == "light"
        await press(pilot, "colon", *"ansi-dark", "enter")
        assert remembered.theme() == "ansi-dark"
        assert app.theme == "georep-ansi-dark"
