"""Where a session is made: what it needs, looked at while it is typed, and what would be done."""

import asyncio
import shlex
from dataclasses import replace
from functools import partial

from engine import options
from engine.config import Session
from engine.errors import GeorepError, Usage
from engine.session.checks import Check
from engine.session.errands import (
    AnyErrand,
    AnyReport,
    Checked,
    Create,
    Done,
    Failed,
    Look,
)
from georep_tui import acts, inspecting, rows
from georep_tui.rows import Line
from georep_tui.screens.agree import WIDTH, AgreeScreen
from georep_tui.screens.form import Choice, Field, FormScreen
from georep_tui.steward import Steward

QUIET = 1.0
"""Seconds without a key after which both sides are looked at."""
_HOW = {True: "ok", False: "bad"}
_SET = ("ssh-port", "ssh-key", "bandwidth")
"""Options that have a line of their own: those that matter before the first connection."""


def _option(name: str) -> Field:
    option = options.TABLE[name]
    default = option.text(option.default)
    return Field(name, name, f"{option.limits.meaning} Takes {option.accepts()}.", hint=default)


_FIELDS = (
    Field(
        "volume",
        "primary",
        "The volume that is replicated. It must be started, and have bricks on this node.",
    ),
    Field(
        "secondary",
        "secondary",
        "Where to: [USER@]HOST::VOLUME; or a directory there, as [USER@]HOST:/PATH. It must be "
        "there, and empty. A key for it is made by georep keys.",
    ),
    Field(
        "name",
        "name",
        "What to call the session, the same on all nodes: letters, digits, dot, underscore and "
        "dash; empty: made of both volumes.",
    ),
    *(_option(name) for name in _SET),
    Field(
        "settings",
        "more options",
        "NAME=VALUE, more of them with spaces between; all are in O of a session that is there.",
    ),
)
_ON_EACH = {
    "volume": "The volume that is replicated. It must be started, and have bricks on each node "
    "that it is made on.",
    "secondary": "Where to: [USER@]HOST::VOLUME; or a directory there, as [USER@]HOST:/PATH. It "
    "must be there, and empty. Each node needs a key: georep keys.",
}
"""What these lines mean where a session is made on several nodes, or elsewhere."""
_CHOICES = (
    Choice(
        "enable",
        "switch the primary's changelog on, if it is off",
        "Its bricks must write down what changes. It costs them some writes, for all who use the "
        "volume.",
    ),
    Choice(
        "force",
        "also if the secondary has something in it",
        "What is in the way of a name goes to limbo, and is kept in quarantine; all else stays, "
        "and stays different from the primary.",
    ),
)


def _title(where: str) -> list[Line]:
    return acts.head(f"New session, made on {where}" if where else "New session", 70)


def fields(where: str) -> tuple[Field, ...]:
    """Return the lines to type into, with what they mean. `where`: the nodes that it is made on;
    empty: this one.
    """
    if not where:
        return _FIELDS
    return tuple(replace(each, meaning=_ON_EACH.get(each.id, each.meaning)) for each in _FIELDS)


