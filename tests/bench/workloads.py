"""The table of what is measured: sizes, rivals, what each number means, what it shall be. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import Usage

GEOREP, GSYNCD, TAR, RSYNC, DELAYED, BARE = (
    "georep",
    "gsyncd",
    "tar | ssh tar",
    "rsync",
    "georep at 40 ms",
    "bare calls",
)


class How(StrEnum):
    """How a workload is measured."""

    DELAY = "delay"
    """Changes are made while the rival follows."""
    BACKLOG = "backlog"
    """Changes are made while nobody replicates; then the rival starts."""
    CRAWL = "crawl"
    """As a backlog, of somebody who has no position and must look at everything."""
    SLICES = "slices"
    """Something is changed in each of many slices, while the rival follows."""
    PURE = "pure"
    """No lab: what happens in one process."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a measure of georep shall be: for itself, or a rival's ÷ its own."""

    measure: str
    limit: float
    least: bool
    """Whether `limit` is the least, and not the most, that is accepted."""
    against: str = ""

    def met(self, value: float) -> bool:
        """Return whether `value`, a ratio where there is a rival, is as it shall be."""
        return value >= self.limit if self.least else value <= self.limit

    def words(self) -> str:
        """Return the target as it is written in a table."""
        sign = "≥" if self.least else "≤"
        if self.against:
            return f"{self.against} ÷ georep {sign} {self.limit:g}"
        measure = MEASURES[self.measure]
        return f"{measure.words} {sign} {measure.show(self.limit)}"


def at_most(measure: str, limit: float, *, of: str = "") -> Target:
    """Return the target that georep's measure, or that of a rival ÷ georep's, is no larger."""
    return Target(measure, limit, least=False, against=of)


def at_least(measure: str, limit: float, *, of: str = "") -> Target:
    """Return the target that georep's measure, or that of a rival ÷ georep's, is no smaller."""
    return Target(measure, limit, least=True, against=of)


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of number."""

    words: str
    unit: str
    digits: int = 2
    scale: float = 1.0

    def number(self, value: float) -> str:
        """Return `value` without its unit."""
        return f"{value / self.scale:,.{self.digits}f}"

    def show(self, value: float) -> str:
        """Return `value` with its unit."""
        return f"{self.number(value)} {self.unit}".strip()


MEASURES: Mapping[str, Measure] = {
    "p50": Measure("p50", "s"),
    "p95": Measure("p95", "s"),
    "p99": Measure("p99", "s"),
    "seconds": Measure("time", "s", 1),
    "first": Measure("first", "s", 1),
    "total": Measure("from start", "s", 1),
    "sent": Measure("sent", "MB", 1, 1e6),
    "excess": Measure("sent ÷ changed", ""),
    "rate": Measure("records/s", "", 0),
    "parse": Measure("parse alone", "records/s", 0),
    "memory": Measure("peak", "MB", 0, 1e6),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """One row of the table."""

    name: str
    title: str
    how: How
    rivals: tuple[str, ...]
    measures: tuple[str, ...]
    """Those that are shown; the first is what rivals are compared by."""
    meaning: str
    targets: tuple[Target, ...] = ()
    count: int = 0
    """Objects, changes or records at full scale."""
    size: int = 0
    """Bytes of each."""
    limit: float = 300.0
    """Seconds after which a rival is given up."""
    spent: str = ""
    """Where georep's time goes, as far as it was looked into."""


_ALL = (GEOREP, GSYNCD, TAR, RSYNC)
_BOTH = (GEOREP, GSYNCD)
_CALLS = (GEOREP, GSYNCD, BARE)
_TIMES = ("seconds", "total", "sent")
_FOLLOWED = ("p50", "p95", "p99")

