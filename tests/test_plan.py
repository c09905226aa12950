"""The planning room: tables for folding, items, order and settling."""

import stat
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from engine.item import (
    NOBODY,
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
from engine.plan.ahead import OpenSlice
from engine.plan.dirty import ALL, Dirty, Why, Window, fold
from engine.plan.items import Absent, Alive
from engine.plan.settle import settle
from engine.primary.records import Record

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
    ("fop", "directory"),
    [(5, False), (6, True), (23, False), (4, True), (8, False)],
    ids=["unlink", "rmdir", "create", "mkdir", "rename"],
)
def test_who_is_spoken_of_and_whose_name_is_taken(fop: int, directory: bool) -> None:
    window = Window()
    fold(window, [("E", A, fop, (AT_A, AT_B)[: 1 + (fop == 8)], 0)])
    assert window.dirty[A].directory is directory
    assert window.spoken == {A}
    assert window.taken == ({AT_B} if fop == 8 else set())


NOWHERE = Place(NOBODY, b"b")
"""The new name in a record of a sharded volume, where somebody stood before."""


@pytest.mark.parametrize(
    "then",
    [
        pytest.param([], id="it stays"),
        pytest.param([("E", A, 8, (AT_B, AT_C), 0)], id="it is renamed again"),
        pytest.param([("E", A, 5, (AT_B,), 0)], id="it is removed"),
    ],
)
@pytest.mark.parametrize("ahead", [False, True])
def test_where_a_rename_led_is_found_out(then: list[Any], *, ahead: bool) -> None:
    """Who stood there has no record of its end; nobody else is taken for it."""
    said = [("E", A, 8, (AT_A, NOWHERE), 0), *then]
    if ahead:
        early = OpenSlice(1)
        early.hear([Record(*each) for each in said], 1)
        window = early.ripe({}, 0, 0.0)
    else:
        window = Window()
        fold(window, said)
    assert NOBODY not in window.dirty
    assert NOWHERE not in window.dirty.get(A, Dirty()).heard
    if not then:
        items.make(_alive(AT_B), Dirty(Why.NAMES), window)
    assert window.taken == {AT_B, *([AT_C] if then and then[0][2] == 8 else [])}
    elsewhere = Place(D, b"b")
    for place, lawful in ((AT_B, True), (elsewhere, False)):
        gone = items.make(Absent(B), Dirty(Why.NAMES, {place: None}), window)
        assert gone == Gone(gfid=B, heard=(place,), lawful=lawful)


@pytest.mark.parametrize("fop", [5, 8, 9, 23])
def test_a_name_in_no_directory_is_not_heard_of(fop: int) -> None:
    window = Window()
    fold(window, [("E", A, fop, (NOWHERE, AT_B)[: 1 + (fop == 8)], 0)])
    assert NOBODY not in window.dirty
    assert set(window.dirty[A].heard) == ({AT_B} if fop == 8 else set())
    assert window.taken == ({AT_B} if fop == 8 else set())


@pytest.mark.parametrize(
    ("window", "lawful"),
    [
        pytest.param(Window(), False, id="nobody spoke of it"),
        pytest.param(Window(spoken={A}), True, id="a record was about it"),
        pytest.param(Window(known={A}), True, id="it was there a moment ago"),
        pytest.param(Window(spoken={B}, known={B}), False, id="another was spoken of"),
        pytest.param(Window(taken={AT_A}), True, id="renamed over"),
        pytest.param(Window(taken={AT_B}), False, id="another was renamed over"),
    ],
)
def test_only_what_somebody_spoke_of_may_be_removed(window: Window, lawful: bool) -> None:
    item = items.make(Absent(A), Dirty(Why.NAMES, {AT_A: None}), window)
    assert item == Gone(gfid=A, heard=(AT_A,), lawful=lawful)


