"""What a reconcile has found, kept on disk: it can be as much as the operator ever removed."""

import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import TracebackType

import msgspec

from engine.item import Gfid, Kind, Place


class Fate(StrEnum):
    """What becomes of an object, or of one of its names, on the secondary."""

    REMOVE = "remove"
    """The primary has no such object."""
    NAME = "name"
    """The object lives on the primary, but has not this name: the name goes."""
    MOVE = "move"
    """A directory stands elsewhere on the primary: it goes there."""


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """One name on the secondary that the primary does not have."""

    place: Place
    path: bytes
    gfid: Gfid
    kind: Kind
    state: tuple[int, int, int]
    """mtime, size and links when it was looked at."""
    depth: int
    holder: Gfid | None = None
    """Who has this name on the primary."""
    fate: Fate = Fate.NAME


class Findings:
    """Findings in the order in which they were added; they are gone when this is closed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with this
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> "Findings":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, finding: Finding) -> None:
        """Keep one more."""
        body = _encode(finding)
        self._file.write(len(body).to_bytes(4, "big") + body)
        self._count += 1

    def portions(self, size: int) -> Iterator[list[Finding]]:
        """Yield all, at most `size` at a time; nothing may be added meanwhile."""
        self._file.seek(0)
        portion: list[Finding] = []
        while head := self._file.read(4):
            portion.append(_decode(self._file.read(int.from_bytes(head, "big"))))
            if len(portion) == size:
                yield portion
                portion = []
        if portion:
            yield portion


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Finding).decode
