"""Where a checkpoint is set: for now, or for a time."""

from collections.abc import Callable

from engine import moments
from engine.errors import GeorepError
from engine.state import SessionState
from georep_tui import rows, standing
from georep_tui.acts import head
from georep_tui.rows import Line
from georep_tui.screens.form import Field, FormScreen

SHOWN = 5
"""Checkpoints that are shown of those there are."""
NOW = "now"
"""The time that is meant where none is typed."""
_FIELDS = (
    Field("time", "time", f"It takes {moments.ACCEPTED}.", hint=NOW),
    Field(
        "label",
        "name",
        "What to call it: letters, digits and . _ : + @ -; empty: its time. One of the same name "
        "is replaced.",
    ),
)


class CheckpointScreen(FormScreen[tuple[str, str]]):
    """Gives the time and the name as they were typed; what they mean is told meanwhile."""

    def __init__(self, name: str, session: SessionState, clock: Callable[[], float]) -> None:
        super().__init__(head(f"Set a checkpoint of session {name}", 70), _FIELDS)
        self._session, self._clock = session, clock
        self._fine = False

    def changed(self) -> None:
        """Say what it would be."""
        now = self._clock()
        try:
            moment = moments.parse(self.typed("time") or NOW, now)
            label = moments.label(self.typed("label"), moment)
        except GeorepError as error:
            self._fine = False
            self.say(f"✕ {error.sentence()}", "bad")
            return
        self._fine = True
        before = [each for where, each in self._session.checkpoints if each == label]
        instead = " It takes the place of the one of that name." if before else ""
        self.say(
            f"⏎ sets {label}: reached when everything that was changed before "
            f"{rows.stamp(moment)} UTC is on the secondary.{instead}",
            "accent",
        )
        self.answer(self._there(now))

    def go(self) -> None:
        """Set it."""
        self.changed()
        if self._fine:
            self.dismiss((self.typed("time") or NOW, self.typed("label")))

    def _there(self, now: float) -> list[Line]:
        found = standing.lines(self._session, now, most=SHOWN)
        return [(), (("there are", "idle"),), *found] if found else []
