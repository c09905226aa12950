"""What was done per second, over a minute, ten minutes and an hour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import MinuteCounted, WorkerProgressed
from engine.state import SAMPLES, WorkerState
from georep_tui import windows
from georep_tui.windows import Window

NOW = 7200.0
WHO = {"session": "s", "worker": "n:/b"}


def counted(minute: int, size: int) -> MinuteCounted:
    return MinuteCounted(
        at=minute + 60.0, minute=minute, slices=0, entries=0, files=0, bytes=size, **WHO
    )


def sample(at: float, size: int) -> WorkerProgressed:
    more = {"slices": 0, "records": 0, "entries": 0, "files": 0, "removed": 0}
    return WorkerProgressed(at=at, bytes=size, **more, **WHO)


def worker(*told: MinuteCounted | WorkerProgressed) -> WorkerState:
    found = WorkerState()
    for each in told:
        if isinstance(each, MinuteCounted):
            found.minutes.append(each)
        else:
            found.samples.append(each)
    return found


@pytest.mark.parametrize(
    ("workers", "window", "expected"),
    [
        pytest.param([], Window.HOUR, [], id="nobody"),
        pytest.param([worker()], Window.HOUR, [], id="nothing"),
        pytest.param(
            [worker(counted(3600, 600), counted(7140, 60))],
            Window.HOUR,
            [1.0, *[0.0] * 4, 0.1],
            id="minutes alone, the first and the last of the hour",
        ),
        pytest.param(
            [worker(sample(7100, 0), sample(7101, 300), sample(7200, 300))],
            Window.MINUTES,
            [3.0],
            id="totals alone; before them nothing is known",
        ),
        pytest.param(
            [worker(counted(7080, 60), sample(7110, 0), sample(7200, 90))],
            Window.MINUTES,
            [pytest.approx(0.2), pytest.approx(1.0)],
            id="a minute counts up to the first total",
        ),
        pytest.param(
            [worker(counted(6600, 6000)), worker(counted(7140, 600))],
            Window.MINUTES,
            [60.0, 0.0, 0.0, 0.0, 0.0, 6.0],
            id="several, of which one is new",
        ),
        pytest.param(
            [worker(counted(6600, 6000), counted(6600, 6000))],
            Window.MINUTES,
            [60.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            id="a minute told twice counts once",
        ),
        pytest.param(
            [worker(sample(6600, 0), sample(7200, 1000))],
            Window.MINUTES,
            [0.0, 0.0, 0.0, 0.0, 0.0, 10.0],
            id="after a silence it grew at its end",
        ),
        pytest.param(
            [worker(sample(6600, 500), sample(7150, 20), sample(7200, 20))],
            Window.MINUTES,
            [0.0] * 6,
            id="what began again at nothing did not shrink",
        ),
    ],
)
def test_rates(workers: list[WorkerState], window: Window, expected: list[float]) -> None:
    assert windows.together(workers, "bytes", window, NOW, 6) == expected


@given(
    st.lists(st.tuples(st.integers(0, 119), st.integers(0, 10**9)), max_size=60),
    st.lists(st.tuples(st.floats(0, NOW), st.integers(0, 10**9)), max_size=SAMPLES),
    st.sampled_from(Window),
    st.integers(1, 200),
)
def test_never_below_zero_nor_more_than_was_done(
    minutes: list[tuple[int, int]],
    samples: list[tuple[float, int]],
    window: Window,
    points: int,
) -> None:
    told = [counted(60 * at, size) for at, size in dict(minutes).items()]
    grown, total = [], 0
    for at, size in sorted(dict(samples).items()):
        total += size
        grown.append(sample(at, total))
    found = windows.together([worker(*told, *grown)], "bytes", window, NOW, points)
    assert len(found) <= points
    assert all(rate >= 0 for rate in found)
    most = sum(each.bytes for each in told) + (grown[-1].bytes - grown[0].bytes if grown else 0)
    assert sum(found) * window.seconds / points <= most * 1.000001 + 1e-6
