"""How long what is left takes, how far checkpoints are, and the words for both."""

import msgspec
import pytest
from test_state import W1, W2, fold, hook, known, of

from engine import figures, progress
from engine.events import (
    AnyEvent,
    CheckpointDeleted,
    CheckpointReached,
    CheckpointSet,
    Crawl,
    CrawlChanged,
    CrawlProgressed,
    MinuteCounted,
    PendingChanged,
    PositionMoved,
    Role,
    RoleChanged,
    WorkerProgressed,
    WorkerStarted,
)
from engine.progress import DONE, UNKNOWN, Confidence, Estimate
from georep_tui import standing

NOW = 3600.0
GOOD, ROUGH = Confidence.GOOD, Confidence.ROUGH


def left(slices: int = 0, entries: int = 0, size: int = 0) -> AnyEvent:
    event: AnyEvent = of(PendingChanged, NOW, slices=slices, entries=entries, files=0, bytes=size)
    return event


def last_minute(**total: int) -> list[AnyEvent]:
    nothing = {"slices": 0, "entries": 0, "bytes": 0}
    return [
        of(WorkerProgressed, NOW - 60, **nothing),
        *(of(WorkerProgressed, NOW - 60 + i, **nothing) for i in (20, 40)),
        of(WorkerProgressed, NOW, **{**nothing, **total}),
    ]


def last_hour(**each: int) -> list[AnyEvent]:
    nothing = {"slices": 0, "entries": 0, "bytes": 0}
    return [of(MinuteCounted, minute=i * 60, **{**nothing, **each}) for i in range(60)]


def crawling(*done: tuple[float, float]) -> list[AnyEvent]:
    return [of(CrawlChanged), *(of(CrawlProgressed, at, done=share) for at, share in done)]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param([of(RoleChanged, role=Role.PASSIVE), left(9)], None, id="a replica does it"),
        pytest.param([of(RoleChanged)], None, id="nothing was said"),
        pytest.param([of(RoleChanged), left()], DONE, id="nothing is left"),
        pytest.param([of(RoleChanged), left(9)], UNKNOWN, id="nothing was done lately"),
        pytest.param(
            [of(RoleChanged), left(100), *last_minute(slices=60)],
            Estimate(100, ROUGH),
            id="only the last minute tells",
        ),
        pytest.param(
            [of(RoleChanged), left(100), *last_hour(slices=60)],
            Estimate(100, ROUGH),
            id="only the last hour tells",
        ),
        pytest.param(
            [of(RoleChanged), left(100), *last_minute(slices=60), *last_hour(slices=40)],
            Estimate(100, GOOD),
            id="both tell about the same",
        ),
        pytest.param(
            [of(RoleChanged), left(100), *last_minute(slices=60), *last_hour(slices=6)],
            Estimate(1000, ROUGH),
            id="they differ: the longer one",
        ),
        pytest.param(
            [of(RoleChanged), left(100, 0, 3000), *last_minute(slices=60, bytes=600)],
            Estimate(300, ROUGH),
            id="the slowest of what is left counts",
        ),
        pytest.param(
            [of(RoleChanged), left(100, 0, 3000), *last_minute(slices=60)],
            UNKNOWN,
            id="something does not move at all",
        ),
        pytest.param(
            [
                of(RoleChanged),
                left(0, 0, 8_000_000),
                of(WorkerProgressed, NOW - 3, bytes=0),
                of(WorkerProgressed, NOW - 1, bytes=48),
            ],
            UNKNOWN,
            id="it has hardly begun",
        ),
        pytest.param([of(RoleChanged), left(), *crawling()], UNKNOWN, id="a crawl begins"),
        pytest.param(
            [of(RoleChanged), left(), *crawling((3595, 0.0), (3600, 0.01))],
            UNKNOWN,
            id="a crawl has hardly begun",
        ),
        pytest.param(
            [of(RoleChanged), left(), *crawling((3500, 0.5), (3600, 0.75))],
            Estimate(100, GOOD),
            id="a crawl that went on from its cursor",
        ),
        pytest.param(
            [of(RoleChanged), left(), *crawling((3500, 0.5), (3580, 0.58))],
            Estimate(400, ROUGH),
            id="a crawl of which little was seen",
        ),
        pytest.param(
            [
                of(RoleChanged),
                left(),
                *crawling((3500, 0.5)),
                of(CrawlChanged, crawl=Crawl.HISTORY),
            ],
            DONE,
            id="a crawl that is over",
        ),
    ],
)
def test_eta(run: list[AnyEvent], expected: Estimate | None) -> None:
    session = fold([known(), *run]).sessions["s"]
    found = progress.worker_eta(session.workers[W1], NOW)
    if found is not None and found.seconds is not None and expected and expected.seconds:
        assert (round(found.seconds), found.confidence) == (expected.seconds, expected.confidence)
    else:
        assert found == expected
    assert progress.session_eta(session, NOW) == found


