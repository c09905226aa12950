"""The palette: everything that can be done or gone to, found by typing."""

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from georep_tui import keymap, palette
from georep_tui.key import Where
from georep_tui.palette import Entry
from georep_tui.rows import ascii_only
from georep_tui.tables import Row
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.record_list import RecordList

HINT = "session, worker, screen, filter, theme …"
SHOWN = 200
"""Entries listed at most."""


class PaletteInput(Input):
    """One line for what is meant."""

    BINDINGS = keymap.bindings(Where.PALETTE)  # type: ignore[assignment]

    def action_move(self, by: int) -> None:
        """Move the cursor in the list."""
        self.screen.query_one(RecordList).action_move(by)

    def action_close(self) -> None:
        """Do nothing."""
        self.screen.dismiss(None)


class PaletteScreen(ModalScreen[Entry | None]):
    """Lists what is meant by what is typed; gives the entry that was chosen."""

    def __init__(
        self, offered: Callable[[str], Sequence[Entry]], *, typed: str, plain: bool
    ) -> None:
        """`offered` gives the entries for what is typed; `typed` stands there to begin with."""
        super().__init__()
        self._offered, self._typed, self._plain = offered, typed, plain
        self._entries: Sequence[Entry] = ()

    def compose(self) -> ComposeResult:
        """Make the line to type into, and the list."""
        with Vertical(id="palette"):
            hint = ascii_only(HINT) if self._plain else HINT
            yield PaletteInput(self._typed, placeholder=hint, compact=True)
            yield RecordList(id="offered", plain=self._plain)
        yield KeyBar(plain=self._plain)

    def on_mount(self) -> None:
        """Let the line have all that is typed."""
        self.query_one(RecordList).can_focus = False
        line = self.query_one(PaletteInput)
        line.cursor_blink, line.select_on_focus = False, False
        line.focus()
        self.call_after_refresh(self._list)

    def on_resize(self) -> None:
        """Fit the list into the new size."""
        self.call_after_refresh(self._list)

    @on(Input.Changed)
    def _list(self) -> None:
        shown, width = self.query_one(RecordList), self.query_one(RecordList).size.width
        self._entries = self._offered(self.query_one(PaletteInput).value)[:SHOWN]
        made = [Row(str(at), palette.line(entry, width)) for at, entry in enumerate(self._entries)]
        shown.show(made)
        shown.select(0)

    @on(Input.Submitted)
    def _choose(self) -> None:
        key = self.query_one(RecordList).key
        if self._entries and key is not None:
            self.dismiss(self._entries[int(key)])

    def action_open(self) -> None:
        """Take what was clicked twice."""
        self._choose()
