"""Which crawls leave something to reconcile, as a table of what happens to a secondary."""

import pytest

from engine.plan import crawled
from engine.plan.crawled import Crawled

VOLUME = "11111111-2222-4333-8444-555555555555"


class Secondary:
    """The notes there, and whether anything else is."""

    def __init__(self) -> None:
        self.notes: dict[str, bytes] = {}
        self.empty = True
        self.ids = 0

    def book(self) -> crawled.Book:
        return crawled.read(self.notes, VOLUME)

    def crawl(
        self, number: int, began: int, since: int = 0, *, born: int = 0, stop_after: int = 9
    ) -> None:
        """Begin a crawl; `stop_after` so many notes everything stops."""
        self.ids += 1
        made = Crawled(began=began, since=since, born=born)
        notes = crawled.begun(
            self.book(), number, made, empty=self.empty, subvolumes=2, fresh=f"id{self.ids}"
        )
        self.notes.update(notes[:stop_after])
        self.empty = self.empty and stop_after < len(notes)

    def due(self) -> dict[int, tuple[int, int]]:
        book = self.book()
        return {n: (c.since, c.began) for n in range(4) if (c := book.due(n)) is not None}

    def reconcile(self, book: crawled.Book) -> None:
        self.notes.update(crawled.done(book))


def test_a_first_crawl_into_an_empty_secondary_leaves_nothing() -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(1, 103)
    assert there.due() == {}


def test_of_first_crawls_the_earliest_says_from_when_on_changelogs_count() -> None:
    """One brick's file may be renamed over another's between their crawls."""
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(1, 103)
    assert [there.book().follow_from(number, 103) for number in (0, 1, 2)] == [100, 100, 103]
    there.crawl(1, 900, since=700)
    assert there.book().follow_from(1, 900) == 900, "that is no first one"
    doubted = Secondary()
    doubted.empty = False
    doubted.crawl(0, 100)
    doubted.crawl(1, 103)
    assert doubted.book().follow_from(1, 103) == 103, "nobody knows what was before"


def test_what_was_there_before_is_doubted() -> None:
    there = Secondary()
    there.empty = False
    there.crawl(0, 100)
    there.crawl(1, 90, since=50)
    assert there.due() == {0: (0, 100), 1: (50, 90)}


def test_a_crawl_that_goes_on_after_a_restart_is_still_the_first_one() -> None:
    there = Secondary()
    there.crawl(0, 100)
    before = dict(there.notes)
    there.crawl(0, 100)
    assert there.notes == before
    assert there.due() == {}


def test_a_stop_before_anything_was_brought_changes_nothing() -> None:
    there = Secondary()
    there.crawl(0, 100, stop_after=1)
    there.crawl(0, 100)
    there.crawl(1, 103)
    assert there.due() == {}


def test_a_crawl_after_lost_history_is_doubted_from_the_position_before_it() -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(1, 100)
    there.crawl(1, 900, since=700)
    assert there.due() == {1: (700, 900)}
    there.crawl(1, 990, since=950)
    assert there.due() == {1: (700, 990)}, "what is not reconciled stays so"


def test_a_position_that_is_taken_away_makes_no_first_crawl() -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(0, 900)
    assert there.due() == {0: (0, 900)}


def test_a_brick_with_a_position_has_seen_another_secondary() -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(1, 100, since=50)
    assert there.due() == {1: (50, 100)}


def test_a_brick_that_was_added_later_is_doubted() -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(2, 900)
    assert there.due() == {2: (0, 900)}, "a rebalance may have filled it"


