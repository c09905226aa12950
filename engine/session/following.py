"""Follow a brick's changelogs: closed slices in order, each made so before the position moves past
it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import events
from engine.errors import Reject
from engine.options import Options
from engine.plan.dirty import Window, fold
from engine.primary import changelog
from engine.primary.catalogue import ClosedSlice
from engine.primary.records import Record
from engine.primary.slices import POLL, Follower
from engine.session import awaited
from engine.session.ahead import Ahead
from engine.session.attempt import Attempt
from engine.session.limbo import Limbo
from engine.session.position import Position
from engine.session.replicate import Replicator
from engine.session.report import Report, many
from engine.session.wishes import Wishes

WINDOW = 20_000
"""Records folded into one window, about: what happens to a file many times in it is done once."""


class Damaged(Reject):
    """A slice that is not whole: what changed in its time must be found by a crawl."""

    def __init__(self, path: Path, words: str) -> None:
        super().__init__(
            f"{path.name} is damaged: {words}",
            cause="changelog damaged",
            fix="What changed in its time is found by a crawl; nothing needs to be done.",
        )
        self.ended = int(path.suffix[1:]) + 1
        """From when on slices count again, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class _Settling:
    """Slices that are made so in one window."""

    slices: Sequence[ClosedSlice]
    attempt: Attempt
    began: float
    """Seconds of the monotonic clock."""


