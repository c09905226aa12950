"""The words about workers, sessions and what needs somebody."""

from typing import Any, cast

import msgspec
import pytest
import scripted

from engine.events import (
    AnyEvent,
    Caught,
    CheckpointSet,
    Crawl,
    CrawlChanged,
    CrawlProgressed,
    EngineStarted,
    EntryFailed,
    FailuresCounted,
    MinuteCounted,
    MoverTried,
    PauseChanged,
    PeerPassedOver,
    PendingChanged,
    PositionMoved,
    QuarantineSwept,
    ReconcileDue,
    Role,
    RoleChanged,
    SessionBlocked,
    SessionKnown,
    Wanted,
    WorkerConnected,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
    WorkerStopped,
)
from engine.state import State, apply
from georep_tui import attention, detail, report, tables
from georep_tui.rows import Line

WHO = {"session": "s", "worker": "n1:/b"}
STARTED = WorkerStarted(at=1, pid=7, restart=2, **WHO)
CONNECTED = WorkerConnected(at=2, peer="h", peer_version="9", seconds=1, **WHO)
ACTIVE = RoleChanged(at=3, role=Role.ACTIVE, reason="first", **WHO)
FAULTY = WorkerFaulty(
    at=4, cause="disk full", words="no space", fix="Make room.", evidence="", **WHO
)
BROKEN = MoverTried(
    at=5, mover="rsync", works=False, seconds=1, words="w", means="m", fix="Look at it.", **WHO
)
DUE = ReconcileDue(at=3, due=True, since=30, until=60, **WHO)
KNOWN = SessionKnown(
    at=1, session="s", primary="p", secondary="u@h::v", wanted=Wanted.STARTED, node="n1"
)
PAUSED = msgspec.structs.replace(KNOWN, at=9, wanted=Wanted.PAUSED)
BLOCKED = SessionBlocked(
    at=2, session="s", node="n2", cause="volume stopped", words="p is stopped", fix="Start it."
)


def fold(*events: AnyEvent) -> State:
    state = State()
    for event in events:
        apply(state, event)
    return state


def said(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        pytest.param([STARTED], "doing     connecting", id="just started"),
        pytest.param([STARTED, CONNECTED], "doing     starting", id="connected, no word yet"),
        pytest.param([ACTIVE], "role      active: first", id="active"),
        pytest.param([PositionMoved(at=1, stime=0, slice=0, **WHO)], "nothing has been", id="new"),
        pytest.param([FAULTY], "do        Make room.", id="faulty"),
        pytest.param([FAULTY], "fault     disk full · 00:00:04", id="faulty: cause"),
        pytest.param(
            [STARTED, WorkerStopped(at=5, reason="asked", **WHO)],
            "ended     00:00:05 · asked",
            id="stopped",
        ),
        pytest.param(
            [FAULTY, PAUSED],
            "ended     00:00:04 · no space",
            id="paused after a fault",
        ),
        pytest.param([Caught(at=5, goal=60, **WHO)], "all up to 1970-01-01 00:01:00", id="goal"),
        pytest.param(
            [ACTIVE, CrawlChanged(at=5, crawl=Crawl.HISTORY, reason="it was stopped", **WHO)],
            "crawl     history: it was stopped",
            id="crawl",
        ),
        pytest.param(
            [DUE], "deletes   since 1970-01-01 00:00:30 not reconciled", id="not reconciled"
        ),
        pytest.param([DUE], "do        georep reconcile s", id="not reconciled: what to do"),
        pytest.param(
            [msgspec.structs.replace(DUE, since=0)],
            "deletes   before 1970-01-01 00:01:00 not reconciled",
            id="not reconciled, and no position before",
        ),
        pytest.param(
            [RoleChanged(at=1, role=Role.PASSIVE, reason="n2:/b is active", **WHO)],
            "role      passive: n2:/b is active",
            id="passive",
        ),
    ],
)
def test_worker(run: list[AnyEvent], words: str) -> None:
    session = fold(*run).sessions["s"]
    assert words in said(detail.worker(session, "n1:/b", 100, 80))


def test_nothing_known() -> None:
    session = fold(KNOWN, PAUSED, WorkerProgressed(**_progress())).sessions["s"]
    assert "nothing is known" in said(detail.worker(session, "n1:/b", 100, 80))


