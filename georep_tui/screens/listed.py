"""A list that covers a screen: a line above it, its columns, and all about what is under the cursor
below.
"""

from collections.abc import Sequence
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from georep_tui.rows import Line
from georep_tui.tables import Row
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.lines import Lines
from georep_tui.widgets.record_list import RecordList

Result = TypeVar("Result")
_PARTS = 5
"""What a list is made of, the key bar aside."""


class ListedScreen(ModalScreen[Result]):
    """Such a list; a subclass says in `draw` what stands in it."""

    AUTO_FOCUS = "RecordList"

    def __init__(self, *, plain: bool) -> None:
        """`plain`: ASCII only."""
        super().__init__()
        self.plain = plain

    def compose(self) -> ComposeResult:
        """Make the list, and the places around it."""
        with Vertical(id="listed"):
            yield Lines(id="asks")
            yield Lines(id="columns")
            yield RecordList(id="table", plain=self.plain)
            yield Lines(id="about")
        yield KeyBar(plain=self.plain)

    def on_resize(self) -> None:
        """Fit the list into the new size."""
        self.call_after_refresh(self.redraw)

    @on(RecordList.Moved)
    def redraw(self) -> None:
        """Show it as it is now, unless it is being closed: its parts go one after the other."""
        if len(self.query("#listed, #asks, #columns, #table, #about")) == _PARTS:
            self.draw(self.query_one("#listed").size.width or self.app.size.width)

    def draw(self, width: int) -> None:
        """Call `show`, and then say in `about` what is under the cursor."""
        raise NotImplementedError

    def show(self, above: Line, head: Line, table: Sequence[Row]) -> None:
        """Fill the list, and what stands over it."""
        self._fill("asks", [above])
        self._fill("columns", [head])
        self.table.show(table)

    def about(self, lines: Sequence[Line]) -> None:
        """Fill what stands below it."""
        self._fill("about", lines)

    @property
    def table(self) -> RecordList:
        """The list itself."""
        return self.query_one("#table", RecordList)

    def _fill(self, place: str, lines: Sequence[Line]) -> None:
        self.query_one(f"#{place}", Lines).show(lines, plain=self.plain)
