"""When a worker is said to have stalled, and when it was only quiet."""

from typing import Any

import pytest

from engine.events import (
    BatchDone,
    Crawl,
    CrawlChanged,
    JobFinished,
    PendingChanged,
    PositionMoved,
    Role,
    RoleChanged,
    SessionKnown,
    Wanted,
    WorkerFaulty,
    WorkerStarted,
    WorkerStopped,
)
from georep_tui.replay.notes import AnyTold, SlicesTold
from georep_tui.replay.stalls import Stall, Stalls

ONE, TWO = "n1:/b", "n2:/b"
T = 1_795_000_000


def of(kind: Any, at: float, worker: str = ONE, session: str = "s", **more: Any) -> Any:
    return kind(at=T + at, session=session, worker=worker, **more)


def listening(worker: str, at: float = 0, session: str = "s") -> list[AnyTold]:
    crawl = of(CrawlChanged, at, worker, session, crawl=Crawl.CHANGELOG, reason="")
    return [of(RoleChanged, at, worker, session, role=Role.ACTIVE, reason=""), crawl]


def batch(at: float, worker: str, *, seconds: float = 1.0) -> AnyTold:
    counts: dict[str, Any] = dict.fromkeys(("slices", "records", "entries", "files", "bytes"), 1)
    return of(BatchDone, at, worker, **counts, removed=0, seconds=seconds, rounds=1)


def slices(
    at: float, worker: str, last: int, *, first: int = 0, count: int = 1, made: int = 0
) -> AnyTold:
    first = T + (first or last)
    return of(SlicesTold, at, worker, first=first, last=T + last, count=count, directories=made)


def stopped(at: float, worker: str = ONE) -> AnyTold:
    return of(WorkerStopped, at, worker, reason="")


def faulty(at: float, worker: str = ONE) -> AnyTold:
    return of(WorkerFaulty, at, worker, cause="", words="", fix="", evidence="")


def moved(at: float, worker: str, stime: int) -> AnyTold:
    return of(PositionMoved, at, worker, stime=T + stime, slice=T + stime + 1)


def pending(at: float, count: int) -> AnyTold:
    return of(PendingChanged, at, slices=count, entries=0, files=0, bytes=0, doing="", waits="")


def paused(at: float) -> AnyTold:
    return SessionKnown(
        at=T + at, session="s", primary="p", secondary="h::v", wanted=Wanted.PAUSED, node="n1"
    )


def job(at: float) -> AnyTold:
    counts: dict[str, Any] = dict.fromkeys(("job", "asked", "moved", "short", "code"), 0)
    more: dict[str, Any] = dict.fromkeys(("sent", "matched", "literal"), 0)
    return of(JobFinished, at, mover="rsync", seconds=1.0, words="", **counts, **more)


BOTH = [*listening(ONE), *listening(TWO)]
TOLD = slices(25, TWO, 20, made=1)
"""The other brick had a directory in its slice that closed after 20 s."""


def found(run: list[AnyTold], end: float = 1000) -> list[tuple[str, float, float]]:
    stalls = Stalls()
    ended: list[Stall] = [stall for each in run for stall in stalls.take(each)]
    ended += stalls.finish(T + end)
    return [(each.worker, each.begin - T, each.end - T) for each in ended]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(BOTH, [], id="nothing is known to have happened"),
        pytest.param([*BOTH, slices(25, TWO, 20)], [], id="no directory: perhaps not for it"),
        pytest.param([*BOTH, TOLD], [(ONE, 20, 1000)], id="and nothing more is told"),
        pytest.param([*BOTH, TOLD, stopped(200)], [(ONE, 20, 200)], id="until it was stopped"),
        pytest.param([*BOTH, TOLD, faulty(200)], [(ONE, 20, 200)], id="until it was faulty"),
        pytest.param([*BOTH, TOLD, paused(200)], [(ONE, 20, 200)], id="until it was paused"),
        pytest.param([*BOTH, TOLD, stopped(70)], [], id="not long enough"),
        pytest.param([*BOTH, TOLD, batch(60, ONE)], [], id="it did it"),
        pytest.param([*BOTH, TOLD, job(60)], [], id="it sent something"),
        pytest.param([*BOTH, TOLD, batch(300, ONE)], [(ONE, 20, 299)], id="it did it late"),
        pytest.param(
            [*BOTH, TOLD, batch(300, ONE, seconds=270)], [], id="it was at it all the time"
        ),
        pytest.param([*BOTH, slices(22, ONE, 19), TOLD], [], id="it had done so already"),
        pytest.param([*BOTH, moved(22, ONE, 19), TOLD], [], id="its position lies behind that"),
        pytest.param(
            [*listening(TWO), TOLD, *listening(ONE, 100)], [], id="it was not listening then"
        ),
        pytest.param(
            [*listening(ONE, session="t"), *listening(TWO), TOLD], [], id="another session"
        ),
        pytest.param(
            [
                *listening(TWO),
                of(RoleChanged, 0, role=Role.PASSIVE, reason=""),
                of(CrawlChanged, 0, crawl=Crawl.CHANGELOG, reason=""),
                TOLD,
            ],
            [],
            id="a passive one has nothing to do",
        ),
        pytest.param(
            [*listening(ONE), stopped(300), slices(320, ONE, 50)],
            [(ONE, 50, 300)],
            id="a slice that closed while it listened is done after its next start",
        ),
        pytest.param(
            [*listening(ONE, 100), stopped(300), slices(320, ONE, 50)],
            [(ONE, 100, 300)],
            id="one that had closed before it listened",
        ),
        pytest.param(
            [*listening(ONE), slices(60, ONE, 50), stopped(300), slices(320, ONE, 50)],
            [],
            id="the last slice is always done once more",
        ),
        pytest.param(
            [
                *(*listening(ONE), slices(60, ONE, 50), stopped(300)),
                slices(320, ONE, 200, first=50, count=3),
            ],
            [(ONE, 200, 300)],
            id="of several only the last is certain to be new",
        ),
        pytest.param(
            [*listening(ONE), stopped(300), slices(320, ONE, 290)], [], id="it had just closed"
        ),
        pytest.param(
            [*BOTH, TOLD, stopped(300), slices(320, ONE, 200)],
            [(ONE, 20, 300)],
            id="both tell of one stall",
        ),
        pytest.param([pending(0, 2), pending(200, 2)], [(ONE, 0, 200)], id="silent, with work"),
        pytest.param([pending(0, 0), pending(200, 2)], [], id="silent, without work"),
        pytest.param([pending(0, 2), job(100), pending(200, 2)], [], id="not silent"),
        pytest.param(
            [pending(0, 0), pending(199, 2), job(10), pending(200, 2)],
            [],
            id="told late: a journal holds back what comes too often",
        ),
        pytest.param(
            [
                pending(0, 2),
                stopped(50),
                of(WorkerStarted, 400, pid=1, restart=0),
                pending(410, 0),
            ],
            [],
            id="it was stopped",
        ),
    ],
)
def test_stalls(run: list[AnyTold], expected: list[tuple[str, float, float]]) -> None:
    assert found(run) == expected
