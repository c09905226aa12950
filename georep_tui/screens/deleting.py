"""Where a session is deleted: its name must be typed, so that no key slips."""

from engine.events import Wanted
from georep_tui.acts import head
from georep_tui.hosts import HERE
from georep_tui.screens.form import Choice, Field, FormScreen

_RESET = (
    "Without it, a later session of the same volumes goes on from there; with it, everything is "
    "looked at again."
)


class DeleteScreen(FormScreen[bool]):
    """Gives whether its positions shall go, too; None: nothing shall be deleted."""

    def __init__(self, name: str, secondary: str, wanted: Wanted | None, where: str = "") -> None:
        """`wanted`: what the session was asked to do last; None: nobody knows. `where`: the nodes
        that it is deleted on; empty: this one.
        """
        reset = Choice(
            "reset",
            f"take its positions off the bricks {'there' if where else f'of {HERE}'}, too",
            _RESET,
        )
        title = head(f"Type {name} to delete it; there is no way back", 70)
        self._ran = wanted is not Wanted.CREATED
        super().__init__(
            title,
            (Field("name", "name", "The name of the session, as it stands above."),),
            (reset,) if self._ran else (),
        )
        self._session, self._secondary = name, secondary
        self._where = where or HERE

    def changed(self) -> None:
        """Say what would be done."""
        if not self._right():
            self.say("Nothing is deleted yet." if not self.typed("name") else "✕ Not this name.")
        elif self.chosen("reset"):
            positions = f"its positions for {self._secondary} on the bricks of {self._where}"
            self.say(f"⏎ deletes session {self._session}, and {positions}.", "warn")
        elif not self._ran:
            words = "It has never run, so it has no positions on the bricks."
            self.say(f"⏎ deletes session {self._session}. {words}", "warn")
        else:
            self.say(
                f"⏎ deletes session {self._session}. Its positions stay on the bricks.", "warn"
            )

    def go(self) -> None:
        """Delete it, if its name stands there."""
        if self._right():
            self.dismiss(self.chosen("reset"))

    def _right(self) -> bool:
        return self.typed("name") == self._session
