"""The rules of the secondary, one case each, on a secondary in memory."""

import errno
import stat
from collections.abc import Callable

import msgspec
import pytest
from memory_target import LIMBO, MemoryTarget, Thing

from engine.item import (
    ROOT,
    AnyAnswer,
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
from engine.rpc.messages import Seen
from engine.secondary.apply import apply

G = [Gfid(f"{n:08x}-0000-4000-8000-000000000000") for n in range(10)]
A, B, C, D = G[1], G[2], G[3], G[4]
AT_A, AT_B, AT_C = Place(ROOT, b"a"), Place(ROOT, b"b"), Place(ROOT, b"c")
_TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.SOCKET: stat.S_IFSOCK,
    Kind.BLOCK: stat.S_IFBLK,
    Kind.CHARACTER: stat.S_IFCHR,
}
LEAVES = [kind for kind in Kind if kind is not Kind.DIRECTORY]


def item(
    gfid: Gfid, *names: Place, kind: Kind = Kind.FILE, target: bytes = b"", **more: object
) -> Item:
    attributes = Attributes(_TYPES[kind] | 0o640, 5, 6, len(target), 7, 8)
    shall = Item(gfid=gfid, kind=kind, names=names, attributes=attributes, target=target)
    return msgspec.structs.replace(shall, **more)


def having(*items: Item) -> MemoryTarget:
    target = MemoryTarget()
    for one in items:
        assert isinstance(apply(target, one), Done)
    return target


def done(answer: AnyAnswer) -> Done:
    assert isinstance(answer, Done), answer
    return answer


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_there_is_made_and_the_second_time_is_left_alone(kind: Kind) -> None:
    target = having()
    shall = item(A, AT_A, kind=kind, target=b"t" if kind is Kind.SYMLINK else b"")
    first, second = done(apply(target, shall)), done(apply(target, shall))
    assert (first.created, first.changed, first.touched) == (True, True, (ROOT,))
    assert (second.created, second.changed, second.touched) == (False, False, ())
    assert target.tree() == {AT_A: A}
    assert target.things[A].attributes == shall.attributes


def test_a_directory_at_two_places_is_told() -> None:
    """GlusterFS makes one of a move that was cut short, and neither place may be taken from it."""
    target = having(item(A, AT_A, kind=Kind.DIRECTORY))
    target.places[AT_B] = A
    said = apply(target, item(A, AT_A, kind=Kind.DIRECTORY, heard=(AT_B,)))
    assert isinstance(said, Refused)
    assert (said.errno, said.place) == (errno.ENOTUNIQ, AT_B)
    assert target.tree() == {AT_A: A, AT_B: A}


def test_a_directory_that_has_just_gone_from_where_it_was_is_not() -> None:
    """Another agent moves it between two looks; under the lock there is one moment for both."""

    class Moving(MemoryTarget):
        def at(self, place: Place) -> Seen | None:
            found = super().at(place)
            if place == AT_B:
                self.places.pop(AT_B, None)
            return found

    target = Moving()
    assert isinstance(apply(target, item(A, AT_A, kind=Kind.DIRECTORY)), Done)
    target.places[AT_B] = A
    assert not done(apply(target, item(A, AT_A, kind=Kind.DIRECTORY, heard=(AT_B,)))).changed


@pytest.mark.parametrize("full", [errno.EMLINK, errno.ENOSPC])
@pytest.mark.parametrize("heard", [(AT_A,), ()])
def test_what_has_all_the_names_that_it_can_have_is_renamed(
    full: int, heard: tuple[Place, ...]
) -> None:
    target = having(item(A, AT_A, AT_B))
    target.most, target.full = 2, full
    done(apply(target, item(A, AT_B, AT_C, heard=heard)))
    assert target.tree() == {AT_B: A, AT_C: A}


