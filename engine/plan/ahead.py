"""The open slice: what was heard of it, what is made so before it closes, and what of that still
holds then. Pure.

A slice tells only once that an object's content or attributes change, however often they do; every
change of names it tells. So what was made so ahead holds at the close if all records of the object
had been heard before it was looked at, and the brick's inode is as it was glanced at before that
look: each change gives it a new ctime.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.item import Gfid, Place
from engine.plan.dirty import RENAME, Why, Window, fold

RACY = 50_000_000
"""Nanoseconds; an inode that changed within these may change again without another ctime: the
kernel's clock ticks in steps.
"""
QUIET = 200_000_000
"""Nanoseconds without a change after which nobody is taken to be writing any more."""
_AGAIN = 0.2
"""Seconds after which what was sent is first glanced at again; then after twice as many, ..."""
_SELDOM = 1.0
"""... up to these; and more, when they are very many."""
_HOLD = 0.05
_PATIENCE = 1.0
"""Most seconds for which a small file waits for its writer to pause."""
_MOST = 200_000
"""Objects remembered of one slice; what is beyond waits for its close."""

_FULL = 300_000
"""Objects heard of, at which no more is taken up until slices are settled."""

Record = tuple[str, Gfid, int, tuple[Place, ...], int]


class Glance(NamedTuple):
    """One object on the own brick, as far as it tells whether anything was changed."""

    inode: int
    ctime: int
    """Nanoseconds since the epoch, by the clock of this machine."""
    size: int
    directory: bool = False
    entries: bool = False
    """Of a directory: its last change was one of the names in it, which has a record."""
    agrees: bool = True
    """The mount shows the same size and mtime: what is read there is not older."""


class Made(NamedTuple):
    """An object that was made so ahead."""

    heard: int
    """How many records had been heard before the glance."""
    glance: Glance
    sure: bool
    """Any change after the glance can be seen."""


@dataclass(slots=True)
class Hot:
    """An object whose content or attributes may change again without a record."""

    why: Why = field(default_factory=lambda: Why(0))
    due: float = 0.0
    """When it is to be glanced at again, in seconds of the monotonic clock."""
    pause: float = _AGAIN
    held: float | None = None
    """Since when it has waited for its writer to pause."""


def racy(glance: Glance, at: int) -> bool:
    """Whether a change after `at`, in ns since the epoch, might leave the ctime as it is; also when
    the clock was set back.
    """
    return at - glance.ctime < RACY


def same(one: Glance, other: Glance | None) -> bool:
    """Whether nothing was changed between two glances, but for what has records of its own."""
    return other is not None and (one[:3] == other[:3] or (other.directory and other.entries))


def _told(glance: Glance | None, made: bool) -> bool:
    """Whether what was made so is as new as the glance; of what is gone a record would tell."""
    return glance is None or (made and glance.agrees)


class OpenSlice:
    """Everything heard since the last close, in the order in which it was heard."""

    def __init__(self, small: int, *, keeps: bool = False) -> None:
        """`small`: up to this size, in bytes, a file is sent even while somebody writes it;
        `keeps`: as in `Window`.
        """
        self._small = small
        self._fresh = Window(keeps=keeps)
        """What was heard and not made so yet."""
        self._spoken: dict[Gfid, int] = {}
        """Number of the last record of each object."""
        self._taken: dict[Place, int] = {}
        self._known: set[Gfid] = set()
        self._hot: dict[Gfid, Hot] = {}
        self._made: dict[Gfid, Made] = {}
        self._flights: dict[Gfid, tuple[Glance | None, int, int]] = {}
        """Of large contents on their way: the glance before, its time, and how much was heard."""
        self._refused: set[Gfid] = set()
        """Who could not be made so in a step: where it was heard to be then, its slice tells."""
        self._closing: dict[Gfid, float] = {}
        """Of those in `_made` and `_flights`, the last record in the slices being settled."""
        self._read = 0.0
        """All that was written before has been heard; seconds since the epoch, 0 at first."""
        self._since: dict[Gfid, float] = {}
        """Who may have changed since which moment and not be made so; the first is the oldest."""
        self._over = 0
        """Number of the first record behind those slices; the next one may have closed already."""

    def hear(self, records: Sequence[Record], first: int) -> None:
        """Take up `records`, which are numbered from `first` on."""
        fold(self._fresh, records)
        for number, (letter, gfid, fop, places, _mode) in enumerate(records, first):
            self._spoken[gfid] = number
            self._since.setdefault(gfid, self._read)
            if letter == "E":
                for place in places if fop == RENAME else ():
                    if place in self._fresh.taken:
                        self._taken[place] = number
                if gfid in self._hot:
                    self._hot[gfid].due = 0.0
            else:
                hot = self._hot.setdefault(gfid, Hot())
                hot.why |= Why.DATA if letter == "D" else Why.ATTRIBUTES
                hot.due = 0.0

    def heard_all(self, at: float) -> None:
        """All that was written before `at`, in seconds since the epoch, has been heard."""
        self._read = max(self._read, at)

    def upto(self) -> float:
        """Return up to when everything that was changed is made so, settled or not; 0: not known.

        It holds if every slice that had closed before that was heard to its end, or is settled.
        """
        return next(iter(self._since.values()), self._read)

    def _confirm(self, gfid: Gfid) -> None:
        """Note that an object is made so as it was when all was heard last, or later.

        Whose changes have no record may change again; of the others we will hear.
        """
        self._since.pop(gfid, None)
        if gfid in self._hot:
            self._since[gfid] = self._read

    def full(self) -> bool:
        """Whether it is time to settle slices before more is heard: memory has an end."""
        return len(self._spoken) >= _FULL

    def due(self, now: float) -> list[Gfid]:
        """Return what is to be glanced at now."""
        hot = self._hot
        fresh = [g for g in self._fresh.dirty if g not in hot or hot[g].due <= now]
        again = [g for g, one in hot.items() if one.due <= now and g not in self._fresh.dirty]
        return fresh + again

    def contents(self, gfids: Iterable[Gfid]) -> frozenset[Gfid]:
        """Return those of which content is to be sent."""
        hot = self._hot
        return frozenset(g for g in gfids if g in hot and hot[g].why & Why.DATA)

    def pause(self, now: float) -> float:
        """Return in how many seconds something will be due."""
        times = [hot.due for hot in self._hot.values()]
        return max(0.0, min(times) - now) if times else float("inf")

    def ripe(self, seen: Mapping[Gfid, Glance | None], at: int, now: float) -> Window:
        """Return what is to be made so now, of what was `seen` at `at` nanoseconds since the epoch;
        the rest is put off.
        """
        fresh = self._fresh
        window = Window(
            spoken=fresh.spoken,
            known=self._known,
            taken=fresh.taken,
            lost=fresh.lost,
            takers=fresh.takers,
        )
        for gfid, glance in seen.items():
            hot = self._hot.get(gfid)
            if hot is not None:
                if gfid not in fresh.dirty and not self._moved(gfid, glance):
                    if glance is None or gfid in self._made:
                        self._confirm(gfid)
                    self._put_off(hot, now)
                    continue
                # All of it, for a later change of any kind has no record.
                fresh.mark(gfid, hot.why)
                if glance is not None and self._written(hot, glance, at, now):
                    continue
            window.dirty[gfid] = fresh.dirty.pop(gfid)
        return window

    def _moved(self, gfid: Gfid, glance: Glance | None) -> bool:
        """Whether what was sent is to be sent again; of what is gone a record tells."""
        if glance is None:
            return False
        made = self._made.get(gfid)
        if made is None:
            return not glance.directory
        return not same(made.glance, glance) or not (made.sure or glance.directory)

    def _written(self, hot: Hot, glance: Glance, at: int, now: float) -> bool:
        """Whether it is better to wait, because somebody is writing."""
        if glance.directory or not hot.why & Why.DATA:
            return False
        small = glance.size <= self._small
        if at - glance.ctime >= (RACY if small else QUIET):
            hot.held = None
            return False
        hot.held = now if hot.held is None else hot.held
        if small and now - hot.held >= _PATIENCE:
            hot.held = None
            return False
        hot.due = now + (_HOLD if small else _AGAIN)
        return True

    def _put_off(self, hot: Hot, now: float) -> None:
        hot.due = now + hot.pause
        hot.pause = min(2 * hot.pause, _SELDOM + len(self._hot) / 5000)

    def remember(
        self,
        tried: Mapping[Gfid, Glance | None],
        left: Collection[Gfid],
        at: int,
        heard: int,
        now: float,
        *,
        here: bool = True,
    ) -> None:
        """Remember what was made so; `tried`: the glances before it, at `at`, with `heard` records
        heard; `left`: what is not done, or not for certain. `here`: the glances are of this step.
        """
        for gfid, glance in tried.items():
            if glance is None or gfid in left or len(self._made) >= _MOST:
                self._made.pop(gfid, None)
            else:
                sure = glance.agrees and not racy(glance, at)
                self._made[gfid] = Made(heard, glance, sure)
            if here and gfid not in left and _told(glance, gfid in self._made):
                self._confirm(gfid)
            if gfid in self._hot:
                self._put_off(self._hot[gfid], now)

    def refused(self, gfids: Iterable[Gfid]) -> None:
        """Remember who could not be made so: a later step has not heard the places that this one
        had, so what that makes of it is not all that its slice tells.
        """
        self._refused.update(gfids)

    def sent_off(
        self, gfids: Iterable[Gfid], seen: Mapping[Gfid, Glance | None], at: int, heard: int
    ) -> None:
        """Remember large contents that are on their way, as `remember` those that are there."""
        self._flights.update({gfid: (seen.get(gfid), at, heard) for gfid in gfids})

    def arrived(self, gfid: Gfid, now: float, *, whole: bool) -> None:
        """Take up the end of such a way."""
        flight = self._flights.pop(gfid, None)
        if flight is not None:
            glance, at, heard = flight
            left = () if whole else (gfid,)
            self.remember({gfid: glance}, left, at, heard, now, here=False)

    def close(self, records: Sequence[Record], first: int | None) -> None:
        """Take up a slice that has closed; `first`: number of its first record, None when not all
        of it was heard.
        """
        if first is not None:
            self._over = max(self._over, first + len(records))
            # It is made so with its slice, and what changes from now on has a record in the next
            # one: once more ahead would be for nothing, and might last beyond the position.
            for gfid in self._old():
                self._hot.pop(gfid, None)
                self._fresh.dirty.pop(gfid, None)
        for number, record in enumerate(records, first or 0):
            gfid = record[1]
            if gfid in self._made or gfid in self._flights:
                last = float("inf") if first is None else number
                self._closing[gfid] = max(last, self._closing.get(gfid, last))

    def _old(self) -> set[Gfid]:
        """Return who was heard of in slices that have closed, and in none since."""
        return {gfid for gfid, number in self._spoken.items() if number < self._over}

    def candidates(self, window: Window) -> list[Gfid]:
        """Return those in the window of closed slices that may be as they were made ahead.

        Not directories: their times are made up of what all subvolumes have.
        """
        found = []
        for gfid in window.dirty:
            made = self._made.get(gfid)
            if made is None or not made.sure or made.glance.directory or gfid in self._refused:
                continue
            if self._closing.get(gfid, float("inf")) < made.heard:
                found.append(gfid)
        return found

    def spare(self, window: Window, seen: Mapping[Gfid, Glance | None]) -> int:
        """Take out of the window of closed slices who has not changed since; return how many.

        `seen`: the candidates, glanced at after the close.
        """
        still = [gfid for gfid, glance in seen.items() if same(self._made[gfid].glance, glance)]
        for gfid in still:
            del window.dirty[gfid]
        return len(still)

    def forget(self) -> None:
        """Forget what was heard of the slices that were closed; all of that is settled."""
        old = self._old()
        for held in (self._spoken, self._hot, self._made, self._since, self._fresh.dirty):
            for gfid in old & held.keys():
                del held[gfid]
        self._taken = {place: n for place, n in self._taken.items() if n >= self._over}
        self._refused &= self._spoken.keys()
        self._known.clear()
        self._closing.clear()
        self._fresh = Window(
            dirty=self._fresh.dirty,
            spoken=set(self._spoken),
            taken=set(self._taken),
            lost={gfid: names for gfid, names in self._fresh.lost.items() if gfid in self._spoken},
            keeps=self._fresh.keeps,
            takers={p: who for p, who in self._fresh.takers.items() if p in self._taken},
        )
