"""Keys of an operator's own: what a file of them may say, what it means, and what is refused."""

import itertools
import json
import os
import string
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import _character_to_key

from engine.errors import Usage
from georep_tui import acts, cli, evidence, glossary, keyboard, keyfile, keymap, playback
from georep_tui.keyboard import ACCEPTED, LOUD, UNTYPED, USUAL, Keyboard
from georep_tui.screens import failures, sessions

LINES = keyfile._LINES
TEXTS = [
    *(word.means for word in glossary.WORDS),
    *(text.replace("{where}", "a node") for text in acts._WORDS.values()),
    *evidence.WOULD.values(),
    *(failures.KEPT, sessions.HERE, playback.BEGIN),
]
"""What speaks of keys by what they do."""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "georep" / "keys.yaml"
    path.parent.mkdir()
    return path


@pytest.mark.parametrize(
    ("text", "own"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("# all is usual\n", {}, id="a comment"),
        pytest.param("quit: Q", {"quit": ("Q",)}, id="one key"),
        pytest.param("quit: q", {}, id="the usual one"),
        pytest.param("quit: [Q, f10, Q]", {"quit": ("Q", "f10")}, id="a list, one of them twice"),
        pytest.param("quit:\n- Q\n- F10\n", {"quit": ("Q", "f10")}, id="below each other"),
        pytest.param("go.events: 6", {"go.events": ("6",)}, id="a number is a key, too"),
        pytest.param("quit: ~", {"quit": ("tilde",)}, id="so is what YAML takes for nothing"),
        pytest.param(
            "list.down: [n, PgDn]\nlist.page_down: Ctrl+F\nreplay.next: v\nfind.next: v\n",
            {
                "list.down": ("n", "pagedown"),
                "list.page_down": ("ctrl+f",),
                "replay.next": ("v",),
                "find.next": ("v",),
            },
            id="two that take turns stay on one key",
        ),
        pytest.param(
            "failures.mark: R\nfailures.retry: X",
            {"failures.mark": ("R",), "failures.retry": ("X",)},
            id="a key that has been given away is free",
        ),
        pytest.param(
            "sessions.sort: o\nsort: '#'",
            {
                "sessions.sort": ("o",),
                **dict.fromkeys(
                    ("workers.sort", "failures.sort", "throughput.sort"), ("number_sign",)
                ),
            },
            id="a name for all places; one of them otherwise, wherever it stands",
        ),
        pytest.param("session.stop: ^x", {"session.stop": ("ctrl+x",)}, id="ctrl as it is shown"),
        pytest.param("theme: shift+F3", {"theme": ("shift+f3",)}, id="shift"),
        pytest.param("theme: 日", {"theme": ("日",)}, id="any letter"),
    ],
)
def test_a_file(text: str, own: dict[str, tuple[str, ...]]) -> None:
    assert keyfile.parse(text.encode(), where="k").own == own


