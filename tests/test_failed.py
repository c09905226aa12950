"""The list of failures: which are in it, in what order, in which groups, and how they are told."""

from typing import Any

import pytest
import scripted
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from test_console import HOSTILE

from engine.events import EntryFailed, FailuresCounted
from engine.state import SessionState, State, apply
from georep_tui import asking, evidence, failed, rows
from georep_tui.failed import Group, Grouping, Order

NOW = scripted.NOW
ONE, OTHER = "n1:/b/1", "n2:/b/2"


def of(gfid: str, at: float = 0, **more: Any) -> EntryFailed:
    told: dict[str, Any] = {
        "session": "s",
        "worker": ONE,
        "path": f"d/{gfid}",
        "doing": "create",
        "kind": "EIO",
        "words": "Input/output error",
        "tries": 1,
    }
    return EntryFailed(at=at, gfid=gfid, **(told | more))


A = of("a", 1, kind="EPERM", tries=9)
B = of("b", 2, path="c/B \\xff", worker=OTHER)
C = of("c", 3, skipped=True, path="")
D = of("d", 4, path="d", words="[/b]")
ALL = (A, B, C, D)


def session(*events: Any) -> SessionState:
    state = State()
    for event in events:
        apply(state, event)
    return state.sessions["s"]


def test_a_row_is_made_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[EntryFailed] = []
    line = failed._line

    def noted(failure: EntryFailed, now: float, width: int, *, mark: bool) -> rows.Line:
        made.append(failure)
        return line(failure, now, width, mark=mark)

    monkeypatch.setattr(failed, "_line", noted)
    found = failed.table([Group("", ALL)], (), NOW, 80)
    assert [row.key for row in found] == [failed.key(each) for each in ALL]
    assert made == []
    assert found[1].line == found[1].line
    assert made == [B]


def test_rows_that_look_the_same_are_equal() -> None:
    def row(one: EntryFailed, now: float = NOW, *, mark: bool = False) -> failed.FailureRow:
        return failed.FailureRow(one, now, 80, mark=mark)

    assert row(A) == row(A, NOW + 1)
    assert row(A) != row(A, mark=True)
    assert row(A) != row(of("a", 1, kind="EPERM", tries=10))
    assert row(A) != row(B)


def test_those_that_are_not_tried_again_are_listed_too() -> None:
    assert failed.every(session(A, C, B)) == [A, B, C]
    again = of("c", 9)
    assert failed.every(session(A, C, again)) == [A, again]


def test_all_of_these_are_those_that_are_still_tried() -> None:
    assert failed.tried(ALL) == [A, B, D]
    assert failed.tried([C]) == [C]
    assert failed.tried([]) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", ALL),
        ("eio !c/", (C, D)),
        ("EPERM", (A,)),
        (OTHER, (B,)),
        (r"\XFF", (B,)),
        ("skipped", (C,)),
        ("!", ALL),
        ("[/b]", (D,)),
        ("zzz", ()),
    ],
)
def test_filter(wanted: str, found: tuple[EntryFailed, ...]) -> None:
    assert tuple(failed.matching(ALL, wanted)) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (Order.LAST, (D, B, A, C)),
        (Order.KIND, (B, D, A, C)),
        (Order.PATH, (B, D, A, C)),
        (Order.TRIES, (A, D, B, C)),
    ],
)
def test_order(order: Order, found: tuple[EntryFailed, ...]) -> None:
    assert tuple(failed.ordered(ALL, order)) == found
    assert tuple(failed.ordered(reversed(ALL), order)) == found


@pytest.mark.parametrize(
    ("grouping", "found"),
    [
        (Grouping.NONE, [("", ALL)]),
        (Grouping.KIND, [("EIO", (B, C, D)), ("EPERM", (A,))]),
        (Grouping.BRICK, [(ONE, (A, C, D)), (OTHER, (B,))]),
        (
            Grouping.FOLDER,
            [("c", (B,)), ("d", (A,)), (failed.NAMELESS, (C,)), (failed.ROOT, (D,))],
        ),
    ],
)
def test_groups(grouping: Grouping, found: list[tuple[str, tuple[EntryFailed, ...]]]) -> None:
    groups = failed.grouped(ALL, grouping)
    assert [(group.title, group.members) for group in groups] == found
    assert failed.grouped([], grouping) == []
    keys = [row.key for row in failed.table(groups, (), NOW, 80)]
    assert len(set(keys)) == len(keys) == len(ALL) + len(groups) * (grouping is not Grouping.NONE)


def test_counts() -> None:
    counted = FailuresCounted(at=5, session="s", worker=ONE, waiting=7, skipped=3)
    shown = "".join(
        text for text, _ in failed.counts(session(*ALL, counted), [A, B, C], Order.KIND, marked=2)
    )
    assert shown == " all 8, by kind   marked 2   5 not listed   skipped 3   EPERM 1   EIO 1"
    shown = "".join(text for text, _ in failed.counts(session(A), [], Order.LAST, marked=0))
    assert shown == " all 1, by last"


def test_a_row() -> None:
    due = of("x", NOW - 60, due=NOW + 240, path="p")
    (heading, row) = failed.table([Group("EIO", (due,))], {failed.key(due)}, NOW, 140)
    assert "".join(text for text, _ in heading.line).rstrip() == " ─ EIO  1, 1 marked"
    words = "".join(text for text, _ in row.line).split()
    assert words == ["×", "12:03:31", "EIO", "create", "p", "1", "4", "min", ONE]
    (row,) = failed.table([Group("", (C,))], (), NOW, 80)
    assert "‖ 01-01     EIO" in row.line[0][0]
    assert ".gfid/c" in row.line[0][0]


@given(st.text(), st.text(), st.sampled_from([80, 140]), st.booleans())
def test_every_row_has_its_width_and_nothing_moves_the_cursor(
    path: str, words: str, width: int, skipped: bool
) -> None:
    one = of("g", path=path, kind=words, words=words, doing=words, skipped=skipped)
    lines = [row.line for row in failed.table([Group(words, (one,))], (), 0, width)]
    assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)
    assert sum(cell_len(text) for text, _ in lines[-1]) == width - 1
    lines += evidence.told(one, 0, width) + evidence.in_full(one, width)
    lines += evidence.history(one, [one], width) + evidence.group(Group(words, (one,)), width)
    lines += asking.again("s", [one], {words}, 64) + asking.export([one], 64)
    lines += [failed.head(width), failed.counts(session(one), [one], Order.LAST, marked=1)]
    assert all(text.isprintable() for line in lines for text, _ in line)


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_is_told_in_full(path: str) -> None:
    told = evidence.in_full(of("g", path=path), 60)
    ends = next(at for at, line in enumerate(told) if "gfid" in line[0][0])
    shown = "".join(line[1][0] for line in told[:ends]).rstrip()
    assert shown == path.replace("\x1b", "\\x1b").replace("\n", "\\x0a").replace("\t", "\\x09")


def test_what_is_told_again_keeps_the_time_of_its_last_try() -> None:
    again = of("x", NOW, last=NOW - 60, again=True, path="p")
    (row,) = failed.table([Group("", (again,))], (), NOW, 80)
    assert "12:03:31" in row.line[0][0]
    assert failed.ordered([again, of("y", NOW - 30)], Order.LAST)[-1] == again
