"""A worker with nothing to do looks whether the secondary would take anything, and tells."""

import asyncio
import errno
import os
from types import SimpleNamespace

import pytest
from memory_target import MemoryTarget

from engine.errors import Retry
from engine.events import PendingChanged, Role, RoleChanged, WorkerStarted
from engine.gluster import xattrs
from engine.rpc.channel import Channel
from engine.rpc.messages import AnyCall, AnyReply, AskReady, Failed, Found, Lookup, Ready
from engine.secondary import ready
from engine.secondary.questions import Questions
from engine.session import idle
from engine.session.idle import Idle
from engine.session.report import Report
from engine.state import State, apply
from georep_tui import attention, detail, report, tables

WELL = Ready(id=1, whole=True, full=False)
PART = Ready(id=1, whole=False, full=False)
FULL = Ready(id=1, whole=True, full=True)
DOWN = Failed(id=1, cause="secondary bricks down", words="not connected", fix="look there")
STRANGE = Failed(id=1, cause="errno", words="Input/output error")


class _Far:
    """An agent that answers what it was told to, one after another; the last one for ever."""

    def __init__(self, *replies: AnyReply) -> None:
        self.replies, self.asked = list(replies), 0
        self.channel = Channel(self._answer)
        self.report = Report("s", "prim1:/b", os.open(os.devnull, os.O_WRONLY))
        self.idle = Idle(self.channel, self.report, host="sec1", patience=0.05)

    async def _answer(self, call: AnyCall) -> AnyReply:
        if isinstance(call, Lookup):
            return Found(id=call.id, gfids=(), places=())
        assert isinstance(call, AskReady)
        self.asked += 1
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "AGAIN", 0.0)
    monkeypatch.setattr(idle, "SLOW", 0.0)


@pytest.mark.parametrize(
    ("replies", "cause", "words"),
    [
        pytest.param((DOWN,), "secondary bricks down", "not connected", id="not there"),
        pytest.param((PART,), "secondary bricks down", "a part of", id="a part is not there"),
        pytest.param((WELL,), "", "", id="well"),
        pytest.param((DOWN, WELL), "", "", id="away for a moment"),
        pytest.param((PART, DOWN), "secondary bricks down", "not connected", id="going"),
        pytest.param((STRANGE,), "errno", "Input/output error", id="an error"),
    ],
)
async def test_the_second_look_decides(
    replies: tuple[AnyReply, ...], cause: str, words: str
) -> None:
    far = _Far(*replies)
    if not cause:
        await far.idle.look()
        return
    with pytest.raises(Retry, match=words) as told:
        await far.idle.look()
    assert told.value.cause == cause
    assert "sec1" in told.value.words
    assert told.value.fix
    assert far.asked == 2


async def test_a_mount_that_hangs_is_told_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never = asyncio.Event()
    far = _Far(WELL)

    async def hang(call: AnyCall) -> AnyReply:
        await never.wait()
        return WELL

    far.idle = Idle(Channel(hang), far.report, host="sec1", patience=0.05)
    with pytest.raises(Retry, match=r"on sec1 has not answered") as told:
        await far.idle.look()
    assert told.value.cause == "secondary hangs"
    assert far.report.trouble == "secondary hangs"


async def test_a_full_secondary_is_told_until_there_is_room() -> None:
    far = _Far(FULL, WELL)
    await far.idle.look()
    assert far.report.trouble == "secondary full"
    await far.idle.look()
    assert far.report.trouble == ""


