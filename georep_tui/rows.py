"""Numbers and words into text that fits its place. Pure: nothing but strings comes out.

Zero has a mark, unknown is a dash, not applicable is blank. Times are UTC.
"""

import re
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size

from engine import names
from engine.events import Crawl
from engine.figures import Status

Span = tuple[str, str]
"""Text, and what it means: ok, busy, warn, bad, idle, accent, head, or nothing."""
Line = tuple[Span, ...]

UNKNOWN = "—"
LABEL = 10
"""Cells for the word at the left of a line."""
BARS = "▁▂▃▄▅▆▇█"
_BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d)")
_BETWEEN_WORDS = re.compile(r"(?<!\d) | (?!\d)")
_ASCII = str.maketrans(
    dict(zip("●◐○‖▲✕✓—─→←▸·…×░▶━≥◆↓↑" + BARS, "*~o=!xv--><>.~x.>=>#v^_.:-=+*#", strict=True))
    | dict(zip("╭╮╰╯├┤│╷╵╶╴", "++++++|||--", strict=True))
    | {"⏎": "enter", "⇧": "shift+"}
)

_MARKS: dict[Status, tuple[str, str]] = {
    Status.STARTING: ("◐", "busy"),
    Status.ACTIVE: ("●", "ok"),
    Status.PASSIVE: ("○", "idle"),
    Status.PAUSED: ("‖", "warn"),
    Status.FAULTY: ("▲", "bad"),
    Status.STOPPED: ("✕", "idle"),
}


def ascii_only(text: str) -> str:
    """Return `text` with our own glyphs replaced, and a ? for every cell of what else no ASCII
    has; the width stays the same, but for the keys.
    """
    text = text.translate(_ASCII)
    if text.isascii():
        return text
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in text)


def plain(text: str) -> str:
    r"""Return foreign words on one line; what cannot be printed becomes a space or `\xNN`."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """Return the same with all spaces that are in it: there may be names in it."""
    return names.verbatim("".join(" " if c.isspace() else c for c in text))


def verbatim(name: str) -> str:
    r"""Return a name in full, on one line; what cannot be printed becomes `\xNN`, spaces stay."""
    return names.verbatim(name)


def percent(share: float) -> int:
    """Return how much of something is done, in per cent; 100 is not said while it goes on."""
    return min(99, int(share * 100))


def mark(status: Status, crawl: Crawl = Crawl.NONE) -> Span:
    """Return glyph, word and meaning; one that catches up is busy, and the word says how."""
    if status is Status.ACTIVE and crawl in (Crawl.HYBRID, Crawl.HISTORY):
        return f"◐ {crawl.value}", "busy"
    glyph, meaning = _MARKS[status]
    return f"{glyph} {status.value}", meaning


def lag(seconds: float | None) -> str:
    """Return a lag that never changes width: 00:42, 3h10m, 1d02h, or a dash."""
    if seconds is None:
        return UNKNOWN
    minutes, secs = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02}h"
    return f"{hours}h{minutes:02}m" if hours else f"{minutes:02}:{secs:02}"


def duration(seconds: float) -> str:
    """Return a length of time in words that can be read aloud: 0.4 s, 31 s, 4 min, 3 h 10 min."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds) // 60
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def due(at: float, now: float) -> str:
    """Return when something is due."""
    return f"in {duration(at - now)}" if at - now >= 0.5 else "now"


def clock(at: float) -> str:
    """Return the time of day."""
    return _utc(at).strftime("%H:%M:%S")


def stamp(at: float) -> str:
    """Return date and time."""
    return _utc(at).strftime("%Y-%m-%d %H:%M:%S")


def unreconciled(since: int, until: int) -> str:
    """Say which removals may be missing on the secondary: since the position before a crawl."""
    if since:
        return f"deletes since {stamp(since)} not reconciled"
    return f"deletes before {stamp(until)} not reconciled"


def short_stamp(at: float) -> str:
    """Return month, day and time."""
    return _utc(at).strftime("%m-%d %H:%M:%S")


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def size(count: float | None) -> str:
    """Return bytes in at most seven characters: 0 B, 18 KB, 1.2 GB, or a dash."""
    if count is None:
        return UNKNOWN
    value, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB", "TB", "PB"):
        if value < 999.5 or unit == "PB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 9.95 else f"{value:.1f} {unit}"


def number(count: float | None) -> str:
    """Return a count in at most five characters: 0, 9412, 12.3k, 1.2M, or a dash."""
    if count is None:
        return UNKNOWN
    value = float(count)
    if value < 9999.5:
        return f"{value:.0f}"
    for unit in ("k", "M", "G"):
        value /= 1000
        if value < 999.5 or unit == "G":
            break
    return f"{value:.1f}{unit}" if value < 99.95 else f"{value:.0f}{unit}"


