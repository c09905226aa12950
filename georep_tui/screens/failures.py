"""Screen 3: what could not be made so, why, and what would mend it?"""

import asyncio
from collections.abc import Sequence
from functools import partial

from engine.errors import GeorepError
from engine.events import EntryFailed
from engine.state import SessionState, State
from georep_tui import asking, evidence, exporting, failed, fixing, keymap, rows, tables
from georep_tui.desk import Decision, Desk
from georep_tui.failed import Group, Grouping, Order
from georep_tui.key import Where
from georep_tui.keyboard import Keyboard
from georep_tui.rows import Line
from georep_tui.screens.agree import WIDTH, AgreeScreen, NameScreen
from georep_tui.screens.page import Page
from georep_tui.screens.steps import carry_out
from georep_tui.sorting import following

LOOK = 5.0
"""Seconds after which times are told anew, when nothing else changed."""
NOTICE = 6.0
"""Seconds that the answer to a key is shown."""
KEPT = (
    "It is kept in quarantine: {failures.aside} shows it, {aside.restore} there brings it back, "
    "{aside.drop} removes it."
)
_LETTERS = {"mark", "mark_all", "group", "copy", "retry", "ignore", "export", "fix"}


class FailuresScreen(Page):
    """The failures of one session, and all about one of them."""

    BINDINGS = keymap.bindings(Where.FAILURES)  # type: ignore[assignment]
    NAME = "failures"

    def __init__(self) -> None:
        super().__init__()
        self._order, self._grouping = Order.LAST, Grouping.NONE
        self._turned = False
        self._marked: set[str] = set()
        self._groups: list[Group] = []
        """What is shown."""
        self._seen: tuple[object, ...] = ()
        """What the rows were made from."""
        self._known: dict[str, EntryFailed] = {}
        """All there is, by the keys of its rows."""

    def crumb(self) -> str:
        """Return where we are."""
        scope, session = self.console.scope, self._session(self.console.picture)
        return tables.title(scope, session) if scope and session else scope or "no session"

    def on_screen_resume(self) -> None:
        """Show the present as soon as the screen is seen, of one worker if it was asked for."""
        wanted, self.console.narrowed = self.console.narrowed, None
        if wanted is not None:
            self.narrow(wanted)
        super().on_screen_resume()

    def draw(self, picture: State, now: float) -> None:
        """Fill the body."""
        session = self._session(picture)
        every = failed.every(session) if session else []
        self._known = {failed.key(failure): failure for failure in every}
        self._marked &= self._known.keys()
        self.set_class(not every, "-empty")
        if session is None or not every:
            self._groups, self._seen = [], ()
            self.say("empty", _why_empty(self.console.scope, session, self.console.keyboard))
            return
        self._list(session, every, now)
        self._below(picture, now)

    def _list(self, session: SessionState, every: list[EntryFailed], now: float) -> None:
        """Make the rows again when they say something else: there may be thousands."""
        width, order = self.across, (self._order, self._turned)
        how = (self.wanted, order, self._grouping, frozenset(self._marked), width)
        told = (session.failing, failed.aside(session), int(now // LOOK))
        if (seen := (every, how, told)) == self._seen:
            return
        self._seen = seen
        turned = self._turned
        shown = failed.ordered(failed.matching(every, self.wanted), self._order, turned=turned)
        self._groups = failed.grouped(shown, self._grouping)
        many = len(self._marked)
        counts = failed.counts(session, shown, self._order, marked=many, turned=turned)
        self.head([counts, failed.head(width, self._order, turned=turned)])
        self.records.show(failed.table(self._groups, self._marked, now, width))

    def _below(self, picture: State, now: float) -> None:
        width, side = self.room("left"), self.room("right")
        group, failure = self._group(), self._known.get(self.records.key or "")
        if group is not None:
            self.entitle("left", group.title)
            self.say("body", evidence.group(group, width))
            self.say("more", [])
            self.say("side", [])
        elif failure is not None:
            self.entitle("left", rows.verbatim(failure.path or failure.gfid))
            self.say("body", evidence.told(failure, now, width, self.console.keyboard))
            history = evidence.history(failure, picture.recent(), side)
            full = evidence.in_full(failure, width)
            tries: Line = ((rows.rule("tries", side), "idle"),)
            wide = self.has_class("-wide")
            self.say("more", full if wide else [*full, (), tries, *history])
            self.entitle("upper", "tries")
            self.say("side", history)

    def _session(self, picture: State) -> SessionState | None:
        scope = self.console.scope
        return picture.sessions.get(scope) if scope else None

    def _group(self) -> Group | None:
        """Return the group whose heading is under the cursor."""
        found = (group for group in self._groups if group.title and group.key == self.records.key)
        return next(found, None)

    def _under_the_cursor(self) -> list[EntryFailed]:
        group, failure = self._group(), self._known.get(self.records.key or "")
        return failed.tried(group.members) if group else [failure] if failure else []

    def _chosen(self) -> list[EntryFailed]:
        """Return what is marked, shown or not; without a mark what is under the cursor."""
        marked = [each for name, each in self._known.items() if name in self._marked]
        return marked or self._under_the_cursor()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what works now; while a filter is typed, every letter belongs to it."""
        if action in _LETTERS and (self.filtering or not self._known):
            return False
        if action in ("retry", "ignore"):
            return self.console.desk is not None
        if action in ("fix", "put_aside"):
            desk = self.console.desk
            return not self.filtering and desk is not None and desk.commands is not None
        return super().check_action(action, parameters)

    def action_mark(self) -> None:
        """Mark what is under the cursor, or no longer, and go on to the next."""
        self._toggle({failed.key(each) for each in self._under_the_cursor()})
        if not self.has_class("-detail"):
            self.records.action_move(1)

    def action_mark_all(self) -> None:
        """Mark all that is shown and still tried, or none of it."""
        shown = [each for group in self._groups for each in group.members]
        self._toggle({failed.key(each) for each in failed.tried(shown)})

    def _toggle(self, keys: set[str]) -> None:
        if keys <= self._marked:
            self._marked -= keys
        else:
            self._marked |= keys
        self.redraw()

    def titles(self) -> Sequence[str]:
        """Return the titles of the columns that failures can be sorted by."""
        return failed.titles(self.across) if self._known else ()

    def sort_by(self, title: str) -> None:
        """Sort by a column; by the one that they are sorted by already, the other way round."""
        order = Order(title.lower())
        self._sort(order, turned=order is self._order and not self._turned)

    def action_sort(self) -> None:
        """Take the next order."""
        self._sort(following(failed.CYCLE, self._order), turned=False)

    def action_reverse(self) -> None:
        """Take the order the other way round."""
        self._sort(self._order, turned=not self._turned)

    def _sort(self, order: Order, *, turned: bool) -> None:
        self._order, self._turned = order, turned
        self.redraw()

    def action_group(self) -> None:
        """Take the next way of grouping."""
        self._grouping = following(list(Grouping), self._grouping)
        self.redraw()

    def action_copy(self) -> None:
        """Have the terminal keep the path, for a shell."""
        failure = self._known.get(self.records.key or "")
        if failure is not None:
            self.console.copy_name(rows.verbatim(failure.path or failure.gfid))

    def action_retry(self) -> None:
        """Ask whether to try again now."""
        self._ask(Decision.AGAIN)

    def action_ignore(self) -> None:
        """Ask whether to leave alone."""
        self._ask(Decision.ASIDE)

    def action_fix(self) -> None:
        """Look what is in the way, and ask whether to clear it."""
        chosen, scope, desk = self._chosen(), self.console.scope, self.console.desk
        if not chosen or scope is None or desk is None:
            return
        chosen = [each for each in chosen if each.kind != asking.QUARANTINED]
        if not chosen:
            self._say(self.console.keyboard.spoken(KEPT))
            return
        ours = [each for each in chosen if desk.reaches(each)]
        if len(ours) < len(chosen):
            self._say(asking.unreached(scope, asking.nodes(chosen) - asking.nodes(ours)))
        if len(ours) > fixing.MOST:
            self._say(f"the first {fixing.MOST} of {rows.grouped(len(ours))}")
        if ours:
            chosen = ours[: fixing.MOST]
            self.run_worker(self._fix(desk, scope, chosen), group="decisions")

    async def _fix(self, desk: Desk, scope: str, chosen: list[EntryFailed]) -> None:
        if await carry_out(self, asking.fix, fixing.asked(desk, scope, chosen)):
            self._marked -= {failed.key(each) for each in chosen}
            self.redraw()

    def action_put_aside(self) -> None:
        """Show who was put aside."""
        self.console.switch_mode("aside")

    def action_export(self) -> None:
        """Ask for a file to write to."""
        self._ask_where(self._chosen())

    def export_all(self) -> None:
        """Ask for a file to write all failures of the session to."""
        session = self._session(self.console.picture)
        self._ask_where(failed.every(session) if session else [])

    def _ask_where(self, chosen: list[EntryFailed]) -> None:
        scope = self.console.scope
        if chosen and scope:
            ask = NameScreen(
                asking.export(chosen, WIDTH),
                exporting.name(scope, self.console.now),
                plain=self.console.plain,
            )
            self.app.push_screen(ask, partial(self._export, chosen))

    def _export(self, chosen: list[EntryFailed], typed: str | None) -> None:
        if typed is not None:
            self.run_worker(self._write(typed, chosen), group="decisions")

    async def _write(self, typed: str, chosen: list[EntryFailed]) -> None:
        try:
            path = await asyncio.to_thread(exporting.write, typed, chosen)
        except GeorepError as error:
            self._say(error.sentence())
        else:
            self._say(f"{rows.many(len(chosen), 'failure')} written to {path}")
            self._marked.clear()
            self.redraw()

    def _ask(self, decision: Decision) -> None:
        """Tell what would be done, of what, and leave out what is not reached from here."""
        chosen, scope, desk = self._chosen(), self.console.scope, self.console.desk
        if not chosen or scope is None or desk is None:
            return
        ours = [each for each in chosen if desk.reaches(each)]
        away = asking.nodes(chosen) - asking.nodes(ours)
        if not ours:
            self._say(asking.unreached(scope, away))
            return
        tell = asking.again if decision is Decision.AGAIN else asking.aside
        told = tell(scope, ours, away, WIDTH)
        asked = AgreeScreen(told, plain=self.console.plain)
        self.app.push_screen(asked, partial(self._answered, scope, ours, decision))

    def _answered(
        self, scope: str, chosen: list[EntryFailed], decision: Decision, agreed: bool | None
    ) -> None:
        if agreed:
            self.run_worker(self._decide(scope, chosen, decision), group="decisions")

    async def _decide(self, scope: str, chosen: list[EntryFailed], decision: Decision) -> None:
        desk = self.console.desk
        if desk is None:
            return
        for words in await desk.decide(scope, chosen, decision):
            self._say(words)
        self._marked -= {failed.key(each) for each in chosen}
        self.redraw()

    def _say(self, words: str) -> None:
        self.app.notify(rows.plain(words), timeout=NOTICE, markup=False)

    def action_open(self) -> None:
        """Give the whole screen to the failure under the cursor."""
        self.add_class("-detail")
        self.settle()

    def can_open(self) -> bool:
        """Return whether there is a failure to open: a heading has no more to tell."""
        return (self.records.key or "") in self._known and not self.has_class("-detail")

    def can_leave(self) -> bool:
        """Return whether there is a step back: there always is."""
        return True

    def leave(self) -> None:
        """Go back to the table, or to the workers."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.settle()
        else:
            self.console.action_go("workers")


def _why_empty(scope: str | None, session: SessionState | None, keys: Keyboard) -> list[Line]:
    if session is None:
        told = f"the session {scope} is gone" if scope else "no session is chosen"
        words = keys.spoken("{go.sessions} shows all sessions.")
        return [((rows.plain(told), "strong"),), (), ((words, ""),)]
    if unlisted := session.failing + failed.aside(session):
        words = f"{rows.many(unlisted, 'failure')}, none of them listed here"
        return [((words, "warn"),), (), ((rows.plain(f"georep failures {scope}"), "accent"),)]
    return [
        (("nothing has failed", "ok"),),
        (),
        (("What fails stands here until it is mended.", ""),),
    ]
