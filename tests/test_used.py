"""Places that one mount has used for directories."""

from engine.item import ROOT, Place
from engine.secondary.used import Used


def places(begin: int, end: int) -> list[Place]:
    return [Place(ROOT, b"%d" % number) for number in range(begin, end)]


def test_a_place_is_known_once_it_was_used() -> None:
    used = Used()
    (place,) = places(0, 1)
    assert place not in used
    used.add(place)
    assert place in used
    assert Place(ROOT, place.name) in used


def test_the_latest_are_known_and_the_oldest_forgotten() -> None:
    used = Used(most=10)
    for place in places(0, 35):
        used.add(place)
    assert all(place in used for place in places(20, 35))
    assert not any(place in used for place in places(0, 20))
