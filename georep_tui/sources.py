"""What is known of the connections that the console's events come through."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from georep_tui import rows

WAITING = "connecting"


@dataclass(slots=True)
class Link:
    """What is to be said of the engines; their readers write it, the top line shows it."""

    clock: Callable[[], float] = time.time
    heard: dict[str, str] = field(default_factory=dict)
    """By engine: empty when it answers, else a sentence that says why not."""
    since: dict[str, float] = field(default_factory=dict)
    """By engine that does not answer: since when."""
    ended: bool = False
    """Everything there was has been read."""

    def follow(self, name: str) -> Callable[[str], None]:
        """Return what the reader of one engine calls with the news of its connection."""
        self.heard[name] = WAITING

        def say(words: str) -> None:
            self.heard[name] = words
            if words:
                self.since.setdefault(name, self.clock())
            else:
                self.since.pop(name, None)

        return say

    def lost(self) -> list[str]:
        """Return why the engines that do not answer do not."""
        return [words for words in self.heard.values() if words not in ("", WAITING)]

    def banner(self) -> str:
        """Return what must be known of a picture that engines do not add to any more."""
        away, of = len(self.lost()), len(self.heard)
        if not away:
            return ""
        since = f"since {rows.clock(min(self.since.values()))}Z"
        if away == of:
            return f"✕ no engine answers {since}: all below is as it was then · 1 says why"
        return f"▲ {away} of {of} engines silent {since}: theirs is as it was then · 1 says why"

    def words(self) -> tuple[str, str]:
        """Return what to show in two words, and its meaning."""
        away, of = len(self.lost()), len(self.heard)
        if away:
            return ("✕ no engine", "bad") if away == of else (f"▲ {of - away}/{of} engines", "warn")
        if WAITING in self.heard.values():
            return "◐ connecting", "busy"
        return ("✕ ended", "idle") if self.ended else ("● live", "ok")
