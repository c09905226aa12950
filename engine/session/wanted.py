"""What the operator wants of a session: one word in one file of its state, and how it changes."""

from collections.abc import Mapping
from enum import StrEnum

from engine import files
from engine.config import Places
from engine.errors import Usage
from engine.events import Wanted


class Verb(StrEnum):
    """What an operator can say of a session that exists."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


_AFTER: Mapping[Verb, Mapping[Wanted, Wanted]] = {
    Verb.START: {
        Wanted.CREATED: Wanted.STARTED,
        Wanted.STARTED: Wanted.STARTED,
        Wanted.STOPPED: Wanted.STARTED,
    },
    Verb.STOP: dict.fromkeys(Wanted, Wanted.STOPPED),
    Verb.PAUSE: {Wanted.STARTED: Wanted.PAUSED, Wanted.PAUSED: Wanted.PAUSED},
    Verb.RESUME: {Wanted.STARTED: Wanted.STARTED, Wanted.PAUSED: Wanted.STARTED},
}
"""What is wanted afterwards; what is missing is refused. What is so already may be said again."""
_INSTEAD = {
    Wanted.CREATED: (Verb.START, "has not been started yet"),
    Wanted.STOPPED: (Verb.START, "is stopped"),
    Wanted.PAUSED: (Verb.RESUME, "is paused"),
}
"""What to say instead where something is refused, and why it was."""


def after(now: Wanted, verb: Verb, name: str) -> Wanted:
    """Return what is wanted of session `name` after `verb`; raise Usage where that has no sense."""
    try:
        return _AFTER[verb][now]
    except KeyError:
        instead, words = _INSTEAD[now]
        raise Usage(
            f"Session {name} {words}: there is nothing to {verb}",
            fix=f"Say georep {instead} {name}.",
        ) from None


def read(at: Places, name: str) -> Wanted:
    """Return the wanted state of session `name`; created when nobody has said anything."""
    path = at.of(name) / "wanted"
    try:
        with path.open("rb") as file:
            word = file.read(64).decode(errors="replace").strip()
        return Wanted(word)
    except FileNotFoundError:
        return Wanted.CREATED
    except OSError as error:
        raise Usage(
            f"{path} cannot be read: {error.strerror}", fix="Run this as root, or choose --state."
        ) from error
    except ValueError:
        raise Usage(
            f"{path} says {word!r}, which is no state of a session",
            cause="bad configuration",
            fix=f"Say georep start {name} or georep stop {name}.",
        ) from None


def write(at: Places, name: str, wanted: Wanted) -> None:
    """Note what the operator wants; the engine has to be told to look."""
    path = at.of(name) / "wanted"
    try:
        files.write(path, f"{wanted}\n".encode())
    except OSError as error:
        raise Usage(
            f"{path} cannot be written: {error.strerror}",
            fix="Run this as root, or choose --state.",
        ) from error