@pytest.mark.parametrize(
    ("text", "line", "words", "accepted"),
    [
        pytest.param("- q", 1, "this is no list of keys", LINES, id="no mapping"),
        pytest.param("q", 1, "this is no list of keys", LINES, id="a word"),
        pytest.param("quit: {a: b}", 1, "neither a key nor a list", LINES, id="a mapping"),
        pytest.param("quit: [[q]]", 1, "neither a key nor a list", LINES, id="a list in a list"),
        pytest.param("quit: &a [*a]", 1, "neither a key nor a list", LINES, id="a list in itself"),
        pytest.param("? [a]\n: q", 1, "neither a key nor a list", LINES, id="no name"),
        pytest.param("\nquit: *", 2, "this is not YAML", "Quote a key", id="no YAML"),
        pytest.param("\n\nquit: []", 3, "'quit' is left without a key", ACCEPTED, id="no key"),
        pytest.param("quit:", 1, "'' cannot be used: there is no such key", ACCEPTED, id="empty"),
        pytest.param("quit: qq", 1, "'qq' cannot be used", ACCEPTED, id="two letters"),
        pytest.param("quit: alt+q", 1, "'alt+q' cannot be used", ACCEPTED, id="no such modifier"),
        pytest.param("quit: ctrl+1", 1, "'ctrl+1' cannot be used", ACCEPTED, id="not with ctrl"),
        pytest.param("quit: f13", 1, "'f13' cannot be used", ACCEPTED, id="not everywhere"),
        pytest.param("theme: ctrl+c", 1, "it leaves any program", ACCEPTED, id="ctrl+c"),
        pytest.param("theme: ctrl+i", 1, "a terminal sends it as tab", ACCEPTED, id="no other key"),
        pytest.param("quit: Q\nquit: q", 2, "a second time, first on line 1", "Keep", id="twice"),
        pytest.param("\nfailure.fix: F", 2, "nothing is called 'failure.fix'", "failures.fix?"),
        pytest.param("zzzzzz: F", 1, "nothing is called 'zzzzzz'", "georep explain keys"),
        pytest.param(
            *("quit: Q\nfailures.fix: v", 2, "failures.fix changes what is replicated, and v", LOUD)
        ),
        pytest.param("session.pause: space", 1, "space is hit too easily", LOUD, id="space pauses"),
        pytest.param("options.all: shift+tab", 1, "⇧tab is hit too easily", LOUD, id="no letter"),
        pytest.param("restore: 7", 1, "aside.restore changes", LOUD, id="a digit restores"),
        pytest.param("filter.keep: k", 1, "filter.keep is for where", UNTYPED, id="typed"),
        pytest.param("close: q", 1, "name.close is for where", UNTYPED, id="typed somewhere"),
        pytest.param("workers.back: b", 1, "b is typed there", UNTYPED, id="leaves a filter"),
        pytest.param("form.go: left", 1, "← is typed there", UNTYPED, id="moves in a line"),
        pytest.param(
            *("quit: Q\nfailures.mark: y", 2, "y would do both failures.mark and failures.copy in"),
            "another",
            id="two on one key",
        ),
        pytest.param(
            *("theme: x\nfailures.retry: Q", 1, "x would do both theme and failures.mark in"),
            "another",
            id="everywhere and in one place",
        ),
        pytest.param(
            "replay.time: j",
            1,
            "both replay.time and list.down in sessions of a replay",
            "another",
            id="in a replay alone",
        ),
        pytest.param(
            *("agree.yes: f5\nfailures.fix: f5", 2, "failures.fix and agree.yes in what is asked"),
            "another",
            id="the same key twice asks and says yes",
        ),
        pytest.param("help: w\nwide: v\nhelp.close: w", 3, "help.close and help.words in help", ""),
    ],
)
def test_what_is_refused(text: str, line: int, words: str, accepted: str) -> None:
    with pytest.raises(Usage) as caught:
        keyfile.parse(text.encode(), where="/k.yaml")
    assert caught.value.words.startswith(f"/k.yaml:{line}: ")
    assert words in caught.value.words
    assert accepted in caught.value.fix
    assert "\n" not in caught.value.sentence()


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_keys_or_are_refused(content: bytes) -> None:
    with suppress(Usage):
        keyfile.parse(content, where="k")


_KEYS = st.sampled_from([*string.ascii_letters, "f5", "tab", "ctrl+g", "space", "enter", "up"])
_FILES = st.dictionaries(
    st.sampled_from(sorted({*keymap.BY_ID, "sort", "close", "back", "next"})),
    st.lists(_KEYS, min_size=1, max_size=3),
    max_size=4,
)


@given(_FILES)
def test_what_is_taken_keeps_the_rules(said: dict[str, list[str]]) -> None:
    try:
        found = keyfile.parse(json.dumps(said).encode(), where="k")
    except Usage:
        return
    for id, keys in found.own.items():
        loud = {key for key in keys if key.isupper() or (key[0] == "f" and key[1:]) or "+" in key}
        assert id not in keymap.CHANGES or loud == set(keys)
    for _, ids in keyboard._together():
        for one, other in itertools.combinations(ids, 2):
            both = set(found.keys(one)) & set(found.keys(other))
            assert not both or keyboard.by_turns(one, other), (one, other)
    for id, words in said.items():
        if "." in id:
            assert list(found.keys(id)) == list(dict.fromkeys(map(keyboard.parse, words)))


@pytest.mark.parametrize("character", string.digits + string.ascii_letters + string.punctuation)
def test_a_character_is_the_key_that_textual_calls_so(character: str) -> None:
    assert keyboard.parse(character) == _character_to_key(character)
    assert keyboard.shown(keyboard.parse(character)) == character


