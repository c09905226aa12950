"""Windows made so, with a ledger: what is refused, waits, comes back, and what a crash leaves."""

import errno
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest
from memory_target import Thing
from replicating import A, B, C, There, World

from engine.errors import Disconnected, Retry
from engine.events import EntryFailed, EntryMended, FailuresCounted
from engine.failures import WAITS
from engine.item import (
    ROOT,
    AnyItem,
    Attributes,
    Gfid,
    Gone,
    Holder,
    Item,
    Kind,
    NotEmpty,
    Place,
    Refused,
)
from engine.plan import items
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.plan.patience import ROUNDS
from engine.plan.settle import settle
from engine.rpc.channel import Channel
from engine.secondary.apply import apply
from engine.session import ledger
from engine.session.failing import NOT_EMPTY, Trial
from engine.session.limbo import Limbo
from engine.session.position import MARGIN
from engine.session.quarantine import Quarantine
from engine.session.report import Report


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock of tries and times."""
    clock = itertools.count(1000)
    offset = 0.0

    def move(seconds: float) -> None:
        nonlocal offset
        offset += seconds

    monkeypatch.setattr("engine.session.failing.time.time", lambda: next(clock) + offset)
    return move


async def test_a_refused_object_holds_nobody(world: World) -> None:
    bad, good = world.make(A), world.make(B)
    world.secondary.refuses[A] = errno.EPERM
    totals = await world.worker.make_so(world.heard(), source=77)
    assert world.secondary.tree() == {B: good}
    assert totals.entries == {good, ROOT}
    told = world.told()
    (failed,) = [event for event in told if isinstance(event, EntryFailed)]
    assert (failed.gfid, failed.path, failed.kind) == (bad, "a", "EPERM")
    assert (failed.doing, failed.tries, failed.slice) == ("create", 1, 77)
    assert failed.due > failed.first > 0
    assert [e.waiting for e in told if isinstance(e, FailuresCounted)] == [1]
    assert [each.gfid for each in ledger.failures(world.path)] == [bad]


async def test_it_is_tried_again_when_it_is_due_and_mended(
    world: World, now: Callable[[float], None]
) -> None:
    bad = world.make(A)
    world.secondary.refuses[A] = errno.EPERM
    await world.worker.make_so(world.heard(), source=77)
    first = world.ledger.among([bad])[bad][0]
    await world.worker.make_due_so()
    assert world.ledger.among([bad])[bad][0] == first, "it is not due yet"
    now(60)
    await world.worker.make_due_so()
    again = world.ledger.among([bad])[bad][0]
    assert (again.tries, again.first, again.slice) == (2, first.first, 77)
    assert again.due - again.last > first.due - first.last
    world.told()
    del world.secondary.refuses[A]
    now(60)
    world.begin()  # all of it is on disk
    await world.worker.make_due_so()
    assert world.secondary.tree() == {A: bad}
    told = world.told()
    assert [e.gfid for e in told if isinstance(e, EntryMended)] == [bad]
    assert [e.waiting for e in told if isinstance(e, FailuresCounted)] == [0]
    assert world.ledger.empty


async def test_a_new_record_tries_with_all_that_was_heard_before(world: World) -> None:
    bad = world.make(A)
    await world.worker.make_so(world.heard())
    world.primary.rename(A, B)
    world.secondary.refuses[B] = errno.EPERM
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {A: bad}
    world.primary.chmod(B, 0o600)  # nothing in its record speaks of the old name
    del world.secondary.refuses[B]
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {B: bad}
    assert world.ledger.empty


async def test_what_is_below_a_refused_directory_waits_for_it(
    world: World, now: Callable[[float], None]
) -> None:
    folder = world.make(A, Kind.DIRECTORY)
    inside = Place(folder, b"a")
    child = world.make(inside)
    world.secondary.refuses[A] = errno.EDQUOT
    await world.worker.make_so(world.heard())
    found = {each.gfid: each for each in ledger.failures(world.path)}
    kinds = {gfid: each.kind for gfid, each in found.items()}
    assert kinds == {folder: "EDQUOT", child: "missing parent"}
    assert found[child].parent == folder
    del world.secondary.refuses[A]
    ledger.make_due(world.path, [folder], 1.0)
    await world.worker.make_due_so()
    assert world.secondary.tree().get(A) == folder
    now(1)  # the child is due at once, long before its own time
    await world.worker.make_due_so()
    assert world.secondary.tree() == {A: folder, inside: child}
    assert world.ledger.empty


async def test_what_ends_while_it_stands_in_the_ledger_is_no_failure(
    world: World, now: Callable[[float], None]
) -> None:
    world.make(A)
    world.secondary.refuses[A] = errno.EPERM
    await world.worker.make_so(world.heard())
    world.primary.remove(A)
    now(60)
    await world.worker.make_due_so()
    assert world.ledger.empty


async def test_an_end_that_was_refused_is_still_lawful_later(
    world: World, now: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.make(A)
    await world.worker.make_so(world.heard())
    world.primary.remove(A)

    def refuse(place: Place) -> None:
        raise OSError(errno.EPERM, "no")

    with monkeypatch.context() as patch:
        patch.setattr(world.secondary, "unlink", refuse)
        await world.worker.make_so(world.heard())
    assert world.ledger.waiting == 1
    now(60)
    world.begin()
    await world.worker.make_due_so()
    assert world.secondary.tree() == {}


async def test_what_the_primary_cannot_tell_holds_nobody(
    world: World, now: Callable[[float], None]
) -> None:
    unclear, good = world.make(A), world.make(B)
    world.unclear.add(unclear)
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {B: good}
    (failure,) = ledger.failures(world.path)
    assert (failure.gfid, failure.kind, failure.doing) == (unclear, "EINVAL", "look at the primary")
    world.unclear.clear()
    now(60)
    await world.worker.make_due_so()
    assert world.secondary.tree() == {A: unclear, B: good}
    assert world.ledger.empty


async def test_a_content_that_cannot_be_read_holds_nobody(
    world: World, now: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = world.make(A), world.make(B)
    for place in (A, B):
        world.primary.write(place, b"content")

    def load(mount: bytes, item: Item, limit: int) -> Item:
        if item.gfid == bad:
            raise OSError(errno.EIO, "Input/output error")
        return msgspec.structs.replace(item, data=b"content")

    with monkeypatch.context() as patch:
        patch.setattr("engine.movers.push.load", load)
        await world.worker.make_so(world.heard())
    assert world.secondary.things[good].data == b"content"
    assert world.secondary.things[bad].data == b""
    (failure,) = ledger.failures(world.path)
    assert (failure.gfid, failure.kind) == (bad, "EIO")
    monkeypatch.setattr(
        "engine.movers.push.load",
        lambda mount, item, limit: msgspec.structs.replace(item, data=b"content"),
    )
    now(60)
    await world.worker.make_due_so()
    assert world.secondary.things[bad].data == b"content"
    assert world.ledger.empty


@pytest.mark.parametrize(("since", "sent"), [(0, b"old"), (1, b"new")])
async def test_new_times_with_old_content_deceive_no_crawl_after_a_gap(
    world: World, monkeypatch: pytest.MonkeyPatch, since: int, sent: bytes
) -> None:
    """Looked at for its mode when it had been written; of the writing there is no record."""
    gfid = world.make(A)

    def load(_mount: bytes, item: Item, _limit: int) -> Item:
        return msgspec.structs.replace(item, data=world.primary.things[gfid].content)

    monkeypatch.setattr("engine.movers.push.load", load)
    world.primary.write(A, b"old")
    await world.worker.make_so(world.heard())
    world.primary.chmod(A, 0o600)
    chmod = world.heard()
    world.primary.write(A, b"new")
    world.heard()
    await world.worker.make_so(chmod)
    assert world.secondary.things[gfid].data == b"old"
    window = Window(since=since, spoken={gfid})
    window.mark(gfid, ALL)
    await world.worker.make_so(window)
    assert world.secondary.things[gfid].data == sent


async def test_a_full_secondary_stops_the_worker_and_fills_no_ledger(world: World) -> None:
    for place in (A, B):
        world.make(place)
        world.secondary.refuses[place] = errno.ENOSPC
    with pytest.raises(Retry, match="no space left") as caught:
        await world.worker.make_so(world.heard())
    assert caught.value.cause == "secondary full"
    assert world.ledger.empty


async def test_what_an_earlier_run_left_is_told(world: World) -> None:
    bad = world.make(A)
    world.secondary.refuses[A] = errno.EPERM
    await world.worker.make_so(world.heard())
    world.told()
    world.begin()
    await world.worker.failing.tell_all()
    told = world.told()
    assert [e.path for e in told if isinstance(e, EntryFailed)] == ["a"]
    assert [(e.again, e.last < e.at) for e in told if isinstance(e, EntryFailed)] == [(True, True)]
    assert [e.waiting for e in told if isinstance(e, FailuresCounted)] == [1]
    ledger.make_due(world.path, [bad], ledger.NEVER)
    await world.worker.failing.reread([bad])
    told = world.told()
    assert [e.skipped for e in told if isinstance(e, EntryFailed)] == [True]
    assert [(e.waiting, e.skipped) for e in told if isinstance(e, FailuresCounted)] == [(0, 1)]
    world.begin()
    await world.worker.failing.tell_all()
    assert [e.skipped for e in world.told() if isinstance(e, EntryFailed)] == [True]


async def test_an_older_look_at_another_bricks_file_is_mended_after_a_crash(world: World) -> None:
    """It was met in the way of ours, put where it stood when we looked, and then the link broke."""
    theirs = world.make(A, brick=1)
    apply(world.secondary, _item(world, theirs))
    world.primary.rename(A, B)
    ours = world.make(A)
    window = world.heard()

    def moved_on(item: AnyItem) -> bool:
        """Just after theirs was made so at B it moves to C, and its own worker sees to it."""
        if item.gfid != theirs:
            return False
        world.primary.rename(B, C)
        apply(world.secondary, _item(world, theirs, B))
        # Our agent was slower: its older word wins.
        apply(world.secondary, item)
        return True

    world.secondary.breaks_after = moved_on
    with pytest.raises(Disconnected):
        await world.worker.make_so(window)
    assert world.secondary.tree() == {A: ours, B: theirs}
    world.secondary.breaks_after = lambda item: False
    world.begin()
    await world.worker.recover()
    assert world.secondary.tree() == {A: ours, C: theirs}
    assert world.ledger.unsure() == {}


async def test_who_is_nobodys_goes_to_quarantine_when_every_brick_has_passed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("engine.session.limbo.time.time", lambda: now)
    monkeypatch.setattr("engine.session.limbo.LOOK", 0.0)
    foreign, living = Gfid("f" * 36), world.make(B, brick=1)
    for gfid in (foreign, living):
        top = Attributes(0o100644, 0, 0, 0, 7, 7)
        world.secondary.things[gfid] = Thing(Kind.FILE, top)
        world.secondary.places[world.secondary.limbo(gfid)] = gfid
    passed = 1000

    async def position() -> int:
        return passed

    channel = cast("Channel", There(world.secondary))
    keeping = Quarantine(channel, world.worker, cast("Report", None), days=0)
    limbo = Limbo(channel, world.worker, position, keeping)
    await limbo.tend()
    assert set(world.secondary.in_limbo()) == {foreign, living}, "a brick may still speak of them"
    now, passed = 2000.0, 1002
    await limbo.tend()
    assert set(world.secondary.in_limbo()) == {foreign, living}
    passed = 1003
    await limbo.tend()
    assert world.secondary.in_limbo() == []
    assert world.secondary.tree() == {B: living}
    (put_away,) = ledger.failures(world.path)
    assert (put_away.gfid, put_away.kind, put_away.due) == (foreign, "quarantined", ledger.NEVER)
    shelf = world.secondary.shelf(foreign, put_away.path[-47:-37])
    assert world.secondary.places[shelf] == foreign
    assert put_away.path == f".georep/quarantine/{shelf.name.decode()}"
    assert [e.skipped for e in world.told() if isinstance(e, EntryFailed)] == [True]


async def test_what_is_refused_ahead_of_its_slice_waits_for_it(world: World) -> None:
    bad, good = world.make(A), world.make(B)
    world.secondary.refuses[A] = errno.EPERM
    totals = await world.worker.make_ahead(world.heard())
    assert totals.left == {bad}
    assert world.secondary.tree() == {B: good}
    assert world.ledger.empty
    assert [e for e in world.told() if isinstance(e, EntryFailed)] == []
    del world.secondary.refuses[A]
    # Its slice is what brings it again.
    await world.worker.make_so(Window())
    assert world.secondary.tree() == {B: good}


async def test_whom_only_an_answer_spoke_of_is_not_forgotten(world: World) -> None:
    """Another brick's file was in the way; no slice of ours will speak of it."""
    theirs = world.make(A, brick=1)
    apply(world.secondary, _item(world, theirs))
    world.primary.rename(A, B)
    ours = world.make(A)
    world.secondary.refuses[B] = errno.EPERM
    totals = await world.worker.make_ahead(world.heard())
    assert theirs in totals.left
    assert world.secondary.tree() == {A: ours}
    assert world.secondary.in_limbo() == [theirs]
    del world.secondary.refuses[B]
    world.begin()  # what it held is in the ledger
    await world.worker.recover()
    assert world.secondary.tree() == {A: ours, B: theirs}


