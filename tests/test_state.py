"""The fold of events, and the snapshot that paints the same picture again."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import figures, state
from engine.events import (
    AnyEvent,
    BatchDone,
    Caught,
    CheckpointDeleted,
    CheckpointReached,
    CheckpointSet,
    Crawl,
    CrawlChanged,
    CrawlProgressed,
    EngineStarted,
    EntryFailed,
    EntryMended,
    FailuresCounted,
    HookEnded,
    JobFinished,
    JobStarted,
    MinuteCounted,
    MoverTried,
    PauseChanged,
    PeerPassedOver,
    PendingChanged,
    PositionMoved,
    QuarantineSwept,
    ReconcileDue,
    RetryScheduled,
    Role,
    RoleChanged,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    Wanted,
    WorkerConnected,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
    WorkerStopped,
)
from engine.figures import Status
from engine.snapshot import snapshot
from engine.state import JOBS, State, apply

W1, W2 = "n1:/b/1", "n2:/b/1"


def engine(at: float = 0, node: str = "n1") -> EngineStarted:
    return EngineStarted(at=at, node=node, version="1", pid=1)


def known(
    at: float = 0, session: str = "s", node: str = "n1", wanted: Wanted = Wanted.STARTED
) -> SessionKnown:
    return SessionKnown(
        at=at, session=session, primary="p", secondary="r@h::v", wanted=wanted, node=node
    )


def blocked(at: float = 0, session: str = "s", node: str = "n1") -> SessionBlocked:
    return SessionBlocked(at=at, session=session, node=node, cause="c", words="w", fix="f")


def hook(
    at: float = 0, session: str = "s", node: str = "n1", label: str = "l", code: int = 0
) -> HookEnded:
    return HookEnded(
        at=at, session=session, node=node, hook="h", about=label, seconds=1, code=code, words="w"
    )


def of(kind: Any, at: float = 0, worker: str = W1, session: str = "s", **more: Any) -> Any:
    fields: dict[Any, dict[str, Any]] = {
        WorkerStarted: {"pid": 7, "restart": 0},
        WorkerConnected: {"peer": "h", "peer_version": "1", "seconds": 0.5},
        PeerPassedOver: {"peer": "h2", "cause": "c", "words": "w", "fix": "f"},
        RoleChanged: {"role": Role.ACTIVE, "reason": "first"},
        PauseChanged: {"paused": True},
        CrawlChanged: {"crawl": Crawl.HYBRID, "reason": "new"},
        ReconcileDue: {"due": True, "since": 3, "until": 4},
        CrawlProgressed: {"done": 0.5, "directories": 1, "files": 2},
        WorkerProgressed: {
            "slices": 1,
            "records": 1,
            "entries": 1,
            "files": 1,
            "bytes": 1,
            "removed": 0,
        },
        MinuteCounted: {"minute": 60, "slices": 1, "entries": 1, "files": 1, "bytes": 1},
        PendingChanged: {
            "slices": 1,
            "entries": 1,
            "files": 1,
            "bytes": 1,
            "doing": "d",
            "waits": "w",
        },
        PositionMoved: {"stime": 5, "slice": 6},
        BatchDone: {
            "slices": 1,
            "records": 1,
            "entries": 1,
            "files": 1,
            "bytes": 1,
            "removed": 0,
            "seconds": 1.0,
            "rounds": 1,
        },
        JobStarted: {"mover": "rsync", "job": 1, "asked": 1, "size": 9, "largest": ()},
        JobFinished: {
            "mover": "rsync",
            "job": 1,
            "asked": 1,
            "moved": 1,
            "short": 0,
            "sent": 1,
            "matched": 0,
            "literal": 1,
            "seconds": 1.0,
            "code": 0,
            "words": "",
        },
        MoverTried: {"mover": "rsync", "works": True, "seconds": 0.2, "words": "", "fix": ""},
        EntryFailed: {
            "gfid": "g",
            "path": "p",
            "doing": "create",
            "kind": "EACCES",
            "words": "denied",
            "tries": 1,
        },
        FailuresCounted: {"waiting": 3, "skipped": 1},
        EntryMended: {"gfid": "g"},
        CheckpointReached: {"label": "l", "time": 5},
        QuarantineSwept: {"removed": 3, "left": 1},
        WorkerFaulty: {"cause": "c", "words": "w", "fix": "f", "evidence": "e"},
        RetryScheduled: {"attempt": 1, "due": 9.0},
        WorkerStopped: {"reason": "asked"},
        Caught: {"goal": 5},
    }
    return kind(at=at, session=session, worker=worker, **(fields[kind] | more))


KINDS = [
    WorkerStarted,
    WorkerConnected,
    RoleChanged,
    CrawlChanged,
    CrawlProgressed,
    WorkerProgressed,
    PendingChanged,
    PositionMoved,
    BatchDone,
    JobStarted,
    JobFinished,
    EntryFailed,
    FailuresCounted,
    EntryMended,
    QuarantineSwept,
    ReconcileDue,
    WorkerFaulty,
    RetryScheduled,
    WorkerStopped,
    Caught,
    MoverTried,
    PauseChanged,
    CheckpointReached,
    MinuteCounted,
    PeerPassedOver,
]


def fold(events: list[AnyEvent]) -> State:
    found = State()
    for event in events:
        apply(found, event)
    return found


@st.composite
def events(draw: st.DrawFn) -> AnyEvent:
    at = draw(st.floats(0, 100))
    session, node = draw(st.sampled_from("st")), draw(st.sampled_from(["n1", "n2"]))
    ours = [CheckpointSet, CheckpointDeleted, HookEnded, SessionForgotten]
    kind = draw(st.sampled_from([*KINDS, *KINDS, engine, known, blocked, *ours]))
    if kind is engine:
        return engine(at, node)
    if kind is known:
        return known(at, session, node, draw(st.sampled_from(Wanted)))
    if kind is blocked:
        return blocked(at, session, node)
    if kind is SessionForgotten:
        return SessionForgotten(at=at, session=session, node=node)
    label = draw(st.sampled_from("lm"))
    if kind is CheckpointSet:
        return CheckpointSet(at=at, session=session, node=node, label=label, time=5)
    if kind is CheckpointDeleted:
        return CheckpointDeleted(at=at, session=session, node=node, label=label)
    if kind is HookEnded:
        return hook(at, session, node, label)
    more: dict[str, Any] = {}
    if kind is CheckpointReached:
        more["label"] = label
    if kind is PeerPassedOver:
        more["peer"] = draw(st.sampled_from("hxy"))
    if kind in (EntryFailed, EntryMended):
        more["gfid"] = draw(st.sampled_from("abcdef"))
    if kind is EntryFailed:
        more["skipped"] = draw(st.booleans())
    found: AnyEvent = of(kind, at, f"{node}:/b/{draw(st.sampled_from('12'))}", session, **more)
    return found


@settings(deadline=None, max_examples=300)
@given(st.lists(events(), max_size=60))
def test_a_snapshot_paints_the_same_picture(run: list[AnyEvent]) -> None:
    before_all = state.RECENT, state.FAILURES, state.FAULTS, state.PEERS
    state.RECENT, state.FAILURES = 4, 4  # small, so that everything overflows
    state.FAULTS, state.PEERS = 2, 2
    try:
        before = fold(run)
        after = fold(snapshot(before))
        assert after == before
        assert fold(snapshot(after)) == before
        # What is said again over a picture that is already there takes its place.
        for event in snapshot(after):
            apply(after, event)
        for node, each in before.engines.items():
            if each.started:
                assert after.engines[node] == each
    finally:
        state.RECENT, state.FAILURES, state.FAULTS, state.PEERS = before_all


@given(st.lists(events(), max_size=40), st.lists(events(), max_size=40))
@settings(deadline=None)
def test_what_an_engine_says_again_replaces_what_it_said(
    run: list[AnyEvent], noise: list[AnyEvent]
) -> None:
    said = fold([engine(node="n1"), engine(node="n2"), *run])
    again = fold([*noise, engine(node="n1"), engine(node="n2"), *noise, *snapshot(said)])
    assert again == said


def test_what_is_told_again_is_the_latest() -> None:
    first, second = of(EntryMended, 1, gfid="a"), of(EntryMended, 2, gfid="b")
    told = [engine(), of(WorkerStarted, pid=1, restart=0), first, second, first]
    assert list(fold(told).engines["n1"].recent)[1:] == [second, first]


def test_everything_is_bounded() -> None:
    run: list[AnyEvent] = [engine(), known()]
    for i in range(3000):
        run += [of(kind, i, pid=i) if kind is WorkerStarted else of(kind, i) for kind in KINDS[1:9]]
        run += [of(JobFinished, i, job=i), of(EntryFailed, i, gfid=str(i)), of(BatchDone, i)]
        run += [of(FailuresCounted, i, waiting=i + 1), of(MinuteCounted, i)]
        run += [of(WorkerFaulty, i), of(PeerPassedOver, i, peer=str(i))]
    picture = fold(run)
    worker = picture.sessions["s"].workers[W1]
    assert len(worker.samples) == state.SAMPLES
    assert len(worker.batches) == state.BATCHES
    assert len(worker.jobs) == state.JOBS
    assert len(worker.minutes) == state.MINUTES
    assert [fault.at for fault in worker.faults] == [*range(2990, 3000)]
    assert len(worker.passed) == state.PEERS
    assert len(worker.failures) == state.FAILURES
    assert worker.failing == picture.sessions["s"].failing == 3000
    assert len(picture.engines["n1"].recent) == state.RECENT
    assert fold(snapshot(picture)) == picture


def test_more_failures_than_are_listed_are_counted() -> None:
    failed = [of(EntryFailed, i, gfid=str(i)) for i in range(state.FAILURES + 2)]
    counted = of(FailuresCounted, waiting=state.FAILURES + 2)
    worker = fold([*failed, counted]).sessions["s"].workers[W1]
    assert (worker.failing, worker.unlisted) == (state.FAILURES + 2, 2)
    mended = [of(EntryMended, gfid="0"), of(FailuresCounted, waiting=state.FAILURES + 1)]
    worker = fold([*failed, counted, *mended]).sessions["s"].workers[W1]
    assert (worker.failing, worker.unlisted) == (state.FAILURES + 1, 1)
    assert fold([of(EntryMended)]).sessions == {}, "nothing is known of it"


def test_what_is_skipped_is_no_failure_any_more() -> None:
    skipped = [of(EntryFailed, skipped=True), of(FailuresCounted, waiting=0, skipped=1)]
    picture = fold([of(EntryFailed), *skipped])
    assert picture.sessions["s"].failing == 0
    assert not picture.sessions["s"].workers[W1].failures
    assert list(picture.sessions["s"].workers[W1].aside) == ["g"]
    for event in (of(EntryFailed), of(EntryMended)):
        apply(picture, event)
        assert not picture.sessions["s"].workers[W1].aside


def test_a_new_process_forgets_the_run_and_keeps_the_facts() -> None:
    run = [of(kind, i) for i, kind in enumerate(KINDS) if kind is not EntryMended]
    worker = fold([*run, of(WorkerStarted, 99, restart=1)]).sessions["s"].workers[W1]
    kept = (worker.position, worker.fault, worker.failures, worker.batches, worker.reconcile)
    assert all(kept)
    gone = (worker.connected, worker.role, worker.crawl, worker.crawled, worker.pending)
    assert gone == (None,) * 5
    assert (worker.ended, worker.retry, worker.caught, worker.totals) == (None,) * 4
    assert list(worker.faults) == [worker.fault]
    assert worker.passed == {}


def test_two_engines_make_one_session() -> None:
    run = [engine(0, "n1"), engine(0, "n2"), known(1), known(2, node="n2", wanted=Wanted.PAUSED)]
    picture = fold([*run, of(WorkerStarted, 3), of(WorkerStarted, 4, W2)])
    session = picture.sessions["s"]
    assert set(session.workers) == {W1, W2}
    assert session.known is not None
    assert session.known.wanted is Wanted.PAUSED
    apply(picture, engine(9, "n1"))
    assert set(picture.sessions["s"].workers) == {W2}
    apply(picture, SessionForgotten(at=10, session="s", node="n2"))
    apply(picture, SessionForgotten(at=10, session="s", node="n1"))
    assert picture.sessions == {}
    assert [type(event) for event in picture.recent()] == [
        SessionKnown,
        WorkerStarted,
        SessionForgotten,
        SessionForgotten,
    ]


ENDED = of(WorkerFaulty)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param([of(PendingChanged)], Status.STARTING, id="nothing is known of its start"),
        pytest.param([of(WorkerStarted)], Status.STARTING, id="no role yet"),
        pytest.param([of(RoleChanged)], Status.ACTIVE, id="active"),
        pytest.param([of(RoleChanged, role=Role.PASSIVE)], Status.PASSIVE, id="passive"),
        pytest.param([of(RoleChanged), ENDED], Status.FAULTY, id="ended by a fault"),
        pytest.param([ENDED, of(WorkerStarted)], Status.STARTING, id="started again"),
        pytest.param([of(WorkerStopped)], Status.STOPPED, id="ended because it was asked to"),
        pytest.param(
            [known(wanted=Wanted.PAUSED), of(RoleChanged), ENDED], Status.PAUSED, id="paused"
        ),
        pytest.param(
            [known(wanted=Wanted.PAUSED), of(WorkerStarted), of(RoleChanged)],
            Status.ACTIVE,
            id="still running towards its pause",
        ),
        pytest.param(
            [known(wanted=Wanted.PAUSED), of(WorkerStarted), of(PauseChanged)],
            Status.PAUSED,
            id="at rest",
        ),
        pytest.param(
            [known(wanted=Wanted.PAUSED), of(WorkerStarted), of(PauseChanged, paused=False)],
            Status.STARTING,
            id="paused again, and not at rest yet",
        ),
        pytest.param(
            [of(WorkerStarted), of(PauseChanged), of(RoleChanged)], Status.ACTIVE, id="resumed"
        ),
        pytest.param(
            [known(wanted=Wanted.STOPPED), ENDED], Status.STOPPED, id="a fault, then a stop"
        ),
        pytest.param(
            [known(wanted=Wanted.STOPPED), of(WorkerStarted), of(RoleChanged)],
            Status.ACTIVE,
            id="still running towards its stop",
        ),
        pytest.param(
            [known(wanted=Wanted.CREATED), of(PositionMoved)], Status.STOPPED, id="never started"
        ),
    ],
)
def test_status(run: list[AnyEvent], expected: Status) -> None:
    assert figures.status(fold(run).sessions["s"], W1) is expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param([known()], Status.STARTING, id="no worker yet"),
        pytest.param([known(wanted=Wanted.CREATED)], Status.STOPPED, id="created"),
        pytest.param([known(wanted=Wanted.PAUSED)], Status.PAUSED, id="paused"),
        pytest.param(
            [known(wanted=Wanted.PAUSED), of(WorkerStarted), of(RoleChanged)],
            Status.ACTIVE,
            id="something is still under way",
        ),
        pytest.param([known(), blocked()], Status.FAULTY, id="blocked"),
        pytest.param([blocked(), known()], Status.STARTING, id="no longer blocked"),
        pytest.param([of(RoleChanged), of(WorkerFaulty, worker=W2)], Status.FAULTY, id="a fault"),
        pytest.param([of(RoleChanged), of(WorkerStarted, worker=W2)], Status.ACTIVE, id="active"),
        pytest.param([of(RoleChanged, role=Role.PASSIVE)], Status.PASSIVE, id="only replicas"),
        pytest.param([of(WorkerStopped)], Status.STOPPED, id="all ended"),
    ],
)
def test_session_status(run: list[AnyEvent], expected: Status) -> None:
    assert figures.session_status(fold(run).sessions["s"]) is expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param([of(RoleChanged)], None, id="unknown"),
        pytest.param([of(PositionMoved, stime=0)], None, id="nothing was ever settled"),
        pytest.param([of(PositionMoved, stime=40)], 60, id="behind"),
        pytest.param([of(PositionMoved, stime=140)], 0, id="clocks differ: never below zero"),
        pytest.param(
            [of(PositionMoved), of(RoleChanged, role=Role.PASSIVE)], None, id="a replica does it"
        ),
    ],
)
def test_lag(run: list[AnyEvent], expected: float | None) -> None:
    session = fold(run).sessions["s"]
    assert figures.lag(session.workers[W1], 100) == expected
    assert figures.session_lag(session, 100) == expected


def progress(points: list[tuple[float, int]]) -> list[WorkerProgressed]:
    run: list[AnyEvent] = [of(WorkerProgressed, at, bytes=total) for at, total in points]
    return list(fold(run).sessions["s"].workers[W1].samples)


def test_samples_are_a_second_apart_and_the_newest_is_there() -> None:
    kept = progress([(i / 4, i) for i in range(100)])
    assert kept[-1].bytes == 99
    gaps = [b.at - a.at for a, b in itertools.pairwise(kept)]
    assert all(gap >= 1 for gap in gaps[:-1])
    assert [e.bytes for e in progress([(50, 1), (51, 2), (10, 3)])] == [3], "clock set back"


def test_rate_and_series() -> None:
    steady = progress([(i, i * 10) for i in range(60)])
    assert figures.rate(steady, "bytes", 59, window=10) == 10
    assert figures.series(steady, "bytes", 59, window=10, points=5) == [10] * 5
    assert figures.rate([], "bytes", 59, window=10) == 0
    assert figures.series(steady, "bytes", 59, window=120, points=60) == [5] + [10] * 29
    idle = progress([(0, 0), (50, 300)])
    assert figures.series(idle, "bytes", 50, window=10, points=10)[:7] == [0] * 7
    assert figures.series(idle, "bytes", 50, window=10, points=10)[7:] == [100] * 3


def test_what_is_to_be_reconciled() -> None:
    def told(*run: AnyEvent) -> tuple[int, int] | None:
        found = figures.unreconciled(fold([*run]).sessions["s"])
        return None if found is None else (found.since, found.until)

    first = of(ReconcileDue)
    assert told(of(WorkerStarted)) is None
    assert told(first) == (3, 4)
    assert told(first, of(WorkerStarted, 9)) == (3, 4), "it outlives the worker"
    assert told(first, of(ReconcileDue, 9, due=False)) is None
    assert told(first, of(ReconcileDue, worker=W2, since=0, until=9)) == (0, 9)
    assert told(first, of(RoleChanged, role=Role.PASSIVE)) is None, "the Active one tells"


def test_crawl_of() -> None:
    assert figures.crawl_of(fold([of(WorkerStarted)]).sessions["s"].workers[W1]) is Crawl.NONE
    assert figures.crawl_of(fold([of(CrawlChanged)]).sessions["s"].workers[W1]) is Crawl.HYBRID


def test_node_of() -> None:
    assert state.node_of("fe80::1:/bricks/b:1") == "fe80::1"


def test_jobs_run_until_they_end() -> None:
    run = [of(JobStarted, 1, job=1), of(JobStarted, 2, job=2), of(JobFinished, 3, job=1)]
    worker = fold(run).sessions["s"].workers[W1]
    assert list(worker.running) == [2]
    again = fold([*run, of(WorkerStarted, 4), of(JobStarted, 5, job=1)])
    assert list(again.sessions["s"].workers[W1].running) == [1]
    assert fold(snapshot(again)) == again, "a job of the run before had the same number"
    for end in (WorkerFaulty, WorkerStopped):
        assert not fold([*run, of(end, 4)]).sessions["s"].workers[W1].running
    many = fold([of(JobStarted, at, job=at) for at in range(JOBS + 5)])
    assert list(many.sessions["s"].workers[W1].running) == list(range(5, JOBS + 5))
