"""What an operator should look at, the worst first. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from engine import figures
from engine.causes import CAUSES
from engine.events import EntryFailed
from engine.figures import Status
from engine.state import SessionState, State, WorkerState
from georep_tui import rows
from georep_tui.rows import Line

_STEP = "   "
"""What the next step is indented by."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that needs somebody: since when, where, and what."""

    at: float
    session: str
    worker: str
    """NODE:BRICK; the node when it concerns all of it; empty for the whole session."""
    words: str
    meaning: str
    """bad or warn."""
    fix: str = ""
    """What to do about it; most words end with it."""


def matters(state: State, now: float) -> list[Matter]:
    """Return everything that needs attention: faults first, then failures, the latest on top."""
    found: list[Matter] = []
    for name, session in state.sessions.items():
        found += _blocked(name, session)
        found += _unreconciled(name, session)
        found += _movers(name, session)
        found += _peers(name, session)
        for worker, each in session.workers.items():
            if figures.status(session, worker) is Status.FAULTY:
                found.append(_fault(name, worker, each, now))
            elif figures.tries_again(session, worker):
                found.append(_begins_again(name, worker, each))
            elif figures.troubled(session, worker):
                found.append(_trouble(name, worker, each))
            found += _failures(name, worker, each)
    return sorted(found, key=lambda matter: (matter.meaning != "bad", -matter.at))


def count(state: State) -> int:
    """Return how much is wrong: failed objects, workers that are faulty or would be if they had
    something to do, sessions that cannot run, or of which removals are not reconciled, movers that
    do not work, and nodes of the secondary that could not be used.
    """
    return sum(
        session.failing
        + len(session.blocked)
        + sum(figures.status(session, name) is Status.FAULTY for name in session.workers)
        + sum(figures.tries_again(session, name) for name in session.workers)
        + sum(figures.troubled(session, name) for name in session.workers)
        + (figures.unreconciled(session) is not None)
        + len(figures.broken(session))
        + len(figures.unused(session))
        for session in state.sessions.values()
    )


def lines(found: list[Matter], width: int, room: int) -> list[Line]:
    """Return what fits into `room` lines; the last one says how many matters are left out."""
    told = [_wrapped(each, width) for each in _told(found, width)]
    result: list[Line] = []
    for at, part in enumerate(told):
        left = len(told) - at
        if len(result) + len(part) + (left > 1) > room:
            return [*result, ((f" and {rows.many(left, 'more', 'more')}", "idle"),)]
        result += part
    return result


def whole(found: list[Matter], width: int) -> list[Line]:
    """Return everything in as many lines as it takes."""
    # Never broken by us: what a terminal breaks can still be copied as one.
    return [line for told in _told(found, width) for line in told]


def _wrapped(told: list[Line], width: int) -> list[Line]:
    """Have the next step in several lines where one is too short: a screen breaks none."""
    *said, last = told
    if last[0][1] != "accent":
        return told
    parts = rows.wrap(last[0][0].strip(), width - len(_STEP), lines=6)
    return [*said, *(((_STEP + part, "accent"),) for part in parts)]


def _told(found: list[Matter], width: int) -> Iterator[list[Line]]:
    """Tell each; what to do stands below where it has no room beside, in one line, and once for all
    that it mends.
    """
    for at, (matter, head) in enumerate(zip(found, _heads(found, width), strict=True)):
        room = max(8, width - cell_len(head) - 1)
        following = found[at + 1].fix if at + 1 < len(found) else ""
        step = _next(rows.plain(matter.fix)) if matter.fix != following else ""
        said = matter.words.removesuffix(_next(rows.plain(matter.fix))).rstrip()
        if step and cell_len(f"{said} {step}") <= room:
            said, step = f"{said} {step}", ""
        indent = " " * cell_len(head)
        told: list[Line] = [
            ((indent if row else head, ""), (part, matter.meaning))
            for row, part in enumerate(rows.wrap(said, room, lines=6))
        ]
        yield [*told, ((f"{_STEP}{step}", "accent"),)] if step else told


