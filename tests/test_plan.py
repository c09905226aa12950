"""The planning room: tables for folding, items, order and settling."""

import stat
from dataclasses import replace

import msgspec
import pytest

from engine.item import (
    ROOT,
    AnyAnswer,
    AnyItem,
    Attributes,
    Done,
    Gfid,
    Gone,
    Holder,
    Item,
    Kind,
    NeedParent,
    NotEmpty,
    Place,
    Refused,
)
from engine.plan import items, order
from engine.plan.dirty import ALL, Dirty, Why, Window, fold
from engine.plan.items import Absent, Alive
from engine.plan.settle import settle

G = [Gfid(f"{n:08x}-0000-4000-8000-000000000000") for n in range(10)]
A, B, C, D = G[1], G[2], G[3], G[4]
AT_A, AT_B, AT_C = Place(ROOT, b"a"), Place(ROOT, b"b"), Place(ROOT, b"c")
FILE = Attributes(stat.S_IFREG | 0o644, 0, 0, 5, 7, 7)


def test_fold_looks_once_at_what_was_written_many_times() -> None:
    window = Window()
    fold(window, [("E", A, 23, (AT_A,), 0o100644), ("D", A, 0, (), 0), ("D", A, 0, (), 0)])
    assert window.dirty[A] == Dirty(Why.NAMES | Why.ATTRIBUTES | Why.DATA, {AT_A: None})
    assert window.records == 3


@pytest.mark.parametrize("fop", [38, 39, 17, 36, 19, 45, 33, 34])
def test_any_m_record_means_all_attributes(fop: int) -> None:
    window = Window()
    fold(window, [("M", A, fop, (), 0)])
    assert window.dirty == {A: Dirty(Why.ATTRIBUTES)}


def test_an_entry_dirties_the_times_of_its_directories() -> None:
    window = Window()
    fold(window, [("E", A, 8, (Place(B, b"x"), Place(C, b"y")), 0)])
    assert window.dirty[B] == window.dirty[C] == Dirty(Why.ATTRIBUTES, directory=True)


@pytest.mark.parametrize(
    ("fop", "ended", "directory"),
    [(5, True, False), (6, True, True), (23, False, False), (4, False, True), (8, False, False)],
    ids=["unlink", "rmdir", "create", "mkdir", "rename"],
)
def test_only_an_end_is_an_end(fop: int, ended: bool, directory: bool) -> None:
    window = Window()
    fold(window, [("E", A, fop, (AT_A, AT_B)[: 1 + (fop == 8)], 0)])
    assert (window.dirty[A].ended, window.dirty[A].directory) == (ended, directory)
    assert window.taken == ({AT_B} if fop == 8 else set())


@pytest.mark.parametrize(
    ("dirty", "taken", "lawful"),
    [
        pytest.param(Dirty(Why.NAMES, {AT_A: None}), set(), False, id="nobody spoke of its end"),
        pytest.param(Dirty(Why.NAMES, {AT_A: None}, ended=True), set(), True, id="unlinked"),
        pytest.param(Dirty(Why.NAMES, {AT_A: None}), {AT_A}, True, id="renamed over"),
        pytest.param(Dirty(Why.NAMES, {AT_A: None}), {AT_B}, False, id="another was renamed over"),
    ],
)
def test_only_what_somebody_spoke_of_may_be_removed(
    dirty: Dirty, taken: set[Place], lawful: bool
) -> None:
    item = items.make(Absent(A), dirty, Window(taken=taken))
    assert item == Gone(gfid=A, heard=(AT_A,), lawful=lawful)


def _alive(*places: Place, kind: Kind = Kind.FILE) -> Alive:
    return Alive(A, kind, places, True, FILE)


def test_names_it_no_longer_has_are_said() -> None:
    dirty = Dirty(Why.NAMES, {AT_A: None, AT_B: None})
    item = items.make(_alive(AT_B), dirty, Window())
    assert isinstance(item, Item)
    assert (item.names, item.heard) == ((AT_B,), (AT_A,))


@pytest.mark.parametrize(
    ("found", "outside"),
    [
        pytest.param(_alive(), set(), id="no name at all"),
        pytest.param(_alive(Place(B, b"x")), {B}, id="only in a directory of the volume's own"),
        pytest.param(_alive(AT_A), {A}, id="a directory of the volume's own"),
    ],
)
def test_nothing_is_said_of_what_is_not_ours(found: Alive, outside: set[Gfid]) -> None:
    assert items.make(found, Dirty(ALL), Window(), outside) is None


def test_names_that_could_not_be_found_are_no_reason_to_forget_it() -> None:
    item = items.make(replace(_alive(), whole=False), Dirty(Why.DATA), Window())
    assert isinstance(item, Item)
    assert (item.names, item.whole) == ((), False)


def test_the_root_has_no_name_and_is_still_ours() -> None:
    root = replace(_alive(kind=Kind.DIRECTORY), gfid=ROOT)
    assert items.make(root, Dirty(ALL), Window()) is not None


def _item(gfid: Gfid, *names: Place, kind: Kind = Kind.FILE) -> Item:
    return Item(gfid=gfid, kind=kind, names=names, attributes=FILE)


def test_order_is_frees_then_down_then_leaves_then_up_then_times() -> None:
    freed = Gone(gfid=G[9], heard=(AT_A,), lawful=True)
    outer = _item(A, AT_A, kind=Kind.DIRECTORY)
    inner = _item(B, Place(A, b"i"), kind=Kind.DIRECTORY)
    leaf = _item(C, Place(B, b"l"))
    ended = Gone(gfid=G[7], heard=(AT_B,), lawful=True)
    below = Gone(gfid=G[8], heard=(Place(G[7], b"x"),), lawful=True)
    waves = order.waves([ended, leaf, inner, below, outer, freed], {G[7], G[8]})
    assert waves[:-1] == [[freed], [outer], [inner], [leaf], [below], [ended]]
    assert waves[-1] == [inner, outer]


