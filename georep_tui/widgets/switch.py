"""A yes or a no that an operator can turn, drawn with letters that every terminal has."""

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from georep_tui import keymap
from georep_tui.key import Where


class Switch(Static, can_focus=True):
    """One line: `[x] words`."""

    BINDINGS = keymap.bindings(Where.FORM) + keymap.bindings(Where.SWITCH)  # type: ignore[assignment]
    DEFAULT_CSS = """
    Switch { height: 1; text-wrap: nowrap; }
    Switch:focus { background: $cursor; text-style: bold; }
    """

    class Changed(Message):
        """It was turned."""

    def __init__(self, words: str, *, id: str, on: bool = False) -> None:
        super().__init__(id=id, markup=False)
        self._words, self.on = words, on

    def on_mount(self) -> None:
        """Show how it is."""
        self._show()

    def turn(self) -> None:
        """Make a yes of a no, or the other way round."""
        self.on = not self.on
        self._show()
        self.post_message(self.Changed())

    def action_switch(self) -> None:
        """Turn it."""
        self.turn()

    def on_click(self, _click: Click) -> None:
        """Turn it."""
        self.turn()

    def _show(self) -> None:
        self.update(Content(f"[{'x' if self.on else ' '}] {self._words}"))
