"""What is looked for in a replay, and where it stands; looking takes turns with everything else."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from georep_tui import tables, wording
from georep_tui.chronicle import Entry
from georep_tui.player import Player
from georep_tui.replay import finding
from georep_tui.replay.finding import Hit, Place
from georep_tui.replay.notes import AnyTold

T = TypeVar("T")
LOOKING, RESTING = 0.03, 0.005
"""Seconds of looking, and of leaving the console alone, in turn."""


class Search:
    """Looks for words among what a replay tells, from where it is shown."""

    def __init__(self, played: Player) -> None:
        self._player = played
        self.words = ""
        """What is looked for; empty: nothing."""
        self.hit: Hit | None = None
        """What was found last."""
        self.looking = False

    def begin(self, typed: str) -> None:
        """Look for other words; none: for nothing."""
        self.words, self.hit, self.looking = " ".join(typed.split()), None, False

    async def look(
        self, current: Entry | None, shown: Callable[[AnyTold], bool], *, later: bool
    ) -> Hit | None:
        """Find the next hit among what can be shown, or the last one before `current`.

        `current` is the event that the operator looks at; None: all is past that is told.
        """
        sought = tables.words_of(self.words)

        def wanted(told: AnyTold) -> bool:
            return shown(told) and tables.holds(wording.whole(told).casefold(), sought)

        chains, points = self._player.chains, tuple(self._player.index.points)
        search = finding.ahead if later else finding.behind
        steps = search(chains, points, self._place(current, later=later), wanted)
        self.looking = True
        try:
            return await taking_turns(steps)
        finally:
            self.looking = False

    def _place(self, current: Entry | None, *, later: bool) -> Place:
        played = self._player
        if played.since is not None:
            # What was told before is not known, so nothing has its number.
            return Place(played.at)
        if current is not None:
            return Place(played.at, current.serial)
        return Place(played.at, played.chronicle.count + (0 if later else 1))


async def taking_turns(steps: Iterable[T]) -> T | None:
    """Take all steps, leave everything else its turns, and return what the last one gave."""
    turn, last = time.monotonic(), None
    for step in steps:
        last = step
        if time.monotonic() - turn > LOOKING:
            await asyncio.sleep(RESTING)
            turn = time.monotonic()
    return last
