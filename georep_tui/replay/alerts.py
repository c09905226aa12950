"""When an operator would have been called, and for what. Pure."""

from bisect import bisect_left, bisect_right

from engine.events import EntryFailed, SessionBlocked, WorkerFaulty
from georep_tui.replay.notes import AnyTold, ConflictMet, GivenUp

KEPT = 20_000
"""Alerts that are kept; of more, those that are further apart."""


class Alerts:
    """The alerts of a replay, those of a second as one; the second after it is their time."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._said: dict[float, tuple[str, int]] = {}
        """By time: what the first one says, and how many there are."""
        self._apart = 1.0
        """Least seconds between two that are kept."""

    def take(self, told: AnyTold, at: float) -> None:
        """Take what was told at a time that does not lie before that of the one before."""
        words = say(told)
        if words:
            self._add(float(int(at) + 1), words, 1)

    def near(self, at: float, *, later: bool) -> float | None:
        """Return the next alert after a time, or the last one before it; None without one."""
        if later:
            found = bisect_right(self.times, at)
            return self.times[found] if found < len(self.times) else None
        found = bisect_left(self.times, at)
        return self.times[found - 1] if found else None

    def words(self, at: float) -> str:
        """Return what the alert of exactly that time is for; empty when there is none."""
        words, count = self._said.get(at, ("", 0))
        return f"{words}, and {count - 1} more" if count > 1 else words

    def _add(self, second: float, words: str, count: int) -> None:
        if self.times and second < self.times[-1] + self._apart:
            first, before = self._said[self.times[-1]]
            self._said[self.times[-1]] = (first, before + count)
            return
        self.times.append(second)
        self._said[second] = (words, count)
        if len(self.times) > KEPT:
            self._apart *= 2
            said, self.times, self._said = self._said, [], {}
            for each, (first, many) in said.items():
                self._add(each, first, many)


def say(told: AnyTold) -> str:
    """Return what an operator would have been called for; empty when nobody would have been."""
    match told:
        case WorkerFaulty():
            return f"{told.worker} faulty: {told.cause or told.words}"
        case SessionBlocked():
            return f"{told.session} on {told.node} cannot run: {told.cause}"
        case EntryFailed(again=False):
            return f"{told.worker} {told.kind}: {told.path or told.gfid}"
        case ConflictMet():
            return f"{told.worker} {told.count} × gfid mismatch"
        case GivenUp():
            return f"{told.worker} content given up in {', '.join(told.slices[:3]) or 'a slice'}"
        case _:
            return ""
