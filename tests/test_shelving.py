"""Bringing back, removing and fixing on two volumes in memory: what is done, and when nothing."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from memory_target import MemoryTarget, Thing
from sides import MemorySide, QuestionChannel, gfid

from engine.config import Places, Session
from engine.errors import Usage
from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.options import Options
from engine.plan import records
from engine.plan.dirty import Window
from engine.plan.items import Absent, Alive, Truth
from engine.plan.records import Record
from engine.plan.steps import CHANGED, never
from engine.primary import truth
from engine.session import acting, deciding, mending, shelving, survey
from engine.session.attempt import Totals
from engine.session.ledger import Failure, Known, Ledger

DAY = "2026-11-25"
AT, OTHER = Place(ROOT, b"x"), Place(ROOT, b"y")


class Volumes:
    """Both of them, and what a worker would have been asked for."""

    def __init__(self, folder: Path) -> None:
        self.here, self.there = MemoryTarget(), MemoryTarget()
        self.channel = QuestionChannel(self.there)
        self.windows: list[Window] = []
        self.again: list[list[Gfid]] = []
        self.refuses: list[Failure] = []
        self.at = Places(folder, folder)
        options = Options(gfid_conflict_resolution=False)
        session = Session("s", "v", "h", "w", "root", options=options)
        self.opened: Any = SimpleNamespace(
            places=self.at,
            session=session,
            here=SimpleNamespace(facts=MemorySide(self.here).facts, run=self._run),
            there=MemorySide(self.there),
            agent=SimpleNamespace(channel=self.channel),
        )

    def put(self, target: MemoryTarget, number: int, at: Place, **more: Any) -> Gfid:
        kind = more.pop("kind", Kind.FILE)
        target.things[gfid(number)] = Thing(kind, Attributes(0o100644, 0, 0, 0, 7, 7), **more)
        target.places[at] = gfid(number)
        return gfid(number)

    def shelved(self, number: int = 1, **more: Any) -> Gfid:
        return self.put(self.there, number, self.there.shelf(gfid(number), DAY), **more)

    def truth(self, one: Gfid) -> Truth:
        thing = self.here.things.get(one)
        if thing is None:
            return Absent(one)
        return Alive(one, thing.kind, tuple(self.here.names(one)), True, thing.attributes)

    async def truths(self, opened: object, gfids: Sequence[Gfid]) -> list[Truth]:
        return [self.truth(one) for one in gfids]

    async def decided(self, at: object, name: str, gfids: list[Gfid]) -> int:
        self.again.append(gfids)
        return len(gfids)

    def run(self, at: object, name: str, work: Callable[[Any], Any], **more: str) -> Any:
        assert more == {"command": "shelves", "worker": shelving.WORKER}
        return asyncio.run(work(self.opened))

    async def _run(self, call: Callable[..., Any], *args: Any) -> Any:
        return call(*args)

    @contextmanager
    def replicator(self, *args: Any) -> Iterator[Any]:
        async def make_so(window: Window, **more: bool) -> Totals:
            self.windows.append(window)
            return Totals(failed=self.refuses)

        async def gone(gfids: Sequence[Gfid]) -> list[Gfid]:
            return [one for one in gfids if one not in self.here.things]

        async def nothing(*args: Any) -> list[Gfid]:
            return []

        yield SimpleNamespace(
            make_so=make_so, gone=gone, run=nothing, note_aside=nothing, exclude=lambda found: None
        )


@pytest.fixture
def volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Volumes:
    made = Volumes(tmp_path)
    monkeypatch.setattr(survey, "run", made.run)
    monkeypatch.setattr(acting, "truths", made.truths)
    monkeypatch.setattr(acting, "replicator", made.replicator)
    monkeypatch.setattr(acting, "sight", lambda opened: SimpleNamespace(brick=b""))
    monkeypatch.setattr(deciding, "again", made.decided)
    monkeypatch.setattr(truth, "look", lambda sight, one, dirty: made.truth(one))
    monkeypatch.setattr(truth, "path", lambda sight, place: place.name)
    monkeypatch.setattr("engine.config.read", lambda at, name: made.opened.session)
    return made


def test_it_is_brought_back_and_its_folder_looked_at(volumes: Volumes) -> None:
    one = volumes.shelved()
    told = shelving.restore(volumes.at, "s", one, b"/y", lambda step: True)
    assert told.done
    assert volumes.there.tree() == {OTHER: one}
    assert [list(window.dirty) for window in volumes.windows] == [[ROOT]]
    assert volumes.again == [[one]]


def test_looking_changes_nothing(volumes: Volumes) -> None:
    one = volumes.shelved()
    before = dict(volumes.there.places)
    for told in (
        shelving.restore(volumes.at, "s", one, b"y", never),
        shelving.drop(volumes.at, "s", one, never),
    ):
        assert told.step.does
        assert (told.done, told.words, told.step.refused) == (False, "", "")
    assert shelving.restore(volumes.at, "s", one, b"y", lambda step: False).words == CHANGED
    assert volumes.there.places == before
    assert volumes.again == volumes.windows == []


def test_it_stood_where_the_primary_has_another_now(volumes: Volumes) -> None:
    one = volumes.shelved()
    volumes.there.remember(one, records.encode(Record(path="x")))
    volumes.put(volumes.here, 2, AT)
    told = shelving.restore(volumes.at, "s", one, None, lambda step: True)
    assert "put it aside again" in told.step.refused
    assert "stood at /x" in told.step.secondary
    assert not told.done


def test_nobody_is_called_so(volumes: Volumes) -> None:
    volumes.shelved()
    for act in (shelving.restore, shelving.drop):
        more = (b"y",) if act is shelving.restore else ()
        with pytest.raises(Usage, match="Nobody in quarantine"):
            act(volumes.at, "s", gfid(7), *more, lambda step: True)  # type: ignore[operator]


def test_it_is_dropped_with_all_that_is_in_it(volumes: Volumes) -> None:
    top = volumes.shelved(1, kind=Kind.DIRECTORY)
    volumes.put(volumes.there, 2, Place(top, b"dead"))
    told = shelving.drop(volumes.at, "s", top, lambda step: True)
    assert told.done
    assert "2 objects" in told.words
    assert volumes.there.places == {}
    assert volumes.again == [[top]]


def test_the_living_are_not_dropped(volumes: Volumes) -> None:
    top = volumes.shelved(1, kind=Kind.DIRECTORY)
    volumes.put(volumes.there, 2, Place(top, b"living"))
    volumes.put(volumes.here, 2, AT)
    assert not shelving.drop(volumes.at, "s", top, lambda step: True).done
    assert gfid(2) in volumes.there.things
    volumes.put(volumes.here, 1, OTHER)
    assert shelving.drop(volumes.at, "s", top, lambda step: True).step.refused
    assert volumes.again == []


def failed(volumes: Volumes, kind: str, number: int = 1) -> Gfid:
    failure = Failure(
        worker="n:/b",
        gfid=gfid(number),
        path="x",
        doing="make way",
        kind=kind,
        words="w",
        tries=1,
        first=1.0,
        last=1.0,
        due=1.0,
        slice=0,
    )
    path = volumes.at.ledger("s")
    path.parent.mkdir(exist_ok=True)
    ledger = Ledger(path, "n:/b")
    window = Window()
    ledger.put([(failure, Known(window.mark(failure.gfid, mending.ALL, AT)))])
    ledger.close()
    return failure.gfid


def test_who_is_in_the_way_and_who_belongs_there_are_made_so(volumes: Volumes) -> None:
    one = failed(volumes, "gfid conflict")
    volumes.put(volumes.here, 1, AT)
    other = volumes.put(volumes.there, 2, AT)
    (told,) = mending.fix(volumes.at, "s", ["/x"], never)
    assert other in told.step.secondary
    assert volumes.windows == []
    (done,) = mending.fix(volumes.at, "s", [one], lambda step: step.token == told.step.token)
    assert done.done
    (window,) = volumes.windows
    assert list(window.dirty) == [one, other]
    assert one in window.spoken, "so that it is brought, whichever brick has it"
    assert other not in window.spoken, "of its end nobody spoke"
    assert volumes.again == [[one]]


def test_what_changed_meanwhile_is_left(volumes: Volumes) -> None:
    failed(volumes, "gfid conflict")
    volumes.put(volumes.here, 1, AT)
    other = volumes.put(volumes.there, 2, AT)
    (shown,) = mending.fix(volumes.at, "s", ["x"], never)
    volumes.there.write(other, b"more")
    (told,) = mending.fix(volumes.at, "s", ["x"], lambda step: step.token == shown.step.token)
    assert (told.done, told.words) == (False, CHANGED)
    assert told.step != shown.step
    assert volumes.windows == volumes.again == []


def test_a_refusal_is_told(volumes: Volumes) -> None:
    one = failed(volumes, "gfid conflict")
    volumes.put(volumes.here, 1, AT)
    volumes.put(volumes.there, 2, AT)
    row = mending._rows(volumes.at, "s", [one])[0]
    volumes.refuses = [row.failure]
    (told,) = mending.fix(volumes.at, "s", [one], lambda step: True)
    assert not told.done
    assert told.words == "Refused: make way: w."
    assert volumes.again == []


def test_a_copy_first(volumes: Volumes) -> None:
    one = failed(volumes, "ENOTSUP")
    volumes.put(volumes.here, 1, AT, kind=Kind.DIRECTORY)
    volumes.put(volumes.there, 1, OTHER)
    volumes.there.write(one, b"somebody's")
    (told,) = mending.fix(volumes.at, "s", [one], lambda step: True)
    assert told.done
    ((holder, _),) = volumes.there.in_quarantine()
    assert volumes.there.things[holder.gfid].data == b"somebody's"
    assert volumes.there.things[one].data == b""
    assert "a copy" in records.decode(volumes.there.records[holder.gfid]).why


def test_too_many_at_once(volumes: Volumes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "MOST", 1)
    for number in (1, 2):
        failed(volumes, "EPERM", number)
    with pytest.raises(Usage, match="too many"):
        mending.fix(volumes.at, "s", [gfid(1), gfid(2)], never)
    with pytest.raises(Usage, match="No failure"):
        mending.fix(volumes.at, "s", ["nobody"], never)
