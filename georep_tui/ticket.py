"""A session, or a worker, in one line that can be put into a ticket. Pure."""

from engine import figures
from engine.figures import Status
from engine.state import SessionState
from georep_tui import rows, tables


def session(name: str, each: SessionState, now: float) -> str:
    """Return what is essential of a session: which, how it is, how far behind, why, and when."""
    parts = [f"session {tables.title(name, each)}", _word(tables.session_mark(each)[0])]
    parts += _behind(figures.session_lag(each, now))
    working = sum(figures.status(each, worker) is Status.ACTIVE for worker in each.workers)
    parts.append(f"{working} of {rows.many(len(each.workers), 'worker')} active")
    parts += [f"{rows.many(each.failing, 'failure')}"] * bool(each.failing)
    parts += [
        f"{node} cannot run: {blocked.cause}: {blocked.words}"
        for node, blocked in sorted(each.blocked.items())
    ]
    parts += [
        f"{worker} {_why(each, worker)}"
        for worker in sorted(each.workers)
        if figures.status(each, worker) is Status.FAULTY
    ]
    return _line(parts, now)


def worker(session_name: str, each: SessionState, name: str, now: float) -> str:
    """Return what is essential of a worker: which, how it is, how far behind, why, and when."""
    found, status = each.workers[name], figures.status(each, name)
    peer = f" → {found.connected.peer}" if found.connected else ""
    parts = [f"session {session_name}", f"{name}{peer}"]
    if status is Status.FAULTY:
        parts.append(_why(each, name))
        fix = found.fault.fix if found.fault else ""
        parts += [f"next step: {fix}"] * bool(fix)
    else:
        parts.append(status.value)
        if status is Status.ACTIVE and (crawl := figures.crawl_of(found).value):
            parts.append(crawl)
        doing = tables.doing(each, name)
        parts += [doing] * bool(doing)
    parts += _behind(figures.lag(found, now))
    if found.position is not None and found.position.stime > 0:
        parts.append(f"synced up to {rows.stamp(found.position.stime)}Z")
    parts += [f"{rows.many(found.failing, 'failure')}"] * bool(found.failing)
    return _line(parts, now)


def _why(each: SessionState, name: str) -> str:
    found = each.workers[name]
    if found.fault is None:
        return Status.FAULTY.value
    said = ": ".join(part for part in (found.fault.cause, found.fault.words) if part)
    again = ""
    if found.retry is not None:
        again = f", attempt {found.retry.attempt} at {rows.clock(found.retry.due)}Z"
    return f"{Status.FAULTY.value} since {rows.stamp(found.fault.at)}Z: {said}{again}"


def _behind(seconds: float | None) -> list[str]:
    return [] if seconds is None else [f"lag {rows.lag(seconds)}"]


def _word(mark: str) -> str:
    return mark.partition(" ")[2]


def _line(parts: list[str], now: float) -> str:
    told = [rows.plain(part) for part in parts]
    return " · ".join([*(part for part in told if part), f"seen {rows.stamp(now)}Z"])