def test_more() -> None:
    session = fold(FAULTY, STARTED, WorkerProgressed(**_progress())).sessions["s"]
    words = said(detail.more(session, "n1:/b", 80))
    assert "restarted 2 times" in words
    assert "last fault 1970" in words, "a label keeps off its words"
    assert "3 records" in words
    assert "failures  none" in words


def test_each_of_the_last_restarts_has_its_cause() -> None:
    earlier = [msgspec.structs.replace(FAULTY, at=at, cause=f"c{at}") for at in range(20)]
    session = fold(*earlier, STARTED, FAULTY).sessions["s"]
    words = said(detail.more(session, "n1:/b", 80))
    shown = [line.split(" · ")[1] for line in words.splitlines() if ": no space" in line]
    assert shown == [f"c{at}: no space" for at in range(19, 10, -1)], "the last one stands above"
    (plain,) = cast("list[Any]", report.status_plain(fold(*earlier), 10)["sessions"])
    assert [each["at"] for each in plain["workers"][0]["faults"]] == [*range(10, 20)]


PASSED = PeerPassedOver(
    at=2, peer="h2", cause="host unreachable", words="h2 is away", fix="Look at h2.", **WHO
)


def test_a_node_that_was_passed_over_is_told() -> None:
    state = fold(STARTED, PASSED, CONNECTED, ACTIVE)
    words = said(detail.more(state.sessions["s"], "n1:/b", 80))
    assert "peer      h · georep 9" in words
    assert "not used  h2 · host unreachable · 00:00:02" in words
    assert "do        Look at h2." in words
    (matter,) = attention.matters(state, 10)
    assert (matter.worker, matter.meaning) == ("n1", "warn")
    assert matter.words == "h2 passed over: host unreachable → Look at h2."
    assert attention.count(state) == 1
    (plain,) = cast("list[Any]", report.status_plain(state, 10)["sessions"])
    assert plain["workers"][0]["passed_over"] == {
        "h2": {"at": 2, "cause": "host unreachable", "words": "h2 is away", "fix": "Look at h2."}
    }
    apply(state, msgspec.structs.replace(CONNECTED, peer="h2"))
    assert attention.count(state) == 0, "it is used after all"
    apply(state, PASSED)
    for event in (FAULTY, STARTED):
        apply(state, event)
        assert attention.count(state) == int(event is FAULTY), "it is tried again"


def test_what_went_from_quarantine_is_told() -> None:
    swept = QuarantineSwept(at=5, removed=1234, left=0, **WHO)
    words = said(detail.more(fold(STARTED, swept).sessions["s"], "n1:/b", 80))
    assert "quarantine" in words
    assert words.rstrip().endswith("1 234 objects removed")
    left = msgspec.structs.replace(swept, left=2)
    assert "removed · 2 left" in said(detail.more(fold(left).sessions["s"], "n1:/b", 80))


PENDING = PendingChanged(
    at=100, slices=9, entries=0, files=0, bytes=0, doing="d", waits="w", ahead=98.0, **WHO
)


def test_a_paused_worker_says_what_it_waits_for() -> None:
    rests = PauseChanged(at=10, paused=True, **WHO)
    session = fold(KNOWN, PAUSED, STARTED, ACTIVE, rests, PENDING).sessions["s"]
    assert " waits     w" in said(detail.worker(session, "n1:/b", 100, 80))


def test_how_long_it_stood_still() -> None:
    totals = WorkerProgressed(
        at=10, slices=0, records=0, entries=0, files=0, bytes=0, removed=0, stall=0.0094, **WHO
    )
    stopped = WorkerStopped(at=11, reason="asked to stop", **WHO)

    def told(*more: AnyEvent) -> str:
        return said(detail.more(fold(STARTED, *more).sessions["s"], "n1:/b", 80))

    assert "stall     9 ms at most in the last minute" in told(totals)
    longer = msgspec.structs.replace(totals, stall=2.5)
    assert "stall     2.5 s at most in the last minute" in told(longer)
    assert "stall" not in told(msgspec.structs.replace(totals, stall=-1.0)), "an older version"
    assert "stall" not in told(totals, stopped), "there is nobody to stand still"

    def plain(*more: AnyEvent) -> object:
        (found,) = cast("list[Any]", report.status_plain(fold(STARTED, *more), 10)["sessions"])
        return found["workers"][0]["stall"]

    assert plain(longer) == 2.5, "programs are told the same"
    assert plain() is plain(msgspec.structs.replace(totals, stall=-1.0)) is None
    assert plain(totals, stopped) is None


