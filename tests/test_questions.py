"""What an agent answers to questions: pages of names, and a Failed for what cannot be answered."""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

import directories
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_target import MemoryTarget

from engine.item import ROOT, TOP, Gfid, Place
from engine.rpc.messages import (
    AskCanary,
    AskLimbo,
    Canary,
    Examine,
    Failed,
    Found,
    Limbo,
    List,
    Lookup,
    Names,
    Seen,
)
from engine.secondary import questions
from engine.secondary.agent import Server, _Pipe
from engine.secondary.opened import Opened
from engine.secondary.questions import Questions, cut


@given(st.sets(st.binary(min_size=1, max_size=20), max_size=60), st.integers(1, 80))
def test_pages_bring_every_name_once_and_in_order(names: set[bytes], size: int) -> None:
    listed, after, found = sorted(names), b"", []
    while True:
        page, more = cut(listed, after, size)
        found += page
        if not more:
            break
        assert page, "a page brings at least one"
        after = page[-1]
    assert found == listed


def test_a_long_directory_is_listed_once_for_all_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "PAGE", 20)
    listed: list[Place] = []

    class Target(MemoryTarget):
        def listed(self, place: Place) -> list[bytes] | None:
            listed.append(place)
            return [b"%04d" % n for n in range(9)] if place == TOP else None

    asked = Questions(Target(), b"/")
    after, found = b"", []
    while True:
        page = asked.answer(List(id=1, place=TOP, after=after))
        assert isinstance(page, Names)
        found += page.names
        if not page.more:
            break
        after = page.names[-1]
    assert (len(found), listed) == (9, [TOP])
    nowhere = asked.answer(List(id=2, place=Place(ROOT, b"x")))
    assert nowhere == Names(id=2, names=(), more=False, there=False, whole=True)


@pytest.mark.parametrize(("stale", "answered"), [(1, True), (4, True), (99, False)])
def test_who_is_stale_when_looked_up_is_looked_up_again(
    monkeypatch: pytest.MonkeyPatch, *, stale: int, answered: bool
) -> None:
    """It ended, or moved, in that moment; a worker was faulty for it, and began anew."""
    monkeypatch.setattr(questions, "_AGAIN", (0.0,) * 4)
    left = [stale]

    class Target(MemoryTarget):
        def seen(self, gfid: Gfid) -> Seen | None:
            if left[0]:
                left[0] -= 1
                raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
            return None

    said = Questions(Target(), b"/").answer(Lookup(id=1, gfids=(ROOT,), places=(TOP,)))
    assert isinstance(said, Found if answered else Failed)


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        pytest.param(
            OSError(errno.EIO, "Input/output error", b"/mnt/.georep/limbo"),
            "errno",
            "Input/output error: .georep/limbo",
            id="a path of the mount's",
        ),
        pytest.param(
            OSError(errno.EIO, "Input/output error", "/else/where"),
            "errno",
            "Input/output error: /else/where",
            id="another path",
        ),
        pytest.param(OSError("no more"), "errno", "no more", id="words alone"),
        pytest.param(
            OSError(errno.ENOTCONN, "Transport endpoint is not connected", b"/mnt/.georep/limbo"),
            "secondary bricks down",
            "a part of the secondary volume is down (Transport endpoint is not connected)",
            id="the volume is stopped, or its bricks are gone",
        ),
        pytest.param(
            OSError(errno.EROFS, "Read-only file system", "/mnt/.georep/notes/x"),
            "secondary read-only",
            "the secondary's file system is read-only (Read-only file system)",
            id="read-only",
        ),
        pytest.param(
            OSError(errno.ENOSPC, "No space left on device"),
            "secondary full",
            "there is no space left on the secondary (No space left on device)",
            id="full",
        ),
    ],
)
def test_what_the_file_system_refuses_is_said(error: OSError, cause: str, words: str) -> None:
    target = MemoryTarget()

    def refuse(places: object) -> None:
        raise error

    target.facts = refuse  # type: ignore[method-assign, assignment]
    reply = Questions(target, b"/mnt").answer(Examine(id=7, places=(TOP,)))
    assert isinstance(reply, Failed)
    assert (reply.id, reply.cause, reply.words) == (7, cause, words)
    assert bool(reply.fix) is (cause != "errno"), "what is known has a next step"


def test_an_answer_that_cannot_be_sent_is_still_an_answer() -> None:
    read, write = os.pipe()
    there = Opened(MemoryTarget(), b"/", b"/", "uuid", lambda: "")
    server = Server(there, _Pipe(read, write))
    limbo = Limbo(id=3, gfids=("x" * (17 << 20),))  # type: ignore[arg-type]  # for its length
    server._questions.answer = lambda question: limbo  # type: ignore[method-assign]
    server.take(AskLimbo(id=3))
    reply = _Pipe(read, write).receive(30)
    assert isinstance(reply, Failed)
    assert reply.cause == "unanswered"
    server._pool.shutdown()
    for end in (read, write):
        with suppress(OSError):
            os.close(end)
    assert threading.active_count() >= 1


def test_a_canary_is_empty_each_time_and_no_object(tmp_path: Path) -> None:
    target = directories.made(tmp_path)
    asked = Questions(target, os.fsencode(tmp_path))
    told = asked.answer(AskCanary(id=1, name="rsync-0a"))
    assert isinstance(told, Canary)
    path = tmp_path / ".georep/.gfid" / told.gfid
    path.write_bytes(b"sung")
    assert asked.answer(AskCanary(id=2, name="rsync-0a")) == Canary(id=2, gfid=told.gfid)
    assert path.read_bytes() == b""
    other = asked.answer(AskCanary(id=3, name="stream-0a"))
    assert isinstance(other, Canary)
    assert other.gfid != told.gfid
    for name in ("", "../x", "UP", "a/b", "a\n"):
        assert isinstance(asked.answer(AskCanary(id=4, name=name)), Failed)
    assert target.listed(TOP) == [b".georep"]
    target.close()
