"""The help: every key, those of the screen below first; and what the words on that screen mean."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.screen import ModalScreen

from georep_tui import glossary, keymap
from georep_tui.key import Key, Where
from georep_tui.keyboard import Keyboard
from georep_tui.rows import Line, ascii_only
from georep_tui.widgets.lines import Lines

PLACES = {glossary.ASIDE: Where.ASIDE.value}
"""What stands over the keys of a screen that is called otherwise."""
WIDTH = 59
"""Cells for what is told."""
KEYS, BLOCK = 7, 64
"""Cells for keys, at least; and for all, with those."""


class HelpScreen(ModalScreen[None]):
    """Shows all keys over the screen it was called from, or its words."""

    BINDINGS = keymap.bindings(Where.HELP)  # type: ignore[assignment]

    def __init__(self, keys: Sequence[Key], *, first: str, keyboard: Keyboard, plain: bool) -> None:
        super().__init__()
        self._keyboard = keyboard
        self._keys, self._first, self._plain = keys, first, plain
        longest = max(len(self._as_drawn(key.shown)) for key in keys)
        self._wide = min(max(KEYS, longest + 1), KEYS + 16)
        self._words = False
        """Whether words are told, and not keys."""

    def compose(self) -> ComposeResult:
        """Make the one block of text."""
        with Vertical(id="keys"):
            yield Lines(id="told")

    def on_mount(self) -> None:
        """Tell the keys; what is told beside long ones has as much room as beside others."""
        self.query_one("#keys").styles.width = BLOCK + self._wide - KEYS
        self._tell()

    def _tell(self) -> None:
        lines = self._of_words() if self._words else self._of_keys()
        block = self.query_one("#keys")
        block.set_class(len(lines) + 2 > self.size.height, "-long")
        self.query_one("#told", Lines).show(lines, plain=self._plain)
        block.scroll_home(animate=False)

    def _of_keys(self) -> list[Line]:
        lines: list[Line] = []
        first = PLACES.get(self._first, self._first)
        for place, keys in keymap.helped(self._keys, first=first):
            for at, (key, words) in enumerate(keys):
                head = place if at == 0 else ""
                lines.append(
                    (
                        (f"{head:12}", "idle"),
                        (f"{self._as_drawn(key):{self._wide}}", "accent"),
                        (words, ""),
                    )
                )
        return [*self._head("keys", "what the words on this screen mean"), *lines]

    def _as_drawn(self, key: str) -> str:
        return ascii_only(key) if self._plain else key

    def _of_words(self) -> list[Line]:
        told = glossary.lines(self._first, WIDTH, self._keyboard)
        return [*self._head("words", "the keys"), *told]

    def _head(self, name: str, other: str) -> list[Line]:
        key = self._keyboard.first("help.words")
        return [((f"{name:12}", "strong"), (f"{key}: {other}", "accent")), ()]

    def action_words(self) -> None:
        """Tell what the words on the screen below mean, or the keys again."""
        self._words = not self._words
        self._tell()

    def on_click(self, click: Click) -> None:
        """Close it when what is beside it was clicked."""
        if click.widget is self:
            self.action_close()

    def action_scroll(self, by: int) -> None:
        """Show what is further down, or up."""
        block = self.query_one("#keys")
        block.scroll_relative(y=by * max(1, block.size.height - 1), animate=False)

    def action_close(self) -> None:
        """Go back to the screen below."""
        self.dismiss()
