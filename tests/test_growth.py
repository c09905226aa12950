"""What goes on for weeks leaves nothing behind: in the console, the state, or the collector."""

import asyncio
import gc
import itertools
import types
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import managed
import pytest
import scripted
from test_console import console
from test_control import _running
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.timer import Timer
from textual.worker import Worker
from watching import drawn

from engine import config, feed
from engine.config import Session
from engine.events import (
    AnyEvent,
    CheckpointDeleted,
    CheckpointReached,
    CheckpointSet,
    EngineStarted,
    EntryFailed,
    EntryMended,
    HookEnded,
    JobStarted,
    MinuteCounted,
    PeerPassedOver,
    RetryScheduled,
    Role,
    RoleChanged,
    SessionForgotten,
    SessionKnown,
    Wanted,
    WorkerFaulty,
    WorkerStarted,
)
from engine.snapshot import snapshot
from engine.state import State, apply
from georep_tui import app as application
from georep_tui.chronicle import Chronicle
from georep_tui.desk import Desk
from georep_tui.sources import Link
from georep_tui.steward import Steward

ROUNDS = 3
MADE = (DOMNode, Timer, Worker, asyncio.Future)
PAGES = ("2", "enter", "escape", "3", "enter", "escape", "p", "4", "5", "enter", "escape", "1")
PANES = ("3", "tab", "z", "z", "w", "w", "b", "s", "slash", "x", "enter", "escape", "1")
QUESTIONS = tuple(itertools.chain(*((key, "escape") for key in "NPCOHV")))
OVERLAYS = ("question_mark", "w", "escape", "colon", "w", "escape")
HELD = ("d", "d", "space", "space")


class Ring:
    """What only the collector can take away."""

    def __init__(self) -> None:
        self.itself = self


async def test_what_drawing_leaves_goes_without_waiting_for_the_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(application, "COLLECT", 0.05)
    ring = Ring()
    left = weakref.ref(ring)
    gc.collect()  # it is among the oldest now, as what was seen at one of its looks
    del ring
    gc.disable()
    try:
        async with asyncio.timeout(60), console().run_test() as pilot:
            while left() is not None:
                await pilot.pause(0.02)
    finally:
        gc.enable()


def alive() -> Counter[str]:
    """Return how many there are of what georep, Textual and asyncio make, by their kind."""
    for _ in range(2):  # what one has let go of, another one may have held
        gc.collect()
    found: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        ours = str(kind.__module__).startswith(("georep_tui.", "engine."))
        if ours or issubclass(kind, MADE):
            found[kind.__qualname__] += 1
    return found


