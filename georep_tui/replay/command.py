"""The command `georep replay` without a screen: a night in lines, or as a journal."""

import json
import shutil
import sys
from pathlib import Path

from georep_tui import report, rows
from georep_tui.replay import cutting, telling
from georep_tui.replay.digest import Digest
from georep_tui.replay.entries import Entry
from georep_tui.replay.story import Story
from georep_tui.replay.stretch import Stretch
from georep_tui.replay.telling import Read

WIDE = 100
"""Columns taken when nobody looks at a terminal."""


def summary(stretch: Stretch, *, as_json: bool) -> int:
    """Write what happened; return 0."""
    story, digest = Story(), Digest()

    def take(entry: Entry) -> None:
        if as_json:
            sys.stdout.write(json.dumps(telling.entry_json(entry)) + "\n")
        else:
            digest.take(entry)

    for told in stretch.before():
        for _ in story.take(told):
            pass
    if stretch.first:
        story.begin_at(stretch.first)
    for told in stretch.within():
        for entry in story.take(told):
            take(entry)
    for entry in story.finish():
        take(entry)
    read = Read(stretch.files, stretch.reading.lines, stretch.reading.strange)
    if as_json:
        for line in telling.totals_json(story, read):
            sys.stdout.write(json.dumps(line) + "\n")
    else:
        width = max(80, shutil.get_terminal_size((WIDE, 24)).columns)
        report.say(telling.summary(story, digest, read, width))
    return 0


def export(stretch: Stretch, target: str) -> int:
    """Write a journal, which begins with how everything was; return 0."""
    *_, count = cutting.write(stretch, Path(target))
    words = f"{rows.many(count, 'event')} written. Show them: georep replay {target}"
    sys.stdout.write(words + "\n")
    return 0
