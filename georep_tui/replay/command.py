"""The command `georep replay`: journals and old logs in lines, or as a journal."""

import json
import math
import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from engine.errors import Usage
from engine.state import State, apply, snapshot
from georep_tui import player, report, rows
from georep_tui.replay import chains, files, notes, telling
from georep_tui.replay.digest import Digest
from georep_tui.replay.entries import Entry
from georep_tui.replay.notes import AnyNote, AnyTold
from georep_tui.replay.reading import Reading
from georep_tui.replay.story import Story
from georep_tui.replay.telling import Read

WIDE = 100
"""Columns taken when nobody looks at a terminal."""


def export(names: Sequence[str], target: str, *, since: str, until: str) -> int:
    """Write what is told between two times as a journal, which begins with how everything was."""
    found = files.look([Path(name) for name in names])
    begin = min(file.first for file in found)
    first, last = _time(since, begin, 0.0), _time(until, begin, math.inf)
    reading = Reading(chains.link(found, here=platform.node()))
    state, steps, count = State(), iter(reading), 0
    while reading.next_at < first:
        _fold(state, next(steps))
    with _new(Path(target)) as file:
        for event in snapshot(state):
            file.write(notes.encode(event) + b"\n")
        while reading.next_at <= last and not math.isinf(reading.next_at):
            for told in next(steps):
                file.write(notes.encode(told) + b"\n")
                count += 1
    words = f"{rows.many(count, 'event')} written. Show them: georep replay {target}"
    sys.stdout.write(words + "\n")
    return 0


def _fold(state: State, told: Iterable[AnyTold]) -> None:
    for each in told:
        if not isinstance(each, AnyNote):
            apply(state, each)


def _time(text: str, near: float, otherwise: float) -> float:
    if not text:
        return otherwise
    at = player.parse(text, near)
    if at is None:
        raise Usage(f"{text!r} is no time", fix="Write 11:40, 11:40:05 or '2026-05-01 11:40'; UTC.")
    return at


def _new(path: Path) -> BinaryIO:
    """Return a new file; what is there already is never written over."""
    try:
        return path.open("xb")
    except FileExistsError:
        raise Usage(f"{path} is there already", fix="Name a new file.") from None
    except OSError as error:
        words = f"{path} cannot be written: {error.strerror}"
        raise Usage(words, fix="Name another place.") from error


def summary(names: Sequence[str], *, as_json: bool) -> int:
    """Write what happened in the files that were named; 0 when they could be read."""
    found = files.look([Path(name) for name in names])
    reading = Reading(chains.link(found, here=platform.node()))
    story, digest = Story(), Digest()

    def take(entry: Entry) -> None:
        if as_json:
            sys.stdout.write(json.dumps(telling.entry_json(entry)) + "\n")
        else:
            digest.take(entry)

    for told in reading:
        for each in told:
            for entry in story.take(each):
                take(entry)
    for entry in story.finish():
        take(entry)
    read = Read(len(found), reading.lines, reading.strange)
    if as_json:
        for line in telling.totals_json(story, read):
            sys.stdout.write(json.dumps(line) + "\n")
    else:
        width = max(80, shutil.get_terminal_size((WIDE, 24)).columns)
        report.say(telling.summary(story, digest, read, width))
    return 0