def more(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """Return of which kinds there is one more, or several, for each round."""
    grown = {kind: count - before[kind] for kind, count in after.items()}
    return {kind: count for kind, count in grown.items() if count >= ROUNDS}


async def left(pilot: Pilot[None], before: Counter[str]) -> dict[str, int]:
    """Return of what there is more, and stays: a screen that was closed goes piece by piece."""
    for _ in range(100):
        if not (found := more(before, alive())):
            break
        await pilot.pause(0.05)
    return found


async def sizes(pilot: Pilot[None]) -> None:
    """Have another size of the terminal, and the one before."""
    for size in ((140, 40), (80, 24)):
        await pilot.resize_terminal(*size)
        await drawn(pilot)


async def notice(pilot: Pilot[None]) -> None:
    """Have something told in passing, which is over at once."""
    pilot.app.notify("something", timeout=0.01)
    await pilot.pause(0.05)


def typed(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Return what types these."""

    async def once(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await drawn(pilot)

    return once


@pytest.mark.parametrize(
    "once",
    [
        pytest.param(typed(*PAGES), id="pages"),
        pytest.param(typed(*PANES), id="panes"),
        pytest.param(typed(*QUESTIONS), id="questions"),
        pytest.param(typed(*OVERLAYS), id="help and palette"),
        pytest.param(typed(*HELD), id="themes, a frozen picture"),
        pytest.param(sizes, id="sizes"),
        pytest.param(notice, id="notices"),
    ],
)
async def test_nothing_stays_of_what_was_shown(
    once: Callable[[Pilot[None]], Awaitable[None]], tmp_path: Path
) -> None:
    at = managed.places(tmp_path)
    config.create(at, Session("home", "home", "georep", "dr2", "home"))
    steward = Steward(at, run=managed.Errands().run, clock=scripted.clock)
    app = console(scripted.failing_stream(), steward=steward, desk=Desk())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await once(pilot)
        before = alive()
        for _ in range(ROUNDS):
            await once(pilot)
        assert len(app.screen_stack) == 1
        assert await left(pilot, before) == {}


async def test_nothing_stays_of_engines_that_come_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(feed, "_LONGEST_WAIT", 0.001)
    path, link, desk = tmp_path / "engine.sock", Link(), Desk()
    source = desk.follow(path, feed.live(path, heard=link.follow("engine")))
    app = console(source, link=link, desk=desk)

    async def once() -> None:
        before = app.picture.version
        async with _running(path), asyncio.timeout(60):
            while app.picture.version == before:
                await pilot.pause(0.01)

    async with app.run_test(size=(80, 24)) as pilot:
        await once()
        before = alive()
        for _ in range(5 * ROUNDS):
            await once()
        assert await left(pilot, before) == {}


def held(*roots: object) -> int:
    """Return how many objects are reached from some."""
    seen: set[int] = set()
    left = list(roots)
    while left:
        each = left.pop()
        code = isinstance(each, type | types.ModuleType | types.FunctionType)
        if id(each) not in seen and not code:
            seen.add(id(each))
            left += gc.get_referents(each)
    return len(seen)


def week(number: int, at: Iterator[float]) -> Iterator[AnyEvent]:
    """Yield what an engine tells in a week in which no name comes twice: workers that end and
    begin, failures that come and go, checkpoints, sessions that are made and deleted.
    """
    for turn in range(50):
        new = f"{number}-{turn}"
        for session in ("prod", new):
            known = {"session": session, "primary": "vol", "secondary": "root@dr::vol"}
            yield SessionKnown(at=next(at), wanted=Wanted.STARTED, node="n", **known)
            for brick in range(4):
                who = {"session": session, "worker": f"n:/b{brick}"}
                yield from _run(f"{new}-{brick}", turn, at, who)
        checkpoint = {"session": "prod", "label": new, "time": turn}
        yield CheckpointSet(at=next(at), node="n", **checkpoint)
        yield CheckpointReached(at=next(at), worker="n:/b0", **checkpoint)
        hook = {"hook": "checkpoint-command", "about": new, "seconds": 1.0, "words": ""}
        yield HookEnded(at=next(at), session="prod", node="n", code=0, **hook)
        yield CheckpointDeleted(at=next(at), session="prod", node="n", label=new)
        yield SessionForgotten(at=next(at), session=new, node="n")


def _run(new: str, turn: int, at: Iterator[float], who: dict[str, str]) -> Iterator[AnyEvent]:
    """Yield a run of one worker that ends."""
    no = {"cause": "cut off", "words": new, "fix": "", "evidence": new}
    yield WorkerStarted(at=next(at), pid=turn, restart=turn, **who)
    yield PeerPassedOver(at=next(at), peer=f"peer-{new}", **no, **who)
    yield RoleChanged(at=next(at), role=Role.ACTIVE, reason=new, **who)
    for count in range(40):
        gfid = f"{new}-{count}"
        what = {"gfid": gfid, "path": gfid, "doing": "create", "kind": "EIO", "words": ""}
        yield EntryFailed(at=next(at), tries=1, skipped=bool(count % 2), **what, **who)
        if count % 3:
            yield EntryMended(at=next(at), gfid=gfid, **who)
        job = {"mover": "rsync", "asked": 1, "size": 1, "largest": ()}
        yield JobStarted(at=next(at), job=turn * 100 + count, **job, **who)
    done = {"slices": 1, "entries": 1, "files": 1, "bytes": 1}
    yield MinuteCounted(at=next(at), minute=int(next(at)) * 60, **done, **who)
    yield WorkerFaulty(at=next(at), **no, **who)
    yield RetryScheduled(at=next(at), attempt=1, due=next(at), **who)


def test_a_later_week_takes_no_more_room_than_one_before() -> None:
    engine, shown, told, room = State(), State(), Chronicle(), list[int]()
    at = itertools.count(1.0)
    apply(engine, EngineStarted(at=0, node="n", version="1", pid=1))
    for number in range(3):
        for event in week(number, at):
            for state in (engine, shown):
                apply(state, event)
            told.hear(event)
        for event in snapshot(engine):  # the connection was lost, and it is told again
            apply(shown, event)
            told.hear(event)
        assert set(shown.sessions) == {"prod"}
        room.append(held(engine, shown, told))
    assert room[2] < room[1] * 1.1
