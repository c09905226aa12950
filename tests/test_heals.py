"""Whether a brick may be behind: what the volume says of heals, and what a worker makes of it."""

import asyncio
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from xml.sax.saxutils import escape

import directories
import pytest
from test_gluster_volume import GOLDEN, TWO_BY_TWO

from engine import events
from engine.events import Role, RoleChanged
from engine.gluster import heals as told
from engine.gluster import volume
from engine.gluster.heals import Answer
from engine.item import ROOT, Gfid, Kind, Place
from engine.lab.hosts import until
from engine.plan import items
from engine.plan.dirty import Dirty, Why, Window
from engine.plan.items import Absent, Alive
from engine.primary import truth
from engine.primary.truth import Sight
from engine.session import heals
from engine.session.heals import Heals
from engine.session.position import Position
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.turn import Decision

BEHIND = (GOLDEN / "heal-summary-behind.xml").read_text()
DOWN = (GOLDEN / "heal-summary-down.xml").read_text()
SPLIT = BEHIND.replace("HealPending>264", "HealPending>0").replace("Brain>0", "Brain>264")
PENDING, UNKNOWN = "heals of its replica set are pending", "prim2:/bricks/b1 does not tell"
A = Gfid("00000001-0000-4000-8000-000000000000")


@pytest.mark.parametrize(
    ("xml", "others", "words", "known"),
    [
        pytest.param(BEHIND, ["prim2:/bricks/b1"], PENDING, True, id="the other has newer things"),
        pytest.param(BEHIND, ["prim1:/bricks/b1"], "", True, id="the other is behind: we are not"),
        pytest.param(
            BEHIND, ["prim1:/bricks/b1", "prim2:/bricks/b1"], PENDING, True, id="one of two"
        ),
        pytest.param(BEHIND, ["prim2:/bricks/b2"], "", True, id="another set"),
        pytest.param(DOWN, ["prim1:/bricks/b1"], "", True, id="the other is down"),
        pytest.param(
            BEHIND, ["prim2:/bricks/b9"], "prim2:/bricks/b9 does not", False, id="not named"
        ),
        pytest.param(SPLIT, ["prim2:/bricks/b1"], "", True, id="split brain waits for an operator"),
        pytest.param(
            BEHIND.replace("264", "-"), ["prim2:/bricks/b1"], UNKNOWN, False, id="no number"
        ),
        pytest.param("", ["prim2:/bricks/b1"], "nobody tells", False, id="no answer"),
        pytest.param("<x>", ["prim2:/bricks/b1"], "nobody tells", False, id="no XML"),
    ],
)
def test_waiting(xml: str, others: Collection[str], words: str, known: bool) -> None:
    found = told.waiting(xml, others)
    assert found.reason.startswith(words)
    assert (bool(found.reason), found.known) == (bool(words), known)


def info(*bricks: tuple[str, str, Collection[str]]) -> str:
    """Return what `heal VOLUME info` says: of each brick name, status, and what it lists."""
    said = "".join(
        f"<brick><name>{name}</name>"
        + "".join(f'<file gfid="{A}">{escape(path)}</file>' for path in paths)
        + f"<status>{status}</status><numberOfEntries>{len(paths)}</numberOfEntries></brick>"
        for name, status, paths in bricks
    )
    return f"<cliOutput><healInfo><bricks>{said}</bricks></healInfo></cliOutput>"


ONE, TWO, UP = "prim1:/bricks/b1", "prim2:/bricks/b1", "Connected"
ASIDE = f"<gfid:{A}>/{A}/inner"
NO_END = "Transport endpoint is not connected"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(info((ONE, UP, ()), (TWO, UP, ())), "", id="all is healed"),
        pytest.param(info((ONE, UP, ()), (TWO, UP, ["/d"])), "heals are", id="pending"),
        pytest.param(info((ONE, UP, [ASIDE]), (TWO, UP, ())), "", id="what it has put aside"),
        pytest.param(
            info((ONE, UP, [ASIDE, "/d"]), (TWO, UP, ())), "heals are", id="and something else"
        ),
        pytest.param(
            info((ONE, UP, ()), (TWO, UP, [ASIDE])), "heals are", id="the other one has news of it"
        ),
        pytest.param(
            info((ONE, UP, ["/f - Is in split-brain"]), (TWO, UP, ())), "", id="split brain"
        ),
        pytest.param(info((ONE, UP, ()), (TWO, NO_END, ())), f"{TWO} is down", id="one is down"),
        pytest.param(info((ONE, UP, ())), f"{TWO} does not", id="one is not named"),
        pytest.param(info((ONE, UP, ()), (TWO, "", ())), f"{TWO} does not", id="no status"),
        pytest.param("", "nobody tells", id="no answer"),
        pytest.param("<x>", "nobody tells", id="no XML"),
    ],
)
def test_unsettled(said: str, words: str) -> None:
    found = told.unsettled(said, [ONE, TWO], ONE, A)
    assert found.startswith(words)
    assert bool(found) == bool(words)


