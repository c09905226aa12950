"""A worker's voice: events as JSON lines on stdout, level events at a bounded rate."""

import operator
import os
import time
from collections.abc import Mapping

from engine import events
from engine.events import AnyEvent, WorkerEvent
from engine.item import Gfid
from engine.plan.dirty import Dirty, Why
from engine.session.stalls import Stalls

_LEVEL_GAP = 0.25
"""Least seconds between two level events of one type."""


class Report:
    """Totals of one worker and what it does now; writes events as they become due."""

    def __init__(self, session: str, worker: str, sink: int = 1) -> None:
        self.session, self.worker, self._sink = session, worker, sink
        self.slices = self.records = self.entries = self.files = self.bytes = self.removed = 0
        self.pending_slices = self.pending_entries = self.pending_files = self.pending_bytes = 0
        self.pending_meta: set[Gfid] = set()
        """Those among the entries of which attributes alone may have changed."""
        self.stalls = Stalls()
        self.doing = "starting"
        self.waits = ""
        self.trouble = ""
        """The cause that keeps what is not there yet from being brought; see `PendingChanged`."""
        self.ahead = 0.0
        """Up to when everything is on the secondary, settled or not; see `PendingChanged`."""
        self._minute, self._before = _this_minute(), (0, 0, 0, 0)
        self._told: tuple[object, ...] = ()
        self._due = 0.0

    def say(self, event: AnyEvent) -> None:
        """Write one event, now."""
        line = memoryview(events.encode(event) + b"\n")
        try:
            while line:
                line = line[os.write(self._sink, line) :]
        except BrokenPipeError:
            # Nobody listens any more; the end of stdin says the same and ends the worker.
            self._sink = os.open(os.devnull, os.O_WRONLY)

    def tell(self, event: type[WorkerEvent], **fields: object) -> None:
        """Write one event of this worker, stamped now."""
        told = event(at=time.time(), session=self.session, worker=self.worker, **fields)
        self.say(told)  # type: ignore[arg-type]  # every WorkerEvent with a name of its own is in AnyEvent

    def tick(self, *, force: bool = False) -> None:
        """Write totals and pending counts if they changed and are due; with `force` in any case."""
        now = time.monotonic()
        if not force and now < self._due:
            return
        self._count_minute()
        totals = (self.slices, self.records, self.entries, self.files, self.bytes, self.removed)
        pending = (
            *(self.pending_slices, self.pending_entries, self.pending_files, self.pending_bytes),
            *(self._meta(), self.doing, self.waits, self.trouble),
        )
        if not force and self._told == (totals, pending):
            return
        self._told, self._due = (totals, pending), now + _LEVEL_GAP
        at = time.time()
        self.say(
            events.WorkerProgressed(
                at=at,
                session=self.session,
                worker=self.worker,
                slices=self.slices,
                records=self.records,
                entries=self.entries,
                files=self.files,
                bytes=self.bytes,
                removed=self.removed,
                stall=round(self.stalls.longest(now), 4),
            )
        )
        self.say(
            events.PendingChanged(
                at=at,
                session=self.session,
                worker=self.worker,
                slices=self.pending_slices,
                entries=self.pending_entries,
                files=self.pending_files,
                bytes=self.pending_bytes,
                doing=self.doing,
                waits=self.waits,
                trouble=self.trouble,
                ahead=self.ahead,
                meta=self._meta(),
            )
        )

    def _meta(self) -> int:
        """Return how many of the entries have only attributes; others may be counted as done for
        objects that were looked at beside them.
        """
        return min(len(self.pending_meta), self.pending_entries)

    def _count_minute(self) -> None:
        """Tell what was done since this was told last, once a minute has ended."""
        now = _this_minute()
        if now == self._minute:
            return
        totals = (self.slices, self.entries, self.files, self.bytes)
        slices, entries, files, size = map(operator.sub, totals, self._before)
        minute, self._minute, self._before = self._minute, now, totals
        self.tell(
            events.MinuteCounted,
            minute=minute * 60,
            slices=slices,
            entries=entries,
            files=files,
            bytes=size,
        )

    def face(self, dirty: Mapping[Gfid, Dirty]) -> None:
        """Count what is not made so yet."""
        self.pending_entries = len(dirty)
        self.pending_meta = {g for g, each in dirty.items() if each.why == Why.ATTRIBUTES}

    def now_doing(self, doing: str, waits: str = "") -> None:
        """Say what the worker does from here on, and what it waits for."""
        self.doing, self.waits = doing, waits
        self.tick()


def many(count: int, one: str) -> str:
    """Return how many there are of what `one` of is called, in words."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def _this_minute() -> int:
    return int(time.time()) // 60
