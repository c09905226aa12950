"""What differs about one name on both sides, as tables; and what stays of what looked different."""

import msgspec
import pytest
from sides import facts

from engine.item import ROOT, Facts, Kind, Place
from engine.plan import compare
from engine.plan.compare import Difference, What
from engine.plan.suspects import FIRST_WAIT, LONGEST, Suspects, Verdict

FILE, FOLDER = facts(1), facts(2, Kind.DIRECTORY)
LINK = msgspec.structs.replace(facts(3, Kind.SYMLINK), target=b"a\xff")
DEVICE = facts(4, Kind.BLOCK, rdev=0x801)
PLACE = Place(ROOT, b"n")


def but(facts: Facts, **fields: object) -> Facts:
    """Return the same with other fields, or fields of its attributes."""
    own = {name: value for name, value in fields.items() if name in Facts.__struct_fields__}
    shown = {name: value for name, value in fields.items() if name not in own}
    attributes = msgspec.structs.replace(facts.attributes, **shown)
    return msgspec.structs.replace(facts, **({"attributes": attributes} | own))


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        pytest.param(None, None, [], id="nobody"),
        pytest.param(FILE, FILE, [], id="equal"),
        pytest.param(FILE, but(FILE, atime=99), [], id="read at another time"),
        pytest.param(FILE, None, [(What.MISSING, f"file {FILE.gfid}", "nothing")], id="missing"),
        pytest.param(
            None, FOLDER, [(What.EXTRA, "nothing", f"directory {FOLDER.gfid}")], id="extra"
        ),
        pytest.param(
            FILE,
            but(facts(9), mode=0o100600),
            [(What.GFID, f"file {FILE.gfid}", f"file {facts(9).gfid}")],
            id="another object: nothing more is said of it",
        ),
        pytest.param(
            FILE,
            but(FILE, kind=Kind.FIFO),
            [(What.KIND, f"file {FILE.gfid}", f"fifo {FILE.gfid}")],
            id="one gfid, two kinds",
        ),
        pytest.param(FILE, but(FILE, mode=0o104644), [(What.MODE, "0644", "4644")], id="mode"),
        pytest.param(FILE, but(FILE, uid=7), [(What.OWNER, "0:0", "7:0")], id="owner"),
        pytest.param(FILE, but(FILE, gid=7), [(What.OWNER, "0:0", "0:7")], id="group"),
        pytest.param(FILE, but(FILE, size=4), [(What.SIZE, "3", "4")], id="size"),
        pytest.param(FOLDER, but(FOLDER, size=9), [], id="a directory's size is its own affair"),
        pytest.param(
            FOLDER,
            but(FOLDER, mtime=10**9 + 1),
            [(What.MTIME, "0.000000005", "1.000000001")],
            id="mtime",
        ),
        pytest.param(FILE, but(FILE, links=2), [(What.LINKS, "1", "2")], id="links"),
        pytest.param(FOLDER, but(FOLDER, links=5), [], id="a directory's links are, too"),
        pytest.param(
            LINK, but(LINK, target=b"b"), [(What.TARGET, r"a\xff", "b")], id="a link's target"
        ),
        pytest.param(LINK, but(LINK, mode=0o120755), [], id="a link's mode means nothing"),
        pytest.param(DEVICE, but(DEVICE, rdev=1), [(What.DEVICE, "0x801", "0x1")], id="device"),
        pytest.param(FILE, but(FILE, rdev=1), [], id="a file is no device"),
        pytest.param(
            but(FILE, xattrs={b"user.a": b"1", b"user.b": b"1"}),
            but(FILE, xattrs={b"user.b": b"2", b"user.\xff": b"1"}),
            [
                (What.XATTR, "user.a present", "user.a absent"),
                (What.XATTR, "user.b with another value", "user.b with another value"),
                (What.XATTR, r"user.\xff absent", r"user.\xff present"),
            ],
            id="xattrs",
        ),
        pytest.param(
            but(FILE, trouble="xattrs: EIO"),
            but(FILE, mode=0),
            [(What.UNREADABLE, "xattrs: EIO", "fine")],
            id="who cannot be read is not judged",
        ),
        pytest.param(
            FILE,
            but(FILE, mode=0o100600, size=1, mtime=1),
            [
                (What.MODE, "0644", "0600"),
                (What.SIZE, "3", "1"),
                (What.MTIME, "0.000000005", "0.000000001"),
            ],
            id="several",
        ),
    ],
)
def test_differences(
    here: Facts | None, there: Facts | None, expected: list[tuple[What, str, str]]
) -> None:
    assert compare.differences(here, there) == [Difference(*each) for each in expected]


