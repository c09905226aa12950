"""What could not be made so, as a list: which of it, in what order, in which groups. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine import figures
from engine.events import EntryFailed
from engine.state import SessionState
from georep_tui import rows, sorting, tables
from georep_tui.columns import WIDE
from georep_tui.rows import Line, Span
from georep_tui.tables import Row, Shown

DAY = 86400.0
NAMELESS = "no path is known"
ROOT = "the root"


class Order(StrEnum):
    """What comes first."""

    LAST = "last"
    KIND = "kind"
    PATH = "path"
    TRIES = "tries"
    OP = "op"
    AGAIN = "again"
    BRICK = "brick"


CYCLE = (Order.LAST, Order.KIND, Order.PATH, Order.TRIES)
"""What the key goes through; by all others the mouse sorts."""
_FALLING = {Order.LAST, Order.TRIES}
"""Orders that begin with the largest."""
_WIDE_ONLY = {Order.AGAIN, Order.BRICK}
"""Orders whose column is there only where there is room."""


class Grouping(StrEnum):
    """What stands together under one heading."""

    NONE = "none"
    KIND = "kind"
    FOLDER = "folder"
    BRICK = "brick"


@dataclass(frozen=True, slots=True)
class Group:
    """Some failures, in their order; without a title they stand alone."""

    title: str
    members: tuple[EntryFailed, ...]

    @property
    def key(self) -> str:
        """What its heading is called; no failure is called so."""
        return f"\0{self.title}"


def key(failure: EntryFailed) -> str:
    """Return what its row is called."""
    return f"{failure.worker}\0{failure.gfid}"


def every(session: SessionState) -> list[EntryFailed]:
    """Return all that is listed of a session, those last that are not tried again."""
    workers = session.workers.values()
    tried = [failure for worker in workers for failure in worker.failures.values()]
    return tried + [failure for worker in workers for failure in worker.aside.values()]


def tried(failures: Iterable[EntryFailed]) -> list[EntryFailed]:
    """Return what is meant by all of these: those that are tried again, if there are any.

    What was left alone on purpose is not taken up again because others are.
    """
    found = list(failures)
    return [failure for failure in found if not failure.skipped] or found


def matching(failures: Iterable[EntryFailed], wanted: str) -> list[EntryFailed]:
    """Return those that hold every word of the filter; `!word` leaves out those that do."""
    words = tables.words_of(wanted)
    if not words:
        return list(failures)
    return [failure for failure in failures if tables.holds(_text(failure), words)]


def _text(failure: EntryFailed) -> str:
    parts = (failure.path, failure.kind, failure.doing, failure.worker, failure.gfid, failure.words)
    text = "\n".join(rows.verbatim(part) for part in parts).casefold()
    return text + ("\nskipped" if failure.skipped else "")


def ordered(
    failures: Iterable[EntryFailed], order: Order, *, turned: bool = False
) -> list[EntryFailed]:
    """Return them in an order, or the other way round; those that are not tried again come last
    in every one, and equal ones in the order of their paths.
    """
    by: dict[Order, Callable[[EntryFailed], tuple[float, str]]] = {
        Order.LAST: lambda failure: (figures.tried(failure), ""),
        Order.KIND: lambda failure: (0, failure.kind),
        Order.PATH: lambda failure: (0, failure.path),
        Order.TRIES: lambda failure: (failure.tries, ""),
        Order.OP: lambda failure: (0, failure.doing),
        Order.AGAIN: lambda failure: (failure.due, ""),
        Order.BRICK: lambda failure: (0, failure.worker),
    }
    found = sorted(failures, key=lambda each: (each.path, each.worker, each.gfid))
    if order is Order.TRIES:
        found.sort(key=lambda each: -figures.tried(each))
    found.sort(key=by[order], reverse=falls(order, turned=turned))
    return sorted(found, key=lambda each: (each.skipped, order is Order.AGAIN and not each.due))


def falls(order: Order, *, turned: bool) -> bool:
    """Return whether the largest comes first."""
    return (order in _FALLING) != turned


def grouped(failures: Sequence[EntryFailed], grouping: Grouping) -> list[Group]:
    """Return them in groups, the largest first; without a grouping it is one, without a title."""
    if grouping is Grouping.NONE:
        return [Group("", tuple(failures))] if failures else []
    found: dict[str, list[EntryFailed]] = {}
    for failure in failures:
        found.setdefault(_title(failure, grouping), []).append(failure)
    groups = [Group(title, tuple(members)) for title, members in found.items()]
    return sorted(groups, key=lambda group: (-len(group.members), group.title))


def _title(failure: EntryFailed, grouping: Grouping) -> str:
    match grouping:
        case Grouping.KIND:
            return failure.kind or rows.UNKNOWN
        case Grouping.BRICK:
            return failure.worker
        case Grouping.FOLDER:
            return (failure.path.rpartition("/")[0] or ROOT) if failure.path else NAMELESS
        case Grouping.NONE:
            return ""


def titles(width: int) -> list[str]:
    """Return the titles of the columns, each of which is an order's."""
    return [order.value.upper() for order in Order if width >= WIDE or order not in _WIDE_ONLY]


