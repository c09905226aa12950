"""Screen 5: what happened, in order?"""

from engine.state import State
from georep_tui import chronicle, event_rows, keymap, tables, wording
from georep_tui.chronicle import Chronicle, Entry, Level
from georep_tui.event_rows import SHOWN, Cache
from georep_tui.key import Where
from georep_tui.replay import alerts
from georep_tui.replay.notes import AnyTold
from georep_tui.rows import Line
from georep_tui.screens.page import Page

SCROLLBAR = 1
"""Cells left free for it, whether it is there or not."""
NOTHING: tuple[Line, ...] = (
    (("nothing has happened yet", "strong"),),
    (),
    (("What engines tell stands here as soon as they tell it.", ""),),
)


class EventsScreen(Page):
    """What was told, the newest last, and all about one thing of it."""

    BINDINGS = keymap.bindings(Where.EVENTS)  # type: ignore[assignment]
    NAME = "events"

    def __init__(self) -> None:
        super().__init__()
        self._level = Level.INFO
        self._cache = Cache()
        self._entries: dict[str, Entry] = {}
        self._seen: tuple[object, ...] = ()

    def crumb(self) -> str:
        """Return where we are."""
        session, place = self.console.chosen
        where = " ".join(part for part in (session, place) if part)
        return f"events of {where}" if where else "all events"

    def draw(self, picture: State, now: float) -> None:
        """Fill the body; nothing is made again where nothing came."""
        told = self.console.chronicle
        seen = (told, told.count, self.console.chosen, self._level, self.wanted, self.across)
        if seen != self._seen:
            self._seen = seen
            self._list(told)
        self._below()

    def _list(self, told: Chronicle) -> None:
        width, (session, place) = self.across - SCROLLBAR, self.console.chosen
        kept = told.entries()
        self.set_class(not kept, "-empty")
        self.say("empty", NOTHING)
        ours = chronicle.chosen(kept, level=self._level, of_session=session, of_place=place)
        shown = self._cache.matching(ours, self.wanted)[-SHOWN:]
        made = self._cache.rows(shown, width)
        self._entries = {str(entry.serial): entry for entry in shown}
        choice = event_rows.choice(self._level, session, place, len(shown), len(kept))
        self.say("above", [choice])
        self.head([event_rows.head(width, dated=self._cache.dated)])
        self.records.show(made, follow=True)

    def _below(self) -> None:
        entry = self._entry()
        if entry is None:
            self.entitle("left", "")
            self.say("body", [])
            return
        width = self.room("left")
        self.entitle("left", wording.kind(entry.told))
        lines = 40 if self.in_full else 2
        self.say("body", event_rows.about(entry, width, lines=lines))

    def _entry(self) -> Entry | None:
        key = self.records.key
        return self._entries.get(key) if key is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what works now; while a filter is typed, every letter belongs to it."""
        if action in ("level", "brick"):
            return not self.filtering and not self.has_class("-detail")
        if action == "copy":
            return not self.filtering and self._entry() is not None
        return super().check_action(action, parameters)

    def action_level(self) -> None:
        """Show only what matters more; then all, with the work that was done."""
        self._level = Level((self._level + 1) % len(Level))
        self.redraw()

    def action_brick(self) -> None:
        """Show only the events of the brick under the cursor, or those of all again."""
        session, place = self.console.chosen
        entry = self._entry()
        if place:
            self.console.chosen = (session, "")
        elif entry is not None:
            told = entry.told
            self.console.chosen = (chronicle.session(told), chronicle.node(told))
        self.redraw()

    def action_copy(self) -> None:
        """Copy the event under the cursor, with all that was told of it."""
        entry = self._entry()
        if entry is not None:
            self.console.copy(wording.whole(entry.told))

    def holds(self, told: AnyTold) -> bool:
        """Return whether something is of what is chosen to be shown here."""
        level, (session, place) = chronicle.level_of(told), self.console.chosen
        if level is None or level < self._level:
            return False
        if (session and chronicle.session(told) != session) or (
            place and chronicle.node(told) != place
        ):
            return False
        return not self.wanted or tables.holds(
            wording.whole(told).casefold(), tables.words_of(self.wanted)
        )

    def current(self) -> Entry | None:
        """Return what is under the cursor."""
        return self._entry()

    def point_at(self, told: AnyTold) -> None:
        """Put the cursor on what was told, if it is shown."""
        for at, entry in enumerate(self._entries.values()):
            if entry.told == told:
                self.records.select(at)
                self.records.centre()

    def point(self) -> None:
        """Put the cursor on the latest ▲; of those of one second, on the first."""
        alarms = [entry for entry in self._entries.values() if alerts.say(entry.told)]
        same = [entry for entry in alarms if int(entry.at) == int(alarms[-1].at)]
        if same:
            self.records.select(list(self._entries).index(str(same[0].serial)))

    def action_open(self) -> None:
        """Give the whole screen to the event under the cursor."""
        self.add_class("-detail")
        self.settle()

    def can_open(self) -> bool:
        """Return whether there is a row to open."""
        return super().can_open() and not self.has_class("-detail")

    def can_leave(self) -> bool:
        """Return whether there is a step back: there always is."""
        return True

    def leave(self) -> None:
        """Go back to the list, or to the screen that it was opened from."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.settle()
        else:
            self.console.switch_mode(self.console.before)
