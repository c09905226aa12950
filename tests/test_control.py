import asyncio
import contextlib
import itertools
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import commands, events, feed, files
from engine.commands import Answer, AnyCommand, Reload, Stop
from engine.errors import Retry, Usage
from engine.events import AnyEvent, EngineStarted, EntryFailed, SessionKnown, Wanted
from engine.lab.watch import Watch
from engine.session import control
from engine.session.control import Control
from engine.state import State, apply

ENGINE = EngineStarted(at=1.0, node="h", version="1", pid=7)
KNOWN = SessionKnown(
    at=2.0, session="s", primary="v", secondary="root@b::v", wanted=Wanted.STARTED, node="h"
)


class Engine:
    """As much of an engine as a console sees."""

    def __init__(self) -> None:
        self.state = State()
        self.asked: list[AnyCommand] = []
        self.control = Control(self.state, self.obey)

    async def obey(self, command: AnyCommand) -> Answer:
        self.asked.append(command)
        return Answer(done=True)

    def tell(self, event: AnyEvent) -> None:
        apply(self.state, event)
        self.control.publish(event)


@contextlib.asynccontextmanager
async def _running(path: Path, *, node: str = "h") -> AsyncIterator[Engine]:
    engine = Engine()
    async with engine.control.listen(path):
        engine.tell(msgspec.structs.replace(ENGINE, node=node))
        engine.tell(msgspec.structs.replace(KNOWN, node=node))
        yield engine


def _failure(number: int) -> EntryFailed:
    said = {"path": "/p", "doing": "create", "kind": "EACCES", "words": "x" * 4000}
    return EntryFailed(
        at=3.0 + number, session="s", worker="h:/b", gfid=f"{number}", tries=1, **said
    )


async def test_a_reader_gets_the_snapshot_then_events(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    async with _running(path) as engine:
        stream = feed.once(path)
        assert [await anext(stream), await anext(stream)] == [ENGINE, KNOWN]
        engine.tell(_failure(1))
        assert await anext(stream) == _failure(1)
        await stream.aclose()


@given(
    st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"")), max_size=8),
    st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"")),
    st.data(),
)
def test_lines_are_the_same_however_they_come(
    whole: list[bytes], rest: bytes, data: st.DataObject
) -> None:
    told = b"".join(line + b"\n" for line in whole) + rest
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=6)))

    async def read() -> list[bytes]:
        reader = asyncio.StreamReader()
        found = asyncio.ensure_future(_all(feed.lines(reader)))
        for begin, end in itertools.pairwise([0, *cuts, len(told)]):
            reader.feed_data(told[begin:end])
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        reader.feed_eof()
        return await found

    assert asyncio.run(read()) == [*whole, *[rest] * bool(rest)]


async def _all(told: AsyncIterator[bytes]) -> list[bytes]:
    return [line async for line in told]


async def test_who_never_ends_a_line_is_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LINE", 10)
    reader = asyncio.StreamReader()
    reader.feed_data(b"one\n" + b"x" * 11)
    assert await _all(feed.lines(reader)) == [b"one"]


async def test_a_snapshot_that_comes_in_parts_is_yielded_as_a_whole(tmp_path: Path) -> None:
    path, rest = tmp_path / "engine.sock", asyncio.Event()

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(events.encode(ENGINE) + b"\n")
        await rest.wait()
        writer.write(events.encode(KNOWN) + b"\n" + commands.encode(Answer(done=True)) + b"\n")
        writer.write(events.encode(_failure(1)) + b"\n")
        writer.close()

    async with await asyncio.start_unix_server(tell, path):
        stream = feed.once(path)
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.05)
        assert not first.done()
        rest.set()
        assert await first == ENGINE
        assert [event async for event in stream] == [KNOWN, _failure(1)]


async def test_nobody_looks_before_every_engine_has_told(tmp_path: Path) -> None:
    paths = [tmp_path / "1.sock", tmp_path / "2.sock"]
    seen: list[int] = []

    def holds(state: State) -> bool:
        seen.append(len(state.sessions["s"].nodes))
        return True

    async with _running(paths[0]), Watch(paths) as watch:
        waiting = asyncio.ensure_future(watch.until("both have told", holds))
        while not watch.state.sessions:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        assert seen == []
        async with _running(paths[1], node="other"):
            await waiting
    assert seen == [2]


async def test_commands_are_answered_among_events(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    async with _running(path) as engine:
        assert await feed.ask(path, Reload()) == Answer(done=True)
        assert await feed.ask(path, Stop()) == Answer(done=True)
        assert engine.asked == [Reload(), Stop()]
        reader, writer = await feed.connect(path)
        writer.write(b"what?\n")
        lines = [await reader.readline() for _ in range(3)]
        assert any(b"does not know" in line for line in lines)
        writer.close()


@pytest.mark.parametrize("length", [20, 200], ids=["short path", "longer than an address"])
async def test_the_socket_is_private_and_goes_away(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("d" * length) / "engine.sock"
    async with _running(path):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert (await feed.ask(path, Reload())).done
    assert not path.exists()


async def test_what_a_dead_engine_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    with pytest.raises(Retry, match="No engine runs here"):
        await feed.ask(path, Reload())
    async with _running(path):
        assert (await feed.ask(path, Reload())).done


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    def hold() -> contextlib.AbstractContextManager[None]:
        return files.locked(tmp_path / "lock", what="An engine runs", fix="Stop it.")

    with hold(), pytest.raises(Usage, match=f"An engine runs: process {os.getpid()} holds"), hold():
        pass
    with hold():
        pass


async def test_a_slow_reader_is_left_behind_and_gets_a_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    async with _running(path) as engine:
        reader, writer = await feed.connect(path)
        await reader.readline()
        for number in range(2000):  # 8 MB: more than kernel, slack and our own buffer take
            engine.tell(_failure(number))
        state = State()
        while state != engine.state:
            event = events.decode(await reader.readline())
            assert event is not None
            apply(state, event)
        engine.tell(_failure(9999))
        while state != engine.state:
            event = events.decode(await reader.readline())
            assert event is not None
            apply(state, event)
        writer.close()


async def test_a_stuck_reader_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PATIENCE", 0.05)
    path = tmp_path / "engine.sock"
    async with _running(path) as engine:
        with socket.socket(socket.AF_UNIX) as stuck:
            stuck.setblocking(False)
            await asyncio.get_running_loop().sock_connect(stuck, str(path))
            await feed.ask(path, Reload())  # by now the stuck one is connected too
            for number in range(2000):
                engine.tell(_failure(number))
            while engine.control._readers:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)


async def test_live_comes_back_with_a_new_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    heard: list[str] = []
    stream = feed.live(path, heard=heard.append)
    async with _running(path):
        assert [await anext(stream), await anext(stream)] == [ENGINE, KNOWN]
    async with _running(path):
        assert [await anext(stream), await anext(stream)] == [ENGINE, KNOWN]
    await stream.aclose()
    assert heard[0] == ""
    assert heard[1].startswith("The engine closed the connection")
    assert heard[-1] == ""


async def test_asking_something_that_is_no_engine(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    async with await asyncio.start_unix_server(hang_up, path):
        with pytest.raises(Retry, match="ended before it answered"):
            await feed.ask(path, Reload())


@pytest.mark.parametrize("line", [b"", b"\xff", b'{"type":"\xff"}', b'{"type":1}', b"[]", b"{"])
def test_what_is_no_event_and_no_command_is_nothing(line: bytes) -> None:
    assert events.decode(line) is None
    assert commands.decode(line) is None
    assert commands.decode_answer(line) is None
