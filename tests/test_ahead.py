"""What is made so before its slice closes, what is put off, and what is spared at the close."""

from itertools import pairwise

import pytest

from engine.item import ROOT, Gfid, Place
from engine.plan.ahead import QUIET, RACY, Glance, OpenSlice, same
from engine.plan.dirty import Why, Window, fold

G, H, D = (Gfid(f"{n:08x}-0000-4000-8000-000000000000") for n in (1, 2, 3))
AT_A, AT_B = Place(ROOT, b"a"), Place(ROOT, b"b")
CREATE, RENAME = 23, 8
MADE = [("E", G, CREATE, (AT_A,), 0), ("D", G, 0, (), 0)]
SMALL = 1000
NOW = 10**18
"""Nanoseconds since the epoch."""


def glance(age: int = 10 * QUIET, size: int = 5, **more: object) -> Glance:
    return Glance(7, NOW - age, size)._replace(**more)  # type: ignore[arg-type]


def made_ahead(seen: Glance | None, left: frozenset[Gfid] = frozenset()) -> OpenSlice:
    """Return a slice in which G was heard of, and made so after that glance."""
    one = OpenSlice(SMALL)
    one.hear(MADE, 0)
    window = one.ripe({G: seen}, NOW, 0.0)
    assert set(window.dirty) == {G}
    one.remember({G: seen}, left, NOW, 2, 0.0)
    return one


def spared(one: OpenSlice, later: Glance | None, first: int | None = 0) -> bool:
    window = Window()
    fold(window, MADE)
    one.close(MADE, first)
    one.spare(window, dict.fromkeys(one.candidates(window), later))
    assert ROOT in window.dirty, "the directory is looked at again"
    return G not in window.dirty


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(glance(), glance(), True, id="as it was"),
        pytest.param(glance(), glance(age=QUIET), False, id="changed"),
        pytest.param(glance(), glance(size=6), False, id="another size"),
        pytest.param(glance(), glance(inode=8), False, id="another inode"),
        pytest.param(glance(), None, False, id="gone"),
        pytest.param(glance(RACY), glance(RACY), True, id="changed just long enough before"),
        pytest.param(glance(agrees=False), glance(), False, id="the mount showed something else"),
        pytest.param(glance(directory=True), glance(directory=True), False, id="a directory"),
        pytest.param(None, None, False, id="not on the own brick"),
    ],
)
def test_what_is_spared_when_the_slice_closes(
    before: Glance | None, after: Glance | None, expected: bool
) -> None:
    assert spared(made_ahead(before), after) is expected


def test_what_changed_in_the_same_tick_as_the_glance_is_not_spared() -> None:
    one = OpenSlice(SMALL)
    one.hear(MADE, 0)
    racy = glance(RACY - 1)
    assert not one.ripe({G: racy}, NOW, 0.0).dirty
    # Its writer did not pause: it is sent, and sent again.
    assert set(one.ripe({G: racy}, NOW, 1.0).dirty) == {G}
    one.remember({G: racy}, (), NOW, 2, 1.0)
    assert not spared(one, racy)


def test_what_was_set_back_with_the_clock_is_not_spared() -> None:
    assert not one_made(glance(age=-3600 * QUIET))


def one_made(seen: Glance) -> bool:
    one = OpenSlice(SMALL)
    one.hear(MADE, 0)
    one.ripe({G: seen}, NOW, 0.0)
    one.ripe({G: seen}, NOW, 5.0)
    one.remember({G: seen}, (), NOW, 2, 5.0)
    return spared(one, seen)


def test_what_is_left_is_not_spared() -> None:
    assert not spared(made_ahead(glance(), frozenset({G})), glance())


def test_what_was_refused_once_is_not_spared_though_a_later_step_has_made_it() -> None:
    """The places where it was heard to be were of the first step; the second had none of them."""
    one = made_ahead(glance(), frozenset({G}))
    one.refused({G})
    again = one.ripe({G: glance()}, NOW, 9.0)
    assert not again.dirty[G].heard
    one.remember({G: glance()}, (), NOW, 2, 9.0)
    assert not spared(one, glance())
    one.forget()
    one.hear(MADE, 2)
    one.ripe({G: glance()}, NOW, 20.0)
    one.remember({G: glance()}, (), NOW, 4, 20.0)
    assert spared(one, glance(), first=2), "in the next slice it is like any other"


def test_nothing_of_a_slice_that_was_not_heard_whole_is_spared() -> None:
    assert not spared(made_ahead(glance()), glance(), first=None)


