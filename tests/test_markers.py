"""Moments that were marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from georep_tui import markers
from georep_tui.markers import Marker, Markers


def marked(*times: float) -> Markers:
    found = Markers()
    for at in times:
        found.put(at, f"at {at}")
    return found


@pytest.mark.parametrize(
    ("times", "at", "before", "after", "around"),
    [
        pytest.param((), 5, None, None, (0, 9), id="none"),
        pytest.param((5,), 5, None, None, (5, 9), id="on the only one"),
        pytest.param((3, 7), 5, 3, 7, (3, 7), id="between two"),
        pytest.param((7, 3), 7, 3, None, (7, 9), id="on the last of two"),
        pytest.param((7, 3), 1, None, 3, (0, 3), id="before all"),
    ],
)
def test_near(
    times: tuple[float, ...],
    at: float,
    before: float | None,
    after: float | None,
    around: tuple[float, float],
) -> None:
    found = marked(*times)
    assert found.near(at, later=False) == before
    assert found.near(at, later=True) == after
    assert found.around(at, 0, 9) == around


def test_one_for_each_time() -> None:
    found = marked(1, 2, 1)
    found.put(2, "again")
    assert list(found) == [Marker(1, "at 1"), Marker(2, "again")]
    assert found.take(1)
    assert not found.take(1)
    assert found.times() == (2,)


def test_not_without_end() -> None:
    found = marked(*range(markers.LIMIT))
    assert not found.put(-1, "one more")
    assert found.put(5, "in the place of one")
    assert len(found) == markers.LIMIT


@given(st.lists(st.floats(0, 100)))
def test_in_order(times: list[float]) -> None:
    assert list(marked(*times).times()) == sorted(set(times))
