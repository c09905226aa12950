"""Marks as they are on a volume, what a worker does about them, and what is told of them."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from changelogs import steady
from hypothesis import given
from hypothesis import strategies as st
from memory_target import MemoryTarget
from sides import QuestionChannel

from engine.config import Places, Session
from engine.errors import GeorepError, Reject, Stop
from engine.gluster import volume_marks, xattrs
from engine.gluster.volume import Brick, Volume
from engine.gluster.xattrs import Mark, VolumeMark
from engine.options import Options
from engine.plan import lineage
from engine.plan.lineage import LIFE, Signed
from engine.rpc.messages import AskMarks, Failed, LeaveMark, Marks
from engine.secondary import questions
from engine.secondary.questions import Questions
from engine.session import mark_checks, marked, marking
from engine.session.checks import Verdict
from engine.session.marked import Marked, Pair
from engine.session.marking import Marking

A, B, C = (f"0000000{n}-0000-4000-8000-000000000000" for n in "abc")
PAIR = Pair("s", "gvol", A, "svol", B)
NOW = 1_700_000_000
INDEXED = VolumeMark(A, False, Mark(7, 8), None)


def _value(uuid: str, expires: int = NOW + 60) -> bytes:
    return xattrs.pack_volume_mark(VolumeMark(uuid, False, Mark(7, 8), expires))


def _note(uuid: str, volume: str = "other", began: int = NOW - 60) -> tuple[str, bytes]:
    return lineage.note(uuid, Signed(volume, ("prim8", "prim9"), "t", began))


@given(st.uuids(), st.booleans(), st.integers(0, 2**32 - 1), st.none() | st.integers(0, 2**32 - 1))
def test_marks_round_trip(uuid: object, failed: bool, moment: int, expires: int | None) -> None:
    mark = VolumeMark(str(uuid), failed, Mark(moment, 999999), expires)
    packed = xattrs.pack_volume_mark(mark)
    assert len(packed) == (27 if expires is None else 31)
    assert xattrs.unpack_volume_mark(packed) == mark


@steady
@given(st.dictionaries(st.text(max_size=40), st.binary(max_size=40)), st.binary(max_size=40))
def test_any_marks_and_notes_are_read(marks: dict[str, bytes], note: bytes) -> None:
    found = marked.read(marks | {A: _value(A)}, {f"{A}.mark": note}, NOW)
    assert found.of(A) is not None
    assert all(word.isprintable() for word in marked.listed(found))
    assert bool(found.trouble) == any(len(value) != 31 or key != A for key, value in marks.items())


def test_a_mark_of_somebody_else_s_name_makes_no_sense() -> None:
    found = marked.read({A: _value(B), B: _value(B)[:27], C: b""}, {}, NOW)
    assert found.left == ()
    assert found.trouble == f"these make no sense: {A}, {B}, {C}"


class _Volume:
    """The root of a volume that keeps xattrs, in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held: dict[bytes, bytes] = {b"user.x": b"1"}
        self.deaf = False
        monkeypatch.setattr(xattrs, "get_all", lambda brick: dict(self.held))
        monkeypatch.setattr(xattrs, "get", lambda root, name: self.held.get(name))
        monkeypatch.setattr(xattrs, "put", self._put)
        monkeypatch.setattr(xattrs, "remove", self._remove)

    def _put(self, root: bytes, name: bytes, value: bytes) -> None:
        if not self.deaf:
            self.held[name] = value

    def _remove(self, root: bytes, name: bytes) -> None:
        if not self.deaf:
            self.held.pop(name, None)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> _Volume:
    return _Volume(monkeypatch)


def test_the_xattrs_of_a_root(there: _Volume) -> None:
    assert volume_marks.own(b"/") is None
    there.held[xattrs.VOLUME_MARK] = xattrs.pack_volume_mark(INDEXED)
    assert volume_marks.own(b"/") == INDEXED
    assert volume_marks.foreign([b"/b"]) == {}
    volume_marks.leave(b"/", [b"/b"], A, _value(A))
    volume_marks.leave(b"/", [b"/b"], B, _value(B, NOW))
    assert volume_marks.foreign([b"/b"]) == {A: _value(A), B: _value(B, NOW)}
    volume_marks.take_off(b"/", [b"/b"], A)
    volume_marks.take_off(b"/", [b"/b"], A)
    assert set(there.held) == {b"user.x", xattrs.VOLUME_MARK, xattrs.volume_mark_name(B)}


