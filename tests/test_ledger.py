"""The ledger on disk: what is noted, what is due, what an operator changes, what a crash leaves."""

import sqlite3
import stat
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Retry, Stop
from engine.failures import WAITS
from engine.item import ROOT, Gfid, Place
from engine.plan.dirty import Dirty, Why, Window
from engine.session import ledger
from engine.session.ledger import NEVER, Failure, Known, Ledger

G = [Gfid(f"{n:08x}-0000-4000-8000-000000000000") for n in range(10)]
A, B, C = G[1], G[2], G[3]
W1, W2 = "h:/b1", "h:/b2"
DIRTY = Dirty(Why.NAMES | Why.DATA, {Place(ROOT, b"a\xff\n"): None}, directory=True)


def failure(gfid: Gfid, due: float = 10.0, worker: str = W1, **more: object) -> Failure:
    said = {"path": gfid[:8], "doing": "create", "kind": "EPERM", "words": "no", "tries": 1}
    times = {"first": 1.0, "last": due, "due": due, "slice": 7}
    return Failure(worker=worker, gfid=gfid, **(said | times | more))  # type: ignore[arg-type]


def noted(*failures: Failure) -> list[tuple[Failure, Known]]:
    return [(one, Known(DIRTY, spoken=True)) for one in failures]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s" / "ledger.db"


def opened(path: Path, worker: str = W1, *failures: Failure) -> Ledger:
    made = Ledger(path, worker)
    made.put(noted(*failures))
    return made


