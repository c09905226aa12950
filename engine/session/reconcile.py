"""Find what the secondary has and the primary has no more, and have it made so.

A crawl only brings what is there. This walks the names of the secondary and asks the primary for
each; what should not be there is told, and, when the operator wants it, made dirty: the same road
as for everything else then looks at the primary once more and decides. There is no second set of
rules for removing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from engine.errors import Stop
from engine.gluster import objects
from engine.item import ROOT, TOP, Facts, Gfid, Kind, Place
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.plan.items import Absent, Truth
from engine.primary import kept, truth
from engine.primary.truth import Sight
from engine.session.attempt import Totals
from engine.session.findings import Fate, Finding, Findings
from engine.session.sides import BATCH, BATCHES, Side
from engine.session.walk import Walk, few_at_a_time

PORTION = 256
"""Findings made so at a time."""
GUARD = 0.5
"""Share of all that is on the secondary which is not removed without force."""
_DEEPEST = 100
"""Depth from which on directories are taken together."""


@dataclass(slots=True)
class Counts:
    """What was found, and what was done about it."""

    objects: int = 0
    """Names on the secondary, directories included."""
    doubted: int = 0
    """Names that the primary did not have at the first look."""
    arrived: int = 0
    """Of those: right, or another's, at the second look."""
    unread: int = 0
    """Objects and directories that could not be read, on either side."""
    found: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    removed: int = 0
    """Objects that were removed."""
    mended: int = 0
    """Living objects that now stand as on the primary."""
    changed: int = 0
    """Left alone, because they changed on the secondary after they were listed."""
    spared: int = 0
    """Directories that were left, because something is in them that was not listed."""
    refused: int = 0
    words: str = ""
    """What the secondary said to the last one refused."""

    @property
    def share(self) -> float:
        """The part of all names that would be removed."""
        return self.found[Fate.REMOVE] / self.objects if self.objects else 0.0

    @property
    def left(self) -> int:
        """How much is not as it shall be, or could not be seen."""
        return self.changed + self.spared + self.refused + self.unread


@dataclass(frozen=True, slots=True)
class _Branch:
    place: Place
    path: bytes
    gfid: Gfid
    depth: int


Tell = Callable[[Finding], None]
Asked = Sequence[tuple[Gfid, Place]]
"""Objects, and where the secondary has them."""
Ask = Callable[[Asked], Awaitable[Sequence[Truth]]]


class Maker(Protocol):
    """Makes windows so."""

    async def make_so(self, window: Window, *, ancestors: bool) -> Totals:
        """Make `window` so; say what could not be."""
        ...


