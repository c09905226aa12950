"""The comparison of two volumes, in memory: all that is planted is found, and nothing else."""

import asyncio
import copy
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_target import MemoryTarget, Thing
from sides import MemorySide, QuestionChannel, gfid, paths

from engine import keeping
from engine.errors import Retry, Usage
from engine.item import ROOT, TOP, Attributes, Facts, Gfid, Kind, Piece, Place
from engine.keeping import Owner
from engine.plan.compare import Difference, What
from engine.session import contents, survey
from engine.session.sides import AsKept, Listing, Side, There
from engine.session.verify import Counts, Verify
from georep_tui import verifying

NAMES = (b"a", b"b\xff", b"c\n", b"d")


def attributes(kind: Kind, size: int = 0) -> Attributes:
    mode = 0o40755 if kind is Kind.DIRECTORY else 0o100644
    return Attributes(mode, 0, 0, size, 5, 6)


def put(target: MemoryTarget, number: int, place: Place, kind: Kind, data: bytes = b"") -> Gfid:
    """Make an object."""
    thing = Thing(kind, attributes(kind, len(data)), data=data)
    target.things[gfid(number)] = thing
    target.places[place] = gfid(number)
    return gfid(number)


class Found:
    """What a comparison told."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.told: list[tuple[bytes, What]] = []

    def tell(self, path: bytes, _gfid: Gfid, difference: Difference) -> None:
        self.told.append((path, difference.what))

    @property
    def paths(self) -> set[bytes]:
        return {path for path, _ in self.told}


def verify(
    here: Side,
    there: Side,
    *,
    patience: float = 0.0,
    content: bool = True,
    begin: tuple[Place, bytes] = (TOP, b""),
) -> Found:
    found = Found()

    async def run() -> None:
        one = Verify(here, there, found.counts, found.tell, patience=patience, content=content)
        await one.run(*begin)

    asyncio.run(run())
    return found


def sides(primary: MemoryTarget, secondary: MemoryTarget) -> tuple[Side, Side]:
    channel = QuestionChannel(secondary)
    return MemorySide(primary), There(channel)


@st.composite
def trees(draw: st.DrawFn) -> MemoryTarget:
    """Return a small tree: directories, files with content, some with several names."""
    target = MemoryTarget()
    folders = [ROOT]
    files: list[Gfid] = []
    for number in range(1, draw(st.integers(1, 25))):
        place = Place(draw(st.sampled_from(folders)), draw(st.sampled_from(NAMES)))
        if place in target.places:
            continue
        match draw(st.sampled_from(("folder", "file", "file", "link"))):
            case "folder":
                folders.append(put(target, number, place, Kind.DIRECTORY))
            case "link" if files:
                target.places[place] = draw(st.sampled_from(files))
            case _:
                data = draw(st.binary(max_size=5))
                files.append(put(target, number, place, Kind.FILE, data))
    return target


def plant(draw: st.DrawFn, target: MemoryTarget) -> None:
    """Change one thing of one object, or take or add a name."""
    held = sorted(target.places)
    place = draw(st.sampled_from(held))
    thing = target.things[target.places[place]]
    match draw(st.sampled_from(("mode", "uid", "mtime", "data", "xattr", "gone", "new", "other"))):
        case "mode" | "uid" | "mtime" as field:
            more = {field: getattr(thing.attributes, field) + 1}
            thing.attributes = msgspec.structs.replace(thing.attributes, **more)
        case "data" if thing.data:
            thing.data = bytes([thing.data[0] ^ 1]) + thing.data[1:]
        case "xattr":
            thing.xattrs[b"user.planted"] = b"1"
        case "gone":
            del target.places[place]
        case "other" if thing.kind is Kind.FILE:
            target.things[gfid(900)] = copy.deepcopy(thing)
            target.places[place] = gfid(900)
        case _:
            parent = place.parent
            put(target, 901, Place(parent, b"planted"), Kind.FILE, b"x")


def unlike(primary: MemoryTarget, secondary: MemoryTarget) -> set[bytes]:
    """Return where two volumes differ, found by another road; nothing below what is not common."""
    ours, theirs = paths(primary), paths(secondary)
    found = set()
    for path in ours.keys() | theirs.keys():
        above = [path[:at] for at, byte in enumerate(path) if byte == ord("/")]
        if any(ours.get(one) != theirs.get(one) for one in above):
            continue
        if _shown(primary, ours.get(path)) != _shown(secondary, theirs.get(path)):
            found.add(path)
    return found


def _shown(target: MemoryTarget, one: Gfid | None) -> tuple[object, ...]:
    if one is None:
        return ()
    thing = target.things[one]
    return one, thing, 1 if thing.kind is Kind.DIRECTORY else len(target.names(one))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_planted_difference_is_found_and_nothing_else(data: st.DataObject) -> None:
    primary = data.draw(trees())
    secondary = copy.deepcopy(primary)
    assert verify(*sides(primary, secondary)).told == []
    if not primary.places:
        return
    for _ in range(data.draw(st.integers(1, 3))):
        plant(data.draw, data.draw(st.sampled_from((primary, secondary))))
        if not (primary.places and secondary.places):
            break
    found = verify(*sides(primary, secondary))
    assert found.paths == unlike(primary, secondary)
    assert found.counts.different == len(found.paths)


def test_what_is_not_replicated_is_left_out_in_the_root_and_only_there() -> None:
    primary, secondary = MemoryTarget(), MemoryTarget()
    for number, name in enumerate((b".trashcan", b".georep", b".glusterfs-anonymous-inode-1")):
        put(primary, number + 1, Place(ROOT, name), Kind.DIRECTORY)
    for target in (primary, secondary):
        put(target, 10, Place(ROOT, b"d"), Kind.DIRECTORY)
    put(secondary, 11, Place(gfid(10), b".trashcan"), Kind.DIRECTORY)
    assert verify(*sides(primary, secondary)).told == [(b"d/.trashcan", What.EXTRA)]


def test_long_directories_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.secondary.questions.PAGE", 400)
    primary = MemoryTarget()
    for number in range(1, 400):
        put(primary, number, Place(ROOT, b"%04d" % number), Kind.FILE)
    secondary = copy.deepcopy(primary)
    del primary.places[Place(ROOT, b"0001")]
    del secondary.places[Place(ROOT, b"0399")]
    found = verify(*sides(primary, secondary))
    assert sorted(found.told) == [(b"0001", What.EXTRA), (b"0399", What.MISSING)]
    assert found.counts.objects == 400


class Later(MemorySide):
    """A side to which something happens after it has been looked at so many times."""

    def __init__(self, target: MemoryTarget, then: MemoryTarget, *, after: int) -> None:
        super().__init__(target)
        self.then, self.left = then, after

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        self.left -= 1
        if self.left < 0:
            self.target = self.then
        return await super().facts(places)


def test_what_arrives_meanwhile_is_in_flight_and_then_gone_into() -> None:
    primary = MemoryTarget()
    folder = put(primary, 1, Place(ROOT, b"d"), Kind.DIRECTORY)
    put(primary, 2, Place(folder, b"f"), Kind.FILE, b"abc")
    arrived = copy.deepcopy(primary)
    arrived.things[gfid(2)].data = b"abd"
    there = Later(MemoryTarget(), arrived, after=2)
    found = verify(MemorySide(primary), there)
    assert found.told == [(b"d/f", What.CONTENT)]
    assert found.counts.arrived == 1


def test_what_changes_all_the_while_is_no_difference() -> None:
    primary, secondary = MemoryTarget(), MemoryTarget()
    for target in (primary, secondary):
        put(target, 1, Place(ROOT, b"f"), Kind.FILE, b"abc")

    class Busy(MemorySide):
        async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
            thing = self.target.things[gfid(1)]
            later = thing.attributes.mtime + 1
            thing.attributes = msgspec.structs.replace(thing.attributes, mtime=later)
            return await super().facts(places)

    found = verify(Busy(primary), MemorySide(secondary))
    assert found.told == []
    assert found.counts.changing == 1


def test_a_directory_that_cannot_be_listed_is_told_in_the_end() -> None:
    primary = MemoryTarget()
    put(primary, 1, Place(ROOT, b"d"), Kind.DIRECTORY)
    secondary = copy.deepcopy(primary)

    class Broken(MemorySide):
        async def listing(self, place: Place) -> Listing:
            found = await super().listing(place)
            return found if place == TOP else Listing([], trouble="list: EIO")

    found = verify(MemorySide(primary), Broken(secondary))
    assert found.told == [(b"d", What.UNREADABLE)]


def test_a_directory_that_could_not_be_listed_at_first_is_entered_later() -> None:
    primary = MemoryTarget()
    folder = put(primary, 1, Place(ROOT, b"d"), Kind.DIRECTORY)
    secondary = copy.deepcopy(primary)
    put(primary, 2, Place(folder, b"f"), Kind.FILE)
    shown = secondary.things[folder].attributes
    # It is a suspect already, for another reason.
    secondary.things[folder].attributes = msgspec.structs.replace(shown, mtime=99)

    class Moving(MemorySide):
        left = 1

        async def listing(self, place: Place) -> Listing:
            self.left -= place != TOP
            return await super().listing(place) if self.left != 0 else Listing([], there=False)

    found = verify(Moving(primary), MemorySide(secondary), patience=1.0)
    assert sorted(found.told) == [(b"d", What.MTIME), (b"d/f", What.MISSING)]


def test_a_part_that_is_down_ends_it() -> None:
    primary = MemoryTarget()
    secondary = MemoryTarget()
    secondary.whole = lambda: False  # type: ignore[method-assign]
    with pytest.raises((Retry, ExceptionGroup)):
        verify(*sides(primary, secondary))


def test_large_files_are_compared_in_pieces_and_found_where_they_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contents, "PIECE", 10)
    primary = MemoryTarget()
    for number, size in enumerate((3, 4, 10, 25, 31), 1):
        put(primary, number, Place(ROOT, b"%02d" % size), Kind.FILE, bytes(size))
    secondary = copy.deepcopy(primary)
    secondary.things[gfid(4)].data = bytes(21) + b"x" + bytes(3)
    channel = QuestionChannel(secondary)
    found = verify(MemorySide(primary), There(channel))  # type: ignore[arg-type]
    assert found.told == [(b"25", What.CONTENT)]
    sent = [question.pieces for question in channel.asked if hasattr(question, "pieces")]
    assert all(sum(piece.length for piece in pieces) <= 10 for pieces in sent)
    assert (Piece(gfid(1), 0, 3), Piece(gfid(2), 0, 4)) in sent, "small ones go together"
    # Looked at again, it is asked first where it differed.
    again = [pieces for pieces in sent if pieces[0].gfid == gfid(4)]
    assert [pieces[0].start for pieces in again] == [0, 10, 20, 20]


def test_a_file_with_many_names_is_read_once() -> None:
    primary = MemoryTarget()
    file = put(primary, 1, Place(ROOT, b"f"), Kind.FILE, b"abc")
    folder = put(primary, 2, Place(ROOT, b"d"), Kind.DIRECTORY)
    for name in (b"x", b"y"):
        primary.places[Place(folder, name)] = file
    channel = QuestionChannel(copy.deepcopy(primary))
    found = verify(MemorySide(primary), There(channel))  # type: ignore[arg-type]
    assert found.told == []
    assert sum(hasattr(question, "pieces") for question in channel.asked) == 1


@pytest.mark.parametrize(
    ("path", "place", "shown"),
    [
        pytest.param(b"", TOP, b"", id="all"),
        pytest.param(b"//", TOP, b"", id="the root by its name"),
        pytest.param(b"/d/./e/", Place(gfid(1), b"e"), b"d/e", id="needless slashes"),
        pytest.param(b"d/f", Place(gfid(1), b"f"), b"d/f", id="a file"),
        pytest.param(b"d/x", None, b"", id="nothing there"),
        pytest.param(b"d/f/x", None, b"", id="below a file"),
        pytest.param(b"d/../d", None, b"", id="no way up"),
        pytest.param(b".georep/limbo", None, b"", id="georep's own"),
    ],
)
def test_where_a_comparison_begins(path: bytes, place: Place | None, shown: bytes) -> None:
    target = MemoryTarget()
    folder = put(target, 1, Place(ROOT, b"d"), Kind.DIRECTORY)
    put(target, 2, Place(folder, b"e"), Kind.DIRECTORY)
    put(target, 3, Place(folder, b"f"), Kind.FILE)
    find = survey.find(MemorySide(target), path)
    if place is None:
        with pytest.raises(Usage):
            asyncio.run(find)
    else:
        assert asyncio.run(find) == (place, shown)


def test_what_an_ordinary_user_cannot_keep_is_no_difference() -> None:
    geo = Owner(name="geo", uid=2001, gid=2001)
    primary, secondary = MemoryTarget(), MemoryTarget()
    for target in (primary, secondary):
        put(target, 1, Place(ROOT, b"a"), Kind.FILE, b"1")
        put(target, 2, Place(ROOT, b"b"), Kind.FILE, b"1")
        for thing in target.things.values():
            kept = keeping.attributes(thing.attributes, geo)
            thing.attributes = kept if target is secondary else thing.attributes
    # One that is not as it would be kept, and one that the primary itself shows otherwise.
    there = secondary.things[gfid(2)]
    there.attributes = msgspec.structs.replace(there.attributes, mode=0o100600)
    here, far = sides(primary, secondary)
    found = verify(AsKept(here, geo), far)
    assert found.told == [(b"b", What.MODE)]
    assert {what for _, what in verify(here, far).told} == {What.MODE, What.OWNER}


def test_what_differs_has_a_next_step() -> None:
    assert verifying.next_steps(Counts(), "prod") == []
    (extra,) = verifying.next_steps(Counts(different=2, extra=2), "prod")
    assert "georep reconcile prod" in extra
    (other,) = verifying.next_steps(Counts(different=2), "prod")
    assert "georep resend prod PATH" in other
    assert len(verifying.next_steps(Counts(different=2, extra=1), "prod")) == 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ("1777637071.000000001", "2026-05-01 12:04:31.000000001"),
        ("-1.500000000", "1969-12-31 23:59:59.500000000"),
        ("999999999999999.000000000", "999999999999999.000000000"),
    ],
)
def test_times_are_said_as_people_read_them(seconds: str, said: str) -> None:
    assert verifying.both("mtime", seconds, "0.0").startswith(f"mtime: {said} on the primary")
    assert seconds in verifying.both("size", seconds, "0")


def test_a_summary_says_what_was_not_compared() -> None:
    assert "Not compared" not in verifying.summary(Counts())
    said = verifying.summary(Counts(owner="geo"))
    assert "Not compared, for geo, who has the secondary, is not root: owners" in said
