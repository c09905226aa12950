"""Moments and labels as an operator writes them; nonsense gets a sentence, never a traceback."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import moments
from engine.errors import Usage

NOW = 1777637071.25
"""2026-05-01 12:04:31 UTC."""


@pytest.fixture(autouse=True)
def _two_hours_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC-02:00")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("now", 1777637072, id="a part of a second counts as the whole of it"),
        pytest.param("1777637071", 1777637071, id="seconds"),
        pytest.param("12:00", 1777629600, id="today, by this node's clock"),
        pytest.param("12:00:01", 1777629601, id="with seconds"),
        pytest.param("2026-05-01T12:00", 1777629600, id="a day"),
        pytest.param("2026-05-01 12:00:05", 1777629605, id="a blank between"),
        pytest.param("2026-05-01T12:00Z", 1777636800, id="UTC"),
        pytest.param("2026-05-01T12:00+05:30", 1777617000, id="somewhere else"),
    ],
)
def test_moments(text: str, expected: int) -> None:
    assert moments.parse(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "soon", "60", "25:00", "2026-13-01T00:00", "2026-05-01", "9" * 30, "-5", "٣", "12:00Z"],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(Usage, match="is no time") as caught:
        moments.parse(text, NOW)
    assert "2026-05-01T12:00" in caught.value.fix


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        assert moments.FIRST <= moments.parse(text, NOW) <= moments.LAST
    except Usage:
        return


def test_labels() -> None:
    assert moments.label("", 1777636800) == "2026-05-01T12:00:00Z"
    assert moments.label("nightly-1", 5) == "nightly-1"
    for bad in ("-x", "a b", "a/b", "ä", "x" * 65, "a\n"):
        with pytest.raises(Usage, match="cannot be the label"):
            moments.label(bad, 5)
