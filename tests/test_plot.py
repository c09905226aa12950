"""Large numbers and graphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from georep_tui import plot, rows


def test_large() -> None:
    assert plot.large("84.2") == ("╭─╮╷ ╷ ╶─╮", "├─┤╰─┤ ╭─╯", "╰─╯  ╵.╰─╴")
    assert plot.large("—") == (" ", " ", "—")
    assert plot.large("12.3k")[2].endswith("k")


def test_digits_differ_in_ascii_too() -> None:
    shown = {plot.large(digit) for digit in "0123456789"}
    assert len(shown) == 10
    plain = {tuple(map(rows.ascii_only, each)) for each in shown}
    assert len(plain) == 10
    assert all(line.isascii() for each in plain for line in each)


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, 1),
        (-1, 1),
        (5e-324, 1),
        (0.3, 0.5),
        (1, 1),
        (1.1, 2),
        (5, 5),
        (84, 100),
        (1310, 2000),
        (6e9, 1e10),
    ],
)
def test_scale(most: float, expected: float) -> None:
    assert plot.scale(most) == pytest.approx(expected)


def draw(values: list[float], *, height: int = 2, width: int = 15) -> list[str]:
    return plot.graph(values, width=width, height=height, begin="a", end="z")


def test_graph() -> None:
    assert draw([0, 0.001, 2.5, 5, 10]) == [
        "     10│      █",
        "      0│  ▁▂▄██",
        "         a    z",
    ]


def test_no_data_is_blank_and_nothing_has_a_mark() -> None:
    assert draw([]) == ["    1.0│       ", "      0│       ", "         a    z"]
    assert draw([0.0, 0.0])[1] == "      0│     ▁▁"


def test_only_the_last_values_have_room() -> None:
    assert draw([9.0] * 50 + [0.0] * 6)[0] == "    1.0│       "


@given(
    st.lists(st.floats(0, 1e15), max_size=40), st.integers(1, 12), st.integers(plot.AXIS + 1, 80)
)
def test_every_graph_fits(values: list[float], height: int, width: int) -> None:
    lines = draw(values, height=height, width=width)
    assert len(lines) == height + 1
    assert {len(line) for line in lines} == {width}
