"""The help: every key, those of the screen below first; and what the words on that screen mean."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.screen import ModalScreen

from georep_tui import glossary, keymap
from georep_tui.keymap import Key, Where
from georep_tui.rows import Line, ascii_only
from georep_tui.widgets.lines import Lines

PLACES = {glossary.ASIDE: Where.ASIDE.value}
"""What stands over the keys of a screen that is called otherwise."""
WIDTH = 59
"""Cells for what is told."""


class HelpScreen(ModalScreen[None]):
    """Shows all keys over the screen it was called from, or its words."""

    BINDINGS = keymap.bindings(Where.HELP)  # type: ignore[assignment]

    def __init__(self, keys: Sequence[Key], *, first: str, plain: bool) -> None:
        super().__init__()
        self._keys, self._first, self._plain = keys, first, plain
        self._words = False
        """Whether words are told, and not keys."""

    def compose(self) -> ComposeResult:
        """Make the one block of text."""
        with Vertical(id="keys"):
            yield Lines(id="told")

    def on_mount(self) -> None:
        """Tell the keys."""
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
                        (f"{ascii_only(key) if self._plain else key:7}", "accent"),
                        (words, ""),
                    )
                )
        return [*_head("keys", "w: what the words on this screen mean"), *lines]

    def _of_words(self) -> list[Line]:
        return [*_head("words", "w: the keys"), *glossary.lines(self._first, WIDTH)]

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


def _head(name: str, other: str) -> list[Line]:
    return [((f"{name:12}", "strong"), (other, "accent")), ()]
