"""The rows of the Events screen, and all about one of them. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len

from georep_tui import chronicle, rows, tables, wording
from georep_tui.chronicle import Entry, Level
from georep_tui.columns import WIDE
from georep_tui.replay import alerts
from georep_tui.rows import Line, Span

SHOWN = 1000
"""Rows shown at most, the newest."""
PLACE, KIND = 16, 15
PLACE_WIDE, KIND_WIDE, SESSION_WIDE = 24, 16, 14
LEVELS = {Level.DETAIL: "all", Level.INFO: "info", Level.WARN: "warn", Level.BAD: "bad"}
_MEANINGS = {Level.DETAIL: "idle", Level.INFO: "", Level.WARN: "warn", Level.BAD: "bad"}


class EntryRow:
    """One entry as a row, made when it comes into sight: of thousands a second few ever do."""

    __slots__ = ("_dated", "_entry", "_line", "_width", "key")

    def __init__(self, entry: Entry, width: int, *, dated: bool) -> None:
        self.key = str(entry.serial)
        self._entry, self._width, self._dated = entry, width, dated
        self._line: Line | None = None

    @property
    def line(self) -> Line:
        """What is seen."""
        if self._line is None:
            self._line = _line(self._entry, self._width, dated=self._dated)
        return self._line


class Cache:
    """Keeps what was made of each entry, for as long as the entry is there."""

    def __init__(self) -> None:
        self._rows: dict[int, EntryRow] = {}
        self._width = 0
        self.dated = False
        """Whether rows have the date: they are of several days."""
        self._texts: dict[int, str] = {}

    def rows(self, entries: Sequence[Entry], width: int) -> list[EntryRow]:
        """Return a row for each entry."""
        days = {rows.stamp(entry.at)[:10] for entry in (*entries[:1], *entries[-1:])}
        dated = len(days) > 1
        before = self._rows if (self._width, self.dated) == (width, dated) else {}
        self._width, self.dated = width, dated
        self._rows = {
            entry.serial: before.get(entry.serial) or row(entry, width, dated=dated)
            for entry in entries
        }
        return list(self._rows.values())

    def matching(self, entries: Sequence[Entry], wanted: str) -> list[Entry]:
        """Return the entries of which the whole words hold what a filter wants."""
        sought = tables.words_of(wanted)
        if not sought:
            self._texts = {}
            return list(entries)
        before = self._texts
        self._texts = {
            entry.serial: before.get(entry.serial) or wording.whole(entry.told).casefold()
            for entry in entries
        }
        return [entry for entry in entries if tables.holds(self._texts[entry.serial], sought)]


def head(width: int, *, dated: bool) -> Line:
    """Return the titles of the columns."""
    at = f"{'AT':14}" if dated else f"{'AT':8}"
    if width >= WIDE:
        at = f"{'AT':18}" if dated else f"{'AT':12}"
        titles = f" {at}  {'SESSION':{SESSION_WIDE}}  {'WORKER':{PLACE_WIDE}}"
        return ((rows.fit(f"{titles}  {'EVENT':{KIND_WIDE}}    WHAT", width), "head"),)
    titles = f" {at}  {'WORKER':{PLACE}}  {'EVENT':{KIND}}    WHAT"
    return ((rows.fit(titles, width), "head"),)


def row(entry: Entry, width: int, *, dated: bool) -> EntryRow:
    """Return one line: when, where, what it is called, and its words."""
    return EntryRow(entry, width, dated=dated)


def _line(entry: Entry, width: int, *, dated: bool) -> Line:
    told = entry.told
    place, kind = chronicle.node(told), wording.kind(told)
    if width >= WIDE:
        at = wording.stamp(told.at)[5 if dated else 11 : -1]
        session = rows.fit(rows.plain(chronicle.session(told)), SESSION_WIDE)
        start = f" {at}  {session}  {rows.fit_brick(place, PLACE_WIDE)}  "
        name = rows.fit(kind, KIND_WIDE)
    else:
        at = rows.short_stamp(told.at) if dated else rows.clock(told.at)
        start = f" {at}  {rows.fit_brick(place, PLACE)}  "
        name = rows.fit(kind, KIND)
    said, meaning = words(entry)
    room = max(0, width - cell_len(start) - cell_len(name))
    return ((start, "idle"), (name, ""), (rows.fit(f"  {said}", room), meaning))


def words(entry: Entry) -> Span:
    """Return the words of one entry; ▲ for what a replay calls an alert, ! for what else is bad."""
    mark = "!" if entry.level >= Level.WARN else " "
    if entry.level is Level.BAD or (entry.level is Level.WARN and alerts.say(entry.told)):
        mark = "▲"
    return f"{mark} {wording.line(entry.told)}", _MEANINGS[entry.level]


def about(entry: Entry, width: int, *, lines: int) -> list[Line]:
    """Return all about one entry; of long words at most `lines` lines each."""
    told = entry.told
    when = f"{wording.stamp(told.at)} · {chronicle.session(told)} · {chronicle.node(told)}"
    found = [*rows.labelled("at", when.replace(" ·  · ", " · "), width)]
    found += rows.labelled("what", wording.line(told), width, _MEANINGS[entry.level], lines=lines)
    for label, said, meaning in wording.details(told):
        found += rows.labelled(label, said, width, meaning, lines=lines)
    return found


def choice(level: Level, session: str, place: str, shown: int, of: int) -> Line:
    """Say which of the events are shown."""
    counted = rows.many(shown, "event")
    if shown < of:
        counted = f"{rows.grouped(shown)} of {rows.many(of, 'event')}"
    return (
        (" ≥ ", "idle"),
        (f"{LEVELS[level]:5}", "strong"),
        ("  session ", "idle"),
        (rows.plain(session) or "all", "strong"),
        ("  worker ", "idle"),
        (rows.plain(place) or "all", "strong"),
        (f"  {counted}", "idle"),
    )
