"""What is brought back from quarantine, and what a copy is kept of: never over anybody, whatever
call was the last.
"""

import os
from collections.abc import Callable
from pathlib import Path

import directories
import msgspec
import pytest
from memory_target import LIMBO, QUARANTINE, MemoryTarget, Thing
from sides import QuestionChannel, gfid
from test_apply import item

from engine.errors import Reject
from engine.item import ROOT, Attributes, Gfid, Holder, Kind, Place
from engine.plan import records
from engine.plan.records import Record
from engine.rpc.messages import Rescue, Seen
from engine.secondary import restoring, taking
from engine.secondary.apply import apply
from engine.secondary.directory_target import DirectoryTarget
from engine.secondary.trouble import Trouble

DAY = "2026-11-25"
SHOWN = Attributes(0o100640, 7, 8, 0, 70, 70)
TO = Place(ROOT, b"back")


class Crash(Exception):
    pass


def put(target: MemoryTarget, number: int, place: Place | None = None, **more: object) -> Holder:
    """Put an object somewhere, on a shelf if no place is said."""
    one = gfid(number)
    at = place or target.shelf(one, DAY)
    thing = Thing(Kind.FILE, SHOWN, **more)  # type: ignore[arg-type]
    target.things[one] = thing
    target.places[at] = one
    return Holder(at, one, Kind.FILE)


def folder(target: MemoryTarget, number: int, place: Place | None = None) -> Holder:
    made = put(target, number, place)
    target.things[made.gfid].kind = Kind.DIRECTORY
    return Holder(made.place, made.gfid, Kind.DIRECTORY)


def at_every_step(
    target: MemoryTarget, act: Callable[[], object], after: Callable[[], None]
) -> int:
    """Stop `act` at each of its changes in turn and call `after`; return how many there were."""
    calls = 0
    while True:
        calls += 1
        budget = calls

        def stepped() -> None:
            nonlocal budget
            budget -= 1
            if not budget:
                raise Crash

        target.stepped = stepped  # type: ignore[method-assign]
        try:
            act()
        except Crash:
            target.stepped = lambda: None  # type: ignore[method-assign]
            target.held = set()
            after()
        else:
            return calls


@pytest.mark.parametrize("make", [put, folder])
def test_it_stands_there_as_it_was(make: Callable[[MemoryTarget, int], Holder]) -> None:
    target = MemoryTarget()
    one = make(target, 1)
    target.remember(one.gfid, b"x")
    before = msgspec.structs.astuple(target.things[one.gfid].attributes)
    restoring.restore(target, one, TO)
    restoring.restore(target, one, TO)  # said twice it is the same
    assert target.places == {TO: one.gfid}
    assert msgspec.structs.astuple(target.things[one.gfid].attributes) == before
    assert target.records == {}


def test_whoever_stands_there_stays() -> None:
    target = MemoryTarget()
    one, other = put(target, 1), put(target, 2, TO)
    empty = folder(target, 3, Place(ROOT, b"empty"))
    for to in (TO, empty.place):
        with pytest.raises(Trouble, match="stands there"):
            restoring.restore(target, one, to)
    with pytest.raises(Trouble, match="stands there"):
        restoring.restore(target, folder(target, 4), empty.place)
    assert target.places[TO] == other.gfid
    assert target.places[one.place] == one.gfid
    assert target.ended == []


@pytest.mark.parametrize(
    "parent", [LIMBO, QUARANTINE, gfid(1), gfid(2), gfid(9)], ids=["limbo", "shelf", "x", "y", "no"]
)
def test_not_into_our_own_nor_below_itself_nor_nowhere(parent: Gfid) -> None:
    target = MemoryTarget()
    one = folder(target, 1)
    folder(target, 2, Place(one.gfid, b"inner"))
    before = dict(target.places)
    with pytest.raises(Trouble):
        restoring.restore(target, one, Place(parent, b"n"))
    assert target.places == before


class Volume(MemoryTarget):
    """Has `/.georep`, in which limbo, quarantine and notes are."""

    own, notes = gfid(90), gfid(91)

    def __init__(self) -> None:
        super().__init__()
        for one, place in (
            (self.own, Place(ROOT, b".georep")),
            (self.notes, Place(self.own, b"n")),
        ):
            self.things[one] = Thing(Kind.DIRECTORY, SHOWN)
            self.places[place] = one

    def above(self, gfid: Gfid) -> list[Gfid]:
        found = super().above(gfid)
        return found if found[-1] == ROOT else [*found, self.own, ROOT]


