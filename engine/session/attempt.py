"""One window on its way: what was heard and tried, what it waits for, what became of it."""

import time
from dataclasses import dataclass, field

from engine.events import BatchDone
from engine.item import Gfid, Refused
from engine.plan.dirty import Dirty, Why, Window
from engine.session.beside import Beside
from engine.session.failing import Trial
from engine.session.ledger import Failure
from engine.session.report import Report


@dataclass(slots=True)
class Totals:
    """What became of one window."""

    rounds: int = 0
    directories: int = 0
    """Directories that were dirty at the beginning."""
    entries: set[Gfid] = field(default_factory=set)
    removed: int = 0
    unnamed: bool = False
    """The own brick has a file of which not all names are known."""
    files: int = 0
    bytes: int = 0
    failed: list[Failure] = field(default_factory=list)
    """What went to the ledger."""
    spared: list[Gfid] = field(default_factory=list)
    """Directories that are gone and were left there; see `Window.sparing`."""
    left: set[Gfid] = field(default_factory=set)
    """Of a window that was made so ahead: what is not done, or not for certain."""
    refused: set[Gfid] = field(default_factory=set)
    """Of those, what could not be made so."""
    begun: set[Gfid] = field(default_factory=set)
    """Of what is left, the files whose content is on its way since."""
    restless: set[Gfid] = field(default_factory=set)
    """What was new again each time it had been made so; it is carried into the next window, and
    noted.
    """

    def tell(self, report: Report, began: float, *, slices: int = 0, records: int = 0) -> None:
        """Tell what became of it, as a batch that began at `began` of the monotonic clock."""
        report.tell(
            BatchDone,
            slices=slices,
            records=records,
            entries=len(self.entries),
            files=self.files,
            bytes=self.bytes,
            removed=self.removed,
            seconds=time.monotonic() - began,
            rounds=self.rounds,
        )


@dataclass(slots=True)
class Waiting:
    """What is left to do about a file whose content is on its way."""

    dirty: Dirty
    number: int
    """That of the first flight that is good enough: an earlier one began before all was heard."""


@dataclass(slots=True, eq=False)
class Attempt:
    """A window that is made so, perhaps with pauses while large contents are on their way."""

    window: Window
    trial: Trial
    ancestors: bool = False
    """Whether unknown directories above are looked at, too."""
    totals: Totals = field(default_factory=Totals)
    aside: dict[Gfid, Waiting] = field(default_factory=dict)
    """Files whose content is on its way; all else about them is made so."""
    short: dict[Gfid, Refused] = field(default_factory=dict)
    """Why contents that were on their way are not there; each counts as one try."""
    confirmed: int = 0
    """How often all of it was made so."""
    walked: set[Gfid] = field(default_factory=set)
    """Directories that are walked because a record told of their return."""
    beside: Beside | None = None
    """What looks for it, where others may make the same objects so."""

    def put_aside(self, gfid: Gfid, dirty: Dirty, number: int) -> None:
        """Wait for the content of `gfid`, by flight `number` or a later one."""
        before = self.aside.get(gfid)
        if before is None:
            self.aside[gfid] = Waiting(dirty, number)
            return
        if dirty.why & (Why.DATA | Why.DOUBT):
            before.number = number
        before.dirty.why |= dirty.why
        before.dirty.heard.update(dirty.heard)

    def arrived(self, gfid: Gfid, number: int, refusal: Refused | None) -> Dirty | None:
        """Take up the end of a flight of `gfid`, which is aside; return what is left to do about
        it, if anything is.
        """
        waiting = self.aside.pop(gfid)
        if number >= waiting.number:
            if refusal is None:
                self.trial.made += 1
                self.totals.entries.add(gfid)
                return None
            self.short[gfid] = refusal
        return waiting.dirty
