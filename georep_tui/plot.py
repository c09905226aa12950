"""Numbers drawn large, and a run of numbers drawn as a graph. Pure."""

import math
from collections.abc import Sequence

from georep_tui import rows
from georep_tui.rows import BARS

HIGH = 3
"""Lines of a large number."""
AXIS = 9
"""Cells of a graph that its scale takes."""
TINY = 1e-300
"""What is below it counts as nothing: no power of ten is so small."""
_DIGITS = {
    "0": ("╭─╮", "│ │", "╰─╯"),
    "1": (" ╷ ", " │ ", " ╵ "),
    "2": ("╶─╮", "╭─╯", "╰─╴"),
    "3": ("╶─╮", " ─┤", "╶─╯"),
    "4": ("╷ ╷", "╰─┤", "  ╵"),
    "5": ("╭─╴", "╰─╮", "╶─╯"),
    "6": ("╭─╴", "├─╮", "╰─╯"),
    "7": ("╶─╮", "  │", "  ╵"),
    "8": ("╭─╮", "├─┤", "╰─╯"),
    "9": ("╭─╮", "╰─┤", "╶─╯"),
}


def large(text: str) -> tuple[str, str, str]:
    """Return a number in three lines; what is no digit stands small at the bottom."""
    lines = ["", "", ""]
    for letter in text:
        glyph = _DIGITS.get(letter, (" ", " ", letter))
        lines = [line + part for line, part in zip(lines, glyph, strict=True)]
    return lines[0], lines[1], lines[2]


def graph(values: Sequence[float], *, width: int, height: int, begin: str, end: str) -> list[str]:
    """Draw the last values over zero, with their scale, in `height` lines and one for the times.

    No data is blank; nothing has a mark, and what is above it never looks like nothing.
    """
    room = max(1, width - AXIS)
    shown = list(values[-room:])
    top = scale(max(shown, default=0.0))
    heights = [_eighths(value, top, height) for value in shown]
    lines = []
    for level in range(height - 1, -1, -1):
        label = {height - 1: rows.per_second(top), 0: "0"}.get(level, "")
        cells = "".join(_cell(high - 8 * level) for high in heights)
        lines.append(f"{label:>{AXIS - 2}}│ {cells.rjust(room)}")
    between = max(1, room - len(begin) - len(end))
    lines.append(f"{'':{AXIS}}{begin}{' ' * between}{end}")
    return [rows.fit(line, width) for line in lines]


def scale(most: float) -> float:
    """Return a round number that is not below `most`: 1, 2 or 5 and zeros."""
    if not TINY < most < math.inf:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(most))
    return next((step * unit for step in (1, 2, 5) if step * unit >= most), 10 * unit)


def _eighths(value: float, top: float, height: int) -> int:
    if value <= 0:
        return 1
    return min(8 * height, max(2, int(value / top * 8 * height)))


def _cell(eighths: int) -> str:
    return " " if eighths <= 0 else BARS[min(eighths, len(BARS)) - 1]
