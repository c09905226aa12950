"""The options of one session in a worker: those that are live change while it runs."""

from collections.abc import Callable, Mapping

from engine import options
from engine.option import Value
from engine.options import Options

TakeUp = Callable[[Options], None]


class Settings:
    """What is set now, and who wants to know when that changes."""

    def __init__(self, now: Options) -> None:
        self.now = now
        self._takers: list[TakeUp] = []

    def follow(self, take_up: TakeUp) -> None:
        """Give the options to `take_up`, now and whenever they have changed."""
        self._takers.append(take_up)
        take_up(self.now)

    def change(self, texts: Mapping[str, str]) -> None:
        """Take new values, by name and as they are written; only those of live options."""
        values: dict[str, Value] = {}
        for name, text in texts.items():
            option = options.TABLE.get(name)
            if option is None or not option.limits.live:
                continue
            try:
                values[option.field] = option.parse(text)
            except ValueError:
                continue  # whoever sent it has read it; a newer engine's value is not ours
        self.now = options.replaced(self.now, values)
        for take_up in self._takers:
            take_up(self.now)