@pytest.mark.parametrize(
    ("primary", "value"),
    [
        (A, _value(B)),
        (A, _value(A)[:27]),
        (A, b"x"),
        ("../x", _value(A)),
        ("", _value(A)),
    ],
)
def test_what_is_no_mark_is_not_left(there: _Volume, primary: str, value: bytes) -> None:
    with pytest.raises(Reject):
        volume_marks.leave(b"/", [b"/b"], primary, value)
    assert set(there.held) == {b"user.x"}


def test_success_is_not_believed(there: _Volume) -> None:
    there.deaf = True
    with pytest.raises(OSError, match="is not there"):
        volume_marks.leave(b"/", [b"/b"], A, _value(A))
    there.held[xattrs.volume_mark_name(A)] = _value(A)
    with pytest.raises(OSError, match="still there"):
        volume_marks.take_off(b"/", [b"/b"], A)


def test_of_bricks_that_differ_the_mark_that_ends_last_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = xattrs.volume_mark_name(A)
    held = {
        b"/1": {name: _value(A, 5)},
        b"/2": {name: _value(A, 7)},
        b"/3": {name: b"x"},
        b"/4": {},
    }

    def get_all(brick: bytes) -> dict[bytes, bytes]:
        if brick not in held:
            raise FileNotFoundError(2, "No such file or directory")
        return held[brick]

    monkeypatch.setattr(xattrs, "get_all", get_all)
    assert volume_marks.foreign([b"/0", *held]) == {A: _value(A, 7)}
    assert volume_marks.foreign([*held][::-1]) == {A: _value(A, 7)}
    assert volume_marks.foreign([b"/4"]) == {}
    for none, words in (([b"/0"], "No such file"), ([], "no brick of the volume")):
        with pytest.raises(OSError, match=words):
            volume_marks.foreign(none)


def test_an_agent_answers(there: _Volume) -> None:
    asked = Questions(MemoryTarget(), b"/", bricks=[b"/b"])
    left = asked.answer(LeaveMark(id=1, primary=A, value=_value(A)))
    assert isinstance(left, Marks)
    assert (left.id, left.marks) == (1, {A: _value(A)})
    gone = asked.answer(LeaveMark(id=2, primary=A, value=b""))
    assert isinstance(gone, Marks)
    assert gone.marks == {}
    assert isinstance(asked.answer(LeaveMark(id=3, primary=A, value=b"x")), Failed)
    assert isinstance(asked.answer(LeaveMark(id=3, primary="x", value=b"")), Failed)
    folder = Questions(MemoryTarget(), b"/")
    none = folder.answer(AskMarks(id=4))
    assert isinstance(none, Marks)
    assert none.marks == {}
    assert isinstance(folder.answer(LeaveMark(id=5, primary=A, value=b"")), Failed)


class _Channel(QuestionChannel):
    """An agent on a volume with marks."""

    def __init__(self) -> None:
        super().__init__(MemoryTarget())
        self.questions = Questions(MemoryTarget(), b"/", bricks=[b"/b"])


class _Worker:
    """What one worker does, and the two volumes."""

    def __init__(
        self, channel: _Channel, pair: Pair = PAIR, own: VolumeMark | None = INDEXED
    ) -> None:
        self.near = Marked(clock=NOW)
        self.channel = channel
        self.asked = 0
        self._own = own
        self.heed = True
        self.pair = pair

    def marking(self) -> Marking:
        async def here() -> Marked:
            return self.near

        def own() -> VolumeMark | None:
            self.asked += 1
            return self._own

        return Marking(
            self.channel,
            self.pair,
            hosts=("prim1",),
            heed=self.heed,
            here=here,
            own=own,
        )

    async def left(self) -> Marked:
        return await marked.there(self.channel)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give what the agent's clock shows."""
    shown = [float(NOW)]
    monkeypatch.setattr(questions, "time", SimpleNamespace(time=lambda: shown[0]))
    return shown


async def test_a_mark_is_left_kept_fresh_and_taken_off(there: _Volume, clock: list[float]) -> None:
    worker = _Worker(_Channel())
    marking_ = worker.marking()
    await marking_.look()
    mark = xattrs.unpack_volume_mark(there.held[xattrs.volume_mark_name(A)])
    assert mark == INDEXED._replace(expires=NOW + LIFE)
    (left,) = (await worker.left()).left
    assert left.by == Signed("gvol", ("prim1",), "s", NOW)
    clock[0] += 60
    before = dict(there.held)
    await marking_.look()
    assert there.held == before, "it is fresh"
    clock[0] += 400
    await _Worker(worker.channel).marking().look()
    (left,) = (await worker.left()).left
    assert left.expires == NOW + 460 + LIFE
    assert left.by is not None
    assert left.by.began == NOW, "another worker of the session keeps when it began"
    await marking_.part()
    assert (await worker.left()).left == ()
    assert worker.asked == 1