def test_what_was_noted_is_there_after_a_crash(path: Path) -> None:
    opened(path, W1, failure(A), failure(B, NEVER))  # never closed
    again = Ledger(path, W1)
    assert (again.waiting, again.skipped, again.empty) == (1, 1, False)
    assert again.among([A, B, C]) == {
        A: (failure(A), Known(DIRTY, spoken=True)),
        B: (failure(B, NEVER), Known(DIRTY, spoken=True)),
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_workers_that_begin_together_make_one_ledger(tmp_path: Path) -> None:
    """SQLite told one in twenty at once that it was locked, and a worker began anew for it."""
    refused: list[Exception] = []

    def begin(path: Path, gate: threading.Barrier, worker: str) -> None:
        gate.wait()
        try:
            Ledger(path, worker).close()
        except Retry as error:
            refused.append(error)

    for number in range(150):
        path, gate = tmp_path / str(number) / "ledger.db", threading.Barrier(4)
        begins = [
            threading.Thread(target=begin, args=(path, gate, f"h:/b{brick}")) for brick in range(4)
        ]
        for one in begins:
            one.start()
        for one in begins:
            one.join()
    assert refused == []


def test_workers_do_not_see_each_other(path: Path) -> None:
    one, other = opened(path, W1, failure(A)), opened(path, W2, failure(A, worker=W2))
    one.drop([A], 0.0)
    assert one.empty
    assert set(other.among([A])) == {A}
    assert [each.worker for each in ledger.failures(path)] == [W2]


def test_the_latest_replaces_what_was_noted_before(path: Path) -> None:
    made = opened(path, W1, failure(A), failure(A, 20.0, tries=2))
    assert made.among([A])[A][0].tries == 2
    assert made.waiting == 1


@pytest.mark.parametrize(
    ("now", "limit", "due"),
    [(9, 9, []), (10, 9, [A]), (99, 9, [A, B]), (99, 1, [A])],
    ids=["too early", "one", "two, the oldest first", "no more than asked for"],
)
def test_due(path: Path, now: float, limit: int, due: list[Gfid]) -> None:
    made = opened(path, W1, failure(B, 20.0), failure(A, 10.0), failure(C, NEVER))
    assert list(made.due(now, limit)) == due


def test_what_waits_for_a_directory_is_due_when_that_is_done(path: Path) -> None:
    made = opened(path, W1, failure(A), failure(B, 999.0, parent=A), failure(C, NEVER, parent=A))
    assert made.drop([A, G[9]], 50.0) == [A]
    assert list(made.due(50.0, 9)) == [B]
    assert made.skipped == 1


def test_the_latest_are_told_the_oldest_first(path: Path) -> None:
    made = opened(path, W1, *(failure(G[n], float(n)) for n in (3, 1, 2)), failure(G[4], NEVER))
    assert [one.gfid for one in made.latest(2)] == [G[2], G[3]]
    assert [one.gfid for one in made.aside(2)] == [G[4]]
    made.put(noted(failure(G[5], NEVER, last=9.0), failure(G[6], NEVER, last=8.0)))
    assert [one.gfid for one in made.aside(2)] == [G[6], G[5]]
    assert Ledger(path, W2).aside(2) == []


def test_an_operator_retries_and_skips(path: Path) -> None:
    made = opened(path, W1, failure(A, 999.0), failure(B, 999.0), failure(C, NEVER))
    assert ledger.make_due(path, None, 5.0) == 2, "what was skipped stays so"
    assert set(made.due(5.0, 9)) == {A, B}
    assert ledger.make_due(path, [A, G[9]], NEVER) == 1
    assert ledger.make_due(path, [C], 5.0) == 1, "unless it is named"
    made.recount()
    assert (made.waiting, made.skipped) == (2, 1)
    assert set(made.due(5.0, 9)) == {B, C}


def test_who_waits_for_others_has_not_failed(path: Path) -> None:
    made = opened(path, W1, failure(A, kind=WAITS))
    assert (made.waiting, made.skipped, made.others, made.empty) == (0, 0, 1, False)
    assert list(made.due(10.0, 9)) == [A], "it is tried again all the same"
    made.put(noted(failure(B), failure(C, NEVER, kind=WAITS)))
    assert [each.gfid for each in made.latest(9)] == [B]
    assert (made.waiting, made.skipped, made.others) == (1, 1, 1)
    again = Ledger(path, W1)
    assert (again.waiting, again.skipped, again.others) == (1, 1, 1)
    assert again.drop([A], 0.0) == [A]
    assert again.others == 0


def test_without_a_ledger_nothing_has_failed(path: Path) -> None:
    assert ledger.failures(path) == []
    assert ledger.make_due(path, None, 1.0) == 0
    assert not path.exists()


def test_failures_are_listed_by_path(path: Path) -> None:
    opened(path, W1, failure(A, path="z"), failure(B, path="a"))
    assert [one.path for one in ledger.failures(path)] == ["a", "z"]


def test_more_than_one_query_takes(path: Path) -> None:
    many = [Gfid(f"{n:08x}-0000-4000-8000-000000000000") for n in range(1300)]
    made = opened(path, W1, *map(failure, many))
    assert made.among(many).keys() == set(many)
    assert len(made.drop(many, 0.0)) == 1300


def test_intentions_outlive_a_crash_and_are_taken_back(path: Path) -> None:
    known = Known(DIRTY, known=True)
    opened(path).intend({A: known, B: known})
    again = Ledger(path, W1)
    assert again.unsure() == {A: known, B: known}
    assert Ledger(path, W2).unsure() == {}
    again.sure([A, C])
    assert again.unsure() == {B: known}
    assert again.empty, "an intention is no failure"


@given(
    st.lists(st.tuples(st.sampled_from(G), st.binary(min_size=1))),
    st.integers(0, 15),
    *[st.booleans()] * 3,
)
def test_nothing_that_was_known_gets_lost(
    heard: list[tuple[Gfid, bytes]], why: int, directory: bool, spoken: bool, known: bool
) -> None:
    dirty = Dirty(Why(why), dict.fromkeys(Place(*place) for place in heard), directory)
    packed = ledger._unpack(ledger._pack(Known(dirty, spoken, known)))
    assert packed == Known(dirty, spoken, known)
    window = Window()
    packed.into(window, window.mark(A, Why(0)), A)
    assert Known.of(window, A, window.dirty[A]) == packed


def test_what_the_worker_of_a_brick_that_is_gone_has_left_is_another_s(path: Path) -> None:
    opened(path, W1, failure(A, words="ours"))
    left = opened(path, W2, *(failure(g, worker=W2) for g in (A, B)), failure(C, NEVER, W2))
    Ledger(path, W1).intend({B: Known(Dirty(Why.DATA))})
    left.intend({B: Known(Dirty(Why.NAMES)), C: Known(DIRTY)})
    opened(path, "fix").intend({A: Known(DIRTY)})
    assert ledger.hand_over(path, [W1, W2, "h:/b3"]) == []
    gone = ledger.hand_over(path, ["h:/b3", W1])
    assert {(one.worker, one.gfid) for one in gone} == {(W2, A), (W2, B), (W2, C)}
    heir = Ledger(path, W1)
    assert (heir.waiting, heir.skipped) == (2, 1)
    assert heir.among([A])[A][0].words == "ours"
    assert heir.among([B])[B][1] == Known(DIRTY, spoken=True)
    assert heir.unsure() == {B: Known(Dirty(Why.NAMES | Why.DATA)), C: Known(DIRTY)}
    assert heir.left_by("fix") == {A: Known(DIRTY)}
    assert heir.left_by(W2) == {}
    assert ledger.hand_over(path, [W1]) == []


def test_of_one_that_several_have_noted_nothing_that_was_known_gets_lost(path: Path) -> None:
    """Its content was the other's to bring, and no record tells of it again."""
    mine = Known(Dirty(Why.ATTRIBUTES, {Place(ROOT, b"mine"): None}), known=True)
    theirs = Known(Dirty(Why.DATA, {Place(ROOT, b"theirs"): None}), spoken=True)
    third = Known(Dirty(Why.NAMES, directory=True))
    heir = Ledger(path, W1)
    heir.put([(failure(A, NEVER, words="mine"), mine)])
    for worker, known in ((W2, theirs), ("h:/b3", third)):
        for gfid in (A, B):
            Ledger(path, worker).put([(failure(gfid, worker=worker), known)])
    assert len(ledger.hand_over(path, [W1])) == 4
    heir.recount()
    assert (heir.waiting, heir.skipped) == (2, 0), "one of them still tried it"
    found = heir.among([A, B])
    assert found[A][0].words == "mine"
    assert found[A][1] == theirs.merged(third).merged(mine)
    assert found[B][1] == theirs.merged(third)


def test_nobody_inherits_where_there_is_nobody(path: Path) -> None:
    assert ledger.hand_over(path, [W1]) == []
    opened(path, W1, failure(A))
    assert ledger.hand_over(path, []) == []
    assert Ledger(path, W1).waiting == 1


def test_a_damaged_ledger_stops(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(Stop, match="cannot be read") as caught:
        Ledger(path, W1)
    assert caught.value.cause == "ledger unreadable"


def test_a_newer_ledger_stops(path: Path) -> None:
    opened(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(Stop, match="another version"):
        Ledger(path, W1)


def test_a_ledger_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Retry, match="cannot be used") as caught:
        Ledger(tmp_path / "file" / "ledger.db", W1)
    assert caught.value.cause == "ledger not writable"


def test_a_failure_is_json_for_programs() -> None:
    assert msgspec.json.decode(msgspec.json.encode(failure(A)))["gfid"] == A