_ROWS = (
    Workload(
        *("delay", "One small file at a time", How.DELAY, _BOTH, _FOLLOWED),
        meaning="From close() on the primary to whole on a brick of the secondary; a file about "
        "every second, at any moment of a slice.",
        targets=(
            at_most("p50", 0.3),
            at_most("p99", 1.0),
            at_least("p50", 20, of=GSYNCD),
        ),
        count=40,
        size=4096,
        limit=90,
    ),
    Workload(
        *("delay-50", "50 small files a second", How.DELAY, _BOTH, _FOLLOWED),
        meaning="The same, while 50 files a second are written.",
        targets=(at_most("p99", 2.0),),
        count=1000,
        size=4096,
        limit=120,
    ),
    Workload(
        *("delay-pieces", "3 MiB written over 3 s", How.DELAY, _BOTH, _FOLLOWED),
        meaning="From close() to whole of a file that is written in twelve pieces; all but the "
        "first leave no record in their slice.",
        targets=(at_most("p99", 2.0),),
        count=10,
        size=3 << 20,
        limit=90,
    ),
    Workload(
        *("backlog", "5,000 files of 4 KiB", How.BACKLOG, _ALL, _TIMES),
        meaning="Files made while nobody replicates, until all are whole.",
        targets=(
            at_least("seconds", 1.0, of=TAR),
            at_least("seconds", 2.0, of=GSYNCD),
        ),
        count=5000,
        size=4096,
        spent="Both cores are busy all the time. Of 28 s of processor time in one run the "
        "secondary's bricks had 7.7, agents' clients 6.3, the primary's bricks 4.3, its clients "
        "3.2, the agents 2.5, the workers 2.2; tar had 25 s, bricks 16 of them. A file "
        "takes 14 requests of the kernel to the agent's client, 3 of them lookups, and 17 calls of "
        "the bricks (7 lookups, 2 of a lock); what tar does takes 8. Before new files were made "
        "whole through one descriptor it took 29 requests, 14 of them lookups.",
    ),
    Workload(
        *("medium", "200 files of 1 MiB", How.BACKLOG, _ALL, _TIMES),
        meaning="The same with files that are too large to travel with their item.",
        targets=(at_least("seconds", 0.95, of=TAR),),
        count=200,
        size=1 << 20,
    ),
    Workload(
        *("large", "1 file of 2 GiB", How.BACKLOG, _ALL, _TIMES),
        meaning="One large new file.",
        targets=(at_least("seconds", 0.95, of=TAR),),
        count=1,
        size=2 << 30,
    ),
    Workload(
        *("inplace", "1 % of 2 GiB in place", How.BACKLOG, (GEOREP, GSYNCD, RSYNC)),
        measures=("excess", "seconds", "total"),
        meaning="Twenty ranges of a large file, 1 % of it together, are written anew; bytes that "
        "leave the primary's host ÷ bytes changed.",
        targets=(at_most("excess", 1.2),),
        count=1,
        size=2 << 30,
    ),
    Workload(
        *("renames", "10,000 renames", How.BACKLOG, _CALLS, _TIMES),
        meaning="Empty files that are on both sides get new names in their directory.",
        targets=(at_least("seconds", 3.0, of=GSYNCD),),
        count=10_000,
        spent="The bare calls take as long as georep does. A rename to a name that hashes to "
        "another brick is 20 calls of the bricks by itself (5 lookups, 10 for DHT's "
        "locks, a pointer made and taken away); georep's is 32.",
    ),
    Workload(
        *("unlinks", "10,000 unlinks", How.BACKLOG, _CALLS, _TIMES),
        meaning="Empty files that are on both sides are removed.",
        targets=(at_least("seconds", 3.0, of=GSYNCD),),
        count=10_000,
        spent="A bare unlink is 2 calls of the bricks, and those alone take more than half of what "
        "gsyncd takes: three times gsyncd's rate is hardly to be had by anybody who asks "
        "anything. georep's is 9: it holds locks of the gfid and of the place, and looks "
        "under them who stands there, without which another worker's new file could be "
        "removed in the place of the old one. Before that each gfid is looked for, twice, in all "
        "of the primary, for only what the whole volume does not know is gone.",
    ),
    Workload(
        *("attributes", "5,000 chmod and setfattr", How.BACKLOG, _CALLS, _TIMES),
        meaning="Half of the files, which are on both sides, get a mode, half an xattr.",
        targets=(at_least("seconds", 3.0, of=GSYNCD),),
        count=5000,
        spent="A bare chmod or setxattr is 2 calls of the bricks; georep's are 8 and 11: it "
        "looks under a lock, sets what differs, and the times after it.",
    ),
    Workload(
        *("appends", "Appended to through 20 slices", How.SLICES, (GEOREP, GSYNCD)),
        measures=("excess", "sent"),
        meaning="64 MiB are on both sides, and 1 MiB is added in each slice; bytes that leave the "
        "primary's host ÷ bytes added.",
        targets=(at_most("excess", 1.1),),
        count=20,
        size=1 << 20,
    ),
    Workload(
        *("untar", "5,000 files in 500 directories", How.BACKLOG, (GEOREP, GSYNCD, TAR), _TIMES),
        meaning="A tree like that of sources, of files from 100 bytes to 40 KiB.",
        targets=(at_least("seconds", 3.0, of=GSYNCD),),
        count=5000,
        size=40_000,
    ),
    Workload(
        *("removal", "The removal of that tree", How.BACKLOG, _CALLS, _TIMES),
        meaning="The same tree, which is on both sides, is removed.",
        targets=(at_least("seconds", 3.0, of=GSYNCD),),
        count=5000,
        size=40_000,
        spent="As with unlinks. A directory is removed only when nothing is in it but what has "
        "ended.",
    ),
    Workload(
        *("crawl", "Crawl of 100,000 objects", How.CRAWL, _CALLS, _TIMES),
        meaning="No position, an empty secondary; empty files, a hundred in a directory.",
        targets=(at_least("seconds", 10.0, of=GSYNCD),),
        count=100_000,
        limit=1200,
        spent="To make an empty file is 3 calls of the bricks, for gsyncd 4, for georep 12: it "
        "gives the object owner, mode and times, holds locks of its gfid and its name "
        "meanwhile, and looks who has them. gsyncd sets no times and looks at nothing. Of "
        "34 s of processor time for 10,000 objects the bricks had 13, the agents' clients "
        "10.6, the agents 4.4, the workers 1.6; both cores are busy all the time. Ten "
        "times gsyncd's rate is far beyond what the bare calls reach.",
    ),
    Workload(
        *("start", "From start to the first byte", How.BACKLOG, _BOTH, ("total",)),
        meaning="From the command `start` until the one file that waits is whole.",
        targets=(at_most("total", 2.0),),
        count=1,
        size=4096,
    ),
    Workload(
        *("records", "A million records, read and planned", How.PURE, (GEOREP,)),
        measures=("rate", "parse", "memory"),
        meaning="Slices from a disk to ordered items, what the primary has being known; the most "
        "memory that the process had.",
        targets=(at_least("rate", 250_000), at_most("memory", 200e6)),
        count=1_000_000,
        spent="Of 4.1 µs for a record, reading takes 2.3 (a third of it for gfids seen for "
        "the first time), folding 1.1, making items 0.6, their order 0.1. A fifth of everything is "
        "Python's search for cycles, of which there are none: without it 305,000 records/s.",
    ),
    Workload(
        *("far", "40 ms between the sites", How.BACKLOG, (GEOREP, DELAYED), _TIMES),
        meaning="The 5,000 files again, through a relay that keeps everything for 20 ms each way.",
        targets=(at_most("seconds", 1.25, of=DELAYED),),
        count=5000,
        size=4096,
    ),
)

TABLE: Mapping[str, Workload] = {row.name: row for row in _ROWS}


def chosen(only: str) -> list[Workload]:
    """Return the workloads named in `only`, with commas between, in the table's order; empty: all.

    Usage for a name that is not known.
    """
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in TABLE:
            raise Usage(
                f"There is no workload {name!r}", fix=f"ONLY takes some of {','.join(TABLE)}."
            )
    return [row for row in _ROWS if not names or row.name in names]


def scaled(workload: Workload, scale: float) -> tuple[int, int]:
    """Return count and size at `scale`: fewer objects, or one that is smaller."""
    if workload.count > 1:
        return max(1, round(workload.count * scale)), workload.size
    return workload.count, max(min(workload.size, 4096), round(workload.size * scale))


def names(rows: Iterable[Workload]) -> str:
    """Return the names of `rows` in a line."""
    return ", ".join(row.name for row in rows)
