"""Compare the two volumes of a session as they are: directory by directory, many at a time.

Both sides are read in parallel, and neither tree is ever held: what is kept are the directories
that are still to be entered, and the places that looked different. Those are looked at again until
they have had the time to become equal (`plan.suspects`).
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from engine.gluster import objects
from engine.item import TOP, Facts, Gfid, Place
from engine.plan import compare
from engine.plan.compare import Difference, What
from engine.plan.suspects import Suspects, Verdict
from engine.session.contents import Contents
from engine.session.sides import BATCH, BATCHES, Listing, Side
from engine.session.walk import Walk, few_at_a_time

SUSPECTS = 100_000
"""Most places that wait for another look; with more, no further directory is entered."""
_UNLISTED = 5
"""Times that a directory which is there on both sides could not be listed."""


@dataclass(slots=True)
class Counts:
    """What has been compared so far."""

    directories: int = 0
    objects: int = 0
    """Names, to be exact: an object with two names is looked at twice."""
    bytes: int = 0
    """Of content, of each side."""
    different: int = 0
    """Places that differ."""
    differences: int = 0
    extra: int = 0
    """Of the places that differ: those that only the secondary has."""
    arrived: int = 0
    """Places that looked different at first and became equal."""
    changing: int = 0
    """Places that changed all the while, so that nothing can be said of them."""
    waiting: int = 0
    """Places that are yet to be looked at again."""
    owner: str = ""
    """The user who cannot keep owners and the like on the secondary: they were not compared."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """A directory that both sides have."""

    place: Place
    path: bytes
    gfid: Gfid


@dataclass(frozen=True, slots=True)
class _Sight:
    """What one look at a place found on both sides."""

    here: Facts | None
    there: Facts | None
    found: list[Difference]
    start: int
    seen: bytes


Tell = Callable[[bytes, Gfid, Difference], None]
"""Gets each difference: the path, whose it is, and what it is."""


class Verify:
    """One comparison."""

    def __init__(
        self, here: Side, there: Side, counts: Counts, tell: Tell, *, patience: float, content: bool
    ) -> None:
        """`patience`: seconds for which both sides must stay as they are to count as different."""
        self._here, self._there, self._counts, self._tell = here, there, counts, tell
        self._contents = Contents(here, there) if content else None
        self._suspects = Suspects(patience)
        self._walk = Walk(self._enter, room=lambda: len(self._suspects) < SUSPECTS)
        self._doubted = asyncio.Event()
        self._unlisted: dict[Place, int] = {}

    async def run(self, place: Place = TOP, path: bytes = b"") -> None:
        """Compare what stands at `place`, and all that is below it."""
        await self._compare([(place, path)])
        async with asyncio.TaskGroup() as group:
            again = group.create_task(self._look_again())
            await self._walk.run(lambda: len(self._suspects) > 0)
            again.cancel()

    async def _enter(self, branch: _Branch) -> None:
        """Compare what is in one directory."""
        place = branch.place
        ours, theirs = await asyncio.gather(self._here.listing(place), self._there.listing(place))
        if all(side.there and not side.trouble for side in (ours, theirs)):
            self._unlisted.pop(place, None)
            self._counts.directories += 1
            inside = _inside(branch, ours, theirs)
            await few_at_a_time(BATCHES, (self._compare(part) for part in inside))
        else:
            self._not_listed(branch, ours.trouble or "fine", theirs.trouble or "fine")

    def _not_listed(self, branch: _Branch, ours: str, theirs: str) -> None:
        """It has gone or moved since it was met, and is looked at again; or it cannot be read."""
        tries = self._unlisted[branch.place] = self._unlisted.get(branch.place, 0) + 1
        if tries < _UNLISTED:
            if branch.place in self._suspects:
                self._suspects[branch.place].entered = None
            self._doubt(branch.place, branch.path, b"not listed")
        else:
            self._differ(branch.path, branch.gfid, [Difference(What.UNREADABLE, ours, theirs)])

    async def _compare(self, batch: Sequence[tuple[Place, bytes]]) -> None:
        """Look at these places for the first time."""
        sights = await self._look([place for place, _ in batch], [0] * len(batch))
        self._counts.objects += len(batch)
        for (place, path), sight in zip(batch, sights, strict=True):
            entered = self._go_on_into(place, path, sight, None)
            if sight.found:
                self._doubt(place, path, sight.seen, entered, sight.start)

    async def _look(self, places: Sequence[Place], starts: Sequence[int]) -> list[_Sight]:
        ours, theirs = await asyncio.gather(self._here.facts(places), self._there.facts(places))
        pairs = list(zip(ours, theirs, strict=True))
        found = [compare.differences(here, there) for here, there in pairs]
        marks: list[tuple[int, bytes]] = [(start, b"") for start in starts]
        if self._contents is not None:
            due = [
                at for at, pair in enumerate(pairs) if not found[at] and compare.content_due(*pair)
            ]
            files = [(here, starts[at]) for at in due if (here := ours[at]) is not None]
            for at, unlike in zip(due, await self._contents.compare(files), strict=True):
                if unlike is not None:
                    found[at] = [unlike.difference()]
                    marks[at] = (unlike.start, unlike.ours + unlike.theirs)
            self._counts.bytes = self._contents.bytes
        return [
            _Sight(here, there, found[at], marks[at][0], _seen(here, there, marks[at][1]))
            for at, (here, there) in enumerate(pairs)
        ]

    def _go_on_into(
        self, place: Place, path: bytes, sight: _Sight, entered: Gfid | None
    ) -> Gfid | None:
        """See to it that a directory that both sides have is entered, once; return its gfid."""
        if not compare.same_directory(sight.here, sight.there):
            return entered
        assert sight.here is not None
        gfid = sight.here.gfid
        if gfid != entered:
            self._walk.push(_Branch(place, path, gfid))
        return gfid

    def _doubt(
        self,
        place: Place,
        path: bytes,
        seen: bytes,
        entered: Gfid | None = None,
        start: int = 0,
    ) -> None:
        now = time.monotonic()
        self._suspects.add(place, path, seen, now, entered=entered, start=start)
        self._counts.waiting = len(self._suspects)
        self._doubted.set()

    async def _look_again(self) -> None:
        """Look at suspects when it is time, for ever."""
        while True:
            self._doubted.clear()
            due = self._suspects.due(time.monotonic(), BATCH * BATCHES)
            if due:
                parts = (due[at : at + BATCH] for at in range(0, len(due), BATCH))
                await few_at_a_time(BATCHES, (self._judge(part) for part in parts))
                self._counts.waiting = len(self._suspects)
                self._walk.nudge()
                continue
            later = self._suspects.next_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(later and max(0.0, later - time.monotonic())):
                    await self._doubted.wait()

    async def _judge(self, places: Sequence[Place]) -> None:
        suspects = [self._suspects[place] for place in places]
        sights = await self._look(places, [suspect.start for suspect in suspects])
        for place, suspect, sight in zip(places, suspects, sights, strict=True):
            suspect.entered = self._go_on_into(place, suspect.path, sight, suspect.entered)
            suspect.start = sight.start
            seen = sight.seen if sight.found else None
            match self._suspects.judge(place, seen, time.monotonic()):
                case Verdict.EQUAL:
                    self._counts.arrived += 1
                case Verdict.CHANGING:
                    self._counts.changing += 1
                case Verdict.STAYS:
                    known = sight.here or sight.there
                    gfid = known.gfid if known is not None else Gfid("")
                    self._differ(suspect.path, gfid, sight.found)
                case Verdict.AGAIN:
                    pass

    def _differ(self, path: bytes, gfid: Gfid, found: Sequence[Difference]) -> None:
        self._counts.different += 1
        self._counts.differences += len(found)
        self._counts.extra += any(each.what is What.EXTRA for each in found)
        for difference in found:
            self._tell(path, gfid, difference)


def _inside(branch: _Branch, ours: Listing, theirs: Listing) -> Iterator[list[tuple[Place, bytes]]]:
    """Yield what either side has in a directory, in batches."""
    names = sorted({*ours.names, *theirs.names})
    if branch.place == TOP:
        names = [name for name in names if not objects.own(name)]
    above = branch.path + b"/" if branch.path else b""
    for at in range(0, len(names), BATCH):
        yield [(Place(branch.gfid, name), above + name) for name in names[at : at + BATCH]]


def _seen(here: Facts | None, there: Facts | None, content: bytes) -> bytes:
    """Return what tells one look from another; when an object was read last says nothing."""
    sides = [
        side
        and msgspec.structs.replace(
            side, attributes=msgspec.structs.replace(side.attributes, atime=0)
        )
        for side in (here, there)
    ]
    return hashlib.blake2b(msgspec.msgpack.encode((sides, content)), digest_size=16).digest()
