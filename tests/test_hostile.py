"""Names that mean harm, at every place where a name is shown or copied."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import hostile
import pytest
import scripted
from acts import ASIDE, STEP, Acts
from msgspec import structs
from rich.cells import cell_len
from textual.pilot import Pilot
from watching import drawn, text

from engine import names
from engine.config import Places
from engine.events import (
    AnyEvent,
    Content,
    EntryFailed,
    JobFinished,
    JobStarted,
    PendingChanged,
    Role,
    RoleChanged,
    SessionKnown,
    Wanted,
    WorkerStarted,
)
from engine.gluster.gfid import Gfid
from engine.plan.compare import Difference, What
from engine.plan.steps import Told
from engine.session.errands import Differed
from engine.session.ledger import Failure
from engine.state import SessionState, State, apply
from georep_tui import (
    asking,
    attention,
    chronicle,
    columns,
    event_rows,
    evidence,
    exporting,
    failed,
    inspecting,
    put_aside,
    recalling,
    report,
    rows,
    stepping,
    tables,
    throughput,
    verifying,
    wording,
)
from georep_tui.app import Console
from georep_tui.chronicle import Chronicle
from georep_tui.desk import Desk
from georep_tui.failed import Grouping
from georep_tui.put_aside import Listed
from georep_tui.rows import Line
from georep_tui.throughput import View

NOW = scripted.NOW
WORKER = "n1:/b"
WHO = {"session": "s", "worker": WORKER}
EVERY = pytest.mark.parametrize("name", hostile.NAMES, ids=[str(each.id) for each in hostile.SHOWN])


def failure(name: str, at: float = NOW) -> EntryFailed:
    return EntryFailed(
        at=at,
        gfid=f"g-{name}",
        path=name,
        kind="gfid conflict",
        words=f"{name} is in the way",
        doing="create",
        tries=2,
        **WHO,
    )


def told(name: str) -> list[AnyEvent]:
    """Return events that have a name wherever they have one."""
    largest = (Content(gfid="g", name=name, size=1 << 30),)
    job: dict[str, object] = {"mover": "rsync", "job": 1, "asked": 2, "largest": largest}
    return [
        SessionKnown(
            at=1, session="s", primary="p", secondary="u@h::v", wanted=Wanted.STARTED, node="n1"
        ),
        WorkerStarted(at=NOW - 9, pid=1, restart=0, **WHO),
        RoleChanged(at=NOW - 8, role=Role.ACTIVE, reason="first", **WHO),
        PendingChanged(
            at=NOW - 7, slices=1, entries=1, files=1, bytes=1, doing=f"· {name}", waits="", **WHO
        ),
        JobStarted(at=NOW - 6, size=9, **job, **WHO),  # type: ignore[arg-type]
        JobFinished(
            at=NOW - 5,
            words=f"{name} vanished",
            failed=(name,),
            moved=1,
            short=1,
            sent=9,
            matched=0,
            literal=9,
            seconds=1.0,
            code=23,
            **job,  # type: ignore[arg-type]
            **WHO,
        ),
        failure(name),
    ]


def session(name: str) -> tuple[State, SessionState, Chronicle]:
    state, kept = State(), Chronicle()
    for event in told(name):
        apply(state, event)
        kept.hear(event)
    return state, state.sessions["s"], kept


def listed(name: str) -> Listed:
    first = ASIDE[0] | {"path": f"/{name}", "why": f"{name} came"}
    return put_aside.read(json.dumps([first]).encode())[0]


def _workers(name: str, width: int) -> list[Line]:
    return [row.line for row in tables.workers(session(name)[1], NOW, width).rows]


def _failures(name: str, width: int) -> list[Line]:
    groups = failed.grouped([failure(name)], Grouping.FOLDER)
    return [row.line for row in failed.table(groups, set(), NOW, width)]


def _evidence(name: str, width: int) -> list[Line]:
    return [*evidence.told(failure(name), NOW, width), *evidence.in_full(failure(name), width)]


def _jobs(name: str, width: int) -> list[Line]:
    _, each, _ = session(name)
    known = throughput.jobs_of(each.workers.values())
    return [
        *throughput.hitters(throughput.heavy(known), width, 6),
        *throughput.under_way(each, View(), NOW, width),
        *throughput.about(known[0], width, lines=40),
    ]


def _events(name: str, width: int) -> list[Line]:
    found = session(name)[2].entries()
    made = [event_rows.row(each, width, dated=False).line for each in found]
    return [*made, *(line for each in found for line in event_rows.about(each, width, lines=40))]


def _aside(name: str, width: int) -> list[Line]:
    one = listed(name)
    return [row.line for row in put_aside.table([one], width)] + put_aside.told(one, width)


def _asked(name: str, width: int) -> list[Line]:
    one, step = failure(name), structs.replace(STEP, name=name)
    return [
        *asking.again("s", [one], set(), width),
        *asking.aside("s", [one], set(), width),
        *asking.export([one], width),
        *asking.place(f"/{name}", width),
        *asking.steps(asking.fix(1), [Told(step=step)], width),
    ]


def _differences(name: str, width: int) -> list[Line]:
    one = Differed(path=f"/{name}", what="target", primary=name, secondary="nothing")
    return inspecting.differences([one], width)


def _attention(name: str, width: int) -> list[Line]:
    return attention.lines(attention.matters(session(name)[0], NOW), width, 9)


PLACES: dict[str, Callable[[str, int], Sequence[Line]]] = {
    "workers": _workers,
    "failures": _failures,
    "evidence": _evidence,
    "jobs": _jobs,
    "events": _events,
    "put aside": _aside,
    "asked": _asked,
    "differences": _differences,
    "attention": _attention,
}


@pytest.mark.parametrize("place", PLACES)
@EVERY
def test_it_fits_and_steers_nothing(place: str, name: str) -> None:
    for width in (76, 80, 140):
        lines = PLACES[place](name, width)
        for line in lines:
            shown = "".join(part for part, _ in line)
            assert shown.isprintable()
            assert cell_len(shown) <= width, shown
        room = 24 if place != "workers" else 20 if width >= columns.WIDE else 0
        if cell_len(name) < room:
            assert any(name in "".join(part for part, _ in line) for line in lines), place


@EVERY
def test_in_full_where_there_is_room_for_it(name: str) -> None:
    lines = evidence.in_full(failure(name), 80)
    path = [line[1][0] for line in lines if line[0][0].strip() in ("path", "")]
    assert name in "".join(path)
    for event in told(name)[3:]:
        if name in str(event):
            assert name in wording.whole(event) or isinstance(event, PendingChanged)


@EVERY
def test_the_command_line_says_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    raw = names.meant(name)
    row = Failure(
        **{"worker": WORKER, "gfid": Gfid("g"), "path": name, "doing": "create", "kind": "EACCES"},
        **{"words": name, "tries": 1, "first": 1.0, "last": 1.0, "due": 0.0, "slice": 1},
    )
    report.failures([row], NOW)
    report.say(recalling.lines(session(name)[2].entries()))
    one = Difference(What.TARGET, name, "nothing")
    lines = [verifying._text(raw, Gfid("g"), one)]
    lines += stepping.text(Told(step=structs.replace(STEP, name=name)))
    said = capsys.readouterr().out.splitlines()
    assert sum(name in line for line in said) >= 3
    assert sum(name in line for line in lines) >= 2
    assert all(line.isprintable() for line in said + lines)
    report.failures_json([row])
    assert names.meant(json.loads(capsys.readouterr().out)[0]["path"]) == raw


@EVERY
def test_an_export_gives_the_name_back(name: str, tmp_path: Path) -> None:
    path = exporting.write(str(tmp_path / "x"), [failure(name)])
    (line,) = path.read_bytes().splitlines()
    assert line.isascii()
    assert names.meant(json.loads(line)["path"]) == names.meant(name)


@EVERY
def test_it_is_found_by_its_own_letters(name: str) -> None:
    for word in name.split()[:2]:
        if not word.startswith("!"):
            assert failed.matching([failure(name)], word)


async def _all() -> AsyncIterator[AnyEvent]:
    for event in told(hostile.NAMES[0])[:-1]:
        yield event
    for at, name in enumerate(hostile.NAMES):
        yield failure(name, NOW - at)
    await asyncio.Event().wait()


async def _shown(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await drawn(pilot)
    app = pilot.app
    assert isinstance(app, Console)
    return text(app)


async def test_copied_and_asked_about_in_the_console() -> None:
    acts = Acts()
    desk = Desk({"n1": Places(Path("/"), Path("/"))}, acts)
    app = Console(_all(), desk=desk, clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await _shown(pilot, "3", "g")
        for name in hostile.NAMES:
            await pilot.press("y", "j")
            assert app.clipboard == names.word(name)
        await _shown(pilot, "g")
        # Those that mark up, steer, and are wide.
        for name in (*hostile.NAMES[:3], hostile.NAMES[4], hostile.NAMES[19]):
            at = hostile.NAMES.index(name)
            await pilot.press("g", *["j"] * at)
            for key in ("R", "I", "E"):
                shown = await _shown(pilot, key)
                assert all(line.isprintable() for line in shown.splitlines())
                assert name in shown, key
                await pilot.press("escape")


async def test_what_is_told_in_passing_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Console(_all(), clock=scripted.clock)
    told: list[str] = []

    def notify(words: str, *, timeout: float, markup: bool) -> None:
        assert not markup
        told.append(words)

    monkeypatch.setattr(app, "notify", notify)
    async with app.run_test(size=(80, 24)):
        for name in ("[/b]", "a b", "ab"):
            app.copy_name(name)
        assert app.clipboard == "ab"
    assert told == ["copied, as a shell takes it", "copied, as a shell takes it", "copied"]


def test_foreign_words_do_not_steer_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import Retry
    from georep_tui import cli

    def fail(_args: object) -> int:
        raise Retry("no \x1b[31m", cause="x", fix="Do.", evidence="\x1b]0;title\x07\nlast\x9b")

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.main(["list"]) == 1
    said = capsys.readouterr().err
    assert all(line.isprintable() for line in said.splitlines())
    assert r"\x1b]0;title\x07" in said


def test_rows_are_of_one_width() -> None:
    for width in (80, 140):
        for name in hostile.NAMES:
            found = {cell_len("".join(p for p, _ in line)) for line in _failures(name, width)[1:]}
            assert found == {cell_len("".join(p for p, _ in failed.head(width)))}
    assert rows.verbatim("\x9b") == r"\xc2\x9b"
    assert chronicle.KEPT
