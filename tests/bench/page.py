"""docs/benchmarks.md and its picture, out of what was measured. Pure."""

import textwrap
import time
from collections.abc import Iterator

from bench import plot, table
from bench.plot import Bar
from bench.results import Measured, Results
from bench.workloads import MEASURES, TABLE

_HOW = """\
`make bench` makes a lab of two GlusterFS sites on one machine and lets georep, gsyncd (Debian's,
with the options that its rsync needs) and plain copies do the same work in it, one after the other,
in several rounds. *bare calls* are nobody at all: the calls that made the change, made once more
through a mount of the secondary by a program that knows them; no gfids, no times, no questions, no
second look. Nobody who works through a mount is much faster. Whether something has arrived is read
from the secondary's bricks, for all in the same way; in the end what each brought is compared byte
for byte. `make bench ONLY=delay,backlog` takes a part, `SCALE=0.1` makes everything smaller,
`ROUNDS=1` is quicker.

Ratios are those of one round, so a busy machine disturbs them less than the times; given are the
middle one and both ends. *time* is counted against georep: for it from when its workers are
Active, for gsyncd from the first change that is seen, for copies from the command. *from start* is
from the command for everybody. A rival that is not done in time is given up, and has ≥. No test
asserts any of this."""


def page(results: Results) -> str:
    """Return docs/benchmarks.md, below its title."""
    lines = [_HOW, "", "![Ratios](benchmarks.svg)"]
    for name in TABLE:
        if name in results.workloads:
            lines += ["", *_workload(results.workloads[name])]
    for machine in _machines(results):
        lines += ["", *machine]
    return "\n".join(lines) + "\n"


def picture(results: Results) -> str:
    """Return docs/benchmarks.svg."""
    bars = []
    for name, workload in TABLE.items():
        measured = results.workloads.get(name)
        for ratio in table.compared(workload, measured) if measured else ():
            label = f"{workload.title}: {ratio.rival}"
            found = ratio.found
            bars.append(Bar(label, found.middle, found.least, found.most, ratio.least))
    return plot.draw("What others take ÷ what georep takes; right of 1 georep takes less", bars)


def _workload(measured: Measured) -> Iterator[str]:
    workload = TABLE[measured.name]
    yield f"## {workload.title}"
    yield ""
    count = len({run.round for run in measured.runs})
    how = f"`ONLY={workload.name}`, {count} round{'s'[: count != 1]}"
    scale = "" if measured.scale == 1 else f", at scale {measured.scale:g}"
    busy = f"load average before: {measured.busy:.1f}"
    yield from textwrap.wrap(f"{workload.meaning} {how}{scale}; {busy}.", 99)
    yield ""
    yield _row(("", *(MEASURES[name].words for name in workload.measures)))
    yield _row(("---",) * (1 + len(workload.measures)))
    for row in table.rows(workload, measured):
        yield _row((row.rival.replace("|", "\\|"), *row.cells))
    notes = [f"{row.rival}, {note}" for row in table.rows(workload, measured) for note in row.notes]
    if notes:
        yield ""
        yield from (f"- {note}" for note in notes)
    verdicts = table.verdicts(workload, measured)
    if verdicts:
        yield ""
        for verdict in verdicts:
            yield f"- {verdict.target}: {verdict.found}, **{table.said(verdict)}**"
    if workload.spent and any(verdict.met is False for verdict in verdicts):
        yield ""
        yield from textwrap.wrap(f"Where the time goes. {workload.spent}", 99)


def _machines(results: Results) -> Iterator[list[str]]:
    """Yield each machine, or state of one, with the workloads that were measured on it."""
    by_machine: dict[tuple[tuple[str, str], ...], list[Measured]] = {}
    for measured in results.workloads.values():
        by_machine.setdefault(tuple(measured.machine.items()), []).append(measured)
    for machine, measured_there in by_machine.items():
        names = ", ".join(m.name for m in measured_there)
        day = time.strftime("%Y-%m-%d", time.gmtime(max(m.at for m in measured_there)))
        words = textwrap.wrap(f"Measured up to {day}: {names}.", 99)
        yield ["## The machine", "", *words, "", "| | |", "|---|---|", *map(_row, machine)]


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
