"""Where an operator chooses, from what was found to differ, what is sent again."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from engine.plan.steps import Told
from engine.session.errands import Differed
from georep_tui import asking, differing, keymap, rows
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.screens.listed import ListedScreen
from georep_tui.screens.steps import carry_out, say
from georep_tui.steward import Steward

if TYPE_CHECKING:
    from georep_tui.app import Console


class DifferencesScreen(ListedScreen[Collection[str]]):
    """Lists what differs; gives the paths that were sent again and are equal now."""

    BINDINGS = keymap.bindings(Where.DIFFERENCES)  # type: ignore[assignment]

    def __init__(
        self, steward: Steward, name: str, found: Sequence[Differed], *, plain: bool
    ) -> None:
        super().__init__(plain=plain)
        self._steward, self._session = steward, name
        self._places = dict(differing.places(found))
        self._marked: set[str] = set()
        self._sent: set[str] = set()

    def on_mount(self) -> None:
        """Show them."""
        self.call_after_refresh(self.redraw)

    def draw(self, width: int) -> None:
        """Show what differs, and how the one under the cursor is on both sides."""
        title = f" differences of session {rows.plain(self._session)}"
        counts = differing.counts(self._places, self._marked)
        table = differing.table(self._places, self._marked, width)
        self.show(((title, "strong"), *counts), differing.head(width), table)
        path = self._path()
        rule: Line = ((rows.rule(rows.verbatim(path or ""), width), "idle"),)
        self.about([rule, *(differing.told(self._places[path], width) if path else [])])

    def _path(self) -> str | None:
        key = self.table.key
        return key if key in self._places else None

    def action_mark(self) -> None:
        """Mark what is under the cursor, or no longer, and go on to the next."""
        path = self._path()
        if path is not None:
            self._marked ^= {path}
            self.table.action_move(1)
            self.redraw()

    def action_mark_all(self) -> None:
        """Mark all of them, or none."""
        every = set(self._places)
        self._marked = set() if self._marked == every else every
        self.redraw()

    def action_copy(self) -> None:
        """Have the terminal keep the path, for a shell."""
        path = self._path()
        if path is not None:
            self.console.copy_name(path)

    def action_resend(self) -> None:
        """Look at both sides of what is marked, or is under the cursor, and ask whether to send it
        again.
        """
        if any(each.group == "decisions" and not each.is_finished for each in self.workers):
            return
        meant: set[str | None] = {*self._marked} or {self._path()}
        paths = [path for path in self._places if path in meant]
        if len(paths) > differing.MOST:
            say(self, f"the first {differing.MOST} of {rows.grouped(len(paths))}")
        if paths:
            self.run_worker(self._resend(paths[: differing.MOST]), group="decisions")

    async def _resend(self, paths: Sequence[str]) -> None:
        async def ask(tokens: Sequence[str]) -> Sequence[Told]:
            told = await self._steward.resend(self._session, paths, tokens)
            self._sent |= {each.step.name for each in told if each.done}
            return told

        if await carry_out(self, asking.resend, ask):
            self._places = {
                path: each for path, each in self._places.items() if path not in self._sent
            }
            self._marked &= self._places.keys()
            if self._places:
                self.redraw()
            else:
                self.dismiss(self._sent)

    def action_close(self) -> None:
        """Go back; what is under way ends, and a worker takes up what it had begun."""
        self.dismiss(self._sent)

    @property
    def console(self) -> "Console":
        """The application."""
        from georep_tui.app import Console  # the application knows its screens

        assert isinstance(self.app, Console)
        return self.app
