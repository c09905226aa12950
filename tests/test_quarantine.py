"""Who goes from quarantine, and when: never anybody younger, never anybody whom the primary has."""

import os
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from memory_target import QUARANTINE, MemoryTarget, Thing
from sides import QuestionChannel, gfid

from engine import events
from engine.events import EntryMended, QuarantineSwept
from engine.item import ROOT, Attributes, Gfid, Holder, Kind, Place
from engine.plan import shelves
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.rpc.messages import Discard
from engine.secondary import taking
from engine.secondary.trouble import Trouble
from engine.session import quarantine
from engine.session.failing import Failing
from engine.session.hop import Hop
from engine.session.ledger import Ledger
from engine.session.quarantine import Quarantine
from engine.session.replicate import Replicator
from engine.session.report import Report

DAY = 86400
NOW = 1_795_608_000
"""2026-11-25, noon."""
OLD, YOUNG = "2026-11-14", "2026-11-15"
DAYS = 10


@pytest.mark.parametrize(
    ("name", "days", "gone"),
    [
        pytest.param(f"{OLD}.{gfid(1)}", DAYS, True, id="for longer"),
        pytest.param(f"{YOUNG}.{gfid(1)}", DAYS, False, id="for just so long"),
        pytest.param(f"{OLD}.{gfid(1)}", 0, False, id="for ever"),
        pytest.param(f"{OLD}.{gfid(1)}", -1, False, id="no such number"),
        pytest.param(f"2027-01-01.{gfid(1)}", DAYS, False, id="from the future"),
        pytest.param(f"{OLD}.{gfid(2)}", DAYS, False, id="another's name"),
        pytest.param(f"{gfid(1)}", DAYS, False, id="no day"),
        pytest.param(f"2026-11-31.{gfid(1)}", DAYS, False, id="a day that is none"),
        pytest.param("mine", DAYS, False, id="what an operator made there"),
    ],
)
def test_expired(name: str, days: int, gone: bool) -> None:
    holder = Holder(Place(QUARANTINE, name.encode()), gfid(1), Kind.FILE)
    assert shelves.expired(holder, days, date(2026, 11, 25)) is gone


def test_the_name_is_the_one_that_is_given() -> None:
    place = MemoryTarget().shelf(gfid(1), OLD)
    assert place.name == shelves.name(gfid(1), OLD)


