"""Names that mean harm to whoever shows them, and how they are shown."""

import pytest

SHOWN = [
    pytest.param(b"[/", "[/", id="ends markup"),
    pytest.param(b"a[/b]c", "a[/b]c", id="markup"),
    pytest.param(b"[bold red]x", "[bold red]x", id="styled"),
    pytest.param(b"$ok #1 {x}", "$ok #1 {x}", id="variable"),
    pytest.param(b"\x1b[31mred\x1b]0;t\x07", r"\x1b[31mred\x1b]0;t\x07", id="escapes"),
    pytest.param("\x9b31m".encode(), r"\xc2\x9b31m", id="one-byte escape"),
    pytest.param(b"a\nb\r\tc", r"a\x0ab\x0d\x09c", id="lines"),
    pytest.param(b"bad\xff\xfe", r"bad\xff\xfe", id="no UTF-8"),
    pytest.param(b"\xed\xb3\xbf", r"\xed\xb3\xbf", id="surrogate in UTF-8"),
    pytest.param(b"a\\b", r"a\x5cb", id="backslash"),
    pytest.param("\u0301acute".encode(), r"\xcc\x81acute", id="joins what is before"),
    pytest.param("d/\u0301a".encode(), r"d/\xcc\x81a", id="joins the slash"),
    pytest.param("\t\u0301a".encode(), r"\x09\xcc\x81a", id="joins an escape"),
    pytest.param("e\u0301".encode(), "e\u0301", id="an accent of its own"),
    pytest.param("\u202etxt.exe".encode(), r"\xe2\x80\xaetxt.exe", id="turned round"),
    pytest.param("a\u200b\u2060b".encode(), r"a\xe2\x80\x8b\xe2\x81\xa0b", id="no width"),
    pytest.param("\u3164".encode(), r"\xe3\x85\xa4", id="nothing to see"),
    pytest.param("❤\ufe0f".encode(), "❤\\xef\\xb8\\x8f", id="of two widths"),
    pytest.param("👨\u200d👩".encode(), "👨\\xe2\\x80\\x8d👩", id="joined"),
    pytest.param("日本語".encode(), "日本語", id="wide"),
    pytest.param("🦀".encode(), "🦀", id="emoji"),
    pytest.param(b"a  b", r"a\x20\x20b", id="two spaces"),
    pytest.param(b" a ", r"\x20a\x20", id="spaces around"),
    pytest.param("a\u00a0b\u2028c".encode(), r"a\xc2\xa0b\xe2\x80\xa8c", id="other spaces"),
    pytest.param(b"-rf", "-rf", id="dash"),
    pytest.param(b'it\'s "$(x)" `y` !z ~ * ?', 'it\'s "$(x)" `y` !z ~ * ?', id="shell"),
    pytest.param(b"n" * 255, "n" * 255, id="255"),
    pytest.param(b"\xff" * 255, r"\xff" * 255, id="255 escaped"),
    pytest.param("日".encode() * 85, "日" * 85, id="255 wide"),
]
NAMES = [str(each.values[1]) for each in SHOWN]
"""As they are shown."""