def head(width: int, order: Order = Order.LAST, *, turned: bool = False) -> Line:
    """Return the titles of the columns, with the mark of the order."""
    words = ("   ", "LAST", "KIND", "OP", "PATH", "TRIES", "AGAIN", "BRICK")
    made: Line = ((_cells(words, width), "head"),)
    return sorting.marked(made, order.value.upper(), falling=falls(order, turned=turned))


class FailureRow:
    """One failure as a row, made when it comes into sight: of thousands few ever do."""

    __slots__ = ("_failure", "_line", "_mark", "_now", "_width", "key")

    def __init__(self, failure: EntryFailed, now: float, width: int, *, mark: bool) -> None:
        self.key = key(failure)
        self._failure, self._now, self._width, self._mark = failure, now, width, mark
        self._line: Line | None = None

    @property
    def line(self) -> Line:
        """What is seen."""
        if self._line is None:
            self._line = _line(self._failure, self._now, self._width, mark=self._mark)
        return self._line

    def __eq__(self, other: object) -> bool:
        """Return whether it looks the same: then it need not be drawn again."""
        return isinstance(other, FailureRow) and (self.key, self.line) == (other.key, other.line)

    __hash__ = None  # type: ignore[assignment]  # it is no key of anything


def table(groups: Iterable[Group], marked: Collection[str], now: float, width: int) -> list[Shown]:
    """Return the rows: each group's heading, if it has one, and its members."""
    found: list[Shown] = []
    for group in groups:
        if group.title:
            found.append(Row(group.key, _heading(group, marked, width)))
        found += (
            FailureRow(each, now, width, mark=bool(marked) and key(each) in marked)
            for each in group.members
        )
    return found


def _heading(group: Group, marked: Collection[str], width: int) -> Line:
    many = sum(key(each) in marked for each in group.members)
    count = f"  {rows.grouped(len(group.members))}" + (f", {many} marked" if many else "")
    title = rows.verbatim(group.title)
    return ((rows.fit(f" ─ {title}{count}", max(0, width)), "strong"),)


def _line(failure: EntryFailed, now: float, width: int, *, mark: bool) -> Line:
    glyph = "×" if mark else "‖" if failure.skipped else " "
    words = (
        f" {glyph} ",
        when(figures.tried(failure), now),
        rows.plain(failure.kind),
        rows.plain(failure.doing),
        failure.path or f".gfid/{failure.gfid}",
        rows.number(failure.tries),
        again(failure, now),
        failure.worker,
    )
    return ((_cells(words, width), "idle" if failure.skipped else ""),)


def _cells(words: Sequence[str], width: int) -> str:
    """Return a row: mark, last, kind, op, path, tries; where there is room, again and brick."""
    mark, last, kind, doing, path, tries, due, worker = words
    wide = width >= WIDE
    left = f"{mark}{rows.fit(last, 8)}  {rows.fit(kind, 14)}  {rows.fit(doing, 16 if wide else 7)}"
    right = f"  {rows.fit(tries, 5, right=True)}"
    if wide:
        right += f"  {rows.fit(due, 8, right=True)}  {rows.fit_brick(worker, 20)}"
    room = width - 1 - 3 - 8 - 2 - 14 - 2 - (16 if wide else 7) - 2 - 7 - (32 if wide else 0)
    return f"{left}  {rows.fit_path(path, max(4, room))}{right}"


def when(at: float, now: float) -> str:
    """Return the time of day, or the day, when that was another one."""
    return rows.clock(at) if abs(now - at) < DAY else rows.stamp(at)[5:10]


def again(failure: EntryFailed, now: float) -> str:
    """Return when it is tried again, in a word or two; nothing when nobody said."""
    if failure.skipped:
        return "skipped"
    return rows.due(failure.due, now).removeprefix("in ") if failure.due else ""


def counts(
    session: SessionState,
    shown: Sequence[EntryFailed],
    order: Order,
    *,
    marked: int,
    turned: bool = False,
) -> Line:
    """Return how many there are, in which order, how many are marked; by kind those shown."""
    listed = every(session)
    waiting = sum(not failure.skipped for failure in listed)
    skipped = max(len(listed) - waiting, aside(session))
    missing = session.failing - waiting
    parts: list[Span] = [(f" all {rows.grouped(session.failing)}", "strong")]
    parts.append((f", by {order.value}{', turned round' * turned}", ""))
    parts += [(f"   marked {rows.grouped(marked)}", "accent")] * bool(marked)
    parts += [(f"   {rows.grouped(missing)} not listed", "warn")] * (missing > 0)
    parts += [(f"   skipped {rows.grouped(skipped)}", "idle")] * bool(skipped)
    kinds = Counter(failure.kind for failure in shown if not failure.skipped)
    parts += ((f"   {rows.plain(kind)} {many}", "") for kind, many in kinds.most_common())
    return tuple(parts)


def aside(session: SessionState) -> int:
    """Return how many of a session are not tried again."""
    return sum(each.counted.skipped for each in session.workers.values() if each.counted)