async def test_who_was_in_the_ledger_and_is_done_ahead_leaves_it(world: World) -> None:
    """The directory, of which no record speaks: only an answer did."""
    folder = world.make(A, Kind.DIRECTORY)
    inside = Place(folder, b"inside")
    await world.worker.make_so(world.heard())
    file = world.make(inside)
    world.secondary.refuses[inside] = errno.EPERM
    await world.worker.make_so(world.heard())
    world.ledger.put([(_failure(folder), ledger.Known(Dirty(Why.ATTRIBUTES)))])
    del world.secondary.refuses[inside]
    world.primary.write(inside, b"")
    window, again = world.heard(), Window()
    again.mark(file, Why.NAMES)
    await world.worker.make_ahead(window)
    await world.worker.make_so(again)
    assert world.secondary.tree()[inside] == file
    assert world.ledger.empty


def _failure(gfid: Gfid) -> ledger.Failure:
    return ledger.Failure(
        worker="h:/b",
        gfid=gfid,
        path="a",
        doing="set attributes",
        kind="EPERM",
        words="",
        tries=1,
        first=1.0,
        last=1.0,
        due=ledger.NEVER,
        slice=0,
    )


async def test_a_strangers_end_is_not_made_lawful_by_waiting(world: World) -> None:
    foreign = Gfid("f" * 36)
    world.secondary.things[foreign] = Thing(Kind.FILE, Attributes(0o100644, 0, 0, 0, 7, 7))
    world.secondary.places[A] = foreign
    ours = world.make(A)
    await world.worker.make_ahead(world.heard())
    await world.worker.make_so(Window())
    assert world.secondary.tree() == {A: ours}
    assert world.secondary.in_limbo() == [foreign]