def test_a_session_takes_as_long_as_its_last_brick_and_is_as_sure_as_the_least() -> None:
    def of_w2(event: AnyEvent) -> AnyEvent:
        return msgspec.structs.replace(event, worker=W2)

    one = [of(RoleChanged), left(100), *last_minute(slices=60), *last_hour(slices=60)]
    other = [of(RoleChanged), left(9), *last_minute(slices=60)]
    found = progress.session_eta(fold([known(), *one, *map(of_w2, other)]).sessions["s"], NOW)
    assert found == Estimate(100, ROUGH)
    stuck = [of(RoleChanged), left(9)]
    found = progress.session_eta(fold([known(), *one, *map(of_w2, stuck)]).sessions["s"], NOW)
    assert found == UNKNOWN
    assert progress.session_eta(fold([known()]).sessions["s"], NOW) is None


def test_the_rate_of_an_hour_is_over_what_is_known_of_it() -> None:
    minutes = [of(MinuteCounted, minute=60 * i, bytes=600) for i in range(50, 60)]
    assert progress.hourly(minutes, "bytes", NOW) == 10
    assert progress.hourly(minutes, "bytes", NOW + 6000) == 0
    assert progress.hourly(minutes[-1:], "bytes", NOW) == 10
    assert progress.hourly([], "bytes", NOW) == 0


def test_up_to_when_everything_is_there() -> None:
    def told(*run: AnyEvent) -> float | None:
        return figures.session_ahead(fold([known(), *run]).sessions["s"])

    here = [of(RoleChanged), of(PositionMoved, stime=50), of(PendingChanged, ahead=70.5)]
    there = [msgspec.structs.replace(event, worker=W2) for event in here]
    assert told(*here) == 70.5
    assert told(*here, *there, of(PendingChanged, worker=W2, ahead=60.0)) == 60.0
    assert told(*here, of(PositionMoved, stime=80)) == 80, "never before what is settled"
    assert told(*here, *there[:2]) is None, "one at work says nothing"
    assert told(*here, of(RoleChanged, worker=W2, role=Role.PASSIVE), *there[1:]) == 70.5
    assert told(of(PendingChanged, ahead=70.5)) is None
    assert told(here[0], here[2]) is None, "nothing was ever settled"


def told(label: str = "l", node: str = "n1", time: int = 100) -> CheckpointSet:
    return CheckpointSet(at=1, session="s", node=node, label=label, time=time)


def started(worker: str, part: int, parts: int = 2) -> AnyEvent:
    event: AnyEvent = of(WorkerStarted, 2, worker, part=part, parts=parts)
    return event


REPLICAS = [started(W1, 0), started("n1:/b/2", 1), started(W2, 0), started("n2:/b/2", 1)]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param([told()], (0, 0, None, ()), id="no worker was ever started"),
        pytest.param(
            [told(), *REPLICAS], (0, 2, None, (W1, "n1:/b/2")), id="only one node was told of it"
        ),
        pytest.param(
            [told(), *REPLICAS, of(CheckpointReached, 5)], (1, 2, None, ("n1:/b/2",)), id="a part"
        ),
        pytest.param(
            [
                *(told(), *REPLICAS, of(CheckpointReached, 5), of(CheckpointReached, 9, W2)),
                of(CheckpointReached, 7, "n1:/b/2"),
            ],
            (2, 2, 7, ()),
            id="one replica of each part",
        ),
        pytest.param(
            [told(), started(W1, 0, 4), of(CheckpointReached, 5)],
            (1, 4, None, ()),
            id="the others are on other nodes",
        ),
        pytest.param(
            [of(CheckpointReached, 5), of(CheckpointReached, 6, W2)],
            (2, 2, 6, ()),
            id="only that it was reached is known, as from another program's logs",
        ),
        pytest.param(
            [
                *(told(), of(RoleChanged), of(RoleChanged, worker="n1:/b/2", role=Role.PASSIVE)),
                of(CheckpointReached, 5),
            ],
            (1, 1, 5, ()),
            id="nobody knows the parts: who is Passive does not count",
        ),
        pytest.param(
            [of(RoleChanged), told(), of(CheckpointReached, 5), told(time=200)],
            (0, 1, None, (W1,)),
            id="set anew",
        ),
    ],
)
def test_how_far_a_checkpoint_is(run: list[AnyEvent], expected: tuple[object, ...]) -> None:
    (found,) = progress.checkpoints(fold([known(), *run]).sessions["s"])
    assert (found.reached, found.parts, found.at, found.workers) == expected


