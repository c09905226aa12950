"""Who was put aside: all in limbo and in quarantine, and what was noted of how they came there."""

import re
from collections.abc import Sequence

from engine.errors import Reject
from engine.item import Gfid, Holder
from engine.rpc.messages import Aside, PutAside
from engine.secondary.target import Target

MOST = 1000
"""Objects that are told of at once."""
_GFID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST = 1 << 14
"""Bytes of a record; a path has a part of them."""


def listed(target: Target, number: int) -> Aside:
    """Return who is put aside, those in quarantine first; records of nobody there are dropped."""
    # In this order: a record is of somebody in limbo, and who leaves that for quarantine meanwhile
    # is met there.
    records = target.remembered()
    limbo = target.in_limbo()
    shelves = target.in_quarantine()
    found = [_on_shelf(target, holder, changed, records) for holder, changed in shelves[:MOST]]
    found += [_in_limbo(target, gfid, records) for gfid in limbo[: MOST - len(found)]]
    for gfid in records.keys() - set(limbo) - {holder.gfid for holder, _ in shelves}:
        target.forget(gfid)
    objects = tuple(one for one in found if one is not None)
    return Aside(id=number, objects=objects, total=len(limbo) + len(shelves))


def remember(target: Target, gfid: Gfid, record: bytes) -> None:
    """Keep a record of `gfid`, or, when that is empty, none; Reject for what can be none."""
    if not _GFID.fullmatch(gfid) or len(record) > _LONGEST:
        raise Reject(f"{gfid[:80]!r} can have no such record", cause="protocol")
    if record:
        target.remember(gfid, record)
    else:
        target.forget(gfid)


def records(target: Target, gfids: Sequence[Gfid]) -> tuple[bytes, ...]:
    """Return the record of each of `gfids`, empty where there is none."""
    return tuple(target.record(gfid) if _GFID.fullmatch(gfid) else b"" for gfid in gfids)


def _on_shelf(
    target: Target, holder: Holder, changed: float, records: dict[Gfid, bytes]
) -> PutAside | None:
    seen = target.at(holder.place)
    if seen is None or seen.gfid != holder.gfid:
        return None
    record = records.get(holder.gfid, b"")
    return PutAside(holder, seen.attributes, changed, settled=True, record=record)


def _in_limbo(target: Target, gfid: Gfid, records: dict[Gfid, bytes]) -> PutAside | None:
    place = target.limbo(gfid)
    seen = target.at(place)
    if seen is None:
        return None
    holder = Holder(place, seen.gfid, seen.kind)
    return PutAside(holder, seen.attributes, 0.0, settled=False, record=records.get(gfid, b""))
