"""What looked different and is looked at again: which of it stays, which was only on its way. Pure.

Changes need time to arrive, so a difference counts only when both sides have stayed as they are for
as long as the operator's patience.
"""

import heapq
from dataclasses import dataclass
from enum import Enum, auto

from engine.item import Gfid, Place

FIRST_WAIT = 1.0
"""Seconds until the second look; each further one comes after twice as long."""
LONGEST = 4
"""Patiences after which what keeps changing is let go of."""


class Verdict(Enum):
    """What another look at a suspect means."""

    EQUAL = auto()
    """There is no difference any more."""
    STAYS = auto()
    """It is a difference."""
    CHANGING = auto()
    """It changes all the while; nothing can be said."""
    AGAIN = auto()
    """Look once more, later."""


@dataclass(slots=True)
class Suspect:
    """A place that looked different."""

    path: bytes
    """Where it was met, for people."""
    seen: bytes
    """A digest of both sides, to know whether they stay."""
    entered: Gfid | None
    """The directory here of which the content is compared already, or under way."""
    first: float
    since: float
    """From when on both sides have been as they are."""
    wait: float = FIRST_WAIT
    start: int = 0
    """Where the content of the file differs; what is before it was equal."""


class Suspects:
    """All of them, by place; every time is in seconds of one clock that never goes back."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._held: dict[Place, Suspect] = {}
        self._queue: list[tuple[float, Place]] = []

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, place: Place) -> Suspect:
        return self._held[place]

    def __contains__(self, place: Place) -> bool:
        return place in self._held

    def add(
        self,
        place: Place,
        path: bytes,
        seen: bytes,
        now: float,
        *,
        entered: Gfid | None = None,
        start: int = 0,
    ) -> None:
        """Take up a place that looks different; one that is held already stays as it is."""
        if place not in self._held:
            due = now + min(FIRST_WAIT, self._patience)
            self._held[place] = Suspect(path, seen, entered, now, now, start=start)
            heapq.heappush(self._queue, (due, place))

    def due(self, now: float, most: int) -> list[Place]:
        """Take at most `most` places that are to be looked at now, the longest due first; each of
        them must be judged.
        """
        ready: list[Place] = []
        while self._queue and self._queue[0][0] <= now and len(ready) < most:
            ready.append(heapq.heappop(self._queue)[1])
        return ready

    def next_due(self) -> float | None:
        """Return when the next look is due; None when no look is."""
        return self._queue[0][0] if self._queue else None

    def judge(self, place: Place, seen: bytes | None, now: float) -> Verdict:
        """Take a new look into account; `seen` is None where both sides are equal.

        Who is judged anything but AGAIN is let go of.
        """
        suspect = self._held[place]
        verdict = self._judge(place, suspect, seen, now)
        if verdict is not Verdict.AGAIN:
            del self._held[place]
        return verdict

    def _judge(self, place: Place, suspect: Suspect, seen: bytes | None, now: float) -> Verdict:
        if seen is None:
            return Verdict.EQUAL
        if seen != suspect.seen:
            if now - suspect.first >= LONGEST * self._patience:
                return Verdict.CHANGING
            suspect.seen, suspect.since, suspect.wait = seen, now, FIRST_WAIT
        elif now - suspect.since >= self._patience:
            return Verdict.STAYS
        else:
            suspect.wait *= 2
        due = min(now + suspect.wait, suspect.since + self._patience)
        heapq.heappush(self._queue, (due, place))
        return Verdict.AGAIN
