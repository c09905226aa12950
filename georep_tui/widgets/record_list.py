"""A list of rows with a cursor, drawn line by line: only what changed, only what is seen."""

from dataclasses import dataclass

from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from georep_tui import keymap
from georep_tui.keymap import Where
from georep_tui.tables import Row
from georep_tui.theme import paint


class RecordList(ScrollView, can_focus=True):
    """Shows rows by their key; the cursor stays on its key, wherever that goes."""

    COMPONENT_CLASSES = {"record-list--cursor"}  # noqa: RUF012 - Textual's own way
    BINDINGS = keymap.bindings(Where.LISTS)  # type: ignore[assignment]  # a list of one of its kinds
    DEFAULT_CSS = """
    RecordList { text-wrap: nowrap; scrollbar-size-vertical: 1; }
    RecordList > .record-list--cursor { background: $cursor; text-style: bold; }
    """

    @dataclass
    class Moved(Message):
        """The cursor stands on another row, or on none."""

        key: str | None

    def __init__(self, *, id: str, plain: bool) -> None:
        super().__init__(id=id)
        self._plain = plain
        self._rows: list[Row] = []
        self._at = 0
        self.key: str | None = None
        """The key under the cursor; it outlives a moment in which its row is not there."""

    def show(self, rows: list[Row]) -> None:
        """Take the place of what was shown; lines that stay the same are not drawn again."""
        before, self._rows = self._rows, rows
        if len(before) != len(rows):
            self.virtual_size = Size(0, len(rows))
            self.refresh()
        else:
            for y, (old, new) in enumerate(zip(before, rows, strict=True)):
                if old != new:
                    self.refresh_line(y)
        found = next((at for at, row in enumerate(rows) if row.key == self.key), None)
        if found is not None:
            self._place(found)
        elif rows:
            self.select(min(self._at, len(rows) - 1))

    def select(self, at: int) -> None:
        """Put the cursor on a row."""
        if self._rows:
            self._place(max(0, min(at, len(self._rows) - 1)))
            if self._rows[self._at].key != self.key:
                self.key = self._rows[self._at].key
                self.post_message(self.Moved(self.key))

    def _place(self, at: int) -> None:
        if at != self._at:
            self.refresh_line(self._at)
            self._at = at
            self.refresh_line(at)
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if at < top or at >= top + height:
            self.scroll_to(y=at if at < top else at - height + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        at, width = y + self.scroll_offset.y, self.size.width
        if not self._rows and at == 0:
            nothing = paint(((" nothing here matches the filter", "idle"),), plain=self._plain)
            return Visual.to_strips(self, nothing, width, 1, self.visual_style, pad=True)[0]
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        names = ("record-list--cursor",) if at == self._at else ()
        style = self.get_visual_style(*names) if names else self.visual_style
        content = paint(self._rows[at].line, plain=self._plain)
        return Visual.to_strips(self, content, width, 1, style, pad=True)[0]

    def action_move(self, by: int) -> None:
        """Move the cursor by some rows."""
        self.select(self._at + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by a page."""
        self.select(self._at + by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.select(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.select(len(self._rows) - 1)
