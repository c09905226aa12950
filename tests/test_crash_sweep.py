"""Every short workload, stopped at every step, as often as one likes: after a restart the trees end
equal.

A stop leaves nothing but the secondary and the positions. So instead of stopping at each step, each
run notes what both are after every change, however small; every state that was not met before is
one from which a restart has to come to the right end, and where it may be stopped again. After
that, the next operation happens on the primary, from each of these states.

Workloads of up to two operations are swept in full, of those of three every 12th;
GEOREP_SWEEP=full sweeps them all, with the bricks' workers in both orders.
"""

import os
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import NamedTuple

import pytest
from memory_target import MemoryTarget
from model import Primary, copied, differences
from model_worker import Secondary, Worker

from engine.item import ROOT, Gfid, Kind, Place
from engine.session.ledger import Known

FULL = os.environ.get("GEOREP_SWEEP") == "full"
SAMPLE = 1 if FULL else 12
D = Gfid("00000002-0000-4000-8000-000000000002")
"""The directory that is there from the beginning."""
AT = {"a": Place(ROOT, b"a"), "b": Place(ROOT, b"b"), "d": Place(ROOT, b"d"), "d/a": Place(D, b"a")}

Operation = Callable[[Primary], None]


def alphabet() -> Iterator[tuple[str, Operation]]:
    """Yield each operation with its name; where it cannot be done it does nothing."""
    for name, at in AT.items():
        yield f"create {name}", lambda p, at=at: p.make(at, Kind.FILE)  # type: ignore[misc]
        yield f"mkdir {name}", lambda p, at=at: p.make(at, Kind.DIRECTORY)  # type: ignore[misc]
        yield f"write {name}", lambda p, at=at: p.write(at, b"new")  # type: ignore[misc]
        yield f"chmod {name}", lambda p, at=at: p.chmod(at, 0o700)  # type: ignore[misc]
        yield f"remove {name}", lambda p, at=at: p.remove(at)  # type: ignore[misc]
    for (one, at), (other, to) in permutations(AT.items(), 2):
        yield f"link {one} {other}", lambda p, at=at, to=to: p.link(at, to)  # type: ignore[misc]
        yield f"rename {one} {other}", lambda p, at=at, to=to: p.rename(at, to)  # type: ignore[misc]


ALPHABET = dict(alphabet())


def base() -> Primary:
    """Return a primary with a file, a directory, and empty logs."""
    primary = Primary()
    primary.make(AT["a"], Kind.FILE)
    primary.write(AT["a"], b"old")
    primary.make(AT["d"], Kind.DIRECTORY)
    assert primary.places[AT["d"]] == D
    for brick in primary.bricks():
        brick.live.clear()
        brick.noted.clear()
    return primary


class Noted(MemoryTarget):
    """A secondary that has every state in which it was noted."""

    def __init__(self, primary: Primary, state: MemoryTarget) -> None:
        super().__init__()
        self.things, self.places = state.things, state.places
        self.primary = primary
        self.states: list[MemoryTarget] = []

    def stepped(self) -> None:
        for gfid in self.ended:
            assert gfid not in self.primary.things, f"{gfid} lives, and was destroyed"
        self.ended.clear()
        self.states.append(self.copy())


class State(NamedTuple):
    """What outlives a stop."""

    target: MemoryTarget
    positions: tuple[int | None, ...]
    intended: tuple[dict[Gfid, Known], ...]
    """For each brick, what its worker has to look at again."""


def key(state: State) -> object:
    target, positions, intended = state
    things = frozenset(
        (gfid, one.kind, one.attributes, one.target, one.data)
        for gfid, one in target.things.items()
    )
    noted = tuple(
        frozenset((gfid, known.dirty.why, tuple(known.dirty.heard)) for gfid, known in each.items())
        for each in intended
    )
    return things, frozenset(target.places.items()), positions, noted


def restart(primary: Primary, state: State, order: tuple[int, ...]) -> Iterator[State]:
    """Run new workers, one after the other, to the end; yield every state they came through."""
    target = Noted(primary, state.target.copy())
    secondary = Secondary(primary, target)
    secondary.positions = list(state.positions)
    secondary.intended = [dict(each) for each in state.intended]

    def now(target: MemoryTarget) -> State:
        noted = tuple(dict(each) for each in secondary.intended)
        return State(target, tuple(secondary.positions), noted)

    for number in order:
        worker = Worker(primary, secondary, primary.sets[number][0])
        worker.backwards = order[0] == 1
        for steps in (worker.begin(), worker.run(1000)):
            for _ in steps:
                yield from map(now, target.states)
                target.states.clear()
                yield now(target.copy())
    assert differences(primary, target) == []


def stopped(primary: Primary, states: list[State]) -> list[State]:
    """Return every state that restarts from `states` come through, however often stopped."""
    found = {key(state): state for state in states}
    todo = list(states)
    while todo:
        state = todo.pop()
        orders = ((0, 1), (1, 0)) if FULL else (((0, 1), (1, 0))[len(todo) % 2],)
        for order in orders:
            met = restart(primary, state, order)
            todo += [one for one in met if found.setdefault(key(one), one) is one]
    return list(found.values())


def after(primary: Primary, operation: str) -> Primary | None:
    """Return the primary after one operation, its slices closed; None where nothing changed."""
    then = primary.copy()
    ALPHABET[operation](then)
    if not any(brick.live for brick in then.bricks()):
        return None
    then.roll()
    return then


def sweep(primary: Primary, states: list[State], done: tuple[str, ...]) -> int:
    """Sweep `done` and all that can follow it; return how many workloads that were."""
    try:
        states = stopped(primary, states)
    except AssertionError as error:
        error.add_note(f"after {', '.join(done)}")
        raise
    if len(done) == 3:
        return 1
    count = 1
    follow = [(name, then) for name in ALPHABET if (then := after(primary, name)) is not None]
    for number, (name, then) in enumerate(follow):
        if len(done) < 2 or (number + sum(map(len, done))) % SAMPLE == 0:
            count += sweep(then, states, (*done, name))
    return count


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", [name for name in ALPHABET if after(base(), name) is not None])
def test_whatever_stops_when_the_trees_end_equal(first: str) -> None:
    before = base()
    target = copied(before, MemoryTarget())
    then = after(before, first)
    assert then is not None
    begin = State(target, (0, 0), ({}, {}))
    assert sweep(then, [begin], (first,)) > 10
