"""One worker, or one session, told line by line. Pure."""

from collections.abc import Iterator

from rich.cells import cell_len

from engine import figures, progress
from engine.causes import CAUSES
from engine.events import BatchDone, Crawl, JobFinished, ReconcileDue, WorkerFaulty
from engine.figures import Status
from engine.state import SessionState, State, WorkerState
from georep_tui import failed, rows, standing, tables
from georep_tui.rows import LABEL, Line, Span
from georep_tui.rows import labelled as _said

WELL = 1800.0
"""Seconds of work after which a worker's last fault is for its page alone."""
STALL = 1.0
"""Seconds for which a worker may stand still before that is worth a colour."""


def worker(session: SessionState, name: str, now: float, width: int) -> list[Line]:
    """Return what a worker does and waits for; of a faulty one, why, and what to do about it."""
    each, status = session.workers[name], figures.status(session, name)
    lines: list[Line] = []
    if status is Status.FAULTY and each.fault:
        lines += _fault(each.fault, width)
        if each.retry:
            when = f"attempt {each.retry.attempt} {rows.due(each.retry.due, now)}"
            lines += _said("retry", f"{when}, at {rows.clock(each.retry.due)}", width, "warn")
    elif status in (Status.STARTING, Status.ACTIVE, Status.PASSIVE):
        lines += _recalled(each, now, width)
    if figures.troubled(session, name) and each.pending:
        cause = CAUSES.get(each.pending.trouble)
        lines += _said("trouble", each.pending.trouble, width, "bad")
        lines += _said("do", cause.step.replace("`", "") if cause else "", width, "accent", lines=2)
    if status in (Status.STARTING, Status.ACTIVE):
        lines += _now(each, status, width)
        lines += _left(each, now, width)
    elif status is Status.PAUSED and each.pending and not each.ended:
        lines += _said("doing", each.pending.doing, width)
        lines += _said("waits", each.pending.waits, width)
    lines += _role(each, status, width)
    lines += _crawl(each, status, width)
    lines += _position(each, status, now, width)
    lines += _deletes(figures.due(each), width)
    lines += _last(each, width)
    if status is Status.ACTIVE:
        lines += _speed(each, now, width)
    if not lines:
        lines += _said("", "nothing is known of it yet", width, "idle")
    return lines


def of_session(session: SessionState, now: float, width: int) -> list[Line]:
    """Return what a worker's page says of its session: both sides, and its checkpoints."""
    known = session.known
    lines = [*_said("session", f"{known.primary} → {known.secondary}", width)] if known else []
    checkpoints = standing.lines(session, now, most=standing.SHOWN, width=width)
    return [*lines, ((" checkpoints", "idle"),), *checkpoints] if checkpoints else lines


def more(session: SessionState, name: str, width: int) -> list[Line]:
    """Return the facts about a worker's process, its totals and its last fault."""
    each = session.workers[name]
    lines: list[Line] = []
    if each.started:
        pid = f" · pid {each.started.pid}" if each.started.pid else ""
        said = f"{rows.stamp(each.started.at)}{pid}"
        lines += _said("started", f"{said} · {_times(each.started.restart)}", width)
    if each.totals and each.totals.stall >= 0 and not each.ended:
        stall = each.totals.stall
        words = rows.duration(stall) if stall >= STALL else f"{stall * 1000:.0f} ms"
        meaning = "warn" if stall >= STALL else ""
        lines += _said("stall", f"{words} at most in the last minute", width, meaning)
    if each.connected:
        version = each.connected.peer_version
        peer = f"{each.connected.peer} · georep {version}" if version else each.connected.peer
        took = rows.duration(each.connected.seconds)
        lines += _said("peer", f"{peer} · connected in {took}", width)
    for passed in each.passed.values():
        words = f"{passed.peer} · {passed.cause} · {rows.clock(passed.at)}"
        lines += _said("not used", words, width, "warn")
        lines += _said("words", passed.words, width, lines=2)
        lines += _said("do", passed.fix, width, "accent", lines=2)
    lines += _movers(each, width)
    if each.totals:
        lines += _said("totals", _totals(each), width, lines=2)
    failed = "none" if not each.failing else f"{rows.many(each.failing, 'object')} refused so far"
    lines += _said("failures", failed, width, "bad" if each.failing else "")
    if each.swept:
        words = f"{rows.many(each.swept.removed, 'object')} removed"
        words += f" · {rows.grouped(each.swept.left)} left" if each.swept.left else ""
        lines += _said("quarantine", f"{rows.stamp(each.swept.at)} · {words}", width)
    lines += _faults(each, width)
    return lines


