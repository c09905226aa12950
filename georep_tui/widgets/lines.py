"""A block of lines that is drawn again only when it says something else."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from georep_tui.rows import Line
from georep_tui.theme import paint


class Lines(Static):
    """Shows lines of text and meaning; never markup."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._shown: tuple[Line, ...] | None = None

    @property
    def count(self) -> int:
        """How many lines are shown."""
        return len(self._shown or ())

    def show(self, lines: Sequence[Line], *, plain: bool) -> None:
        """Show these lines; nothing happens when they are the same as before."""
        if (wanted := tuple(lines)) == self._shown:
            return
        taller = self._shown is None or len(wanted) != len(self._shown)
        self._shown = wanted
        text = Content("\n").join(paint(line, plain=plain) for line in wanted)
        self.update(text, layout=taller)
