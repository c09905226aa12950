"""Whatever the interleaving, whatever was applied before: the trees end equal. Plan and rules on a
model.

A model primary runs random operations and writes the records that its bricks would. Workers read
these logs in random portions, look at the primary as it is at that moment, and share one secondary;
they crash, another replica's worker takes over, records come twice or are lost as long as a later
one speaks of the same. GEOREP_EXAMPLES says how many runs to make, 150 without it.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_target import MemoryTarget
from model import Brick, Primary, copied, differences
from model_worker import Secondary, Worker, finish

from engine.item import ROOT, Kind, Place

NAMES = (b"a", b"b", b"c")
CONTENTS = (b"", b"one", b"two", b"much longer")
KINDS = (Kind.FILE, Kind.FILE, Kind.DIRECTORY, Kind.DIRECTORY, Kind.SYMLINK, Kind.FIFO)
OPERATIONS = ("make", "make", "remove", "rename", "rename", "rename", "link", "write", "attributes")
EXAMPLES = int(os.environ.get("GEOREP_EXAMPLES", "150"))


T = TypeVar("T")


class Watched(MemoryTarget):
    """Looks at the primary whenever somebody loses their last name."""

    def __init__(self, primary: Primary) -> None:
        super().__init__()
        self.primary = primary

    def stepped(self) -> None:
        for gfid in self.ended:
            assert gfid not in self.primary.things, f"{gfid} lives, and was destroyed"
        self.ended.clear()


class Run:
    """One random run."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        sets, replicas = self.one_of([(2, 1), (1, 1), (2, 2), (3, 2)])
        self.primary = Primary(sets, replicas)
        self.secondary = self.start()
        self.workers = [self.worker(replicas[0]) for replicas in self.primary.sets]
        self.under_way: list[Iterator[None] | None] = [worker.begin() for worker in self.workers]
        self.noted: list[list[int | None]] = [[position] for position in self.secondary.positions]

    def one_of(self, choices: Sequence[T]) -> T:
        return self.chance.choice(choices)

    def start(self) -> Secondary:
        """Begin with an empty secondary and all logs, with a crawl, or with an older state."""
        how = self.one_of(["logs", "crawl", "older"])
        target = Watched(self.primary)
        if how == "logs":
            return Secondary(self.primary, target)
        since = 0
        for _ in range(self.chance.randint(0, 20)):
            self.operation()
            if self.chance.randint(0, 9) == 0:
                self.primary.roll()
                since = self.one_of([since, self.primary.clock])
        secondary = Secondary(self.primary, target)
        if how == "older":
            copied(self.primary, target)
            secondary.positions = [since] * len(self.primary.sets)
        else:
            secondary.positions = [None] * len(self.primary.sets)
        return secondary

    def worker(self, brick: Brick) -> Worker:
        worker = Worker(self.primary, self.secondary, brick)
        worker.backwards = self.one_of([False, True])
        return worker

    def place(self) -> Place:
        things = self.primary.things.items()
        parents = [gfid for gfid, thing in things if thing.kind is Kind.DIRECTORY]
        return Place(self.one_of(parents), self.one_of(NAMES))

    def standing(self) -> Place:
        """Return a name that is held, if there is one."""
        if not self.primary.places:
            return self.place()
        return self.one_of(list(self.primary.places))

    def operation(self) -> None:
        primary = self.primary
        match self.one_of(OPERATIONS):
            case "make":
                kind = self.one_of(KINDS)
                primary.make(self.place(), kind, b"to" if kind is Kind.SYMLINK else b"")
            case "remove":
                primary.remove(self.standing())
            case "link":
                primary.link(self.standing(), self.place())
            case "rename":
                other = self.standing() if self.one_of([False, True]) else self.place()
                primary.rename(self.standing(), other)
            case "write":
                primary.write(self.standing(), self.one_of(CONTENTS))
            case _:
                primary.chmod(self.standing(), self.one_of([0o600, 0o4755]))
                if self.one_of([False, True]):
                    primary.set_xattr(self.standing(), self.one_of([b"1", b"2"]))

    def brick(self) -> Brick:
        return self.one_of(list(self.primary.bricks()))

    def log(self) -> None:
        """Let a brick close a slice, forget what it has told in it, or lose a record."""
        brick = self.brick()
        match self.one_of(["roll", "roll", "repeat", "lose"]):
            case "roll":
                self.primary.clock += 1
                brick.roll(self.primary.clock)
            case "repeat":
                brick.noted.clear()
                if brick.live:
                    brick.live.append(self.one_of(brick.live))
            case _:
                brick.lose(self.chance.randint(0, 20))

    def work(self) -> None:
        number = self.chance.randint(0, len(self.workers) - 1)
        steps = self.under_way[number] or self.workers[number].run(self.chance.randint(1, 4))
        self.under_way[number] = steps
        for _turn in range(self.chance.randint(1, 20)):
            if not self.go_on(number, steps):
                break
        self.noted[number].append(self.secondary.positions[number])

    def go_on(self, number: int, steps: Iterator[None]) -> bool:
        """Go on to the next moment at which all may stop; return whether there was one."""
        if next(steps, "over") == "over":
            self.under_way[number] = None
            return False
        return True

    def end(self) -> None:
        """Let every worker come to an end with what it does, and with what is left for it."""
        for worker, steps in zip(self.workers, self.under_way, strict=True):
            for one in (steps or (), worker.run(1000)):
                for _ in one:
                    pass

    def crash(self, number: int) -> None:
        """Let a worker die, and one of its replica set take its place, perhaps knowing less."""
        brick = self.one_of(self.primary.sets[number])
        if brick is not self.workers[number].brick and self.secondary.positions[number] is not None:
            known = [position for position in self.noted[number] if position is not None]
            self.secondary.positions[number] = self.one_of(known)
        self.workers[number] = self.worker(brick)
        self.under_way[number] = self.workers[number].begin()

    def finish(self) -> None:
        """Let the same workers, who know what they made so ahead, read everything that is left."""
        self.primary.roll()
        for brick in self.primary.bricks():
            if all(worker.brick is not brick for worker in self.workers):
                for _ in Worker(self.primary, self.secondary, brick).begin():
                    pass
        for _ in range(2):
            self.end()
            self.under_way = [None] * len(self.workers)

    def turn(self) -> None:
        match self.one_of(["do", "do", "do", "do", "do", "do", "log", "work", "crash"]):
            case "do":
                self.operation()
            case "log":
                self.log()
            case "work":
                self.work()
            case _:
                self.crash(self.chance.randint(0, len(self.workers) - 1))


