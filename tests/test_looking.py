"""What a window looks at, what is left out of it, and who is taken for gone."""

from collections.abc import Mapping

import pytest

from engine.gluster import gfid as gfids
from engine.gluster.objects import TRASH
from engine.item import ROOT, Attributes, Gfid, Kind, Place, Refused
from engine.plan.dirty import ALL, Dirty, Why
from engine.plan.items import Absent, Alive, Truth, Unclear
from engine.primary import truth
from engine.primary.truth import Sight
from engine.session.failing import described
from engine.session.hop import Hop
from engine.session.looking import Looking

OWN, LIMBO, DEEP, USERS = (Gfid(f"0000000{n}-0000-4000-8000-000000000000") for n in "abcd")
PLACES = {
    OWN: Place(ROOT, b".georep"),
    LIMBO: Place(OWN, b"limbo"),
    DEEP: Place(USERS, b".georep"),
    USERS: Place(ROOT, b"georep"),
}


async def settled() -> str:
    return ""


async def test_what_becomes_a_secondary_meanwhile_is_left_out_with_all_that_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Attributes(0o40700, 0, 0, 0, 1, 1)

    def look_at(sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [Alive(gfid, Kind.DIRECTORY, (PLACES[gfid],), True, folder) for gfid, _ in part]

    monkeypatch.setattr(truth, "look_at", look_at)
    hop = Hop()
    looks = Looking(Sight(b"/b", b"/m", True), hop, settled)
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
    looks = Looking(Sight(b"/b", b"/m", True), hop, settled)

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
    looks = Looking(Sight(b"/b", b"/m", True), hop, settled)
    looks.exclude([OWN])
    batch = {gfid: Dirty(ALL, directory=True) for gfid in (OWN, LIMBO, USERS)}
    await looks.look(batch, set(), ancestors=False)
    assert asked == {LIMBO, USERS}
    assert looks.outside == {OWN, LIMBO}
    hop.close()


ANONYMOUS, IN_TRASH = (Gfid(f"0000000{n}-0000-4000-8000-000000000000") for n in "13")
FILE, HEALED, TRASHED, RESTORED = (Gfid(f"0000000{n}-0000-4000-8000-000000000000") for n in "4567")
KEPT = {
    OWN: Place(ROOT, b".georep"),
    ANONYMOUS: Place(ROOT, b".glusterfs-anonymous-inode-1"),
    TRASH: Place(ROOT, b"waste"),
    IN_TRASH: Place(TRASH, b"d"),
    LIMBO: Place(OWN, b"limbo"),
    FILE: Place(ROOT, b"f"),
    HEALED: Place(ANONYMOUS, HEALED.encode()),
    TRASHED: Place(IN_TRASH, b"t_now"),
    RESTORED: Place(ROOT, b"back"),
}


class Keeping:
    """A primary in which GlusterFS keeps what was removed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.places = dict(KEPT)
        self.unsettled, self.asked = "", 0
        monkeypatch.setattr(truth, "look_at", self._look_at)
        monkeypatch.setattr(truth, "way", self._way)
        trash = b"/b/" + gfids.handle(TRASH)
        monkeypatch.setattr("os.path.lexists", lambda path: path == trash)
        self.hop = Hop()
        self.looks = Looking(Sight(b"/b", b"/m", True), self.hop, self._ask)
        self.looks.exclude([OWN, ANONYMOUS, TRASH])

    async def look(self, batch: Mapping[Gfid, Dirty]) -> dict[Gfid, Truth]:
        found = await self.looks.look(dict(batch), set(batch), ancestors=False)
        self.hop.close()
        return found

    async def _ask(self) -> str:
        self.asked += 1
        return self.unsettled

    def _way(self, sight: Sight, place: Place) -> list[Place]:
        above = [] if place.parent == ROOT else self._way(sight, self.places[place.parent])
        return [place, *above]

    def _look_at(self, sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [_alive(gfid, self.places.get(gfid)) for gfid, _ in part]


def _alive(gfid: Gfid, place: Place | None) -> Alive:
    """Return an object with this place; the root has none."""
    kind = Kind.DIRECTORY if gfid in (ROOT, IN_TRASH, LIMBO) else Kind.FILE
    places = () if place is None else (place,)
    return Alive(gfid, kind, places, True, Attributes(0o600, 0, 0, 0, 1, 1))


async def test_what_glusterfs_keeps_of_what_was_removed_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Keeping(monkeypatch)
    found = await world.look({gfid: Dirty(Why.NAMES) for gfid in (FILE, HEALED, TRASHED, LIMBO)})
    assert found[FILE] == _alive(FILE, KEPT[FILE])
    assert found[HEALED] == Absent(HEALED, had=True)
    assert found[TRASHED] == Absent(TRASHED, had=True)
    assert found[LIMBO] == _alive(LIMBO, KEPT[LIMBO]), "a link of a chain may give it back"
    assert world.asked == 1


async def test_what_a_heal_has_put_aside_is_not_gone_while_heals_are_pending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may have been renamed, and be healed of that next."""
    world = Keeping(monkeypatch)
    world.unsettled = "heals are pending"
    found = await world.look({gfid: Dirty(Why.NAMES) for gfid in (HEALED, TRASHED)})
    unclear = found[HEALED]
    assert isinstance(unclear, Unclear)
    words = "a heal has taken its name away, and heals are pending"
    assert (unclear.errno, unclear.words) == (0, words)
    told = Refused(gfid=HEALED, doing="look at the primary", errno=0, words=words)
    assert described(told) == ("look at the primary", "heal pending", words)
    assert found[TRASHED] == Absent(TRASHED, had=True)


async def test_who_has_a_name_on_another_replica_is_not_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Keeping(monkeypatch)
    heard = Place(ROOT, b"named")

    def look_at(sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [_alive(gfid, heard if sight.behind else KEPT[gfid]) for gfid, _ in part]

    monkeypatch.setattr(truth, "look_at", look_at)
    found = await world.look({HEALED: Dirty(Why.NAMES, {heard: None})})
    assert found[HEALED] == _alive(HEALED, heard)


async def test_what_the_mount_can_tell_no_place_of_is_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who stands in a directory that was put aside has no path for a mount."""
    world = Keeping(monkeypatch)

    def look_at(sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [_alive(gfid, None if sight.behind else KEPT.get(gfid)) for gfid, _ in part]

    monkeypatch.setattr(truth, "look_at", look_at)
    found = await world.look({HEALED: Dirty(Why.NAMES)})
    assert found[HEALED] == Absent(HEALED, had=True)


async def test_the_primary_had_what_its_mount_knows_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No record need have spoken of it: the brick missed its removal."""
    world = Keeping(monkeypatch)

    def look_at(sight: Sight, part: list[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [Absent(gfid) if sight.behind else _alive(gfid, KEPT.get(gfid)) for gfid, _ in part]

    monkeypatch.setattr(truth, "look_at", look_at)
    found = await world.look({HEALED: Dirty(Why.NAMES)})
    assert found[HEALED] == Absent(HEALED, had=True)


async def test_what_a_heal_gives_its_new_name_meanwhile_is_found_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Keeping(monkeypatch)

    async def heal() -> str:
        world.places[HEALED] = Place(ROOT, b"renamed")
        return ""

    world.looks = Looking(Sight(b"/b", b"/m", True), world.hop, heal)
    world.looks.exclude([ANONYMOUS])
    found = await world.look({HEALED: Dirty(Why.NAMES)})
    assert found[HEALED] == _alive(HEALED, Place(ROOT, b"renamed"))


@pytest.mark.parametrize("was", [FILE, TRASHED], ids=["from elsewhere", "from the trash"])
async def test_of_what_comes_back_from_the_trash_all_is_brought(
    monkeypatch: pytest.MonkeyPatch, was: Gfid
) -> None:
    """It went from the secondary, and of its content nobody will speak."""
    world = Keeping(monkeypatch)
    batch = {RESTORED: Dirty(Why.NAMES, {KEPT[was]: None, KEPT[RESTORED]: None})}
    await world.look(batch)
    assert batch[RESTORED].why == (ALL if was is TRASHED else Why.NAMES)
