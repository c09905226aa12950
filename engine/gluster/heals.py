"""Which bricks say that others wait for heals, as `gluster volume heal VOLUME info summary` has it.

A brick keeps an index of what it has newer than the other bricks of its replica set; of itself a
brick cannot know that it is behind. This command reads the indexes without any lock of the pool,
also while the self-heal daemon is off; `statistics heal-count` needs both. Pure. GlusterFS 10.3,
checked by experiment.
"""

import xml.etree.ElementTree as ET
from collections.abc import Collection
from typing import NamedTuple

_PENDING = ("numberOfEntriesInHealPending", "numberOfEntriesPossiblyHealing")
"""Not those in split brain: they wait for an operator, and of each the mount cannot tell."""
_DOWN = "not connected"


class Answer(NamedTuple):
    """Why a brick may be behind the others of its set; without a reason it is not."""

    reason: str = ""
    known: bool = True
    """False: only because nobody can tell."""


def unsettled(xml: str, bricks: Collection[str]) -> str:
    """Return why some of `bricks`, HOST:PATH, may yet be healed of something; empty when each of
    them answers and none has.
    """
    told = waiting(xml, bricks)
    if told.reason:
        return told.reason if not told.known else "heals are pending"
    up = {each.findtext("name") for each in ET.fromstring(xml).iter("brick") if _connected(each)}
    down = sorted(set(bricks) - up)
    return f"{down[0]} is down, and what it has nobody can see" if down else ""


def _connected(brick: ET.Element) -> bool:
    return _DOWN not in (brick.findtext("status") or _DOWN)


def waiting(xml: str, others: Collection[str]) -> Answer:
    """Return whether a brick may be behind `others`, HOST:PATH, the other bricks of its set.

    A brick that is down has no say: what it has newer nobody can see now.
    """
    try:
        told = {each.findtext("name"): each for each in ET.fromstring(xml).iter("brick")}
    except (ET.ParseError, ValueError, LookupError):
        return Answer("nobody tells which heals are pending", known=False)
    pending = False
    for name in others:
        brick = told.get(name)
        counts = [brick.findtext(field) or "" for field in _PENDING] if brick is not None else []
        status = "" if brick is None else brick.findtext("status") or ""
        if counts and all(map(str.isdecimal, counts)):
            pending |= any(map(int, counts))
        elif _DOWN not in status:
            return Answer(f"{name} does not tell which heals are pending", known=False)
    return Answer("heals of its replica set are pending") if pending else Answer()
