"""The tables of the Sessions and Workers screens: columns, and what stands in them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Protocol

from rich.cells import cell_len

from engine import figures
from engine.events import Crawl, PendingChanged, Wanted
from engine.figures import Status
from engine.state import SessionState, State, WorkerState
from georep_tui import rows
from georep_tui.columns import GAP, Column, of_sessions, of_workers
from georep_tui.rows import Line, Span
from georep_tui.sliding import FULL

WINDOW = 10.0
"""Seconds over which a rate is taken."""
HISTORY = 60.0
"""Seconds that a spark shows."""


class Shown(Protocol):
    """What a list shows: its line is asked for when it comes into sight."""

    @property
    def key(self) -> str:
        """What tells it from all others."""

    @property
    def line(self) -> Line:
        """What is seen."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, and the name of what it shows."""

    key: str
    line: Line


@dataclass(frozen=True, slots=True)
class Table:
    """A head and its rows, ready to be drawn."""

    head: Line = ()
    rows: list[Row] = field(default_factory=list)
    keep: int = 0
    """Cells of the first column, which stay when the others move."""


def sessions(state: State, now: float, width: int, names: Iterable[str] | None = None) -> Table:
    """Return the table of sessions, in the order of `names`; None: all of them by name."""
    shown = sorted(state.sessions) if names is None else list(names)
    called = [title(name, state.sessions[name]) for name in shown]
    columns = _fitted(of_sessions(width), called, width)
    room = _room(columns, width)
    found = [
        Row(name, _line(columns, _session(name, state.sessions[name], now, room), room))
        for name in shown
    ]
    return Table(_head(columns, room), found, _keep(columns))


def workers(
    session: SessionState, now: float, width: int, names: Iterable[str] | None = None
) -> Table:
    """Return the table of a session's workers, in the order of `names`; None: all by name."""
    shown = sorted(session.workers) if names is None else list(names)
    columns = _fitted(of_workers(width), shown, width)
    room = _room(columns, width)
    found = [
        Row(name, _line(columns, _worker(name, session, now, room, full=width >= FULL), room))
        for name in shown
    ]
    return Table(_head(columns, room), found, _keep(columns))


def matching(table: Table, wanted: str) -> Table:
    """Return the rows that hold every word of the filter; `!word` leaves out those that do."""
    words = words_of(wanted)
    return replace(table, rows=[row for row in table.rows if holds(_text(row), words)])


def words_of(wanted: str) -> list[str]:
    """Return the words of a filter."""
    return [word for word in wanted.casefold().split() if word != "!"]


def holds(text: str, words: Sequence[str]) -> bool:
    """Return whether a text, casefolded, is what the words of a filter want."""
    return all(word[1:] not in text if word.startswith("!") else word in text for word in words)


def title(name: str, session: SessionState) -> str:
    """Return `name → HOST::VOLUME`, without the user."""
    known = session.known
    there = known.secondary.rpartition("@")[2] if known else rows.UNKNOWN
    return rows.plain(f"{name} → {there}")


def session_mark(session: SessionState) -> Span:
    """Return the glyph and word of a session; the slowest way of finding changes names it."""
    status = figures.session_status(session)
    known = session.known
    if status is Status.STOPPED and known is not None and known.wanted is Wanted.CREATED:
        return "✕ created", "idle"
    ways = {
        figures.crawl_of(worker)
        for name, worker in session.workers.items()
        if figures.status(session, name) is Status.ACTIVE
    }
    crawl = next((way for way in (Crawl.HYBRID, Crawl.HISTORY) if way in ways), Crawl.NONE)
    return rows.mark(status, crawl)


def doing(session: SessionState, name: str) -> str:
    """Return what a worker does or waits for now, in a few words."""
    worker = session.workers[name]
    match figures.status(session, name):
        case Status.PASSIVE | Status.ACTIVE if worker.pending and worker.pending.trouble:
            return rows.plain(worker.pending.trouble)
        case Status.PASSIVE:
            return "standby"
        case Status.FAULTY:
            return rows.plain(worker.fault.cause or worker.fault.words) if worker.fault else ""
        case Status.PAUSED | Status.STOPPED:
            return ""
        case Status.STARTING | Status.ACTIVE:
            if worker.pending is None:
                return "" if worker.connected else "connecting"
            waits = f"waits: {worker.pending.waits}" if worker.pending.waits else ""
            return rows.plain(worker.pending.doing or waits)


def speeds(workers: Iterable[WorkerState], kind: str, now: float) -> float:
    """Return what several workers do together, per second."""
    return sum(figures.lately(worker.samples, kind, now, window=WINDOW) for worker in workers)


def spark(workers: Iterable[WorkerState], now: float, width: int) -> str:
    """Draw the last minute's bytes per second; blank when nobody ever said a total."""
    if width <= 0:
        return ""
    values = together(workers, "bytes", now, width)
    return rows.spark(values, width=width, top=max(values, default=0.0))


def together(workers: Iterable[WorkerState], kind: str, now: float, points: int) -> list[float]:
    """Return what several workers did per second, in equal parts of the last minute; fewer than
    `points`, the last ones, when nobody ever said a total before.
    """
    runs = [
        figures.series(worker.samples, kind, now, window=HISTORY, points=points)
        for worker in workers
        if worker.samples
    ]
    newest_first = (reversed(run) for run in runs)
    return [sum(parts) for parts in zip_longest(*newest_first, fillvalue=0.0)][::-1]