@pytest.mark.parametrize(
    ("found", "window", "elsewhere"),
    [
        pytest.param({}, Window(), False, id="on the own brick"),
        pytest.param({"shared": True}, Window(), True, id="another brick's"),
        pytest.param({"shared": True}, Window(known={A}), True, id="another brick's, seen before"),
        pytest.param(
            {"shared": True}, Window(spoken={A}), False, id="it has moved away: nobody else would"
        ),
        pytest.param({"shared": True, "kind": Kind.DIRECTORY}, Window(), False, id="every brick's"),
    ],
)
def test_another_bricks_file_is_not_made(
    found: dict[str, Any], window: Window, elsewhere: bool
) -> None:
    item = items.make(replace(_alive(AT_A), **found), Dirty(Why.NAMES), window)
    assert isinstance(item, Item)
    assert item.elsewhere is elsewhere
    assert items.content(item, Why.DATA) is (item.kind is Kind.FILE and not elsewhere)


@pytest.mark.parametrize(
    ("why", "kind", "left_alone"),
    [
        pytest.param(Why.NAMES, Kind.FILE, True, id="its content may be old"),
        pytest.param(Why.NAMES | Why.ATTRIBUTES, Kind.FILE, False, id="they may have been set"),
        pytest.param(Why.DATA, Kind.FILE, False, id="its content comes with it"),
        pytest.param(Why.NAMES | Why.DOUBT, Kind.FILE, False, id="its content is compared"),
        pytest.param(Why.NAMES, Kind.SYMLINK, False, id="it has no content"),
        pytest.param(Why.NAMES, Kind.DIRECTORY, False, id="it has none either"),
    ],
)
def test_times_of_a_file_are_set_only_where_its_content_is_known(
    why: Why, kind: Kind, left_alone: bool
) -> None:
    item = items.make(replace(_alive(AT_A), kind=kind), Dirty(why), Window())
    assert isinstance(item, Item)
    assert item.data_follows is left_alone


@pytest.mark.parametrize(
    ("why", "heard", "kind", "standing"),
    [
        pytest.param(Why.ATTRIBUTES, (), Kind.FILE, True, id="attributes alone"),
        pytest.param(Why.DATA | Why.DOUBT, (), Kind.FILE, True, id="content alone"),
        pytest.param(Why.ATTRIBUTES | Why.NAMES, (), Kind.FILE, False, id="names, too"),
        pytest.param(Why.ATTRIBUTES, (AT_B,), Kind.FILE, False, id="seen somewhere"),
        pytest.param(ALL, (), Kind.FILE, False, id="a crawl"),
        pytest.param(Why.ATTRIBUTES, (), Kind.SYMLINK, True, id="a symlink"),
        pytest.param(Why.ATTRIBUTES, (), Kind.DIRECTORY, False, id="another may be making it"),
    ],
)
def test_what_stands_is_that_of_whose_names_nothing_was_heard(
    why: Why, heard: tuple[Place, ...], kind: Kind, standing: bool
) -> None:
    dirty = Dirty(why, dict.fromkeys(heard))
    item = items.make(replace(_alive(AT_A), kind=kind), dirty, Window())
    assert isinstance(item, Item)
    assert item.standing is standing


@pytest.mark.parametrize(
    ("why", "kind", "since", "sent"),
    [
        pytest.param(ALL, Kind.FILE, 100, True, id="changed when nobody wrote it down"),
        pytest.param(ALL, Kind.FILE, 101, False, id="changed before: size and mtime tell"),
        pytest.param(ALL, Kind.FILE, 0, False, id="there never was a changelog"),
        pytest.param(ALL, Kind.SYMLINK, 100, False, id="it has no content"),
        pytest.param(Why.NAMES, Kind.FILE, 100, False, id="nobody doubts its content"),
    ],
)
def test_content_that_may_have_changed_without_a_record_is_sent(
    why: Why, kind: Kind, since: int, sent: bool
) -> None:
    found = replace(_alive(AT_A), kind=kind, changed=100 * 10**9 + 5)
    assert items.unrecorded(found, why, since) is sent
    assert not items.unrecorded(Absent(A), why, since)


