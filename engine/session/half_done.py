"""What commands of an operator had begun when they ended: a worker of the same node takes it up.

Invariant: what a command makes so stands in the ledger, under its name, before it is touched, and
until it is sure. While a command runs it holds its lock; what stands there without one was left.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from engine import files
from engine.item import Gfid
from engine.session.ledger import Known, Ledger

LOCKS: Mapping[str, str] = {
    "fix": "shelves.lock",
    "shelves": "shelves.lock",
    "resend": "shelves.lock",
    "reconcile": "reconcile.lock",
}
"""By the name under which a command notes what it makes so, the lock that it holds meanwhile."""
OVER = "over"
"""Under it stands what a command that came to its end has left: nothing of that is under way."""
EVERY = 5.0
"""Seconds between two looks."""


def hand_over(path: Path, name: str) -> None:
    """Let workers take up at once what the command `name` noted in the ledger at `path`: it comes
    to its end, and had all its answers. Blocks.
    """
    ledger = Ledger(path, OVER)
    try:
        ledger.take_over(name)
    finally:
        ledger.close()


class HalfDone:
    """What commands left, seen by one worker. All calls block."""

    def __init__(self, folder: Path, ledger: Ledger, patience: float) -> None:
        """`folder`: the session's state; `patience`: seconds for which the agent of a command that
        has ended may go on with what it was told.
        """
        self._folder, self._ledger, self._patience = folder, ledger, patience
        self._free: dict[str, float] = {}
        """Since when a lock has been free, and notes there; seconds of the monotonic clock."""
        self._next = 0.0

    def seen(self) -> dict[Gfid, Known]:
        """Return what is left, and leave it noted: `take` will tell of it again."""
        found = self._ledger.left_by(OVER)
        for name in LOCKS:
            left = self._ledger.left_by(name)
            if left:
                with files.unlocked(self._folder / LOCKS[name]) as ended:
                    found |= left if ended else {}
        return found

    def take(self) -> dict[Gfid, Known]:
        """Return what is left and nobody can be at any more, now noted as the worker's own; it
        looks only now and then.
        """
        now = time.monotonic()
        if now < self._next:
            return {}
        self._next = now + EVERY
        found = self._ledger.take_over(OVER) if self._ledger.left_by(OVER) else {}
        for name in LOCKS:
            if not self._ledger.left_by(name):
                self._free.pop(name, None)
                continue
            # Held, so that a command which begins now keeps what it notes.
            with files.unlocked(self._folder / LOCKS[name]) as ended:
                if not ended:
                    self._free.pop(name, None)
                elif now - self._free.setdefault(name, now) >= self._patience:
                    found |= self._ledger.take_over(name)
        return found
