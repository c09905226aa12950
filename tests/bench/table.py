"""Results into words: what each rival took, the ratios, and which targets are met. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.figures import Spread, ratios, spread
from bench.results import Measured, Run
from bench.workloads import GEOREP, MEASURES, TABLE, Target, Workload


@dataclass(frozen=True, slots=True)
class Ratio:
    """How much larger a rival's measure is than georep's, round by round."""

    rival: str
    measure: str
    found: Spread
    least: bool
    """The rival was given up: the ratio is at least this."""

    def words(self) -> str:
        """Return the ratio with its spread."""
        found, sign = self.found, "≥ " if self.least else ""
        ends = f" ({found.least:.2f} – {found.most:.2f})" if found.least < found.most else ""
        return f"{sign}{found.middle:.2f} ×{ends}"


@dataclass(frozen=True, slots=True)
class Row:
    """One rival in one workload, in words."""

    rival: str
    cells: tuple[str, ...]
    """One for each measure of the workload."""
    notes: tuple[str, ...]
    """Why it was given up, or what was wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target, in words, and whether it is met; None when it could not be measured."""

    target: str
    found: str
    met: bool | None


def rows(workload: Workload, measured: Measured) -> list[Row]:
    """Return a row for each rival that was measured."""
    found = []
    for rival in workload.rivals:
        runs = [run for run in measured.runs if run.rival == rival]
        if runs:
            cells = tuple(_cell(name, runs) for name in workload.measures)
            notes = tuple(f"round {run.round}: {run.unfinished}" for run in runs if run.unfinished)
            found.append(Row(rival, cells, notes))
    return found


def compared(workload: Workload, measured: Measured, measure: str = "") -> list[Ratio]:
    """Return each rival's measure ÷ georep's, of rounds that georep finished; the workload's first
    measure when none is named.
    """
    name = measure or workload.measures[0]
    ours = [
        (run.round, run.values[name])
        for run in measured.runs
        if run.rival == GEOREP and name in run.values and not run.unfinished
    ]
    found = []
    for rival in workload.rivals:
        theirs = [run for run in measured.runs if run.rival == rival and name in run.values]
        pairs = ratios([(run.round, run.values[name]) for run in theirs], ours)
        if rival != GEOREP and pairs:
            least = any(run.unfinished for run in theirs)
            found.append(Ratio(rival, name, spread(pairs), least))
    return found


def verdicts(workload: Workload, measured: Measured) -> list[Verdict]:
    """Return how each target of the workload stands."""
    return [_verdict(target, workload, measured) for target in workload.targets]


def text(measured: Measured) -> Iterator[str]:
    """Yield the lines that a terminal is shown of one workload."""
    workload = TABLE[measured.name]
    scale = "" if measured.scale == 1 else f", scale {measured.scale:g}"
    yield f"{workload.name}: {workload.title}{scale}"
    head = [MEASURES[name].words for name in workload.measures]
    table = [("", *head), *((row.rival, *row.cells) for row in rows(workload, measured))]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
    for row in rows(workload, measured):
        yield from (f"  {row.rival}, {note}" for note in row.notes)
    for ratio in compared(workload, measured):
        yield f"  {ratio.rival} ÷ georep, {MEASURES[ratio.measure].words}: {ratio.words()}"
    for verdict in verdicts(workload, measured):
        yield f"  target {verdict.target}: {verdict.found}, {said(verdict)}"


def said(verdict: Verdict) -> str:
    """Say in a word how a target stands."""
    return {True: "met", False: "missed", None: "not measured"}[verdict.met]


def _cell(measure: str, runs: Sequence[Run]) -> str:
    values = [run.values[measure] for run in runs if measure in run.values]
    if not values:
        return "—"
    found, kind = spread(values), MEASURES[measure]
    shown = kind.show(found.middle)
    if found.least < found.most:
        shown += f" ({kind.number(found.least)} – {kind.number(found.most)})"
    return f"≥ {shown}" if any(run.unfinished for run in runs) else shown


def _verdict(target: Target, workload: Workload, measured: Measured) -> Verdict:
    if target.against:
        for ratio in compared(workload, measured, target.measure):
            if ratio.rival == target.against:
                return Verdict(target.words(), ratio.words(), target.met(ratio.found.middle))
        return Verdict(target.words(), "—", None)
    ours = [run for run in measured.runs if run.rival == GEOREP and target.measure in run.values]
    if not ours:
        return Verdict(target.words(), "—", None)
    middle = spread([run.values[target.measure] for run in ours]).middle
    met = target.met(middle) and not any(run.unfinished for run in ours)
    return Verdict(target.words(), _cell(target.measure, ours), met)
