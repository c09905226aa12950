"""Who was put aside on the secondary, and what becomes of one: opened from the failures."""

from collections.abc import Sequence

from textual.worker import WorkType

from engine.errors import GeorepError
from engine.plan.steps import Told
from engine.state import State
from georep_tui import asking, keymap, put_aside, rows
from georep_tui.key import Where
from georep_tui.put_aside import Listed
from georep_tui.rows import Line
from georep_tui.running import Commands
from georep_tui.screens.agree import WIDTH, PathScreen
from georep_tui.screens.page import Page
from georep_tui.screens.steps import carry_out, say

ASKING = "asking the secondary …"
NOBODY = "nobody was put aside"
AWAY = "no node of this session is reached from here"


class AsideScreen(Page):
    """Quarantine and limbo of one session, as the secondary has them."""

    BINDINGS = keymap.bindings(Where.ASIDE)  # type: ignore[assignment]
    NAME = "aside"

    def __init__(self) -> None:
        super().__init__()
        self._objects: list[Listed] = []
        self._of: str | None = None
        """The session that they are of."""
        self._words = ASKING
        """Why there is nobody."""

    def crumb(self) -> str:
        """Return where we are."""
        return f"{self.console.scope or 'no session'} ▸ put aside"

    def on_screen_resume(self) -> None:
        """Ask anew each time the screen is opened; not when a question over it was answered."""
        super().on_screen_resume()
        if not any(each.group == "decisions" and not each.is_finished for each in self.app.workers):
            self.action_update()

    def draw(self, picture: State, now: float) -> None:
        """Fill the body."""
        objects = self._objects if self._of == self.console.scope else []
        self.set_class(not objects, "-empty")
        if not objects:
            self.say("empty", [((rows.plain(self._words), "idle"),)])
            return
        width = self.across
        shown = put_aside.matching(objects, self.wanted)
        asking: Line = ((f"   {ASKING}", "busy"),) if self._words == ASKING else ()
        self.head([(*put_aside.counts(objects), *asking), put_aside.head(width)])
        self.records.show(put_aside.table(shown, width))
        one = self._one()
        room = self.room("left")
        self.entitle("left", rows.verbatim(one.shown) if one else "")
        told: list[Line] = put_aside.told(one, room, self.console.keyboard) if one else []
        self.say("body", told)

    def _one(self) -> Listed | None:
        return next((each for each in self._objects if each.item == self.records.key), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what works now; while a filter is typed, every letter belongs to it."""
        if action in ("update", "copy", "restore", "drop") and self.filtering:
            return False
        if action in ("restore", "drop"):
            one = self._one()
            return one is not None and one.settled and self._way() is not None
        if action == "copy":
            return self._one() is not None
        return super().check_action(action, parameters)

    def can_open(self) -> bool:
        """Return whether there is more to tell of one: all is told."""
        return False

    def can_leave(self) -> bool:
        """Return whether there is a step back: there always is."""
        return True

    def leave(self) -> None:
        """Go back to the failures."""
        self.console.action_go("failures")

    def _way(self) -> tuple[Commands, str] | None:
        """Return what runs commands on a node of the session, and that node."""
        desk, session = self.console.desk, self.console.picture.sessions.get(self._session())
        if desk is None or desk.commands is None or session is None:
            return None
        node = next((node for node in sorted(session.nodes) if desk.knows(node)), None)
        return None if node is None else (desk.commands, node)

    def _session(self) -> str:
        return self.console.scope or ""

    def action_update(self) -> None:
        """Ask the secondary who was put aside."""
        # Not the coroutine itself: one that is called off before it began would complain.
        work: WorkType[None] = self._fetch
        self.run_worker(work, group="aside", exclusive=True)

    async def _fetch(self) -> None:
        way, session = self._way(), self._session()
        if self._of != session:
            self._objects, self._of = [], session
        self._words = ASKING if way is not None else AWAY
        self.redraw()
        if way is not None:
            commands, node = way
            try:
                said = await commands.said(node, "quarantine", session, "list", "--json")
            except GeorepError as error:
                self._objects, self._words = [], error.sentence()
            else:
                self._objects, self._words = put_aside.read(said), NOBODY
        self.redraw()
        self.refresh_bindings()

    def action_copy(self) -> None:
        """Have the terminal keep where it stood, or what it is called, for a shell."""
        one = self._one()
        if one is not None:
            self.console.copy_name(rows.verbatim(one.shown))

    def action_restore(self) -> None:
        """Ask where it shall stand, then whether to bring it there."""
        one = self._one()
        if one is not None:
            self.run_worker(self._restore(one), group="decisions")

    async def _restore(self, one: Listed) -> None:
        ask = PathScreen(asking.place(one.shown, WIDTH), one.path or "/", plain=self.console.plain)
        typed = await self.app.push_screen_wait(ask)
        if typed is not None and typed.strip("/ "):
            await self._carry_out("Bring it back?", "restore", one.gfid, f"--to={typed}")

    def action_drop(self) -> None:
        """Ask whether to remove it for good."""
        one = self._one()
        if one is not None:
            self.run_worker(
                self._carry_out("Remove it for good?", "drop", one.gfid), group="decisions"
            )

    async def _carry_out(self, question: str, *words: str) -> None:
        way, session = self._way(), self._session()
        if way is None:
            say(self, AWAY)
            return
        commands, node = way

        async def ask(tokens: Sequence[str]) -> list[Told]:
            seen = [part for token in tokens for part in ("--seen", token)]
            return await commands.steps(node, "quarantine", session, *words, *seen)

        if await carry_out(self, lambda many: question, ask):
            self.action_update()