async def test_who_was_renamed_over_goes_when_the_rename_is_heard_at_last(world: World) -> None:
    """The rename was seen before its record was heard, so nobody had spoken of the end."""
    old = world.make(A, brick=1)
    apply(world.secondary, _item(world, old))
    new = world.make(B)
    window = world.heard()
    world.primary.rename(B, A)
    await world.worker.make_ahead(window)
    assert world.secondary.tree() == {A: new}
    assert world.secondary.in_limbo() == [old]
    await world.worker.make_ahead(world.heard())
    assert world.secondary.in_limbo() == []


def _item(world: World, gfid: Gfid, *heard: Place) -> AnyItem:
    """Return what the worker of the file's own brick says of it."""
    dirty = Dirty(Why.NAMES, dict.fromkeys(heard))
    item = items.make(world.primary.look(gfid, 1, dirty), dirty, Window())
    assert item is not None
    return item


async def test_refusals_in_quick_succession_are_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stands in the way may be on its way, by another worker's hand."""
    bad, clock = world.make(A), 1000.0
    monkeypatch.setattr("engine.session.failing.time.monotonic", lambda: clock)
    window, trial = world.heard(), Trial(0, frozenset())
    refused = Refused(gfid=bad, doing="link", place=A, errno=errno.EEXIST, words="File exists")
    for seconds, dirty in ((0.0, True), (0.1, True), (0.1, True), (0.2, True), (0.3, False)):
        clock += seconds
        await world.worker.failing.judge(trial, window, {}, [refused], vain=False)
        assert (bad in window.dirty) is dirty