async def test_a_worker_looks_again_and_again(
    there: _Volume, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "LOOK", 0.0)
    worker = _Worker(_Channel())
    bricks = (Brick("h2", "/b", "u", 0, 0), Brick("h1", "/b", "v", 1, 0))
    volume = Volume("gvol", A, "", True, "", bricks, 2, 0, 0, 1, {})
    monkeypatch.setattr(marking, "own_mark", lambda at, session: None)

    async def here() -> Marked:
        if there.held.get(xattrs.volume_mark_name(A)):
            there.held[xattrs.volume_mark_name(C)] = _value(C)
        return worker.near

    at = Places(Path("/c"), Path("/s"))
    made = Marking.of(
        *(at, OLD, volume, worker.channel),
        uuid=B,
        here=here,
    )
    with pytest.raises(Stop, match="tells no name, as gsyncd does"):
        await made.keep()
    (left, _) = (await worker.left()).left
    assert left.by is not None
    assert left.by.hosts == ("h1", "h2")


async def test_after_it_ended_it_begins_anew(there: _Volume, clock: list[float]) -> None:
    worker = _Worker(_Channel())
    await worker.marking().look()
    clock[0] += LIFE + 1
    await worker.marking().look()
    (left,) = (await worker.left()).left
    assert left.by is not None
    assert left.by.began == NOW + LIFE + 1


async def test_gsyncd_s_own_mark_of_the_same_primary_is_no_obstacle(
    there: _Volume, clock: list[float]
) -> None:
    there.held[xattrs.volume_mark_name(A)] = _value(A, NOW + 100)
    worker = _Worker(_Channel())
    await worker.marking().look()
    (left,) = (await worker.left()).left
    assert left.by is not None
    assert (left.indexed, left.expires) == (7, NOW + LIFE)


@pytest.mark.parametrize("own", [None, VolumeMark(C, False, Mark(7), None)])
async def test_a_primary_that_is_not_indexed(
    there: _Volume, clock: list[float], own: VolumeMark | None
) -> None:
    worker = _Worker(_Channel(), own=own)
    await worker.marking().look()
    mark = xattrs.unpack_volume_mark(there.held[xattrs.volume_mark_name(A)])
    assert mark == VolumeMark(A, False, Mark(NOW), NOW + LIFE)


async def test_a_second_primary_ends_before_it_leaves_anything(
    there: _Volume, clock: list[float]
) -> None:
    first = _Worker(_Channel())
    await first.marking().look()
    before, notes = dict(there.held), await first.channel.notes()
    second = _Worker(first.channel, Pair("t", "other", C, "svol", B))
    with pytest.raises(Stop, match=r"volume gvol of prim1 .*session s.* svol, too, since") as end:
        await second.marking().look()
    assert end.value.cause == "second primary"
    assert "name another secondary" in end.value.fix
    assert "config set t heed-marks false" in end.value.fix
    assert end.value.evidence == f"xattr {xattrs.volume_mark_name(A).decode()} on the root of svol"
    assert (there.held, await first.channel.notes()) == (before, notes)
    second.heed = False
    clock[0] += 1
    await second.marking().look()
    assert len((await first.left()).left) == 2
    stays = first.marking()
    await stays.look()
    # A worker of it on another node was stopped.
    await first.marking().part()
    await stays.look()
    assert [left.by and left.by.began for left in (await first.left()).left] == [NOW, NOW + 1]


async def test_of_two_that_looked_at_once_the_later_ends(
    there: _Volume, clock: list[float]
) -> None:
    first = _Worker(_Channel())
    second = _Worker(first.channel, Pair("t", "other", C, "svol", B))
    second.heed = False
    await second.marking().look()
    second.heed = True
    clock[0] += 1
    first.heed = False
    await first.marking().look()
    first.heed = True
    await second.marking().look()
    with pytest.raises(Stop, match="volume other"):
        await first.marking().look()


async def test_a_loop_ends_and_a_cascade_does_not(there: _Volume, clock: list[float]) -> None:
    worker = _Worker(_Channel())
    worker.near = marked.read({C: _value(C)}, dict([_note(C)]), NOW)
    await worker.marking().look()
    (left,) = (await worker.left()).left
    assert left.by is not None
    assert [(each.uuid, each.volume) for each in left.by.above] == [(C, "other")]
    worker.near = marked.read({B: _value(B)}, dict([_note(B, "svol")]), NOW)
    with pytest.raises(Stop, match="svol is itself replicated to gvol: volume svol of") as end:
        await worker.marking().look()
    assert end.value.cause == "replication loop"


