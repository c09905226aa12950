"""How much content may go over the network, and at which time of the day. Pure."""

import re
from dataclasses import dataclass

_RATE = re.compile(r"(0|[1-9][0-9]{0,14})([kmg]?)", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_PERIOD = re.compile(r"(\d\d):(\d\d) ?- ?(\d\d):(\d\d) +(\S+)")
DAY = 24 * 60
"""Minutes of a day."""
LEAST = 16 << 10
"""Least rate that is a limit, in bytes per second: with less, many jobs would seem to hang."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time of each day, in minutes since midnight, and the rate in it."""

    start: int
    end: int
    """Not a part of it; before `start` when midnight is in between."""
    rate: int

    def has(self, minute: int) -> bool:
        """Whether a minute of the day is in it."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Limits, in bytes per second; 0 is none."""

    rate: int = 0
    periods: tuple[Period, ...] = ()

    def at(self, minute: int) -> int:
        """Return the limit at a minute of the day: that of its period, else the usual one."""
        return next((each.rate for each in self.periods if each.has(minute)), self.rate)

    @property
    def limited(self) -> bool:
        """Whether there is ever a limit."""
        return bool(self.rate) or any(period.rate for period in self.periods)


def parse(rate: str, timetable: str) -> Bandwidth:
    """Return the limits of the two options; ValueError says what of them is wrong."""
    return Bandwidth(parse_rate(rate), parse_timetable(timetable))


def parse_rate(text: str) -> int:
    """Return bytes per second, as in 0, 500k, 20m or 1g; ValueError with the reason if not."""
    match = _RATE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no rate")
    found = int(match[1]) * _UNITS[match[2].lower()]
    if 0 < found < LEAST:
        raise ValueError(f"{text} is less than 16k")
    return found


def parse_timetable(text: str) -> tuple[Period, ...]:
    """Return the periods of a timetable, as in 08:00-18:00 5m, 18:00-08:00 0.

    ValueError with the reason when it is none, or when two of them overlap.
    """
    periods: list[Period] = []
    taken: dict[int, str] = {}
    for part in (part.strip() for part in text.split(",")) if text.strip() else ():
        match = _PERIOD.fullmatch(part)
        if not match:
            raise ValueError(f"{part!r} is no period with a rate")
        start, end = _minute(match[1], match[2]), _minute(match[3], match[4])
        if start in (end, DAY):
            raise ValueError(f"{part!r} takes no time")
        period = Period(start, end, parse_rate(match[5]))
        for minute in filter(period.has, range(DAY)):
            if minute in taken:
                raise ValueError(f"{part!r} overlaps {taken[minute]!r}")
            taken[minute] = part
        periods.append(period)
    return tuple(periods)


def _minute(hours: str, minutes: str) -> int:
    found = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or found > DAY:
        raise ValueError(f"there is no {hours}:{minutes}")
    return found