def _heads(found: list[Matter], width: int) -> list[str]:
    session_wide = max((len(matter.session) for matter in found), default=0)
    worker_wide = max((len(rows.plain(matter.worker)) for matter in found), default=0)
    session_wide, worker_wide = min(session_wide, 14), min(worker_wide, 24 if width < 120 else 40)
    return [
        f" {rows.clock(matter.at)}  {rows.fit(rows.plain(matter.session), session_wide)}  "
        f"{rows.fit_brick(matter.worker, worker_wide)}  "
        for matter in found
    ]


def _blocked(name: str, session: SessionState) -> list[Matter]:
    return [
        Matter(
            at=blocked.at,
            session=name,
            worker=node,
            words=rows.plain(f"cannot run: {blocked.words} {_next(blocked.fix)}"),
            meaning="bad",
            fix=blocked.fix,
        )
        for node, blocked in session.blocked.items()
    ]


def _next(fix: str) -> str:
    return f"→ {fix}" if fix else ""


def _fault(session: str, name: str, worker: WorkerState, now: float) -> Matter:
    fault = worker.fault
    words = (fault.cause or fault.words) if fault else ""
    again = (
        f", retry {worker.retry.attempt} {rows.due(worker.retry.due, now)}" if worker.retry else ""
    )
    at = fault.at if fault else now
    fix = fault.fix if fault else ""
    return Matter(at, session, name, rows.plain(f"faulty: {words}{again}"), "bad", fix)


def _begins_again(session: str, name: str, worker: WorkerState) -> Matter:
    fault = worker.fault
    at, words = (fault.at, fault.cause or fault.words) if fault else (0.0, "")
    fix = fault.fix if fault else ""
    retry = worker.started.restart if worker.started else 0
    words = rows.plain(f"faulty: {words}, retry {retry} now")
    return Matter(at, session, name, words, "bad", fix)


def _trouble(session: str, name: str, worker: WorkerState) -> Matter:
    """Say what would keep a worker from bringing anything, though it has nothing to bring."""
    pending = worker.pending
    at, trouble = (pending.at, pending.trouble) if pending else (0.0, "")
    fix = CAUSES[trouble].step.replace("`", "") if trouble in CAUSES else ""
    return Matter(at, session, name, rows.plain(f"{trouble} {_next(fix)}"), "bad", fix)


def _unreconciled(name: str, session: SessionState) -> list[Matter]:
    """One line for all bricks: a reconcile is of the whole volume."""
    due = figures.unreconciled(session)
    if due is None:
        return []
    fix = f"georep reconcile {name}"
    words = f"{rows.unreconciled(due.since, due.until)} {_next(fix)}"
    return [Matter(due.at, name, "", rows.plain(words), "warn", fix)]


def _movers(name: str, session: SessionState) -> list[Matter]:
    """One line for each node and mover, not for each brick: it is a matter of the machines."""
    return [
        Matter(
            at=tried.at,
            session=name,
            worker=node,
            words=rows.plain(f"{mover} not used: {tried.words}; {tried.means} {_next(tried.fix)}"),
            meaning="warn",
            fix=tried.fix,
        )
        for (node, mover), tried in figures.broken(session).items()
    ]


def _peers(name: str, session: SessionState) -> list[Matter]:
    """One line for each node here and there, not for each brick."""
    return [
        Matter(
            at=passed.at,
            session=name,
            worker=node,
            words=rows.plain(f"{host} passed over: {passed.cause} {_next(passed.fix)}"),
            meaning="warn",
            fix=passed.fix,
        )
        for (node, host), passed in figures.unused(session).items()
    ]


def _failures(session: str, name: str, worker: WorkerState) -> list[Matter]:
    """Group what failed by its kind; a thousand alike are one line with an example."""

    kinds: dict[str, list[EntryFailed]] = {}
    for failure in worker.failures.values():
        kinds.setdefault(failure.kind, []).append(failure)
    found: list[Matter] = []
    for word, alike in sorted(kinds.items()):
        last = max(alike, key=figures.tried)
        times = f" ×{len(alike)}, last" if len(alike) > 1 else ""
        words = rows.plain(f"{word}{times} {last.path or last.gfid}")
        fix = f"georep failures {session}"
        found.append(Matter(figures.tried(last), session, name, words, "warn", fix))
    if worker.unlisted:
        words = f"{rows.many(worker.unlisted, 'more failure')} than are listed here"
        found.append(Matter(0.0, session, name, words, "warn"))
    return found
