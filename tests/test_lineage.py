"""What marks on volumes forbid: every case, and chains of sessions in any order."""

import msgspec
import pytest
from changelogs import steady
from hypothesis import given
from hypothesis import strategies as st

from engine.plan import lineage
from engine.plan.lineage import FRESH, LIFE, Above, Left, Signed

A, B, C, D = (f"0000000{n}-0000-4000-8000-000000000000" for n in "abcd")
NOW = 1000


def _signed(began: int = 5, *above: Above) -> Signed:
    return Signed("gvol", ("prim1", "prim2"), "s", began, above)


def _left(uuid: str, ends: int = 9, began: int | None = 5, *above: Above) -> Left:
    return Left(uuid, 1, NOW + ends, None if began is None else _signed(began, *above))


@pytest.mark.parametrize(
    ("left", "other"),
    [
        pytest.param([], None, id="nobody"),
        pytest.param([_left(A)], None, id="our own"),
        pytest.param([_left(A, began=None)], None, id="gsyncd's, of our own volume"),
        pytest.param([_left(B)], B, id="another one"),
        pytest.param([_left(B, began=None)], B, id="another one, by gsyncd"),
        pytest.param([_left(B, ends=0)], None, id="it has ended"),
        pytest.param([_left(B, ends=-9), _left(C)], C, id="one of two has ended"),
        pytest.param([_left(A, began=5), _left(B, began=6)], None, id="it came later, and yields"),
        pytest.param([_left(A, began=6), _left(B, began=5)], B, id="we came later"),
        pytest.param([_left(A, began=5), _left(B, began=5)], None, id="at once, ours is lower"),
        pytest.param([_left(A, began=5), _left(B, began=None)], B, id="gsyncd never yields"),
        pytest.param([_left(A, began=None), _left(B)], B, id="of ours nobody knows since when"),
        pytest.param([_left(A, ends=0, began=5), _left(B, began=6)], B, id="ours had ended"),
    ],
)
def test_a_second_primary(left: list[Left], other: str | None) -> None:
    found = lineage.rival(left, A, NOW)
    assert (found and found.uuid) == other
    found = lineage.rival(left[::-1], A, NOW)
    assert (found and found.uuid) == other


@pytest.mark.parametrize(("began", "other"), [(None, B), (4, None), (5, None), (6, B)])
def test_our_mark_was_taken_off(began: int | None, other: str | None) -> None:
    found = lineage.rival([_left(B, began=5)], A, NOW, began)
    assert (found and found.uuid) == other
    assert lineage.rival([_left(A, began=4), _left(B, began=5)], A, NOW, began) is None


@given(st.integers(0, 3), st.integers(0, 3))
def test_of_two_that_began_just_one_yields(ours: int, theirs: int) -> None:
    left = [_left(A, began=ours), _left(B, began=theirs)]
    assert (lineage.rival(left, A, NOW) is None) != (lineage.rival(left, B, NOW) is None)


@pytest.mark.parametrize(
    ("left", "secondary", "by"),
    [
        pytest.param([], B, None, id="nobody replicates to the primary"),
        pytest.param([_left(C)], B, None, id="a cascade"),
        pytest.param([_left(B)], B, B, id="the secondary does"),
        pytest.param([_left(B, began=None)], B, B, id="it does, by gsyncd"),
        pytest.param([_left(B, ends=0)], B, None, id="it did: a session was turned round"),
        pytest.param([_left(C, 9, 5, Above(B, "b", NOW + 1))], B, C, id="over another"),
        pytest.param([_left(C, 9, 5, Above(D, "d", NOW + 1))], B, None, id="a longer cascade"),
        pytest.param([_left(C, 9, 5, Above(B, "b", NOW))], B, None, id="what led there has ended"),
        pytest.param([_left(C, 0, 5, Above(B, "b", NOW + 1))], B, None, id="the last link ended"),
    ],
)
def test_a_way_back(left: list[Left], secondary: str, by: str | None) -> None:
    found = lineage.way_back(left, A, secondary, NOW)
    assert (None if found is None else found[0].uuid) == by


def test_a_volume_into_itself() -> None:
    assert lineage.way_back([], A, A, NOW) == ()