def _session(name: str, session: SessionState, now: float, room: int) -> dict[str, Span]:
    active = [w for n, w in session.workers.items() if _works(session, n)]
    waiting = [worker.pending for worker in active if worker.pending]
    failing, known = session.failing, session.known
    idle = known is not None and known.wanted is not Wanted.STARTED
    unknown: Span = ("" if idle else rows.UNKNOWN, "")
    behind = figures.session_lag(session, now)

    def when_active(text: str) -> Span:
        return (text, "") if active else unknown

    return {
        "SESSION": (title(name, session), ""),
        "STATE": session_mark(session),
        "WORKERS": (_tally(session), ""),
        "LAG": ("" if idle and behind is None else rows.lag(behind), ""),
        "ENTRY": when_active(rows.number(sum(each.entries for each in waiting))),
        "DATA": when_active(rows.number(sum(each.files for each in waiting))),
        "TO SEND": when_active(rows.size(sum(each.bytes for each in waiting))),
        "ENTRY/s": when_active(rows.per_second(speeds(active, "entries", now))),
        "FILES/s": when_active(rows.per_second(speeds(active, "files", now))),
        "MB/s": when_active(rows.megabytes(speeds(active, "bytes", now))),
        "FAIL": (rows.number(failing), "bad" if failing else ""),
        "60 s": (spark(active, now, room), "accent"),
    }


def _worker(
    name: str, session: SessionState, now: float, room: int, *, full: bool
) -> dict[str, Span]:
    worker, status = session.workers[name], figures.status(session, name)
    works = _works(session, name)
    synced = worker.position if status is not Status.PASSIVE else None
    behind = "" if status is Status.PASSIVE else rows.lag(figures.lag(worker, now))
    stamp = rows.stamp if full else rows.short_stamp
    blank: dict[str, Span] = {
        "BRICK": (name, ""),
        "PEER": (rows.plain(worker.connected.peer) if worker.connected else "", ""),
        "STATUS": rows.mark(status),
        "FAIL": (rows.number(worker.failing) if worker.failing else "", "bad"),
        "DOING": (doing(session, name), "bad" if _needs(session, name) else "idle"),
        "LAST SYNCED": (stamp(synced.stime) if synced and synced.stime > 0 else "", ""),
    }
    if status in (Status.PASSIVE, Status.PAUSED, Status.STOPPED):
        return blank | {"LAG": ("" if behind == rows.UNKNOWN else behind, "")}
    pending = worker.pending if works else None
    return blank | {
        "CRAWL": _crawl(worker) if works else ("", ""),
        "LAG": (behind, ""),
        "ENTRY": (rows.number(pending.entries) if pending else "", ""),
        "DATA": (rows.number(pending.files) if pending else "", ""),
        "META": (_meta(pending) if pending else "", ""),
        "TO SEND": (rows.size(pending.bytes) if pending else "", ""),
        "FAIL": (rows.number(worker.failing), "bad" if worker.failing else ""),
        "ENTRY/s": (rows.per_second(speeds([worker], "entries", now)) if works else "", ""),
        "FILES/s": (rows.per_second(speeds([worker], "files", now)) if works else "", ""),
        "MB/s": (rows.megabytes(speeds([worker], "bytes", now)) if works else "", ""),
        "60 s": (spark([worker], now, room) if works else "", "accent"),
    }


def _meta(pending: PendingChanged) -> str:
    return rows.UNKNOWN if pending.meta < 0 else rows.number(pending.meta)


def _crawl(worker: WorkerState) -> Span:
    crawl = figures.crawl_of(worker)
    if crawl is Crawl.NONE:
        return rows.UNKNOWN, ""
    if crawl is Crawl.HYBRID and worker.crawled:
        return f"hybrid {rows.percent(worker.crawled.done):2}%", "busy"
    return crawl.value, "" if crawl is Crawl.CHANGELOG else "busy"


def _works(session: SessionState, name: str) -> bool:
    return figures.status(session, name) is Status.ACTIVE


def _needs(session: SessionState, name: str) -> bool:
    faulty = figures.status(session, name) is Status.FAULTY
    return faulty or figures.troubled(session, name)


def _tally(session: SessionState) -> str:
    found = [figures.status(session, name) for name in session.workers]
    waiting = len(found) - found.count(Status.ACTIVE) - found.count(Status.FAULTY)
    faulty = found.count(Status.FAULTY) + len(session.blocked)
    parts = [f"{found.count(Status.ACTIVE)}"]
    parts += [f"+{waiting}"] if waiting else []
    parts += [f"▲{faulty}"] if faulty else []
    return " ".join(parts)


def _text(row: Row) -> str:
    return "".join(part for part, _ in row.line).casefold() + " " + row.key.casefold()


def _fitted(columns: Sequence[Column], names: Iterable[str], width: int) -> Sequence[Column]:
    """Have the first column just hold its names where rows are told in full."""
    if width < FULL:
        return columns
    longest = max((cell_len(rows.plain(name)) for name in names), default=0)
    first = replace(columns[0], width=max(12, min(longest, columns[0].width)))
    return (first, *columns[1:])


def _keep(columns: Sequence[Column]) -> int:
    return 1 + columns[0].width + GAP


def _room(columns: Sequence[Column], width: int) -> int:
    """Return the cells left for the column that stretches; one stays free at each side."""
    return max(0, width - 2 - sum(column.width for column in columns) - GAP * (len(columns) - 1))


def _head(columns: Sequence[Column], room: int) -> Line:
    return _line(columns, {column.title: (column.title, "head") for column in columns}, room)


def _line(columns: Sequence[Column], cells: dict[str, Span], room: int) -> Line:
    parts: list[Span] = [(" ", "")]
    for at, column in enumerate(columns):
        text, meaning = cells.get(column.title, ("", ""))
        cells_wide = column.width or room
        if column.title == "BRICK":
            text = rows.fit_brick(text, cells_wide)
        else:
            text = rows.fit(text, cells_wide, right=column.right)
        parts += [(" " * GAP, "")] * (at > 0) + [(text, meaning)]
    return tuple(parts)