class Listening(Run):
    """One whose workers make most things so before their slice closes."""

    def work(self) -> None:
        number = self.chance.randint(0, len(self.workers) - 1)
        if self.under_way[number] is None and self.chance.randint(0, 3):
            self.under_way[number] = self.workers[number].listen()
        super().work()

    def turn(self) -> None:
        match self.one_of(["do", "do", "do", "do", "work", "work", "work", "roll", "crash"]):
            case "do":
                self.operation()
            case "roll":
                self.primary.clock += 1
                self.brick().roll(self.primary.clock)
            case "crash" if self.chance.randint(0, 5) == 0:
                self.crash(self.chance.randint(0, len(self.workers) - 1))
            case _:
                self.work()


@pytest.mark.parametrize("crash", [False, True], ids=["", "and a crash"])
def test_a_rename_over_what_is_being_made_leaves_nothing_of_it(crash: bool) -> None:
    """It ends without a record in its own brick's log, between the look and the deed."""
    primary = Primary()
    secondary = Secondary(primary)
    a, b, c = (Place(ROOT, name) for name in NAMES)
    primary.make(b, Kind.FILE)
    primary.make(a, Kind.FILE)
    other, doomed = primary.places[b], primary.places[a]
    assert primary.number(doomed) != primary.number(other)
    primary.roll()
    slow = Worker(primary, secondary, primary.sets[primary.number(doomed)][0]).run(9)
    next(slow)
    primary.rename(b, a)
    primary.rename(a, c)
    primary.roll()
    for _ in Worker(primary, secondary, primary.sets[primary.number(other)][0]).run(9):
        pass
    for _ in itertools.islice(slow, 3 if crash else None):
        pass
    finish(primary, secondary)
    assert differences(primary, secondary.target) == []
    assert secondary.target.tree() == {c: other}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_the_trees_end_equal(seed: int) -> None:
    # Not drawn one by one: hypothesis likes small runs, in which too little happens at once.
    chance = Random(seed)
    run = Run(chance)
    for _ in range(chance.randint(20, 200)):
        run.turn()
    run.end()
    finish(run.primary, run.secondary)
    assert differences(run.primary, run.secondary.target) == []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_what_was_made_so_ahead_and_is_spared_is_right(seed: int) -> None:
    chance = Random(seed)
    run = Listening(chance)
    for _ in range(chance.randint(20, 200)):
        run.turn()
    run.end()
    run.finish()
    assert differences(run.primary, run.secondary.target) == []