def _faults(each: WorkerState, width: int) -> Iterator[Line]:
    """Say why it had to be started again, the newest first; why there is none now stands above."""
    earlier = [fault for fault in reversed(each.faults) if fault != each.ended]
    for label, fault in zip(("last fault", *[""] * len(earlier)), earlier, strict=False):
        why = f"{fault.cause}: {fault.words}" if fault.cause else fault.words
        yield from _said(label, f"{rows.stamp(fault.at)} · {why}", width)


def batches(each: WorkerState, width: int) -> list[Line]:
    """Return the last batches, the newest first."""
    head = f" {'AT':8} {'SLICES':>6} {'ENTRIES':>7} {'FILES':>6} {'SENT':>7} {'TIME':>8}  ROUNDS"
    lines: list[Line] = [((rows.fit(head, width), "head"),)]
    lines += (((rows.fit(_batch(batch), width), ""),) for batch in reversed(each.batches))
    return lines if len(lines) > 1 else [((" none yet", "idle"),)]


def jobs(each: WorkerState, width: int) -> list[Line]:
    """Return the last jobs of the movers, the newest first."""
    head = f" {'JOB':>6} {'MOVER':6} {'FILES':>5} {'SENT':>7} {'MATCHED':>7} {'TIME':>8}  RESULT"
    lines: list[Line] = [((rows.fit(head, width), "head"),)]
    lines += (_job(job, width) for job in reversed(each.jobs))
    return lines if len(lines) > 1 else [((" none yet", "idle"),)]


def session(state: State, name: str, now: float, width: int) -> list[Line]:
    """Return what a session is, where it runs, and why it may not run there."""
    each = state.sessions[name]
    lines: list[Line] = []
    if each.known:
        lines += _said("primary", each.known.primary, width)
        lines += _said("secondary", each.known.secondary, width)
        lines += _said("wanted", each.known.wanted.value, width)
    for node in sorted({*each.nodes, *each.blocked}):
        engine = state.engines.get(node)
        version = f"georep {engine.started.version}" if engine and engine.started else rows.UNKNOWN
        ours = [n for n in each.workers if n.startswith(f"{node}:/")]
        lines += _said("node", f"{node} · {version} · {rows.many(len(ours), 'brick')}", width)
        if node in each.blocked:
            blocked = each.blocked[node]
            lines += _said("  cause", blocked.cause, width, "bad")
            lines += _said("  words", blocked.words, width)
            lines += _said("  do", blocked.fix, width, "accent")
    counting = [worker for worker in each.workers.values() if worker.totals]
    totals = [worker.totals for worker in counting if worker.totals]
    if totals:
        began = min((worker.started.at for worker in counting if worker.started), default=None)
        files = rows.many(sum(total.files for total in totals), "file")
        sent = rows.size(sum(total.bytes for total in totals))
        entries = rows.many(sum(total.entries for total in totals), "entry", "entries")
        text = f"{entries} · {files} · {sent}"
        since = f" · since {failed.when(began, now)}" if began else ""
        # Where there is no room the worker's page has it.
        fits = cell_len(text + since) <= width - LABEL - 2
        lines += _said("totals", text + since if fits else text, width)
    lines += _said("behind", rows.lag(figures.session_lag(each, now)), width)
    lines += _said("left", standing.session_eta(each, now), width)
    lines += _deletes(figures.unreconciled(each), width)
    checkpoints = standing.lines(each, now, most=standing.SHOWN, width=width)
    return [*lines, ((" checkpoints", "idle"),), *checkpoints] if checkpoints else lines


