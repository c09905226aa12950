"""How an agent ends when calls of its mount do not."""

import os
import threading
import time
from collections.abc import Iterator

import pytest
from memory_target import MemoryTarget

from engine.errors import Retry
from engine.item import AnyAnswer, AnyItem, Done, Gfid, Gone
from engine.rpc.frames import frame
from engine.rpc.messages import PROTOCOL, Apply, Hello, Ping, Pong, Sorry
from engine.secondary import agent
from engine.secondary.agent import Server, _Pipe
from engine.secondary.lent import Lent
from engine.secondary.opened import Opened
from engine.secondary.target import Target

A = Gfid("0000000a-0000-4000-8000-000000000000")


class Mounted:
    """A mount in which calls hang until its client ends; and the two ends of the agent's pipe."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.client_ended = threading.Event(), threading.Event()
        self.hears, self.speaks = os.pipe()
        self.reads, self.sink = os.pipe()
        there = Opened(MemoryTarget(), b"/", b"/", "uuid", lambda: "", self.client_ended.set)
        self.server = Server(there, _Pipe(self.hears, self.sink))
        monkeypatch.setattr(agent, "apply", self._hang)
        monkeypatch.setattr(agent, "_GRACE", 0.2)

    def says(self, message: Apply | Ping) -> None:
        os.write(self.speaks, frame(message))

    def _hang(self, target: Target, item: AnyItem, lent: Lent | None) -> AnyAnswer:
        self.entered.set()
        self.client_ended.wait(30)
        return Done(gfid=item.gfid, changed=False)


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mounted]:
    made = Mounted(monkeypatch)
    yield made
    made.client_ended.set()
    for end in (made.hears, made.speaks, made.reads, made.sink):
        try:
            os.close(end)
        except OSError:
            continue


def test_what_hangs_when_the_primary_is_gone_ends_with_the_client(mounted: Mounted) -> None:
    mounted.says(Apply(id=1, items=(Gone(gfid=A, heard=(), lawful=True),)))
    threading.Thread(target=lambda: (mounted.entered.wait(30), os.close(mounted.speaks))).start()
    assert mounted.server.run(30) == 0
    assert mounted.client_ended.is_set()


def test_a_call_that_does_not_end_ends_the_agent_though_the_primary_speaks(
    mounted: Mounted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(agent, "_LEAST_PATIENCE", 1.2)
    mounted.says(Apply(id=1, items=(Gone(gfid=A, heard=(), lawful=True),)))

    def ping() -> None:
        while not mounted.client_ended.is_set():
            mounted.says(Ping())
            time.sleep(0.05)

    threading.Thread(target=ping).start()
    assert mounted.server.run(1) == 1
    assert mounted.client_ended.is_set()
    assert "has not ended" in capsys.readouterr().err
    heard = _Pipe(mounted.reads, mounted.sink)
    while not isinstance(last := heard.receive(30), Sorry):
        assert isinstance(last, Pong)
    assert (last.cause, "has not ended" in last.words) == ("secondary given up", True)


def test_an_agent_ends_though_nobody_reads_what_it_says(mounted: Mounted) -> None:
    os.set_blocking(mounted.sink, False)
    try:
        while True:
            os.write(mounted.sink, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(mounted.sink, True)
    trouble = iter(["", "its disk is gone"])
    mounted.server._trouble = lambda silence: next(trouble)  # type: ignore[method-assign]
    mounted.says(Ping())
    ended = threading.Thread(target=lambda: mounted.server.run(30), daemon=True)
    mounted.server.take = lambda message: None  # type: ignore[method-assign]
    ended.start()
    ended.join(30)
    assert not ended.is_alive()


def test_a_primary_hears_of_an_agent_that_waits_for_an_older_one(
    mounted: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Claimed(MemoryTarget):
        def claim(self, worker: str, patience: float) -> bool:
            tries.append(worker)
            return len(tries) == 3

    tries: list[str] = []
    pipe = _Pipe(mounted.hears, mounted.sink)
    hello = Hello(protocol=PROTOCOL, version="1", session="s", worker="w", volume="v", silence=0)
    agent.claim(Claimed(), hello, pipe)
    heard = _Pipe(mounted.reads, mounted.sink)
    assert [heard.receive(30), heard.receive(30)] == [Pong(), Pong()]
    assert set(tries) == {"s w"}
    monkeypatch.setattr(agent, "_CLAIMED_AFTER", -1.0)
    tries[:] = ["others"] * 3
    with pytest.raises(Retry, match="an older agent"):
        agent.claim(Claimed(), hello, pipe)


def test_the_client_is_left_alone_when_all_ends(
    mounted: Mounted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(target: Target, item: AnyItem) -> AnyAnswer:
        return Done(gfid=item.gfid, changed=False)

    monkeypatch.setattr(agent, "apply", short)
    mounted.says(Apply(id=1, items=(Gone(gfid=A, heard=(), lawful=True),)))
    os.close(mounted.speaks)
    assert mounted.server.run(30) == 0
    assert not mounted.client_ended.is_set()
