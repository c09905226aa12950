"""The Failures screen: every key of it, the mouse, and what reaches the ledgers and the engines."""

import asyncio
import contextlib
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import scripted
from test_console import HOSTILE, console, key, press
from test_control import Engine
from test_failed import of
from test_ledger import noted
from textual.pilot import Pilot
from watching import drawn, text

from engine import feed, names
from engine.commands import Reread
from engine.errors import Usage
from engine.events import AnyEvent, EntryFailed, EntryMended, SessionKnown, Wanted
from engine.item import Gfid
from engine.session import ledger
from engine.session.ledger import NEVER, Failure, Ledger
from georep_tui import exporting, keymap
from georep_tui.app import Console
from georep_tui.desk import NOTHING, Decision, Desk
from georep_tui.key import Where
from georep_tui.screens.agree import AgreeScreen, NameScreen
from georep_tui.screens.failures import FailuresScreen
from georep_tui.screens.page import Page
from georep_tui.widgets.record_list import RecordList

WORKER, OTHER = "gfs3:/bricks/b2", "gfs1:/bricks/b3"
FULL = Gfid("6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d44")
LEFT = Gfid("b1d7a3f0-02cc-4f7a-9f50-aa8e4a1c6e90")


def in_ledger(event: EntryFailed) -> Failure:
    """Return the row of a ledger that an event was told of."""
    said = msgspec.structs.asdict(event)
    at, *_ = (said.pop(name) for name in ("at", "session", "skipped", "again"))
    due = NEVER if event.skipped else 1e10
    return Failure(**(said | {"gfid": Gfid(event.gfid), "last": at, "due": due, "parent": ""}))


def keep(folder: Path) -> None:
    """Write the ledger of `home` on one node as the day has it."""
    rows = [each for each in scripted.failing() if isinstance(each, EntryFailed)]
    of_worker: dict[str, list[Failure]] = {WORKER: [], OTHER: []}
    for each in rows:
        if each.session == "home":
            of_worker[each.worker].append(in_ledger(each))
    for worker, failures in of_worker.items():
        made = Ledger(folder / "home/ledger.db", worker)
        made.put(noted(*failures))
        made.close()


def due(folder: Path, gfid: str) -> float:
    """Return when the ledger has an object tried again."""
    return next(
        each.due for each in ledger.failures(folder / "home/ledger.db") if each.gfid == gfid
    )


@contextlib.asynccontextmanager
async def node(folder: Path) -> AsyncIterator[Engine]:
    """Run as much of an engine as a console sees, on the day's events, beside its ledgers."""
    engine = Engine()
    keep(folder)
    async with engine.control.listen(folder / "engine.sock"):
        for event in scripted.failing():
            engine.tell(event)
        yield engine


def on_socket(folder: Path) -> tuple[Console, Desk]:
    """Return a console on an engine's socket, as `georep` opens it."""
    desk, socket = Desk(), folder / "engine.sock"
    return console(desk.follow(socket, feed.live(socket)), desk=desk), desk


def notices(app: Console) -> list[str]:
    """Return where what the console says in passing is written from now on."""
    told: list[str] = []
    app.notify = lambda words, **more: told.append(words)  # type: ignore[method-assign]
    return told


async def settled(pilot: Pilot[None], app: Console) -> None:
    """Wait until what was asked for has been done."""
    asked = [worker for worker in app.workers if worker.group == "decisions"]
    if asked:  # without any named, all are waited for, and some of them never end
        await app.workers.wait_for_complete(asked)
    await pilot.pause()


def marked(shown: str) -> int:
    return sum(line.startswith(" × ") for line in shown.splitlines())


async def test_drilling_in_and_out() -> None:
    app = console(scripted.failing_stream())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "j", "3")
        assert "[3 Failures]" in shown
        assert "all 119, by last   skipped 2   EACCES 116   gfid mismatch 2   ENOSPC 1" in shown
        assert "users/kate/film.mov" in shown
        shown = await press(pilot, "enter")
        assert "was to    copy" in shown
        assert "No space left on device" in shown
        assert "the first try" in shown
        assert "LAST" not in shown
        assert "LAST" in await press(pilot, "escape")
        assert "[2 Workers]" in await press(pilot, "escape")
        shown = await press(pilot, "j", "f")
        assert f"filter: {WORKER}" in shown
        assert "skipped 2" in shown, "which is of the session"
        assert "quarantined" not in await press(pilot, "G")
        assert "filter" not in (await press(pilot, "escape")).splitlines()[0]
        assert "[2 Workers]" in await press(pilot, "escape")
        await press(pilot, "k", "f")
        assert (key(app) or "").startswith(OTHER)