def test_without_such_a_directory_nothing_is_put_aside() -> None:
    said = info((ONE, UP, ["<gfid:>/x"]), (TWO, UP, ()))
    assert told.unsettled(said, [ONE, TWO], ONE, "") == "heals are pending"


class Watched:
    """A worker's heals, in a volume that says what it is told to."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **changed: int) -> None:
        self.says = Answer()
        self.asked: list[Collection[str]] = []
        self.doubts: list[str] = []
        self.brick = folder / "brick"
        self.brick.mkdir()
        self._told = folder / "events"
        self._sink = os.open(self._told, os.O_WRONLY | os.O_CREAT)
        made = replace(volume.parse(TWO_BY_TWO, "gvol"), **changed)  # type: ignore[arg-type]
        self.position = Position(os.fsencode(self.brick), "p", "s")
        worker = cast("Replicator", SimpleNamespace(doubt_brick=self.doubts.append))
        report = Report("s", "n:/b", self._sink)
        self.heals = Heals(made, made.bricks[1], report, worker, self.position)

        async def ask(_volume: str, others: Collection[str]) -> Answer:
            self.asked.append(others)
            return self.says

        monkeypatch.setattr(heals, "_ask", ask)
        monkeypatch.setattr(heals, "LOOK", 0)
        monkeypatch.setattr(heals, "AGAIN", 0)

    def settled(self, stime: int) -> int:
        """Settle up to `stime`; return where the position is then."""
        self.position.settle(stime)
        return self.position.stime

    def close(self) -> None:
        os.close(self._sink)

    def reasons(self) -> list[str]:
        found = [events.decode(line) for line in self._told.read_bytes().splitlines()]
        return [event.reason for event in found if isinstance(event, RoleChanged)]


async def turns() -> None:
    """Let everything that can go on do so, a few times."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_the_role_says_that_the_brick_is_not_believed_until_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, monkeypatch)
    try:
        watched.says = Answer(PENDING)
        await watched.heals.take(Decision(Role.ACTIVE, "elected"))
        watching = asyncio.create_task(watched.heals.watch())
        await turns()
        watched.says = Answer()
        await turns()
        watching.cancel()
    finally:
        watched.close()
    assert watched.asked[0] == ["prim1:/bricks/b1"]
    assert list(dict.fromkeys(watched.doubts)) == [PENDING, ""]
    waits = "the mount is believed and not its brick, its position waits"
    assert watched.reasons() == [f"elected; {PENDING}: {waits}", "elected"]


async def test_the_position_waits_for_what_the_brick_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directories.needs_trusted_xattrs(tmp_path)
    watched = Watched(tmp_path, monkeypatch)
    monkeypatch.setattr(heals.time, "time", lambda: 1000.5)
    clock = 0.0
    monkeypatch.setattr(heals.time, "monotonic", lambda: clock)
    active = Decision(Role.ACTIVE, "elected")
    try:
        await watched.heals.take(active)
        assert watched.settled(700) == 700
        watched.says = Answer("nobody tells", known=False)
        await watched.heals.take(active)
        assert watched.settled(701) == 701, "glusterd alone may be down"
        assert watched.doubts[-1] == "nobody tells"
        watched.says = Answer(PENDING)
        await watched.heals.take(active)
        assert watched.settled(800) == 701
        watched.says = Answer("nobody tells", known=False)
        await watched.heals.take(active)
        assert watched.settled(800) == 701, "they may still be pending"
        watched.says = Answer()
        await watched.heals.take(active)
        assert watched.settled(1000) == 701, "the heals may stand in a later slice"
        assert watched.settled(1001) == 1001
        watched.says = Answer(PENDING)
        await watched.heals.take(active)
        await watched.heals.take(Decision(Role.PASSIVE, "another"))
        assert watched.settled(1002) == 1002, "the other one knows"
        await watched.heals.take(active)
        assert watched.settled(1003) == 1002
        clock = heals.LONGEST
        await watched.heals.take(active)
        assert watched.settled(1004) == 1004, "not for ever"
    finally:
        watched.close()
    assert watched.reasons()[-1].endswith(", its position waited enough")


async def test_a_passive_one_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path, monkeypatch)
    watching = asyncio.create_task(watched.heals.watch())
    try:
        await watched.heals.take(Decision(Role.PASSIVE, "another"))
        await turns()
    finally:
        watching.cancel()
        watched.close()
    assert (watched.asked, watched.reasons()) == ([], ["another"])


