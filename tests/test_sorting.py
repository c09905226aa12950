"""How rows are sorted, how calm they are, and which part of a row that is too wide is seen."""

import msgspec
import pytest
import scripted
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.events import EntryFailed
from engine.state import State, apply
from georep_tui import columns, failed, job_orders, orders, sliding, sorting, tables, ticket
from georep_tui.failed import Order
from georep_tui.rows import Line
from georep_tui.sliding import FULL, Slide
from georep_tui.sorting import REST, Calm, Rank, Sorting


def day() -> State:
    state = State()
    for event in scripted.events():
        apply(state, event)
    return state


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


RANKS: dict[str, Rank] = {"a": (2, ""), "b": None, "c": (9, ""), "d": (2, ""), "e": (0, "")}


@pytest.mark.parametrize(
    ("falling", "expected"),
    [
        pytest.param(True, "cadeb", id="largest first"),
        pytest.param(False, "eadcb", id="turned round: equals by name, unknown last again"),
    ],
)
def test_order(falling: bool, expected: str) -> None:
    assert "".join(sorting.ordered("edcba", RANKS.__getitem__, falling=falling)) == expected


@given(st.dictionaries(st.text(max_size=3), st.none() | st.integers(0, 3)), st.booleans())
def test_an_order_does_not_depend_on_who_came_first(
    values: dict[str, int | None], falling: bool
) -> None:
    def rank(name: str) -> Rank:
        value = values[name]
        return None if value is None else (value, "")

    found = sorting.ordered(values, rank, falling=falling)
    assert sorted(found) == sorted(values)
    assert found == sorting.ordered(reversed(list(values)), rank, falling=falling)


def test_pointing_at_a_column_twice_turns_it_round() -> None:
    lag = sorting.chosen(Sorting("BRICK"), "LAG")
    assert lag == Sorting("LAG")
    assert sorting.chosen(lag, "LAG") == Sorting("LAG", turned=True)
    assert sorting.chosen(Sorting("LAG", turned=True), "LAG") == lag
    assert sorting.following(["A", "B"], "B") == "A"
    assert sorting.following(["A", "B"], "gone") == "A"


def test_rows_rest() -> None:
    calm, values = Calm(), {"a": 1, "b": 2}

    def shown(at: float, asked: str = "by value") -> str:
        return "".join(
            calm.names(values, lambda: sorted(values, key=values.__getitem__), asked, at)
        )

    assert shown(0) == "ab"
    values["a"] = 3
    assert shown(REST - 1) == "ab", "it is read"
    assert shown(REST - 1, "again") == "ba", "somebody asked"
    values["a"] = 0
    calm.hold(REST)
    assert shown(2 * REST - 1, "again") == "ba", "somebody moves among them"
    assert shown(2 * REST, "again") == "ab"
    values["c"] = -1
    assert shown(2 * REST, "again") == "cab", "somebody came"
    del values["a"]
    assert shown(2 * REST, "again") == "cb", "somebody went"


HEAD: Line = ((" ", ""), ("AT    ", "head"), ("MOVER ", "head"), ("FILES/s FILES  TO SEND", "head"))


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("AT", " AT↓   MOVER FILES/s FILES  TO SEND"),
        ("MOVER", " AT    MOVER↓FILES/s FILES  TO SEND"),
        ("FILES", " AT    MOVER FILES/s FILES↓ TO SEND"),
        ("TO SEND", " AT    MOVER FILES/s FILES  TO SEND↓"),
        ("GONE", " AT    MOVER FILES/s FILES  TO SEND"),
    ],
)
def test_the_mark_in_the_head(title: str, shown: str) -> None:
    assert text(sorting.marked(HEAD, title, falling=True)) == shown


@pytest.mark.parametrize("title", ["AT", "MOVER", "FILES/s", "FILES", "TO SEND"])
def test_where_a_title_is_clicked(title: str) -> None:
    titles = ("AT", "MOVER", "FILES/s", "FILES", "TO SEND", "GONE")
    for head in (HEAD, sorting.marked(HEAD, title, falling=False)):
        begin = text(HEAD).index(f"{title} " if title != "TO SEND" else title)
        assert sorting.column_at(head, titles, begin) == title
        assert sorting.column_at(head, titles, begin + len(title) - 1) == title
    assert sorting.column_at(HEAD, titles, 99) == "TO SEND", "what is nearest"
    assert sorting.column_at((), titles, 3) is None


def test_every_column_of_sessions_and_workers_sorts() -> None:
    state, now = day(), scripted.NOW
    prod = state.sessions["prod"]
    for width in (80, 140, FULL):
        for column in columns.titles(columns.of_sessions(width)):
            ways = [
                orders.sessions(state, Sorting(column, turned), now) for turned in (False, True)
            ]
            assert all(sorted(way) == sorted(state.sessions) for way in ways)
            assert (ways[0] != ways[1]) == (column not in orders.NO_ORDER), column
        for column in columns.titles(columns.of_workers(width)):
            ways = [orders.workers(prod, Sorting(column, turned), now) for turned in (False, True)]
            assert all(sorted(way) == sorted(prod.workers) for way in ways)


