"""Files of a replay: what they are, told by their content; their lines, from any place."""

import gzip
import stat
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine import feed
from engine.errors import Usage
from georep_tui.replay import gsyncd_lines, identity, notes
from georep_tui.replay.gsyncd_lines import Line
from georep_tui.replay.identity import Identity

LINE = 1 << 20
"""Longest line that is taken in one piece, in bytes; of a journal it is longer."""
SAMPLE = 1 << 18
"""Bytes that are looked at in one place to find out what a file is."""
SAMPLES = 16
_GZIP = b"\x1f\x8b"
_CUT_OFF = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a packed file raises that is cut off or damaged."""
CUT_OFF = b"(here the packed file is damaged, or ends in the middle: what followed is lost)\n"
"""The last line of such a file: nobody understands it, so it is told and counted."""


class Kind(StrEnum):
    """What a file holds."""

    JOURNAL = "journal"
    GSYNCD = "gsyncd log"
    EMPTY = "empty"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class File:
    """One file, looked at."""

    path: Path
    kind: Kind
    packed: bool
    size: int
    """Bytes on disk."""
    first: float
    """Time of its first event or line."""
    last: float
    """Time of its last one; of a packed file it is not known and that of its first."""
    identity: Identity


def look(paths: Sequence[Path]) -> list[File]:
    """Return what there is to replay; in a directory all that can be; Usage when a file cannot."""
    found: dict[Path, File] = {}
    for path in paths:
        try:
            if path.is_dir():
                inside = (_look(each) for each in sorted(path.rglob("*")) if each.is_file())
                found |= {each.path: each for each in inside if each.kind is not Kind.OTHER}
            else:
                each = _look(path)
                found[each.path] = _readable(each)
        except OSError as error:
            raise Usage(
                f"{error.filename or path} cannot be read: {error.strerror or error}",
                fix="Name journals of georep or logs of gsyncd.",
            ) from error
    kept = [each for each in found.values() if each.kind is not Kind.EMPTY]
    if not kept:
        raise Usage(
            "There is nothing to replay in what was named",
            fix="Name journals (/var/lib/georep/NAME/journal/*.jsonl) or gsyncd.log files.",
        )
    return kept


def lines(file: File, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file and where they begin, in what is unpacked.

    What is longer than a line may be comes in pieces. A packed file that is cut off or damaged ends
    there, with a line that says so.
    """
    longest = feed.LINE if file.kind is Kind.JOURNAL else LINE
    at = start
    with gzip.open(file.path) if file.packed else file.path.open("rb", buffering=1 << 20) as source:
        try:
            source.seek(start)
            while line := source.readline(longest):
                yield at, line
                at += len(line)
        except _CUT_OFF:
            yield at, CUT_OFF


def _readable(file: File) -> File:
    if file.kind is not Kind.OTHER:
        return file
    raise Usage(
        f"{file.path} is neither a journal of georep nor a log of gsyncd",
        fix="Name journals (/var/lib/georep/NAME/journal/*.jsonl) or gsyncd.log files.",
    )


def _look(path: Path) -> File:
    if not stat.S_ISREG(path.stat().st_mode):
        raise Usage(
            f"{path} is no file, and cannot be read more than once, as a replay is",
            fix="Write it to a file first, and name that.",
        )
    path = path.resolve()
    with path.open("rb") as source:
        packed = source.read(2) == _GZIP
    size = path.stat().st_size
    samples = list(_samples(path, size, packed=packed))
    kind, first = _kind(samples[0] if samples else b"")
    told = identity.identify(path, samples) if kind is Kind.GSYNCD else Identity()
    last = first if packed else _last(samples[-1], first)
    # A clock that was wrong at first, and was set back, shall not make it begin after its end.
    return File(path, kind, packed, size, min(first, last), last, told)


def _samples(path: Path, size: int, *, packed: bool) -> Iterator[bytes]:
    """Yield the beginning of a file, and some places further on where that costs little."""
    if packed:
        yield _unpacked(path)
        return
    with path.open("rb") as source:
        yield source.read(4 * SAMPLE)
        step = max(SAMPLE, size // SAMPLES)
        for place in (*range(4 * SAMPLE, size, step), max(0, size - SAMPLE)):
            source.seek(place)
            yield source.read(SAMPLE)


def _unpacked(path: Path) -> bytes:
    found = bytearray()
    with gzip.open(path) as source:
        try:
            while len(found) < 4 * SAMPLE and (part := source.read1(SAMPLE)):
                found += part
        except _CUT_OFF:
            pass
    return bytes(found)


def _kind(head: bytes) -> tuple[Kind, float]:
    """Return what a file is that begins so, and the time of the first thing it tells."""
    if not head.strip():
        return Kind.EMPTY, 0.0
    return next(_told(head), (Kind.OTHER, 0.0))


def _last(sample: bytes, otherwise: float) -> float:
    times = [at for _, at in _told(sample)]
    return times[-1] if times else otherwise


def _told(sample: bytes) -> Iterator[tuple[Kind, float]]:
    """Yield what the lines of a sample are of, and their times."""
    for raw in sample.splitlines():
        if raw.startswith(b"{"):
            event = notes.decode(raw)
            if event is not None:
                yield Kind.JOURNAL, event.at
        elif raw.startswith(b"["):
            line = gsyncd_lines.parse(raw)
            if isinstance(line, Line):
                yield Kind.GSYNCD, line.at
