"""What is found in a replay: everything, in order, from wherever it is looked for."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from georep_tui import chronicle, wording
from georep_tui.replay import chains, files, finding, index
from georep_tui.replay.chains import Chain
from georep_tui.replay.finding import Hit, Place
from georep_tui.replay.index import Index
from georep_tui.replay.notes import AnyTold
from georep_tui.replay.reading import Reading

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
DAY = [GOLDEN / f"{name}-gsyncd.log" for name in ("prim1", "prim2", "sec1-secondary")]


@cache
def day() -> list[Chain]:
    return chains.link(files.look(DAY), here="here")


@cache
def read() -> Index:
    found = Index(day())
    found._gap = found._next = 100
    while not found.done:
        found.work(1.0)
    assert len(found.points) > 5
    return found


@cache
def everything() -> list[Hit]:
    reading, hits = Reading(day()), list[Hit]()
    for told in reading:
        for each in told:
            if chronicle.level_of(each) is not None:
                hits.append(Hit(reading.at, len(hits) + 1, each))
    return hits


def mismatch(told: AnyTold) -> bool:
    return "gfid mismatch" in wording.line(told)


def last(steps: finding.Steps) -> Hit | None:
    found = None
    for found in steps:  # noqa: B007 - the last one is the answer
        pass
    return found


def test_from_hit_to_hit_and_back() -> None:
    ours = [hit for hit in everything() if mismatch(hit.told)]
    assert len(ours) > 3
    points = read().points
    place, found = Place(0.0), list[Hit]()
    while hit := last(finding.ahead(day(), points, place, mismatch)):
        found.append(hit)
        place = Place(hit.at, hit.serial)
    assert found == ours
    back = [last(finding.behind(day(), points, Place(0.0, hit.serial), mismatch)) for hit in ours]
    assert back == [None, *ours[:-1]]
    assert any(one.at == other.at for one, other in pairwise(everything())), "within one moment"


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_is_looked_for(data: st.DataObject) -> None:
    every = everything()
    wanted = set(data.draw(st.lists(st.sampled_from(range(1, len(every) + 1)), max_size=4)))
    texts = {wording.whole(every[number - 1].told) for number in wanted}

    def is_one(each: AnyTold) -> bool:
        return wording.whole(each) in texts

    hits = [hit for hit in every if is_one(hit.told)]
    known = data.draw(st.booleans())
    at = data.draw(st.sampled_from(every))
    place = Place(at.at, at.serial if known else None)
    points = read().points[: data.draw(st.integers(1, len(read().points)))]
    after = [hit for hit in hits if (hit.serial > at.serial if known else hit.at > at.at)]
    before = [hit for hit in hits if (hit.serial < at.serial if known else hit.at < at.at)]
    assert last(finding.ahead(day(), points, place, is_one)) == (after[0] if after else None)
    assert last(finding.behind(day(), points, place, is_one)) == (before[-1] if before else None)


def test_it_takes_turns() -> None:
    steps = list(finding.ahead(day(), read().points[:1], Place(0.0), lambda _: False))
    assert len(steps) > 5
    assert not any(steps)
    assert index.GAP > finding.TURN


@pytest.mark.parametrize("later", [True, False])
def test_nothing_before_the_begin_and_after_the_end(later: bool) -> None:
    end = everything()[-1]
    place = Place(end.at, end.serial) if later else Place(0.0, 1)
    search = finding.ahead if later else finding.behind
    assert last(search(day(), read().points, place, lambda _: True)) is None