class CreateScreen(FormScreen[str]):
    """Gives the name of the session that was made."""

    TALL = True

    def __init__(self, steward: Steward) -> None:
        super().__init__(_title(steward.where), fields(steward.where), _CHOICES)
        self._steward = steward
        self._head: Line = ()
        self._found: list[Check] = []
        self._looked = False
        """All that can be looked at was looked at, as it stands there now."""
        self._making = False
        self._errand: AnyErrand | None = None
        """What is under way; what another one still tells counts no more."""

    def changed(self) -> None:
        """Say what is wrong with the words at once, and look at both sides when nobody types."""
        if self._making:
            return
        self._found, self._looked, self._errand = [], False, None
        self.workers.cancel_group(self, "errand")
        self._explain_more()
        if not self.typed("volume") or not self.typed("secondary"):
            self.say("Name the primary and the secondary; then both sides are looked at.", "idle")
            self.answer([])
            return
        try:
            drafted = self._drafted()
        except GeorepError as error:
            self.say("")
            self.answer(inspecting.refused(error.sentence(), self.room))
            return
        words = rows.fit(f"{drafted.name}: {drafted.primary} → {drafted.secondary}", self.room)
        self._head = ((words, "accent"),)
        self._tell("◐ both sides are looked at as soon as nothing is typed", "busy")
        self.answer([])
        self.run_worker(self._look(), group="errand", exclusive=True)

    def go(self) -> None:
        """Ask whether to make it."""
        if self._making:
            return
        try:
            drafted = self._drafted()
        except GeorepError as error:
            self.answer(inspecting.refused(error.sentence(), self.room))
            return
        crossed = inspecting.crossed(self._found) if self._looked else None
        told = acts.creation(
            drafted,
            crossed,
            WIDTH,
            enable=self.chosen("enable"),
            force=self.chosen("force"),
            where=self._steward.where,
            several=self._steward.several,
        )
        asked = AgreeScreen(told, plain=self.console.plain)
        self.app.push_screen(asked, partial(self._agreed, self._wanted()))

    def _agreed(self, wanted: Create, agreed: bool | None) -> None:
        if agreed:
            self._making, self._found = True, []
            self.query("FormInput, Switch").set(disabled=True)
            self._tell("◐ both sides are looked at, and the session is made", "busy")
            self.answer([])
            self.run_worker(self._run(wanted), group="errand", exclusive=True)

    def _drafted(self) -> Session:
        wanted = self._wanted()
        return self._steward.drafted(
            wanted.volume, wanted.secondary, name=wanted.name, settings=wanted.settings
        )

    def _wanted(self) -> Create:
        return Create(
            volume=self.typed("volume"),
            secondary=self.typed("secondary"),
            name=self.typed("name"),
            settings=tuple(self._settings()),
            enable=self.chosen("enable"),
            force=self.chosen("force"),
        )

    def _settings(self) -> list[str]:
        own = [f"{name}={self.typed(name)}" for name in _SET if self.typed(name)]
        try:
            return own + shlex.split(self.typed("settings"))
        except ValueError as error:
            raise Usage(
                f"More options: {error}", fix="Write NAME=VALUE; what has spaces, in quotes."
            ) from None

    def _explain_more(self) -> None:
        """Say what the option that is being typed means."""
        word = self.typed("settings").rpartition(" ")[2].partition("=")[0]
        if self.focused is not None and self.focused.id == "settings" and word:
            option = options.TABLE.get(word)
            if option is not None:
                self.explain(f"{option.name}: {option.limits.meaning} Takes {option.accepts()}.")

    async def _look(self) -> None:
        await asyncio.sleep(QUIET)
        wanted = self._wanted()
        look = Look(
            volume=wanted.volume,
            secondary=wanted.secondary,
            name=wanted.name,
            settings=wanted.settings,
        )
        await self._run(look)

    async def _run(self, errand: AnyErrand) -> None:
        self._errand = errand
        await self._steward.run(errand, partial(self._hear, errand))

    def _tell(self, text: str, meaning: str) -> None:
        """Say which session it would be, and how far it is."""
        self.show("says", [self._head, *acts.words(text, self.room, meaning)])

    def _excused(self, check: Check) -> Check:
        """Return a check as it counts with what was chosen."""
        chosen = {"changelog": "enable", "content": "force"}.get(check.name)
        return replace(check, fine=True) if chosen and self.chosen(chosen) else check

    def _ended(self, words: str, meaning: str) -> None:
        """Say how it ended; after a try that failed everything can be typed again."""
        self._tell(words, meaning)
        if self._making:
            self._making = False
            self.query("FormInput, Switch").set(disabled=False)
            self.query_one("#volume").focus()

    def _hear(self, errand: AnyErrand, report: AnyReport) -> None:
        if errand is not self._errand:
            return
        match report:
            case Checked(check=check):
                self._found.append(self._excused(check))
            case Done(fine=True, name=name) if self._making:
                self.dismiss(name)
                return
            case Done():
                # By what counts with what was chosen: some of it is mended in the making.
                fine = not inspecting.crossed(self._found)
                self._looked = True
                words = inspecting.counted(self._found)
                self._ended(words if fine else f"{words}. Mend what is crossed.", _HOW[fine])
            case Failed(words=words):
                self._looked = inspecting.crossed(self._found) > 0
                self._ended(words, "bad")
            case _:
                pass
        self.answer(inspecting.checks(self._found, self.room))
