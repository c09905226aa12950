"""The help: every key, told by the key map itself."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.screen import ModalScreen

from georep_tui import keymap
from georep_tui.keymap import Key, Where
from georep_tui.rows import Line, ascii_only
from georep_tui.widgets.lines import Lines


class HelpScreen(ModalScreen[None]):
    """Shows all keys over the screen it was called from."""

    BINDINGS = keymap.bindings(Where.HELP)  # type: ignore[assignment]

    def __init__(self, keys: Sequence[Key], *, plain: bool) -> None:
        super().__init__()
        self._keys, self._plain = keys, plain

    def compose(self) -> ComposeResult:
        """Make the one block of text."""
        yield Lines(id="keys")

    def on_mount(self) -> None:
        """Fill it."""
        lines: list[Line] = []
        for place, keys in keymap.helped(self._keys):
            for at, (key, words) in enumerate(keys):
                head = place if at == 0 else ""
                lines.append(
                    (
                        (f"{head:12}", "idle"),
                        (f"{ascii_only(key) if self._plain else key:7}", "accent"),
                        (words, ""),
                    )
                )
        block = self.query_one("#keys", Lines)
        block.set_class(len(lines) + 2 > self.size.height, "-long")
        block.show(lines, plain=self._plain)

    def action_close(self) -> None:
        """Go back to the screen below."""
        self.dismiss()