def test_what_can_have_no_more_names_is_refused_as_it_is() -> None:
    target = having(item(A, AT_A))
    target.most, target.full = 1, errno.ENOSPC
    answer = apply(target, item(A, AT_B, heard=(AT_A,)))
    assert isinstance(answer, Refused)
    assert (answer.doing, answer.errno) == ("link", errno.ENOSPC)
    target.most, target.full = 2, errno.EMLINK
    target.link(A, AT_B)
    answer = apply(target, item(A, AT_A, AT_B, AT_C))
    assert isinstance(answer, Refused)
    assert target.tree() == {AT_A: A, AT_B: A}


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.DIRECTORY])
def test_in_the_way_is_who_has_all_the_names_that_it_can_have(kind: Kind) -> None:
    """It needs no name in limbo while it has others; its last one it never loses without that."""
    target = having(item(B, AT_A, AT_B))
    target.most = 2
    answer = done(apply(target, item(A, AT_A, kind=kind)))
    assert answer.displaced == (Holder(AT_A, B, Kind.FILE),)
    assert target.tree() == {AT_A: A, AT_B: B}
    target.most = 1
    refused = apply(target, item(C, AT_B, kind=kind))
    assert isinstance(refused, Refused)
    assert target.tree() == {AT_A: A, AT_B: B}


@pytest.mark.parametrize("kind", LEAVES)
def test_names_are_made_and_lost_as_the_primary_has_them(kind: Kind) -> None:
    target = having(item(A, AT_A, AT_B, kind=kind))
    answer = done(apply(target, item(A, AT_B, AT_C, kind=kind, heard=(AT_A,))))
    assert target.tree() == {AT_B: A, AT_C: A}
    assert answer.links == 2


@pytest.mark.parametrize("kind", LEAVES)
def test_another_bricks_file_is_given_its_names_and_nothing_else(kind: Kind) -> None:
    """Its own worker makes it; made here from an older look, nobody would take it away again."""
    there = item(A, AT_A, kind=kind)
    shall = item(A, AT_B, kind=kind, heard=(AT_A,), elsewhere=True, xattrs={b"x": b""})
    shall = msgspec.structs.replace(
        shall, attributes=msgspec.structs.replace(shall.attributes, mode=0, mtime=9)
    )
    empty, target = having(), having(there)
    assert done(apply(empty, shall)) == Done(gfid=A, changed=False)
    assert empty.tree() == {}
    assert done(apply(target, shall)).touched == (ROOT,)
    assert target.tree() == {AT_B: A}
    assert target.things[A] == having(there).things[A]


def test_a_name_that_nobody_spoke_of_goes_when_all_names_are_known() -> None:
    target = having(item(A, AT_A, AT_B))
    apply(target, item(A, AT_B))
    assert target.tree() == {AT_B: A}


def test_a_name_that_nobody_spoke_of_stays_when_not_all_names_are_known() -> None:
    target = having(item(A, AT_A, AT_B))
    apply(target, item(A, AT_B, whole=False))
    assert target.tree() == {AT_A: A, AT_B: A}


@pytest.mark.parametrize("heard", [(AT_A,), ()], ids=["heard", "found by the volume"])
def test_a_directory_moves_with_what_is_in_it(heard: tuple[Place, ...]) -> None:
    inner = Place(A, b"i")
    target = having(item(A, AT_A, kind=Kind.DIRECTORY), item(B, inner))
    answer = done(apply(target, item(A, AT_C, kind=Kind.DIRECTORY, heard=heard)))
    assert target.tree() == {AT_C: A, inner: B}
    assert not answer.created


@pytest.mark.parametrize("holder", list(Kind))
@pytest.mark.parametrize("kind", list(Kind))
def test_whoever_is_in_the_way_goes_to_limbo_and_lives(kind: Kind, holder: Kind) -> None:
    target = having(item(B, AT_A, kind=holder))
    answer = done(apply(target, item(A, AT_A, kind=kind)))
    assert answer.displaced == (Holder(AT_A, B, holder),)
    assert target.tree() == {AT_A: A}
    assert target.in_limbo() == [B]


def test_a_displaced_hard_link_keeps_its_other_names() -> None:
    target = having(item(B, AT_A, AT_B))
    apply(target, item(A, AT_A))
    assert target.tree() == {AT_A: A, AT_B: B}


def test_without_names_it_is_changed_where_it_stands_and_never_made() -> None:
    target = having(item(A, AT_A))
    assert done(apply(target, item(A, whole=False, data=b"x"))).size == 1
    assert target.tree() == {AT_A: A}
    assert isinstance(apply(target, item(B, whole=False)), Refused)


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.DIRECTORY])
def test_who_is_in_limbo_comes_back_to_its_place(kind: Kind) -> None:
    target = having(item(B, AT_A, kind=kind), item(A, AT_A))
    apply(target, item(B, AT_B, kind=kind))
    assert target.tree() == {AT_A: A, AT_B: B}
    assert target.in_limbo() == []


