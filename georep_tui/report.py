"""What the command line says of sessions: aligned text for people, JSON for programs."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.text import Text

from engine import failures as meanings
from engine import figures, progress
from engine.events import PendingChanged
from engine.progress import Estimate
from engine.state import SessionState, State, WorkerState
from georep_tui import attention, rows, standing, tables
from georep_tui.rows import Line

if TYPE_CHECKING:
    from engine.session.ledger import Failure
    from engine.session.lifecycle import Listed

COLOURS = {
    "ok": "green",
    "busy": "cyan",
    "warn": "yellow",
    "bad": "red",
    "idle": "dim",
    "accent": "blue",
    "head": "bold dim",
    "strong": "bold",
}
NARROW = 100
"""Columns taken when nobody looks at a terminal."""

Json = dict[str, object]
KINDS = ("slices", "entries", "files", "bytes")
"""What is pending, and what is counted over a minute and over an hour."""


def status(state: State, now: float) -> None:
    """Write how all sessions in `state` are, each with its workers, and what needs somebody."""
    if not state.sessions:
        say([(("No sessions on this node. Make one: georep create VOLUME HOST::VOLUME", ""),)])
        return
    width = max(80, shutil.get_terminal_size((NARROW, 24)).columns)
    lines: list[Line] = []
    table = tables.sessions(state, now, width)
    lines += [table.head, *(row.line for row in table.rows)]
    for name in sorted(state.sessions):
        if state.sessions[name].workers:
            title = rows.rule(tables.title(name, state.sessions[name]), width - 1)
            workers = tables.workers(state.sessions[name], now, width)
            lines += [(), ((title, "idle"),), workers.head, *(row.line for row in workers.rows)]
        lines += _ahead(name, state.sessions[name], now)
    found = attention.matters(state, now)
    if found:
        lines += [(), ((rows.rule("needs attention", width - 1), "idle"),)]
        lines += attention.whole(found, width)
    say(lines)


def _ahead(name: str, session: SessionState, now: float) -> list[Line]:
    """Return how long what is pending takes, and how far checkpoints are."""
    lines: list[Line] = []
    there = figures.session_ahead(session)
    if there is not None:
        words = f"all up to {rows.clock(there)}, settled or not, {rows.duration(now - there)} ago"
        lines.append(((" there ", "idle"), (words, "")))
    if left := standing.session_eta(session, now):
        lines.append(((" left  ", "idle"), (left, "")))
    checkpoints = standing.lines(session, now, most=standing.SHOWN)
    if checkpoints:
        lines += [((f" checkpoints of {name}", "idle"),), *checkpoints]
    return [(), *lines] if lines else []


def checkpoints_json(session: SessionState, now: float) -> list[Json]:
    """Return how far each checkpoint is."""
    return [
        {
            "label": each.label,
            "time": each.time,
            "complete": each.at is not None,
            "at": each.at,
            "reached": each.reached,
            "parts": each.parts,
            "waits_for": list(each.workers),
            "eta": _estimate(progress.checkpoint_eta(session, each, now)),
            "commands": [
                _numbers(hook, ("node", "at", "seconds", "code", "words")) for hook in each.hooks
            ],
        }
        for each in progress.checkpoints(session)
    ]


def _estimate(estimate: Estimate | None) -> Json | None:
    if estimate is None:
        return None
    seconds = None if estimate.seconds is None else round(estimate.seconds, 1)
    return {"seconds": seconds, "confidence": estimate.confidence.value}


def status_json(state: State, now: float) -> None:
    """Write the same as one JSON object."""
    dump(status_plain(state, now))


def status_plain(state: State, now: float) -> dict[str, object]:
    """Return the same as what JSON can say."""
    sessions = [_session(name, each, now) for name, each in sorted(state.sessions.items())]
    return {"at": now, "sessions": sessions}


def listed(found: "Iterable[Listed]") -> None:
    """Write which sessions there are."""
    found, lines = list(found), list[Line]()
    wide = max((len(each.name) for each in found), default=0)
    for each in found:
        if each.session is None:
            lines.append(((f"{each.name:{wide}}  ", ""), (rows.plain(each.error), "bad")))
        else:
            there = f"{each.session.primary} → {each.session.secondary}"
            wanted = each.wanted.value if each.wanted else rows.UNKNOWN
            lines.append(((f"{each.name:{wide}}  {there}  ", ""), (wanted, "idle")))
    say(lines or [(("No sessions on this node.", ""),)])


def listed_json(found: "Iterable[Listed]") -> None:
    """Write the same as one JSON list."""
    dump(
        [
            {
                "session": each.name,
                "primary": each.session.primary if each.session else None,
                "secondary": each.session.secondary if each.session else None,
                "wanted": each.wanted.value if each.wanted else None,
                "error": each.error or None,
            }
            for each in found
        ]
    )


def failures(found: "Sequence[Failure]", now: float) -> None:
    """Write what could not be replicated, grouped by kind, each kind with its next step."""
    if not found:
        say([(("Nothing has failed on this node.", ""),)])
        return
    lines: list[Line] = []
    kinds = dict.fromkeys(each.kind for each in sorted(found, key=lambda each: not each.due))
    for kind in kinds:
        alike = [each for each in found if each.kind == kind]
        meant = meanings.meaning(kind)
        lines += [(), ((f"{kind}  ", "strong"), (meant.words, ""))]
        lines.append(((f"  → {meant.fix}", "accent"),))
        for each in alike:
            lines += _failure(each, now)
    say(lines[1:])


def _failure(each: "Failure", now: float) -> list[Line]:
    again = f"again {rows.due(each.due, now)}" if each.due else "skipped"
    tries = rows.many(each.tries, "try", "tries")
    since = f"since {rows.stamp(each.first)}"
    failed = each.due and each.kind != meanings.WAITS
    return [
        (
            (
                f"  {each.path or each.gfid}",
                "bad" if failed else "idle",
            ),
        ),
        ((f"    {each.gfid}  {tries} {since}, {again}  ", "idle"), (_words(each), "")),
    ]


def _words(each: "Failure") -> str:
    return rows.plain(f"{each.doing}: {each.words}")


def failures_json(found: "Iterable[Failure]") -> None:
    """Write the same as one JSON list."""
    dump(
        [
            {
                **msgspec.structs.asdict(each),
                "skipped": not each.due,
                "meaning": meanings.meaning(each.kind).words,
                "fix": meanings.meaning(each.kind).fix,
            }
            for each in found
        ]
    )


def say(lines: Iterable[Line]) -> None:
    """Write lines to stdout: in colour on a terminal only, in ASCII where it knows no more."""
    console = _Paper(highlight=False, markup=False, emoji=False, no_color=_no_colour())
    plain = "utf" not in (sys.stdout.encoding or "").lower()
    for line in lines:
        text = Text()
        for words, meaning in line:
            text.append(rows.ascii_only(words) if plain else words, COLOURS.get(meaning, ""))
        text.rstrip()
        console.print(text, soft_wrap=True)


class _Paper(Console):
    """Where lines are written; how a command ends without a reader is decided elsewhere."""

    def on_broken_pipe(self) -> None:
        """Hand on what else would be exit code 1."""
        raise BrokenPipeError


def dump(content: object) -> None:
    """Write JSON to stdout."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")