async def test_without_replicas_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, monkeypatch, replica=1)
    try:
        await watched.heals.take(Decision(Role.ACTIVE, "elected"))
    finally:
        watched.close()
    assert (watched.asked, watched.doubts, watched.reasons()) == ([], [], ["elected"])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(f"cat {GOLDEN}/heal-summary-behind.xml", PENDING, id="pending"),
        pytest.param("echo no; exit 1", "nobody tells", id="refused"),
        pytest.param("sleep 1000 & echo $! > pid; wait", "more heals", id="counting without end"),
    ],
)
async def test_whatever_gluster_does_there_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    gluster = tmp_path / "gluster"
    gluster.write_text(f"#!/bin/sh\ncd {tmp_path}\necho $$ > pid\n{script}\n")
    gluster.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(heals, "PATIENCE", 3 if "sleep" in script else 60)
    assert (await heals._ask("gvol", ["prim2:/bricks/b1"])).reason.startswith(words)
    # What it has started is dead, too; nobody may have buried it yet.
    stat = Path("/proc", (tmp_path / "pid").read_text().strip(), "stat")
    until("its end", lambda: not stat.exists() or stat.read_text().rsplit(") ")[1][0] == "Z")


class Shown:
    """A mount on which one file is shown, under the names that the volume has for it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, names: list[bytes]) -> None:
        (folder / ".gfid").mkdir()
        file = folder / ".gfid" / A
        file.write_bytes(b"newer")
        os.utime(file, ns=(5, 5))
        self.names = {Place(ROOT, name) for name in names}
        for number in range(1, len(names)):
            os.link(file, folder / str(number))
        self.sight = Sight(b"/brick", os.fsencode(folder), behind=True)
        monkeypatch.setattr(truth.xattrs, "get", lambda path, name: None)
        monkeypatch.setattr(truth, "_holder", lambda _, at: A if at in self.names else None)
        monkeypatch.setattr(truth, "subvolumes_up", lambda mount: True)


def older(*names: bytes) -> Alive:
    attributes = truth.Attributes(0o100600, 1, 2, 3, 4, 4)
    return Alive(A, Kind.FILE, tuple(Place(ROOT, name) for name in names), True, attributes)


@pytest.mark.parametrize(
    ("brick", "heard", "names", "places", "whole"),
    [
        pytest.param([b"a"], [], [b"a"], {b"a"}, False, id="the same name"),
        pytest.param([b"a"], [b"b"], [b"b"], {b"b"}, False, id="renamed, and heard of"),
        pytest.param([b"a"], [], [b"a", b"b"], {b"a"}, False, id="linked, and not heard of"),
        pytest.param([b"a", b"b"], [], [b"b"], {b"b"}, False, id="a name is lost"),
        pytest.param([b"a"], [], [b"b"], set(), False, id="renamed, and not heard of"),
        pytest.param([b"a"], [], [], set(), False, id="it has ended, and is not healed yet"),
    ],
)
def test_a_brick_that_is_behind_is_only_asked_where_to_look(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    brick: list[bytes],
    heard: list[bytes],
    names: list[bytes],
    places: set[bytes],
    whole: bool,
) -> None:
    shown = Shown(tmp_path, monkeypatch, names)
    monkeypatch.setattr(truth, "_on_brick", lambda *_: older(*brick))
    dirty = Dirty(Why.NAMES, dict.fromkeys(Place(ROOT, name) for name in heard))
    found = truth.look(shown.sight, A, dirty)
    assert isinstance(found, Alive)
    assert {place.name for place in found.places} == places
    assert (found.whole, found.shared) == (whole, False)
    assert (found.attributes.size, found.attributes.mtime) == (5, 5)
    believed = truth.look(replace(shown.sight, behind=False), A, dirty)
    assert believed == older(*brick)


@pytest.mark.parametrize("places", [[b"a"], []], ids=["where it was", "moved"])
def test_a_directory_of_which_nobody_knows_the_place_is_not_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: list[bytes]
) -> None:
    shown = Shown(tmp_path, monkeypatch, places)
    (tmp_path / ".gfid" / A).unlink()
    (tmp_path / ".gfid" / A).mkdir()
    there = replace(older(b"a"), kind=Kind.DIRECTORY, shared=True)
    monkeypatch.setattr(truth, "_on_brick", lambda *_: there)
    dirty = Dirty(Why.ATTRIBUTES, directory=True)
    found = truth.look(shown.sight, A, dirty)
    assert isinstance(found, Alive)
    assert [place.name for place in found.places] == places
    assert items.make(found, dirty, Window()) is not None


def test_what_a_brick_that_is_behind_still_has_can_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Shown(tmp_path, monkeypatch, [b"a"])
    monkeypatch.setattr(truth, "_on_brick", lambda *_: older(b"a"))
    (tmp_path / ".gfid" / A).unlink()
    assert truth.look(shown.sight, A, Dirty(Why.NAMES)) == Absent(A)
