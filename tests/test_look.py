"""How screens are drawn: what an operator says, and what comes of it."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from georep_tui import cli, look, rows, theme
from georep_tui.look import Look


def chosen(*words: str, remembered: str = "") -> Look:
    parser = argparse.ArgumentParser()
    look.add_options(parser)
    return look.chosen(parser.parse_args(words), remembered)


@pytest.mark.parametrize(
    ("words", "dark", "ansi"),
    [
        ((), True, False),
        (("--light",), False, False),
        (("--theme", "light"), False, False),
        (("--theme", "ansi-dark"), True, True),
        (("--theme", "ansi-light", "--light"), False, True),
        (("--theme", "dark", "--light"), True, False),
    ],
)
def test_themes(words: tuple[str, ...], dark: bool, ansi: bool) -> None:
    found = chosen(*words)
    assert (found["dark"], found["ansi"]) == (dark, ansi)
    assert theme.named(dark=dark, ansi=ansi).dark is dark
    assert chosen("--ascii")["plain"]


def test_what_is_said_goes_before_what_is_remembered() -> None:
    kept = chosen(remembered="ansi-light")
    assert (kept["dark"], kept["ansi"]) == (False, True)
    said = chosen("--theme", "dark", remembered="ansi-light")
    assert (said["dark"], said["ansi"]) == (True, False)
    assert not chosen("--light", remembered="dark")["dark"]


def test_every_theme_has_every_meaning_and_another_one() -> None:
    assert tuple(theme.THEMES) == look.THEMES
    for each in theme.THEMES.values():
        assert {"ok", "busy", "warn", "bad", "idle", "accent"} - {"accent"} <= set(each.variables)
        other = theme.other(each.name)
        assert other != each.name
        assert theme.other(other) == each.name
        assert other in {known.name for known in theme.THEMES.values()}


def test_another_theme_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--theme", "pink"])
    assert ended.value.code == 2
    assert "ansi-light" in capsys.readouterr().err


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Mn", "Me", "Cf"]), max_size=20))
def test_only_ascii_is_left_and_as_wide(text: str) -> None:
    shown = rows.ascii_only(text.replace("⏎", ""))
    assert shown.isascii()
    assert cell_len(shown) == sum(map(cell_len, text.replace("⏎", "")))