def test_what_has_only_attributes_is_told_of() -> None:
    session = fold(STARTED, ACTIVE, msgspec.structs.replace(PENDING, entries=204, meta=12))
    words = said(detail.worker(session.sessions["s"], "n1:/b", 100, 80))
    assert "pending   9 slices · 204 entries, 12 meta · 0 files" in words
    older = fold(STARTED, ACTIVE, msgspec.structs.replace(PENDING, entries=204))
    assert "meta" not in said(detail.worker(older.sessions["s"], "n1:/b", 100, 80))
    [head, row] = (
        "".join(part for part, _ in line)
        for table in [tables.workers(older.sessions["s"], 100, 140)]
        for line in (table.head, table.rows[0].line)
    )
    at = head.index("META")
    assert row[at : at + 4].strip() == "—"


def test_programs_are_told_of_attributes_alone() -> None:
    told = msgspec.structs.replace(PENDING, entries=204, meta=12)
    other = {"session": "s", "worker": "n2:/b"}
    also = [
        msgspec.structs.replace(each, **other)
        for each in (STARTED, ACTIVE, msgspec.structs.replace(PENDING, meta=5))
    ]
    untold = msgspec.structs.replace(also[-1], meta=-1)

    def meta(*run: AnyEvent) -> list[object]:
        (found,) = cast("list[Any]", report.status_plain(fold(*run), 100)["sessions"])
        whole = [found, *found["workers"]]
        return [each["pending"] and each["pending"]["meta"] for each in whole]

    assert meta(STARTED, ACTIVE, told, *also) == [17, 12, 5]
    assert meta(STARTED, ACTIVE, told, *also[:2], untold) == [None, 12, None], "not known is no 0"
    assert meta(STARTED, ACTIVE) == [0, None]


def test_how_long_it_takes_and_up_to_when_all_is_there() -> None:
    minute = MinuteCounted(at=99, minute=39, slices=6, entries=60, files=0, bytes=0, **WHO)
    position = PositionMoved(at=50, stime=49, slice=50, **WHO)
    state = fold(KNOWN, STARTED, ACTIVE, PENDING, minute, position)
    words = said(detail.worker(state.sessions["s"], "n1:/b", 100, 80))
    assert "left      about 92 s (rough)" in words
    assert "last hour 1.0 entries/s · 0 files/s · 0 MB/s" in words
    assert "there     all up to 00:01:38, settled or not · 00:02 ago" in words
    point = CheckpointSet(at=1, session="s", node="n1", label="nightly", time=90)
    apply(state, point)
    words = said(detail.session(state, "s", 100, 80))
    assert "left      about 92 s (rough)" in words
    assert "nightly  1970-01-01 00:01:30 UTC  0 of 1 part, about 92 s (rough)" in words


def test_lists_that_are_empty() -> None:
    worker = fold(STARTED).sessions["s"].workers["n1:/b"]
    assert "none yet" in said(detail.batches(worker, 60))
    assert "none yet" in said(detail.jobs(worker, 60))


def test_session() -> None:
    state = fold(EngineStarted(at=0, node="n1", version="1.2", pid=1), KNOWN, STARTED, BLOCKED)
    words = said(detail.session(state, "s", 100, 60))
    assert "n1 · georep 1.2 · 1 brick" in words
    assert "n2 · — · 0 bricks" in words
    assert "p is stopped" in words
    assert "Start it." in words


def test_what_needs_somebody() -> None:
    failed = [
        EntryFailed(
            at=i, gfid=str(i), path="p", doing="create", kind="EACCES", words="w", tries=1, **WHO
        )
        for i in range(502)
    ]
    counted = FailuresCounted(at=502, waiting=502, skipped=0, **WHO)
    state = fold(KNOWN, BLOCKED, FAULTY, *failed, counted)
    assert attention.count(state) == 504
    found = attention.matters(state, 100)
    assert [matter.meaning for matter in found] == ["bad", "bad", "warn", "warn"]
    words = said(attention.lines(found, 80, 9))
    assert "faulty: disk full" in words
    assert "cannot run: p is stopped → Start it." in words
    assert "EACCES ×500" in words
    assert "2 more failures than are listed" in words
    assert "and 3 more" in said(attention.lines(found, 80, 2))
    assert attention.matters(fold(KNOWN), 1) == []


