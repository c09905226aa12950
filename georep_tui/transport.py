"""The one line that a replay has beside the screens: how it is played, and where. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from georep_tui import rows
from georep_tui.rows import Line, Span

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Playing:
    """How a replay is played."""

    begin: float
    end: float
    at: float
    alerts: Sequence[float]
    playing: bool
    speed: float
    share: float
    """How much has been read, 0 to 1."""
    waiting: bool = False
    """It goes to a time that has not been read yet."""
    markers: Sequence[float] = ()


def line(how: Playing, width: int) -> Line:
    """Return the line: speed, begin, where it is, alerts, end."""
    state, begin, end, tail = _around(how)
    room = max(8, width - sum(len(text) for text, _ in (state, begin, end, tail)))
    return (state, begin, *track(how, room), end, tail)


def time_at(how: Playing, width: int, x: int) -> float | None:
    """Return the time at a cell of the line; None where it says how it is played."""
    state, begin, end, tail = _around(how)
    before = len(state[0]) + len(begin[0])
    room = max(8, width - before - len(end[0]) - len(tail[0]))
    if x < len(state[0]):
        return None
    cell = min(max(0, x - before), room)
    alerts = [at for at in (*how.markers, *how.alerts) if _cell(how, at, room) == cell]
    # What is drawn there is meant, not the begin of a cell that may be an hour long.
    return alerts[0] if alerts else how.begin + (how.end - how.begin) * cell / room


def _around(how: Playing) -> tuple[Span, Span, Span, Span]:
    if how.waiting:
        state: Span = (" ◐ reading ", "busy")
    else:
        glyph, meaning = ("▶", "ok") if how.playing else ("‖", "warn")
        state = (f" {glyph} {speed(how.speed)} ", meaning)
    days = how.end - how.begin >= DAY
    ends = [rows.short_stamp(at)[:11] if days else rows.clock(at) for at in (how.begin, how.end)]
    tail = f" ▲ {rows.grouped(len(how.alerts))}"
    if how.share < 1:
        tail += f" · {how.share * 100:.0f} % read"
    return (
        state,
        (f" {ends[0]} ", "idle"),
        (f" {ends[1]}", "idle"),
        (tail, "bad" if how.alerts else "idle"),
    )


def track(how: Playing, width: int) -> Line:
    """Draw where it is between begin and end, where markers and alerts are, in `width` cells."""
    alerts = {_cell(how, alert, width) for alert in how.alerts}
    markers = {_cell(how, marker, width) for marker in how.markers}
    here = _cell(how, how.at, width)
    spans: list[Span] = []
    for cell in range(width):
        if cell == here:
            spans.append(("●", "accent"))
        elif cell in markers:
            spans.append(("◆", "accent"))
        elif cell in alerts:
            spans.append(("▲", "bad"))
        else:
            spans.append(("━", "accent") if cell < here else ("─", "idle"))
    return tuple(spans)


def speed(value: float) -> str:
    """Return a speed: 4×, 0.25×."""
    return f"{value:g}×"


def _cell(how: Playing, at: float, width: int) -> int:
    span = how.end - how.begin
    share = (at - how.begin) / span if span > 0 else 1.0
    return min(width - 1, max(0, int(share * width)))
