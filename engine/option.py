"""One thing that can be set: what it accepts, what it means, how its text is read and written."""

import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import Usage

Value = bool | int | str
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
"""What glusterd takes for a boolean, in small letters."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an option accepts, and the words for it."""

    meaning: str
    unit: str = ""
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    shell: bool = False
    """The text is split into words as a shell would."""
    path: bool = False
    check: Callable[[str], object] | None = None
    """Raises ValueError for what is not accepted; `takes` then says what is."""
    takes: str = ""
    live: bool = False
    """A running worker takes it up; anything else has the session's workers start again."""


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table."""

    field: str
    default: Value
    limits: Limits

    @property
    def name(self) -> str:
        """The option as it is written in a session file."""
        return self.field.replace("_", "-")

    def accepts(self) -> str:
        """Say which values are accepted, in words."""
        if isinstance(self.default, bool):
            return "true or false"
        if self.limits.choices:
            return "one of " + ", ".join(self.limits.choices)
        if isinstance(self.default, int):
            unit = f" {self.limits.unit}" if self.limits.unit else ""
            return f"a whole number from {self.limits.low} to {self.limits.high}{unit}"
        if self.limits.takes:
            return self.limits.takes
        if self.limits.path:
            return "an absolute path, or one that begins with ~/"
        return "text in one line" + (", quoted as for a shell" if self.limits.shell else "")

    def parse(self, text: str) -> Value:
        """Return the value that `text` stands for; raise ValueError when it is not acceptable."""
        if isinstance(self.default, bool):
            if text.lower() not in _BOOLEANS:
                raise ValueError(text)
            return _BOOLEANS[text.lower()]
        if isinstance(self.default, int):
            # Plain digits only: YAML would read 010 as eight and 1:30 as ninety.
            if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
                raise ValueError(text)
            number = int(text)
            if not self.limits.low <= number <= self.limits.high:
                raise ValueError(text)
            return number
        if self.limits.choices:
            text = text.lower()
        if not text.isprintable() or (self.limits.choices and text not in self.limits.choices):
            raise ValueError(text)
        if not text and self.default:
            raise ValueError(text)
        if self.limits.check:
            self.limits.check(text)
        if self.limits.shell:
            shlex.split(text)
        if self.limits.path and text:
            text = os.path.expanduser(text)
            if not os.path.isabs(text):
                raise ValueError(text)
        return text

    def text(self, value: Value) -> str:
        """Return `value` as it is written, so that `parse` returns it again."""
        return str(value).lower() if isinstance(value, bool) else str(value)

    def joined(self, words: list[str]) -> str:
        """Return the text that several words of a command line stand for."""
        if self.limits.shell and len(words) > 1:
            return shlex.join(words)
        return " ".join(words)

    def refuse(self, text: str, *, where: str) -> Usage:
        """Return the error for a value that is not accepted."""
        return Usage(
            f"{where}: {self.name} cannot be {text!r}",
            cause="bad configuration",
            fix=f"It takes {self.accepts()}; the default is {self.text(self.default)!r}.",
        )
