"""A look at a time that the index has not reached yet: what is told shortly before it."""

from collections.abc import Sequence

from georep_tui.replay import files, gsyncd_lines, notes
from georep_tui.replay.chains import Chain
from georep_tui.replay.files import File, Kind
from georep_tui.replay.gsyncd_events import Interpreter
from georep_tui.replay.gsyncd_lines import Line
from georep_tui.replay.reading import FILE, Mark

STRETCH = 1800.0
"""Seconds before that time which are read."""
ROOM = 4 << 20
"""Bytes of a chain that are read for it at most."""
_STEP = 1 << 16
"""Bytes within which a place is found by reading line after line."""
_STRAY = 1 << 20
"""Bytes without a time that are passed over to find one."""


def look(chains: Sequence[Chain], at: float) -> Mark | None:
    """Return where to read from, to see what is told before a time; None when it is packed."""
    places = [_in_chain(chain, at) for chain in chains]
    if any(place is None for place in places):
        return None
    known = tuple(() for _ in chains)
    return Mark(0.0, tuple(places), known, Interpreter(), frozenset(), 0, 0)


def place(file: File, at: float) -> int:
    """Return where the lines of a file begin that are not older than a time, or a little before.

    Their times are taken to go up.
    """
    low, high = 0, file.size
    while high - low > _STEP:
        middle = (low + high) // 2
        time = _next_time(file, middle)
        if time is None or time >= at:
            high = middle
        else:
            low = middle
    return _line_start(file, low)


def _in_chain(chain: Chain, at: float) -> int | None:
    number = max((number for number, file in enumerate(chain.files) if file.first <= at), default=0)
    file = chain.files[number]
    if file.packed:
        return None
    end = place(file, at)
    return number * FILE + max(place(file, at - STRETCH), _line_start(file, max(0, end - ROOM)))


def _next_time(file: File, offset: int) -> float | None:
    """Return the time of the first line after a place that has one; None without one."""
    for start, raw in files.lines(file, _line_start(file, offset)):
        if file.kind is Kind.JOURNAL:
            event = notes.decode(raw)
            if event is not None:
                return event.at
        elif isinstance(line := gsyncd_lines.parse(raw), Line):
            return line.at
        if start > offset + _STRAY:
            return None
    return None


def _line_start(file: File, offset: int) -> int:
    """Return where the first whole line after a place begins."""
    if offset == 0:
        return 0
    with file.path.open("rb") as source:
        source.seek(offset - 1)
        source.readline()
        return source.tell()