@pytest.mark.parametrize(
    ("here", "there", "directory", "content"),
    [
        pytest.param(FILE, FILE, False, True, id="a file"),
        pytest.param(FILE, but(FILE, size=0), False, False, id="of another size"),
        pytest.param(but(FILE, size=0), but(FILE, size=0), False, False, id="an empty one"),
        pytest.param(FOLDER, but(FOLDER, mode=0), True, False, id="a directory, whatever its mode"),
        pytest.param(FOLDER, facts(9, Kind.DIRECTORY), False, False, id="two directories"),
        pytest.param(None, FOLDER, False, False, id="only there"),
        pytest.param(FOLDER, None, False, False, id="only here"),
    ],
)
def test_what_is_gone_into(
    here: Facts | None, there: Facts | None, directory: bool, content: bool
) -> None:
    assert compare.same_directory(here, there) is directory
    assert compare.content_due(here, there) is content


EQUAL, STAYS, CHANGING, AGAIN = Verdict.EQUAL, Verdict.STAYS, Verdict.CHANGING, Verdict.AGAIN


@pytest.mark.parametrize(
    ("patience", "looks"),
    [
        pytest.param(10, [(1, None, EQUAL)], id="it had only to arrive"),
        pytest.param(10, [(1, b"a", AGAIN), (3, b"a", AGAIN), (10, b"a", STAYS)], id="it stays"),
        pytest.param(10, [(9.9, b"a", AGAIN), (9.95, None, EQUAL)], id="just in time"),
        pytest.param(
            10, [(9, b"b", AGAIN), (18, b"b", AGAIN), (19, b"b", STAYS)], id="from its last change"
        ),
        pytest.param(
            10,
            [(9, b"b", AGAIN), (18, b"c", AGAIN), (27, b"d", AGAIN), (40, b"e", CHANGING)],
            id="it changes all the while",
        ),
        pytest.param(0, [(0, b"a", STAYS)], id="without patience the second look counts"),
        pytest.param(0, [(0, b"b", CHANGING)], id="without patience, and it changes"),
    ],
)
def test_verdicts(patience: float, looks: list[tuple[float, bytes | None, Verdict]]) -> None:
    suspects = Suspects(patience)
    suspects.add(PLACE, b"n", b"a", 0.0)
    for now, seen, expected in looks:
        assert suspects.due(1e9, 10) == [PLACE]
        assert suspects.judge(PLACE, seen, now) is expected
    assert (PLACE in suspects) is (expected is AGAIN)
    assert len(suspects) == (expected is AGAIN)


def test_looks_come_at_growing_distance_and_end_with_the_patience() -> None:
    suspects = Suspects(10)
    suspects.add(PLACE, b"n", b"a", 0.0)
    suspects.add(PLACE, b"n", b"another look of the walk's", 0.5)
    assert suspects.due(FIRST_WAIT - 0.1, 10) == []
    looked = []
    while (due := suspects.next_due()) is not None:
        assert suspects.due(due, 10) == [PLACE]
        looked.append(due)
        suspects.judge(PLACE, b"a", due)
    assert looked == [1, 3, 7, 10]


def test_the_longest_due_first_and_no_more_than_asked() -> None:
    suspects = Suspects(100)
    places = [Place(ROOT, name) for name in (b"c", b"a", b"b")]
    for at, place in enumerate(places):
        suspects.add(place, place.name, b"", float(at))
    assert suspects.due(50, 2) == places[:2]
    assert suspects.due(50, 2) == places[2:]
    assert LONGEST > 1
