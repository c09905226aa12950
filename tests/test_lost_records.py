"""A brick loses what it wrote down and no worker has read: a crawl makes all that is there right.

What was removed or renamed away in that time is left, and is for a reconcile. GEOREP_EXAMPLES says
how many runs to make.
"""

from itertools import chain
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_target import MemoryTarget
from model import Primary, differences
from model_worker import Secondary, Worker, finish
from test_model import EXAMPLES, NAMES, Run

from engine.item import ROOT, Kind, Place


class Forgetful(Run):
    """A random run in which one replica set after the other loses all that nobody has read."""

    def __init__(self, chance: Random) -> None:
        super().__init__(chance)
        self._lost = [0] * len(self.workers)
        """Up to when the logs of each set do not tell everything."""

    def forget(self) -> None:
        number = self.chance.randint(0, len(self.workers) - 1)
        position = self.secondary.positions[number]
        if position is None:
            return
        self.primary.clock += 1
        self._lost[number] = self.primary.clock
        for brick in self.primary.sets[number]:
            brick.slices = [one for one in brick.slices if one.ts < position]
            brick.live.clear()
            brick.noted.clear()
        self.crash(number)

    def crash(self, number: int) -> None:
        """Let the next worker crawl where its position lies before what was lost."""
        super().crash(number)
        worker = self.workers[number]
        if worker.position is not None and worker.position < self._lost[number]:
            self.under_way[number] = chain(worker.begin(), worker.crawl_after_gap())


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_what_is_there_is_right(seed: int) -> None:
    chance = Random(seed)
    run = Forgetful(chance)
    for _ in range(chance.randint(20, 100)):
        if chance.randint(0, 15):
            run.turn()
        else:
            run.forget()
    run.end()
    finish(run.primary, run.secondary)
    found = differences(run.primary, run.secondary.target)
    assert [words for words in found if not words.endswith("not None")] == []


def test_what_was_written_unseen_is_sent_though_its_times_are_right() -> None:
    primary = Primary(sets=1)
    (brick,) = primary.sets[0]
    secondary = Secondary(primary, MemoryTarget())
    place = Place(ROOT, NAMES[0])
    primary.make(place, Kind.FILE)
    primary.write(place, b"old")
    primary.roll()
    worker = Worker(primary, secondary, brick)
    for _ in worker.run(9):
        pass
    primary.chmod(place, 0o600)
    primary.roll()
    primary.write(place, b"new")
    # Looked at for its mode, it has the times of a write of which nobody will tell.
    reading = worker.run(9)
    list(reading)
    brick.live.clear()
    for _ in worker.crawl_after_gap():
        pass
    assert differences(primary, secondary.target) == []
