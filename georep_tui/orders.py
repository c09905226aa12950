"""By what sessions and workers are sorted, column by column. Pure."""

from engine import figures
from engine.figures import Status
from engine.state import SessionState, State, WorkerState
from georep_tui import rows, tables
from georep_tui.sorting import Rank, Sorting, ordered

SESSION, BRICK = Sorting("SESSION"), Sorting("BRICK")
"""How the tables are sorted at first: by name, which never changes."""
_RISING = {"SESSION", "BRICK", "PEER", "CRAWL", "LAST SYNCED", "DOING"}
"""Columns whose smallest comes first; of all others it is the largest, or the worst."""
_TROUBLE = {
    Status.FAULTY: 5.0,
    Status.STARTING: 4.0,
    Status.PAUSED: 3.0,
    Status.STOPPED: 2.0,
    Status.ACTIVE: 1.0,
    Status.PASSIVE: 0.0,
}
_RATES = {"ENTRY/s": "entries", "FILES/s": "files", "MB/s": "bytes"}
NO_ORDER = {"60 s"}
"""Columns that nothing is sorted by."""


def falls(sorting: Sorting) -> bool:
    """Return whether the largest comes first."""
    return (sorting.column not in _RISING) != sorting.turned


def sessions(state: State, sorting: Sorting, now: float) -> list[str]:
    """Return the names of all sessions in an order."""
    found = state.sessions
    return ordered(
        found,
        lambda name: _session(sorting.column, name, found[name], now),
        falling=falls(sorting),
    )


def workers(session: SessionState, sorting: Sorting, now: float) -> list[str]:
    """Return the names of a session's workers in an order."""
    return ordered(
        session.workers,
        lambda name: _worker(sorting.column, name, session, now),
        falling=falls(sorting),
    )


def _session(column: str, name: str, session: SessionState, now: float) -> Rank:
    active = [w for n, w in session.workers.items() if figures.status(session, n) is Status.ACTIVE]
    match column:
        case "SESSION":
            return 0.0, name
        case "STATE":
            return _TROUBLE[figures.session_status(session)], ""
        case "WORKERS":
            return float(len(session.workers)), ""
        case "FAIL":
            return float(session.failing), ""
        case "LAG":
            return _number(figures.session_lag(session, now))
        case "ENTRY" | "DATA" | "TO SEND":
            waiting = [each for worker in active if (each := _pending(column, worker)) is not None]
            return _number(sum(waiting) if waiting else None)
        case _ if column in _RATES and active:
            return tables.speeds(active, _RATES[column], now), ""
        case _:
            return None


def _worker(column: str, name: str, session: SessionState, now: float) -> Rank:
    worker, status = session.workers[name], figures.status(session, name)
    match column:
        case "BRICK":
            return 0.0, name
        case "STATUS":
            return _TROUBLE[status], ""
        case "FAIL":
            return float(worker.failing), ""
        case "LAG":
            return _number(figures.lag(worker, now))
        case "LAST SYNCED":
            settled = worker.position is not None and figures.lag(worker, now) is not None
            return (float(worker.position.stime), "") if settled and worker.position else None
        case "PEER":
            return _text(worker.connected.peer if worker.connected else "")
        case "DOING":
            return _text(tables.doing(session, name))
        case _ if status is not Status.ACTIVE:
            return None
        case "CRAWL":
            return _text(figures.crawl_of(worker).value)
        case "ENTRY" | "DATA" | "META" | "TO SEND":
            return _number(_pending(column, worker))
        case _ if column in _RATES:
            return tables.speeds([worker], _RATES[column], now), ""
        case _:
            return None


def _pending(column: str, worker: WorkerState) -> float | None:
    if worker.pending is None or (column == "META" and worker.pending.meta < 0):
        return None
    told = {
        "ENTRY": worker.pending.entries,
        "DATA": worker.pending.files,
        "META": worker.pending.meta,
        "TO SEND": worker.pending.bytes,
    }
    return float(told[column])


def _number(value: float | None) -> Rank:
    return None if value is None else (value, "")


def _text(value: str) -> Rank:
    return (0.0, rows.plain(value)) if value else None
