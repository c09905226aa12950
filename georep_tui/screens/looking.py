"""Where both sides of a session are looked at: everything it needs, or all that is on them."""

from collections.abc import Collection

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
from georep_tui import differing, inspecting, keymap, rows, verifying
from georep_tui.acts import head
from georep_tui.key import Where
from georep_tui.screens.differing import DifferencesScreen
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

    BINDINGS = keymap.bindings(Where.VERIFY)  # type: ignore[assignment]
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
        self._through = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to send again what can be."""
        if action == "differences":
            return self._through and bool(differing.places(self._found))
        return super().check_action(action, parameters)

    def changed(self) -> None:
        """Say what would be done."""
        if not self._found and not self._counts.objects:
            self.say("⏎ compares. Nothing is changed on either side.", "accent")

    def go(self) -> None:
        """Compare."""
        self._counts, self._found, self._through = Counts(), [], False
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
                self._through = True
                self._tell()
            case _:
                pass

    def _tell(self) -> None:
        """Show what to do, and what differs."""
        key = self.console.keyboard.first("verify.differences")
        steps = verifying.next_steps(self._counts, self._session, key=key)
        told = inspecting.differences(self._found, self.room)
        self.answer([*inspecting.steps(steps, self.room), *told])

    def action_differences(self) -> None:
        """List what can be sent again, to choose from."""
        listed = DifferencesScreen(
            self._steward, self._session, self._found, plain=self.console.plain
        )
        self.app.push_screen(listed, self._sent)

    def _sent(self, paths: Collection[str] | None) -> None:
        """Leave out what is equal now."""
        if paths:
            self._found = [each for each in self._found if each.path not in paths]
            many = rows.many(len(paths), "object")
            self.say(f"{many} sent again, and equal now. ⏎ compares anew.", "ok")
            self.answer(inspecting.differences(self._found, self.room))