def test_what_was_wrong_stays_in_sight_while_a_worker_begins_again() -> None:
    begins = msgspec.structs.replace(STARTED, at=9)
    (matter,) = attention.matters(fold(KNOWN, STARTED, FAULTY, begins), 10)
    assert attention.count(fold(KNOWN, STARTED, FAULTY, begins)) == 1
    assert matter.words == "faulty: disk full, retry 2 now"
    assert "→ Make room." in said(attention.whole([matter], 100))
    works = (CONNECTED, ACTIVE)
    assert attention.matters(fold(KNOWN, STARTED, FAULTY, begins, *works), 10) == []
    first = msgspec.structs.replace(begins, restart=0)
    assert attention.matters(fold(KNOWN, STARTED, FAULTY, first), 10) == []
    later = msgspec.structs.replace(begins, at=999)
    assert attention.matters(fold(KNOWN, STARTED, FAULTY, later), 1000) == []


@pytest.mark.parametrize("width", [80, 100, 140])
def test_all_of_what_needs_somebody_is_told_with_a_step_that_can_be_copied(width: int) -> None:
    step = "gluster volume set a-volume-with-a-name features.read-only off"
    blocked = msgspec.structs.replace(BLOCKED, fix=f"Switch it off there: {step}")
    other = msgspec.structs.replace(FAULTY, worker="n1:/b2")
    state = fold(KNOWN, STARTED, blocked, FAULTY, other, DUE)
    shown = attention.whole(attention.matters(state, 100), width)
    lines = ["".join(text for text, _ in line) for line in shown]
    assert all(len(line) <= width for line in lines if "→" not in line)
    assert any(line.endswith(f"→ Switch it off there: {step}") for line in lines)
    assert any(line.endswith(f"→ georep reconcile {DUE.session}") for line in lines)
    assert sum(FAULTY.fix in line for line in lines) == 1, "once for both bricks"
    assert sum("faulty: disk full" in line for line in lines) == 2


@pytest.mark.parametrize("width", [40, 60, 78, 98, 138])
def test_on_a_screen_the_next_step_is_never_cut(width: int) -> None:
    step = "gluster volume set a-volume-with-a-name features.read-only off"
    blocked = msgspec.structs.replace(BLOCKED, fix=f"Switch it off there: {step}")
    found = attention.matters(fold(KNOWN, STARTED, blocked, FAULTY, DUE), 100)
    lines = ["".join(text for text, _ in line) for line in attention.lines(found, width, 99)]
    assert all(len(line) <= width and "…" not in line for line in lines)
    words = " ".join(" ".join(lines).split())
    assert f"→ Switch it off there: {step}" in words
    assert f"→ georep reconcile {DUE.session}" in words
    for room in range(1, len(lines) + 1):
        short = attention.lines(found, width, room)
        assert len(short) <= room
        assert ("more" in str(short[-1])) == (room < len(lines))


def test_the_last_fault_stands_in_the_pane_until_it_has_been_well_for_long() -> None:
    begins = msgspec.structs.replace(STARTED, at=FAULTY.at + 1)
    back = msgspec.structs.replace(CONNECTED, at=FAULTY.at + 2)
    state = fold(KNOWN, STARTED, FAULTY, begins)

    def pane(now: float) -> str:
        return said(detail.worker(state.sessions["s"], "n1:/b", now, 100))

    assert f"last fault {FAULTY.cause}" in pane(begins.at)
    assert "well for" not in pane(begins.at)
    for event in (back, ACTIVE):
        apply(state, event)
    assert f"last fault {FAULTY.cause}" in pane(back.at + 60)
    assert "well for" in pane(back.at + 60)
    assert "last fault" not in pane(back.at + detail.WELL)
    never = fold(KNOWN, STARTED, CONNECTED, ACTIVE)
    assert "last fault" not in said(detail.worker(never.sessions["s"], "n1:/b", 9, 100))


def test_a_mover_that_does_not_work_needs_somebody_once_for_all_bricks_of_a_node() -> None:
    other = {"session": "s", "worker": "n1:/b2"}
    again = msgspec.structs.replace(BROKEN, worker="n1:/b2")
    works = msgspec.structs.replace(BROKEN, mover="stream", works=True, words="", fix="")
    begun = msgspec.structs.replace(STARTED, at=9, **other)
    state = fold(KNOWN, STARTED, BROKEN, again, works)
    (matter,) = attention.matters(state, 10)
    assert matter.words == "rsync not used: w; m → Look at it."
    assert (matter.worker, matter.meaning, attention.count(state)) == ("n1", "warn", 1)
    page = said(detail.more(state.sessions["s"], "n1:/b", 80))
    assert "movers    stream works" in page
    assert "rsync     not used: w; m" in page
    assert "do        Look at it." in page
    # Each worker tries anew when it starts; what ended says nothing.
    assert attention.count(fold(KNOWN, STARTED, BROKEN, again, begun)) == 1
    assert attention.count(fold(KNOWN, BROKEN, msgspec.structs.replace(STARTED, at=9))) == 0
    assert (
        attention.count(fold(KNOWN, STARTED, BROKEN, WorkerStopped(at=9, reason="r", **WHO))) == 0
    )


