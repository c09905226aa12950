"""A part of the screen below, or beside, the list: a title, and what scrolls under it."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message

from georep_tui import keymap, rows
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.widgets.lines import Lines

FOCUSED = "▸ "
"""Where the rule of the pane that keys move in begins."""


class Pane(Vertical, can_focus=True):
    """Shows lines under a rule that has their title, and says how many are out of sight."""

    BINDINGS = keymap.bindings(Where.LISTS)  # type: ignore[assignment]
    DEFAULT_CSS = """
    Pane VerticalScroll { height: 1fr; scrollbar-size: 0 0; overflow-x: hidden; }
    """

    class Changed(Message):
        """It has another place for its text, or somebody begins, or ends, to read there."""

    def __init__(self, *places: str, title: str, id: str, plain: bool) -> None:
        """Have lines at `places`, from the top down; `title` is the id of the rule."""
        super().__init__(id=id)
        self._plain = plain
        self._called, self._chosen = "", False
        self._rule = Lines(id=title)
        self._parts = [Lines(id=place) for place in places]
        self._scroll = VerticalScroll(*self._parts, can_focus=False)

    def compose(self) -> ComposeResult:
        """Make the rule, and what scrolls."""
        yield self._rule
        yield self._scroll

    def on_mount(self) -> None:
        """Follow what is scrolled."""
        self.watch(self._scroll, "scroll_y", self.mark, init=False)

    def on_resize(self) -> None:
        """Have the text made again for the new place."""
        self.post_message(self.Changed())

    def on_focus(self) -> None:
        """Have the screen show that keys move here, and all that is told."""
        self.post_message(self.Changed())

    def on_blur(self) -> None:
        """Have it show that they no longer do."""
        self.post_message(self.Changed())

    @property
    def empty(self) -> bool:
        """Return whether nothing is told here."""
        return not any(part.count for part in self._parts)

    def entitle(self, name: str) -> None:
        """Name what is told; something else is told from its beginning."""
        if name != self._called:
            self._called = name
            self._scroll.scroll_to(y=0, animate=False, force=True)

    def settle(self, *, chosen: bool) -> None:
        """Leave no place for what is not told, and draw the rule; `chosen`: keys move here, and
        could move elsewhere.
        """
        self._chosen = chosen
        for part in self._parts:
            part.display = bool(part.count)
        self.mark()

    def mark(self) -> None:
        """Draw the rule: its name, whether keys move here, how much is above and below."""
        told: Sequence[Line] = ()
        if self._called or not self.empty:
            rule = rows.rule(self._called, max(0, self.size.width - len(beyond := self._beyond())))
            if self._chosen:
                rule = FOCUSED + rule[len(FOCUSED) :]
            told = [((rule + beyond, "accent" if self._chosen else "idle"),)]
        self._rule.show(told, plain=self._plain)

    def _beyond(self) -> str:
        high = sum(part.count for part in self._parts)
        high += sum(bool(part.count) for part in self._parts[1:])  # an empty line before each
        above = int(self._scroll.scroll_y)
        below = max(0, high - above - self._scroll.size.height)
        words = [f"↑ {above}"] * (above > 0) + [f"↓ {below}"] * (below > 0)
        return f" {' '.join(words)} ─" if words and self._scroll.size.height else ""

    def action_move(self, by: int) -> None:
        """Scroll by some lines."""
        self._scroll.scroll_relative(y=by, animate=False, force=True)

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self.action_move(by * max(1, self._scroll.size.height - 1))

    def action_first(self) -> None:
        """Show the beginning."""
        self._scroll.scroll_to(y=0, animate=False, force=True)

    def action_last(self) -> None:
        """Show the end."""
        self._scroll.scroll_to(y=self._scroll.max_scroll_y, animate=False, force=True)