@pytest.mark.parametrize(
    ("shared", "answer", "unsure"),
    [
        pytest.param(True, Done(gfid=A), True, id="another may have made it otherwise"),
        pytest.param(True, Done(gfid=A, changed=False), False, id="it was so"),
        pytest.param(False, Done(gfid=A), False, id="only we write its attributes"),
        pytest.param(False, Done(gfid=A, created=True), True, id="a rename ends without a record"),
        pytest.param(False, Done(gfid=A, touched=(B,)), True, id="it got a name"),
        pytest.param(True, NeedParent(gfid=A, parent=B), False, id="nothing was done"),
    ],
)
def test_whoever_changed_what_others_may_change_looks_again(
    shared: bool, answer: AnyAnswer, unsure: bool
) -> None:
    assert items.unsure(replace(_alive(AT_A), shared=shared), answer) is unsure
    assert not items.unsure(Absent(A), answer)


NEWER = msgspec.structs.replace(FILE, mtime=8)


@pytest.mark.parametrize(
    ("shared", "again", "overtaken"),
    [
        pytest.param(False, {"attributes": NEWER}, False, id="own: a record of its own will come"),
        pytest.param(False, {"places": (AT_B,)}, True, id="own: another name"),
        pytest.param(True, {}, False, id="shared: the same"),
        pytest.param(True, {"attributes": NEWER}, True, id="shared: another time"),
        pytest.param(True, {"places": (AT_B,)}, True, id="shared: another name"),
    ],
)
def test_what_was_overtaken(shared: bool, again: dict[str, Any], overtaken: bool) -> None:
    looked = replace(_alive(AT_A), shared=shared)
    assert items.overtaken(looked, replace(looked, **again)) is overtaken
    assert items.overtaken(looked, Absent(A))
    assert items.overtaken(Absent(A), looked)
    assert not items.overtaken(Absent(A), Absent(A))


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


def test_children_of_a_directory_that_ends_may_go_by_themselves_at_first() -> None:
    child = Holder(Place(A, b"x"), B, Kind.FILE)
    was = Dirty(Why.NAMES, {AT_A: None}, directory=True)
    window, gone = Window(), Gone(gfid=A, lawful=True)
    for _ in range(3):
        outcome = settle(window, {A: was}, {A: gone}, [NotEmpty(gfid=A, children=(child,))])
        assert outcome.waiting == 1
        assert window.dirty == {A: was}
    settle(window, {A: was}, {A: gone}, [NotEmpty(gfid=A, children=(child,))])
    assert window.dirty == {A: was, B: Dirty(Why.NAMES, {child.place: None})}
    assert (window.orphans, window.known) == ({B}, set())


@pytest.mark.parametrize(
    ("window", "lawful"), [(Window(orphans={A}), False), (Window(orphans={A}, spoken={A}), True)]
)
def test_an_orphan_is_removed_only_if_it_was_the_primarys(window: Window, lawful: bool) -> None:
    item = items.make(Absent(A), Dirty(Why.NAMES, {AT_A: None}), window)
    assert item == Gone(gfid=A, heard=(AT_A,), lawful=lawful, orphan=True)


def test_content_and_times_of_another_bricks_file_are_not_ours() -> None:
    item = msgspec.structs.replace(_item(A, AT_A), elsewhere=True)
    assert _settled(item, Done(gfid=A, size=4, mtime=8)).dirty == {}


def test_what_is_in_a_directory_that_ends_is_spared_where_nobody_listed_it() -> None:
    child = Holder(Place(A, b"x"), B, Kind.FILE)
    window = Window(sparing=True)
    was = Dirty(Why.NAMES, {AT_A: None}, directory=True)
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


@pytest.mark.parametrize(
    "answer",
    [
        Refused(gfid=A, doing="set xattrs", errno=28, words="full"),
        NeedParent(gfid=A, parent=C),
    ],
    ids=["refused", "needs a parent"],
)
def test_what_was_done_before_it_ended_is_not_forgotten(answer: Refused | NeedParent) -> None:
    holder = Holder(AT_A, B, Kind.FILE)
    answer = msgspec.structs.replace(answer, created=True, touched=(ROOT,), displaced=(holder,))
    window = _settled(_item(A, AT_A), answer)
    assert window.dirty[A] == Dirty(Why.NAMES | Why.ATTRIBUTES)
    assert window.dirty[B] == Dirty(Why.NAMES, {AT_A: None})
    assert window.dirty[ROOT] == Dirty(Why.ATTRIBUTES, directory=True)
