"""Where both sides of a session are looked at: everything it needs, or all that is on them."""

from engine.session.checks import Check
from engine.session.errands import (
    AnyErrand,
    AnyReport,
    Checked,
    Compare,
    Counted,
    Differed,
    Done,
    Examine,
    Failed,
)
from engine.session.verify import Counts
from georep_tui import inspecting, rows, verifying
from georep_tui.acts import head
from georep_tui.screens.form import Choice, Field, FormScreen
from georep_tui.steward import Steward

MOST = 200
"""Differences that are listed; all are counted."""
_HOW = {True: "ok", False: "bad"}


class ErrandScreen(FormScreen[None]):
    """Shows what is told of one errand; closing it ends what is under way."""

    TALL = True
    DOING = ""

    def begin(self, steward: Steward, errand: AnyErrand) -> None:
        """Have an errand done, unless one is under way."""
        if any(worker.group == "errand" and not worker.is_finished for worker in self.workers):
            return
        self.busy(self.DOING)
        self.answer([])
        self.run_worker(steward.run(errand, self.hear), group="errand", exclusive=True)

    def busy(self, words: str) -> None:
        """Say what is under way, and how to end it."""
        self.say(f"◐ {words}; {self.console.keyboard.first('form.close')} ends it", "busy")

    def hear(self, report: AnyReport) -> None:
        """Take up what is told."""
        if isinstance(report, Failed):
            self.say(report.words, "bad")
            evidence = [rows.plain(line) for line in report.evidence.splitlines()[-5:]]
            self.answer([((rows.fit(line, self.room).rstrip(), "idle"),) for line in evidence])


class DoctorScreen(ErrandScreen):
    """Makes every check of a session as soon as it is seen, and again when it is asked for."""

    DOING = "both sides are looked at"

    def __init__(self, steward: Steward, name: str) -> None:
        super().__init__(head(f"What session {name} needs", 70), ())
        self._steward, self._session = steward, name
        self._found: list[Check] = []

    def changed(self) -> None:
        """Begin."""
        self._found = []
        self.begin(self._steward, Examine(name=self._session))

    def go(self) -> None:
        """Look at all of it again."""
        self.changed()

    def hear(self, report: AnyReport) -> None:
        """Show what was looked at."""
        super().hear(report)
        match report:
            case Checked(check=check):
                self._found.append(check)
                self.answer(inspecting.checks(self._found, self.room))
            case Done(fine=fine):
                self.say(inspecting.counted(self._found), _HOW[fine])
            case _:
                pass


class VerifyScreen(ErrandScreen):
    """Asks what to compare, and shows what is different."""

    DOING = "the volumes are compared"

    def __init__(self, steward: Steward, name: str) -> None:
        super().__init__(
            head(f"Compare both volumes of session {name}", 70),
            (
                Field(
                    "under",
                    "only below",
                    "A path from the volume's root; empty: everything. Both volumes may be in use.",
                ),
            ),
            (
                Choice(
                    "content",
                    "the bytes of files, too",
                    "Every file is read in whole, on both sides. Without it: names, kinds, sizes, "
                    "times, owners, modes, xattrs, ACLs and links.",
                ),
            ),
        )
        self._steward, self._session = steward, name
        self._counts = Counts()
        self._found: list[Differed] = []

    def changed(self) -> None:
        """Say what would be done."""
        if not self._found and not self._counts.objects:
            self.say("⏎ compares. Nothing is changed on either side.", "accent")

    def go(self) -> None:
        """Compare."""
        self._counts, self._found = Counts(), []
        under, content = self.typed("under"), self.chosen("content")
        self.begin(self._steward, Compare(name=self._session, under=under, content=content))

    def hear(self, report: AnyReport) -> None:
        """Show how far it is, and what differs."""
        super().hear(report)
        match report:
            case Differed():
                if len(self._found) < MOST:
                    self._found.append(report)
                    self.answer(inspecting.differences(self._found, self.room))
            case Counted(counts=counts):
                self._counts = counts
                self.busy(verifying.under_way(counts))
            case Done(fine=fine):
                self.say(" ".join(verifying.summary(self._counts).splitlines()), _HOW[fine])
                steps = verifying.next_steps(self._counts, self._session)
                told = inspecting.differences(self._found, self.room)
                self.answer([*inspecting.steps(steps, self.room), *told])
            case _:
                pass
