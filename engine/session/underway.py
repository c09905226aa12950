"""Large contents on their way, beside everything else: one flight for each file at a time.

While a file is in flight nobody else gives it content or times, which would say that it is whole.
When its content has arrived, its times become those that it had before the flight: what was written
meanwhile has a record in a later slice, or is seen ahead of that.
"""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass

import msgspec

from engine.item import AnyAnswer, AnyItem, Done, Gfid, Item, Kind, Refused
from engine.movers.job import Mover
from engine.plan.dirty import Dirty, Why, Window
from engine.plan.items import Alive
from engine.session.attempt import Attempt
from engine.session.bulk import Brought, Bulk
from engine.session.carrying import Carried
from engine.session.failing import COPY, Trial
from engine.session.hop import Hop
from engine.session.looking import Looking
from engine.session.report import Report
from engine.session.sending import Sending


@dataclass(frozen=True, slots=True)
class _Flight:
    number: int
    size: int
    ahead: bool


class UnderWay:
    """The flights of one connection, and the attempts that wait for them."""

    def __init__(
        self,
        bulk: Bulk,
        looking: Looking,
        sending: Sending,
        carried: Carried,
        report: Report,
        hop: Hop,
    ) -> None:
        self._bulk, self._looking, self._sending = bulk, looking, sending
        self._carried, self._report, self._hop = carried, report, hop
        self.number = 0
        """That of the flights which begin next."""
        self.files = self.bytes = 0
        """Contents that arrived whole."""
        self.waiting: list[Attempt] = []
        """Attempts that have begun and not ended."""
        self._flights: dict[Gfid, _Flight] = {}
        self._ended: list[Brought] = []
        self._ahead: list[tuple[Gfid, bool]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._news = asyncio.Event()

    def __contains__(self, gfid: Gfid) -> bool:
        return gfid in self._flights

    def __len__(self) -> int:
        return len(self._flights)

    def begin(self, files: Sequence[Item], empty: Collection[Gfid], *, ahead: bool) -> None:
        """Send the contents of `files`, none of which is in flight; those in `empty` have nothing
        there yet. `ahead`: `arrived` tells of them.
        """
        for item in files:
            size = item.attributes.size
            self._flights[item.gfid] = _Flight(self.number, size, ahead)
            self._report.pending_files += 1
            self._report.pending_bytes += size
        self.number += 1
        self._start(self._begin(files, empty))

    async def wait(self) -> None:
        """Return when something has arrived, or cannot."""
        await self._news.wait()

    async def land(self) -> None:
        """Make what has arrived whole by its times, and tell those who wait for it.

        Raises what a mover as such has failed with.
        """
        self._news.clear()
        if self._error is not None:
            raise self._error
        ended, self._ended = self._ended, []
        items = await self._last_items(ended)
        answers = await self._sending.wave(list(items.values()), set(), items) if items else []
        found = {answer.gfid: answer for answer in answers}
        for brought in ended:
            gfid = brought.item.gfid
            refusal = _refusal(brought, items.get(gfid), found.get(gfid))
            self._end(brought, refusal)

    def arrived(self) -> list[tuple[Gfid, bool]]:
        """Return the files begun ahead that have ended since the last call, and whether whole."""
        found, self._ahead = self._ahead, []
        return found

    def hold(self, settled: Collection[Gfid]) -> None:
        """Wait for those of `settled` that are in flight though all their records are made so: sent
        ahead meanwhile, once more. No slice brings them again, and they have no times until then.
        """
        held = Attempt(Window(), Trial(0, frozenset(), ahead=True))
        for gfid, flight in self._flights.items():
            if gfid in settled:
                held.put_aside(gfid, Dirty(Why.NAMES | Why.DATA), flight.number)
        if held.aside:
            self.waiting.append(held)

    def aside(self) -> dict[Gfid, Dirty]:
        """Return what all attempts together wait for."""
        return {gfid: each.dirty for one in self.waiting for gfid, each in one.aside.items()}

    def unsure(self) -> set[Gfid]:
        """Return those of whom an attempt that is under way has yet to see that it wrote last."""
        looks = (one.beside.looked_at for one in self.waiting if one.beside is not None)
        return set[Gfid]().union(*looks)

    async def abandon(self) -> None:
        """End all flights; whoever waited for them has to hear of the files again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for attempt in self.waiting:
            for gfid in attempt.aside.keys() - attempt.trial.own:
                self._carried.leave(gfid, attempt.aside[gfid].dirty)
        self.waiting.clear()
        self._flights.clear()
        self._ended.clear()
        self._ahead.clear()
        self._error = None
        self._report.pending_files = self._report.pending_bytes = 0

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._error = self._error or error
            self._news.set()

    async def _begin(self, files: Sequence[Item], empty: Collection[Gfid]) -> None:
        for mover, part in await self._bulk.jobs(files, empty):
            self._start(self._fly(mover, part))

    async def _fly(self, mover: Mover, part: Sequence[Item]) -> None:
        brought = await self._bulk.bring(mover, part, self._hop.run)
        self._ended.extend(brought)
        self._news.set()

    async def _last_items(self, ended: Sequence[Brought]) -> dict[Gfid, AnyItem]:
        """Return what shall be of those that are whole: as they are now, but of their old times."""
        before = {one.item.gfid: one for one in ended if one.size is not None}
        batch = {gfid: Dirty(Why.NAMES | Why.ATTRIBUTES) for gfid in before}
        truths = await self._looking.look(batch, set(), ancestors=False)
        items: dict[Gfid, AnyItem] = {}
        for gfid, found in truths.items():
            brought = before[gfid]
            if isinstance(found, Alive) and found.kind is Kind.FILE and brought.size is not None:
                then = brought.item.attributes
                # Its names are left to their records.
                items[gfid] = Item(
                    gfid=gfid,
                    kind=Kind.FILE,
                    names=(),
                    whole=False,
                    attributes=msgspec.structs.replace(
                        found.attributes, size=brought.size, mtime=then.mtime, atime=then.atime
                    ),
                    xattrs=found.xattrs,
                )
        return items

    def _end(self, brought: Brought, refusal: Refused | None) -> None:
        gfid = brought.item.gfid
        flight = self._flights.pop(gfid)
        self._report.pending_files -= 1
        self._report.pending_bytes -= flight.size
        if refusal is None and brought.size is not None:
            self.files += 1
            self.bytes += brought.size
            self._report.files += 1
            self._report.bytes += brought.size
        if flight.ahead:
            self._ahead.append((gfid, refusal is None))
        for attempt in [one for one in self.waiting if gfid in one.aside]:
            left = attempt.arrived(gfid, flight.number, refusal)
            if left is not None and attempt.trial.ahead:
                self._carried.leave(gfid, left)
            elif left is not None:
                again = attempt.window.mark(gfid, left.why, *left.heard)
                again.directory |= left.directory
            if attempt.trial.ahead and not attempt.aside:
                self.waiting.remove(attempt)


def _refusal(brought: Brought, item: AnyItem | None, answer: AnyAnswer | None) -> Refused | None:
    """Return what is wrong with a content that was brought; None: it is whole, to its times."""
    if isinstance(answer, Refused):
        return answer
    words = brought.words
    if brought.size is not None:
        words = "the primary does not show it any more"
        if isinstance(item, Item) and isinstance(answer, Done):
            shall = item.attributes
            if (answer.size, answer.mtime) == (shall.size, shall.mtime):
                return None
            words = f"{answer.size} bytes of {shall.size} are there after all, or with another time"
    place = next(iter(brought.item.names), None)
    return Refused(gfid=brought.item.gfid, doing=COPY, place=place, errno=0, words=words)
