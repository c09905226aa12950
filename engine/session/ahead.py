"""Make changes so while their slice is still open: what is heard live, and what goes on changing.

Large contents are sent off and not waited for; small ones go on meanwhile.
Nothing rests on it but speed. When a slice closes, all of it is made so as if nobody had listened,
but for the objects that provably did not change since (`plan.ahead`).
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from engine.item import Gfid
from engine.plan.ahead import OpenSlice
from engine.plan.dirty import Window
from engine.primary import glancing
from engine.primary.live import MOST, Live
from engine.primary.records import Record
from engine.primary.truth import Sight
from engine.session.attempt import Totals
from engine.session.replicate import Replicator
from engine.session.report import Report

GATHER = 0.055
"""Seconds that records are gathered for; a bit more than it takes for an inode to be at rest."""


class Ahead:
    """The open slice of one brick, listened to for as long as its worker is Active."""

    def __init__(
        self,
        brick: str,
        sight: Sight,
        replicator: Replicator,
        report: Report,
        *,
        small: int,
        keeps: bool,
    ) -> None:
        """`small`, `keeps`: as an `OpenSlice` has them."""
        self._sight, self._replicator, self._report = sight, replicator, report
        self._live = Live(brick)
        self._open = OpenSlice(small, keeps=keeps)

    def close(self) -> None:
        """Stop listening."""
        self._live.close()

    async def wait(self) -> None:
        """Return when the brick has written something, and a moment has passed."""
        await self._live.wait()
        await asyncio.sleep(GATHER)

    def pause(self) -> float:
        """Return in how many seconds there is something to do even if nothing is written."""
        return self._open.pause(time.monotonic())

    def upto(self) -> float:
        """Return up to when everything that was changed is on the secondary, settled or not, if no
        slice that had closed by then has to be settled; seconds since the epoch, 0: not known.
        """
        return self._open.upto()

    async def step(self) -> None:
        """Read what was written, and make so what is ripe."""
        run = self._replicator.run
        await self._replicator.underway.land()
        self._land()
        if self._open.full():
            return
        await self._hear()
        wanted = self._open.due(time.monotonic())
        if not wanted:
            return
        # Before the glance: what is written after `at` counts as not seen.
        at, heard = time.time_ns(), self._live.heard
        contents = self._open.contents(wanted)
        glances = await run(glancing.glances, self._sight, wanted, contents)
        seen = dict(zip(wanted, glances, strict=True))
        window = self._open.ripe(seen, at, time.monotonic())
        if window.dirty:
            tried = {gfid: seen[gfid] for gfid in window.dirty}
            totals = await self._make_so(window)
            self._open.remember(tried, totals.left, at, heard, time.monotonic())
            self._open.refused(totals.refused)
            self._open.sent_off(totals.begun, seen, at, heard)

    async def _hear(self) -> int:
        first, began = self._live.heard, time.time()
        records = await self._replicator.run(self._live.read)
        self._open.hear(records, first)
        if len(records) < MOST and self._live.sound:
            self._open.heard_all(began)
        return len(records)

    def _land(self) -> None:
        """Remember the large contents that have arrived, as they were when they were sent off."""
        for gfid, whole in self._replicator.underway.arrived():
            self._open.arrived(gfid, time.monotonic(), whole=whole)

    async def _make_so(self, window: Window) -> Totals:
        began = time.monotonic()
        totals = await self._replicator.make_ahead(window)
        if totals.entries or totals.files or totals.removed:
            totals.tell(self._report, began)
        return totals

    async def closed(self, path: Path, records: Sequence[Record]) -> None:
        """Take up a slice that has closed, before `spare`."""
        while await self._hear():
            pass
        first = await self._replicator.run(self._live.first, path, len(records))
        self._open.close(records, first)

    async def spare(self, window: Window) -> None:
        """Take out of the window of closed slices what is still as it was made ahead."""
        await self._replicator.underway.land()
        self._land()
        wanted = self._open.candidates(window)
        if wanted:
            no_contents: frozenset[Gfid] = frozenset()
            glances = await self._replicator.run(glancing.glances, self._sight, wanted, no_contents)
            self._open.spare(window, dict(zip(wanted, glances, strict=True)))

    def settled(self) -> None:
        """Forget what was heard of slices that are settled."""
        self._land()
        self._open.forget()
