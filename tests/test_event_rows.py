"""The rows of the Events screen fit, are found, and are made once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from told_events import EXAMPLES, NOW, failed, job, mended

from georep_tui import event_rows
from georep_tui.chronicle import Chronicle, Entry, Level
from georep_tui.event_rows import Cache
from georep_tui.replay.notes import AnyTold

DAY = 86400.0


def entries(*told: object) -> list[Entry]:
    kept = Chronicle()
    for each in told or (example.told for example in EXAMPLES):
        kept.take(each)  # type: ignore[arg-type]
    return kept.entries()


def shown(entry: Entry, width: int, *, dated: bool = False) -> str:
    return "".join(part for part, _ in event_rows.row(entry, width, dated=dated).line)


@pytest.mark.parametrize("width", [79, 139])
@pytest.mark.parametrize("dated", [False, True])
def test_every_row_is_as_wide_as_the_screen(width: int, dated: bool) -> None:
    for entry in entries():
        assert cell_len(shown(entry, width, dated=dated)) == width
    assert len(event_rows.head(width, dated=dated)[0][0]) == width


@pytest.mark.parametrize(
    ("told", "expected"),
    [(failed(), "▲"), (failed(skipped=True), " "), (job(code=23), "!"), (job(), " ")],
)
def test_marks_say_the_same_as_colours(told: AnyTold, expected: str) -> None:
    (entry,) = entries(told)
    assert event_rows.words(entry)[0].startswith(f"{expected} ")


def test_names_keep_their_spaces() -> None:
    (entry,) = entries(failed(path=" a  b "))
    assert "EACCES  a  b  · create" in shown(entry, 139)


def test_a_row() -> None:
    (entry,) = entries(failed())
    assert shown(entry, 79).rstrip() == (
        " 12:04:31  n:/b              EntryFailed      ▲ EACCES a/b · create"
    )
    assert shown(entry, 139).rstrip() == (
        " 12:04:31.250  s               n:/b                      EntryFailed       ▲ EACCES a/b "
        "· create"
    )
    assert shown(entry, 79, dated=True).startswith(" 05-01 12:04:31  n:/b")
    assert shown(entry, 139, dated=True).startswith(" 05-01 12:04:31.250  s ")


@given(st.text(max_size=60))
def test_no_name_breaks_a_row(name: str) -> None:
    (entry,) = entries(failed(path=name, kind=name))
    for width in (79, 139):
        assert cell_len(shown(entry, width)) == width
        for line in event_rows.about(entry, width, lines=2):
            assert all(part.isprintable() for part, _ in line)


def test_rows_are_made_once() -> None:
    cache, some = Cache(), entries()
    first = cache.rows(some[:5], 79)
    again = cache.rows(some[2:7], 79)
    assert all(one is other for one, other in zip(first[2:], again[:3], strict=True))
    assert cache.rows(some[:5], 139)[0] != first[0]
    assert len(cache._rows) == 5


def test_days_are_told_when_there_are_several() -> None:
    cache = Cache()
    cache.rows(entries(mended(NOW), mended(NOW + 60)), 79)
    assert not cache.dated
    cache.rows(entries(mended(NOW), mended(NOW + DAY)), 79)
    assert cache.dated
    cache.rows([], 79)
    assert not cache.dated


def test_a_filter_looks_at_all_the_words() -> None:
    cache, some = Cache(), entries()
    assert cache.matching(some, "") == some
    found = cache.matching(some, "EACCES !skipped")
    assert [each.told for each in found] == [failed()]
    assert [each.level for each in cache.matching(some, "refused: exit")] == [Level.BAD]
    assert cache.matching(some, "evidence: refused"), "what stands in no row, too"
    assert cache.matching(some, "entryfailed immutable"), "its meaning"
    assert cache.matching(some, "zzz") == []


def test_what_is_chosen_is_said() -> None:
    line = event_rows.choice(Level.WARN, "prod", "n:/[/", 12, 3400)
    said = "".join(part for part, _ in line)
    assert said == " ≥ warn   session prod  worker n:/[/  12 of 3 400 events"
    line = event_rows.choice(Level.DETAIL, "", "", 1, 1)
    assert "".join(part for part, _ in line) == " ≥ all    session all  worker all  1 event"
