"""One run: workloads, rounds and rivals in turn, every result kept as soon as it is there."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import following, machine, racing, results, sites
from bench.loads import Ground
from bench.racing import Unfinished, Values
from bench.results import Measured, Run
from bench.rivals import rival
from bench.sites import Site
from bench.workloads import DELAYED, GSYNCD, MEASURES, How, Workload, scaled
from engine.errors import GeorepError

Say = Callable[[str], None]
_TESTS = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, and where the results go."""

    workloads: Sequence[Workload]
    rivals: frozenset[str]
    """Those that take part; empty: all."""
    rounds: int
    scale: float
    out: Path


def run(plan: Plan, say: Say) -> list[Measured]:
    """Measure everything; what there is after each run is in the file. Needs root for a lab."""
    keeping = _Keeping(plan, say)
    for workload in plan.workloads:
        if workload.how is How.PURE:
            measured = keeping.begin(workload)
            for number in range(1, plan.rounds + 1):
                keeping.keep(measured, _pure(workload, number, plan.scale))
    for group in _labs(plan.workloads):
        rivals = {name for workload in group for name in _rivals(workload, plan)}
        with sites.site(gsyncd_too=GSYNCD in rivals) as site:
            for workload in group:
                measured = keeping.begin(workload)
                for number in range(1, plan.rounds + 1):
                    for name in _rivals(workload, plan):
                        keeping.keep(measured, _one(site, workload, name, number, plan.scale))
    return keeping.done


class _Keeping:
    """The results of this run and of earlier ones, and their file."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self._plan, self._say = plan, say
        self._results = results.load(plan.out)
        self._machine = machine.describe()
        self.done: list[Measured] = []

    def begin(self, workload: Workload) -> Measured:
        """Return where the runs of `workload` go; those of an earlier time are kept until then."""
        measured = Measured(
            name=workload.name,
            at=time.time(),
            scale=self._plan.scale,
            busy=machine.busy(),
            machine=self._machine,
            runs=[],
        )
        self.done.append(measured)
        return measured

    def keep(self, measured: Measured, found: Run) -> None:
        """Add one run, and have it in the file."""
        measured.runs.append(found)
        self._results.workloads[measured.name] = measured
        results.save(self._plan.out, self._results)
        self._say(_line(measured.name, found))


def _labs(workloads: Iterable[Workload]) -> list[list[Workload]]:
    """Return which workloads share a lab; a crawl would meet what others left."""
    shared = [w for w in workloads if w.how not in (How.PURE, How.CRAWL)]
    alone = [[w] for w in workloads if w.how is How.CRAWL]
    return [group for group in (shared, *alone) if group]


def _rivals(workload: Workload, plan: Plan) -> list[str]:
    return [name for name in workload.rivals if not plan.rivals or name in plan.rivals]


def _one(site: Site, workload: Workload, name: str, number: int, scale: float) -> Run:
    """Let one rival do one workload once; a fault of its is a result like any other."""
    count, size = scaled(workload, scale)
    folder = f"{workload.name}-{workload.rivals.index(name)}-{number}"
    (site.here / folder).mkdir()
    ground = Ground(bytes(site.here), folder.encode(), count, size)
    words, values = "", Values()
    with ExitStack() as stack:
        if name == DELAYED:
            stack.enter_context(sites.delayed(site))
        try:
            values = _measure(site, workload, name, ground)
        except Unfinished as given_up:
            words, values = given_up.words, given_up.values
        except GeorepError as error:
            words = error.sentence()
    if workload.how is How.CRAWL or count * size > 1 << 30:
        site.empty(folder)
    words = " ".join(words.split())
    return Run(rival=name, round=number, values=values, unfinished=words)


def _measure(site: Site, workload: Workload, name: str, ground: Ground) -> Values:
    who = rival(site, name, workload, ground)
    if workload.how is How.DELAY:
        return following.delays(site, who, workload, ground)
    if workload.how is How.SLICES:
        return following.appends(site, who, workload, ground)
    return racing.backlog(site, who, workload, ground)


def _pure(workload: Workload, number: int, scale: float) -> Run:
    count, _ = scaled(workload, scale)
    said = subprocess.run(
        [sys.executable, "-m", "bench.records", str(count)],
        capture_output=True,
        check=True,
        cwd=_TESTS,
    )
    return Run(rival=workload.rivals[0], round=number, values=json.loads(said.stdout))


def _line(workload: str, found: Run) -> str:
    values = ", ".join(
        f"{MEASURES[name].words} {MEASURES[name].show(value)}"
        for name, value in found.values.items()
    )
    said = f" GIVEN UP: {found.unfinished}" if found.unfinished else ""
    return f"{workload}, round {found.round}, {found.rival}: {values or 'nothing'}{said}"
