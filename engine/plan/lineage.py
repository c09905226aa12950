"""Who replicates to whom, as far as marks on volumes tell: a second primary, and ways back. Pure.

A primary leaves a mark on its secondary, in GlusterFS's own form, and a note beside it that says
who it is and from whom it gets everything itself. gsyncd leaves marks without notes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

LIFE = 1800
"""Seconds that a mark counts after it was left."""
FRESH = 1500
"""Seconds that it must have left; else it is left anew."""
_MOST, _NAME, _UUID = 64, 80, 36
"""Most volumes that a note passes on, and characters of their names and uuids: it has to stay a
small file, whatever others wrote.
"""
_LATEST = (1 << 32) - 1
"""The last moment that a mark can have, in seconds since the epoch."""


class Above(msgspec.Struct, frozen=True):
    """A volume that everything on a primary comes from."""

    uuid: str
    volume: str
    until: int
    """When its own mark ends, in seconds since the epoch."""


class Signed(msgspec.Struct, frozen=True, tag=True):
    """The note beside a mark: who left it."""

    volume: str
    hosts: tuple[str, ...]
    """Those with its bricks."""
    session: str
    began: int
    """When the first mark of a row was left that never ended, in seconds since the epoch."""
    above: tuple[Above, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """One mark that a primary left on a volume."""

    uuid: str
    """The primary's."""
    indexed: int
    """Since when the primary is indexed, in seconds since the epoch."""
    expires: int
    by: Signed | None = None
    """None: gsyncd left it, or the note is lost."""

    def stands(self, now: float) -> bool:
        """Whether it counts at the moment `now` of the volume that it is on."""
        return self.expires > now


def signed(notes: Mapping[str, bytes], uuid: str) -> Signed | None:
    """Return the note that the primary `uuid` left; None when there is none that makes sense."""
    try:
        found = msgspec.json.decode(notes[_name(uuid)], type=Signed)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # Whoever may write to the volume may have written it: no such moment can be packed or shown.
    moments = (found.began, *(above.until for above in found.above))
    return found if all(0 <= moment <= _LATEST for moment in moments) else None


def note(uuid: str, by: Signed) -> tuple[str, bytes]:
    """Return name and content of the note that the primary `uuid` leaves."""
    return _name(uuid), msgspec.json.encode(by)


def passed_on(on_primary: Iterable[Left], now: float) -> tuple[Above, ...]:
    """Return what a primary tells its secondary of the volumes that it gets everything from: who
    left a standing mark on it, and whom those told of.
    """
    found: dict[str, Above] = {}
    for each in on_primary:
        if each.stands(now):
            told = each.by.above if each.by is not None else ()
            volume = each.by.volume if each.by is not None else ""
            for above in (Above(each.uuid, volume, each.expires), *told):
                before = found.get(above.uuid)
                later = before is None or before.until < above.until
                if above.until > now and later and len(above.uuid) == _UUID:
                    name = above.volume[:_NAME]
                    found[above.uuid] = msgspec.structs.replace(above, volume=name)
    return tuple(list(found.values())[:_MOST])


def since(on_secondary: Iterable[Left], primary: str, now: float) -> int | None:
    """Return since when the volume `primary` has a standing mark on the secondary."""
    mine = next((each for each in on_secondary if each.uuid == primary and each.stands(now)), None)
    return None if mine is None or mine.by is None else mine.by.began


def rival(
    on_secondary: Iterable[Left], primary: str, now: float, began: int | None = None
) -> Left | None:
    """Return another primary whose standing mark is on the secondary, and which does not have to
    yield to the volume `primary`; that `began` then, if no mark of it says so.

    The later one yields; who left no note never does.
    """
    left = sorted((each for each in on_secondary if each.stands(now)), key=lambda each: each.uuid)
    ours = since(left, primary, now)
    ours = began if ours is None else ours
    for each in left:
        if each.uuid != primary and not (ours is not None and _before((ours, primary), each)):
            return each
    return None


def way_back(
    on_primary: Iterable[Left], primary: str, secondary: str, now: float
) -> Sequence[Left] | None:
    """Return who leads from the secondary back to the primary, when anything does: the mark on the
    primary by which it is known. Nobody in between: the two are the same volume.
    """
    if primary == secondary:
        return ()
    for each in on_primary:
        if each.stands(now) and secondary in (each.uuid, *_told(each, now)):
            return (each,)
    return None


def due(mine: Left | None, by: Signed, now: float) -> bool:
    """Whether our mark has to be left anew: it is missing, old, of a wrong clock, or the note
    beside it says something else. How long those above count is no other thing.
    """
    if mine is None or mine.by is None or not FRESH <= mine.expires - now <= LIFE:
        return True
    return _plain(mine.by) != _plain(by)


def _before(ours: tuple[int, str], other: Left) -> bool:
    return other.by is not None and ours < (other.by.began, other.uuid)


def _told(left: Left, now: float) -> list[str]:
    above = left.by.above if left.by is not None else ()
    return [each.uuid for each in above if each.until > now]


def _plain(by: Signed) -> Signed:
    above = tuple(sorted((msgspec.structs.replace(each, until=0) for each in by.above), key=_uuid))
    return msgspec.structs.replace(by, above=above)


def _uuid(above: Above) -> str:
    return above.uuid


def _name(uuid: str) -> str:
    return f"{uuid}.mark"
