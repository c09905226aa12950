"""A table whose values change while it is read: sorted by a column, and calm."""

import time
from collections.abc import Callable, Iterable, Sequence

from textual import on

from georep_tui import columns, orders, sorting
from georep_tui.columns import Column
from georep_tui.rows import Line
from georep_tui.screens.page import Page
from georep_tui.sorting import Calm, Sorting
from georep_tui.tables import Table
from georep_tui.widgets.record_list import RecordList


class Ranked(Page):
    """Sorts its rows when asked to, and anew when nobody has moved among them for a while."""

    FIRST: Sorting
    pace: Callable[[], float] = staticmethod(time.monotonic)
    """Seconds by which rows rest."""

    def __init__(self) -> None:
        super().__init__()
        self.sorting = self.FIRST
        self._calm = Calm()

    def columns(self) -> Sequence[Column]:
        """Return the columns that are shown."""
        raise NotImplementedError

    def in_order(
        self, of: Iterable[str], sort: Callable[[], list[str]], place: str = ""
    ) -> list[str]:
        """Return names in the order in which they are shown at a place."""
        # Where the picture changes only because somebody asks, it is sorted each time.
        moment = self.console.now if self.console.still else None
        return self._calm.names(of, sort, (self.sorting, place, moment), self.pace())

    def headed(self, table: Table) -> None:
        """Show the head of a table, with the mark of the column that it is sorted by."""
        falling = orders.falls(self.sorting)
        head: Line = sorting.marked(table.head, self.sorting.column, falling=falling)
        self.head([head], keep=table.keep)

    def titles(self) -> Sequence[str]:
        """Return the titles of the columns that rows can be sorted by."""
        if not self.records.has_rows:
            return ()
        return [each for each in columns.titles(self.columns()) if each not in orders.NO_ORDER]

    def sort_by(self, title: str) -> None:
        """Sort by a column; by the one that rows are sorted by already, the other way round."""
        self._sort(sorting.chosen(self.sorting, title))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._sort(Sorting(sorting.following(self.titles(), self.sorting.column)))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._sort(sorting.chosen(self.sorting, self.sorting.column))

    def _sort(self, how: Sorting) -> None:
        self.sorting = how
        self.redraw()

    @on(RecordList.Moved)
    def _hold(self) -> None:
        self._calm.hold(self.pace())
