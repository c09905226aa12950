"""Screen 1: is anything wrong anywhere?"""

from engine.state import State
from georep_tui import attention, detail, keymap, rows, tables
from georep_tui.keymap import Where
from georep_tui.rows import Line
from georep_tui.screens.page import Page

NOTHING: tuple[Line, ...] = (
    (("no sessions on this node", "strong"),),
    (("", ""),),
    (("Make one with", ""),),
    (("    georep create VOLUME [USER@]HOST::VOLUME", "accent"),),
    (("and start it with", ""),),
    (("    georep start NAME", "accent"),),
)
HERE: tuple[Line, ...] = ((("", ""),), (("or here: N makes one, S starts it.", ""),))
"""What is so where sessions can be changed."""
NO_ENGINE: tuple[Line, ...] = (
    (("no engine has spoken yet", "strong"),),
    (("", ""),),
    (("Sessions are supervised by", ""),),
    (("    georep-engine run", "accent"),),
    (("The console shows them as soon as it answers.", ""),),
    (("", ""),),
)


class SessionsScreen(Page):
    """All sessions, and what needs somebody."""

    BINDINGS = keymap.bindings(Where.SESSIONS)  # type: ignore[assignment]
    NAME = "sessions"

    def crumb(self) -> str:
        """Return where we are."""
        return "all sessions"

    def draw(self, picture: State, now: float) -> None:
        """Fill the body."""
        self.set_class(not picture.sessions, "-empty")
        if not picture.sessions:
            spoken = any(engine.started for engine in picture.engines.values())
            room = self.size.width - 2
            lost = self.console.link.lost()
            why = [((part, "warn"),) for words in lost for part in rows.wrap(words, room, lines=3)]
            ours = NOTHING if spoken else [*NO_ENGINE, *why]
            here = HERE if spoken and self.console.steward else ()
            self.say("empty", self.console.silence() or [*ours, *here])
            return
        table = tables.sessions(picture, now, self.size.width)
        self.say("head", [table.head])
        self.records.show(tables.matching(table, self.wanted).rows)
        if self.console.sought in picture.sessions:
            self.records.go_to(self.console.sought)
            self.console.sought = None
        self._attention(picture, now)
        self._side(picture, now)

    def _attention(self, picture: State, now: float) -> None:
        width = self.room("left")
        room = max(1, self.query_one("#below").size.height - 1)
        found = attention.matters(picture, now)
        self.say("title", [((rows.rule("needs attention", width), "idle"),)])
        nothing: list[Line] = [((" nothing needs you", "ok"),)]
        self.say("body", attention.lines(found, width, room) if found else nothing)

    def _side(self, picture: State, now: float) -> None:
        key = self.records.key
        if not self.has_class("-wide") or key is None or key not in picture.sessions:
            return
        width = self.room("right")
        name = tables.title(key, picture.sessions[key])
        lines: list[Line] = [((rows.rule(name, width), "idle"),)]
        self.say("side", [*lines, *detail.session(picture, key, now, width)])

    def action_failures(self) -> None:
        """Show the failures of the session under the cursor."""
        self.console.open_failures(self.records.key)

    def action_open(self) -> None:
        """Show the workers of the session under the cursor."""
        self.console.open_session(self.records.key)

    def action_events(self) -> None:
        """Show what happened in the session under the cursor."""
        self.console.open_events(self.records.key or "")
