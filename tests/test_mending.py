"""What F does about a failure, by what both sides have: nothing on a guess, nothing unsaid."""

from collections.abc import Sequence

import pytest
from sides import facts, gfid

from engine.item import (
    ROOT,
    AnyItem,
    Attributes,
    Done,
    Facts,
    Gfid,
    Gone,
    Holder,
    Item,
    Kind,
    NotEmpty,
    Place,
)
from engine.plan import mending, records
from engine.plan.items import Absent, Alive, Truth, Unclear
from engine.plan.mending import Evidence, Remedy
from engine.plan.steps import CHANGED, Step, never, not_done
from engine.session.asides import Asides

G, S = gfid(1), gfid(2)
AT = Place(ROOT, b"x")
SHOWN = Attributes(0o100644, 0, 0, 3, 5, 6)


def alive(one: Gfid = G, kind: Kind = Kind.FILE) -> Alive:
    return Alive(one, kind, (AT,), True, SHOWN)


def holder(truth: Truth, found: Facts | None = None) -> mending.Holder:
    return mending.Holder(AT, b"x", found or facts(2), truth)


def evidence(
    kind: str = "gfid conflict",
    truth: Truth | None = None,
    under: Facts | None = None,
    holders: Sequence[mending.Holder] = (),
) -> Evidence:
    return Evidence(G, kind, b"x\xff", truth or alive(), under, tuple(holders))


UNREAD = Facts(Gfid(""), Kind.FILE, SHOWN, 1, trouble="EIO")
FOLDER = alive(kind=Kind.DIRECTORY)


@pytest.mark.parametrize(
    ("found", "remedy"),
    [
        pytest.param(evidence(holders=[holder(Absent(S))]), Remedy.WAY, id="a stranger"),
        pytest.param(evidence(holders=[holder(alive(S))]), Remedy.WAY, id="one who belongs away"),
        pytest.param(
            evidence(kind="EPERM", holders=[holder(alive(S))]), Remedy.WAY, id="whatever it failed"
        ),
        pytest.param(
            evidence(holders=[holder(Unclear(Gfid(""), 5, ""), UNREAD)]), Remedy.NONE, id="who?"
        ),
        pytest.param(evidence(), Remedy.AGAIN, id="gone meanwhile"),
        pytest.param(evidence(truth=Absent(G)), Remedy.AGAIN, id="gone from the primary"),
        pytest.param(evidence(truth=Unclear(G, 5, "EIO")), Remedy.NONE, id="nobody can say"),
        pytest.param(evidence(kind="EACCES", under=facts(1)), Remedy.NONE, id="nobody in its way"),
        pytest.param(evidence(kind="quarantined", truth=Absent(G)), Remedy.NONE, id="put away"),
        pytest.param(evidence("ENOTSUP", FOLDER, facts(1)), Remedy.COPY, id="a file for a folder"),
        pytest.param(evidence("ENOTSUP", alive(), facts(1)), Remedy.AGAIN, id="alike"),
        pytest.param(
            evidence("ENOTSUP", FOLDER, facts(1, size=0)), Remedy.AGAIN, id="an empty file"
        ),
    ],
)
def test_remedy(found: Evidence, remedy: Remedy) -> None:
    assert mending.remedy(found) is remedy
    step = mending.step(found, "home")
    assert bool(step.does) is (remedy is not Remedy.NONE)
    assert bool(step.refused) is (remedy is Remedy.NONE)
    assert step.name == "x\\xff"


def test_what_is_told_of_who_is_in_the_way() -> None:
    there = [holder(Absent(S)), holder(alive(gfid(3)), facts(3))]
    step = mending.step(evidence(holders=there), "home")
    assert step.does == (
        f"move the secondary's file {S} aside, in quarantine when nobody speaks of it",
        f"move the secondary's file {gfid(3)} aside, to where the primary has it",
        f"make file {G} at /x\\xff",
        "send its content, 3 bytes, where that differs",
    )
    assert S in step.secondary
    assert G in step.primary


def test_the_token_is_of_all_that_is_told() -> None:
    step = mending.step(evidence(holders=[holder(Absent(S))]), "home")
    again = mending.step(evidence(holders=[holder(Absent(S))]), "home")
    assert step.token == again.token
    larger = holder(Absent(S), facts(2, size=4))
    others = (larger, holder(alive(S)), holder(Absent(gfid(9)), facts(9)))
    told = {mending.step(evidence(holders=[one]), "home").token for one in others}
    assert len(told | {step.token}) == 4


def test_quarantined_says_what_to_do() -> None:
    words = mending.step(evidence(kind="quarantined", truth=Absent(G)), "home").refused
    assert f"georep quarantine home restore {G}" in words


def test_not_done() -> None:
    assert not_done(never) == ""
    assert not_done(lambda step: False) == CHANGED
    assert never(Step(gfid=G, name="x")) is False


def test_asides_remember_who_was_moved_and_from_where() -> None:
    asides = Asides()
    moved, orphan = Holder(AT, S, Kind.FILE), gfid(3)
    items: dict[Gfid, AnyItem] = {
        G: Item(gfid=G, kind=Kind.FILE, names=(AT,), attributes=SHOWN),
        orphan: Gone(gfid=orphan, lawful=False, orphan=True, heard=(AT,)),
        gfid(4): Gone(gfid=gfid(4), lawful=False),
    }
    asides.hear(
        items,
        [
            Done(gfid=G, displaced=(moved,)),
            Done(gfid=orphan),
            Done(gfid=gfid(4)),
            NotEmpty(gfid=G, children=()),
        ],
    )
    alone = {S: Gone(gfid=S, lawful=False), orphan: Gone(gfid=orphan, lawful=True)}
    answers = [Done(gfid=S), Done(gfid=orphan)]
    assert list(asides.unclaimed(alone, answers)) == [S], "of the other one's end somebody spoke"
    found = asides.among([S, orphan, gfid(4)])
    assert {one: (moved.place, moved.why) for one, moved in found.items()} == {
        S: (AT, records.IN_THE_WAY.format(gfid=G)),
        orphan: (AT, records.ORPHANED),
    }
    asides.noted(S)
    assert asides.among([S]) == {}
