"""Plays a replay: a clock that can be set, and the picture of the time it shows.

It reads when it is asked to, and not for long. Where the index has not been yet, the picture is
made of what is told shortly before, and made whole as soon as the index comes by.
"""

import math
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from engine.state import State, apply
from georep_tui.chronicle import Chronicle
from georep_tui.replay import scout
from georep_tui.replay.chains import Chain
from georep_tui.replay.index import Index, chronicle
from georep_tui.replay.notes import AnyNote
from georep_tui.replay.reading import Mark, Reading

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1000.0)
NORMAL = SPEEDS.index(1.0)
LONGEST = 0.2
"""Seconds that playing may read at a time: where more is told, it plays slower."""
_CLOCK = re.compile(r"(?:(\d{4})-(\d\d?)-(\d\d?)[ T]+)?(\d\d?):(\d\d)(?::(\d\d))?Z?")


class Player:
    """Shows any moment of a replay, and lets time go on from there."""

    def __init__(self, chains: Sequence[Chain], *, clock: Callable[[], float]) -> None:
        """`clock` is the time outside: it says how long something has been played."""
        self.chains, self._clock = chains, clock
        self.index = Index(chains)
        self._reading = Reading(chains)
        self._steps = iter(self._reading)
        self.picture = State()
        self.chronicle = chronicle()
        """What happened up to the time that is shown."""
        self.begin = min(file.first for chain in chains for file in chain.files)
        self._last = max(file.last for chain in chains for file in chain.files)
        self.at = self.begin
        """The time that is shown."""
        self.target: float | None = None
        """The time that is to be shown as soon as it has been read."""
        self.since: float | None = None
        """Since when the picture knows what was told, while it does not know all before."""
        self.playing = False
        self._speed = NORMAL
        self._before = clock()
        self._fold(self.at)
        if not self.picture.version:
            self._on()

    @property
    def speed(self) -> float:
        """How many seconds pass in one."""
        return SPEEDS[self._speed]

    @property
    def end(self) -> float:
        """The last time that is told of, as far as is known."""
        return max(self._last, self.index.at)

    def advance(self) -> None:
        """Let the time pass that has passed outside."""
        now = self._clock()
        passed, self._before = max(0.0, now - self._before), now
        if self.since is not None and self._read(self.at):
            self.target = self.at
        if self.target is not None:
            self._arrive()
        elif self.playing:
            self._fold(self.at + passed * self.speed, seconds=LONGEST)
            self.playing = self.at < self.end

    def play(self) -> None:
        """Let time pass, or hold it; at the end, begin again."""
        self._before = self._clock()
        if not self.playing and self.at >= self.end:
            self.seek(self.begin)
        self.playing = not self.playing

    def hold(self) -> None:
        """Let no time pass."""
        self.playing = False

    def faster(self, by: int) -> None:
        """Go some speeds up, or down."""
        self._speed = min(len(SPEEDS) - 1, max(0, self._speed + by))

    def seek(self, at: float) -> None:
        """Show another time."""
        self.target = min(self.end, max(self.begin, at))
        if self._read(self.target):
            self._arrive()
        else:
            self._scout(self.target)

    def step(self, *, later: bool) -> None:
        """Show the next time at which something is told, or the last one before; and hold."""
        self.playing = False
        if later:
            self._on()
            return
        found = self._last_before(self.at)
        if found is not None:
            self.seek(found)

    def alert(self, *, later: bool) -> bool:
        """Show the next alert, or the last one before; False when none is known."""
        found = self.index.alerts.near(self.at, later=later)
        if found is None:
            return False
        self.playing = False
        self.seek(found)
        return True

    def _arrive(self) -> None:
        """Show the target, if all before it has been read."""
        if self.target is None or not self._read(self.target):
            return
        at, self.target = self.target, None
        point = self.index.before(at)
        # From here on is shorter, unless it lies behind, or a point lies between.
        if at < self.at or point.mark.at > self.at or self.since is not None:
            self._begin(point.mark, point.picture(), point.chronicle())
        self.since = None
        self._fold(at)

    def _scout(self, at: float) -> None:
        """Show what is told shortly before a time that the index has not reached."""
        mark = scout.look(self.chains, at)
        if mark is not None:
            self._begin(mark, State(), chronicle())
            self.since, self.target = min(at, self._reading.next_at), None
            self._fold(at)

    def _begin(self, mark: Mark, picture: State, told: Chronicle) -> None:
        self._reading = Reading(self.chains, mark)
        self._steps = iter(self._reading)
        self.picture, self.chronicle = picture, told

    def _read(self, at: float) -> bool:
        """Return whether all before a time is in the index."""
        return self.index.done or at <= self.index.at

    def _on(self) -> None:
        """Go on until something is told."""
        version, until = self.picture.version, time.monotonic() + LONGEST
        while self.picture.version == version and not math.isinf(self._reading.next_at):
            self._fold(self._reading.next_at)
            if time.monotonic() > until:
                break

    def _fold(self, to: float, *, seconds: float = math.inf) -> None:
        """Take everything up to a time into the picture; or as much as can be read so quickly."""
        until = time.monotonic() + seconds
        while self._reading.next_at <= to:
            for each in next(self._steps):
                if not isinstance(each, AnyNote):
                    apply(self.picture, each)
                self.chronicle.take(each)
            if time.monotonic() > until:
                to = min(to, self._reading.next_at)
                break
        self.at = min(to, self.end)

    def _last_before(self, at: float) -> float | None:
        """Return the last time before another at which something is told."""
        near = None if self._read(at) else scout.look(self.chains, at)
        reading = Reading(self.chains, near or self.index.before(at).mark)
        found: float | None = None
        steps = iter(reading)
        while reading.next_at < at:
            if next(steps):
                found = reading.at
        return found


def parse(text: str, near: float) -> float | None:
    """Return the time that `text` names: 11:40, 11:40:05, 2026-11-23 11:40; None when it is none.

    Without a day it is the moment of that name that lies nearest to `near`.
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(each) if each else 0 for each in found.groups())
    there = datetime.fromtimestamp(near, UTC)
    try:
        if year:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
        same = there.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        return None
    days = (same + timedelta(days=by) for by in (-1, 0, 1))
    return min((each.timestamp() for each in days), key=lambda each: abs(each - near))