@pytest.mark.parametrize("empty", [True, False])
def test_a_brick_that_was_added_to_a_session_is_followed_from_its_first_record(empty: bool) -> None:
    """What ended there, or moved on before it was crawled, stands in that and nowhere else."""
    there = Secondary()
    there.empty = empty
    there.crawl(0, 100, born=7)
    there.crawl(1, 103, born=8)
    before = there.due()
    there.crawl(2, 900, born=850)
    assert there.book().follow_from(2, 900) == 850
    assert there.due() == before, "nothing can be left of what was there"
    # Another brick of it takes over in the middle.
    there.crawl(2, 910, born=851)
    assert there.book().follow_from(2, 910) == 851
    assert there.due() == before
    there.crawl(2, 999, since=950, born=850)
    assert there.book().follow_from(2, 999) == 999
    assert there.due() == before | {2: (950, 999)}, "its history was lost"


def test_a_brick_that_takes_the_place_of_another_has_not_all_records() -> None:
    there = Secondary()
    there.crawl(0, 100, born=7)
    there.crawl(1, 103, born=8)
    there.crawl(1, 900, born=850)
    assert there.book().follow_from(1, 900) == 850
    assert there.due() == {1: (0, 900)}


@pytest.mark.parametrize(
    ("born", "since"),
    [
        pytest.param(99, 0, id="older than the session"),
        pytest.param(0, 0, id="without a journal"),
        pytest.param(850, 870, id="that was followed before"),
    ],
)
def test_another_brick_is_followed_from_its_crawl_on(born: int, since: int) -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(2, 900, since=since, born=born)
    assert there.book().follow_from(2, 900) == 900
    assert there.due() == {2: (since, 900)}


def test_when_a_session_began_is_told_by_positions_too() -> None:
    there = Secondary()
    there.empty = False
    assert there.book().began() == 0
    there.crawl(0, 5000, since=100)
    assert there.book().began() == 100
    there.crawl(1, 5001, born=300)
    assert there.book().follow_from(1, 5001) == 300


def test_a_secondary_that_was_emptied_begins_anew() -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.crawl(1, 100)
    there.empty = True
    there.crawl(0, 900)
    there.crawl(1, 900)
    assert there.due() == {}


def test_a_reconcile_ends_what_was_known_when_it_began() -> None:
    there = Secondary()
    there.empty = False
    there.crawl(0, 100)
    there.crawl(1, 100)
    book = there.book()
    there.crawl(1, 500, since=400)
    there.reconcile(book)
    assert there.due() == {1: (0, 500)}, "a crawl that began meanwhile is not ended"
    there.reconcile(there.book())
    assert there.due() == {}
    assert crawled.done(there.book()) == []


@pytest.mark.parametrize(
    "notes",
    [
        pytest.param({f"{VOLUME}.crawled.0": b"rubbish"}, id="no note of ours"),
        pytest.param({f"{VOLUME}.crawled.x": b"{}", "crawled.0": b"{}"}, id="strange names"),
        pytest.param({f"{VOLUME}.crawled.{'9' * 99}": b"{}"}, id="no number of a subvolume"),
        pytest.param({f"other{VOLUME[5:]}.crawled.0": b"{}"}, id="another volume's"),
        pytest.param({f"{VOLUME}.origin": b"[]"}, id="an origin that is none"),
    ],
)
def test_notes_that_make_no_sense_are_passed_over(notes: dict[str, bytes]) -> None:
    book = crawled.read(notes, VOLUME)
    assert (book.origin, book.crawls, book.reconciled) == (None, {}, {})


def test_removals_that_were_not_followed_are_due_until_they_are_reconciled() -> None:
    there = Secondary()
    there.crawl(0, 100)
    there.notes.update(crawled.ignored(there.book(), 0, 200, 150))
    assert there.due() == {0: (150, 200)}
    assert crawled.ignored(there.book(), 0, 300, 250) == [], "they are due since longer"
    book = there.book()
    there.reconcile(book)
    assert there.due() == {}
    there.notes.update(crawled.ignored(there.book(), 0, 400, 350))
    assert there.due() == {0: (350, 400)}
    there.crawl(0, 500, since=450)
    assert there.due() == {0: (350, 500)}
