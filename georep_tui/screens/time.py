"""Where the operator types a time to go to."""

from textual import on
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input

from georep_tui import keymap
from georep_tui.keymap import Where
from georep_tui.widgets.lines import Lines

HINT = "11:40  11:40:05  2026-05-01 11:40, UTC"


class TimeInput(Input):
    """One line for a time."""

    BINDINGS = keymap.bindings(Where.TIME)  # type: ignore[assignment]

    def action_close(self) -> None:
        """Go nowhere."""
        self.screen.dismiss(None)


class TimeScreen(ModalScreen[str | None]):
    """Asks for a time, over the screen it was called from; gives what was typed."""

    def __init__(self, *, plain: bool) -> None:
        super().__init__()
        self._plain = plain

    def compose(self) -> ComposeResult:
        """Make the line and what it takes."""
        yield TimeInput(id="time", placeholder="go to", compact=True)
        yield Lines(id="hint")

    def on_mount(self) -> None:
        """Say what it takes."""
        self.query_one("#hint", Lines).show([((HINT, "idle"),)], plain=self._plain)

    @on(Input.Submitted)
    def _go(self, typed: Input.Submitted) -> None:
        self.dismiss(typed.value)
