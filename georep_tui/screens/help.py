"""The help: every key, told by the key map itself, those of the screen below first."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from georep_tui import keymap
from georep_tui.keymap import Key, Where
from georep_tui.rows import Line, ascii_only
from georep_tui.widgets.lines import Lines


class HelpScreen(ModalScreen[None]):
    """Shows all keys over the screen it was called from."""

    BINDINGS = keymap.bindings(Where.HELP)  # type: ignore[assignment]

    def __init__(self, keys: Sequence[Key], *, first: str, plain: bool) -> None:
        super().__init__()
        self._keys, self._first, self._plain = keys, first, plain

    def compose(self) -> ComposeResult:
        """Make the one block of text."""
        with Vertical(id="keys"):
            yield Lines(id="told")

    def on_mount(self) -> None:
        """Fill it."""
        lines: list[Line] = []
        for place, keys in keymap.helped(self._keys, first=self._first):
            for at, (key, words) in enumerate(keys):
                head = place if at == 0 else ""
                lines.append(
                    (
                        (f"{head:12}", "idle"),
                        (f"{ascii_only(key) if self._plain else key:7}", "accent"),
                        (words, ""),
                    )
                )
        self.query_one("#keys").set_class(len(lines) + 2 > self.size.height, "-long")
        self.query_one("#told", Lines).show(lines, plain=self._plain)

    def action_scroll(self, by: int) -> None:
        """Show what is further down, or up."""
        block = self.query_one("#keys")
        block.scroll_relative(y=by * max(1, block.size.height - 1), animate=False)

    def action_close(self) -> None:
        """Go back to the screen below."""
        self.dismiss()
