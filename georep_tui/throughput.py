"""The Throughput screen in words and numbers: figures, graph, jobs, heavy hitters. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from engine import figures
from engine.events import JobFinished
from engine.figures import Status
from engine.state import SessionState, WorkerState
from georep_tui import job_orders, plot, rows, tables, windows, wording
from georep_tui.columns import WIDE
from georep_tui.job_orders import Order, size, speedup
from georep_tui.rows import Line, Span
from georep_tui.tables import Row, Table
from georep_tui.windows import Window

SHOWN = 200
"""Jobs shown at most."""
CELLS = 20
"""Cells that one figure takes."""


class Metric(StrEnum):
    """What the graph can show."""

    SENT = "MB/s sent"
    FILES = "files/s"
    OBJECTS = "objects/s"
    SPEEDUP = "speed-up"


_KINDS = {Metric.SENT: "bytes", Metric.FILES: "files", Metric.OBJECTS: "entries"}


class Heavy(NamedTuple):
    """A file, and what it cost in the jobs that are known."""

    gfid: str
    name: str
    size: int
    """As it was last."""
    jobs: int
    sent: float
    """Bytes; of a job with several files, its share by size."""


@dataclass(frozen=True, slots=True)
class View:
    """What the operator chose to see of a session."""

    metric: Metric = Metric.SENT
    order: Order = Order.NEWEST
    turned: bool = False
    """Whether it is the other way round."""
    brick: str = ""
    """NODE:BRICK; "": all."""
    window: Window = Window.MINUTE


def of(session: SessionState, brick: str) -> Mapping[str, WorkerState]:
    """Return the workers of a session, or one of them."""
    chosen = session.workers.get(brick)
    return {brick: chosen} if chosen else session.workers


def jobs_of(workers: Iterable[WorkerState]) -> list[JobFinished]:
    """Return the jobs that are known of some workers, the oldest first."""
    return sorted((job for worker in workers for job in worker.jobs), key=lambda job: job.at)


def above(session: SessionState, view: View, now: float, width: int, height: int) -> list[Line]:
    """Return the figures, and the graph of the chosen one in `height` lines and one more."""
    workers = of(session, view.brick)
    return [*_figures(workers.values(), view, now), *_graph(workers, view, now, width, height)]


def _figures(workers: Iterable[WorkerState], view: View, now: float) -> list[Line]:
    each = list(workers)
    ratio = speedup(jobs_of(each))
    texts = {
        Metric.SENT: rows.megabytes(tables.speeds(each, "bytes", now)),
        Metric.FILES: rows.per_second(tables.speeds(each, "files", now)),
        Metric.OBJECTS: rows.per_second(tables.speeds(each, "entries", now)),
        Metric.SPEEDUP: rows.UNKNOWN if ratio is None else rows.per_second(ratio),
    }

    def meaning(metric: Metric) -> str:
        return "accent" if metric is view.metric else "idle"

    drawn = {metric: plot.large(text) for metric, text in texts.items()}
    lines: list[Line] = [
        tuple((rows.fit(f" {drawn[metric][at]}", CELLS), meaning(metric)) for metric in Metric)
        for at in range(plot.HIGH)
    ]
    names: Line = tuple(
        (rows.fit(f"{'▸' if metric is view.metric else ' '}{metric.value}", CELLS), meaning(metric))
        for metric in Metric
    )
    return [*lines, names]


def _graph(
    workers: Mapping[str, WorkerState], view: View, now: float, width: int, height: int
) -> list[Line]:
    room = max(1, width - plot.AXIS - 1)
    begin, end = f"{view.window.value} ago", "now"
    if view.metric is Metric.SPEEDUP:
        jobs = jobs_of(workers.values())[-room:]
        values = [speedup([job]) or 0.0 for job in jobs]
        begin, end = "a job each", "the last"
    else:
        values = _values(workers.values(), view, now, room)
        if view.metric is Metric.SENT:
            values = [value / 1e6 for value in values]
    drawn = plot.graph(values, width=width - 1, height=height, begin=begin, end=end)
    head, foot = drawn[:-1], drawn[-1]
    return [
        *(((line[: plot.AXIS], "idle"), (line[plot.AXIS :], "accent")) for line in head),
        ((foot, "idle"),),
    ]


def _values(workers: Iterable[WorkerState], view: View, now: float, room: int) -> list[float]:
    kind = _KINDS[view.metric]
    if view.window is Window.MINUTE:
        return tables.together(workers, kind, now, room)
    return windows.together(workers, kind, view.window, now, room)


_COLUMNS = " {:>5}  {}  {:6} {:>5}  {:>6}  {:>7}  {:>7} {:>6}  "
_COLUMNS_WIDE = " {:8}  {:>5}  {}  {:6}  {:>5}  {:>7}  {:>7}  {:>7}  {:>7}  {:>8}  {:>7}  {:>7}  "


def jobs(session: SessionState, view: View, width: int) -> Table:
    """Return the table of the last jobs of the movers, in the chosen order."""
    found = [(worker, job) for worker, each in of(session, view.brick).items() for job in each.jobs]
    job_orders.sort(found, view.order, turned=view.turned)
    made = [Row(key(job), _job(worker, job, width)) for worker, job in found[:SHOWN]]
    return Table(job_orders.marked(_head(width), view.order, turned=view.turned), made)


def key(job: JobFinished) -> str:
    """Return what tells a job from all others."""
    return f"{job.worker} {job.job} {job.at}"


def _head(width: int) -> Line:
    if width >= WIDE:
        brick = rows.fit("BRICK", 20)
        titles = ("AT", "JOB", brick, "MOVER", "FILES", "SIZE", "SENT", "MATCHED")
        more = ("LITERAL", "SPEED-UP", "FILES/s", "TIME")
        return ((rows.fit(_COLUMNS_WIDE.format(*titles, *more) + "EXIT", width), "head"),)
    brick = rows.fit("BRICK", 15)
    titles = ("JOB", brick, "MOVER", "FILES", "SENT", "MATCHED", "SPEEDUP", "TIME")
    return ((rows.fit(_COLUMNS.format(*titles) + "EXIT", width), "head"),)


def _job(worker: str, job: JobFinished, width: int) -> Line:
    ratio = speedup([job])
    gain = rows.UNKNOWN if ratio is None else rows.per_second(ratio)
    took, mover = _took(job.seconds), rows.fit(rows.plain(job.mover), 6)
    files, sent, matched = rows.number(job.moved), rows.size(job.sent), rows.size(job.matched)
    if width >= WIDE:
        start = _COLUMNS_WIDE.format(
            *(rows.clock(job.at), job.job, rows.fit_brick(worker, 20), mover, files),
            *(rows.size(size(job)), sent, matched, rows.size(job.literal), gain),
            *(rows.per_second(job.moved / job.seconds if job.seconds else None), took),
        )
    else:
        brick = rows.fit_brick(worker, 15)
        start = _COLUMNS.format(job.job, brick, mover, files, sent, matched, gain, took)
    words, meaning = _exit(job)
    return ((start, ""), (rows.fit(words, max(0, width - len(start))), meaning))


def _took(seconds: float) -> str:
    """Return a length of time that never needs more than six cells."""
    return rows.duration(seconds) if seconds < 120 else rows.lag(seconds)


def _exit(job: JobFinished) -> Span:
    if job.short:
        return f"{job.code} ▲{job.short}", "bad"
    return str(job.code), "warn" if job.code else ""


def about(job: JobFinished, width: int, *, lines: int) -> list[Line]:
    """Return all about one job."""
    found = [*rows.labelled("job", wording.line(job), width, lines=2)]
    if job.seconds:
        speed = f"{rows.megabytes(job.sent / job.seconds)} MB/s on the line · "
        speed += f"{rows.megabytes(size(job) / job.seconds)} MB/s of files · "
        speed += f"{rows.per_second(job.moved / job.seconds)} files/s"
        found += rows.labelled("speed", speed, width)
    for label, words, meaning in wording.details(job):
        found += rows.labelled(label, words, width, meaning, lines=lines)
    return found


def heavy(jobs: Iterable[JobFinished]) -> list[Heavy]:
    """Return the files of some jobs, the oldest job first; those that cost most come first."""
    found: dict[str, Heavy] = {}
    for job in jobs:
        for file in job.largest:
            before = found.get(file.gfid)
            sent = job.sent * file.size / size(job) if size(job) else 0.0
            found[file.gfid] = Heavy(
                file.gfid,
                file.name,
                file.size,
                1 + (before.jobs if before else 0),
                sent + (before.sent if before else 0.0),
            )
    return sorted(found.values(), key=lambda each: -each.sent)


def hitters(found: Sequence[Heavy], width: int, room: int) -> list[Line]:
    """Return at most `room` lines: which files cost most."""
    head = f" {'SENT':>7}  {'TIMES':>5}  {'SIZE':>7}  {'SENT/SIZE':>9}  FILE"
    lines: list[Line] = [
        ((rows.rule("sent most, of the files in the last jobs", width), "idle"),),
        ((rows.fit(head, width), "head"),),
    ]
    for each in found[: max(0, room - len(lines))]:
        ratio = each.sent / each.size if each.size else 0.0
        start = f" {rows.size(each.sent):>7}  {rows.number(each.jobs):>5}  "
        start += f"{rows.size(each.size):>7}  {rows.per_second(ratio):>9}  "
        words = rows.fit(f"{rows.printable(each.name)}  {each.gfid}", max(0, width - len(start)))
        lines.append(((start, "warn" if ratio > 2 else ""), (words, "")))
    if not found:
        lines[1:] = [((" nobody has told of a file yet", "idle"),)]
    return lines


def under_way(session: SessionState, view: View, now: float, width: int) -> list[Line]:
    """Return what each worker does now, how much it has still to send, and its running jobs."""
    lines: list[Line] = [((rows.rule("under way", width), "idle"),)]
    for name, worker in sorted(of(session, view.brick).items()):
        if figures.status(session, name) is not Status.ACTIVE:
            continue
        if worker.pending and (worker.pending.files or worker.pending.doing):
            left = f"{rows.many(worker.pending.files, 'file')} · {rows.size(worker.pending.bytes)}"
            words = f"{rows.fit_brick(name, 18)}  {left} · {tables.doing(session, name)}"
            lines.append(((f" {rows.fit(words, width - 1)}", ""),))
        for job in worker.running.values():
            words = f"   {wording.line(job)} · {rows.duration(now - job.at)}"
            lines.append(((rows.fit(words, width), "busy"),))
    return lines if len(lines) > 1 else [*lines, ((" nothing", "idle"),)]