async def test_a_secondary_that_takes_no_marks_is_replicated_to(
    there: _Volume, clock: list[float]
) -> None:
    there.deaf = True
    worker = _Worker(_Channel())
    await worker.marking().look()
    await worker.marking().part()

    def refuse(root: bytes) -> dict[bytes, bytes]:
        raise PermissionError(1, "Operation not permitted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xattrs, "get_all", refuse)
        await worker.marking().look()
        assert "Operation not permitted" in (await worker.left()).trouble
        assert "cannot be read" in marked.here([b"/b"], {}).trouble


async def test_a_directory_has_no_marks(there: _Volume) -> None:
    worker = _Worker(_Channel(), Pair("s", "gvol", A, "/srv/d", B))
    await worker.marking().look()
    await worker.marking().part()
    assert worker.channel.asked == []


def test_marks_of_a_mounted_volume(there: _Volume, tmp_path: Path) -> None:
    there.held[xattrs.volume_mark_name(C)] = _value(C, NOW)
    name, content = _note(C, "bad\x1bname")
    notes = tmp_path / ".georep/notes"
    notes.mkdir(parents=True)
    (notes / name).write_bytes(content)
    assert marked.notes(b"/no/such/root") == {}
    found = marked.here([b"/b"], marked.notes(os.fsencode(tmp_path)))
    (told,) = marked.listed(found)
    assert told.startswith(f"volume bad?name of prim8, prim9 (uuid {C}, session t), ended 20")


OLD = Session("s", "gvol", "root", "sec1", "svol")
ALL = Session("s", "gvol", "root", "sec1", "svol", Options(heed_marks=False))


@pytest.mark.parametrize(
    ("session", "pair", "near", "far", "verdicts"),
    [
        pytest.param(OLD, PAIR, {}, {}, "fine fine fine", id="no marks"),
        pytest.param(OLD, PAIR, {C: 9}, {A: 9}, "fine fine fine", id="a cascade that runs"),
        pytest.param(OLD, PAIR, {}, {C: 9}, "wrong fine fine", id="a second primary"),
        pytest.param(OLD, PAIR, {}, {C: 0}, "fine fine fine", id="there was one"),
        pytest.param(OLD, PAIR, {B: 9}, {}, "fine wrong fine", id="a loop"),
        pytest.param(OLD, PAIR, {B: 0}, {}, "fine fine fine", id="turned round"),
        pytest.param(ALL, PAIR, {B: 9}, {C: 9}, "advice advice fine", id="somebody knows better"),
        pytest.param(
            ALL, Pair("s", "gvol", A, "gvol", A), {}, {}, "fine wrong fine", id="into itself"
        ),
    ],
)
def test_what_doctor_says(
    session: Session, pair: Pair, near: dict[str, int], far: dict[str, int], verdicts: str
) -> None:
    sides = [
        marked.read({uuid: _value(uuid, NOW + ends) for uuid, ends in side.items()}, {}, NOW)
        for side in (near, far)
    ]
    found = list(mark_checks.checks(session, pair, *sides))
    assert [check.verdict for check in found] == verdicts.split()
    for check in found:
        assert bool(check.fix) == (check.verdict is not Verdict.FINE)
    assert ("none" in found[-1].words) == (not near or not far)


def test_doctor_says_what_it_could_not_look_at() -> None:
    trouble = Marked(trouble="they cannot be read: no")
    others, loop, last = mark_checks.checks(OLD, PAIR, Marked(), trouble)
    assert "as far as can be seen" in others.words
    assert "as far as" not in loop.words, "the primary's were looked at"
    assert last.verdict is Verdict.ADVICE
    assert "on svol they cannot be read: no" in last.words
    folder = Session("s", "gvol", "root", "sec1", "/srv/d")
    assert list(mark_checks.checks(folder, PAIR, Marked(), trouble)) == []


def test_a_primary_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Mount:
        root = b"/m"

        def __init__(self, volume: str, **more: object) -> None:
            assert more["privileged"] is True

        def start(self, timeout: float) -> None:
            if trouble:
                raise trouble[0]

        def stop(self) -> None:
            stopped.append(True)

    trouble: list[GeorepError] = []
    stopped: list[bool] = []
    monkeypatch.setattr(marking, "Mount", Mount)
    monkeypatch.setattr(volume_marks, "own", lambda root: INDEXED)
    at = Places(tmp_path, tmp_path)
    assert marking.own_mark(at, OLD) == INDEXED
    trouble.append(Stop("no"))
    assert marking.own_mark(at, OLD) is None
    assert stopped == [True, True]
