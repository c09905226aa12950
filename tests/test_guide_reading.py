"""The guide is read as it is meant, and what was printed is held against what it shows."""

import pages
import pytest
from guide import BadGuide, Command, Marks, commands, fits
from hypothesis import given
from hypothesis import strategies as st

GUIDE = pages.ROOT / "docs/guide.md"
HOSTS = {"prim1", "prim2", "sec1"}


def block(marks: str, *lines: str) -> str:
    return "\n".join(["Words.", "", f"```console{marks}", *lines, "```", ""])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Words.\n", [], id="nothing"),
        pytest.param("```\nprim1# rm -rf /\n```\n", [], id="another block is not run"),
        pytest.param("```sh\nrm -rf /\n```\n", [], id="nor one of another language"),
        pytest.param(
            block("", "prim1# a b", "one", "", "sec1# c"),
            [Command(4, "prim1", "a b", ("one",)), Command(7, "sec1", "c", ())],
            id="two, on two hosts",
        ),
        pytest.param(
            block(" wait exit=1", "prim1# a"),
            [Command(4, "prim1", "a", (), Marks(wait=True, code=1))],
            id="waits, and needs attention",
        ),
        pytest.param(
            block(" lab=power-off", "prim1# poweroff"),
            [Command(4, "prim1", "poweroff", (), Marks(instead="power-off"))],
            id="the lab does something else",
        ),
        pytest.param(
            block("", "prim1# a \\", "    b \\", "    c", "one"),
            [Command(4, "prim1", "a b c", ("one",))],
            id="a command of three lines",
        ),
        pytest.param(
            block("", "prim1# a", "sec1#"),
            [Command(4, "prim1", "a", ("sec1#",))],
            id="a prompt without a command is output",
        ),
    ],
)
def test_commands(text: str, expected: list[Command]) -> None:
    assert commands(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(block("", "a"), "line 4: a block begins with HOST#", id="no prompt"),
        pytest.param(block(" later", "prim1# a"), "line 3: later says", id="an unknown mark"),
        pytest.param("```console\nprim1# a\n", "line 1: a block that does not end", id="no end"),
    ],
)
def test_what_is_badly_written_is_told_with_its_line(text: str, words: str) -> None:
    with pytest.raises(BadGuide, match=words):
        commands(text)


@pytest.mark.parametrize(
    ("shown", "printed", "fit"),
    [
        pytest.param([], "", True, id="nothing"),
        pytest.param([], "one\n", False, id="something instead of nothing"),
        pytest.param(["one"], "one\n", True, id="the same"),
        pytest.param(["one"], "one", True, id="without the last line's end"),
        pytest.param(["one", "two"], "one  \ntwo\n", True, id="blanks at the end"),
        pytest.param(["one"], "one\ntwo\n", False, id="more than is shown"),
        pytest.param(["one", "two"], "two\none\n", False, id="another order"),
        pytest.param(["o…e (…)"], "one (1)\n", True, id="what varies in a line"),
        pytest.param(["o…e"], "o\ne\n", False, id="it does not reach beyond the line"),
        pytest.param(["one", "…"], "one\n", True, id="no more lines"),
        pytest.param(["one", "  …", "two"], "one\na\n\nb\ntwo\n", True, id="any lines"),
        pytest.param(["one", "…", "two"], "one\na\n", False, id="but two is missing"),
        pytest.param(["(a+)"], "(a+)\n", True, id="what means something elsewhere"),
    ],
)
def test_fits(shown: list[str], printed: str, *, fit: bool) -> None:
    assert fits(shown, printed) is fit


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=5))
def test_what_was_printed_fits_what_was_printed(lines: list[str]) -> None:
    assert fits(lines, "".join(f"{line}\n" for line in lines))


def test_an_answer_is_typed_where_the_guide_shows_one() -> None:
    asking, silent = commands(block("", "prim1# a", "Is it? yes or no: yes", "prim1# b", "yes"))
    assert asking.asks
    assert not silent.asks


def test_the_guide_can_be_run() -> None:
    found = commands(GUIDE.read_text())
    assert {each.host for each in found} <= HOSTS
    assert sum(not each.marks.instead for each in found) > 70
    assert sum(each.marks.instead == "nothing" for each in found) <= 3
