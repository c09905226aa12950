"""Names as text: always printable, always reversible, and one word for a shell."""

import subprocess
import unicodedata

import hostile
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine import names

AWKWARD = st.text(st.sampled_from(" /\\x41'\"$\u0301\u202e\u200b\ufe0f\u3164\t\n\x1b日é-")).map(
    lambda text: text.encode()
)


@given(st.one_of(st.binary(), AWKWARD))
@example(b"./")
def test_any_name_survives_being_shown(name: bytes) -> None:
    text = names.show(name)
    assert names.parse(text) == names.meant(text) == name
    assert text.isprintable()
    text.encode()
    assert names.show(names.meant(text)) == text
    assert names.alike(text, "/" + name.decode("utf-8", "surrogateescape")) or b"\\x" in name


@given(st.one_of(st.binary(), AWKWARD))
def test_wrapping_words_does_not_change_it(name: bytes) -> None:
    text = names.show(name)
    assert " ".join(f"before {text} after".split()) == f"before {text} after" or not text


@pytest.mark.parametrize(("name", "shown"), hostile.SHOWN)
def test_what_is_seen(name: bytes, shown: str) -> None:
    assert names.show(name) == shown
    assert not unicodedata.category(shown[0]).startswith("M")
    if "\\" in shown:
        assert names.meant(shown) == name


@pytest.mark.parametrize("name", [each.values[0] for each in hostile.SHOWN])
def test_a_shell_takes_the_word_for_the_name(name: bytes) -> None:
    word = names.word(names.show(name))
    assert word.isprintable()
    said = subprocess.run(
        ["/bin/bash", "-c", f"printf %s {word}"], capture_output=True, check=True, timeout=60
    )
    assert said.stdout.removeprefix(b"./") == name.removeprefix(b"./")


@given(st.one_of(st.binary(), AWKWARD))
def test_a_word_is_one_and_printable(name: bytes) -> None:
    word = names.word(names.show(name))
    assert word.isprintable()
    assert word
    assert not word.startswith("-")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        pytest.param(b"users/kate/mail/inbox.mbox", "users/kate/mail/inbox.mbox", id="usual"),
        pytest.param("héros/日本".encode(), "héros/日本", id="other letters"),
        pytest.param(b"a b", "'a b'", id="space"),
        pytest.param(b"[/b]", "'[/b]'", id="brackets"),
        pytest.param(b"$(reboot)", "'$(reboot)'", id="command"),
        pytest.param(b"it's", "$'it\\'s'", id="apostrophe"),
        pytest.param(b"bad\xff1", "$'bad\\xff1'", id="no letter"),
        pytest.param(b"-rf", "./-rf", id="dash"),
        pytest.param(b"", "''", id="nothing"),
        pytest.param(b"a\\x41", "$'a\\x5cx41'", id="looks like an escape"),
    ],
)
def test_words(name: bytes, word: str) -> None:
    assert names.word(names.show(name)) == word


def test_what_is_written_by_hand_is_meant_too() -> None:
    assert names.meant("\\xzz") == b"\\xzz"
    assert names.meant("bad\udcff") == b"bad\xff"
    assert names.alike("./a/b", "/a/b/")
    assert not names.alike("a", "b")


def test_text_from_elsewhere_stays_on_its_line() -> None:
    assert names.verbatim("a\x1b[31m\nb\u202e") == "a\\x1b[31m\\x0ab\\xe2\\x80\\xae"
    assert names.verbatim("é 日  x") == "é 日  x"
    assert cell_len(names.show("a\u200bb".encode())) == len("a\\xe2\\x80\\x8bb")