def test_a_record_that_came_after_the_glance_counts() -> None:
    one = made_ahead(glance())
    more = [("E", G, RENAME, (AT_A, AT_B), 0)]
    window = Window()
    fold(window, MADE + more)
    one.close(MADE + more, 0)
    assert one.candidates(window) == []


def test_of_two_slices_the_one_that_was_not_heard_counts() -> None:
    one = made_ahead(glance())
    window = Window()
    fold(window, MADE)
    one.close([("M", G, 38, (), 0)], None)
    one.close(MADE, 0)
    assert one.candidates(window) == []


def test_a_file_that_goes_on_growing_is_sent_again_and_more_and_more_seldom() -> None:
    one = made_ahead(glance())
    now, sent = 0.0, []
    for step in range(400):
        now += 0.05
        if G in one.due(now):
            seen = {G: glance(age=QUIET, size=step)}
            window = one.ripe(seen, NOW, now)
            if window.dirty:
                assert window.dirty[G].why & Why.DATA
                one.remember(seen, (), NOW, 2, now)
                sent.append(now)
    gaps = [after - before for before, after in pairwise(sent)]
    assert gaps[0] < 0.5 < gaps[-1] < 1.2


def test_a_file_at_rest_is_not_sent_again() -> None:
    one = made_ahead(glance())
    assert one.due(0.1) == [ROOT]
    assert one.due(0.3) == [ROOT, G]
    assert not one.ripe({G: glance()}, NOW, 0.3).dirty
    assert one.due(0.4) == [ROOT]


@pytest.mark.parametrize(
    ("size", "age", "waits"),
    [
        (SMALL, RACY, False),
        (SMALL, RACY - 1, True),
        (SMALL + 1, RACY, True),
        (SMALL + 1, QUIET, False),
        (SMALL + 1, QUIET - 1, True),
    ],
)
def test_a_file_that_somebody_writes_waits(size: int, age: int, waits: bool) -> None:
    one = OpenSlice(SMALL)
    one.hear(MADE, 0)
    seen = {G: glance(age, size)}
    assert bool(one.ripe(seen, NOW, 0.0).dirty) is not waits
    if waits:
        assert G not in one.due(0.01)
        assert G in one.due(0.3)
        # A small one for a second; a large one until it is at rest, or its slice closes.
        assert bool(one.ripe(seen, NOW, 1.5).dirty) is (size == SMALL)


def test_a_renamed_file_takes_its_content_along() -> None:
    """The rename has given its inode a new ctime, which hides a write that has no record."""
    one = made_ahead(glance())
    one.hear([("E", G, RENAME, (AT_A, AT_B), 0)], 2)
    assert G in one.due(0.0)
    assert one.ripe({G: glance(age=QUIET)}, NOW, 0.1).dirty[G].why & Why.DATA


def test_a_directory_in_which_names_change_is_not_taken_for_changed() -> None:
    before = glance(directory=True)
    assert same(before, glance(age=1, directory=True, entries=True))
    assert not same(before, glance(age=1, directory=True))


def test_a_rename_over_somebody_is_remembered_until_the_slice_is_settled() -> None:
    one = OpenSlice(SMALL)
    one.hear([("E", G, RENAME, (AT_A, AT_B), 0)], 0)
    one.ripe({G: glance()}, NOW, 0.0)
    one.hear([("D", H, 0, (), 0)], 1)
    window = one.ripe({H: glance()}, NOW, 0.0)
    assert (window.taken, window.spoken) == ({AT_B}, {G, H})
    one.close([("E", G, RENAME, (AT_A, AT_B), 0)], 0)
    one.forget()
    one.hear([("D", D, 0, (), 0)], 2)
    window = one.ripe({D: glance()}, NOW, 0.0)
    assert (window.taken, window.spoken) == (set(), {H, D})


def test_what_is_settled_is_forgotten() -> None:
    one = made_ahead(glance())
    one.hear([("D", H, 0, (), 0)], 2)
    one.close(MADE, 0)
    one.forget()
    assert one.due(99.0) == [ROOT, H]
    assert one.candidates(Window(dirty={G: one.ripe({H: None}, NOW, 9.0).dirty[H]})) == []


@pytest.mark.parametrize("sent", [True, False])
def test_what_has_closed_is_not_sent_ahead_any_more(*, sent: bool) -> None:
    """It is settled with its slice; once more might last beyond the position, and a crash then
    would leave it without its times.
    """
    one = made_ahead(glance()) if sent else OpenSlice(SMALL)
    if not sent:
        one.hear(MADE, 0)
    assert G in one.due(99.0)
    one.hear([("D", H, 0, (), 0)], 2)
    one.close(MADE, 0)
    assert one.due(99.0) == [ROOT, H]
    one.hear([("D", G, 0, (), 0)], 3)
    assert G in one.due(99.0), "written anew"


