"""What a command would do to one object, told before it is done, and what came of it. Pure."""

import hashlib
from collections.abc import Callable

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one object, and what would be done about it; all made printable."""

    gfid: str
    name: str
    """What the operator calls it: a path, or a name in quarantine."""
    primary: str = ""
    secondary: str = ""
    """What each side has; empty where that does not matter."""
    does: tuple[str, ...] = ()
    """What would be done, one after the other; empty: nothing."""
    note: str = ""
    """What has to be known before."""
    refused: str = ""
    """Why nothing is done, with the next step."""

    @property
    def token(self) -> str:
        """What stands for all of this: as long as it is the same, so is what would be done."""
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=8).hexdigest()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A step, and what came of it."""

    step: Step
    done: bool = False
    words: str = ""
    """What was done, or why it was not; empty: nothing was tried."""


Agreed = Callable[[Step], bool]
"""Whether a step shall be done."""
CHANGED = "Nothing was done: it is no longer what was shown."


def never(step: Step) -> bool:
    """Agree to nothing: it is only looked at."""
    return False


def not_done(agreed: Agreed) -> str:
    """Return why a step that could be done was not; nothing where it was only looked at."""
    return "" if agreed is never else CHANGED