def test_trouble_comes_first() -> None:
    state, now = day(), scripted.NOW
    assert orders.sessions(state, orders.SESSION, now)[0] == "archive"
    assert orders.sessions(state, Sorting("STATE"), now)[0] == "home"
    assert orders.sessions(state, Sorting("LAG"), now)[0] == "home"
    assert orders.sessions(state, Sorting("FAIL"), now)[0] == "home"
    assert orders.sessions(state, Sorting("FAIL", turned=True), now)[-1] == "home"
    home = state.sessions["home"]
    assert orders.workers(home, Sorting("STATUS"), now)[0].startswith("gfs3:")


def test_a_table_in_an_order_and_in_full() -> None:
    state, now = day(), scripted.NOW
    prod = state.sessions["prod"]
    names = orders.workers(prod, Sorting("BRICK", turned=True), now)
    assert [row.key for row in tables.workers(prod, now, 80, names).rows] == names
    table = tables.workers(prod, now, FULL)
    assert {sum(cell_len(part) for part, _ in row.line) for row in table.rows} == {FULL - 1}
    assert "PEER" in text(table.head)
    assert "2026-05-01 12:03:" in text(table.rows[0].line), "with the year"
    assert table.keep <= 40


@pytest.mark.parametrize(
    ("order", "turned", "expected"),
    [
        (Order.TRIES, False, "bac"),
        (Order.TRIES, True, "abc"),
        (Order.PATH, True, "bac"),
        (Order.BRICK, False, "bac"),
        (Order.AGAIN, False, "bac"),
        (Order.AGAIN, True, "bac"),
    ],
)
def test_failures_the_other_way_round(order: Order, turned: bool, expected: str) -> None:
    home = day().sessions["home"]
    one = next(each for worker in home.workers.values() for each in worker.failures.values())
    made = [
        other(one, path="a", tries=1, worker="n2:/b", due=0.0, skipped=False),
        other(one, path="b", tries=2, worker="n1:/b", due=5.0, skipped=False),
        other(one, path="c", tries=9, worker="n0:/b", due=1.0, skipped=True),
    ]
    found = failed.ordered(made, order, turned=turned)
    assert "".join(each.path for each in found) == expected, "who is left alone comes last"


def other(event: EntryFailed, **fields: object) -> EntryFailed:
    return msgspec.structs.replace(event, **fields)


def test_jobs_the_other_way_round() -> None:
    prod = day().sessions["prod"]
    jobs = [(name, job) for name, worker in prod.workers.items() for job in worker.jobs]
    for order in job_orders.Order:
        for turned in (False, True):
            job_orders.sort(jobs, order, turned=turned)
            words = job_orders.told(order, turned=turned)
            assert words.endswith("first") or words.startswith("by ")
    job_orders.sort(jobs, job_orders.Order.NEWEST, turned=True)
    assert [job.at for _, job in jobs] == sorted(job.at for _, job in jobs)


@given(st.lists(st.text("ab日́", max_size=6), max_size=5), st.integers(0, 9), st.integers(0, 40))
def test_what_is_seen_of_a_row(parts: list[str], keep: int, by: int) -> None:
    line = tuple((part, "") for part in parts)
    assert sum(cell_len(part) for part, _ in sliding.slid(line, 12, Slide(keep, by))) <= 12


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        pytest.param(0, "abcdefg→", id="more to the right"),
        pytest.param(3, "ab←ghij→", id="more on both sides"),
        pytest.param(8, "ab←lmnop", id="the end"),
    ],
)
def test_the_ends_of_a_head(by: int, shown: str) -> None:
    line: Line = (("abcde", "head"), ("fghijklmnop", "head"))
    assert text(sliding.edged(line, 8, Slide(2, by), full=16)) == shown


def test_half_a_letter_is_blank() -> None:
    assert text(sliding.slid((("日\u0301", ""),), 1, Slide(0, 0))) == " ", "two letters, two cells"
    assert text(sliding.slid((("日本", ""),), 3, Slide(0, 1))) == " 本"


def test_one_line_for_a_ticket() -> None:
    state, now = day(), scripted.NOW
    home, prod = state.sessions["home"], state.sessions["prod"]
    line = ticket.session("home", home, now)
    for part in ("session home → dr2::home", "faulty", "118 failures", "ssh refused"):
        assert part in line
    assert "\n" not in line
    assert line.endswith("seen 2026-05-01 12:04:31Z")
    faulty = next(name for name in home.workers if name.startswith("gfs3:"))
    line = ticket.worker("home", home, faulty, now)
    for part in ("faulty since 2026-05-01 12:0", "attempt 4 at 12:05:02Z", "next step: See that"):
        assert part in line
    line = ticket.worker("prod", prod, "gfs1:/bricks/b1", now)
    for part in ("session prod", "active", "rsync job 2 of 3", "lag 00:42", "synced up to"):
        assert part in line
