"""One worker of gsyncd while its log is read: what is known of it, how it turns. Pure."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.events import Crawl, CrawlChanged, PositionMoved, Role, RoleChanged, WorkerEvent
from georep_tui.replay.gsyncd_lines import Line
from georep_tui.replay.notes import AnyTold

ERRORS = 20
"""Errors kept of a worker, to tell why it ended."""

Fields = dict[str, str]


@dataclass(slots=True)
class Counter:
    """What a batch has done so far."""

    entries: int = 0
    removed: int = 0
    directories: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Life:
    """One worker, since its log begins."""

    session: str
    worker: str
    """NODE:BRICK."""
    alive: bool = False
    began: float = 0.0
    starts: int = 0
    peer: str = ""
    role: Role | None = None
    elected: str = ""
    """What was said of the last election."""
    crawl: Crawl = Crawl.NONE
    fell_back: str = ""
    """Why a hybrid crawl is to follow."""
    died: str = ""
    """What the monitor said of its end."""
    errors: deque[Line] = field(default_factory=lambda: deque(maxlen=ERRORS))
    far: deque[Line] = field(default_factory=lambda: deque(maxlen=ERRORS))
    """Errors of its process on the secondary."""
    far_open: bool = False
    """The log of its process on the secondary is here, and has not told of its end."""
    stime: int = 0
    slices: int = 0
    entries: int = 0
    files: int = 0
    bytes: int = 0
    removed: int = 0
    batch: Counter = field(default_factory=Counter)
    """What was done since the last batch."""
    rsync: deque[dict[str, int]] = field(default_factory=lambda: deque(maxlen=ERRORS))
    """What rsync told of jobs whose end is not logged yet."""
    conflict: int = 0
    """Names of the conflicts that are not ended yet."""

    def begin(self, at: float) -> None:
        """Note a new process: its totals are zero."""
        self.alive, self.began, self.role, self.crawl, self.died = True, at, None, Crawl.NONE, ""
        self.slices = self.entries = self.files = self.bytes = self.removed = 0
        self.fell_back = ""
        self.errors.clear()
        self.far.clear()
        self.rsync.clear()
        self.batch = Counter()
        self.starts += 1

    def tell(self, kind: type[WorkerEvent], at: float, /, **more: object) -> AnyTold:
        """Return an event of this worker."""
        told = kind(at=at, session=self.session, worker=self.worker, **more)
        return told  # type: ignore[return-value]  # every kind with a name of its own is told


def role_changed(life: Life, line: Line, role: Role, reason: str) -> Iterator[AnyTold]:
    """Tell of a role, when it is another one."""
    if life.role is not role:
        life.role, life.alive = role, True
        yield life.tell(RoleChanged, line.at, role=role, reason=reason)


def works(life: Life, line: Line, crawl: Crawl) -> Iterator[AnyTold]:
    """Tell what follows from that a worker works: a log may begin in the middle of its life."""
    yield from role_changed(life, line, Role.ACTIVE, "it works; its log begins later")
    if life.crawl is Crawl.NONE and crawl is not Crawl.NONE:
        life.crawl = crawl
        told = "it works so; its log begins later"
        yield life.tell(CrawlChanged, line.at, crawl=crawl, reason=told)


_CRAWLS = {
    "Hybrid Crawl": Crawl.HYBRID,
    "History Crawl": Crawl.HISTORY,
    "Changelog Crawl": Crawl.CHANGELOG,
}


def crawl_changed(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell how changes are found now, and why."""
    crawl = _CRAWLS.get(said.get("status", ""), Crawl.NONE)
    reason = {
        Crawl.HYBRID: life.fell_back or "there is no history",
        Crawl.HISTORY: "slices that closed before it came",
        Crawl.CHANGELOG: f"the {life.crawl.value} crawl is done",
        Crawl.NONE: "",
    }[crawl]
    if crawl is Crawl.CHANGELOG and life.crawl is Crawl.NONE:
        reason = "its log begins later"
    if crawl is not life.crawl:
        life.crawl = crawl
        yield life.tell(CrawlChanged, line.at, crawl=crawl, reason=reason)


def position(life: Life, line: Line, said: Fields, *, last: int = 0) -> Iterator[AnyTold]:
    """Tell of a position, when it is another one."""
    stime = number(said.get("stime", "").lstrip("("))
    if stime > 0 and stime != life.stime:
        life.stime = stime
        yield life.tell(PositionMoved, line.at, stime=stime, slice=last)


def number(words: str | None) -> int:
    """Return the whole number that `words` begin with; 0 when they begin with none."""
    found = re.match(r"-?\d{1,18}", words or "")
    return int(found[0]) if found else 0


def decimal(words: str | None) -> float:
    """Return the seconds that `words` name; 0 when they name none."""
    found = re.match(r"\d{1,12}(?:\.\d{1,9})?", words or "")
    return float(found[0]) if found else 0.0
