"""The command `georep replay`: the summary of journals and old logs, in lines."""

import json
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from georep_tui import report
from georep_tui.replay import chains, files, telling
from georep_tui.replay.digest import Digest
from georep_tui.replay.entries import Entry
from georep_tui.replay.reading import Reading
from georep_tui.replay.story import Story
from georep_tui.replay.telling import Read

WIDE = 100
"""Columns taken when nobody looks at a terminal."""


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