async def test_marking_sorting_grouping_and_copying() -> None:
    app = console(scripted.failing_stream())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "j", "3")
        assert marked(await press(pilot, "x", "x")) == 2
        assert "marked 1" in await press(pilot, "g", "x")
        assert "marked 119" in await press(pilot, "a")
        assert "marked" not in await press(pilot, "a")
        shown = await press(pilot, "slash", *"mismatch", "enter", "a", "escape")
        assert "marked 2" in shown, "only what the filter showed"
        shown = await press(pilot, "slash", *"skipped", "enter", "a")
        assert "marked 4" in shown, "who is shown alone is meant"
        assert "marked 2" in await press(pilot, "a", "escape")
        orders, sorts = [], []
        for _ in range(4):
            shown = await press(pilot, "s", "g")
            orders.append(key(app))
            sorts.append(shown.partition(" all 119, by ")[2].split()[0])
        assert sorts == ["kind", "path", "tries", "last"]
        assert orders == [
            f"{WORKER}\0home-{scripted.PATHS[2]}0000",
            f"{WORKER}\0home-{scripted.PATHS[2]}0000",
            f"{WORKER}\0home-{scripted.PATHS[0]}",
            f"{WORKER}\0{FULL}",
        ]
        shown = await press(pilot, "b", "g")
        assert "─ EACCES  116" in shown
        assert "objects   116" in shown
        assert "⏎ open" not in shown, "a heading has no more to tell"
        assert "marked 118" in await press(pilot, "x")
        assert "─ users/kate/.cache  116, 116 marked" in await press(pilot, "b", "g")
        assert f"─ {WORKER}  119" in await press(pilot, "b", "g")
        assert "─ EACCES" not in await press(pilot, "b", "g")
        await press(pilot, "y")
        assert app.clipboard == "users/kate/film.mov"


async def test_what_is_mended_is_marked_no_longer() -> None:
    queue: asyncio.Queue[AnyEvent] = asyncio.Queue()

    async def source() -> AsyncIterator[AnyEvent]:
        for event in scripted.failing():
            yield event
        while True:
            yield await queue.get()

    app = console(source())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "marked 1" in await press(pilot, "j", "3", "x")
        ended = EntryMended(at=scripted.NOW, session="home", worker=WORKER, gfid=FULL)
        failed = of(FULL, scripted.NOW, session="home", worker=WORKER, path="again")
        for event in (ended, failed):
            await queue.put(event)
            await pilot.pause(0.05)
            await drawn(pilot)
        assert "again" in text(app)
        assert "marked" not in text(app)


async def test_trying_again_asks_and_reaches_the_ledger(tmp_path: Path) -> None:
    async with node(tmp_path) as engine:
        app, _ = on_socket(tmp_path)
        async with app.run_test(size=(80, 24)) as pilot:
            await drawn(pilot)
            told = notices(app)
            await press(pilot, "j", "3")
            for no in ("escape", "n", "q"):
                shown = await press(pilot, "R")
                assert isinstance(app.screen, AgreeScreen)
                assert "Try 1 object again now?" in shown
                assert "users/kate/film.mov" in shown
                await press(pilot, no)
                assert isinstance(app.screen, FailuresScreen)
            assert due(tmp_path, FULL) == 1e10
            await press(pilot, "R", "y")
            await settled(pilot, app)
            assert told == ["1 object: tried again, at once if the session runs"]
            assert NEVER < due(tmp_path, FULL) < 1e10
            assert engine.asked[-1] == Reread(session="home")
            await press(pilot, "G", "R", "enter")
            await settled(pilot, app)
            assert NEVER < due(tmp_path, LEFT) < 1e10, "also one that was left alone"


