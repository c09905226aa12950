"""Which bricks say that others wait for heals, as `gluster volume heal VOLUME info summary` has it.

A brick keeps an index of what it has newer than the other bricks of its replica set; of itself a
brick cannot know that it is behind. This command reads the indexes without any lock of the pool,
also while the self-heal daemon is off; `statistics heal-count` needs both. Pure. GlusterFS 10.3,
checked by experiment.
"""

import xml.etree.ElementTree as ET
from collections.abc import Collection

_PENDING = ("numberOfEntriesInHealPending", "numberOfEntriesPossiblyHealing")
"""Not those in split brain: they wait for an operator, and of each the mount cannot tell."""
_DOWN = "not connected"


def waiting(xml: str, others: Collection[str]) -> str:
    """Return why what is not on the bricks `others` (HOST:PATH) may be behind them; else nothing.

    In doubt it may be. A brick that is down has no say: what it has newer nobody can see now.
    """
    try:
        told = {each.findtext("name"): each for each in ET.fromstring(xml).iter("brick")}
    except (ET.ParseError, ValueError, LookupError):
        return "nobody tells which heals are pending"
    pending = False
    for name in others:
        brick = told.get(name)
        counts = [brick.findtext(field) or "" for field in _PENDING] if brick is not None else []
        status = "" if brick is None else brick.findtext("status") or ""
        if counts and all(map(str.isdecimal, counts)):
            pending |= any(map(int, counts))
        elif _DOWN not in status:
            return f"{name} does not tell which heals are pending"
    return "heals of its replica set are pending" if pending else ""
