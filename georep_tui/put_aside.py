"""Who was put aside, as a list, and all about one of them. Pure."""

from collections.abc import Sequence

import msgspec

from georep_tui import keyboard, rows, tables
from georep_tui.columns import WIDE
from georep_tui.keyboard import Keyboard
from georep_tui.rows import Line
from georep_tui.tables import Row


class Listed(msgspec.Struct, frozen=True):
    """One who was put aside, as `georep quarantine --json` tells of it."""

    item: str
    gfid: str
    kind: str
    where: str
    size: int
    mtime: int
    day: str | None = None
    at: float | None = None
    path: str | None = None
    why: str | None = None
    worker: str | None = None

    @property
    def settled(self) -> bool:
        """Whether it is in quarantine."""
        return self.where == "quarantine"

    @property
    def shown(self) -> str:
        """Return what it is called in a list."""
        return self.path or self.item


_decoder = msgspec.json.Decoder(list[Listed])


def read(said: bytes) -> list[Listed]:
    """Return whom a command told of; nobody when it is not understood."""
    try:
        return _decoder.decode(said)
    except msgspec.MsgspecError:
        return []


def matching(objects: Sequence[Listed], wanted: str) -> list[Listed]:
    """Return those that hold every word of the filter; `!word` leaves out those that do."""
    words = tables.words_of(wanted)
    return [each for each in objects if tables.holds(_text(each), words)]


def _text(each: Listed) -> str:
    parts = (each.item, each.gfid, each.kind, each.where, each.path, each.why, each.worker)
    return "\n".join(rows.verbatim(part or "") for part in parts).casefold()


def head(width: int) -> Line:
    """Return the titles of the columns."""
    return ((_cells(("WHERE", "SINCE", "KIND", "SIZE", "STOOD AT", "GFID"), width), "head"),)


def table(objects: Sequence[Listed], width: int) -> list[Row]:
    """Return a row for each."""
    return [Row(each.item, _line(each, width)) for each in objects]


def _line(each: Listed, width: int) -> Line:
    cells = (
        each.where,
        since(each),
        each.kind,
        rows.size(each.size) if each.kind == "file" else "",
        each.shown,
        each.gfid,
    )
    return ((_cells(cells, width), "" if each.settled else "idle"),)


def _cells(words: Sequence[str], width: int) -> str:
    where, since_, kind, size, path, gfid = words
    wide = width >= WIDE
    left = f" {rows.fit(where, 10)}  {rows.fit(since_, 19)}  {rows.fit(kind, 9)}"
    left += f"  {rows.fit(size, 8, right=True)}"
    room = width - 1 - 1 - 10 - 2 - 19 - 2 - 9 - 2 - 8 - 2 - (38 if wide else 0)
    return f"{left}  {rows.fit_path(path, max(4, room))}" + (f"  {rows.fit(gfid, 36)}" * wide)


def since(each: Listed) -> str:
    """Return when it was put aside, as well as that is known."""
    return rows.stamp(each.at) if each.at else each.day or rows.UNKNOWN


def changed(mtime: int) -> str:
    """Return when a file was changed, in nanoseconds since the epoch: it can be any time at all."""
    try:
        return rows.stamp(mtime / 10**9)
    except (OverflowError, ValueError, OSError):
        return f"{mtime} ns"


def told(each: Listed, width: int, keys: Keyboard = keyboard.USUAL) -> list[Line]:
    """Return all about one."""
    what = f"{each.kind}, {rows.size(each.size)}" if each.kind == "file" else each.kind
    then = (
        keys.spoken("{aside.restore} brings it back to a free place, as it is; {aside.drop} ")
        + "removes it for good"
        if each.settled
        else "wait: it goes to its place, ends, or comes to quarantine"
    )
    return [
        *rows.labelled("stood at", each.path or "nobody noted where", width, lines=2),
        *rows.labelled("is", f"{what}, changed {changed(each.mtime)}", width),
        *rows.labelled("gfid", each.gfid, width),
        *rows.labelled("why", each.why or "nobody noted why", width, "warn", lines=2),
        *rows.labelled("by", each.worker or rows.UNKNOWN, width, "idle"),
        *rows.labelled("then", then, width, "accent"),
    ]


def counts(objects: Sequence[Listed]) -> Line:
    """Return how many there are."""
    settled = sum(each.settled for each in objects)
    waiting = len(objects) - settled
    words = f" in quarantine {rows.grouped(settled)}   in limbo {rows.grouped(waiting)}"
    return ((words, "strong"),)
