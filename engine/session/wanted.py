"""What the operator wants of a session: one word in one file of its state."""

from engine import files
from engine.config import Places
from engine.errors import Usage
from engine.events import Wanted


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