def test_removals_that_are_not_reconciled_need_somebody_once_for_all_bricks() -> None:
    other = msgspec.structs.replace(DUE, worker="n1:/c", since=20)
    state = fold(KNOWN, DUE, other)
    assert attention.count(state) == 1
    words = said(attention.lines(attention.matters(state, 100), 100, 9))
    assert "deletes since 1970-01-01 00:00:20 not reconciled → georep reconcile s" in words
    assert words in said(attention.lines(attention.matters(state, 100), 100, 1))
    assert "deletes   since" in said(detail.session(state, "s", 100, 80))
    done = [msgspec.structs.replace(each, at=9, due=False) for each in (DUE, other)]
    assert attention.matters(fold(KNOWN, DUE, other, *done), 100) == []


@pytest.mark.parametrize("wanted", [Wanted.PAUSED, Wanted.STOPPED])
def test_who_rests_falls_behind_and_that_is_shown(wanted: Wanted) -> None:
    position = PositionMoved(at=5, stime=40, slice=0, **WHO)
    rests = WorkerStopped(at=6, reason="asked to stop", **WHO)
    state = fold(STARTED, position, rests, msgspec.structs.replace(KNOWN, wanted=wanted))
    (row,) = tables.sessions(state, 100, 80).rows
    assert "01:00" in said([row.line])
    (row,) = tables.workers(state.sessions["s"], 100, 80).rows
    assert "01:00" in said([row.line])


@pytest.mark.parametrize(
    ("done", "words"), [(0.0, "hybrid  0%"), (0.973, "hybrid 97%"), (1, "99%")]
)
def test_how_far_a_crawl_is_stands_in_the_table(done: float, words: str) -> None:
    role = RoleChanged(at=5, role=Role.ACTIVE, reason="r", **WHO)
    crawl = CrawlChanged(at=6, crawl=Crawl.HYBRID, reason="r", **WHO)
    far = CrawlProgressed(at=7, done=done, directories=1, files=2, **WHO)
    state = fold(KNOWN, STARTED, CONNECTED, role, crawl, far)
    (row,) = tables.workers(state.sessions["s"], 8, 80).rows
    assert words in said([row.line])


def test_totals_say_since_when_they_are_counted() -> None:
    state = fold(KNOWN, STARTED, WorkerProgressed(**_progress()))  # type: ignore[arg-type]
    assert "1 entry · 1 file · 1 B · since 00:00:01" in said(detail.session(state, "s", 100, 100))


def test_tables_keep_their_width() -> None:
    state = fold(*scripted.events(), KNOWN, BLOCKED, STARTED)
    for width in (80, 129, 130, 140, 200):
        for table in (
            tables.sessions(state, scripted.NOW, width),
            *(tables.workers(s, scripted.NOW, width) for s in state.sessions.values()),
        ):
            lines = [table.head, *(row.line for row in table.rows)]
            assert {len(said([line])) for line in lines} == {width - 1}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", ["archive", "home", "logs", "media", "prod"]),
        ("dr2", ["archive", "home", "logs"]),
        ("DR2 !paused", ["archive", "home"]),
        ("!", ["archive", "home", "logs", "media", "prod"]),
    ],
)
def test_filter(wanted: str, expected: list[str]) -> None:
    table = tables.sessions(fold(*scripted.events()), scripted.NOW, 80)
    assert [row.key for row in tables.matching(table, wanted).rows] == expected


def test_doing() -> None:
    assert tables.doing(fold(STARTED, CONNECTED).sessions["s"], "n1:/b") == ""
    stopped = WorkerStopped(at=5, reason="asked", **WHO)
    assert tables.doing(fold(STARTED, stopped).sessions["s"], "n1:/b") == ""


def _progress() -> dict[str, object]:
    return {
        "at": 5,
        "slices": 1,
        "records": 3,
        "entries": 1,
        "files": 1,
        "bytes": 1,
        "removed": 0,
        **WHO,
    }
