"""What is kept of what was told: the newest of each level, once, in the order of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_events import EXAMPLES, WHO, mended

from engine.events import BatchDone, SessionKnown, Wanted, WorkerFaulty
from georep_tui import chronicle
from georep_tui.chronicle import Chronicle, Level
from georep_tui.replay.notes import AnyTold, LineKept


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=[type(each.told).__name__ + each.id for each in EXAMPLES]
)
def test_levels(example: object) -> None:
    assert chronicle.level_of(example.told) is example.level  # type: ignore[attr-defined]


def test_the_newest_of_each_level_are_kept() -> None:
    kept = Chronicle(kept=10)
    kept.take(fault(1))
    for at in range(1000):
        kept.take(mended(at))
    entries = kept.entries()
    assert [each.at for each in entries] == [1, *range(990, 1000)]
    assert entries[0].level is Level.BAD


def test_it_stays_small() -> None:
    kept = Chronicle(kept=10)
    for at in range(5000):
        kept.take(mended(at))
        kept.take(batch(at))
    assert sum(len(each) for each in kept._levels.values()) <= 40
    assert sum(len(each) for each in kept._known.values()) <= 40


def test_counts_of_what_goes_on_do_not_count() -> None:
    kept = Chronicle()
    for example in EXAMPLES:
        kept.take(example.told)
    assert len(kept.entries()) == kept.count == sum(each.level is not None for each in EXAMPLES)


def test_what_an_engine_repeats_is_there_once() -> None:
    kept = Chronicle()
    for _ in range(3):
        for at in (5, 1, 3):
            kept.hear(mended(at))
    kept.hear(mended(4))
    assert [each.at for each in kept.entries()] == [1, 3, 4, 5]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=80))
def test_hearing_is_taking_what_is_not_there_yet(run: list[tuple[bool, int]]) -> None:
    heard, taken, there = Chronicle(kept=100), Chronicle(kept=100), list[AnyTold]()
    for work, at in run:
        told = batch(at) if work else mended(at)
        heard.hear(told)
        if told not in there:
            there.append(told)
            taken.take(told)
    assert (heard.entries(), heard.count) == (taken.entries(), taken.count)


def test_equal_lines_of_a_log_are_both_there() -> None:
    kept = Chronicle()
    line = LineKept(at=1, session="s", place="n", level="E", words="x", understood=True)
    kept.take(line)
    kept.take(line)
    assert len(kept.entries()) == 2


def test_a_copy_hears_nothing_more() -> None:
    kept = Chronicle(kept=3)
    for at in range(20):
        kept.take(mended(at))
    copy = kept.copy()
    assert copy.entries() == kept.entries()
    kept.take(mended(30))
    assert [each.at for each in copy.entries()] == [17, 18, 19]
    copy.hear(mended(19))
    assert len(copy.entries()) == 3, "it knows what it keeps"


@given(st.lists(st.integers(0, 50), max_size=80), st.integers(0, 80), st.integers(1, 8))
def test_going_on_from_a_point_is_as_if_there_had_been_none(
    times: list[int], split: int, kept: int
) -> None:
    whole, before = Chronicle(kept), Chronicle(kept)
    for at in times:
        whole.take(mended(at))
    for at in times[:split]:
        before.take(mended(at))
    after = Chronicle(kept, entries=tuple(before.entries()), count=before.count)
    for at in times[split:]:
        after.take(mended(at))
    assert after.entries() == whole.entries()
    assert [each.at for each in whole.entries()] == sorted(times)[-kept:]


def test_chosen() -> None:
    kept = Chronicle()
    other = WorkerFaulty(
        at=4, session="t", worker="n:/c", cause="c", words="w", fix="f", evidence="e"
    )
    known = SessionKnown(
        at=5, session="s", primary="p", secondary="x", wanted=Wanted.STARTED, node="n"
    )
    told: list[AnyTold] = [mended(1), batch(2), fault(3), other, known]
    for each in told:
        kept.take(each)

    def times(**wanted: object) -> list[float]:
        found = chronicle.chosen(kept.entries(), **{"level": Level.DETAIL, **wanted})  # type: ignore[arg-type]
        return [each.at for each in found]

    assert times() == [1, 2, 3, 4, 5]
    assert times(level=Level.INFO) == [1, 3, 4, 5]
    assert times(level=Level.BAD) == [3, 4]
    assert times(of_session="s") == [1, 2, 3, 5]
    assert times(of_place="n") == [5]
    assert times(of_session="t", of_place="n:/c") == [4]


def fault(at: float) -> WorkerFaulty:
    return WorkerFaulty(at=at, cause="c", words="w", fix="f", evidence="e", **WHO)


def batch(at: float) -> BatchDone:
    return BatchDone(
        at=at,
        slices=1,
        records=1,
        entries=1,
        files=0,
        bytes=0,
        removed=0,
        seconds=1,
        rounds=1,
        **WHO,
    )