@pytest.mark.parametrize("kind", list(Kind))
def test_a_missing_parent_is_asked_for(kind: Kind) -> None:
    target = having()
    answer = apply(target, item(A, Place(B, b"x"), kind=kind))
    assert answer == NeedParent(gfid=A, parent=B)
    assert target.tree() == {}


def test_a_directory_below_itself_waits_for_its_parent_and_nothing_is_lost() -> None:
    inner = Place(A, b"i")
    target = having(item(A, AT_A, kind=Kind.DIRECTORY), item(B, inner, kind=Kind.DIRECTORY))
    answer = apply(target, item(A, Place(B, b"x"), kind=Kind.DIRECTORY, heard=(AT_A,)))
    assert answer == NeedParent(gfid=A, parent=B)
    assert target.tree() == {AT_A: A, inner: B}


@pytest.mark.parametrize("shall", [kind for kind in Kind if kind is not Kind.FILE])
def test_bytes_under_that_gfid_that_the_primary_has_as_another_kind_are_kept(shall: Kind) -> None:
    target = having(item(A, AT_A, data=b"bytes"))
    answer = apply(target, item(A, AT_B, kind=shall))
    assert isinstance(answer, Refused)
    assert answer.words == (
        "the secondary has a file of 5 bytes with this gfid, the primary a "
        f"{shall}: look at it there, and remove it"
    )
    assert target.tree() == {AT_A: A}
    assert target.things[A].data == b"bytes"


def test_a_stranger_at_a_heard_name_is_told_and_left_alone() -> None:
    target = having(item(B, AT_B))
    answer = done(apply(target, item(A, AT_A, heard=(AT_B,))))
    assert answer.strangers == (Holder(AT_B, B, Kind.FILE),)
    assert target.tree() == {AT_A: A, AT_B: B}


def test_content_comes_whole_and_the_times_after_it() -> None:
    target = having(item(A, AT_A, data=b"older and longer"))
    answer = done(apply(target, item(A, AT_A, data=b"new")))
    assert (target.things[A].data, answer.size, answer.mtime) == (b"new", 3, 7)


def test_times_wait_for_content_that_follows() -> None:
    target = having()
    assert done(apply(target, item(A, AT_A, data_follows=True))).mtime != 7
    assert done(apply(target, item(A, AT_A))).mtime == 7


def test_xattrs_become_exactly_these_or_are_left_alone() -> None:
    target = having(item(A, AT_A, xattrs={b"user.old": b"1", b"user.x": b"1"}))
    apply(target, item(A, AT_A))
    assert target.things[A].xattrs == {b"user.old": b"1", b"user.x": b"1"}
    apply(target, item(A, AT_A, xattrs={b"user.x": b"2"}))
    assert target.things[A].xattrs == {b"user.x": b"2"}


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_gone_is_removed_only_lawfully(kind: Kind) -> None:
    target = having(item(A, AT_A, kind=kind))
    assert not done(apply(target, Gone(gfid=A, heard=(AT_A,), lawful=False))).changed
    assert target.tree() == {AT_A: A}
    answer = done(apply(target, Gone(gfid=A, heard=(AT_A,), lawful=True)))
    assert (answer.changed, answer.touched) == (True, (ROOT,))
    assert target.tree() == {}
    assert not done(apply(target, Gone(gfid=A, heard=(AT_A,), lawful=True))).changed


def test_what_is_gone_goes_with_every_name_and_from_limbo() -> None:
    target = having(item(B, AT_A, AT_B), item(A, AT_A))
    apply(target, Gone(gfid=B, lawful=True))
    assert target.tree() == {AT_A: A}
    assert target.in_limbo() == []


def test_a_directory_that_is_gone_and_has_children_is_not_touched() -> None:
    inner = Place(A, b"i")
    target = having(item(A, AT_A, kind=Kind.DIRECTORY), item(B, inner))
    answer = apply(target, Gone(gfid=A, heard=(AT_A,), lawful=True))
    assert answer == NotEmpty(gfid=A, children=(Holder(inner, B, Kind.FILE),))
    assert target.tree() == {AT_A: A, inner: B}


class _Fails(MemoryTarget):
    """Raises once, after `act` ran, as a file system does whose picture was old."""

    def __init__(self, code: int, times: int) -> None:
        super().__init__()
        self.code, self.times = code, times

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        if self.times:
            self.times -= 1
            raise OSError(self.code, "so it said")
        return super().set_attributes(gfid, kind, now, shall)


