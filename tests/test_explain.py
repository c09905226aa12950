"""What `georep explain` knows: every cause, kind of failure and option, gsyncd's too."""

import json

import pytest

from engine import explain, failures, gsyncd, options
from engine.causes import CAUSES, SECTIONS
from engine.errors import Usage
from georep_tui import cli


def test_every_word_has_its_meaning() -> None:
    for kind, names in (
        ("cause", CAUSES),
        ("failure", failures.MEANINGS),
        ("option", options.TABLE),
        ("refused", gsyncd.REFUSED),
    ):
        for name in names:
            found = {each.kind: each for each in explain.explained(name)}
            assert found[kind].name == name
            assert found[kind].words.endswith((".", "?"))


def test_no_cause_stands_in_two_places() -> None:
    assert sum(len(section.causes) for section in SECTIONS) == len(CAUSES)
    assert all(cause.meaning.endswith(".") and cause.step for cause in CAUSES.values())


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        pytest.param(["key", "refused"], "cause", "ssh-copy-id", id="two words"),
        pytest.param(["Key  Refused"], "cause", "ssh-copy-id", id="as somebody writes it"),
        pytest.param(["eacces"], "failure", "root squash", id="an errno"),
        pytest.param(["sync_jobs"], "option", "from 1 to 100", id="an option of gsyncd's"),
        pytest.param(["slave-timeout"], "option", "default is 120", id="of an old gsyncd"),
        pytest.param(["tar-command"], "refused", "sync-method: tarssh", id="one that is none"),
    ],
)
def test_the_command(
    words: list[str], kind: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", *words]) == 0
    assert said in capsys.readouterr().out
    assert cli.main(["explain", "--json", *words]) == 0
    assert [each["kind"] for each in json.loads(capsys.readouterr().out)] == [kind]


def test_an_unknown_word_is_one_sentence_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["explain", "key", "refusd"]) == 2
    assert capsys.readouterr().err == (
        "georep: 'key refusd' is no cause, no kind of failure and no option. "
        "Did you mean key refused?\n"
    )
    with pytest.raises(Usage, match=r"no option") as caught:
        explain.explained("¤")
    assert "docs/gsyncd.md" in caught.value.fix
