"""Screen 2: what is each brick doing, and waiting for?"""

from collections.abc import Sequence

from engine import figures
from engine.state import SessionState, State
from georep_tui import columns, detail, keymap, orders, rows, tables, ticket
from georep_tui.columns import Column
from georep_tui.key import Where
from georep_tui.keyboard import Keyboard
from georep_tui.rows import Line
from georep_tui.screens.ranked import Ranked


class WorkersScreen(Ranked):
    """The workers of one session, and all about one of them."""

    BINDINGS = keymap.bindings(Where.WORKERS)  # type: ignore[assignment]
    NAME = "workers"
    FIRST = orders.BRICK

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
            self.say("empty", _why_empty(scope, session, self.console.keyboard))
            return
        names = self.in_order(
            session.workers, lambda: orders.workers(session, self.sorting, now), scope or ""
        )
        table = tables.workers(session, now, self.across, names)
        self.headed(table)
        if pointed := self.console.pointed:
            self.console.pointed, self.records.key = "", pointed
            self.narrow("")
        self.records.show(tables.matching(table, self.wanted).rows)
        name = self.records.key
        if name in session.workers:
            self._worker(session, name, now)

    def columns(self) -> Sequence[Column]:
        """Return the columns that are shown."""
        return columns.of_workers(self.across)

    def _worker(self, session: SessionState, name: str, now: float) -> None:
        worker, width = session.workers[name], self.room("left")
        peer = f" → {worker.connected.peer}" if worker.connected else ""
        self.entitle("left", name + peer)
        self.say("body", detail.worker(session, name, now, width))
        own: Line = ((rows.rule("this worker", width), "idle"),)
        of_session = detail.of_session(session, now, width)
        self.say("more", [own, *of_session, *detail.more(session, name, width)])
        if self.has_class("-wide"):
            side = self.room("right")
            self.entitle("upper", "last batches")
            self.say("side", detail.batches(worker, side))
            self.entitle("lower", "last jobs")
            self.say("low", detail.jobs(worker, side))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what works now; while a filter is typed, every letter belongs to it."""
        if action in ("copy", "events"):
            return not self.filtering and self.records.key is not None
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Copy the worker under the cursor, in one line."""
        scope, name = self.console.scope or "", self.records.key or ""
        session = self.console.picture.sessions.get(scope)
        if session is not None and name in session.workers:
            self.console.copy(ticket.worker(scope, session, name, self.console.now))

    def action_open(self) -> None:
        """Give the whole screen to the worker under the cursor."""
        self.add_class("-detail")
        self.settle()

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
            self.settle()
        else:
            self.console.action_go("sessions")


def _why_empty(scope: str | None, session: SessionState | None, keys: Keyboard) -> list[Line]:
    if session is None:
        told = f"the session {scope} is gone" if scope else "no session is chosen"
        words = keys.spoken("{go.sessions} shows all sessions.")
        return [((rows.plain(told), "strong"),), (), ((words, ""),)]
    lines: list[Line] = [(("no worker has spoken yet", "strong"),), ()]
    for node, blocked in session.blocked.items():
        lines.append(((f"{node}: {rows.plain(blocked.words)}", "bad"),))
        lines.append(((rows.plain(blocked.fix), "accent"),))
    if not session.blocked and figures.session_status(session) is figures.Status.STOPPED:
        lines.append(
            (("It is not started:  ", ""), (rows.plain(f"georep start {scope}"), "accent"))
        )
    return lines
