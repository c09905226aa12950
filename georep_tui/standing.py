"""How far checkpoints are, and how long what is left takes, in words. Pure."""

from rich.cells import cell_len

from engine import figures, progress
from engine.events import Crawl
from engine.progress import Confidence, Estimate, Standing
from engine.state import SessionState
from georep_tui import rows
from georep_tui.rows import Line

SHOWN = 5
"""Checkpoints that a status shows; the list shows all."""


def eta(estimate: Estimate | None, *, crawls: bool = False) -> str:
    """Return when something will be done: about 4 min (rough); a dash where nobody can tell, as at
    the begin of a crawl.
    """
    if estimate is None:
        return ""
    if estimate.seconds is None and crawls:
        return f"{rows.UNKNOWN} (the crawl has only begun)"
    if estimate.seconds is None:
        return f"{rows.UNKNOWN} (nothing was done lately)"
    if not estimate.seconds:
        return "nothing"
    rough = " (rough)" if estimate.confidence is Confidence.ROUGH else ""
    return f"about {rows.duration(estimate.seconds)}{rough}"


def words(session: SessionState, each: Standing, now: float) -> tuple[str, str]:
    """Return how far one checkpoint is, and what that means: ok, busy, or nothing."""
    if each.at is not None:
        return f"reached {rows.stamp(each.at)}", "ok"
    parts = f"{each.reached} of {rows.many(each.parts, 'part')}" if each.parts else "not yet"
    found = progress.checkpoint_eta(session, each, now)
    if found is None:
        elsewhere = each.parts and not each.workers
        return parts + (", the others are on other nodes" if elsewhere else ""), ""
    soon = "with the next slice" if not found.seconds and found.seconds is not None else eta(found)
    return f"{parts}, {soon}", "busy"


def session_eta(session: SessionState, now: float) -> str:
    """Return when all that is pending in a session will be done; empty when that is nothing."""
    estimate = progress.session_eta(session, now)
    crawls = any(figures.crawl_of(each) is Crawl.HYBRID for each in session.workers.values())
    return "" if estimate == progress.DONE else eta(estimate, crawls=crawls)


def lines(
    session: SessionState, now: float, *, most: int | None = None, width: int = 0
) -> list[Line]:
    """Return a line for each checkpoint, the latest first, and one for each command that failed.

    `width`: how far a checkpoint is goes below where it would not fit into that; 0: never.
    """
    found = progress.checkpoints(session)
    wide = max((len(each.label) for each in found[:most]), default=0)
    said: list[Line] = []
    for each in found[:most]:
        text, meaning = words(session, each, now)
        moment = rows.stamp(each.time) if each.time else rows.UNKNOWN
        head = f" {rows.plain(each.label):{wide}}  {moment} UTC  "
        if width and cell_len(head + text) > width:
            said += [((head.rstrip(), ""),), (("   ", ""), (text, meaning))]
        else:
            said.append(((head, ""), (text, meaning)))
        for hook in each.hooks:
            if hook.code:
                why = rows.plain(f"{hook.node}: its command failed ({hook.code}): {hook.words}")
                said.append(((f"   {why}", "warn"),))
    if most is not None and len(found) > most:
        said.append(((f" and {rows.many(len(found) - most, 'more', 'more')}", "idle"),))
    return said
