"""Calls over one byte stream to an agent: pipelined, in any order, with a pulse both ways."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any, Protocol

from engine.errors import Disconnected, GeorepError, Reject
from engine.item import AnyAnswer, AnyItem, Attributes, Gfid, Holder, Piece, Place
from engine.rpc.frames import Unframer, frame
from engine.rpc.messages import (
    AnyCall,
    AnyMessage,
    AnyReply,
    Applied,
    Apply,
    Aside,
    AskAside,
    AskCanary,
    AskHealth,
    AskHost,
    AskLimbo,
    AskMarks,
    AskNotes,
    AskQuarantine,
    Canary,
    Digest,
    Digests,
    Discard,
    Discarded,
    Examine,
    Examined,
    Failed,
    Found,
    Health,
    Hello,
    Host,
    LeaveMark,
    Limbo,
    List,
    Lookup,
    Marks,
    Names,
    Note,
    Notes,
    Ping,
    Pong,
    PutAway,
    Quarantine,
    Remember,
    Remembered,
    Rescue,
    Rescued,
    Restore,
    Restored,
    Sorry,
    Sync,
    Synced,
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


class Channel:
    """One connection to an agent; `serve` must run while calls are made."""

    def __init__(self, reader: Reader, writer: Writer, *, silence: float) -> None:
        """`silence`: seconds without a word from the agent after which it counts as gone."""
        self._reader, self._writer, self._silence = reader, writer, silence
        self._unframer = Unframer(after_magic=True)
        self._ids = count(1)
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

    async def apply(self, items: Sequence[AnyItem]) -> list[AnyAnswer]:
        """Have `items`, which do not depend on each other, made so; one answer each, in order."""
        reply = await self._call(Apply(id=next(self._ids), items=tuple(items)))
        assert isinstance(reply, Applied)
        if [answer.gfid for answer in reply.answers] != [item.gfid for item in items]:
            raise Disconnected("the agent's answers do not fit what was asked", cause="protocol")
        return list(reply.answers)

    async def lookup(self, gfids: Sequence[Gfid], places: Sequence[Place] = ()) -> Found:
        """Return what the secondary has under `gfids` and at `places`."""
        reply = await self._call(
            Lookup(id=next(self._ids), gfids=tuple(gfids), places=tuple(places))
        )
        assert isinstance(reply, Found)
        return reply

    async def limbo(self) -> tuple[Gfid, ...]:
        """Return who is in limbo on the secondary."""
        reply = await self._call(AskLimbo(id=next(self._ids)))
        assert isinstance(reply, Limbo)
        return reply.gfids

    async def put_away(self, gfids: Sequence[Gfid], day: str) -> list[Gfid]:
        """Bring objects from limbo to quarantine; return those that were in limbo."""
        reply = await self._call(PutAway(id=next(self._ids), gfids=tuple(gfids), day=day))
        assert isinstance(reply, Limbo)
        return list(reply.gfids)

    async def quarantine(self, days: int) -> Quarantine:
        """Return who is in quarantine, and who has been there for more than `days` days."""
        reply = await self._call(AskQuarantine(id=next(self._ids), days=days))
        assert isinstance(reply, Quarantine)
        return reply

    async def discard(self, holders: Sequence[Holder]) -> Discarded:
        """Take names in quarantine away; the objects end with them when these are their last."""
        reply = await self._call(Discard(id=next(self._ids), holders=tuple(holders)))
        assert isinstance(reply, Discarded)
        return reply

    async def aside(self) -> Aside:
        """Return who is in limbo and in quarantine, with what is known of each."""
        reply = await self._call(AskAside(id=next(self._ids)))
        assert isinstance(reply, Aside)
        return reply

    async def remember(self, gfid: Gfid, record: bytes) -> None:
        """Keep a record of how an object came to be put aside; an empty one takes it back."""
        reply = await self._call(Remember(id=next(self._ids), gfid=gfid, record=record))
        assert isinstance(reply, Remembered)

    async def restore(self, holder: Holder, to: Place) -> None:
        """Bring an object out of quarantine to a free place; Reject when that cannot be."""
        reply = await self._call(Restore(id=next(self._ids), holder=holder, to=to))
        assert isinstance(reply, Restored)

    async def rescue(self, gfid: Gfid, seen: Attributes, day: str) -> Gfid:
        """Keep a copy of a file in quarantine and empty the file, if it still is as `seen`; return
        the gfid of the copy.
        """
        size, mtime = seen.size, seen.mtime
        asked = Rescue(id=next(self._ids), gfid=gfid, size=size, mtime=mtime, day=day)
        reply = await self._call(asked)
        assert isinstance(reply, Rescued)
        return reply.copy

    async def health(self) -> Health:
        """Return space on the secondary and the agent's needs."""
        reply = await self._call(AskHealth(id=next(self._ids)))
        assert isinstance(reply, Health)
        return reply

    async def host(self) -> Host:
        """Return what kind of node the agent runs on."""
        reply = await self._call(AskHost(id=next(self._ids)))
        assert isinstance(reply, Host)
        return reply

    async def sync(self) -> None:
        """Return when what was made so would outlive a power cut on the secondary."""
        reply = await self._call(Sync(id=next(self._ids)))
        assert isinstance(reply, Synced)

    async def page(self, place: Place, after: bytes = b"") -> Names:
        """Return one page of the names of a directory on the secondary, those after `after`."""
        reply = await self._call(List(id=next(self._ids), place=place, after=after))
        assert isinstance(reply, Names)
        return reply

    async def examine(self, places: Sequence[Place]) -> Examined:
        """Return who stands at `places` on the secondary, with all that is compared."""
        reply = await self._call(Examine(id=next(self._ids), places=tuple(places)))
        assert isinstance(reply, Examined)
        return reply

    async def digest(self, pieces: Sequence[Piece]) -> tuple[bytes | None, ...]:
        """Return digests of parts of files on the secondary; None where the file is gone."""
        reply = await self._call(Digest(id=next(self._ids), pieces=tuple(pieces)))
        assert isinstance(reply, Digests)
        return reply.digests

    async def note(self, name: str, content: bytes) -> dict[str, bytes]:
        """Keep a note on the secondary; return all that are there then."""
        reply = await self._call(Note(id=next(self._ids), name=name, content=content))
        assert isinstance(reply, Notes)
        return reply.notes

    async def notes(self) -> dict[str, bytes]:
        """Return the notes that are kept on the secondary."""
        reply = await self._call(AskNotes(id=next(self._ids)))
        assert isinstance(reply, Notes)
        return reply.notes

    async def marks(self) -> Marks:
        """Return the marks that primaries left on the secondary volume."""
        reply = await self._call(AskMarks(id=next(self._ids)))
        assert isinstance(reply, Marks)
        return reply

    async def leave_mark(self, primary: str, value: bytes) -> Marks:
        """Leave the mark of a primary, by its uuid, or take it off: then `value` is empty. Return
        all that are there then.
        """
        reply = await self._call(LeaveMark(id=next(self._ids), primary=primary, value=value))
        assert isinstance(reply, Marks)
        return reply

    async def canary(self, name: str) -> Gfid:
        """Return an empty file on the secondary that a mover can be tried on."""
        reply = await self._call(AskCanary(id=next(self._ids), name=name))
        assert isinstance(reply, Canary)
        return reply.gfid

    async def _call(self, call: AnyCall) -> AnyReply:
        if self._lost is not None:
            raise self._lost
        future: asyncio.Future[AnyReply] = asyncio.get_running_loop().create_future()
        self._waiting[call.id] = future
        try:
            await self._send(call)
            reply = await future
        finally:
            del self._waiting[call.id]
        if isinstance(reply, Failed):
            raise Reject(f"the secondary could not answer: {reply.words}", cause=reply.cause)
        return reply

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
        match message:
            case (
                Applied()
                | Found()
                | Limbo()
                | Quarantine()
                | Discarded()
                | Aside()
                | Remembered()
                | Restored()
                | Rescued()
                | Health()
                | Host()
                | Names()
                | Examined()
                | Digests()
                | Notes()
                | Marks()
                | Synced()
                | Canary()
                | Failed()
            ):
                future = self._waiting.get(message.id)
                if future is not None and not future.done():
                    future.set_result(message)
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