@pytest.mark.parametrize("make", [put, folder])
@pytest.mark.parametrize(
    "to",
    [
        pytest.param(Place(Volume.own, b"x"), id="ours"),
        pytest.param(Place(Volume.notes, b"x"), id="notes"),
        pytest.param(Place(LIMBO, b"x"), id="limbo"),
        pytest.param(Place(ROOT, b".trashcan"), id="GlusterFS's"),
    ],
)
def test_not_into_anything_of_our_own(
    make: Callable[[MemoryTarget, int], Holder], to: Place
) -> None:
    target = Volume()
    one = make(target, 1)
    before = dict(target.places)
    with pytest.raises(Trouble, match="own directories"):
        restoring.restore(target, one, to)
    assert target.places == before
    restoring.restore(target, one, TO)
    assert target.places[TO] == one.gfid


def test_only_from_quarantine() -> None:
    target = MemoryTarget()
    for place in (Place(ROOT, b"alive"), target.limbo(gfid(1))):
        with pytest.raises(Trouble, match="not in quarantine"):
            restoring.restore(target, put(target, 1, place), TO)
        assert target.places == {place: gfid(1)}
        del target.places[place]
    with pytest.raises(Trouble, match="not in quarantine any more"):
        restoring.restore(target, Holder(target.shelf(gfid(3), DAY), gfid(3), Kind.FILE), TO)


@pytest.mark.parametrize("make", [put, folder])
def test_a_crash_of_a_restore(make: Callable[[MemoryTarget, int], Holder]) -> None:
    target = MemoryTarget()
    one = make(target, 1)

    def again() -> None:
        assert target.names(one.gfid), "it has a name at every moment"
        restoring.restore(target, one, TO)
        assert target.places == {TO: one.gfid}
        target.places = {one.place: one.gfid}

    at_every_step(target, lambda: restoring.restore(target, one, TO), again)
    assert target.ended == []


def asked(target: MemoryTarget, one: Gfid) -> Rescue:
    shown = target.things[one].attributes
    return Rescue(id=1, gfid=one, size=shown.size, mtime=shown.mtime, day=DAY)


def written(target: MemoryTarget) -> Gfid:
    """Return a file of bytes that stands at a name."""
    one = put(target, 1, Place(ROOT, b"y"), xattrs={b"user.a": b"1"}).gfid
    target.write(one, b"somebody's")
    return one


def test_a_copy_is_kept_and_the_file_is_empty() -> None:
    target = MemoryTarget()
    one = written(target)
    shown = target.things[one].attributes
    copy = restoring.rescue(target, asked(target, one))
    thing = target.things[copy]
    assert (thing.data, thing.xattrs) == (b"somebody's", {b"user.a": b"1"})
    assert (thing.attributes.mtime, thing.attributes.mode) == (shown.mtime, shown.mode)
    assert target.places[target.shelf(copy, DAY)] == copy
    assert target.things[one].data == b""


def test_what_changed_since_is_left_alone() -> None:
    target = MemoryTarget()
    one = written(target)
    old = asked(target, one)
    target.write(one, b"somebody else's")
    with pytest.raises(Trouble, match="changed since"):
        restoring.rescue(target, old)
    assert target.things[one].data == b"somebody else's"
    assert target.in_quarantine() == []


def test_what_changes_when_it_was_copied_is_not_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    target = MemoryTarget()
    one = written(target)
    real = restoring._copied

    def copied(target: MemoryTarget, source: Seen, day: str) -> Gfid:
        copy = real(target, source, day)
        target.things[one].data = b"SOMEBODY'S"  # with the size and times that it had
        return copy

    monkeypatch.setattr(restoring, "_copied", copied)
    with pytest.raises(Trouble, match="not what was copied"):
        restoring.rescue(target, asked(target, one))
    assert target.things[one].data == b"SOMEBODY'S"


def test_a_crash_of_a_rescue() -> None:
    """The bytes are whole somewhere at each moment; the next one ends it, with all of a copy."""
    target = MemoryTarget()
    one = written(target)
    target._change(one, mtime=33)
    wanted = asked(target, one)

    def whole() -> list[Gfid]:
        return [name for name, thing in target.things.items() if thing.data == b"somebody's"]

    def again() -> None:
        assert whole()
        if target.things[one].data == b"somebody's":
            copy = target.things[restoring.rescue(target, asked(target, one))]
            assert whole()
            assert not target.things[one].data
            shown = copy.attributes
            assert (copy.xattrs, shown.uid, shown.mtime) == ({b"user.a": b"1"}, 7, 33)
        target.__init__()  # type: ignore[misc]
        assert written(target) == one
        target._change(one, mtime=33)

    assert at_every_step(target, lambda: restoring.rescue(target, wanted), again) > 5