class Reconcile:
    """One reconcile: `look`, and perhaps `apply`."""

    def __init__(
        self, here: Side, there: Side, ask: Ask, counts: Counts, tell: Tell, *, folder: Path
    ) -> None:
        """`ask` looks whether objects live on the primary, wherever they stand; `folder`: where
        findings are kept while this lasts.
        """
        self._here, self._there, self._ask = here, there, ask
        self._counts, self._tell, self._folder = counts, tell, folder
        self._stack = ExitStack()
        self._doubts = self._new()
        self._living, self._dead = self._new(), self._new()
        self._directories: dict[int, Findings] = {}
        """Dead directories, by their depth."""
        self._walk = Walk(self._enter)

    def __enter__(self) -> "Reconcile":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    async def look(self, patience: float) -> None:
        """Walk the secondary; what stays doubtful for `patience` seconds is told and kept."""
        self._walk.push(_Branch(TOP, b"", ROOT, 0))
        await self._walk.run()
        if len(self._doubts):
            # What was removed or renamed just now is on its way.
            await asyncio.sleep(patience)
        await few_at_a_time(BATCHES, map(self._judge, self._doubts.portions(BATCH)))

    def guard(self) -> None:
        """Raise Stop when so much would be removed that something else is likely to be wrong."""
        if self._counts.share > GUARD:
            raise Stop(
                f"{self._counts.share:.0%} of what is on the secondary would be removed",
                cause="too much to remove",
                fix="See whether the session has the right two volumes and the primary is whole; "
                "if it shall be so, say --force.",
            )

    async def apply(self, maker: Maker) -> None:
        """Have all that was found made so; what changed since it was listed is left alone."""
        for portion in self._in_order():
            await self._make_so(maker, portion)

    def _in_order(self) -> Iterator[list[Finding]]:
        """The living first, out of directories that go; dead directories last, from the bottom."""
        for findings in (self._living, self._dead):
            yield from findings.portions(PORTION)
        for depth in sorted(self._directories, reverse=True):
            yield from self._directories[depth].portions(PORTION)

    def _new(self) -> Findings:
        return self._stack.enter_context(Findings(self._folder))

    async def _enter(self, branch: _Branch) -> None:
        listing = await self._there.listing(branch.place)
        self._counts.unread += not listing.there or bool(listing.trouble)
        names = listing.names
        if branch.place == TOP:
            names = [name for name in names if not objects.own(name)]
        parts = (names[at : at + BATCH] for at in range(0, len(names), BATCH))
        await few_at_a_time(BATCHES, (self._meet(branch, part) for part in parts))

    async def _meet(self, branch: _Branch, names: Sequence[bytes]) -> None:
        places = [Place(branch.gfid, name) for name in names]
        # The secondary first: what is removed in between is doubtful, and looked at again.
        theirs = await self._there.facts(places)
        ours = await self._here.facts(places)
        above = branch.path + b"/" if branch.path else b""
        for place, there, here in zip(places, theirs, ours, strict=True):
            if there is None:
                continue
            self._counts.objects += 1
            if not there.gfid or (here is not None and not here.gfid):
                self._counts.unread += 1
                continue
            path = above + place.name
            if here is None or here.gfid != there.gfid:
                self._counts.doubted += 1
                self._doubts.add(_finding(place, path, there, here, branch.depth))
            if there.kind is Kind.DIRECTORY:
                self._walk.push(_Branch(place, path, there.gfid, branch.depth + 1))

    async def _judge(self, doubts: Sequence[Finding]) -> None:
        """Look at doubtful names again; keep and tell those that stay so."""
        places = [doubt.place for doubt in doubts]
        theirs = await self._there.facts(places)
        ours = await self._here.facts(places)
        stays: list[Finding] = []
        for doubt, there, here in zip(doubts, theirs, ours, strict=True):
            if here is not None and not here.gfid:
                self._counts.unread += 1
            elif there is None or there.gfid != doubt.gfid or (here and here.gfid == doubt.gfid):
                self._counts.arrived += 1
            else:
                stays.append(_finding(doubt.place, doubt.path, there, here, doubt.depth))
        asked = [(finding.gfid, finding.place) for finding in stays]
        truths = await self._ask(asked)
        for finding, found in zip(stays, truths, strict=True):
            self._keep(msgspec.structs.replace(finding, fate=_fate(finding, found)))

    def _keep(self, finding: Finding) -> None:
        self._counts.found[finding.fate] += 1
        if finding.fate is not Fate.REMOVE:
            self._living.add(finding)
        elif finding.kind is not Kind.DIRECTORY:
            self._dead.add(finding)
        else:
            depth = min(finding.depth, _DEEPEST)
            if depth not in self._directories:
                self._directories[depth] = self._new()
            self._directories[depth].add(finding)
        self._tell(finding)

    async def _make_so(self, maker: Maker, portion: Sequence[Finding]) -> None:
        theirs = await self._there.facts([finding.place for finding in portion])
        # Sparing: what somebody puts into a directory that goes was on no list.
        window = Window(sparing=True)
        living: set[Gfid] = set()
        for finding, now in zip(portion, theirs, strict=True):
            if now is None:
                continue  # it went with another of its names
            if not unchanged(finding, now):
                self._counts.changed += 1
                continue
            dirty = window.mark(finding.gfid, Why.NAMES, finding.place)
            if finding.fate is Fate.REMOVE:
                # The operator speaks of its end. Whether it is one the primary says, once more.
                window.known.add(finding.gfid)
            dirty.directory |= finding.kind is Kind.DIRECTORY
            if finding.fate is not Fate.REMOVE:
                living.add(finding.gfid)
            if finding.holder is not None:
                window.mark(finding.holder, ALL, finding.place)
                window.spoken.add(finding.holder)
        totals = await maker.make_so(window, ancestors=True)
        self._counts.removed += totals.removed
        self._counts.mended += len(living - {failure.gfid for failure in totals.failed})
        self._counts.spared += len(totals.spared)
        self._counts.refused += len(totals.failed)
        if totals.failed:
            last = totals.failed[-1]
            self._counts.words = f"{last.doing}: {last.words}"


def unchanged(finding: Finding, now: Facts) -> bool:
    """Whether what is to be removed still is what was listed.

    Times of directories change with what is removed from them, and links of the living with their
    names; a directory is only removed when it is empty, and the living not at all.
    """
    if now.gfid != finding.gfid:
        return False
    if finding.kind is Kind.DIRECTORY or finding.fate is not Fate.REMOVE:
        return True
    return _state(now) == finding.state


def _finding(place: Place, path: bytes, there: Facts, here: Facts | None, depth: int) -> Finding:
    return Finding(
        place=place,
        path=path,
        gfid=there.gfid,
        kind=there.kind,
        state=_state(there),
        depth=depth,
        holder=None if here is None else here.gfid,
    )


def _state(facts: Facts) -> tuple[int, int, int]:
    return facts.attributes.mtime, facts.attributes.size, facts.links


def _fate(finding: Finding, found: Truth) -> Fate:
    if isinstance(found, Absent):
        return Fate.REMOVE
    return Fate.MOVE if finding.kind is Kind.DIRECTORY else Fate.NAME


def look(sight: Sight, asked: Asked) -> list[Truth]:
    """Return what the primary has of each; Retry while a part of it is down. Blocks."""
    return [
        kept.untrashed(sight, truth.look(sight, gfid, Dirty(Why.NAMES, dict.fromkeys([place]))))
        for gfid, place in asked
    ]