def test_checkpoints_are_listed_the_latest_moment_first_and_forgotten() -> None:
    run = [told("a", time=5), told("b", time=9), told("a", "n2", 7), hook(label="a", code=3)]
    found = progress.checkpoints(fold([known(), *run]).sessions["s"])
    assert [(each.label, each.time, len(each.hooks)) for each in found] == [
        ("b", 9, 0),
        ("a", 7, 1),
    ]
    gone = [CheckpointDeleted(at=3, session="s", node="n1", label=label) for label in "ab"]
    found = progress.checkpoints(fold([known(), *run, *gone]).sessions["s"])
    assert [(each.label, each.time) for each in found] == [("a", 7)]


@pytest.mark.parametrize(
    ("run", "time", "expected", "words"),
    [
        pytest.param(
            [of(RoleChanged), left()],
            100,
            Estimate(0, ROUGH),
            "0 of 1 part, with the next slice",
            id="nothing is left",
        ),
        pytest.param(
            [of(RoleChanged), left(100), *last_minute(slices=60)],
            100,
            Estimate(100, ROUGH),
            "0 of 1 part, about 100 s (rough)",
            id="what is pending goes first",
        ),
        pytest.param(
            [of(RoleChanged), left(100), *last_minute(slices=60)],
            4200,
            Estimate(600, ROUGH),
            "0 of 1 part, about 10 min (rough)",
            id="its time has to come",
        ),
        pytest.param(
            [of(RoleChanged), left(100)],
            100,
            UNKNOWN,
            "0 of 1 part, — (nothing was done lately)",
            id="nobody can tell",
        ),
        pytest.param([of(PositionMoved)], 100, None, "0 of 1 part", id="nobody works towards it"),
        pytest.param(
            [of(RoleChanged), left(9), of(CheckpointReached, 3600)],
            100,
            None,
            "reached 1970-01-01 01:00:00",
            id="complete",
        ),
    ],
)
def test_when_a_checkpoint_is_complete(
    run: list[AnyEvent], time: int, expected: Estimate | None, words: str
) -> None:
    session = fold([known(), told(time=time), *run]).sessions["s"]
    (found,) = progress.checkpoints(session)
    eta = progress.checkpoint_eta(session, found, NOW)
    assert (eta and eta.seconds and round(eta.seconds)) == (expected and expected.seconds)
    assert (eta and eta.confidence) == (expected and expected.confidence)
    assert standing.words(session, found, NOW)[0] == words


def test_lines_of_checkpoints() -> None:
    run: list[AnyEvent] = [told("a", time=5), told("bb", time=9), hook(label="a", code=3)]
    session = fold([known(), started(W1, 0, 4), *run, of(CheckpointReached, label="a")]).sessions[
        "s"
    ]
    said = ["".join(part for part, _ in line) for line in standing.lines(session, NOW)]
    assert said == [
        " bb  1970-01-01 00:00:09 UTC  0 of 4 parts",
        " a   1970-01-01 00:00:05 UTC  1 of 4 parts, the others are on other nodes",
        "   n1: its command failed (3): w",
    ]
    said = ["".join(part for part, _ in line) for line in standing.lines(session, NOW, most=1)]
    assert said[1:] == [" and 1 more"]


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (None, ""),
        (UNKNOWN, "— (nothing was done lately)"),
        (DONE, "nothing"),
        (Estimate(240, GOOD), "about 4 min"),
        (Estimate(3.14, ROUGH), "about 3.1 s (rough)"),
    ],
)
def test_words_for_an_estimate(estimate: Estimate | None, words: str) -> None:
    assert standing.eta(estimate) == words


def test_at_the_begin_of_a_crawl_nobody_says_that_nothing_was_done() -> None:
    run = [known(), started(W1, 0, 1), of(RoleChanged), left()]
    crawls = fold([*run, *crawling((NOW, 0.0))]).sessions["s"]
    assert standing.session_eta(crawls, NOW) == "— (the crawl has only begun)"
    later = fold([*run, *crawling((NOW - 10, 0.0), (NOW, 0.5))]).sessions["s"]
    assert standing.session_eta(later, NOW) == "about 10 s"
    assert standing.session_eta(fold(run).sessions["s"], NOW) == ""


def test_how_far_a_checkpoint_is_goes_below_where_it_has_no_room() -> None:
    session = fold([known(), started(W1, 0, 4), told("nightly", time=5)]).sessions["s"]
    lines = standing.lines(session, NOW, width=40)
    assert ["".join(part for part, _ in line) for line in lines] == [
        " nightly  1970-01-01 00:00:05 UTC",
        "   0 of 4 parts",
    ]
    assert len(standing.lines(session, NOW, width=80)) == 1


def test_who_has_just_begun_is_not_slow() -> None:
    samples = [of(WorkerProgressed, at, files=files) for at, files in ((NOW - 2, 0), (NOW, 80))]
    assert figures.rate(samples, "files", NOW, window=10) == 8
    assert figures.lately(samples, "files", NOW, window=10) == 40
    assert figures.lately([], "files", NOW, window=10) == 0