def _no_colour() -> bool:
    return not sys.stdout.isatty() or "NO_COLOR" in os.environ


def _session(name: str, session: SessionState, now: float) -> Json:
    known = session.known
    return {
        "session": name,
        "primary": known.primary if known else None,
        "secondary": known.secondary if known else None,
        "wanted": known.wanted.value if known else None,
        "status": figures.session_status(session).value,
        "lag": figures.session_lag(session, now),
        "ahead": figures.session_ahead(session),
        "eta": _estimate(progress.session_eta(session, now)),
        "checkpoints": checkpoints_json(session, now),
        **_together(session, now),
        "failures": session.failing,
        "unreconciled": _numbers(figures.unreconciled(session), ("since", "until")),
        "blocked": [
            {"node": node, "cause": each.cause, "words": each.words, "fix": each.fix}
            for node, each in sorted(session.blocked.items())
        ],
        "workers": [
            {"worker": worker, "status": figures.status(session, worker).value}
            | _worker(session.workers[worker], now)
            for worker in sorted(session.workers)
        ],
    }


def _together(session: SessionState, now: float) -> Json:
    """Return what is pending on all bricks whose workers are at work, and how fast they are."""
    works = [
        each
        for name, each in session.workers.items()
        if figures.status(session, name) is figures.Status.ACTIVE
    ]
    waits = [each.pending for each in works if each.pending]
    return {
        "pending": {kind: sum(getattr(each, kind) for each in waits) for kind in KINDS}
        | {"meta": None if any(each.meta < 0 for each in waits) else sum(w.meta for w in waits)},
        "minute": {k: round(sum(progress.rate(w, k, now) for w in works), 3) for k in KINDS},
        "hour": {
            k: round(sum(progress.hourly(w.minutes, k, now) for w in works), 3) for k in KINDS
        },
    }


