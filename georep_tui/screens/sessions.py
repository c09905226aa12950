"""Screen 1: is anything wrong anywhere?"""

from collections.abc import Sequence

from engine.state import State
from georep_tui import attention, columns, detail, keymap, orders, rows, tables, ticket
from georep_tui.columns import Column
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.screens.ranked import Ranked

NOTHING: tuple[Line, ...] = (
    (("", ""),),
    (("Make one with", ""),),
    (("    georep create VOLUME [USER@]HOST::VOLUME", "accent"),),
    (("and start it with", ""),),
    (("    georep start NAME", "accent"),),
)
HERE = "or here: {session.new} makes one, {session.start} starts it."
"""What is so where sessions can be changed."""
NO_ENGINE: tuple[Line, ...] = (
    (("no engine has spoken yet", "strong"),),
    (("", ""),),
    (("Sessions are supervised by", ""),),
    (("    georep-engine run", "accent"),),
    (("The console shows them as soon as it answers.", ""),),
    (("", ""),),
)
MATTERS = 200
"""Lines of what needs attention that are told at most."""


class SessionsScreen(Ranked):
    """All sessions, and what needs somebody."""

    BINDINGS = keymap.bindings(Where.SESSIONS)  # type: ignore[assignment]
    NAME = "sessions"
    FIRST = orders.SESSION

    def crumb(self) -> str:
        """Return where we are."""
        return "all sessions"

    def draw(self, picture: State, now: float) -> None:
        """Fill the body."""
        self.set_class(not picture.sessions, "-empty")
        if not picture.sessions:
            spoken = any(engine.started for engine in picture.engines.values())
            why = self._silent(self.size.width - 2, "warn")
            ours = self._nothing() if spoken else [*NO_ENGINE, *why]
            self.say("empty", self.console.silence() or ours)
            return
        names = self.in_order(picture.sessions, lambda: orders.sessions(picture, self.sorting, now))
        table = tables.sessions(picture, now, self.across, names)
        self.headed(table)
        self.records.show(tables.matching(table, self.wanted).rows)
        if self.console.sought in picture.sessions:
            self.records.go_to(self.console.sought)
            self.console.sought = None
        self._attention(picture, now)
        self._side(picture, now)

    def columns(self) -> Sequence[Column]:
        """Return the columns that are shown."""
        return columns.of_sessions(self.across)

    def _attention(self, picture: State, now: float) -> None:
        found = attention.matters(picture, now)
        self.entitle("left", "needs attention")
        width = self.room("left")
        said = [(((" ", ""), *part)) for part in self._silent(width - 2, "bad")]
        said += attention.lines(found, width, max(1, MATTERS - len(said)))
        nothing: list[Line] = [((" nothing needs you", "ok"),)]
        self.say("body", said or nothing)

    def _nothing(self) -> list[Line]:
        """Return how there come to be sessions."""
        steward = self.console.steward
        where = (steward and steward.where) or "this node"
        if steward is not None and steward.several:
            where = "these nodes"
        said = [((f"no sessions on {where}", "strong"),), *NOTHING]
        if steward is not None:
            said += [(("", ""),), ((self.console.keyboard.spoken(HERE), ""),)]
        return said

    def _silent(self, width: int, meaning: str) -> list[Line]:
        """Return why engines do not answer."""
        return [
            ((part, meaning),)
            for words in self.console.link.lost()
            for part in rows.wrap(words, width, lines=3)
        ]

    def _side(self, picture: State, now: float) -> None:
        key = self.records.key
        if not self.has_class("-wide") or key is None or key not in picture.sessions:
            return
        self.entitle("upper", tables.title(key, picture.sessions[key]))
        self.say("side", detail.session(picture, key, now, self.room("right")))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what works now; while a filter is typed, every letter belongs to it."""
        if action in ("copy", "events"):
            return not self.filtering and self.records.key is not None
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Copy the session under the cursor, in one line."""
        key = self.records.key
        session = self.console.picture.sessions.get(key or "")
        if key is not None and session is not None:
            self.console.copy(ticket.session(key, session, self.console.now))

    def action_failures(self) -> None:
        """Show the failures of the session under the cursor."""
        self.console.open_failures(self.records.key)

    def action_open(self) -> None:
        """Show the workers of the session under the cursor."""
        self.console.open_session(self.records.key)

    def action_events(self) -> None:
        """Show what happened in the session under the cursor."""
        self.console.open_events(self.records.key or "")
