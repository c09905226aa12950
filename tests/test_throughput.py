"""What the Throughput screen says: figures, jobs, and which files cost most."""

from dataclasses import replace

import msgspec
import pytest
import scripted
from rich.cells import cell_len
from told_events import job

from engine.events import Content, JobFinished
from engine.state import SessionState, State, apply
from georep_tui import job_orders, throughput
from georep_tui.job_orders import Order
from georep_tui.rows import Line
from georep_tui.throughput import Heavy, Metric, View

DB = Content(gfid="a", name="db", size=100)


def prod() -> SessionState:
    state = State()
    for event in scripted.events():
        apply(state, event)
    return state.sessions["prod"]


def text(lines: list[Line]) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        pytest.param([], None, id="no job"),
        pytest.param([job(sent=0)], None, id="nothing sent"),
        pytest.param([job(size=100, sent=50)], 2.0, id="as told"),
        pytest.param([job(size=0, sent=50, matched=75, literal=25)], 2.0, id="of an old log"),
        pytest.param([job(size=90, sent=10), job(size=10, sent=40)], 2.0, id="several"),
    ],
)
def test_speedup(jobs: list[JobFinished], expected: float | None) -> None:
    assert job_orders.speedup(jobs) == expected


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("metric", Metric)
def test_the_upper_half_fits(metric: Metric, width: int) -> None:
    lines = text(throughput.above(prod(), View(metric), scripted.NOW, width, 4))
    assert len(lines) == 3 + 1 + 4 + 1
    assert all(cell_len(line) <= width for line in lines)
    assert f"▸{metric.value}" in lines[3]
    assert ("60 s ago" in lines[-1]) is (metric is not Metric.SPEEDUP)


def test_a_brick_alone() -> None:
    session = prod()
    one = throughput.of(session, "gfs1:/bricks/b2")
    assert list(one) == ["gfs1:/bricks/b2"]
    assert throughput.of(session, "") == session.workers
    assert throughput.of(session, "gone:/b") == session.workers, "a brick that is gone hides none"
    table = throughput.jobs(session, View(brick="gfs1:/bricks/b2"), 80)
    assert len(table.rows) == 9
    assert all("gfs1:/bricks/b2" in line for line in text([row.line for row in table.rows]))


def test_orders() -> None:
    jobs = [
        job(job=1, sent=5, size=50, seconds=1.0),
        job(job=2, sent=9, size=18, seconds=2.0),
        job(job=3, sent=0, size=0, matched=0, literal=0, seconds=9.0),
    ]
    session = SessionState()
    state = State(sessions={"s": session})
    for at, each in enumerate(jobs):
        apply(state, msgspec.structs.replace(each, at=float(at)))

    def order(by: Order) -> list[str]:
        return [row.key.split()[1] for row in throughput.jobs(session, View(order=by), 80).rows]

    assert order(Order.NEWEST) == ["3", "2", "1"]
    assert order(Order.SENT) == ["2", "1", "3"]
    assert order(Order.SLOWEST) == ["3", "2", "1"]
    assert order(Order.SPEEDUP) == ["2", "1", "3"], "who sent nothing comes last"


def test_a_job() -> None:
    session = SessionState()
    state = State(sessions={"s": session})
    apply(state, job(code=23, short=2, moved=29, words="vanished", seconds=11400.0))
    (row,) = throughput.jobs(session, View(), 80).rows
    assert text([row.line])[0].rstrip() == (
        "     7  n:/b             rsync     29  118 MB   1.1 GB       10  3h10m  23 ▲2"
    )
    (row,) = throughput.jobs(session, View(), 140).rows
    assert "1.2 GB   118 MB   1.1 GB    90 MB" in text([row.line])[0]
    about = text(throughput.about(job(words="vanished"), 78, lines=2))
    assert "29 MB/s on the line · 293 MB/s of files · 7.6 files/s" in "\n".join(about)
    assert any("vanished" in line for line in about)


@pytest.mark.parametrize("width", [80, 140])
def test_rows_are_as_wide_as_the_screen(width: int) -> None:
    table = throughput.jobs(prod(), View(), width)
    assert {cell_len(line) for line in text([table.head, *(row.line for row in table.rows)])} == {
        width
    }


def test_who_is_sent_again_and_again_stands_first() -> None:
    once = Content(gfid="b", name="once", size=150)
    jobs = [
        job(size=100, sent=100, largest=(DB,)),
        job(size=250, sent=250, largest=(once, DB)),
        job(size=0, matched=0, literal=0, sent=0, largest=(msgspec.structs.replace(DB, size=0),)),
    ]
    assert throughput.heavy(jobs) == [
        Heavy("a", "db", 0, 3, 200.0),
        Heavy("b", "once", 150, 1, 150.0),
    ]
    assert throughput.heavy([]) == []


def test_heavy_hitters_in_words() -> None:
    found = [Heavy(f"g{at}", "[/\x1b", 100, 9, 900.0) for at in range(9)]
    lines = throughput.hitters(found, 60, 6)
    assert len(lines) == 6
    assert text(lines)[2].rstrip() == r"   900 B      9    100 B        9.0  [/\x1b  g0"
    assert lines[2][0][1] == "warn"
    assert "nobody has told" in text(throughput.hitters([], 60, 6))[1]


def test_what_is_under_way() -> None:
    session, passive = prod(), "gfs2:/bricks/b1"
    pending = session.workers["gfs1:/bricks/b1"].pending
    assert pending
    session.workers[passive].pending = msgspec.structs.replace(pending, doing="standby")
    lines = text(throughput.under_way(session, View(), scripted.NOW, 62))
    assert lines[1].startswith(" gfs1:/bricks/b1     31 files · 1.2 GB · rsync job 2 of 3")
    assert lines[2].rstrip() == "   rsync 42 · 11 files · 418 MB · render-0042.exr · 4.0 s"
    assert len(lines) == 7, "who is Passive has nothing"
    assert all(cell_len(line) <= 62 for line in lines)
    only = replace(View(), brick=passive)
    assert text(throughput.under_way(session, only, scripted.NOW, 62))[1] == " nothing"
