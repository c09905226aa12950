"""What gsyncd could not bring over, from the lines that tell of it. Pure."""

import re
from collections.abc import Iterator

from engine import events
from engine.events import EntryFailed
from georep_tui.replay.gsyncd_life import Fields, Life
from georep_tui.replay.gsyncd_lines import Line
from georep_tui.replay.notes import AnyTold, GivenUp

LISTED = 100
"""Slices named of a line that lists many."""
WORDS = 500
"""Characters kept of what was said of one."""
_GFID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SLICE = re.compile(r"\w*CHANGELOG\.\d+")
_ITEM = {
    "gfid": re.compile(r"'gfid': '([^']*)'"),
    "op": re.compile(r"'op': '([^']*)'"),
    "path": re.compile(r"'entry1?': '((?:[^'\\]|\\.)*)'"),
    "go": re.compile(r"'go': '(?:\.gfid/)?([^']*)'"),
}
_ERRNO = re.compile(r"\}, (\d{1,4})\b")
_ROOT = ".gfid/00000000-0000-0000-0000-000000000001/"


def entry(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell of an object that the secondary did not take."""
    data = said.get("data", "")
    found = {name: match[1] for name, each in _ITEM.items() if (match := each.search(data))}
    code = _ERRNO.search(data)
    kind = "gfid mismatch" if "mismatch': True" in data else ""
    kind = kind or (events.errno_word(int(code[1])) if code and int(code[1]) else "refused")
    gfid = found.get("gfid") or found.get("go") or f"at {line.at:.6f}"
    yield _failed(
        life,
        line,
        gfid,
        path=found.get("path", "").removeprefix(_ROOT),
        doing=found.get("op", "META").lower(),
        kind=kind,
        words=data[:WORDS],
    )


def content(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell of a file whose content a mover could not bring."""
    words = said.get("error", "")
    gfid = match[0] if (match := _GFID.search(words)) else f"at {line.at:.6f}"
    yield _failed(life, line, gfid, path="", doing="content", kind="not sent", words=words[:WORDS])


def given_up(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell of slices whose content was given up: gsyncd moves its position past them."""
    slices = list(dict.fromkeys(_SLICE.findall(said.get("files", ""))))
    yield life.tell(GivenUp, line.at, count=len(slices) or 1, slices=tuple(slices[:LISTED]))


def _failed(life: Life, line: Line, gfid: str, **more: str) -> AnyTold:
    return life.tell(EntryFailed, line.at, gfid=gfid, tries=1, first=line.at, **more)