def test_the_usual_keys_keep_the_rules() -> None:
    for key in keymap.EVERY:
        assert [keyboard.unfit(key.id, each) for each in keyboard.usual(key.id)] == [None] * len(
            keyboard.usual(key.id)
        )
    turns = {
        (one, other)
        for _, ids in keyboard._together()
        for one, other in itertools.combinations(ids, 2)
        if keyboard.by_turns(one, other)
    }
    pages = ("sessions", "workers", "failures", "throughput", "events")
    assert turns == {
        *((f"{page}.back", "find.end") for page in pages),
        *{("filter", "replay.find"), ("filter", "replay.filter"), ("replay.find", "replay.filter")},
        *{("replay.next", "find.next"), ("replay.last", "find.last")},
        ("list.first", "replay.time"),
    }, "the console must know which of the two is meant"
    assert USUAL.bound() == {}
    assert USUAL.table(keymap.EVERY) == keymap.EVERY


def test_what_speaks_of_keys_speaks_of_those_that_are() -> None:
    own = Keyboard(dict.fromkeys(keymap.BY_ID, ("ctrl+t",)))
    spoken = [text for text in TEXTS if USUAL.spoken(text) != text]
    assert len(spoken) >= 10
    for text in spoken:
        assert "{" not in USUAL.spoken(text)
        assert "^t" in own.spoken(text)


def test_opposites_are_shown_together() -> None:
    [beside] = Keyboard({"replay.last": ("B",)}).table((keymap.BY_ID["replay.next"],))
    assert beside.shown == "n B"
    own = Keyboard({"list.down": ("f7", "ctrl+pagedown"), "palette.down": ("ctrl+n",)})
    shown = {key.id: key.shown for key in own.table(keymap.EVERY)}
    assert shown["list.down"] == "F7 ^PgDn"
    assert shown["palette.down"] == "^n ↑"
    assert shown["list.up"] == "k ↑"


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GEOREP_CONFIG", "/etc/other")
    assert keyfile.place() == tmp_path / ".config/georep/keys.yaml"
    assert keyfile.read() is USUAL, "there is none"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "x"))
    assert keyfile.place() == tmp_path / "x/georep/keys.yaml"


def test_what_is_no_file_is_told_and_waited_for_by_nobody(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(Usage, match=r"keys\.yaml cannot be read: it is no file"):
        keyfile.read()
    file.unlink()
    file.mkdir()
    with pytest.raises(Usage, match=r"keys\.yaml cannot be read: "):
        keyfile.read()
    file.rmdir()
    file.write_bytes(b"#" * (keyfile.LONGEST + 1))
    with pytest.raises(Usage, match=r"is longer than 65536 bytes"):
        keyfile.read()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--theme", "dark"], id="the console"),
        pytest.param(["replay", "x.log"], id="a replay"),
        pytest.param(["demo"], id="the demo"),
        pytest.param(["explain", "keys"], id="all keys"),
        pytest.param(["explain", "checkpoint"], id="a word"),
    ],
)
def test_a_wrong_file_is_one_sentence_and_exit_code_2(
    words: list[str],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "_terminal", lambda: True)
    file.write_text("failures.fix: f\n")
    assert cli.main(words) == 2
    said = capsys.readouterr()
    assert said.err == (
        f"georep: {file}:1: failures.fix changes what is replicated, and f is hit too easily. "
        f"{LOUD}\n"
    )
    assert said.out == ""


def test_explain_tells_the_keys_in_force(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("failures.fix: f5\nstart: f9\n")
    assert cli.main(["explain", "keys"]) == 0
    said = capsys.readouterr().out
    assert f"* {'F5':14} {'failures.fix':20} clear its way; asks first\n" in said
    assert f"  {'R':14} {'failures.retry':20} try again now; asks first\n" in said
    assert said.endswith(f"* by {file}\n")
    assert all(key.id in said for key in keymap.EVERY)
    assert cli.main(["explain", "keys", "--json"]) == 0
    told = {each["id"]: each for each in json.loads(capsys.readouterr().out)}
    assert told["failures.fix"]["keys"] == ["F5"]
    assert told["failures.fix"]["own"]
    assert told["list.down"] == {
        "id": "list.down",
        "keys": ["j", "↓"],
        "where": "lists",
        "does": "next",
        "own": False,
    }
    assert cli.main(["explain", "failures.fix"]) == 0
    assert "F5, in failures: clear its way; asks first." in capsys.readouterr().out
    assert cli.main(["explain", "stopped"]) == 0
    assert "F9 starts it" in capsys.readouterr().out