def grouped(count: int) -> str:
    """Return a whole count, in groups of three."""
    return f"{count:,}".replace(",", " ")


def per_second(rate: float | None) -> str:
    """Return a rate in at most five characters; what is above zero never looks like zero."""
    if rate is None:
        return UNKNOWN
    if 0 < rate < 9.95:
        return f"{max(rate, 0.1):.1f}"
    return number(rate)


def megabytes(rate: float | None) -> str:
    """Return bytes per second as MB/s; a trickle is 0.1, only nothing is 0."""
    return per_second(None if rate is None else rate / 1e6)


def many(count: int, one: str, more: str = "") -> str:
    """Return a count with its noun."""
    return f"{grouped(count)} {one if count == 1 else more or one + 's'}"


def spark(values: Sequence[float], *, width: int, top: float) -> str:
    """Draw the last `width` values; the floor is zero, blank is no data."""
    last = len(BARS) - 1
    heights = [
        min(last, max(1, int(value / top * len(BARS)))) if top and value > 0 else 0
        for value in values[-width:]
    ]
    return "".join(BARS[height] for height in heights).rjust(width)


def bar(share: float, width: int) -> str:
    """Draw how much of something is done; full only when it is."""
    share = min(1.0, max(0.0, share))
    full = int(share * width)
    return "█" * full + "░" * (width - full)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells; what does not fit ends in an ellipsis."""
    if cell_len(text) > width:
        return set_cell_size(set_cell_size(text, max(0, width - 1)).rstrip() + "…", width)
    pad = " " * (width - cell_len(text))
    return pad + text if right else text + pad


def fit_brick(worker: str, width: int) -> str:
    """Return NODE:BRICK in `width` cells; of a long one the node and the end stay."""
    text = plain(worker)
    if cell_len(text) <= width:
        return fit(text, width)
    node, colon, brick = text.partition(":")
    room = width - cell_len(node) - 2
    if not colon or room < 4:
        return fit(text, width)
    tail = brick
    while cell_len(tail) > room:
        tail = tail[1:]
    return fit(f"{node}:…{tail}", width)


def fit_path(path: str, width: int) -> str:
    """Return a path in `width` cells; of a long one the end stays, which tells it from others."""
    text = verbatim(path)
    if cell_len(text) <= width:
        return fit(text, width)
    tail = text[-max(1, width) :]
    while cell_len(tail) > width - 1:
        tail = tail[1:]
    return fit("…" + tail, width)


def spread(name: str, width: int, *, lines: int) -> list[str]:
    """Return a name in full over several lines; what is over `lines` ends in an ellipsis."""
    width, parts = max(8, width), [""]
    for char in verbatim(name):
        # Measured as a whole: a character may widen the one before it, or take no room at all.
        if cell_len(parts[-1] + char) > width:
            parts.append("")
        parts[-1] += char
    if len(parts) > lines:
        parts = [*parts[: lines - 1], fit(parts[lines - 1] + parts[lines], width)]
    return parts


def wrap(text: str, width: int, *, lines: int) -> list[str]:
    """Return `text` in at most `lines` lines; no break within a number or a time."""
    width, text = max(8, width), plain(text)
    if not text.isascii() and {cell_len(char) for char in text} != {1}:
        return _wrapped(text, width, lines)
    found = textwrap.wrap(
        _BETWEEN_DIGITS.sub("\0", text),
        width,
        max_lines=lines,
        placeholder="…",
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in found]


def _wrapped(text: str, width: int, lines: int) -> list[str]:
    """Do so by cells: some letters take two of them, some none."""
    found: list[str] = []
    for word in _BETWEEN_WORDS.split(text):
        if found and cell_len(f"{found[-1]} {word}") <= width:
            found[-1] += f" {word}"
        else:
            found += spread(word, width, lines=lines + 1)
    if len(found) > lines:
        found = [*found[: lines - 1], fit(f"{found[lines - 1]} …", width).rstrip()]
    return found


def labelled(
    label: str, text: str, width: int, meaning: str = "", *, lines: int = 1
) -> Sequence[Line]:
    """Return a label and its words, over at most `lines` lines; nothing when nothing was said."""
    parts = wrap(text, width - LABEL - 2, lines=lines)
    labels = [label, *[""] * len(parts)]
    return [
        ((f" {at:{LABEL}}" + " " * (len(at) >= LABEL), "idle"), (part, meaning))
        for at, part in zip(labels, parts, strict=False)
    ]


def rule(title: str, width: int) -> str:
    """Return a section's rule with its name."""
    head = f"─ {plain(title)} " if title else ""
    return fit(head, width) if cell_len(head) >= width else head + "─" * (width - cell_len(head))
