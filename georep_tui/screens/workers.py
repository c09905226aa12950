"""Screen 2: what is each brick doing, and waiting for?"""

from engine import figures
from engine.state import SessionState, State
from georep_tui import detail, keymap, rows, tables
from georep_tui.keymap import Where
from georep_tui.rows import Line
from georep_tui.screens.page import Page


class WorkersScreen(Page):
    """The workers of one session, and all about one of them."""

    BINDINGS = keymap.bindings(Where.WORKERS)  # type: ignore[assignment]
    NAME = "workers"

    def crumb(self) -> str:
        """Return where we are."""
        scope = self.console.scope
        session = self.console.picture.sessions.get(scope) if scope else None
        return tables.title(scope, session) if scope and session else scope or "no session"

    def draw(self, picture: State, now: float) -> None:
        """Fill the body."""
        scope = self.console.scope
        session = picture.sessions.get(scope) if scope else None
        self.set_class(session is None or not session.workers, "-empty")
        if session is None or not session.workers:
            self.say("empty", _why_empty(scope, session))
            return
        table = tables.workers(session, now, self.size.width)
        self.say("head", [table.head])
        if pointed := self.console.pointed:
            self.console.pointed, self.records.key = "", pointed
            self.narrow("")
        self.records.show(tables.matching(table, self.wanted).rows)
        name = self.records.key
        if name in session.workers:
            self._worker(session, name, now)

    def _worker(self, session: SessionState, name: str, now: float) -> None:
        worker, width = session.workers[name], self.room("left")
        peer = f" → {worker.connected.peer}" if worker.connected else ""
        self.say("title", [((rows.rule(name + peer, width), "idle"),)])
        self.say("body", detail.worker(session, name, now, width))
        own: Line = ((rows.rule("this worker", width), "idle"),)
        self.say("more", [own, *detail.more(session, name, width)])
        if self.has_class("-wide"):
            side = self.room("right")
            half = max(3, self.query_one("#below").size.height // 2)
            lines: list[Line] = [((rows.rule("last batches", side), "idle"),)]
            lines += detail.batches(worker, side)[: half - 1]
            lines += [(), ((rows.rule("last jobs", side), "idle"),)]
            lines += detail.jobs(worker, side)
            self.say("side", lines)

    def action_open(self) -> None:
        """Give the whole screen to the worker under the cursor."""
        self.add_class("-detail")
        self._settle()

    def action_events(self) -> None:
        """Show what happened to the worker under the cursor."""
        self.console.open_events(self.console.scope or "", self.records.key or "")

    def action_failures(self) -> None:
        """Show the failures of the worker under the cursor."""
        self.console.open_failures(self.console.scope, self.records.key or "")

    def can_open(self) -> bool:
        """Return whether there is a row to open."""
        return super().can_open() and not self.has_class("-detail")

    def can_leave(self) -> bool:
        """Return whether there is a step back: there always is."""
        return True

    def leave(self) -> None:
        """Go back to the table, or to the sessions."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self._settle()
        else:
            self.console.action_go("sessions")

    def _settle(self) -> None:
        self.refresh_bindings()
        self.call_after_refresh(self.redraw)


def _why_empty(scope: str | None, session: SessionState | None) -> list[Line]:
    if session is None:
        told = f"the session {scope} is gone" if scope else "no session is chosen"
        return [((rows.plain(told), "strong"),), (), (("1 shows all sessions.", ""),)]
    lines: list[Line] = [(("no worker has spoken yet", "strong"),), ()]
    for node, blocked in session.blocked.items():
        lines.append(((f"{node}: {rows.plain(blocked.words)}", "bad"),))
        lines.append(((rows.plain(blocked.fix), "accent"),))
    if not session.blocked and figures.session_status(session) is figures.Status.STOPPED:
        lines.append(
            (("It is not started:  ", ""), (rows.plain(f"georep start {scope}"), "accent"))
        )
    return lines
