"""Which part of rows that are wider than the screen is seen. Pure."""

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from georep_tui.rows import Line, Span

FULL = 200
"""Cells of a row that is told in full."""
STEP = 20
"""Cells that one key moves."""


class Slide(NamedTuple):
    """Which part of a line that is too wide is seen."""

    keep: int
    """Cells at its begin that stay."""
    by: int
    """Cells by which the rest has moved to the left."""


def slid(line: Line, width: int, to: Slide) -> Line:
    """Return what is seen of a line in `width` cells; half a letter is blank."""
    return (*_cut(line, 0, to.keep), *_cut(line, to.keep + to.by, width - to.keep))


def _cut(line: Line, begin: int, room: int) -> Line:
    found: list[Span] = []
    at, end = 0, begin + room
    for text, meaning in line:
        wide = cell_len(text)
        if at < end and at + wide > begin:
            first, last = max(0, begin - at), min(wide, end - at)
            found.append((_cells(text, first, last), meaning))
        at += wide
    return tuple(found)


def _cells(text: str, first: int, last: int) -> str:
    """Return the cells from `first` to before `last` of a text."""
    if text.isascii():
        return text[first:last]
    shown = set_cell_size(text, last)
    while cell_len(shown) > last - first:
        shown = shown[1:]
    return " " * (last - first - cell_len(shown)) + shown


def edged(line: Line, width: int, to: Slide, *, full: int) -> Line:
    """Return what is seen of a head; an arrow at an end says that there is more beyond it."""
    shown = slid(line, width, to)
    if to.by and to.keep < width:
        shown = (*_cut(shown, 0, to.keep), ("←", "accent"), *_cut(shown, to.keep + 1, width))
    if to.by + width < full:
        shown = (*_cut(shown, 0, width - 1), ("→", "accent"))
    return shown
