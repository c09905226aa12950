"""What a window looks at, and what is left out of it."""

import pytest

from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.plan.dirty import ALL, Dirty
from engine.plan.items import Alive, Truth
from engine.primary import truth
from engine.primary.truth import Sight
from engine.session.hop import Hop
from engine.session.looking import Looking

OWN, LIMBO, DEEP, USERS = (Gfid(f"0000000{n}-0000-4000-8000-000000000000") for n in "abcd")
PLACES = {
    OWN: Place(ROOT, b".georep"),
    LIMBO: Place(OWN, b"limbo"),
    DEEP: Place(USERS, b".georep"),
    USERS: Place(ROOT, b"georep"),
}


async def test_what_becomes_a_secondary_meanwhile_is_left_out_with_all_that_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Attributes(0o40700, 0, 0, 0, 1, 1)

    def look_at(sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [Alive(gfid, Kind.DIRECTORY, (PLACES[gfid],), True, folder) for gfid, _ in part]

    monkeypatch.setattr(truth, "look_at", look_at)
    hop = Hop()
    looks = Looking(Sight(b"/b", b"/m", True), hop)
    batch = {gfid: Dirty(ALL, directory=True) for gfid in (LIMBO, DEEP, OWN, USERS)}
    await looks.look(batch, set(), ancestors=False)
    assert looks.outside == {OWN, LIMBO}, "a user's own of that name is not georep's"
    hop.close()


async def test_a_directory_that_comes_back_is_replicated_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A link of a chain had it in limbo for a moment, or in quarantine for a month."""
    folder, places = Attributes(0o40700, 0, 0, 0, 1, 1), dict(PLACES)

    def look_at(sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [Alive(gfid, Kind.DIRECTORY, (places[gfid],), True, folder) for gfid, _ in part]

    monkeypatch.setattr(truth, "look_at", look_at)
    hop = Hop()
    looks = Looking(Sight(b"/b", b"/m", True), hop)

    async def look(*gfids: Gfid) -> set[Gfid]:
        batch = {gfid: Dirty(ALL, directory=True) for gfid in gfids}
        return set(await looks.look(batch, set(), ancestors=False))

    places[USERS] = Place(LIMBO, b"one")
    await look(OWN, LIMBO, USERS, DEEP)
    assert looks.outside == {OWN, LIMBO, USERS, DEEP}
    places[USERS] = Place(ROOT, b"georep")
    assert await look(LIMBO, USERS) == {LIMBO, USERS}
    assert looks.outside == {OWN, LIMBO, DEEP}, "who is below it was not looked at"
    assert looks.returned == {USERS}
    looks.take_in([USERS, DEEP])
    assert looks.outside == {OWN, LIMBO}
    hop.close()


async def test_what_is_glusterfs_own_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its directory for anonymous inodes a mount says EINVAL."""
    folder, asked = Attributes(0o40700, 0, 0, 0, 1, 1), set[Gfid]()

    def look_at(sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        asked.update(gfid for gfid, _ in part)
        return [Alive(gfid, Kind.DIRECTORY, (PLACES[gfid],), True, folder) for gfid, _ in part]

    monkeypatch.setattr(truth, "look_at", look_at)
    hop = Hop()
    looks = Looking(Sight(b"/b", b"/m", True), hop)
    looks.exclude([OWN])
    batch = {gfid: Dirty(ALL, directory=True) for gfid in (OWN, LIMBO, USERS)}
    await looks.look(batch, set(), ancestors=False)
    assert asked == {LIMBO, USERS}
    assert looks.outside == {OWN, LIMBO}
    hop.close()
