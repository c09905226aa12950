"""How rows are sorted: by which column, which way round, and its mark in the head. Pure."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.cells import cell_len

from georep_tui.rows import Line

T = TypeVar("T")
RISES, FALLS = "↑", "↓"
"""The smallest first, the largest first."""
REST = 5.0
"""Seconds for which rows stay where they are, whatever their values become."""

Rank = tuple[float, str] | None
"""What a row is sorted by in one column: a number or a text; None: it has none."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which column, by its title; each has a way round that is meant first."""

    column: str
    turned: bool = False


def ordered(names: Iterable[str], rank: Callable[[str], Rank], *, falling: bool) -> list[str]:
    """Return names by their rank: those without one last, equal ones by name, either way round."""
    ranks = {name: rank(name) for name in sorted(names)}
    known = [(found, name) for name, found in ranks.items() if found is not None]
    known.sort(key=lambda each: each[0], reverse=falling)
    return [name for _, name in known] + [name for name, found in ranks.items() if found is None]


def chosen(now: Sorting, column: str) -> Sorting:
    """Return how rows are sorted once a column was pointed at: a second time turns it round."""
    return Sorting(column, turned=column == now.column and not now.turned)


def following(values: Sequence[T], value: T) -> T:
    """Return the value that follows another one; the first follows the last."""
    at = values.index(value) if value in values else -1
    return values[(at + 1) % len(values)]


def marked(head: Line, title: str, *, falling: bool) -> Line:
    """Return a head with an arrow behind the title of the column that rows are sorted by."""
    text = "".join(part for part, _ in head)
    found = _find(text, title)
    if found is None:
        return head
    before, after = text[: found.start()], text[found.end() + 1 :]
    return (
        (before, "head"),
        (f"{title}{FALLS if falling else RISES}", "accent"),
        (after, "head"),
    )


def column_at(head: Line, titles: Iterable[str], x: int) -> str | None:
    """Return the title that stands at, or nearest to, a cell of a head; None without any."""
    text = "".join(part for part, _ in head).replace(RISES, " ").replace(FALLS, " ")
    found = [(_off(text, each, x), title) for title in titles if (each := _find(text, title))]
    return min(found)[1] if found else None


def _find(text: str, title: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\S){re.escape(title)}(?!\S)", text)


def _off(text: str, found: re.Match[str], x: int) -> int:
    """Return how many cells a title is away."""
    begin = cell_len(text[: found.start()])
    end = begin + cell_len(found.group()) - 1
    return max(0, begin - x, x - end)


class Calm:
    """Keeps rows in their places for a while: what somebody reads must not jump."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._asked: Hashable = None
        self._since = float("-inf")

    def hold(self, at: float) -> None:
        """Let `REST` begin anew: somebody moves among the rows."""
        self._since = at

    def names(
        self, of: Iterable[str], sort: Callable[[], list[str]], asked: Hashable, at: float
    ) -> list[str]:
        """Return the names in the order they had; in a new one when something else is asked for,
        somebody came or went, or `REST` has passed at `at`, in seconds of any clock.
        """
        changed = asked != self._asked or set(of) != set(self._names)
        if changed or at - self._since >= REST:
            self._names, self._asked, self._since = sort(), asked, at
        return self._names