async def test_who_is_busy_does_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "LOOK", 0.3)
    far = _Far(DOWN)
    watching = asyncio.create_task(far.idle.watch())
    for _ in range(12):
        await far.channel.lookup([])
        await asyncio.sleep(0.05)
    assert far.asked == 0
    with pytest.raises(Retry):
        await watching


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Give what the file system below an agent says."""
    space = SimpleNamespace(f_bavail=5, f_files=9, f_favail=3)
    shown = SimpleNamespace(space=space, lost=0, refuses=0, whole=True)

    def fail(number: int) -> None:
        if number:
            raise OSError(number, os.strerror(number), b"/m")

    monkeypatch.setattr(os, "lstat", lambda path: fail(shown.lost))
    monkeypatch.setattr(os, "statvfs", lambda path: shown.space)
    monkeypatch.setattr(xattrs, "remove", lambda path, name: fail(shown.refuses))
    return shown


def _asked(shown: SimpleNamespace) -> AnyReply:
    target = MemoryTarget()
    target.whole = lambda: shown.whole  # type: ignore[method-assign]
    return Questions(target, b"/m").answer(AskReady(id=1))


CASES: dict[str, tuple[dict[str, object], AnyReply | str]] = {
    "well": ({}, WELL),
    "a part is down": ({"whole": False}, PART),
    "no blocks": ({"space": SimpleNamespace(f_bavail=0, f_files=9, f_favail=3)}, FULL),
    "no inodes": ({"space": SimpleNamespace(f_bavail=5, f_files=9, f_favail=0)}, FULL),
    "no count of inodes": ({"space": SimpleNamespace(f_bavail=5, f_files=0, f_favail=0)}, WELL),
    "not connected": ({"lost": errno.ENOTCONN}, "secondary bricks down"),
    "an error": ({"lost": errno.EIO}, "errno"),
    "read-only": ({"refuses": errno.EROFS}, "secondary read-only"),
    "of somebody else": ({"refuses": errno.EPERM}, WELL),
    "not made yet": ({"refuses": errno.ENOENT}, WELL),
}


@pytest.mark.parametrize("case", CASES)
def test_what_an_agent_finds(disk: SimpleNamespace, case: str) -> None:
    how, expected = CASES[case]
    vars(disk).update(how)
    found = _asked(disk)
    if isinstance(expected, str):
        assert isinstance(found, Failed)
        assert found.cause == expected
    else:
        assert found == expected


def test_to_look_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(os, "lstat", lambda path: None)
    space = SimpleNamespace(f_bavail=5, f_files=9, f_favail=3)
    monkeypatch.setattr(os, "statvfs", lambda path: space)
    monkeypatch.setattr(xattrs, "remove", lambda path, name: taken.append((path, name)))
    assert ready.look(MemoryTarget(), b"/m", 1) == WELL
    assert taken == [(b"/m/.georep", b"user.georep.never-set")]


@pytest.mark.parametrize("role", [Role.ACTIVE, Role.PASSIVE])
def test_the_trouble_of_who_is_idle_stands_on_every_screen(role: Role) -> None:
    state, who = State(), {"session": "s", "worker": "prim1:/b"}
    apply(state, WorkerStarted(at=1.0, pid=1, restart=0, part=0, parts=1, **who))
    apply(state, RoleChanged(at=1.0, role=role, reason="r", **who))
    for trouble in ("secondary full", ""):
        told = {"doing": "up to date", "waits": "the next change", "trouble": trouble}
        counts = dict.fromkeys(("slices", "entries", "files", "bytes"), 0)
        apply(state, PendingChanged(at=2.0, **counts, **told, **who))  # type: ignore[arg-type]
        session = state.sessions["s"]
        found = attention.matters(state, 3.0)
        shown = str(detail.worker(session, "prim1:/b", 3.0, 80))
        assert attention.count(state) == len(found) == bool(trouble)
        assert ("secondary full" in shown) == ("Make room there" in shown) == bool(trouble)
        assert ("secondary full" in tables.doing(session, "prim1:/b")) == bool(trouble)
        plain = str(report.status_plain(state, 3.0))
        assert ("'trouble': 'secondary full'" in plain) == bool(trouble)
        if found:
            assert found[0].words == (
                "secondary full → Make room there, or add bricks; it goes on by itself."
            )