async def test_who_is_put_aside_is_told_with_what_was_noted() -> None:
    target = MemoryTarget()
    channel = QuestionChannel(target)
    shelved, waiting, gone = put(target, 1), put(target, 2, target.limbo(gfid(2))), gfid(3)
    told = records.encode(Record(path="a/b", at=5.0, why="so", worker="n:/b"))
    for one in (shelved.gfid, waiting.gfid, gone):
        await channel.remember(one, told)
    found = await channel.aside()
    assert [(each.holder, each.settled) for each in found.objects] == [
        (shelved, True),
        (waiting, False),
    ]
    assert {records.decode(each.record) for each in found.objects} == {records.decode(told)}
    assert await channel.records([waiting.gfid, gfid(9), Gfid("../x")]) == [told, b"", b""]
    assert found.total == 2
    assert target.records.keys() == {shelved.gfid, waiting.gfid}
    with pytest.raises(Reject):
        await channel.remember(Gfid("../x"), b"")
    await channel.remember(waiting.gfid, b"")
    assert target.records.keys() == {shelved.gfid}
    await channel.restore(shelved, TO)
    with pytest.raises(Reject, match="stands there"):
        await channel.restore(put(target, 4), TO)
    assert target.places[TO] == shelved.gfid


def test_a_record_that_is_none() -> None:
    assert records.decode(b"") == records.decode(b"[1]") == records.UNKNOWN
    assert records.decode(b'{"path":"\xff"}') == records.UNKNOWN
    assert records.decode(rb'{"path":"a\u001b[2J"}') == records.UNKNOWN
    assert records.decode(rb'{"why":"\udcff"}') == records.UNKNOWN
    assert records.decode(b'{"x":' + b"[" * 100_000) == records.UNKNOWN
    assert records.decode(b'{"path":"x","at":1e30}') == Record(path="x")
    assert records.decode(b'{"place":["x"]}') == records.UNKNOWN
    placed = Record(path="x", place=Place(ROOT, b"\xff\n"))
    assert records.decode(records.encode(placed)) == placed


def test_in_a_directory(tmp_path: Path) -> None:
    """A crash between any two system calls: it has a name, and the next call goes on."""
    crash = 0
    while True:
        folder = tmp_path / str(crash)
        folder.mkdir()
        target = directories.made(folder)
        names = {b"f": Kind.FILE, b"d": Kind.DIRECTORY}
        for number, (name, kind) in enumerate(names.items(), 1):
            place = Place(ROOT, name)
            apply(target, item(gfid(number), place, kind=kind, data=b"x" if name == b"f" else None))
            seen = target.at(place)
            assert seen is not None
            with target.holding(seen.gfid, place):
                taking.move_aside(target, place, seen)
            assert taking.put_away(target, seen.gfid, DAY)
        holders = [holder for holder, _ in target.in_quarantine()]
        try:
            with directories.crashing(crash):
                for one in holders:
                    restoring.restore(target, one, Place(ROOT, b"back" + one.kind.encode()))
        except directories.Crash:
            ended = False
        else:
            ended = True
        target.close()
        target = DirectoryTarget(os.fsencode(folder))
        assert all(target.seen(one.gfid) for one in holders)
        for one in holders:
            restoring.restore(target, one, Place(ROOT, b"back" + one.kind.encode()))
        assert target.in_quarantine() == []
        assert directories.tree(folder) == {
            Place(ROOT, b"backfile"): gfid(1),
            Place(ROOT, b"backdirectory"): gfid(2),
        }
        assert (folder / "backfile").read_bytes() == b"x"
        assert directories.faults(folder) == []
        target.close()
        if ended:
            break
        crash += 1
    assert crash > 5


def test_a_copy_in_a_directory(tmp_path: Path) -> None:
    target = directories.made(tmp_path)
    content = b"a" * 10_000 + bytes(3 << 20) + b"b"
    one = item(gfid(1), Place(ROOT, b"f"), data=content, xattrs={b"user.a": b"1"})
    apply(target, one)
    seen = target.seen(gfid(1))
    assert seen is not None
    shown = seen.attributes
    wanted = Rescue(id=1, gfid=gfid(1), size=shown.size, mtime=shown.mtime, day=DAY)
    copy = restoring.rescue(target, wanted)
    ((holder, _),) = target.in_quarantine()
    assert holder.gfid == copy
    kept = tmp_path / ".georep/quarantine" / os.fsdecode(holder.place.name)
    assert kept.read_bytes() == content
    assert os.getxattr(kept, "user.a") == b"1"
    assert (kept.stat().st_mtime_ns, kept.stat().st_mode) == (shown.mtime, shown.mode)
    assert (tmp_path / "f").read_bytes() == b""
    target.remember(copy, b"x")
    assert target.remembered() == {copy: b"x"}
    target.forget(copy)
    assert target.remembered() == {}
    target.close()
