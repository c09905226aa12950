"""One failure told line by line: both sides, meaning, next step, tries, source. Pure."""

import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from engine import failures as meanings
from engine import figures
from engine.events import AnyEvent, EntryFailed
from georep_tui import keyboard, rows
from georep_tui.failed import Group
from georep_tui.keyboard import Keyboard
from georep_tui.rows import LABEL, Line

ALL = 40
"""Lines that the words of one failure may take where there is room for all of them."""
KINDS = 2
"""Kinds of failures that a group tells the meaning of."""
TRIES = 20
"""Tries that are listed one by one."""
WOULD = {
    "gfid conflict": "move the secondary's object aside and make the primary's; asks first",
    "ENOTSUP": "keep a copy of the secondary's file, and make the primary's object; asks first",
    "quarantined": "nothing; {failures.aside} shows where it stood, {aside.restore} there brings "
    "it back",
}
"""What the key for it does about kinds of failures that do not mend themselves."""
_ITEM = {
    "gfid": re.compile(r"'gfid': '([0-9a-f-]{36})'"),
    "mode": re.compile(r"'mode': (\d{1,6})\b"),
    "there": re.compile(r"'(?:secondary|slave)_gfid': '([0-9a-f-]{36})'"),
    "folder": re.compile(r"'(?:secondary|slave)_isdir': (True|False)"),
    "name": re.compile(r"'(?:secondary|slave)_name': '((?:[^'\\]|\\.)+)'"),
}
"""What gsyncd says of an entry that was not taken, in Python's words."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is known of an object on either side."""

    primary: str
    secondary: str


def sides(failure: EntryFailed) -> Sides:
    """Return what the failure tells of both sides."""
    gfid, words = failure.gfid, failure.words
    match failure.kind:
        case "quarantined":
            return Sides(f"has no {gfid}", f"gfid {gfid}, put away at this path")
        case "missing parent":
            return Sides(f"gfid {gfid}", words)
        case "not empty":
            return Sides(f"{gfid} is gone", words)
        case "never at rest" | "EINVAL" | "heal pending":
            return Sides(f"gfid {gfid}; {words}", "nothing could be made so")
        case _ if words.startswith("({"):
            return _of_gsyncd(failure)
        case _:
            return Sides(f"gfid {gfid}", f"{words} ({failure.kind})" if failure.kind else words)


def _of_gsyncd(failure: EntryFailed) -> Sides:
    found = {name: each[1] for name, at in _ITEM.items() if (each := at.search(failure.words))}
    here = f"gfid {found.get('gfid', failure.gfid)}"
    if "mode" in found:
        here += f" · {stat.filemode(int(found['mode']))}"
    if "there" not in found:
        return Sides(here, failure.kind)
    there = f"gfid {found['there']}"
    if "folder" in found:
        there += " · a directory" if found["folder"] == "True" else " · no directory"
    if "name" in found:
        there += f" · {found['name']}"
    return Sides(here, there)


def told(
    failure: EntryFailed, now: float, width: int, keys: Keyboard = keyboard.USUAL
) -> list[Line]:
    """Return what an operator must know of a failure, in few lines."""
    both, meant = sides(failure), meanings.meaning(failure.kind)
    would = WOULD.get(failure.kind)
    fix = f"{keys.first('failures.fix')} would"
    do, words = (fix, keys.spoken(would)) if would else ("do", meant.fix)
    return [
        *rows.labelled("primary", both.primary, width),
        *rows.labelled("secondary", both.secondary, width, "bad", lines=2),
        *rows.labelled("meaning", meant.words, width, lines=2),
        *rows.labelled(do, words, width, "accent", lines=2),
        *rows.labelled("tries", _tries(failure, now), width),
        *rows.labelled("source", _source(failure), width, "idle"),
    ]


def in_full(failure: EntryFailed, width: int) -> list[Line]:
    """Return what there was no room for: its whole path, and all that was said."""
    room = width - LABEL - 2
    path = rows.spread(failure.path, room, lines=ALL) if failure.path else [rows.UNKNOWN]
    labels = ["path", *[""] * len(path)]
    return [
        *(
            ((f" {label:{LABEL}}", "idle"), (part, ""))
            for label, part in zip(labels, path, strict=False)
        ),
        *rows.labelled("gfid", failure.gfid, width),
        *rows.labelled("was to", failure.doing or rows.UNKNOWN, width),
        *rows.labelled("words", failure.words or rows.UNKNOWN, width, lines=ALL),
    ]


def history(failure: EntryFailed, recent: Iterable[AnyEvent], width: int) -> list[Line]:
    """Return its tries, the latest first, as far as they are still known."""
    told = [each for each in recent if isinstance(each, EntryFailed) and _same(each, failure)]
    # What was told again after a restart is the same try.
    once = {(figures.tried(each), each.skipped): each for each in (failure, *told)}
    tries = sorted(once.values(), key=lambda each: -each.at)[:TRIES]
    lines = [_try(each, width) for each in tries]
    if failure.first and failure.first < int(figures.tried(tries[-1])):
        words = f" {rows.stamp(failure.first)}  the first try"
        lines.append(((rows.fit(words, width), "idle"),))
    return lines


def group(group: Group, width: int) -> list[Line]:
    """Return what all in a group have in common."""
    bricks = dict.fromkeys(each.worker for each in group.members)
    lines = [*rows.labelled("objects", rows.grouped(len(group.members)), width)]
    for kind in list(dict.fromkeys(each.kind for each in group.members))[:KINDS]:
        meant = meanings.meaning(kind)
        lines += rows.labelled("meaning", f"{kind}: {meant.words}", width, lines=2)
        lines += rows.labelled("do", meant.fix, width, "accent", lines=2)
    return [*lines, *rows.labelled("source", ", ".join(bricks), width, "idle")]


def _same(one: EntryFailed, other: EntryFailed) -> bool:
    return (one.session, one.worker, one.gfid) == (other.session, other.worker, other.gfid)


def _tries(failure: EntryFailed, now: float) -> str:
    parts = [rows.many(failure.tries, "try", "tries")]
    parts += [f"since {rows.stamp(failure.first)}"] if failure.first else []
    if failure.skipped:
        parts.append("not tried again until it changes")
    elif failure.due:
        parts.append(f"again {rows.due(failure.due, now)}")
    return " · ".join(parts)


def _source(failure: EntryFailed) -> str:
    heard = f"CHANGELOG.{failure.slice}" if failure.slice else "no slice"
    return f"{heard} · {failure.worker}"


def _try(each: EntryFailed, width: int) -> Line:
    skipped = "left alone · " if each.skipped else ""
    words = rows.plain(f"{skipped}{each.kind}: {each.words}")
    meaning = "idle" if each.skipped else ""
    at = each.at if each.skipped else figures.tried(each)
    return ((rows.fit(f" {rows.stamp(at)}  {words}", width), meaning),)
