"""Where the operator types one line: a time to go to, words to find."""

from textual import on
from textual.app import ComposeResult
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Input

from georep_tui import keymap
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.widgets.lines import Lines


class LineInput(Input):
    """The line."""

    BINDINGS = keymap.bindings(Where.TIME)  # type: ignore[assignment]

    def action_close(self) -> None:
        """Go nowhere."""
        self.screen.dismiss(None)


class LineScreen(ModalScreen[str | None]):
    """Asks for one line, over the screen it was called from; gives what was typed."""

    def __init__(self, asked: str, hint: str, *, typed: str = "", plain: bool) -> None:
        super().__init__()
        self._asked, self._typed, self._plain = asked, typed, plain
        self._hint: Line = ((hint, "idle"),)

    def compose(self) -> ComposeResult:
        """Make the line and what it takes."""
        yield LineInput(self._typed, id="line", placeholder=self._asked, compact=True)
        yield Lines(id="hint")

    def on_mount(self) -> None:
        """Say what it takes."""
        self.query_one("#hint", Lines).show([self._hint], plain=self._plain)

    def on_click(self, click: Click) -> None:
        """Close it when what is beside it was clicked."""
        if click.widget is self:
            self.dismiss(None)

    @on(Input.Submitted)
    def _go(self, typed: Input.Submitted) -> None:
        self.dismiss(typed.value)


class TimeScreen(LineScreen):
    """Asks for a time."""

    def __init__(self, *, plain: bool) -> None:
        super().__init__("go to", "11:40  11:40:05  2026-05-01 11:40, UTC", plain=plain)


class FindScreen(LineScreen):
    """Asks for words."""

    def __init__(self, typed: str, *, plain: bool) -> None:
        super().__init__("find", "words, !without, in the whole replay", typed=typed, plain=plain)
