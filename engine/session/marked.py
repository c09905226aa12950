"""The marks of primaries on both volumes of a session: looked at, told in words, and what they
forbid.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine import moments
from engine.errors import GeorepError, Reject, Stop
from engine.gluster import volume_marks, xattrs
from engine.gluster.xattrs import Malformed
from engine.plan import lineage
from engine.plan.lineage import Left
from engine.rpc.channel import Channel
from engine.secondary.notes import Notes

ITSELF = "volume into itself"
"""The one cause of these that no operator can know better than."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What primaries left on one volume."""

    left: tuple[Left, ...] = ()
    clock: float = 0.0
    """Seconds since the epoch, by which these marks end."""
    trouble: str = ""
    """Why they could not be looked at, or which of them make no sense."""

    def of(self, uuid: str) -> Left | None:
        """Return the mark of one primary."""
        return next((each for each in self.left if each.uuid == uuid), None)


UNMARKED = Marked()
"""What nobody has looked at."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two volumes of a session: what they are called, and their uuids."""

    session: str
    primary: str
    primary_uuid: str
    secondary: str
    secondary_uuid: str


def read(marks: Mapping[str, bytes], notes: Mapping[str, bytes], clock: float) -> Marked:
    """Return what the marks and notes of one volume say at the moment `clock` there."""
    left, senseless = [], []
    for uuid, value in sorted(marks.items()):
        try:
            mark = xattrs.unpack_volume_mark(value)
        except Malformed:
            senseless.append(uuid)
            continue
        if mark.uuid != uuid or mark.expires is None:
            senseless.append(uuid)
            continue
        by = lineage.signed(notes, uuid)
        left.append(Left(uuid, mark.since.seconds, mark.expires, by))
    trouble = f"these make no sense: {', '.join(map(_shown, senseless))}" if senseless else ""
    return Marked(tuple(left), clock, trouble)


def here(bricks: Sequence[bytes], notes: Mapping[str, bytes]) -> Marked:
    """Return what was left on the primary, by its bricks here and the notes on it. Blocks."""
    now = time.time()
    try:
        return read(volume_marks.foreign(bricks), notes, now)
    except OSError as error:
        return Marked(clock=now, trouble=f"they cannot be read: {error.strerror}")


async def there(channel: Channel) -> Marked:
    """Return what was left on the secondary volume."""
    try:
        found = await channel.marks()
        return read(found.marks, await channel.notes(), found.clock)
    except Reject as error:
        return Marked(trouble=error.words)


def second(pair: Pair, far: Marked, began: int | None = None) -> Stop | None:
    """Return the error that says which other primary is replicated to the secondary, if any is;
    `began`: since when this one is, where no mark says it.
    """
    other = lineage.rival(far.left, pair.primary_uuid, far.clock, began)
    if other is None:
        return None
    return Stop(
        f"{who(other)} is replicated to {pair.secondary}, too, {_times(other)}",
        cause="second primary",
        fix=f"Stop that session, or name another secondary. {_known_better(pair)}",
        evidence=_where(other, pair.secondary),
    )


def loop(pair: Pair, near: Marked) -> Stop | None:
    """Return the error that says how the secondary leads back to the primary, if it does."""
    by = lineage.way_back(near.left, pair.primary_uuid, pair.secondary_uuid, near.clock)
    if by is None:
        return None
    if not by:
        return Stop(
            f"{pair.primary} and {pair.secondary} are the same volume",
            cause="volume into itself",
            fix="Name another volume as the secondary.",
            evidence=pair.primary_uuid,
        )
    (last,) = by
    over = "" if last.uuid == pair.secondary_uuid else "over "
    return Stop(
        f"{pair.secondary} is itself replicated to {pair.primary}: {over}{who(last)}, "
        f"{_times(last)}",
        cause="replication loop",
        fix=f"Stop that session, with which its mark goes, or name another secondary. "
        f"{_known_better(pair)}",
        evidence=_where(last, pair.primary),
    )


def refuse(pair: Pair, near: Marked, far: Marked, *, heed: bool, began: int | None = None) -> None:
    """Raise Stop when marks forbid what the session does; those that an operator may know better
    than only with `heed`. `began` as of `second`.
    """
    for error in filter(None, (loop(pair, near), second(pair, far, began))):
        if heed or error.cause == ITSELF:
            raise error


def listed(marked: Marked) -> Iterator[str]:
    """Name each primary that left a mark, and until when it counts."""
    for each in marked.left:
        ends = "counts until" if each.stands(marked.clock) else "ended"
        yield f"{who(each)}, {ends} {moments.show(each.expires)}"


def who(left: Left) -> str:
    """Say who left a mark, as far as it tells."""
    if left.by is None:
        return f"a volume that tells no name, as gsyncd does (uuid {_shown(left.uuid)})"
    hosts = ", ".join(map(_shown, left.by.hosts))
    session = _shown(left.by.session)
    return (
        f"volume {_shown(left.by.volume)} of {hosts} (uuid {_shown(left.uuid)}, session {session})"
    )


def notes(root: bytes) -> dict[str, bytes]:
    """Return the notes on the volume that is mounted at `root`; none when they cannot be read, for
    marks count without. Blocks.
    """
    with suppress(OSError, GeorepError):
        return Notes(root).read()
    return {}


def _times(left: Left) -> str:
    since = f"since {moments.show(left.by.began)}; " if left.by is not None else ""
    return f"{since}its mark counts until {moments.show(left.expires)}"


def _known_better(pair: Pair) -> str:
    return (
        "If its owner is no more, wait until then. If you know better: georep create --force; of a "
        f"session that is there: georep config set {pair.session} heed-marks false"
    )


def _where(left: Left, volume: str) -> str:
    name = xattrs.VOLUME_MARK.decode() + "." + _shown(left.uuid)
    return f"xattr {name} on the root of {volume}"


def _shown(text: str) -> str:
    """Return at most 80 characters of what another cluster wrote, and nothing that moves a
    cursor.
    """
    return "".join(each if each.isprintable() else "?" for each in text[:80])
