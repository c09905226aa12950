"""What each command says of itself: what it does, and lines that can be typed as they stand."""

import re
import shlex

import pytest

from georep_tui import cli, examples
from georep_tui import words as words_of

COMMANDS = sorted(examples.EXAMPLES)


def _help(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_every_command_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    listed = re.findall(r"^    ([a-z-]+) ", _help(capsys), re.MULTILINE)
    assert sorted(listed) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_it_does_and_shows_how(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _help(capsys, command)
    for line in examples.EXAMPLES[command]:
        assert f"  {line}\n" in said
    if command != "lab":
        before = said.split("positional arguments:")[0].split("options:")[0]
        assert before.strip().count("\n\n") == 1, "usage, and a sentence"


@pytest.mark.parametrize("line", [each for all in examples.EXAMPLES.values() for each in all])
def test_examples_are_understood(line: str) -> None:
    name, *words = shlex.split(line)
    assert name == "georep"
    assert words_of.parser(words).parse_args(words).command == words_of.after(words)[0]


def test_a_patience_that_is_none_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("-1", "abc", "nan", "90000"):
        with pytest.raises(SystemExit) as ended:
            cli.main(["verify", "x", f"--patience={text}"])
        assert ended.value.code == 2
        assert f"it takes seconds, from 0 to 86400, not '{text}'" in capsys.readouterr().err