async def test_leaving_alone_is_of_what_is_marked(tmp_path: Path) -> None:
    async with node(tmp_path) as engine:
        app, _ = on_socket(tmp_path)
        async with app.run_test(size=(80, 24)) as pilot:
            await drawn(pilot)
            told = notices(app)
            shown = await press(pilot, "j", "3", "slash", *"eacces", "enter", "a", "escape", "I")
            assert "Leave 116 objects alone?" in shown
            assert "and 111 more" in shown
            await press(pilot, "y")
            await settled(pilot, app)
            assert told == ["116 objects: left alone until they change"]
            failures = ledger.failures(tmp_path / "home/ledger.db")
            assert {each.kind for each in failures if not each.due} == {
                "EACCES",
                "EPERM",
                "quarantined",
            }
            assert due(tmp_path, FULL) == 1e10
            asked = engine.asked[-1]
            assert isinstance(asked, Reread)
            assert len(asked.gfids) == 116
            assert "marked" not in await press(pilot, "g")


async def test_nothing_is_promised_of_what_is_out_of_reach(tmp_path: Path) -> None:
    keep(tmp_path)
    at = Desk().places
    desk = Desk(at)
    app = console(scripted.failing_stream(), desk=desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        await press(pilot, "j", "3", "R")
        assert isinstance(app.screen, FailuresScreen)
        assert told == ["The ledger of gfs3 is not reached from here. There: georep failures home"]
    app = console(scripted.failing_stream())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "j", "3")
        assert "R retry" not in shown
        assert "E export" in shown
        await press(pilot, "R", "I")
        assert isinstance(app.screen, FailuresScreen)


async def test_the_desk_says_what_went_wrong(tmp_path: Path) -> None:
    async with node(tmp_path):
        desk = Desk()
        stream = desk.follow(tmp_path / "engine.sock", feed.live(tmp_path / "engine.sock"))
        async for event in stream:
            if isinstance(event, EntryFailed):
                break
        full = of(FULL, worker=WORKER)
        assert desk.reaches(full)
        assert not desk.reaches(of(FULL, worker="gfs9:/b"))
        gone = of("gone", worker=WORKER)
        assert await desk.decide("home", [gone], Decision.AGAIN) == [NOTHING]
        assert await desk.decide("none", [full], Decision.ASIDE) == [NOTHING]
        assert not (tmp_path / "none").exists()
        (tmp_path / "bad").mkdir()
        (tmp_path / "bad/ledger.db").write_bytes(b"no database at all, but long enough" * 40)
        (words,) = await desk.decide("bad", [full], Decision.AGAIN)
        assert words.startswith("gfs3: the ledger")
    # Without an engine it is noted all the same.
    words = (await desk.decide("home", [full, gone], Decision.ASIDE))[0]
    assert words == "1 object: left alone until they change"
    assert due(tmp_path, FULL) == NEVER


async def test_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = console(scripted.failing_stream())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        told = notices(app)
        shown = await press(pilot, "j", "3", "a", "E")
        assert "Write 119 failures as JSON lines to" in shown
        await press(pilot, "escape")
        assert isinstance(app.screen, FailuresScreen)
        assert not (tmp_path / exporting.name("home", scripted.NOW)).exists()
        for _ in range(2):
            await press(pilot, "E", "enter")
            await settled(pilot, app)
        path = tmp_path / "georep-failures-home-1777637071.jsonl"
        assert told == [
            f"119 failures written to {path}",
            f"{path} exists already. Give another name.",
        ]
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(lines) == 119
        assert {line["path"] for line in lines} >= {"users/kate/film.mov", scripted.PATHS[0]}
        assert all(line["meaning"] and line["fix"] for line in lines)
        await press(pilot, "E")
        assert isinstance(app.screen, NameScreen)
        assert "Write 1 failure" in await press(pilot, *"y/R x"), "letters belong to the name"
        await press(pilot, "enter")
        await settled(pilot, app)
        assert told[2:] == [f"There is no folder {tmp_path}/y. Give another name."]