class Following:
    """The slices of one brick, from its position on, for as long as its worker is Active."""

    def __init__(
        self,
        brick: str,
        replicator: Replicator,
        position: Position,
        report: Report,
        wishes: Wishes,
        limbo: Limbo,
        listen: Callable[[], Ahead],
        until: int | None,
        *,
        keeps: bool = False,
    ) -> None:
        """`listen` opens the live changelog.
        `until`: seconds since the epoch; the goal is reached when everything up to then is settled.
        `keeps`: as in `Window`.
        """
        self._brick, self._replicator = brick, replicator
        self._position, self._report, self._until = position, report, until
        self._wishes, self._limbo, self._listen = wishes, limbo, listen
        self._crawl = events.Crawl.NONE
        self._settling: _Settling | None = None
        self._keeps = keeps
        self._ask = 1.0
        """Seconds between two looks whether it is still our turn."""

    def take_up(self, options: Options) -> None:
        """Ask whose turn it is as often as `options` say."""
        self._ask = options.replica_failover_interval

    async def run(self, still: Callable[[], Awaitable[bool]]) -> bool:
        """Follow until the goal is reached (True), or until `still` says that it is another's turn,
        or the session is paused and all that was begun is settled (False).

        Damaged when a slice cannot be read in full.
        """
        run = self._replicator.run
        follower = await run(Follower, self._brick, self._position.stime)
        ahead = self._listen()
        asked = time.monotonic()
        closed: deque[ClosedSlice] = deque()
        self._enter(events.Crawl.HISTORY, "slices that closed before now")
        try:
            while not self._through():
                new = await run(follower.new)
                closed += new
                if not closed and self._settling is None and not self._position.held:
                    # Asked after the step: a slice that closed before it would have been found.
                    self._report.ahead = max(self._report.ahead, ahead.upto())
                await self._settle(closed, ahead)
                if self._settling is None and not new and not closed:
                    self._enter(events.Crawl.CHANGELOG, "history is done")
                if self._until is not None and self._position.stime >= self._until:
                    self._report.tell(events.Caught, goal=self._until)
                    return True
                if time.monotonic() - asked >= self._ask:
                    if not await still():
                        return False
                    asked = time.monotonic()
                # Also while slices wait for a large content: what is small must not.
                await self._go_on(ahead, more=self._settling is not None or not new)
                if (self._settling is not None or not new) and not self._through():
                    self._say_what_waits()
                    await self._wait(follower, ahead)
            return False
        finally:
            self._settling = None
            follower.close()
            ahead.close()
            await self._replicator.abandon()

    def _through(self) -> bool:
        """Whether the session is paused and nothing is under way any more."""
        return self._wishes.paused and self._settling is None and self._replicator.resting

    async def _go_on(self, ahead: Ahead, *, more: bool) -> None:
        """Do what does not wait for slices; when paused, only what was begun is seen to its end.

        `more`: also what the open slice tells.
        """
        if self._wishes.paused:
            await self._replicator.underway.land()
            await self._replicator.make_due_so(more=False)
            return
        if more:
            await ahead.step()
        await self._replicator.make_due_so()
        await self._limbo.tend()

    def _say_what_waits(self) -> None:
        flying = len(self._replicator.underway)
        if self._wishes.paused:
            large = many(flying, "large file")
            words = f"finishing {large}" if flying else "finishing what was begun"
            self._report.now_doing(words, "secondary; then it pauses")
        elif flying:
            self._report.now_doing(f"copying {many(flying, 'large file')}", "secondary")
        else:
            others = self._replicator.failing.others
            waits = awaited.words(others) if others else "the next change"
            self._report.now_doing("up to date", waits)

    async def _wait(self, follower: Follower, ahead: Ahead) -> None:
        """Return when a slice may have closed, a change is ripe, or the operator wants it."""
        waits = {
            asyncio.ensure_future(wait)
            for wait in (
                *(follower.wait(), ahead.wait(), self._wishes.woken.wait()),
                self._replicator.underway.wait(),
            )
        }
        try:
            await asyncio.wait(
                waits, timeout=min(ahead.pause(), POLL), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        self._wishes.woken.clear()

    async def _settle(self, closed: deque[ClosedSlice], ahead: Ahead) -> None:
        """Make `closed` so, in order, several slices in one window, and move the position behind
        each; stop where a large content is waited for.
        """
        while self._settling is not None or closed:
            self._report.pending_slices = len(closed)
            if self._settling is None:
                if self._wishes.paused:
                    return
                self._settling = await self._take(closed, ahead)
            self._report.pending_slices += len(self._settling.slices)
            await ahead.spare(self._settling.attempt.window)
            if not await self._replicator.go_on(self._settling.attempt):
                return
            await self._settled(self._settling)
            self._settling = None
            ahead.settled()
        self._report.pending_slices = 0

    async def _take(self, closed: deque[ClosedSlice], ahead: Ahead) -> _Settling:
        """Take slices out of `closed`, for one window."""
        began = time.monotonic()
        window = Window(after=self._position.stime, keeps=self._keeps)
        taken: list[ClosedSlice] = []
        while closed and window.records < WINDOW:
            one = closed.popleft()
            taken.append(one)
            if one.path is not None:
                records = await self._replicator.run(_read, one.path)
                fold(window, records)
                await ahead.closed(one.path, records)
        attempt = self._replicator.attempt(window, source=taken[-1].ts)
        return _Settling(taken, attempt, began)

    async def _settled(self, done: _Settling) -> None:
        """Move the position, for all of these slices are made so or in the ledger."""
        last, window, totals = done.slices[-1].ts, done.attempt.window, done.attempt.totals
        # A slice's suffix can be a second older than its last record, hence one less, as gsyncd has
        # it.
        await self._replicator.run(self._position.settle, last - 1)
        self._report.slices += len(done.slices)
        self._report.records += window.records
        self._position.moved()
        self._report.tell(events.PositionMoved, stime=self._position.stime, slice=last)
        if window.records:
            totals.tell(self._report, done.began, slices=len(done.slices), records=window.records)

    def _enter(self, crawl: events.Crawl, reason: str) -> None:
        if self._crawl is not crawl:
            self._crawl = crawl
            self._report.tell(events.CrawlChanged, crawl=crawl, reason=reason)


def _read(path: Path) -> Sequence[Record]:
    """Return all records of one slice; Damaged when it is not whole."""
    try:
        parsed = changelog.parse(path.read_bytes(), file=path.name)
    except FileNotFoundError as error:
        raise Damaged(path, "it is gone") from error
    except changelog.NotAChangelog as error:
        raise Damaged(path, error.words) from error
    if parsed.faults:
        fault = parsed.faults[0]
        raise Damaged(path, f"at byte {fault.offset}: {fault.words}")
    return parsed.records
