"""Which bricks say that others wait for heals, as `gluster volume heal VOLUME info` has it, with
`summary` or one by one.

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
_SPLIT = "Is in split-brain"


class Answer(NamedTuple):
    """Why a brick may be behind the others of its set; without a reason it is not."""

    reason: str = ""
    known: bool = True
    """False: only because nobody can tell."""


def unsettled(xml: str, bricks: Collection[str], own: str, aside: str) -> str:
    """Return why some of `bricks`, HOST:PATH, may yet be healed of something that changes a name;
    empty when each of them answers and none has.

    `xml`: `gluster volume heal VOLUME info`. What the brick `own` has put aside itself, in the
    directory with the gfid `aside`, it finds nowhere else, and lists: that gets no name any more.
    """
    try:
        told = {each.findtext("name"): each for each in ET.fromstring(xml).iter("brick")}
    except (ET.ParseError, ValueError, LookupError):
        return "nobody tells which heals are pending"
    for name in bricks:
        brick = told.get(name)
        status = "" if brick is None else brick.findtext("status") or ""
        if _DOWN in status:
            return f"{name} is down, and what it has nobody can see"
        if brick is None or status != "Connected":
            return f"{name} does not tell which heals are pending"
        below = f"<gfid:{aside}>/" if aside and name == own else None
        for file in brick.iter("file"):
            path = file.text or ""
            kept = below is not None and path.startswith(below)
            if not kept and not path.endswith(_SPLIT):
                return "heals are pending"
    return ""


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