def test_directories_alone_get_their_times_last_too() -> None:
    outer = _item(A, AT_A, kind=Kind.DIRECTORY)
    inner = _item(B, Place(A, b"i"), kind=Kind.DIRECTORY)
    assert order.waves([outer, inner], set()) == [[outer], [inner], [outer, inner]]
    assert order.waves([outer], set()) == [[outer]]


def test_looks_that_contradict_each_other_go_at_once() -> None:
    one = _item(A, Place(B, b"x"), kind=Kind.DIRECTORY)
    two = _item(B, Place(A, b"x"), kind=Kind.DIRECTORY)
    assert order.waves([one, two], set()) == [[one, two], [one, two]]


def test_an_item_in_itself_is_no_cycle() -> None:
    one = _item(A, Place(A, b"x"), kind=Kind.DIRECTORY)
    assert order.waves([one], set()) == [[one]]


def _settled(item: AnyItem, answer: AnyAnswer, was: Dirty | None = None) -> Window:
    window = Window()
    settle(window, {item.gfid: was or Dirty(Why.NAMES)}, {item.gfid: item}, [answer])
    return window


def test_done_leaves_nothing() -> None:
    done = Done(gfid=A, size=5, mtime=7)
    assert _settled(_item(A, AT_A), done).dirty == {}


def test_whoever_was_in_the_way_is_looked_at() -> None:
    holder = Holder(AT_A, B, Kind.DIRECTORY)
    done = Done(gfid=A, size=5, mtime=7, displaced=(holder,))
    assert _settled(_item(A, AT_A), done).dirty == {
        B: Dirty(Why.NAMES, {AT_A: None}, directory=True)
    }


def test_a_stranger_at_a_heard_name_is_looked_at() -> None:
    done = Done(gfid=A, strangers=(Holder(AT_B, B, Kind.FILE),))
    gone = Gone(gfid=A, heard=(AT_B,), lawful=True)
    assert _settled(gone, done).dirty == {B: Dirty(Why.NAMES, {AT_B: None})}


def test_a_shortfall_is_dirty_whatever_the_answer_was_called() -> None:
    assert _settled(_item(A, AT_A), Done(gfid=A, size=4, mtime=7)).dirty[A].why & Why.DATA


def test_times_that_did_not_stick_are_not_done() -> None:
    assert _settled(_item(A, AT_A), Done(gfid=A, size=5, mtime=8)).dirty[A].why is Why.ATTRIBUTES


def test_times_of_a_directory_are_set_again_by_whoever_makes_something_in_it() -> None:
    directory = _item(A, AT_A, kind=Kind.DIRECTORY)
    assert _settled(directory, Done(gfid=A, mtime=8)).dirty == {}


def test_a_directory_in_which_a_name_was_made_gets_its_times_again() -> None:
    window = _settled(_item(A, AT_A), Done(gfid=A, size=5, mtime=7, touched=(A, B)))
    assert window.dirty == {B: Dirty(Why.ATTRIBUTES, directory=True)}


def test_what_was_made_for_its_name_alone_needs_the_rest() -> None:
    window = _settled(_item(A, AT_A), Done(gfid=A, size=0, mtime=7, created=True))
    assert window.dirty[A].why == Why.ATTRIBUTES | Why.DATA


def test_content_that_follows_is_neither_short_nor_late() -> None:
    item = msgspec.structs.replace(_item(A, AT_A), data_follows=True)
    assert _settled(item, Done(gfid=A, size=0, mtime=0)).dirty == {}


def test_a_missing_parent_comes_first_and_the_child_again() -> None:
    window = _settled(_item(A, Place(B, b"x")), NeedParent(gfid=A, parent=B))
    assert window.dirty[B] == Dirty(ALL, directory=True)
    assert A in window.dirty
    assert window.deep == {A}


def test_children_of_a_lawful_end_end_lawfully() -> None:
    child = Holder(Place(A, b"x"), B, Kind.FILE)
    was = Dirty(Why.NAMES, {AT_A: None}, ended=True, directory=True)
    window = _settled(Gone(gfid=A, lawful=True), NotEmpty(gfid=A, children=(child,)), was)
    assert window.dirty[B] == Dirty(Why.NAMES, {child.place: None}, ended=True)
    assert window.dirty[A] == was


def test_what_is_in_a_directory_that_ends_is_spared_where_nobody_listed_it() -> None:
    child = Holder(Place(A, b"x"), B, Kind.FILE)
    window = Window(sparing=True)
    was = Dirty(Why.NAMES, {AT_A: None}, ended=True, directory=True)
    gone = Gone(gfid=A, lawful=True)
    answer = NotEmpty(gfid=A, children=(child,))
    outcome = settle(window, {A: was}, {A: gone}, [answer])
    assert outcome.spared == [A]
    assert window.dirty == {}


@pytest.mark.parametrize(("code", "deep"), [(13, set()), (116, {A}), (22, {A})])
def test_what_was_refused_stays_dirty(code: int, deep: set[Gfid]) -> None:
    refused = Refused(gfid=A, doing="move", errno=code, words="no")
    window = _settled(_item(A, AT_A), refused, Dirty(Why.DATA, {AT_B: None}))
    assert window.dirty == {A: Dirty(Why.DATA, {AT_B: None})}
    assert window.deep == deep