def _worker(each: WorkerState, now: float) -> Json:
    role, crawl, fault = each.role, each.crawl, each.fault
    pending, totals, position = each.pending, each.totals, each.position
    return {
        "role": role.role.value if role else None,
        "role_reason": role.reason if role else None,
        "crawl": crawl.crawl.value if crawl else None,
        "crawl_reason": crawl.reason if crawl else None,
        "crawled": each.crawled.done if each.crawled else None,
        "peer": each.connected.peer if each.connected else None,
        "passed_over": {
            host: _numbers(passed, ("at", "cause", "words", "fix"))
            for host, passed in sorted(each.passed.items())
        },
        "pid": each.started.pid if each.started and each.ended is None else None,
        "restarts": each.started.restart if each.started else None,
        "stime": position.stime if position else None,
        "slice": position.slice if position else None,
        "lag": figures.lag(each, now),
        "ahead": figures.ahead(each),
        "eta": _estimate(progress.worker_eta(each, now)),
        "paused": bool(each.pause and each.pause.paused),
        "unreconciled": _numbers(figures.due(each), ("since", "until")),
        "doing": pending.doing if pending else None,
        "waits": pending.waits if pending else None,
        "trouble": pending.trouble or None if pending else None,
        "pending": _pending(pending),
        "totals": _numbers(totals, ("slices", "records", "entries", "files", "bytes", "removed")),
        "per_second": {
            kind: round(figures.lately(each.samples, kind, now, window=tables.WINDOW), 3)
            for kind in ("entries", "files", "bytes")
        },
        "minute": {kind: round(progress.rate(each, kind, now), 3) for kind in KINDS},
        "hour": {kind: round(progress.hourly(each.minutes, kind, now), 3) for kind in KINDS},
        "movers": {
            name: _numbers(tried, ("works", "words", "means", "fix"))
            for name, tried in sorted(each.movers.items())
        },
        "stall": totals.stall if totals and totals.stall >= 0 and not each.ended else None,
        "failures": each.failing,
        "fault": {
            "at": fault.at,
            "cause": fault.cause,
            "words": fault.words,
            "fix": fault.fix,
            "evidence": fault.evidence,
        }
        if fault
        else None,
        "faults": [_numbers(one, ("at", "cause", "words", "fix")) for one in each.faults],
        "retry": {"attempt": each.retry.attempt, "due": each.retry.due} if each.retry else None,
    }


def _pending(pending: PendingChanged | None) -> Json | None:
    """Return what is known and not made so yet; `meta` is null where the worker does not tell."""
    if pending is None:
        return None
    meta = None if pending.meta < 0 else pending.meta
    return {kind: getattr(pending, kind) for kind in KINDS} | {"meta": meta}


def _numbers(event: object, names: Iterable[str]) -> Json | None:
    return {name: getattr(event, name) for name in names} if event is not None else None
