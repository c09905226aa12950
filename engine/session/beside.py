"""What is made so beside others, who may make the same objects so at the same time: the worker of
a brick, a command of an operator, the worker of another replica.

Invariant: who looked first may be the last to write, and the record of what was written in between
is settled by then. So all that was made so is looked at once more, its content included; where
nothing is new since the look that it was made from, no newer one can have been overwritten.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass

from engine.item import Gfid, Kind
from engine.plan import ahead
from engine.plan.ahead import Glance
from engine.plan.dirty import Dirty, Why
from engine.plan.items import Alive, Truth, renewed
from engine.primary import glancing
from engine.session.hop import Hop
from engine.session.looking import Looking, is_directory

_CONTENT = Why.DATA | Why.DOUBT


@dataclass(frozen=True, slots=True)
class _Look:
    """What an object was before it was made so."""

    truth: Truth
    glance: Glance | None
    """Of a file on the own brick; taken first, so whatever came after it is news."""
    sure: bool
    """Every change after it can be seen by another one."""
    dirty: Dirty


class Beside:
    """The looks of one window; `look` in the place of that of `Looking`."""

    def __init__(self, looking: Looking, hop: Hop) -> None:
        self._looking, self._hop = looking, hop
        self._looks: dict[Gfid, _Look] = {}

    @property
    def looked_at(self) -> Collection[Gfid]:
        """Those of whom `news` would tell."""
        return self._looks.keys()

    async def look(
        self, batch: dict[Gfid, Dirty], deep: set[Gfid], *, ancestors: bool
    ) -> dict[Gfid, Truth]:
        """Look as `Looking` does; what is new since an earlier look is dirty as it was then, too:
        what was sent after that one may have been the older of two.
        """
        for gfid in batch.keys() & self._looks.keys():
            # So that both looks can be compared.
            batch[gfid].why |= self._looks[gfid].dirty.why & Why.ATTRIBUTES
        found = await self._looks_at(batch, deep, ancestors=ancestors)
        for gfid, now in found.items():
            before = self._looks.get(gfid)
            if before is not None:
                if _news(before, now):
                    batch[gfid].why |= _again(before.dirty.why)
                now.dirty.why |= before.dirty.why | batch[gfid].why
            self._looks[gfid] = now
        return {gfid: one.truth for gfid, one in found.items()}

    async def news(self) -> dict[Gfid, Dirty]:
        """Look once more at what was looked at since the last call, and may have been changed by
        us; return what is new again, as it has to be looked at.
        """
        looks, self._looks = self._looks, {}
        batch = {
            gfid: Dirty(one.dirty.why, dict(one.dirty.heard), one.dirty.directory)
            for gfid, one in looks.items()
            if isinstance(one.truth, Alive)
        }
        if not batch:
            return {}
        again = await self._looks_at(batch, set(), ancestors=False)
        return {
            gfid: _whole(looks[gfid])
            for gfid, now in again.items()
            if gfid in looks and _news(looks[gfid], now)
        }

    async def _looks_at(
        self, batch: dict[Gfid, Dirty], deep: set[Gfid], *, ancestors: bool
    ) -> dict[Gfid, _Look]:
        gfids, at = list(batch), time.time_ns()
        no_contents: frozenset[Gfid] = frozenset()
        found = await self._hop.run(glancing.glances, self._looking.sight, gfids, no_contents)
        glances = dict(zip(gfids, found, strict=True))
        truths = await self._looking.look(batch, deep, ancestors=ancestors)
        looks = {}
        for gfid, truth in truths.items():
            glance = glances.get(gfid)
            if glance is not None and glance.directory:
                glance = None  # of directories the mount tells
            sure = not _racy(truth, glance, at)
            dirty = batch.get(gfid) or Dirty()
            kept = Dirty(dirty.why, dict(dirty.heard), dirty.directory)
            looks[gfid] = _Look(truth, glance, sure, kept)
        return looks


def _racy(truth: Truth, glance: Glance | None, at: int) -> bool:
    """Whether a change of an object's content after `at` might not be seen by the next look."""
    if glance is not None:
        return ahead.racy(glance, at)
    return isinstance(truth, Alive) and truth.kind is Kind.FILE and at - truth.changed < ahead.RACY


def _news(before: _Look, now: _Look) -> bool:
    """Whether anything may have been changed after the first of two looks."""
    if renewed(before.truth, now.truth):
        return True
    if not isinstance(before.truth, Alive):
        return False
    same = before.glance is None or ahead.same(before.glance, now.glance)
    return not before.sure or not same


def _whole(look: _Look) -> Dirty:
    """Return how an object with news is to be looked at."""
    places = look.truth.places if isinstance(look.truth, Alive) else ()
    heard = dict.fromkeys((*look.dirty.heard, *places))
    return Dirty(_again(look.dirty.why) | Why.NAMES, heard, is_directory(look.truth))


def _again(why: Why) -> Why:
    """Return why something is to be made so again: size and mtime do not tell that a content which
    was sent is the newer one.
    """
    return why | Why.DATA if why & _CONTENT else why
