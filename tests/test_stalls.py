"""How late a worker's loop is: what is noted of it, for how long, and that it is looked at."""

import asyncio
import os
import time

import pytest

from engine import events
from engine.events import PendingChanged, WorkerProgressed
from engine.item import Gfid
from engine.plan.dirty import Dirty, Why
from engine.session import stalls
from engine.session.report import Report
from engine.session.stalls import Stalls


@pytest.mark.parametrize(
    ("noted", "at", "longest"),
    [
        pytest.param([], 5.0, -1.0, id="nobody has looked"),
        pytest.param([(1.0, 0.0)], 1.0, 0.0, id="none at all"),
        pytest.param([(1.0, 0.3), (2.0, 0.1), (3.0, 0.2)], 3.0, 0.3, id="the longest"),
        pytest.param([(1.0, 0.3), (2.0, 0.1), (3.0, 0.2)], 61.5, 0.2, id="a minute after it"),
        pytest.param([(1.0, 0.3), (2.0, 0.1)], 62.5, -1.0, id="nobody looks any more"),
        pytest.param([(1.0, 0.1), (2.0, 0.1)], 61.5, 0.1, id="of equal ones the last"),
    ],
)
def test_the_longest_of_a_minute(
    noted: list[tuple[float, float]], at: float, longest: float
) -> None:
    found = Stalls()
    for each in noted:
        found.note(*each)
    assert found.longest(at) == longest


def test_it_takes_no_more_memory_than_there_are_samples_in_a_minute() -> None:
    found = Stalls()
    for at in range(100_000):
        found.note(at * stalls.STEP, 1 / (at + 1))  # each shorter than the one before
    assert len(found._found) <= stalls.LASTS / stalls.STEP + 2


async def test_what_holds_the_loop_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stalls, "STEP", 0.01)
    found = Stalls()
    watch = asyncio.create_task(found.watch())
    await asyncio.sleep(0)
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass  # nothing else gets a turn
    await asyncio.sleep(0.02)
    watch.cancel()
    assert found.longest(time.monotonic()) >= 0.25


def test_a_worker_tells_of_it_and_of_what_has_only_attributes() -> None:
    read, write = os.pipe()
    report = Report("s", "n:/b", sink=write)
    report.stalls.note(time.monotonic(), 0.0123456)
    one, other, third = (Gfid(bytes([n]) * 16) for n in range(3))
    report.face(
        {
            one: Dirty(Why.ATTRIBUTES),
            other: Dirty(Why.ATTRIBUTES | Why.DATA),
            third: Dirty(Why.NAMES),
        }
    )
    report.tick(force=True)
    report.pending_meta.discard(one)
    report.tick(force=True)
    report.face({})
    report.tick(force=True)
    os.close(write)
    with open(read, "rb") as file:
        told = [events.decode(line) for line in file]
    pending = [each for each in told if isinstance(each, PendingChanged)]
    assert [(each.entries, each.meta) for each in pending] == [(3, 1), (3, 0), (0, 0)]
    assert {each.stall for each in told if isinstance(each, WorkerProgressed)} == {0.0123}


def test_what_older_versions_wrote_says_that_nobody_knows() -> None:
    who = {"at": 1.0, "session": "s", "worker": "n:/b"}
    pending = PendingChanged(
        slices=1, entries=2, files=3, bytes=4, doing="d", waits="w", meta=7, **who
    )
    older = events.encode(pending).replace(b',"meta":7', b"")
    found = events.decode(older)
    assert isinstance(found, PendingChanged)
    assert (found.entries, found.meta) == (2, -1)
    totals = WorkerProgressed(
        slices=1, records=2, entries=3, files=4, bytes=5, removed=6, stall=0.5, **who
    )
    older = events.encode(totals).replace(b',"stall":0.5', b"")
    read = events.decode(older)
    assert isinstance(read, WorkerProgressed)
    assert (read.removed, read.stall) == (6, -1.0)
