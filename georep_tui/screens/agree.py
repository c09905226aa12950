"""What stands between an upper-case key and what it does: what that would be, and a yes or a no."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from georep_tui import keymap
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.lines import Lines

WIDTH = 64
"""Cells for what is told."""


class AgreeScreen(ModalScreen[bool]):
    """Tells what would be done, over the screen it was called from; gives whether it shall be."""

    BINDINGS = keymap.bindings(Where.AGREE)  # type: ignore[assignment]

    def __init__(self, told: Sequence[Line], *, plain: bool) -> None:
        super().__init__()
        self._told, self._plain = told, plain

    def compose(self) -> ComposeResult:
        """Make the block of text and the line of keys."""
        with Vertical(id="asked"):
            yield Lines(id="told")
        yield KeyBar(plain=self._plain)

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one("#told", Lines).show(self._told, plain=self._plain)

    def action_agree(self) -> None:
        """Have it done."""
        self.dismiss(True)

    def action_close(self) -> None:
        """Leave all as it is."""
        self.dismiss(False)


class NameInput(Input):
    """One line for the name of a file."""

    BINDINGS = keymap.bindings(Where.NAME)  # type: ignore[assignment]

    def action_close(self) -> None:
        """Write nothing."""
        self.screen.dismiss(None)


class NameScreen(ModalScreen[str | None]):
    """Tells what would be written, and asks where to; gives what was typed."""

    INPUT: type[Input] = NameInput

    def __init__(self, told: Sequence[Line], name: str, *, plain: bool) -> None:
        super().__init__()
        self._told, self._name, self._plain = told, name, plain

    def compose(self) -> ComposeResult:
        """Make the block of text, the line to type into, and the line of keys."""
        with Vertical(id="asked"):
            yield Lines(id="told")
            yield self.INPUT(self._name, id="name", compact=True)
        yield KeyBar(plain=self._plain)

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one("#told", Lines).show(self._told, plain=self._plain)
        self.query_one(Input).cursor_blink = False

    @on(Input.Submitted)
    def _write(self, typed: Input.Submitted) -> None:
        self.dismiss(typed.value)


class PathInput(Input):
    """One line for a path on the secondary."""

    BINDINGS = keymap.bindings(Where.PATH)  # type: ignore[assignment]

    def action_close(self) -> None:
        """Leave it where it is."""
        self.screen.dismiss(None)


class PathScreen(NameScreen):
    """Tells who would be brought back, and asks where to; gives what was typed."""

    INPUT = PathInput
