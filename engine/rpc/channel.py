"""What can be asked of an agent, each as a call that returns what was asked for."""

import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import TypeVar

from engine.errors import Disconnected, Reject
from engine.item import AnyAnswer, AnyItem, Attributes, Gfid, Holder, Piece, Place
from engine.rpc.messages import (
    AnyCall,
    AnyReply,
    Applied,
    Apply,
    Aside,
    AskAside,
    AskCanary,
    AskHost,
    AskLimbo,
    AskMarks,
    AskNotes,
    AskQuarantine,
    AskReady,
    AskRecords,
    Canary,
    Digest,
    Digests,
    Discard,
    Discarded,
    Examine,
    Examined,
    Failed,
    Found,
    Host,
    LeaveMark,
    Limbo,
    List,
    Lookup,
    Marks,
    Names,
    Note,
    Notes,
    PutAway,
    Quarantine,
    Ready,
    Records,
    Remember,
    Remembered,
    Rescue,
    Rescued,
    Restore,
    Restored,
    Sync,
    Synced,
)

Reply = TypeVar("Reply", bound=AnyReply)


class Channel:
    """The way to one agent, whatever carries the messages."""

    def __init__(self, call: Callable[[AnyCall], Awaitable[AnyReply]]) -> None:
        """`call` brings a message there, and back what answers it."""
        self._call = call
        self._ids = count(1)
        self._worked = time.monotonic()

    def idle_for(self) -> float:
        """Return for how many seconds nobody was told how the secondary is."""
        return time.monotonic() - self._worked

    async def apply(self, items: Sequence[AnyItem]) -> list[AnyAnswer]:
        """Have `items`, which do not depend on each other, made so; one answer each, in order."""
        reply = await self._ask(Apply(id=next(self._ids), items=tuple(items)), Applied)
        if [answer.gfid for answer in reply.answers] != [item.gfid for item in items]:
            raise Disconnected("the agent's answers do not fit what was asked", cause="protocol")
        self._worked = time.monotonic()
        return list(reply.answers)

    async def lookup(self, gfids: Sequence[Gfid], places: Sequence[Place] = ()) -> Found:
        """Return what the secondary has under `gfids` and at `places`."""
        asked = Lookup(id=next(self._ids), gfids=tuple(gfids), places=tuple(places))
        found = await self._ask(asked, Found)
        self._worked = time.monotonic()
        return found

    async def limbo(self) -> tuple[Gfid, ...]:
        """Return who is in limbo on the secondary."""
        reply = await self._ask(AskLimbo(id=next(self._ids)), Limbo)
        return reply.gfids

    async def put_away(self, gfids: Sequence[Gfid], day: str) -> list[Gfid]:
        """Bring objects from limbo to quarantine; return those that were in limbo."""
        reply = await self._ask(PutAway(id=next(self._ids), gfids=tuple(gfids), day=day), Limbo)
        return list(reply.gfids)

    async def quarantine(self, days: int) -> Quarantine:
        """Return who is in quarantine, and who has been there for more than `days` days."""
        return await self._ask(AskQuarantine(id=next(self._ids), days=days), Quarantine)

    async def discard(self, holders: Sequence[Holder]) -> Discarded:
        """Take names in quarantine away; the objects end with them when these are their last."""
        return await self._ask(Discard(id=next(self._ids), holders=tuple(holders)), Discarded)

    async def aside(self) -> Aside:
        """Return who is in limbo and in quarantine, with what is known of each."""
        return await self._ask(AskAside(id=next(self._ids)), Aside)

    async def remember(self, gfid: Gfid, record: bytes) -> None:
        """Keep a record of how an object came to be put aside; an empty one takes it back."""
        await self._ask(Remember(id=next(self._ids), gfid=gfid, record=record), Remembered)

    async def records(self, gfids: Sequence[Gfid]) -> list[bytes]:
        """Return what was noted of how each came to be put aside; empty where nothing was."""
        reply = await self._ask(AskRecords(id=next(self._ids), gfids=tuple(gfids)), Records)
        if len(reply.records) != len(gfids):
            raise Disconnected("the agent's answers do not fit what was asked", cause="protocol")
        return list(reply.records)

    async def restore(self, holder: Holder, to: Place) -> None:
        """Bring an object out of quarantine to a free place; Reject when that cannot be."""
        await self._ask(Restore(id=next(self._ids), holder=holder, to=to), Restored)

    async def rescue(self, gfid: Gfid, seen: Attributes, day: str) -> Gfid:
        """Keep a copy of a file in quarantine and empty the file, if it still is as `seen`; return
        the gfid of the copy.
        """
        size, mtime = seen.size, seen.mtime
        asked = Rescue(id=next(self._ids), gfid=gfid, size=size, mtime=mtime, day=day)
        reply = await self._ask(asked, Rescued)
        return reply.copy

    async def ready(self) -> Ready:
        """Return whether the secondary could be worked on; Reject when it does not answer, or takes
        no changes.
        """
        ready = await self._ask(AskReady(id=next(self._ids)), Ready)
        self._worked = time.monotonic()
        return ready

    async def host(self) -> Host:
        """Return what kind of node the agent runs on."""
        return await self._ask(AskHost(id=next(self._ids)), Host)

    async def sync(self) -> None:
        """Return when what was made so would outlive a power cut on the secondary."""
        await self._ask(Sync(id=next(self._ids)), Synced)

    async def page(self, place: Place, after: bytes = b"") -> Names:
        """Return one page of the names of a directory on the secondary, those after `after`."""
        return await self._ask(List(id=next(self._ids), place=place, after=after), Names)

    async def examine(self, places: Sequence[Place]) -> Examined:
        """Return who stands at `places` on the secondary, with all that is compared."""
        return await self._ask(Examine(id=next(self._ids), places=tuple(places)), Examined)

    async def digest(self, pieces: Sequence[Piece]) -> tuple[bytes | None, ...]:
        """Return digests of parts of files on the secondary; None where the file is gone."""
        reply = await self._ask(Digest(id=next(self._ids), pieces=tuple(pieces)), Digests)
        return reply.digests

    async def note(self, name: str, content: bytes) -> dict[str, bytes]:
        """Keep a note on the secondary; return all that are there then."""
        reply = await self._ask(Note(id=next(self._ids), name=name, content=content), Notes)
        return reply.notes

    async def notes(self) -> dict[str, bytes]:
        """Return the notes that are kept on the secondary."""
        reply = await self._ask(AskNotes(id=next(self._ids)), Notes)
        return reply.notes

    async def marks(self) -> Marks:
        """Return the marks that primaries left on the secondary volume."""
        return await self._ask(AskMarks(id=next(self._ids)), Marks)

    async def leave_mark(self, primary: str, value: bytes) -> Marks:
        """Leave the mark of a primary, by its uuid, or take it off: then `value` is empty. Return
        all that are there then.
        """
        return await self._ask(LeaveMark(id=next(self._ids), primary=primary, value=value), Marks)

    async def canary(self, name: str) -> Gfid:
        """Return an empty file on the secondary that a mover can be tried on."""
        reply = await self._ask(AskCanary(id=next(self._ids), name=name), Canary)
        return reply.gfid

    async def _ask(self, call: AnyCall, kind: type[Reply]) -> Reply:
        reply = await self._call(call)
        if isinstance(reply, Failed):
            words = f"the secondary could not answer: {reply.words}"
            raise Reject(words, cause=reply.cause, fix=reply.fix)
        if not isinstance(reply, kind):
            raise Disconnected(
                f"the agent answered {type(call).__name__} with {type(reply).__name__}",
                cause="protocol",
            )
        return reply
