"""Make a window so: round after round, until nothing in it is dirty or on its way any more."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from engine.item import Gfid
from engine.movers.pace import Bucket
from engine.plan.dirty import Why, Window
from engine.plan.items import USUAL, Manner
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.session.attempt import Attempt, Totals
from engine.session.beside import Beside
from engine.session.bulk import Bulk
from engine.session.carrying import Carried
from engine.session.claims import Claims
from engine.session.failing import Failing, Trial
from engine.session.half_done import HalfDone
from engine.session.hop import Hop
from engine.session.ledger import Ledger
from engine.session.looking import Looking, Unsettled
from engine.session.noting import Noting
from engine.session.report import Report
from engine.session.rounds import Rounds
from engine.session.sending import Sending
from engine.session.underway import UnderWay

T = TypeVar("T")
_CONFIRMS = 3
"""Times that one window makes objects so which change all the while."""
_LONGEST = 30.0
"""Most seconds between two rounds that brought nothing."""
_DUE = 1000
"""Failures that are tried again in one window."""
_AHEAD = 4
"""Rounds that are made before a slice closes; what is not done then waits for that."""


class Replicator:
    """Makes windows so over one connection to an agent."""

    def __init__(
        self,
        sight: Sight,
        channel: Channel,
        bulk: Bulk,
        report: Report,
        ledger: Ledger,
        *,
        push_limit: int,
        unsettled: Unsettled,
        bucket: Bucket | None = None,
        manner: Manner = USUAL,
        notes: Ledger | None = None,
        half_done: HalfDone | None = None,
    ) -> None:
        """`unsettled`: as `Looking` wants it. `bucket`: how fast contents may go; None: freely.
        `notes`: where intentions stand, if not in `ledger`. `half_done`: takes up what commands
        leave; None: others do.
        """
        self._manner = manner
        self._channel, self._report = channel, report
        self._hop = Hop()
        self._sight = sight
        self._looking = Looking(sight, self._hop, unsettled)
        self._sending = Sending(
            *(sight.mount, channel, report, self._hop), push_limit=push_limit, bucket=bucket
        )
        self.failing = Failing(ledger, report, sight, self._hop)
        self._carried = Carried(notes or ledger, self._hop, beside=manner.beside)
        self._half_done = half_done
        self.underway = UnderWay(
            *(bulk, self._looking, self._sending, self._carried, report, self._hop)
        )
        self._claims = Claims(channel)
        self._noting = Noting(channel, sight, self._looking, self._hop, worker=report.worker)
        self._rounds = Rounds(
            *(sight, manner, self._looking, self._sending, self._carried, self.underway),
            *(self._noting, self.failing, report, self._hop),
        )
        self._due: Attempt | None = None
        self._counted = 0, 0
        """Contents and bytes that stand in somebody's totals."""

    def stuck_for(self) -> float:
        """Return for how many seconds the oldest call on the primary has been under way."""
        return self._hop.stuck_for()

    async def run(self, call: Callable[..., T], *args: object) -> T:
        """Run one blocking call on the primary in a thread of its own pool."""
        return await self._hop.run(call, *args)

    def close(self) -> None:
        """Let the threads go; those that hang on a dead mount are not waited for."""
        self._hop.close()

    def exclude(self, gfids: Iterable[Gfid]) -> None:
        """Take these directories, and what is in them, out of replication."""
        self._looking.exclude(gfids)

    def doubt_brick(self, reason: str) -> None:
        """Believe the mount alone while there is a reason to; without one, the own brick first."""
        self._looking.sight = replace(self._sight, behind=bool(reason))

    async def make_so(self, window: Window, *, source: int = 0, ancestors: bool = False) -> Totals:
        """Return when everything in `window` is made so, or stands in the ledger.

        `source`: the slice it was heard in; `ancestors`: look at unknown directories above, too.
        A position may move now. Retry when the secondary as a whole takes nothing.
        """
        attempt = self.attempt(window, source=source, ancestors=ancestors)
        while not await self.go_on(attempt):
            await self.underway.wait()
        return attempt.totals

    def attempt(self, window: Window, *, source: int = 0, ancestors: bool = False) -> Attempt:
        """Return `window`, in which all is heard, as what `go_on` makes so."""
        beside = self._manner.beside
        trial = Trial(source, frozenset() if beside else frozenset(window.dirty))
        return self._attempt(window, trial, ancestors=ancestors, beside=beside)

    async def go_on(self, attempt: Attempt) -> bool:
        """Make so what can be made so now; return whether that is all, as `make_so` does.

        If not, large contents are on their way: call it again when `underway` has something.
        """
        window = attempt.window
        await self.underway.land()
        while True:
            self._carried.into(window)
            empty = not window.dirty and not attempt.totals.rounds
            await self._until_clean(attempt)
            if attempt.aside:
                self._count(attempt.totals)
                return False
            attempt.confirmed += 1
            if attempt.beside is not None:
                self._carried.overtaken |= await attempt.beside.news()
            if await self._claims.into(window):
                continue
            if not self._carried.overtaken or attempt.confirmed >= _CONFIRMS:
                break
        self._count(attempt.totals)
        attempt.totals.restless = set(self._carried.overtaken)
        self._report.face({})
        self.underway.waiting.remove(attempt)
        self.underway.hold(attempt.trial.own)
        if not empty:
            # Also when nothing had to be done: an agent that died may have done it just now.
            self._report.now_doing("bringing it to the disk", "secondary")
            await self._channel.sync()
        # What is noted as due may go only when what was done for it cannot go any more, and what is
        # still to be looked at is noted.
        await self._carried.confirm(window, self.underway.aside(), self.underway.unsure())
        await self.failing.end(attempt.trial)
        attempt.totals.failed = attempt.trial.failures
        return True

    async def make_ahead(self, window: Window) -> Totals:
        """Make `window` so before its slice closes, as far as that goes at once.

        No position may move for it, and nothing goes to the ledger: the slice brings it again.
        """
        trial = Trial(0, frozenset(window.dirty), ahead=True)
        attempt = self._attempt(window, trial)
        totals = attempt.totals
        await self.underway.land()
        self._carried.into(window)
        for _ in range(_AHEAD):
            before = len(totals.entries), totals.removed
            if window.dirty:
                self._report.face(window.dirty)
                await self._rounds.one(attempt)
            if (len(totals.entries), totals.removed) == before:
                break
        self._count(totals)
        self._report.face({})
        totals.left = window.dirty.keys() | self._carried.overtaken.keys() | trial.before.keys()
        totals.refused = set(totals.left)
        totals.left |= attempt.aside.keys()
        for gfid in trial.own & attempt.aside.keys():
            del attempt.aside[gfid]
        if not attempt.aside:
            self.underway.waiting.remove(attempt)
        if self._carried.keep(window, trial) or attempt.aside:
            await self._channel.sync()
            await self._carried.confirm(window, self.underway.aside(), self.underway.unsure())
        return totals

    @property
    def resting(self) -> bool:
        """Whether no content is on its way, and nothing that was due waits for one."""
        return not len(self.underway) and self._due is None

    async def make_due_so(self, *, more: bool = True) -> None:
        """Try again what is due in the ledger, each object once; without `more` only go on with
        what was begun.
        """
        if self._due is None:
            if not more:
                return
            window, trial = await self.failing.due(_DUE)
            if self._half_done is not None:
                self._carried.take_up(window, await self._hop.run(self._half_done.take))
            if not window.dirty:
                return
            # Also while Passive, and of files that other bricks have.
            self._due = self._attempt(window, trial, beside=True)
        if await self.go_on(self._due):
            self._due = None

    async def abandon(self) -> None:
        """End what is on its way; the windows that wait for it have to be begun anew."""
        self._due = None
        await self.underway.abandon()

    async def gone(self, gfids: Sequence[Gfid]) -> list[Gfid]:
        """Return those of `gfids` that the whole primary says are gone."""
        return await self._looking.gone(gfids)

    async def note_aside(self, gfids: Collection[Gfid]) -> None:
        """Note on the secondary how those of `gfids`, who are in limbo, came there by us.

        Notes are taken back of those who have left it, but for quarantine.
        """
        await self._noting.keep(gfids)

    async def recover(self) -> None:
        """Make so what an earlier run may have left half done: those in limbo, those intended."""
        window = Window()
        await self._carried.recover(window)
        if self._half_done is not None:
            self._carried.take_up(window, await self._hop.run(self._half_done.seen))
        for gfid in await self._channel.limbo():
            window.mark(gfid, Why.NAMES)
        await self.make_so(window)

    def _attempt(
        self, window: Window, trial: Trial, *, ancestors: bool = False, beside: bool = False
    ) -> Attempt:
        attempt = Attempt(window, trial, ancestors)
        if beside:
            attempt.beside = Beside(self._looking, self._hop)
        self.underway.waiting.append(attempt)
        return attempt

    def _count(self, totals: Totals) -> None:
        """Add to `totals` the contents that have arrived since it was counted last."""
        files = self._sending.files + self.underway.files
        size = self._sending.bytes + self.underway.bytes
        totals.files += files - self._counted[0]
        totals.bytes += size - self._counted[1]
        self._counted = files, size

    async def _until_clean(self, attempt: Attempt) -> None:
        window, totals = attempt.window, attempt.totals
        pause = 0.0
        while window.dirty:
            self._report.face(window.dirty)
            outcome = await self._rounds.one(attempt)
            if outcome.removed or outcome.changed or not (outcome.refused or outcome.waiting):
                pause = 0.0
                if totals.rounds > 20:
                    pause = min(0.1 * totals.rounds / 20, _LONGEST)
            else:
                pause = min(max(0.1, 2 * pause), _LONGEST)
            if window.dirty and pause:
                words = f"{len(window.dirty)} objects again in {pause:.1f} s"
                self._report.now_doing("trying again", words)
                await asyncio.sleep(pause)
