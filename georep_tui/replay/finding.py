"""Looks for what is told anywhere in a replay, on from a place or back from it, a little at a time.

Everything that is shown as an event has a number, the same in every reading: so a hit is after
another one, or before it, also within a second, and also where the play has not been yet.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from georep_tui import chronicle
from georep_tui.replay.chains import Chain
from georep_tui.replay.index import Point
from georep_tui.replay.notes import AnyTold
from georep_tui.replay.reading import Reading

TURN = 64
"""Lines after which whoever looks gets a turn."""


class Hit(NamedTuple):
    """One thing that was looked for."""

    at: float
    """The time of the replay at which it is told."""
    serial: int
    told: AnyTold


class Place(NamedTuple):
    """A moment of a replay."""

    at: float
    serial: int | None = None
    """The event that was told last; None: all up to that time, and nothing later."""

    def before(self, hit: Hit) -> bool:
        """Return whether a hit lies after this."""
        return hit.at > self.at if self.serial is None else hit.serial > self.serial

    def after(self, hit: Hit) -> bool:
        """Return whether a hit lies before this."""
        return hit.at < self.at if self.serial is None else hit.serial < self.serial


Wanted = Callable[[AnyTold], bool]
Steps = Iterator[Hit | None]
"""None for a turn; the hit, where there is one, comes last."""


def ahead(chains: Sequence[Chain], points: Sequence[Point], place: Place, wanted: Wanted) -> Steps:
    """Yield turns, and the first hit after a place."""
    begin = max((number for number, each in enumerate(points) if _known(each, place)), default=0)
    for each in _hits(chains, points[begin], None, wanted):
        if each is None or place.before(each):
            yield each
        if each is not None and place.before(each):
            return


def behind(chains: Sequence[Chain], points: Sequence[Point], place: Place, wanted: Wanted) -> Steps:
    """Yield turns, and the last hit before a place."""
    parts = [*pairwise(points), (points[-1], None)]
    for begin, end in reversed(parts):
        if not _known(begin, place):
            continue
        found: Hit | None = None
        for each in _hits(chains, begin, end, wanted):
            if each is None:
                yield None
            elif place.after(each):
                found = each
            else:
                break
        if found is not None:
            yield found
            return


def _known(point: Point, place: Place) -> bool:
    """Return whether what follows a place follows a point."""
    return point.mark.at < place.at if place.serial is None else point.count < place.serial


def _hits(
    chains: Sequence[Chain], begin: Point, end: Point | None, wanted: Wanted
) -> Iterator[Hit | None]:
    reading, serial = Reading(chains, begin.mark), begin.count
    for count, told in enumerate(reading):
        for each in told:
            if chronicle.level_of(each) is None:
                continue
            serial += 1
            if end is not None and serial > end.count:
                return
            if wanted(each):
                yield Hit(reading.at, serial, each)
        if count % TURN == TURN - 1:
            yield None