async def test_an_empty_content_is_neither_read_nor_asked_about(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr("engine.movers.push.load", load)
    new, old = world.make(A), world.make(B)
    world.secondary.things[old] = Thing(
        Kind.FILE, Attributes(0o100644, 0, 0, 7, 7, 7), data=b"content"
    )
    world.secondary.places[B] = old
    asked: list[Gfid] = []

    async def lookup(gfids: list[Gfid]) -> None:
        asked.extend(gfids)

    monkeypatch.setattr(world.worker._channel, "lookup", lookup)
    window = Window(spoken={new, old})
    for gfid in (new, old):
        window.mark(gfid, ALL)
    await world.worker.make_so(window)
    assert asked == []
    assert world.secondary.tree() == {A: new, B: old}
    assert world.secondary.things[old].data == b""


@pytest.mark.parametrize("ahead", [False, True])
async def test_what_comes_back_from_georep_s_own_directories_comes_with_all_that_is_in_it(
    world: World, ahead: bool
) -> None:
    """A middle link of a chain put a directory aside, and took it out again."""
    own = world.make(Place(ROOT, b".georep"), Kind.DIRECTORY)
    aside = world.make(Place(own, b"aside"), Kind.DIRECTORY)
    folder = world.make(Place(aside, b"folder"), Kind.DIRECTORY)
    file = world.make(Place(folder, b"file"))
    world.worker.exclude([own])
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {}
    world.primary.rename(Place(own, b"aside"), A)
    if ahead:
        await world.worker.make_ahead(world.heard())
        world.primary.rename(A, B)
    await world.worker.make_so(world.heard())
    top = B if ahead else A
    assert world.secondary.tree() == {
        top: aside,
        Place(aside, b"folder"): folder,
        Place(folder, b"file"): file,
    }


async def test_what_was_done_in_limbo_comes_back_after_a_restart_too(world: World) -> None:
    """The worker that passed it over ended, and its position is behind that."""
    own = world.make(Place(ROOT, b".georep"), Kind.DIRECTORY)
    limbo = world.make(Place(own, b"limbo"), Kind.DIRECTORY)
    folder = world.make(A, Kind.DIRECTORY)
    world.worker.exclude([own])
    await world.worker.make_so(world.heard())
    world.primary.rename(A, Place(limbo, folder.encode()))
    file = world.make(Place(folder, b"file"))
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {A: folder}
    world.worker.close()
    world.begin()
    world.worker.exclude([own])
    world.primary.rename(Place(limbo, folder.encode()), B)
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {B: folder, Place(folder, b"file"): file}


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("follows", [False, True], ids=["it stays", "it comes back, too"])
async def test_what_leaves_a_directory_in_limbo_is_walked_after_a_restart_too(
    world: World, depth: int, follows: bool
) -> None:
    """Nobody has looked at what is above it since, and its record tells of that directory alone."""
    own = world.make(Place(ROOT, b".georep"), Kind.DIRECTORY)
    above = world.make(Place(own, b"above"), Kind.DIRECTORY)
    for _ in range(depth - 1):
        above = world.make(Place(above, b"deeper"), Kind.DIRECTORY)
    folder = world.make(Place(above, b"folder"), Kind.DIRECTORY)
    file = world.make(Place(folder, b"file"))
    world.worker.exclude([own])
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {}
    world.worker.close()
    world.begin()
    world.worker.exclude([own])
    world.primary.rename(Place(above, b"folder"), A)
    if follows:
        (there,) = world.primary.names(above)
        world.primary.rename(there, B)
    await world.worker.make_so(world.heard())
    back = {B: above} if follows else {}
    assert world.secondary.tree() == {A: folder, Place(folder, b"file"): file, **back}


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("ends", [False, True], ids=["it comes back later", "it ends"])
async def test_what_left_a_directory_in_limbo_before_that_did_is_walked(
    world: World, depth: int, ends: bool
) -> None:
    """When it is looked at, what it came from has come back itself, or has ended: of that a later
    slice tells, and a worker that was restarted never knew.
    """
    own = world.make(Place(ROOT, b".georep"), Kind.DIRECTORY)
    (world.brick / ".georep").mkdir(parents=True)
    above = aside = world.make(Place(own, b"aside"), Kind.DIRECTORY)
    for _ in range(depth - 1):
        above = world.make(Place(above, b"deeper"), Kind.DIRECTORY)
    folder = world.make(Place(above, b"folder"), Kind.DIRECTORY)
    file = world.make(Place(folder, b"file"))
    world.worker.exclude([own])
    await world.worker.make_so(world.heard())
    assert world.secondary.tree() == {}
    world.worker.close()
    world.begin()
    world.worker.exclude([own])
    world.primary.rename(Place(above, b"folder"), A)
    first = world.heard()
    if ends:
        for gfid in (above, *[aside] * (depth > 1)):
            world.primary.remove(*world.primary.names(gfid))
    else:
        world.primary.rename(Place(own, b"aside"), B)
    await world.worker.make_so(first)
    await world.worker.make_so(world.heard())
    tree = world.secondary.tree()
    assert {Place(folder, b"file"): file, A: folder}.items() <= tree.items()
    assert not ends or len(tree) == 2


async def test_a_directory_that_was_never_left_out_is_not_walked(world: World) -> None:
    (world.brick / ".georep").mkdir(parents=True)
    above = world.make(A, Kind.DIRECTORY)
    folder = world.make(Place(above, b"folder"), Kind.DIRECTORY)
    world.make(Place(folder, b"file"))
    await world.worker.make_so(world.heard())
    world.primary.rename(Place(above, b"folder"), B)
    totals = await world.worker.make_so(world.heard())
    assert totals.entries == {folder, above, ROOT}
    assert totals.rounds == 1


@pytest.mark.parametrize(
    ("passed", "kind"),
    [
        pytest.param([None], WAITS, id="nobody knows of the other bricks"),
        pytest.param([-90, -1], WAITS, id="another brick is behind"),
        pytest.param([0, MARGIN], WAITS, id="it may just be behind"),
        pytest.param([MARGIN + 1], NOT_EMPTY, id="every brick has passed"),
        pytest.param([MARGIN + 1, None], NOT_EMPTY, id="and nobody knows any more"),
    ],
)
async def test_a_directory_that_is_not_empty_fails_only_when_every_brick_has_passed(
    world: World, now: Callable[[float], None], passed: list[int | None], kind: str
) -> None:
    """`passed`: by how many seconds, at each try, every brick has passed when it was found."""
    gone = Gfid("7" * 36)
    failing, answers = world.worker.failing, list(passed)

    async def every() -> int:
        (found,) = ledger.failures(world.path)
        by = answers.pop(0)
        return 0 if by is None else int(found.first) + by

    async def tried(window: Window, trial: Trial) -> list[str]:
        for _ in range(ROUNDS):
            if gone in window.dirty:
                answer = NotEmpty(gfid=gone, children=())
                await failing.judge(trial, window, {}, [answer], vain=True)
        assert gone not in window.dirty, "its slice does not wait for it"
        return [event.kind for event in world.told() if isinstance(event, EntryFailed)]

    failing.heed(every)
    window, trial = Window(), Trial(1, frozenset())
    window.mark(gone, Why.NAMES)
    assert await tried(window, trial) == []
    assert (failing.others, world.ledger.waiting) == (1, 0)
    for _ in passed:
        now(1000)
        told = await tried(*await failing.due(9))
    assert told == ([] if kind == WAITS else [kind])
    assert [each.kind for each in ledger.failures(world.path)] == [kind]
    now(2000)
    _, trial = await failing.due(9)
    await failing.end(trial)
    mended = [event.gfid for event in world.told() if isinstance(event, EntryMended)]
    assert mended == ([] if kind == WAITS else [gone])
    assert world.ledger.empty


async def test_what_waits_waits_anew_when_anything_came(
    world: World, now: Callable[[float], None]
) -> None:
    """Two workers that wait for each other's removals get on by turns."""
    gone, other = Gfid("7" * 36), Gfid("8" * 36)
    window, trial = Window(), Trial(1, frozenset())
    window.mark(gone, Why.NAMES)

    async def judged(vain: bool) -> bool:
        answer = NotEmpty(gfid=gone, children=())
        await world.worker.failing.judge(trial, window, {}, [answer], vain=vain)
        return gone in window.dirty

    rounds = [True] * (ROUNDS - 1)
    assert [await judged(vain) for vain in (*rounds, False, *rounds)] == [True] * (2 * ROUNDS - 1)
    assert not await judged(vain=True)
    # It comes back once in a while, for one round: who is in it is looked at then.
    now(1000)
    again, _ = await world.worker.failing.due(9)
    assert again.dirty.keys() == again.full.keys() == {gone}
    settle(
        again,
        {gone: again.dirty[gone]},
        {gone: Gone(gfid=gone, lawful=True)},
        [NotEmpty(gfid=gone, children=(Holder(Place(gone, b"f"), other, Kind.FILE),))],
    )
    assert again.orphans == {other}
