"""Numbers and words into text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.events import Crawl
from engine.figures import Status
from georep_tui import rows


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "—"),
        (0, "00:00"),
        (42.9, "00:42"),
        (3599, "59:59"),
        (3600, "1h00m"),
        (86399, "23h59m"),
        (93700, "1d02h"),
    ],
)
def test_lag(seconds: float | None, expected: str) -> None:
    assert rows.lag(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (119, "119 s"),
        (240, "4 min"),
        (7200, "2 h 0 min"),
        (11400, "3 h 10 min"),
        (200000, "2 d 7 h"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    assert rows.duration(seconds) == expected


def test_due() -> None:
    assert rows.due(131, 100) == "in 31 s"
    assert rows.due(99, 100) == "now"


def test_times_are_utc() -> None:
    assert rows.clock(1777637071) == "12:04:31"
    assert rows.stamp(1777637071) == "2026-05-01 12:04:31"
    assert rows.short_stamp(1777637071) == "05-01 12:04:31"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (9990, "10 KB"),
        (418e6, "418 MB"),
        (1.2e9, "1.2 GB"),
        (3.1e12, "3.1 TB"),
        (9.9e17, "990 PB"),
        (9.9e18, "9900 PB"),
    ],
)
def test_size(count: float | None, expected: str) -> None:
    assert rows.size(count) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (None, "—"),
        (0, "0"),
        (9412, "9412"),
        (9999.6, "10.0k"),
        (12345, "12.3k"),
        (123456, "123k"),
        (1_234_567, "1.2M"),
        (5e9, "5.0G"),
        (5e12, "5000G"),
    ],
)
def test_number(count: float | None, expected: str) -> None:
    assert rows.number(count) == expected


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(None, "—"), (0, "0"), (0.001, "0.1"), (9.4, "9.4"), (9.96, "10"), (84.2, "84")],
)
def test_per_second(rate: float | None, expected: str) -> None:
    assert rows.per_second(rate) == expected
    assert rows.megabytes(None if rate is None else rate * 1e6) == expected


@given(st.floats(0, 1e9))
def test_numbers_keep_their_width(count: float) -> None:
    assert len(rows.number(count)) <= 5
    assert len(rows.per_second(count)) <= 5
    assert len(rows.size(count * 1e6)) <= 7


def test_many() -> None:
    assert rows.many(1, "entry", "entries") == "1 entry"
    assert rows.many(1_204_118, "entry", "entries") == "1 204 118 entries"
    assert rows.many(0, "file") == "0 files"


@pytest.mark.parametrize(
    ("values", "top", "expected"),
    [
        pytest.param([], 0, "    ", id="no data is blank"),
        pytest.param([0, 0], 0, "  ▁▁", id="zero is the floor"),
        pytest.param([0, 1, 8], 8, " ▁▂█", id="the floor is zero, not the least"),
        pytest.param([0.01, 8], 8, "  ▂█", id="a little is not nothing"),
        pytest.param([1, 2, 3, 4, 5], 5, "▄▅▇█", id="the last ones"),
    ],
)
def test_spark(values: list[float], top: float, expected: str) -> None:
    assert rows.spark(values, width=4, top=top) == expected


def test_bar_is_full_only_at_the_end() -> None:
    assert rows.bar(0.999, 4) == "███░"
    assert rows.bar(1.5, 4) == "████"
    assert rows.bar(-1, 4) == "░░░░"


def test_marks_are_glyph_word_and_meaning() -> None:
    shown = {status: rows.mark(status) for status in Status}
    assert len({text[0] for text, _ in shown.values()}) == len(Status)
    assert all(text.split()[1] == status.value for status, (text, _) in shown.items())
    assert all(cell_len(text) <= 10 for text, _ in shown.values())
    assert rows.mark(Status.ACTIVE, Crawl.CHANGELOG) == ("● active", "ok")
    assert rows.mark(Status.ACTIVE, Crawl.HISTORY) == ("◐ history", "busy")
    assert rows.mark(Status.FAULTY, Crawl.HISTORY) == ("▲ faulty", "bad")


def test_ascii_keeps_the_width() -> None:
    text = "●◐○‖▲✕—─→▸·…×▁▂▃▄▅▆▇█░ é"
    assert rows.ascii_only(text).rstrip("é").isascii()
    assert len(rows.ascii_only(text)) == len(text)
    assert rows.ascii_only("⏎") == "enter"
    assert rows.ascii_only("⇧tab") == "shift+tab"


@given(st.text(), st.integers(0, 40), st.booleans())
def test_fit_is_exact(text: str, width: int, right: bool) -> None:
    assert cell_len(rows.fit(rows.plain(text), width, right=right)) == width
    assert cell_len(rows.fit_brick(rows.plain(text), width)) == width


def test_fit() -> None:
    assert rows.fit("ab", 4) == "ab  "
    assert rows.fit("ab", 4, right=True) == "  ab"
    assert rows.fit("abcdef", 4) == "abc…"
    assert rows.fit("日本語", 4) == "日… "
    assert rows.fit_brick("gfs1:/data/volumes/prod/brick1", 16) == "gfs1:…rod/brick1"
    assert rows.fit_brick("a-very-long-node-name:/b", 8) == "a-very-…"


@given(st.text())
def test_plain_is_one_printable_line(text: str) -> None:
    shown = rows.plain(text)
    assert shown.isprintable()
    shown.encode()


def test_plain() -> None:
    assert rows.plain("a\n b\x1b[31m") == r"a b\x1b[31m"
    assert rows.plain("\ud800\u202e") == r"\xed\xa0\x80\xe2\x80\xae"


def test_wrap() -> None:
    assert rows.wrap("one two three four", 9, lines=2) == ["one two", "three…"]
    assert rows.wrap("", 9, lines=2) == []
    assert rows.wrap("and 4 410 removed", 9, lines=2) == ["and 4 410", "removed"]


def test_rule() -> None:
    assert rows.rule("name", 12) == "─ name ─────"
    assert rows.rule("a long name", 8) == "─ a lon…"
    assert rows.rule("", 3) == "───"


def test_a_name_is_shown_in_full() -> None:
    assert (
        rows.verbatim("a  b\t\n\x1b[31m\\xff\u202e ")
        == "a  b\\x09\\x0a\\x1b[31m\\xff\\xe2\\x80\\xae "
    )


@pytest.mark.parametrize(
    ("path", "width", "expected"),
    [
        ("a/b", 5, "a/b  "),
        ("users/kate/mail/inbox", 10, "…ail/inbox"),
        ("日本語日本語", 6, "…本語 "),
        ("", 2, "  "),
    ],
)
def test_of_a_path_the_end_stays(path: str, width: int, expected: str) -> None:
    assert rows.fit_path(path, width) == expected


@given(st.text(), st.integers(8, 60))
def test_a_name_over_several_lines_is_all_there(name: str, width: int) -> None:
    parts = rows.spread(name, width, lines=1000)
    assert "".join(parts) == rows.verbatim(name)
    assert all(cell_len(part) <= width for part in parts)
    assert rows.spread("x" * 100, 10, lines=2) == ["x" * 10, "x" * 9 + "…"]