def test_what_is_passed_on() -> None:
    left = [
        _left(A, 9, 5, Above(C, "c", NOW + 1), Above(D, "d", NOW)),
        _left(B, 7, None),
        _left(D, 0, 5, Above(B, "b", NOW + 99)),
    ]
    assert lineage.passed_on(left, NOW) == (
        Above(A, "gvol", NOW + 9),
        Above(C, "c", NOW + 1),
        Above(B, "", NOW + 7),
    )
    many = [Above(f"{n:08}-0000-4000-8000-000000000000", "x" * 9999, NOW + 1) for n in range(999)]
    _, content = lineage.note(A, _signed(5, *lineage.passed_on([_left(A, 9, 5, *many)], NOW)))
    assert len(content) < 1 << 15


@steady
@given(
    st.permutations(range(5)),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12),
)
def test_marks_of_sessions_that_are_let_in_never_make_a_ring(
    names: list[int], wanted: list[tuple[int, int]]
) -> None:
    """Sessions are made one after another, and every mark is left again after each."""
    uuids = [f"0000000{n}-0000-4000-8000-000000000000" for n in names]
    on: dict[str, dict[str, Left]] = {uuid: {} for uuid in uuids}
    sessions: list[tuple[str, str]] = []
    for one, other in wanted:
        primary, secondary = uuids[one], uuids[other]
        marks = on[primary].values()
        refused = lineage.way_back(marks, primary, secondary, NOW) is not None
        assert refused == (primary == secondary or _leads(sessions, secondary, primary))
        if refused or lineage.rival(on[secondary].values(), primary, NOW):
            continue
        sessions.append((primary, secondary))
        for _ in sessions:
            for above, below in sessions:
                passed = lineage.passed_on(on[above].values(), NOW)
                on[below][above] = _left(above, 9, 5, *passed)


def _leads(sessions: list[tuple[str, str]], start: str, end: str) -> bool:
    return any(
        primary == start and (secondary == end or _leads(sessions, secondary, end))
        for primary, secondary in sessions
    )


@pytest.mark.parametrize(
    ("mine", "due"),
    [
        pytest.param(None, True, id="there is none"),
        pytest.param(Left(A, 1, NOW + LIFE, None), True, id="without a note"),
        pytest.param(Left(A, 1, NOW + LIFE, _signed()), False, id="new"),
        pytest.param(Left(A, 1, NOW + FRESH, _signed()), False, id="fresh"),
        pytest.param(Left(A, 1, NOW + FRESH - 1, _signed()), True, id="no more"),
        pytest.param(Left(A, 1, NOW - 1, _signed()), True, id="ended"),
        pytest.param(Left(A, 1, NOW + LIFE + 1, _signed()), True, id="a clock was wrong"),
        pytest.param(Left(A, 1, NOW + LIFE, _signed(4)), True, id="another time"),
        pytest.param(
            Left(A, 1, NOW + LIFE, _signed(5, Above(B, "b", 3))), True, id="a chain that was"
        ),
    ],
)
def test_when_a_mark_is_left_anew(mine: Left | None, due: bool) -> None:
    assert lineage.due(mine, _signed(), NOW) == due


def test_a_chain_that_only_lives_longer_is_no_news() -> None:
    old = _signed(5, Above(B, "b", 3), Above(C, "c", 4))
    new = _signed(5, Above(C, "c", 9), Above(B, "b", 9))
    assert not lineage.due(Left(A, 1, NOW + LIFE, old), new, NOW)


@given(st.binary(max_size=80), st.text(max_size=40))
def test_any_note_is_one_or_none(content: bytes, name: str) -> None:
    lineage.signed({f"{A}.mark": content, name: content}, A)
    by = Signed(name, (name,), name, 1, (Above(A, name, 2),))
    assert lineage.signed(dict([lineage.note(A, by)]), A) == by
    assert lineage.signed({f"{A}.mark": msgspec.json.encode({"type": "Origin"})}, A) is None


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(b'{"type":"Signed","volume":"\xff"}', id="bytes"),
        pytest.param(b'{"x":' + b"[" * 100_000, id="deep"),
        pytest.param(lineage.note(A, _signed(1 << 60))[1], id="a moment that no clock has"),
        pytest.param(lineage.note(A, _signed(-1))[1], id="before all moments"),
        pytest.param(lineage.note(A, _signed(5, Above(B, "b", 1 << 60)))[1], id="no end"),
    ],
)
def test_a_note_that_makes_no_sense(note: bytes) -> None:
    assert lineage.signed({f"{A}.mark": note}, A) is None
