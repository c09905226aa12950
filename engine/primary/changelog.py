"""Changelogs of a brick, bytes into records. Pure: feed bytes in, take records out.

A changelog is a header line, then records back to back (header v1.1 and v1.2, encoding ascii;
checked by experiment against GlusterFS 10.3). A brick that crashed may leave one that is torn.

What is not understood is a `Fault`, never an exception and never nothing. Invariant: every byte
behind the header is in exactly one record or in exactly one fault, or has not been consumed.
Records behind a fault are found again at the next field that is `D`, `E` or `M` and a gfid. One
found by mistake makes some gfid be looked at in vain; but which gfids were lost is not known, so
the caller owes the time of that slice a crawl.
"""

import re
from typing import Final, NamedTuple

from engine.errors import Reject, Stop
from engine.primary import records
from engine.primary.records import Record

HEADER_SIZE: Final = 51
"""Bytes of the header line; a changelog of just this size has no records."""

_VERSIONS: Final = ("v1.1", "v1.2")
_HEADER: Final = re.compile(rb"GlusterFS Changelog \| version: (v\d+\.\d+) \| encoding : (\d+)\n")
_HEADER_BEGINS: Final = b"GlusterFS Changelog | version: v"
_HEADER_LONGEST: Final = 64
_PORTION: Final = 1 << 18


class Fault(NamedTuple):
    """A range of a changelog that could not be understood; whatever was in it is not known."""

    offset: int
    """Bytes from the beginning of the file."""
    end: int
    """Behind the last byte of the range."""
    words: str
    raw: bytes
    """What stands at `offset`, 80 bytes at most."""


class Parsed(NamedTuple):
    """A whole changelog."""

    version: str
    """`v1.1` or `v1.2`; empty when the file ends in its header."""
    records: list[Record]
    consumed: int
    """Bytes up to where records were complete; where that is not the end, a fault says so."""
    faults: list[Fault]


class NotAChangelog(Reject):
    """A file in a changelog's place is something else; its slice counts as a hole in history."""

    def __init__(self, file: str, found: bytes) -> None:
        super().__init__(
            f"{file} is not a changelog, it begins with {found[:HEADER_SIZE]!r}",
            cause="changelog damaged",
            fix="What changed in its time is found by a crawl; nothing needs to be done.",
        )
        self.file = file


class UnknownChangelog(Stop):
    """The brick writes changelogs that this program does not read."""

    def __init__(self, file: str, *, version: str, encoding: str) -> None:
        kind = {"1": "binary", "2": "ascii"}.get(encoding, encoding)
        fix = "This program reads v1.1 and v1.2; update georep."
        if version in _VERSIONS:
            fix = "Set it back: gluster volume set VOLUME changelog.encoding ascii"
        super().__init__(
            f"{file} is a changelog of version {version}, encoding {kind}",
            cause="changelog format unknown",
            fix=fix,
        )
        self.file, self.version, self.encoding = file, version, encoding


def parse(data: bytes, *, file: str = "the changelog") -> Parsed:
    """Return everything in a closed changelog; an unterminated end is a fault.

    NotAChangelog or UnknownChangelog when the header is not one of ours.
    """
    parser = Parser(file=file)
    found: list[Record] = []
    for at in range(0, len(data), _PORTION):
        found += parser.feed(data[at : at + _PORTION])
    consumed = parser.consumed
    found += parser.close()
    return Parsed(parser.version, found, consumed, parser.faults)


class Parser:
    """Collects a changelog in any split, also one that is still being written.

    `feed` and `close` give the same records and faults however the bytes are split. Between calls
    it holds 8 KiB at most, and the faults.
    """

    def __init__(self, *, file: str = "the changelog") -> None:
        self.version = ""
        self.faults: list[Fault] = []
        """Complete ones; one whose end has not been seen yet is not among them."""
        self._file = file
        self._held = b""
        self._position = 0
        """Where in the file `_held` begins."""
        self._end = 0
        """How much of the file was fed."""
        self._lost: Fault | None = None
        """A fault whose end has not been seen."""
        self._gfids = records.Gfids()

    @property
    def consumed(self) -> int:
        """Bytes of the file that have become records or complete faults."""
        return self._position if self._lost is None else self._lost.offset

    @property
    def damaged(self) -> bool:
        """Whether anything up to now was not understood."""
        return bool(self.faults) or self._lost is not None

    def feed(self, data: bytes) -> list[Record]:
        """Add `data`; return the records it completes. What is not terminated is kept."""
        self._held += data
        self._end += len(data)
        return self._take(closed=False) if self.version or self._header() else []

    def close(self) -> list[Record]:
        """Say that nothing follows; return records found behind a torn one."""
        if not self.version:
            self._lost = Fault(0, 0, "ends in its header", self._held)
        found = self._take(closed=True)
        if self._lost is not None:
            self.faults.append(self._lost._replace(end=self._end))
            self._lost = None
        self._position = self._end
        return found

    def _header(self) -> bool:
        head = self._held[:_HEADER_LONGEST]
        whole = b"\n" in head or len(head) == _HEADER_LONGEST
        if not whole and head.startswith(_HEADER_BEGINS[: len(head)]):
            return False
        match = _HEADER.match(head)
        if match is None:
            raise NotAChangelog(self._file, head)
        version, encoding = match[1].decode(), match[2].decode()
        if version not in _VERSIONS or encoding != "2":
            raise UnknownChangelog(self._file, version=version, encoding=encoding)
        self.version = version
        self._held, self._position = self._held[match.end() :], match.end()
        return True

    def _take(self, *, closed: bool) -> list[Record]:
        fields = self._held.split(b"\0")
        found: list[Record] = []
        at = 0 if self._lost is None else self._seek(fields, 0, 0)
        while self._lost is None:
            began = at
            at, words = records.read(found, fields, at, self._gfids, paths=self.version != "v1.1")
            self._advance(fields[began:at])
            if not words:
                left = self._end - self._position
                if not left or (left <= records.LONGEST and not closed):
                    break
                words = "ends in the middle of a record" if closed else "record without an end"
            raw = b"\0".join(fields[at : at + 8])[:80]
            self._lost = Fault(self._position, 0, words, raw)
            at = self._seek(fields, at, at + 1)
        self._held = self._held[len(self._held) - (self._end - self._position) :]
        if self._lost is not None and len(self._held) > records.BEGINNING:
            # Whatever follows, this is longer than a field that begins a record.
            self._position += len(self._held) - records.BEGINNING
            self._held = self._held[-records.BEGINNING :]
        return found

    def _seek(self, fields: list[bytes], at: int, start: int) -> int:
        """Go from field `at` to the next that begins a record, not before `start`."""
        last = len(fields) - 1
        found = next((i for i in range(start, last) if records.begins(fields[i])), last)
        self._advance(fields[at:found])
        if found < last and self._lost is not None:
            self.faults.append(self._lost._replace(end=self._position))
            self._lost = None
        return found

    def _advance(self, fields: list[bytes]) -> None:
        self._position += sum(map(len, fields)) + len(fields)
