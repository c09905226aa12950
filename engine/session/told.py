"""Where all that an engine tells goes: the picture of it, the journals, and whoever listens."""

import logging
from collections.abc import Callable

from engine.config import Places
from engine.errors import Retry
from engine.events import AnyEvent, EngineStarted, SessionForgotten
from engine.session.journal import Journal
from engine.state import State, apply

_log = logging.getLogger(__name__)


def _nobody(event: AnyEvent) -> None:
    """Listen to nothing."""


class Told:
    """Folds every event, then hands it on; call it with the EngineStarted first."""

    def __init__(self, at: Places) -> None:
        self.state = State()
        self.publish: Callable[[AnyEvent], None] = _nobody
        """Gets each event once it is in the state."""
        self._at = at
        self._started: EngineStarted | None = None
        self._journals: dict[str, Journal] = {}

    def __call__(self, event: AnyEvent) -> None:
        """Tell one fact."""
        apply(self.state, event)
        match event:
            case EngineStarted():
                self._started = event
            case SessionForgotten():
                # Its folder may be gone already; a line written now would make a new one.
                self.forget(event.session)
            case _:
                self._write(event.session, event)
        self.publish(event)

    def forget(self, session: str) -> None:
        """Let go of the journal of a session that is no more."""
        journal = self._journals.pop(session, None)
        if journal is not None:
            journal.close()

    def close(self) -> None:
        """Close every journal."""
        for session in tuple(self._journals):
            self.forget(session)

    def _write(self, session: str, event: AnyEvent) -> None:
        try:
            journal = self._journals.get(session)
            if journal is None:
                journal = self._journals[session] = Journal(self._at.of(session) / "journal")
                if self._started is not None:
                    journal.append(self._started)
            journal.append(event)
        except Retry as error:
            _log.error("%s", error.sentence())
