"""What is known of the connections that the console's events come through."""

from collections.abc import Callable
from dataclasses import dataclass, field

WAITING = "connecting"


@dataclass(slots=True)
class Link:
    """What is to be said of the engines; their readers write it, the top line shows it."""

    heard: dict[str, str] = field(default_factory=dict)
    """By engine: empty when it answers, else a sentence that says why not."""
    ended: bool = False
    """Everything there was has been read."""

    def follow(self, name: str) -> Callable[[str], None]:
        """Return what the reader of one engine calls with the news of its connection."""
        self.heard[name] = WAITING

        def say(words: str) -> None:
            self.heard[name] = words

        return say

    def lost(self) -> list[str]:
        """Return why the engines that do not answer do not."""
        return [words for words in self.heard.values() if words not in ("", WAITING)]

    def words(self) -> tuple[str, str]:
        """Return what to show in two words, and its meaning."""
        away, of = len(self.lost()), len(self.heard)
        if away:
            return ("✕ no engine", "bad") if away == of else (f"▲ {of - away}/{of} engines", "warn")
        if WAITING in self.heard.values():
            return "◐ connecting", "busy"
        return ("✕ ended", "idle") if self.ended else ("● live", "ok")