@pytest.mark.parametrize("typed", ["", "  ", "a\0b", "none/x", "/dev/null/x", "file"])
def test_a_bad_name_is_refused(typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Usage):
        exporting.write(typed, [of("a")])
    assert (tmp_path / "file").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_export_is_its_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = exporting.write(" ~/x ", [of("a")])
    assert path == tmp_path / "x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_mouse() -> None:
    app = console(scripted.failing_stream())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await pilot.click("#list", offset=(5, 1))
        assert key(app) == "home"
        await pilot.click("#tabs", offset=(30, 0))
        await drawn(pilot)
        assert "[3 Failures]" in text(app)
        await pilot.click("#list", offset=(20, 2))
        await drawn(pilot)
        assert "─ users/kate/tmp ─" in text(app)
        await press(pilot, "G")
        await drawn(pilot)
        await pilot.click("#list", offset=(20, 0))
        await drawn(pilot)
        assert key(app) != f"{WORKER}\0{FULL}", "it is scrolled"
        await pilot.click("#list", offset=(20, 1), times=2)
        await drawn(pilot)
        assert "was to" in text(app)
        await press(pilot, "escape")
        await pilot.click("#tabs", offset=(2, 0))
        await drawn(pilot)
        assert "[1 Sessions]" in text(app)
        await pilot.click("#list", offset=(5, 9))
        assert key(app) == "home", "there is no row"


async def test_hostile_names_are_shown_and_copied_as_they_are() -> None:
    async def source() -> AsyncIterator[AnyEvent]:
        yield SessionKnown(
            at=1, session="s", primary="p", secondary="h::v", wanted=Wanted.STARTED, node="n1"
        )
        for at, name in enumerate(HOSTILE):
            yield of(f"{at}", at, path=name, kind=name, words=name, doing=name)
        await asyncio.Event().wait()

    for size in ((80, 24), (140, 40)):
        app = console(source())
        async with app.run_test(size=size) as pilot:
            await drawn(pilot)
            shown = await press(pilot, "3", "s", "s", "s", "s", "G")
            assert "a[/b]c" in shown
            assert "[bold red]x" in shown
            copied = set()
            for _ in HOSTILE:
                shown = await press(pilot, "y", "enter", "escape", "b", "k")
                assert "\x1b" not in shown
                copied.add(app.clipboard)
                await press(pilot, "E", "escape", "b", "b", "b")
            assert copied <= {
                names.word(
                    name.replace("\x1b", "\\x1b").replace("\n", "\\x0a").replace("\t", "\\x09")
                )
                for name in HOSTILE
            }
            assert len(copied) > 4


async def test_empty_states() -> None:
    async def skipped() -> AsyncIterator[AnyEvent]:
        yield SessionKnown(
            at=1, session="s", primary="p", secondary="h::v", wanted=Wanted.STARTED, node="n1"
        )
        yield scripted.counted("s", waiting=2, skipped=1)
        await asyncio.Event().wait()

    app = console(skipped())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "3")
        assert "3 failures, none of them listed here" in shown
        assert "georep failures s" in shown
        await press(pilot, "x", "a", "s", "b", "y", "R", "I", "E", "enter")
        assert isinstance(app.screen, FailuresScreen)
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "nothing has failed" in await press(pilot, "j", "j", "f")
    app = console(scripted.quiet())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert "no session is chosen" in await press(pilot, "3")


async def test_letters_belong_to_the_filter() -> None:
    app = console(scripted.failing_stream(), desk=Desk())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "j", "3", "slash", *"xasbyRIEf")
        assert "filter: xasbyRIEf" in shown
        assert "marked" not in shown
        assert isinstance(app.screen, Page)


async def test_only_ascii() -> None:
    app = console(scripted.failing_stream(), plain=True, desk=Desk())
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        for keys in (["j", "3"], ["x", "x"], ["b", "g"], ["b", "b", "b", "G"], ["enter"]):
            assert (await press(pilot, *keys)).isascii(), keys
        assert (await press(pilot, "E")).isascii()


def test_every_key_has_an_action_that_exists() -> None:
    owners = {Where.FAILURES: FailuresScreen, Where.AGREE: AgreeScreen}
    for named in keymap.KEYS:
        if owner := owners.get(named.where):
            assert hasattr(owner, f"action_{named.action.split('(')[0]}"), named
    assert hasattr(RecordList, "on_click")
