"""The command `georep events`: what happened, in lines, out of the journals of this node."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine import config, events, feed
from engine.config import Places
from engine.errors import Retry
from engine.events import AnyEvent
from georep_tui import chronicle, event_rows, report, rows, wording
from georep_tui.chronicle import Chronicle, Entry, Level
from georep_tui.replay.notes import AnyNote
from georep_tui.rows import Line

ROOM = 64 << 20
"""Bytes of each session's journal that are read, the newest."""


def recall(at: Places, session: str | None, *, level: int, as_json: bool) -> int:
    """Write what the Events screen shows, of one session or of all; return 0."""
    names = config.names(at)
    if session is not None and session not in names:
        config.read(at, session)  # says which sessions there are
    kept = Chronicle()
    for name in names if session is None else [session]:
        _hear(kept, at.of(name) / "journal")
    found = chronicle.chosen(kept.entries(), level=Level(level))[-event_rows.SHOWN :]
    if as_json:
        for told in _events(found):
            sys.stdout.write(events.encode(told).decode() + "\n")
    else:
        report.say(lines(found))
    return 0


def lines(found: Sequence[Entry]) -> list[Line]:
    """Return a line for each entry, whole, in columns."""
    if not found:
        return [(("Nothing of this kind stands in the journals of this node.", ""),)]
    cells = [
        tuple(map(rows.plain, (chronicle.session(told), chronicle.node(told), wording.kind(told))))
        for told in (entry.told for entry in found)
    ]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        (
            (f"{wording.stamp(entry.at)}  ", "idle"),
            *((f"{text:{width}}  ", "") for text, width in zip(each, wide, strict=True)),
            event_rows.words(entry),
        )
        for entry, each in zip(found, cells, strict=True)
    ]


def _hear(kept: Chronicle, folder: Path) -> None:
    try:
        for event in feed.read(_newest(feed.files(folder))):
            kept.hear(event)
    except OSError as error:
        raise Retry(
            f"The journal in {folder} cannot be read: {error.strerror}",
            cause="no engine",
            fix="Run this as the engine's user, usually root.",
        ) from error


def _newest(paths: Sequence[Path]) -> list[Path]:
    """Return the last files, as many as there is room for; the last one in any case."""
    found, left = list[Path](), ROOM
    for path in reversed(paths):
        if found and left < path.stat().st_size:
            break
        found.append(path)
        left -= path.stat().st_size
    return found[::-1]


def _events(found: Iterable[Entry]) -> Iterable[AnyEvent]:
    """Yield what was told; a journal of an engine has no notes of a replay."""
    for entry in found:
        if not isinstance(entry.told, AnyNote):
            yield entry.told
