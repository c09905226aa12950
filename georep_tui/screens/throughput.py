"""Screen 4: how fast, and what limits it?"""

from collections.abc import Sequence
from dataclasses import replace

from engine.events import JobFinished
from engine.state import SessionState, State
from georep_tui import job_orders, keymap, rows, tables, throughput, wording
from georep_tui.job_orders import Order
from georep_tui.key import Where
from georep_tui.keyboard import Keyboard
from georep_tui.rows import Line
from georep_tui.screens.page import Page
from georep_tui.sorting import following
from georep_tui.throughput import Metric, View
from georep_tui.windows import Window

GRAPH, GRAPH_WIDE = 4, 9
"""Lines of the graph."""
HEAVY, HEAVY_IN_FULL = 6, 60
"""Lines for the files that cost most."""


class ThroughputScreen(Page):
    """Figures, one of them drawn over time, and the jobs of the movers."""

    BINDINGS = keymap.bindings(Where.THROUGHPUT)  # type: ignore[assignment]
    NAME = "throughput"

    def __init__(self) -> None:
        super().__init__()
        self._view = View()
        self._jobs: dict[str, JobFinished] = {}
        """Those that are shown, by the key of their row."""

    def crumb(self) -> str:
        """Return where we are."""
        scope, session = self.console.scope, self._session()
        name = tables.title(scope, session) if scope and session else scope or "no session"
        return f"{name} {self._view.brick}".rstrip()

    def draw(self, picture: State, now: float) -> None:
        """Fill the body."""
        session = self._session()
        self.set_class(session is None or not session.workers, "-empty")
        if session is None or not session.workers:
            self.say("empty", _why_empty(self.console.scope, session, self.console.keyboard))
            return
        width = self.size.width
        high = GRAPH_WIDE if self.has_class("-wide") else GRAPH
        self.say("above", throughput.above(session, self._view, now, width, high))
        table = throughput.jobs(session, self._view, self.across - 1)
        self.head([table.head])
        shown = tables.matching(table, self.wanted).rows
        known = throughput.jobs_of(throughput.of(session, self._view.brick).values())
        keys = {row.key for row in shown}
        self._jobs = {key: job for job in known if (key := throughput.key(job)) in keys}
        self.records.show(shown)
        self._below(session, known)

    def _below(self, session: SessionState, known: Sequence[JobFinished]) -> None:
        width, job = self.room("left"), self._job()
        many = HEAVY_IN_FULL if self.in_full else HEAVY
        lines = throughput.hitters(throughput.heavy(known), width, many)
        if self.has_class("-wide"):
            room, now = self.room("right"), self.console.now
            self.entitle("upper", "under way")
            self.say("side", throughput.under_way(session, self._view, now, room)[1:])
        else:
            lines += [(), *throughput.under_way(session, self._view, self.console.now, width)]
        self.say("more", lines)
        if job is None:
            title = "jobs" if self.wanted else "no job of a mover yet: small files travel without"
            self.entitle("left", title)
            self.say("body", [])
            return
        order = job_orders.told(self._view.order, turned=self._view.turned)
        self.entitle("left", f"{job.worker} · job {job.job} · {order}")
        self.say("body", throughput.about(job, width, lines=40 if self.in_full else 2))

    def _session(self) -> SessionState | None:
        scope = self.console.scope
        return self.console.picture.sessions.get(scope) if scope else None

    def _job(self) -> JobFinished | None:
        key = self.records.key
        return self._jobs.get(key) if key is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what works now; while a filter is typed, every letter belongs to it."""
        if action in ("metric", "window", "brick"):
            return not self.filtering and not self.has_class("-detail")
        if action in ("copy", "events"):
            return not self.filtering and self._job() is not None
        return super().check_action(action, parameters)

    def action_metric(self) -> None:
        """Draw the next figure."""
        self._view = replace(self._view, metric=following(list(Metric), self._view.metric))
        self.redraw()

    def action_window(self) -> None:
        """Draw it over a longer time; after the longest over the shortest."""
        self._view = replace(self._view, window=following(list(Window), self._view.window))
        self.redraw()

    def titles(self) -> Sequence[str]:
        """Return the titles of the columns that jobs can be sorted by."""
        return list(job_orders.COLUMNS)

    def sort_by(self, title: str) -> None:
        """Sort by a column; by the one that jobs are sorted by already, the other way round."""
        order, now = job_orders.COLUMNS[title], self._view
        self._sort(order, turned=order is now.order and not now.turned)

    def action_sort(self) -> None:
        """Sort the jobs another way."""
        self._sort(following(job_orders.CYCLE, self._view.order), turned=False)

    def action_reverse(self) -> None:
        """Sort them the other way round."""
        self._sort(self._view.order, turned=not self._view.turned)

    def _sort(self, order: Order, *, turned: bool) -> None:
        self._view = replace(self._view, order=order, turned=turned)
        self.redraw()
        self.records.select(0)

    def action_brick(self) -> None:
        """Show one brick after the other, and then all again."""
        session = self._session()
        names = ["", *sorted(session.workers)] if session else [""]
        self._view = replace(self._view, brick=following(names, self._view.brick))
        self.redraw()

    def action_events(self) -> None:
        """Show what happened on the brick of the job under the cursor."""
        job = self._job()
        if job is not None:
            self.console.open_events(job.session, job.worker)

    def action_copy(self) -> None:
        """Copy the job under the cursor, with all that was told of it."""
        job = self._job()
        if job is not None:
            self.console.copy(wording.whole(job))

    def action_open(self) -> None:
        """Give the whole screen to the job under the cursor."""
        self.add_class("-detail")
        self.settle()

    def can_open(self) -> bool:
        """Return whether there is a job to open."""
        return self._job() is not None and not self.has_class("-detail")

    def can_leave(self) -> bool:
        """Return whether there is a step back: there always is."""
        return True

    def leave(self) -> None:
        """Go back to the jobs, to all bricks, or to the workers."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.settle()
        elif self._view.brick:
            self._view = replace(self._view, brick="")
            self.redraw()
        else:
            self.console.action_go("workers")


def _why_empty(scope: str | None, session: SessionState | None, keys: Keyboard) -> list[Line]:
    if session is None:
        told = f"the session {scope} is gone" if scope else "no session is chosen"
        words = keys.spoken("{go.sessions} shows all sessions.")
        return [((rows.plain(told), "strong"),), (), ((words, ""),)]
    why = keys.spoken("{go.workers} says why.")
    return [(("no worker has spoken yet", "strong"),), (), ((why, ""),)]
