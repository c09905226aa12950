"""How an agent ends when calls of its mount do not."""

import os
import threading
import time
from collections.abc import Iterator

import pytest
from memory_target import MemoryTarget

from engine.item import AnyAnswer, AnyItem, Done, Gfid, Gone
from engine.rpc.frames import frame
from engine.rpc.messages import Apply, Ping
from engine.secondary import agent
from engine.secondary.agent import Server, _Pipe
from engine.secondary.opened import Opened
from engine.secondary.target import Target

A = Gfid("0000000a-0000-4000-8000-000000000000")


class Mounted:
    """A mount in which calls hang until its client ends; and the two ends of the agent's pipe."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.client_ended = threading.Event(), threading.Event()
        self.hears, self.speaks = os.pipe()
        self.sink = os.open(os.devnull, os.O_WRONLY)
        there = Opened(MemoryTarget(), b"/", b"/", "uuid", lambda: "", self.client_ended.set)
        self.server = Server(there, _Pipe(self.hears, self.sink))
        monkeypatch.setattr(agent, "apply", self._hang)
        monkeypatch.setattr(agent, "_GRACE", 0.2)

    def says(self, message: Apply | Ping) -> None:
        os.write(self.speaks, frame(message))

    def _hang(self, target: Target, item: AnyItem) -> AnyAnswer:
        self.entered.set()
        self.client_ended.wait(30)
        return Done(gfid=item.gfid, changed=False)


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mounted]:
    made = Mounted(monkeypatch)
    yield made
    made.client_ended.set()
    for end in (made.hears, made.speaks, made.sink):
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
