"""A list and its panes: in which one keys move, which one fills the screen, how wide rows are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.screen import Screen
from textual.widget import Widget

from georep_tui import keymap, sliding, sorting
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.sliding import FULL, STEP, Slide
from georep_tui.widgets.lines import Lines
from georep_tui.widgets.pane import Pane
from georep_tui.widgets.record_list import RecordList

if TYPE_CHECKING:
    from georep_tui.app import Console

_ZOOMS = ("-zoom-list", "-zoom-left", "-zoom-upper", "-zoom-lower")


class Paned(Screen[None]):
    """Shows a list, and panes of what belongs to its current row."""

    BINDINGS = keymap.bindings(Where.PANES)  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.spread = False
        """Whether rows are told in full, wider than the screen."""
        self._by = 0
        self._heads: Sequence[Line] = ()
        self._keep = 0

    @property
    def console(self) -> "Console":
        """The application."""
        from georep_tui.app import Console  # the application knows its screens

        assert isinstance(self.app, Console)
        return self.app

    @property
    def records(self) -> RecordList:
        """The table of this screen."""
        return self.query_one("#list", RecordList)

    @property
    def filtering(self) -> bool:
        """Whether a filter is being typed."""
        return False

    @property
    def across(self) -> int:
        """How many cells a row has; more than the screen where rows are told in full."""
        return max(self.size.width, FULL) if self.spread else self.size.width

    @property
    def zoomed(self) -> bool:
        """Whether one part fills the screen."""
        return any(self.has_class(name) for name in _ZOOMS)

    @property
    def in_pane(self) -> bool:
        """Whether keys move in a pane while the list is shown beside it."""
        return isinstance(self.focused, Pane) and self.records in self._parts()

    @property
    def in_full(self) -> bool:
        """Whether what is below the list is told at any length: somebody reads there."""
        return self.has_class("-detail") or self.zoomed or isinstance(self.focused, Pane)

    def redraw(self) -> None:
        """Show the picture as it is now."""
        raise NotImplementedError

    def close_filter(self) -> None:
        """Type no more of a filter."""

    def head(self, lines: Sequence[Line], *, keep: int = 0) -> None:
        """Have lines above the rows: the last one has the titles of their columns, and moves with
        them, but for the first `keep` cells.
        """
        self._heads, self._keep = lines, keep

    def finish(self) -> None:
        """Draw what depends on all that is shown: the head, and the rules of the panes."""
        width, full = self.size.width, self.across
        self._by = max(0, min(self._by, full - width))
        shown, to = list(self._heads), None
        if full > width and shown:
            to = Slide(self._keep if self._keep <= width // 2 else 0, self._by)
            shown[-1] = sliding.edged(shown[-1], width, to, full=full)
        self.records.slide(to)
        self.query_one("#head", Lines).show(shown, plain=self.console.plain)
        alone = not isinstance(self.focused, Pane) or len(self._parts()) < 2
        for pane in self.query(Pane):
            pane.settle(chosen=pane is self.focused and not alone)

    def title_at(self, x: int, titles: Sequence[str]) -> str | None:
        """Return the column whose title stands at, or nearest to, a cell of the head."""
        if not self._heads:
            return None
        to = self.records.slide_now
        at = x + to.by if to is not None and x >= to.keep else x
        return sorting.column_at(self._heads[-1], titles, at)

    def entitle(self, pane: str, name: str) -> None:
        """Name what a pane tells."""
        self.query_one(f"#{pane}", Pane).entitle(name)

    def refocus(self, *, anew: bool = False) -> None:
        """Have keys move where something is shown; `anew`: at the first place of these."""
        parts = self._parts()
        if parts and not self.filtering and (anew or self.focused not in parts):
            parts[0].focus()

    def _parts(self) -> list[Widget]:
        """Return what keys can move in now, from the top."""
        return [
            each
            for each in self.focus_chain
            if isinstance(each, RecordList) or (isinstance(each, Pane) and not each.empty)
        ]

    def action_pane(self, by: int) -> None:
        """Have keys move in the next pane, or in the one before."""
        if self.filtering:
            self.close_filter()
            return
        parts = self._parts()
        if parts:
            at = parts.index(self.focused) if self.focused in parts else -by
            parts[(at + by) % len(parts)].focus()

    def action_zoom(self) -> None:
        """Fill the screen with the part that keys move in, or show all again."""
        if self.zoomed:
            self.unzoom()
            return
        part = self.focused if isinstance(self.focused, Pane) else self.records
        self.add_class(f"-zoom-{part.id}")
        self.turn()

    def unzoom(self) -> None:
        """Show all parts again."""
        self.remove_class(*_ZOOMS)
        self.turn()

    def action_wide(self) -> None:
        """Tell rows in full, or as wide as the screen again."""
        self.spread, self._by = not self.spread, 0
        self.redraw()
        self.refresh_bindings()

    def action_slide(self, by: int) -> None:
        """Show what is further right, or left."""
        self._by += STEP * by
        self.redraw()

    def turn(self) -> None:
        """Show what has another place now."""
        self.refresh_bindings()
        self.call_after_refresh(self._show_again)

    def _show_again(self) -> None:
        self.redraw()
        self.refocus()

    @on(Pane.Changed)
    def _refit(self) -> None:
        """Make the text of the panes again for their new place."""
        self.call_after_refresh(self.redraw)