def test_what_was_heard_of_a_slice_that_closed_meanwhile_is_not_forgotten() -> None:
    """Its content is still to be sent; a rename in the next one must not hide that."""
    one = made_ahead(glance())
    second = [("D", G, 0, (), 0)]
    one.hear(second, 2)
    one.close(MADE, 0)
    one.forget()
    one.hear([("E", G, RENAME, (AT_A, AT_B), 0)], 3)
    assert one.ripe({G: glance(age=QUIET)}, NOW, 0.1).dirty[G].why & Why.DATA


@pytest.mark.parametrize(("whole", "later", "spares"), [(True, 0, 1), (True, 1, 0), (False, 0, 0)])
def test_a_large_content_that_arrives_after_the_close_is_spared(
    whole: bool, later: int, spares: int
) -> None:
    """`later`: it was written to in the meantime."""
    one = OpenSlice(SMALL)
    seen, records = glance(size=SMALL + 1), [("D", G, 0, (), 0)]
    one.hear(records, 0)
    one.sent_off([G], {G: seen}, NOW, 1)
    one.remember({G: seen}, {G}, NOW, 1, 0.0)
    one.close(records, 0)
    window = Window()
    fold(window, records)
    assert one.candidates(window) == []
    one.arrived(G, 9.0, whole=whole)
    now = seen._replace(ctime=seen.ctime + later)
    assert one.spare(window, dict.fromkeys(one.candidates(window), now)) == spares


def heard(*moments: float) -> OpenSlice:
    """Return a slice of which all was heard at the first moment, G's records came, and all was
    heard at the others.
    """
    one = OpenSlice(SMALL)
    one.heard_all(moments[0])
    one.hear(MADE, 0)
    for moment in moments[1:]:
        one.heard_all(moment)
    return one


def look(
    one: OpenSlice, seen: Glance | None, left: tuple[Gfid, ...] = (), now: float = 0.0
) -> None:
    window = one.ripe({G: seen}, NOW, now)
    if window.dirty:
        one.remember({G: seen}, left, NOW, 2, now)


def test_nothing_is_said_to_be_there_before_all_was_heard() -> None:
    one = OpenSlice(SMALL)
    one.hear(MADE, 0)
    assert one.upto() == 0
    look(one, glance())
    assert one.upto() == 0


@pytest.mark.parametrize(
    ("seen", "left", "expected"),
    [
        pytest.param(glance(), (), 20, id="made so: as when all was heard last"),
        pytest.param(None, (), 20, id="gone, and that was made so"),
        pytest.param(glance(), (G,), 10, id="not done"),
        pytest.param(glance(agrees=False), (), 10, id="the mount showed something older"),
        pytest.param(glance(RACY - 1), (), 10, id="its writer did not pause"),
    ],
)
def test_up_to_when_all_is_there(
    seen: Glance | None, left: tuple[Gfid, ...], expected: float
) -> None:
    one = heard(10, 20)
    assert one.upto() == 10, "heard and not made so"
    look(one, seen, left)
    assert one.upto() == expected


def test_what_may_change_without_a_record_is_there_up_to_when_it_was_looked_at() -> None:
    one = heard(10, 20)
    look(one, glance())
    one.heard_all(30)
    assert one.upto() == 20, "nobody has looked since"
    look(one, glance())
    assert one.upto() == 30
    one.heard_all(40)
    look(one, glance(age=RACY - 1, size=SMALL + 1))
    assert one.upto() == 30, "it has changed, and its writer goes on"


def test_a_large_content_on_its_way_is_not_there_and_then_only_as_it_was() -> None:
    one = heard(10, 20)
    window = one.ripe({G: glance()}, NOW, 0.0)
    one.remember({G: glance()}, window.dirty, NOW, 2, 0.0)
    one.sent_off([G], {G: glance()}, NOW, 2)
    one.heard_all(30)
    assert one.upto() == 10
    one.arrived(G, 1.0, whole=True)
    assert one.upto() == 10, "what was written meanwhile nobody has looked for"
    look(one, glance(), now=9.0)
    assert one.upto() == 30


def test_what_was_heard_of_settled_slices_holds_nothing_back() -> None:
    one = heard(10, 20)
    look(one, glance(), (G,))
    one.close(MADE, 0)
    assert one.upto() == 10
    one.forget()
    assert one.upto() == 20