def _fault(fault: WorkerFaulty, width: int) -> Iterator[Line]:
    yield from _said("fault", f"{fault.cause} · {rows.clock(fault.at)}", width, "bad")
    yield from _said("words", fault.words, width, lines=2)
    yield from _said("evidence", fault.evidence, width, "idle", lines=2)
    yield from _said("do", fault.fix, width, "accent", lines=2)


def _recalled(each: WorkerState, now: float, width: int) -> Iterator[Line]:
    """Say why it was started again, until it has been well for long."""
    fault, connected = each.fault, each.connected
    if fault is None:
        return
    well = now - connected.at if connected is not None and connected.at >= fault.at else None
    if well is None or well < WELL:
        since = "" if well is None else f" · well for {rows.duration(well)}"
        why = f"{fault.cause or fault.words} · {rows.clock(fault.at)}{since}"
        yield from _said("last fault", why, width, "warn")


def _now(each: WorkerState, status: Status, width: int) -> Iterator[Line]:
    if each.pending:
        yield from _said("doing", each.pending.doing or "nothing", width)
        yield from _said("waits", each.pending.waits or "for nothing", width, "")
        entries = rows.many(each.pending.entries, "entry", "entries")
        if each.pending.meta > 0:
            entries += f", {rows.grouped(each.pending.meta)} meta"
        files = rows.many(each.pending.files, "file")
        slices = rows.many(each.pending.slices, "slice")
        yield from _said(
            "pending", f"{slices} · {entries} · {files} · {rows.size(each.pending.bytes)}", width
        )
    elif status is Status.STARTING:
        yield from _said("doing", "starting" if each.connected else "connecting", width)


def _left(each: WorkerState, now: float, width: int) -> Iterator[Line]:
    """Say how long what is pending takes, and how fast it went."""
    estimate = progress.worker_eta(each, now)
    if estimate is not None and estimate != progress.DONE:
        crawls = figures.crawl_of(each) is Crawl.HYBRID
        yield from _said("left", standing.eta(estimate, crawls=crawls), width)
    if each.minutes:
        parts = [
            f"{rows.per_second(progress.hourly(each.minutes, 'entries', now))} entries/s",
            f"{rows.per_second(progress.hourly(each.minutes, 'files', now))} files/s",
            f"{rows.megabytes(progress.hourly(each.minutes, 'bytes', now))} MB/s",
        ]
        yield from _said("last hour", " · ".join(parts), width)


def _role(each: WorkerState, status: Status, width: int) -> Iterator[Line]:
    if each.role and status in (Status.ACTIVE, Status.PASSIVE):
        yield from _said("role", f"{each.role.role.value}: {each.role.reason}", width)
    if each.ended and status in (Status.STOPPED, Status.PAUSED):
        reason = each.ended.words if isinstance(each.ended, WorkerFaulty) else each.ended.reason
        yield from _said("ended", f"{rows.clock(each.ended.at)} · {reason}", width)
    if each.caught:
        goal = rows.stamp(each.caught.goal)
        yield from _said("goal", f"all up to {goal} is on the secondary", width, "ok")


def _crawl(each: WorkerState, status: Status, width: int) -> Iterator[Line]:
    if each.crawl is None or status is not Status.ACTIVE:
        return
    yield from _said("crawl", f"{each.crawl.crawl.value}: {each.crawl.reason}", width)
    if each.crawled and each.crawl.crawl is Crawl.HYBRID:
        seen = f"{rows.many(each.crawled.directories, 'directory', 'directories')} · "
        seen += rows.many(each.crawled.files, "file")
        text = f"{rows.bar(each.crawled.done, 24)} {rows.percent(each.crawled.done)} % · {seen}"
        yield from _said("", text, width, "busy")


def _position(each: WorkerState, status: Status, now: float, width: int) -> Iterator[Line]:
    if each.position is None or status is Status.PASSIVE:
        return
    if each.position.stime <= 0:
        yield from _said("position", "nothing has been settled yet", width)
        return
    behind = figures.lag(each, now)
    text = f"{rows.stamp(each.position.stime)} · {rows.lag(behind)} behind"
    slice_ = f" · slice {each.position.slice}" if each.position.slice else ""
    yield from _said("position", text + slice_, width)
    there = figures.ahead(each)
    if status is Status.ACTIVE and there is not None:
        words = f"all up to {rows.clock(there)}, settled or not · {rows.lag(max(0, now - there))}"
        yield from _said("there", f"{words} ago", width)


