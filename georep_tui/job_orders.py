"""How jobs of the movers are sorted, and what they saved. Pure."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from engine.events import JobFinished
from georep_tui import sorting
from georep_tui.rows import Line


class Order(StrEnum):
    """How jobs are sorted; the key says what comes first."""

    NEWEST = "newest"
    SENT = "most sent"
    SLOWEST = "longest"
    SPEEDUP = "least speed-up"
    FILES = "most files"
    MATCHED = "most matched"
    BRICK = "by brick"
    MOVER = "by mover"


CYCLE = (Order.NEWEST, Order.SENT, Order.SLOWEST, Order.SPEEDUP)
"""What the key goes through; by all others the mouse sorts."""
_ROUND = {
    Order.NEWEST: "oldest",
    Order.SENT: "least sent",
    Order.SLOWEST: "shortest",
    Order.SPEEDUP: "most speed-up",
    Order.FILES: "fewest files",
    Order.MATCHED: "least matched",
}
_RANKS: dict[Order, Callable[[JobFinished], tuple[float, str]]] = {
    Order.NEWEST: lambda job: (job.at, ""),
    Order.SENT: lambda job: (job.sent, ""),
    Order.SLOWEST: lambda job: (job.seconds, ""),
    Order.SPEEDUP: lambda job: (speedup([job]) or 0.0, ""),
    Order.FILES: lambda job: (job.moved, ""),
    Order.MATCHED: lambda job: (job.matched, ""),
    Order.BRICK: lambda job: (0.0, job.worker),
    Order.MOVER: lambda job: (0.0, job.mover),
}
COLUMNS = {
    "AT": Order.NEWEST,
    "JOB": Order.NEWEST,
    "BRICK": Order.BRICK,
    "MOVER": Order.MOVER,
    "FILES": Order.FILES,
    "SENT": Order.SENT,
    "MATCHED": Order.MATCHED,
    "SPEEDUP": Order.SPEEDUP,
    "SPEED-UP": Order.SPEEDUP,
    "TIME": Order.SLOWEST,
}
"""By which order a column's title sorts."""
_RISING = {Order.SPEEDUP, Order.BRICK, Order.MOVER}
"""Orders that begin with the smallest."""


def sort(jobs: list[tuple[str, JobFinished]], order: Order, *, turned: bool = False) -> None:
    """Sort jobs, each with its worker, in place; equal ones stand with the newest first."""
    jobs.sort(key=lambda each: -each[1].at)
    jobs.sort(key=lambda each: _RANKS[order](each[1]), reverse=_falls(order, turned=turned))
    # Of one that sent nothing nobody knows what it would have been.
    jobs.sort(key=lambda each: order is Order.SPEEDUP and speedup([each[1]]) is None)


def _falls(order: Order, *, turned: bool) -> bool:
    return (order not in _RISING) != turned


def marked(head: Line, order: Order, *, turned: bool) -> Line:
    """Return a head with the mark of the order, in the first column that it sorts by."""
    for title, of in COLUMNS.items():
        if of is order:
            found = sorting.marked(head, title, falling=_falls(order, turned=turned))
            if found != head:
                return found
    return head


def told(order: Order, *, turned: bool) -> str:
    """Return in words how jobs are sorted."""
    if order not in _ROUND:
        return f"{order.value}{', turned round' * turned}"
    return f"{_ROUND[order] if turned else order.value} first"


def speedup(jobs: Sequence[JobFinished]) -> float | None:
    """Return the bytes that jobs were asked for, divided by those they sent; None without any."""
    sent = sum(job.sent for job in jobs)
    return sum(size(job) for job in jobs) / sent if sent else None


def size(job: JobFinished) -> int:
    """Return the bytes that a job was asked for; old logs tell only what became of them."""
    return job.size or job.matched + job.literal