@pytest.mark.parametrize(
    ("code", "times", "outcome"),
    [
        pytest.param(errno.ESTALE, 1, Done, id="stale once: looked at again"),
        pytest.param(errno.ESTALE, 99, Refused, id="stale for ever"),
        pytest.param(errno.ENOSPC, 1, Done, id="full once: it has come, and is made whole"),
        pytest.param(errno.ENOSPC, 2, Refused, id="full"),
    ],
)
def test_what_the_file_system_says(code: int, times: int, outcome: type) -> None:
    answer = apply(_Fails(code, times), item(A, AT_A))
    assert isinstance(answer, outcome)
    if isinstance(answer, Refused):
        assert (answer.errno, answer.words, answer.doing) == (code, "so it said", "set attributes")


class _Halfway(MemoryTarget):
    """Says no once, after so many changes: each is made, and the call fails all the same."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def stepped(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.EIO, "so it said")


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_refused_in_the_middle_of_being_created_is_made_whole_all_the_same(
    kind: Kind,
) -> None:
    data = b"content" if kind is Kind.FILE else None
    shall = item(A, AT_A, kind=kind, data=data, xattrs={b"user.x": b"1"})
    whole = having(shall)
    for after in range(1, 99):
        target = _Halfway(after)
        answer = done(apply(target, shall))
        assert (answer.created, answer.changed, answer.touched) == (True, True, (ROOT,))
        assert (target.things, target.places) == (whole.things, whole.places)
        if target.left > 0:
            break
    assert after > 4, "it was not stopped at each step"


@pytest.mark.parametrize(
    "careless",
    [{"mode": stat.S_IFREG}, {"uid": 0}, {"gid": 0}, {"mtime": 1}, {"size": 1}],
    ids=lambda one: next(iter(one)),
)
def test_what_was_created_is_believed_only_as_far_as_it_was_seen(careless: dict[str, int]) -> None:
    class Careless(MemoryTarget):
        def create(self, item: Item, place: Place) -> Seen:
            super().create(item, place)
            thing = self.things[item.gfid]
            thing.attributes = msgspec.structs.replace(thing.attributes, **careless)
            thing.data = thing.data[: thing.attributes.size]
            made = self.seen(item.gfid)
            assert made is not None
            return made

    shall = item(A, AT_A, data=b"content")
    target = Careless()
    answer = done(apply(target, shall))
    assert (answer.size, answer.mtime) == (7, 7)
    assert target.things == having(shall).things


@pytest.mark.parametrize("names", [(AT_A,), (AT_A, AT_B)], ids=["one name", "two names"])
@pytest.mark.parametrize("kind", LEAVES)
def test_what_is_new_is_asked_for_once_and_made_in_one_step(
    kind: Kind, names: tuple[Place, ...]
) -> None:
    class Counting(MemoryTarget):
        looks = 0
        creating = False

        def create(self, item: Item, place: Place) -> Seen:
            self.creating = True
            made = super().create(item, place)
            self.creating = False
            return made

        def seen(self, gfid: Gfid) -> Seen | None:
            self.looks += not self.creating
            return super().seen(gfid)

        def write(self, gfid: Gfid, data: bytes) -> None:
            assert self.creating, "written twice"
            super().write(gfid, data)

    data = b"content" if kind is Kind.FILE else None
    target = Counting()
    answer = done(apply(target, item(A, *names, kind=kind, data=data, xattrs={})))
    assert (answer.created, answer.links, answer.mtime) == (True, len(names), 7)
    if len(names) == 1:
        assert target.looks == 1


Act = Callable[[MemoryTarget], None]


def test_what_was_done_before_a_refusal_is_told() -> None:
    target = _Fails(errno.ENOSPC, 0)
    apply(target, item(B, AT_A))
    target.times = 2
    answer = apply(target, item(A, AT_A))
    assert isinstance(answer, Refused)
    assert (answer.created, answer.touched) == (True, (ROOT,))
    assert answer.displaced == (Holder(AT_A, B, Kind.FILE),)


def test_who_was_moved_aside_in_the_first_try_is_told_after_the_second() -> None:
    target = _Fails(errno.ESTALE, 0)
    apply(target, item(B, AT_A))
    target.times = 1
    answer = done(apply(target, item(A, AT_A)))
    assert (answer.created, answer.displaced) == (True, (Holder(AT_A, B, Kind.FILE),))


def test_a_parent_that_comes_late_does_not_hide_what_was_done() -> None:
    target = having(item(B, AT_A))
    answer = apply(target, item(A, AT_A, Place(C, b"x")))
    displaced = (Holder(AT_A, B, Kind.FILE),)
    assert answer == NeedParent(
        gfid=A, parent=C, created=True, touched=(ROOT,), displaced=displaced
    )


@pytest.mark.parametrize("kind", LEAVES)
def test_what_stands_is_looked_at_without_a_lock(kind: Kind) -> None:
    class Unlocked(MemoryTarget):
        watched = False

        def holding(self, *keys: Gfid | Place):  # type: ignore[no-untyped-def]
            assert not self.watched, "locked"
            return super().holding(*keys)

    target = Unlocked()
    apply(target, item(A, AT_A, kind=kind))
    target.watched = True
    shall = msgspec.structs.replace(item(A, AT_A, kind=kind, xattrs={}), standing=True)
    shall = msgspec.structs.replace(
        shall, attributes=msgspec.structs.replace(shall.attributes, uid=77)
    )
    assert done(apply(target, shall)).changed
    assert target.things[A].attributes.uid == 77


def test_whose_only_name_was_taken_is_not_looked_for_again() -> None:
    class Counting(MemoryTarget):
        looks = 0

        def seen(self, gfid: Gfid) -> Seen | None:
            self.looks += 1
            return super().seen(gfid)

    target = Counting()
    apply(target, item(A, AT_A))
    target.looks = 0
    assert done(apply(target, Gone(gfid=A, heard=(AT_A,), lawful=True))).changed
    assert target.looks == 1, "more than the look at its name"
    assert not target.tree()


def _takes(place: Place, gfid: Gfid) -> Act:
    def act(target: MemoryTarget) -> None:
        target.things[gfid] = Thing(Kind.FILE, Attributes(stat.S_IFREG, 0, 0, 0, 1, 1))
        target.places[place] = gfid

    return act


class _Races(MemoryTarget):
    """Lets somebody else act right before the first lock is held."""

    def __init__(self, act: Act) -> None:
        super().__init__()
        self._act: Act | None = act

    def holding(self, *keys: Gfid | Place):  # type: ignore[no-untyped-def]
        if self._act is not None:
            act, self._act = self._act, None
            act(self)
        return super().holding(*keys)


def test_a_name_that_was_taken_meanwhile_is_not_taken_away() -> None:
    def swap(target: MemoryTarget) -> None:
        del target.places[AT_A]
        _takes(AT_A, C)(target)

    target = _Races(swap)
    target.things[A] = Thing(Kind.FILE, Attributes(stat.S_IFREG, 0, 0, 0, 1, 1))
    target.places[AT_A] = target.places[AT_B] = A
    apply(target, item(A, AT_B, heard=(AT_A,)))
    assert target.tree() == {AT_A: C, AT_B: A}


def test_two_agents_that_make_one_file_make_one() -> None:
    target = _Races(_takes(AT_B, A))
    answer = done(apply(target, item(A, AT_A, heard=(AT_B,))))
    assert target.tree() == {AT_A: A}
    assert answer.links == 1


def test_a_directory_that_another_agent_makes_in_its_place_is_not_moved_aside() -> None:
    """GlusterFS can lose a directory that is moved while others look at it."""

    class Faster(MemoryTarget):
        def at(self, place: Place) -> Seen | None:
            before = super().at(place)
            if place == AT_A and before is None and B not in self.things:
                self.things[B] = Thing(Kind.DIRECTORY, shall.attributes)
                self.places[AT_A] = B
            return before

        def rename(self, source: Place, place: Place) -> None:
            raise AssertionError("nothing is to be moved")

    shall = item(B, AT_A, kind=Kind.DIRECTORY)
    assert not done(apply(Faster(), shall)).displaced


def test_a_directory_is_looked_for_only_while_nobody_can_be_making_it() -> None:
    class Watched(MemoryTarget):
        def at(self, place: Place) -> Seen | None:
            if place == AT_A:
                self._must_hold(B, AT_A)
            return super().at(place)

    done(apply(Watched(), item(B, AT_A, kind=Kind.DIRECTORY)))


def test_limbo_is_no_directory_of_the_primary() -> None:
    target = having(item(B, AT_A), item(A, AT_A))
    answer = done(apply(target, item(B, AT_B)))
    assert LIMBO not in answer.touched
