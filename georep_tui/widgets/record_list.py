"""A list of rows with a cursor, drawn line by line: only what changed, only what is seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from georep_tui import keymap
from georep_tui.key import Where
from georep_tui.sliding import Slide, slid
from georep_tui.tables import Shown
from georep_tui.theme import paint

FILTERED = "nothing here matches the filter"
"""What stands where a filter has left no row."""


class RecordList(ScrollView, can_focus=True):
    """Shows rows by their key; the cursor stays on its key, wherever that goes."""

    COMPONENT_CLASSES = {"record-list--cursor"}  # noqa: RUF012 - Textual's own way
    BINDINGS = keymap.bindings(Where.LISTS)  # type: ignore[assignment]  # a list of one of its kinds
    DEFAULT_CSS = """
    RecordList { text-wrap: nowrap; scrollbar-size-vertical: 1; }
    RecordList > .record-list--cursor { background: $cursor; text-style: $cursor-style; }
    """

    @dataclass
    class Moved(Message):
        """The cursor stands on another row, or on none."""

        key: str | None

    def __init__(self, *, id: str, plain: bool) -> None:
        super().__init__(id=id)
        self._plain = plain
        if plain:
            self.styles.scrollbar_size_vertical = 0  # it is drawn with other letters than ASCII
        self._rows: Sequence[Shown] = ()
        self._nothing = FILTERED
        self._at = 0
        self.slide_now: Slide | None = None
        """Which part of its rows is seen; None: they are not wider than this."""
        self.key: str | None = None
        """The key under the cursor; it outlives a moment in which its row is not there."""

    def show(self, rows: Sequence[Shown], *, follow: bool = False) -> None:
        """Take the place of what was shown; lines that stay the same are not drawn again.

        With `follow` the cursor stays on the last row where it stood there, and goes there when
        its own row is gone; what comes above its row moves no line. Who has scrolled away from it
        is left there.
        """
        before, self._rows = self._rows, rows
        in_sight = self._in_sight()
        last = follow and in_sight and self._at >= len(before) - 1
        if len(before) != len(rows):
            self.virtual_size = Size(0, len(rows))
            self.refresh()
        else:
            # What is out of sight is drawn when it comes into sight.
            top = self.scroll_offset.y
            for y in range(top, min(top + self.size.height, len(rows))):
                if before[y] != rows[y]:
                    self.refresh_line(y)
        found = next((at for at, row in enumerate(rows) if row.key == self.key), None)
        if follow and rows and (last or found is None):
            self.select(len(rows) - 1)
        elif found is not None:
            if follow and found != self._at:
                self.scroll_to(y=self.scroll_offset.y + found - self._at, animate=False, force=True)
            self._mark(found)
            if in_sight:
                self._reveal()
        elif rows:
            self.select(min(self._at, len(rows) - 1))

    def slide(self, to: Slide | None) -> None:
        """Show another part of rows that are wider than this; None: they are not."""
        if to != self.slide_now:
            self.slide_now = to
            self.refresh()

    def say_nothing(self, words: str) -> None:
        """Say what stands where there is no row."""
        if words != self._nothing:
            self._nothing = words
            self.refresh_line(0)

    @property
    def has_rows(self) -> bool:
        """Return whether anything is shown."""
        return bool(self._rows)

    def select(self, at: int) -> None:
        """Put the cursor on a row."""
        if self._rows:
            self._place(max(0, min(at, len(self._rows) - 1)))
            if self._rows[self._at].key != self.key:
                self.key = self._rows[self._at].key
                self.post_message(self.Moved(self.key))

    def centre(self) -> None:
        """Show what is before and after the row under the cursor."""
        self.scroll_to(y=self._at - self.size.height // 2, animate=False, force=True)

    def go_to(self, key: str) -> None:
        """Put the cursor on the row of a key, if there is one."""
        at = next((at for at, row in enumerate(self._rows) if row.key == key), None)
        if at is not None:
            self.select(at)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.call_after_refresh(self._reveal)

    def _place(self, at: int) -> None:
        self._mark(at)
        self._reveal()

    def _mark(self, at: int) -> None:
        if at != self._at:
            self.refresh_line(self._at)
            self._at = at
            self.refresh_line(at)

    def _in_sight(self) -> bool:
        top = self.scroll_offset.y
        return top <= self._at < top + max(1, self.size.height)

    def _reveal(self) -> None:
        if not self._in_sight():
            below = self._at - max(1, self.size.height) + 1
            above = self._at < self.scroll_offset.y
            self.scroll_to(y=self._at if above else below, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        at, width = y + self.scroll_offset.y, self.size.width
        if not self._rows and at == 0:
            nothing = paint(((f" {self._nothing}", "idle"),), plain=self._plain)
            return Visual.to_strips(self, nothing, width, 1, self.visual_style, pad=True)[0]
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        names = ("record-list--cursor",) if at == self._at else ()
        style = self.get_visual_style(*names) if names else self.visual_style
        line = self._rows[at].line
        if self.slide_now is not None:
            line = slid(line, width, self.slide_now)
        content = paint(line, plain=self._plain)
        return Visual.to_strips(self, content, width, 1, style, pad=True)[0]

    async def on_click(self, click: Click) -> None:
        """Put the cursor where it was clicked; twice opens what is there."""
        at = click.y + self.scroll_offset.y
        if 0 <= at < len(self._rows):
            self.select(at)
            if click.chain > 1:
                await self.run_action("screen.open")

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
