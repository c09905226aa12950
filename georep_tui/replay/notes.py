"""What old logs tell that the engine has no event for: told beside the events. Pure."""

import msgspec

from engine.events import AnyEvent, Event, WorkerEvent


class SlicesTold(WorkerEvent, frozen=True, kw_only=True):
    """Which slices a batch was of."""

    first: int
    """Suffix of the first; it may be one that had been made so before."""
    last: int
    count: int
    directories: int
    """Directories made or removed. Every brick has a record of each of these."""


class ConflictMet(WorkerEvent, frozen=True, kw_only=True):
    """Names were held on the secondary by others than on the primary."""

    count: int


class ConflictEnded(WorkerEvent, frozen=True, kw_only=True):
    """The conflicts that were met last were settled, or were not."""

    count: int
    settled: bool
    words: str


class CheckpointPassed(WorkerEvent, frozen=True, kw_only=True):
    """All that was there at the time of a checkpoint is on the secondary."""

    checkpoint: str
    """The time it was set for, as it was logged: UTC."""


class GivenUp(WorkerEvent, frozen=True, kw_only=True):
    """Content in some slices was not brought over, and gsyncd went on all the same."""

    count: int
    """Slices."""
    slices: tuple[str, ...]
    """Their names, the first of them."""


class LineKept(Event, frozen=True, kw_only=True):
    """A line that says more than there is an event for, or that nobody understood."""

    session: str
    place: str
    """NODE:BRICK, or NODE, or the file it stands in."""
    level: str
    words: str
    understood: bool


AnyNote = SlicesTold | ConflictMet | ConflictEnded | CheckpointPassed | GivenUp | LineKept
AnyTold = AnyEvent | AnyNote
"""All that a replay tells."""

encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[AnyTold] = msgspec.json.Decoder(AnyTold)


def decode(line: bytes) -> AnyTold | None:
    """Return what is told in `line`, or None for what this version does not know."""
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None