def _deletes(due: ReconcileDue | None, width: int) -> Iterator[Line]:
    if due is not None:
        words = rows.unreconciled(due.since, due.until)
        yield from _said("deletes", words.removeprefix("deletes "), width, "warn")
        yield from _said("do", f"georep reconcile {due.session}", width, "accent")


def _last(each: WorkerState, width: int) -> Iterator[Line]:
    if each.batches:
        batch = each.batches[-1]
        parts = [
            rows.clock(batch.at),
            rows.many(batch.entries, "entry", "entries"),
            rows.many(batch.files, "file"),
            rows.size(batch.bytes),
            rows.duration(batch.seconds),
        ]
        yield from _said("batch", " · ".join(parts), width)
    if each.jobs:
        job = each.jobs[-1]
        parts = [f"{job.mover} {job.job}", f"{job.moved} of {rows.many(job.asked, 'file')}"]
        parts.append(f"{rows.size(job.sent)} sent")
        if job.speedup >= 1.05:
            parts.append(f"speed-up {job.speedup:.1f}")
        parts += [rows.duration(job.seconds), _result(job)[0]]
        yield from _said("job", " · ".join(parts), width)


def _speed(each: WorkerState, now: float, width: int) -> Iterator[Line]:
    speeds = f"  {rows.megabytes(tables.speeds([each], 'bytes', now))} MB/s · "
    speeds += f"{rows.per_second(tables.speeds([each], 'files', now))} files/s"
    drawn = tables.spark([each], now, max(8, min(60, width - LABEL - 26)))
    yield ((f" {'speed':{LABEL}}", "idle"), (drawn, "accent"), (speeds, ""))


def _movers(each: WorkerState, width: int) -> Iterator[Line]:
    """Say which movers work; of one that does not, why, what that means, and what to do."""
    tried = sorted(each.movers.values(), key=lambda mover: mover.mover)
    if fine := [mover for mover in tried if mover.works]:
        parts = [f"{each.mover} {each.words or 'works'}" for each in fine]
        yield from _said("movers", " · ".join(parts), width)
    for mover in tried:
        if not mover.works:
            words = f"not used: {mover.words}; {mover.means}"
            yield from _said(mover.mover, words, width, "warn", lines=2)
            yield from _said("do", mover.fix, width, "accent", lines=2)


def _totals(each: WorkerState) -> str:
    total = each.totals
    if total is None:
        return rows.UNKNOWN
    parts = [
        rows.many(total.records, "record"),
        rows.many(total.entries, "entry", "entries"),
        rows.many(total.files, "file"),
        rows.size(total.bytes),
        f"{rows.grouped(total.removed)} removed",
    ]
    return " · ".join(parts)


def _times(restart: int) -> str:
    return "never restarted" if restart == 0 else f"restarted {rows.many(restart, 'time')}"


def _batch(batch: BatchDone) -> str:
    return (
        f" {rows.clock(batch.at)} {rows.number(batch.slices):>6} {rows.number(batch.entries):>7}"
        f" {rows.number(batch.files):>6} {rows.size(batch.bytes):>7}"
        f" {rows.duration(batch.seconds):>8}  {batch.rounds}"
    )


def _result(job: JobFinished) -> Span:
    if job.short:
        return f"{job.short} short ({job.code})", "warn"
    return (f"exit {job.code}", "warn") if job.code else ("ok", "")


def _job(job: JobFinished, width: int) -> Line:
    text = (
        f" {job.job:>6} {rows.fit(rows.plain(job.mover), 6)} {rows.number(job.moved):>5}"
        f" {rows.size(job.sent):>7} {rows.size(job.matched):>7} {rows.duration(job.seconds):>8}  "
    )
    words, meaning = _result(job)
    if job.words:
        words += f" · {rows.plain(job.words)}"
    return ((text, ""), (rows.fit(words, max(0, width - len(text))), meaning))