class Kept:
    """A secondary with a quarantine, and what the primary has."""

    def __init__(self, folder: Path) -> None:
        self.target, self.alive = MemoryTarget(), set[Gfid]()
        self.channel = QuestionChannel(self.target)
        self._told = folder / "events"
        self._sink = os.open(self._told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.ledger = Ledger(folder / "ledger.db", "n:/b")
        self._hop = Hop()
        self._report = Report("s", "n:/b", self._sink)
        self.failing = Failing(self.ledger, self._report, Sight(b"/b", b"/m"), self._hop)

    def close(self) -> None:
        self._hop.close()
        self.ledger.close()
        os.close(self._sink)

    async def gone(self, gfids: Sequence[Gfid]) -> list[Gfid]:
        return [one for one in gfids if one not in self.alive]

    def worker(self, days: int = DAYS) -> Quarantine:
        """Return one that has just begun."""
        channel, replicator = cast("Channel", self.channel), cast("Replicator", self)
        return Quarantine(channel, replicator, self._report, days=days)

    def put(self, number: int, place: Place | str, kind: Kind = Kind.FILE) -> Gfid:
        """Put an object somewhere; in quarantine, if only the day is said."""
        one = gfid(number)
        at = self.target.shelf(one, place) if isinstance(place, str) else place
        self.target.things[one] = Thing(kind, Attributes(0o100644, 0, 0, 0, 7, 7))
        self.target.places[at] = one
        return one

    def left(self) -> set[Gfid]:
        return set(self.target.things) - set(MemoryTarget().things)

    def told(self) -> list[events.AnyEvent]:
        found = [events.decode(line) for line in self._told.read_bytes().splitlines()]
        return [event for event in found if event is not None]

    def swept(self) -> list[tuple[int, int]]:
        return [(e.removed, e.left) for e in self.told() if isinstance(e, QuarantineSwept)]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    # Both sides' clocks, which are one in this process.
    monkeypatch.setattr("time.time", lambda: NOW)
    made = Kept(tmp_path)
    yield made
    made.close()


async def test_who_was_there_for_longer_goes_and_nobody_else(kept: Kept) -> None:
    old = [kept.put(number, OLD, kind) for number, kind in enumerate(Kind)]
    young = kept.put(20, YOUNG)
    elsewhere = kept.put(21, Place(ROOT, f"{OLD}.{gfid(21)}".encode()))
    limbo = kept.put(22, kept.target.limbo(gfid(22)))
    await kept.worker().tend()
    assert kept.left() == {young, elsewhere, limbo}
    assert kept.swept() == [(len(old), 0)]


async def test_for_ever_is_for_ever(kept: Kept) -> None:
    one = kept.put(1, "1999-01-01")
    await kept.worker(0).tend()
    assert kept.left() == {one}
    assert kept.channel.asked == []


async def test_who_changed_since_is_kept(kept: Kept) -> None:
    """Its name may be wrong: a clock was, or somebody has worked on it there."""
    one = kept.put(1, OLD)
    kept.target.changed = NOW - DAYS * DAY
    await kept.worker().tend()
    assert kept.left() == {one}
    kept.target.changed -= 1
    await kept.worker().tend()
    kept.target.kept.clear()
    await kept.worker().tend()
    assert kept.left() == set()


async def test_whom_the_primary_has_is_kept_and_what_is_above_them(kept: Kept) -> None:
    kept.alive |= {kept.put(1, OLD)}
    top = kept.put(2, OLD, Kind.DIRECTORY)
    inner = kept.put(3, Place(top, b"d"), Kind.DIRECTORY)
    kept.alive |= {kept.put(4, Place(inner, b"living"))}
    kept.put(5, Place(inner, b"dead"))
    kept.put(6, OLD)
    await kept.worker().tend()
    assert kept.left() == {*kept.alive, top, inner, gfid(5)}
    assert kept.swept() == [(1, 2)]


async def test_a_directory_goes_with_all_that_is_in_it(kept: Kept) -> None:
    above = kept.put(1, OLD, Kind.DIRECTORY)
    for number in range(2, 40):
        kept.put(100 + number, Place(above, b"f%d" % number))
        below = kept.put(number, Place(above, b"d"), Kind.DIRECTORY)
        kept.put(200 + number, Place(above, b"e"), Kind.DIRECTORY)
        above = below
    await kept.worker().tend()
    assert kept.left() == set()


async def test_who_was_saved_by_a_hard_link_lives_on(kept: Kept) -> None:
    one = kept.put(1, OLD)
    kept.target.places[Place(ROOT, b"saved")] = one
    await kept.worker().tend()
    assert kept.target.tree() == {Place(ROOT, b"saved"): one}
    assert kept.target.in_quarantine() == []


async def test_once_a_day_whoever_asks(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = kept.worker()
    await worker.tend()
    one = kept.put(1, OLD)
    await kept.worker().tend()
    assert kept.left() == {one}
    monkeypatch.setattr("time.time", lambda: NOW + DAY)
    await worker.tend()
    assert kept.left() == {one}, "it looks once an hour"
    await kept.worker().tend()
    assert kept.left() == set()


async def test_many_go_a_portion_at_a_time(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "PORTION", 2)
    worker = kept.worker()
    for number in range(1, 4):
        kept.put(number, OLD)
    top = kept.put(4, OLD, Kind.DIRECTORY)
    for number in range(5, 8):
        inner = kept.put(number, Place(top, b"%d" % number), Kind.DIRECTORY)
        kept.put(10 + number, Place(inner, b"f"))
    counts = []
    while not kept.swept():
        await worker.tend()
        counts.append(len(kept.left()))
    assert counts == [8, 6, 4, 2, 0]
    assert kept.swept() == [(10, 0)]


async def test_whatever_call_was_the_last_the_next_one_goes_on(kept: Kept) -> None:
    """A crash between any two calls: nobody living is gone, and in the end all others are."""
    living = kept.put(50, OLD)
    kept.alive.add(living)

    class Crash(Exception):
        pass

    calls = 0
    while True:
        top = kept.put(1, OLD, Kind.DIRECTORY)
        for number in range(2, 5):
            below = kept.put(number, Place(top, b"d"), Kind.DIRECTORY)
            kept.put(10 + number, Place(top, b"f"))
            top = below
        calls += 1
        budget = calls

        def stepped() -> None:
            nonlocal budget
            budget -= 1
            if not budget:
                raise Crash

        kept.target.stepped = stepped  # type: ignore[method-assign]
        try:
            await kept.worker().tend()
            break
        except Crash:
            kept.target.stepped = lambda: None  # type: ignore[method-assign]
        await kept.worker().tend()
        assert kept.left() == {living}
        kept.target.kept.clear()
    assert calls > 5
    assert kept.left() == {living}


async def test_who_is_not_there_any_more_leaves_the_list(kept: Kept) -> None:
    here, removed = kept.put(1, YOUNG), gfid(2)
    await kept.failing.put_away({here: "there", removed: "was there"})
    await kept.worker().tend()
    assert list(kept.ledger.among([here, removed])) == [here]
    assert [e.gfid for e in kept.told() if isinstance(e, EntryMended)] == [removed]


def test_nothing_outside_of_quarantine_is_discarded() -> None:
    target = MemoryTarget()
    top = Attributes(0o40755, 0, 0, 0, 7, 7)
    target.things[gfid(1)] = target.things[gfid(2)] = Thing(Kind.DIRECTORY, top)
    target.places[Place(ROOT, b"d")] = gfid(1)
    target.places[Place(gfid(1), b"e")] = gfid(2)
    for place, who in list(target.places.items()):
        with pytest.raises(Trouble, match="not in quarantine"):
            taking.discard(target, Holder(place, who, Kind.DIRECTORY))
    asked = Discard(id=1, holders=(Holder(Place(gfid(1), b"e"), gfid(2), Kind.DIRECTORY),))
    reply = QuestionChannel(target).questions.answer(asked)
    assert getattr(reply, "gone") == getattr(reply, "children") == ()  # noqa: B009
    assert len(target.places) == 2


def test_who_stands_there_now_is_not_discarded_for_another() -> None:
    target = MemoryTarget()
    target.things[gfid(1)] = Thing(Kind.FILE, Attributes(0o100644, 0, 0, 0, 7, 7))
    place = target.shelf(gfid(1), OLD)
    target.places[place] = gfid(1)
    with pytest.raises(Trouble):
        taking.discard(target, Holder(place, gfid(2), Kind.FILE))
    assert target.places == {place: gfid(1)}
