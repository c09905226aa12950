"""Compare the content of files without moving it: each side digests the same pieces."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from engine.item import Facts, Gfid, Piece
from engine.plan.compare import Difference, What
from engine.session.sides import Side

PIECE = 64 << 20
"""Bytes that one call digests at most; an interrupt waits no longer than for this."""
CALLS = 4
"""Calls under way, on each side."""
_REMEMBERED = 100_000
"""Files with several names that are remembered as equal, so that they are read only once."""


@dataclass(frozen=True, slots=True)
class Unlike:
    """The first piece of a file that is not the same on both sides."""

    start: int
    length: int
    ours: bytes
    theirs: bytes
    """Digests; empty when that side could not be read."""

    def difference(self) -> Difference:
        """Return it in words."""
        what = f"in bytes {self.start} to {self.start + self.length}"
        ours = f"{self.ours.hex()} {what}" if self.ours else "unreadable"
        return Difference(What.CONTENT, ours, self.theirs.hex() or "unreadable")


class Contents:
    """Compares contents, a few at a time."""

    def __init__(self, here: Side, there: Side) -> None:
        self._here, self._there = here, there
        self._slots = asyncio.Semaphore(CALLS)
        self._equal: set[Gfid] = set()
        self.bytes = 0
        """Read on each side so far."""

    async def compare(self, files: Sequence[tuple[Facts, int]]) -> list[Unlike | None]:
        """Return where each file differs, None for those that are equal; a file comes with the byte
        at which to look first, a multiple of PIECE.
        """
        found: list[Unlike | None] = [None] * len(files)
        wanted = [at for at, (file, _) in enumerate(files) if file.gfid not in self._equal]

        async def job(part: list[int]) -> None:
            first, start = files[part[0]]
            if len(part) == 1:
                found[part[0]] = await self._one(first, start)
            else:
                whole = [files[at][0] for at in part]
                pieces = [Piece(file.gfid, 0, file.attributes.size) for file in whole]
                for at, unlike in zip(part, await self._pieces(pieces), strict=True):
                    found[at] = unlike

        await asyncio.gather(*(job(part) for part in _jobs(files, wanted)))
        for at in wanted:
            file = files[at][0]
            if found[at] is None and file.links > 1 and len(self._equal) < _REMEMBERED:
                self._equal.add(file.gfid)
        return found

    async def _one(self, file: Facts, start: int) -> Unlike | None:
        """Compare one file, piece by piece: where it differed last first, then what is before."""
        size = file.attributes.size
        for at in (*range(start, size, PIECE), *range(0, min(start, size), PIECE)):
            (unlike,) = await self._pieces([Piece(file.gfid, at, min(PIECE, size - at))])
            if unlike is not None:
                return unlike
        return None

    async def _pieces(self, pieces: Sequence[Piece]) -> list[Unlike | None]:
        async with self._slots:
            ours, theirs = await asyncio.gather(
                self._here.digests(pieces), self._there.digests(pieces)
            )
        self.bytes += sum(piece.length for piece in pieces)
        return [
            None if one == other is not None else _unlike(piece, one, other)
            for piece, one, other in zip(pieces, ours, theirs, strict=True)
        ]


def _unlike(piece: Piece, ours: bytes | None, theirs: bytes | None) -> Unlike:
    return Unlike(piece.start, piece.length, ours or b"", theirs or b"")


def _jobs(files: Sequence[tuple[Facts, int]], wanted: Sequence[int]) -> list[list[int]]:
    """Put files together that fit in one piece; a large one stands alone."""
    jobs: list[list[int]] = []
    room = 0
    for at in wanted:
        length = files[at][0].attributes.size
        if jobs and length <= room:
            jobs[-1].append(at)
            room -= length
        else:
            jobs.append([at])
            room = PIECE - length
    return jobs
