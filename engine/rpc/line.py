"""One byte stream to an agent: calls, pipelined, their replies in any order, a pulse both ways."""

import asyncio
from typing import Any, Protocol

from engine.errors import Disconnected, GeorepError, Reject
from engine.rpc.frames import Unframer, frame
from engine.rpc.messages import (
    AnyCall,
    AnyMessage,
    AnyReply,
    Hello,
    Ping,
    Pong,
    Sorry,
    Welcome,
)


class Reader(Protocol):
    """Where bytes come from; b"" is the end."""

    async def read(self, n: int = -1, /) -> bytes:
        """Return at most `n` bytes."""
        ...


class Writer(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> None:
        """Queue `data`."""

    async def drain(self) -> None:
        """Wait until the queue is short."""


class Line:
    """One connection; `serve` must run while calls are made."""

    def __init__(self, reader: Reader, writer: Writer, *, silence: float) -> None:
        """`silence`: seconds without a word from the agent after which it counts as gone."""
        self._reader, self._writer, self._silence = reader, writer, silence
        self._unframer = Unframer(after_magic=True)
        self._waiting: dict[int, asyncio.Future[AnyReply]] = {}
        self._greeting: asyncio.Future[Welcome] = asyncio.get_running_loop().create_future()
        self._sending = asyncio.Lock()
        self._lost: GeorepError | None = None

    @property
    def greeted(self) -> bool:
        """Whether an agent has spoken at all."""
        return self._unframer.greeted

    @property
    def noise(self) -> str:
        """What the far side's shell printed before the agent spoke."""
        return self._unframer.noise.decode("utf-8", "replace")

    async def serve(self) -> None:
        """Receive until the connection ends; everything that waits then fails. Always raises."""
        error: GeorepError = Disconnected("the agent on the secondary ended", cause="agent ended")
        try:
            async with asyncio.TaskGroup() as group:
                pulse = group.create_task(self._pulse())
                await self._receive()
                pulse.cancel()
        except* GeorepError as errors:
            error = _first(errors)
        finally:
            self._lose(error)
        raise error

    async def greet(self, hello: Hello) -> Welcome:
        """Say hello and return the agent's welcome; its refusal is raised as Reject with its own
        words.
        """
        await self._send(hello)
        return await self._greeting

    async def call(self, call: AnyCall) -> AnyReply:
        """Send `call`, whose id must be its own on this line; return what came back to it."""
        if self._lost is not None:
            raise self._lost
        future: asyncio.Future[AnyReply] = asyncio.get_running_loop().create_future()
        self._waiting[call.id] = future
        try:
            await self._send(call)
            return await future
        finally:
            del self._waiting[call.id]

    async def _send(self, message: AnyMessage) -> None:
        data = frame(message)
        async with self._sending:
            try:
                self._writer.write(data)
                await self._writer.drain()
            except (OSError, EOFError) as error:
                raise Disconnected(
                    "the connection to the secondary broke", cause="connection lost"
                ) from error

    async def _receive(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._silence or None):
                    data = await self._reader.read(1 << 20)
            except TimeoutError:
                raise Disconnected(
                    f"the secondary has been silent for {self._silence:.0f} s",
                    cause="secondary silent",
                ) from None
            except (OSError, EOFError) as error:
                raise Disconnected(
                    "the connection to the secondary broke", cause="connection lost"
                ) from error
            if not data:
                return
            for message in self._unframer.feed(data):
                self._take(message)

    def _take(self, message: AnyMessage) -> None:
        if isinstance(message, AnyReply):
            future = self._waiting.get(message.id)
            if future is not None and not future.done():
                future.set_result(message)
            return
        match message:
            case Welcome():
                if not self._greeting.done():
                    self._greeting.set_result(message)
            case Sorry():
                why = {"cause": message.cause, "fix": message.fix, "evidence": message.evidence}
                if self._greeting.done():
                    # It says why it ends, which tells more than that it has ended.
                    raise Disconnected(message.words, **why)
                self._greeting.set_exception(Reject(message.words, **why))
            case Pong():
                pass
            case _:
                raise Disconnected(
                    f"the agent said {type(message).__name__} out of turn", cause="protocol"
                )

    async def _pulse(self) -> None:
        while self._silence:
            await asyncio.sleep(self._silence / 3)
            await self._send(Ping())

    def _lose(self, error: GeorepError) -> None:
        self._lost = error
        for future in self._waiting.values():
            _fail(future, error)
        _fail(self._greeting, error)


def _fail(future: asyncio.Future[Any], error: GeorepError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # the one who waits sees it; nobody waiting is no fault


def _first(errors: BaseExceptionGroup[GeorepError]) -> GeorepError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, GeorepError)
    return error
