"""Both sides of a comparison in memory: one as it is, one behind the questions an agent answers."""

from collections.abc import Sequence
from itertools import count

from memory_target import MemoryTarget

from engine.errors import Reject
from engine.item import ROOT, TOP, Attributes, Facts, Gfid, Holder, Kind, Piece, Place
from engine.rpc.frames import Unframer, frame
from engine.rpc.messages import (
    AnyQuestion,
    AnyReply,
    Aside,
    AskAside,
    AskNotes,
    AskQuarantine,
    Digest,
    Digests,
    Discard,
    Discarded,
    Examine,
    Examined,
    Failed,
    List,
    Names,
    Note,
    Notes,
    Quarantine,
    Remember,
    Remembered,
    Rescue,
    Rescued,
    Restore,
    Restored,
)
from engine.secondary.questions import Questions
from engine.session.sides import Listing


def gfid(number: int) -> Gfid:
    return Gfid(f"{number:08x}-0000-4000-8000-{number:012x}")


def facts(number: int, kind: Kind = Kind.FILE, **more: object) -> Facts:
    """Return an ordinary object; `more` are fields of Attributes."""
    mode = {Kind.DIRECTORY: 0o40755, Kind.SYMLINK: 0o120777, Kind.BLOCK: 0o60600}
    shown: dict[str, object] = {"mode": mode.get(kind, 0o100644), "uid": 0, "gid": 0, "size": 3}
    shown |= {"mtime": 5, "atime": 6, **more}
    return Facts(gfid(number), kind, Attributes(**shown), 1)  # type: ignore[arg-type]


class MemorySide:
    """A volume in memory that is asked without a detour."""

    def __init__(self, target: MemoryTarget) -> None:
        self.target = target

    async def listing(self, place: Place) -> Listing:
        names = self.target.listed(place)
        return Listing(names or [], there=names is not None)

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        return self.target.facts(places)

    async def digests(self, pieces: Sequence[Piece]) -> Sequence[bytes | None]:
        return [self.target.digest(piece) for piece in pieces]


class QuestionChannel:
    """What a Channel does, without a connection: each message goes through a frame, both ways."""

    def __init__(self, target: MemoryTarget) -> None:
        self.questions = Questions(target, b"/")
        self.asked: list[AnyQuestion] = []
        self._ids = count(1)

    async def page(self, place: Place, after: bytes = b"") -> Names:
        reply = self._ask(List(id=next(self._ids), place=place, after=after))
        assert isinstance(reply, Names)
        return reply

    async def examine(self, places: Sequence[Place]) -> Examined:
        reply = self._ask(Examine(id=next(self._ids), places=tuple(places)))
        assert isinstance(reply, Examined)
        return reply

    async def digest(self, pieces: Sequence[Piece]) -> tuple[bytes | None, ...]:
        reply = self._ask(Digest(id=next(self._ids), pieces=tuple(pieces)))
        assert isinstance(reply, Digests)
        return reply.digests

    async def quarantine(self, days: int) -> Quarantine:
        reply = self._ask(AskQuarantine(id=next(self._ids), days=days))
        assert isinstance(reply, Quarantine)
        return reply

    async def discard(self, holders: Sequence[Holder]) -> Discarded:
        reply = self._ask(Discard(id=next(self._ids), holders=tuple(holders)))
        assert isinstance(reply, Discarded)
        return reply

    async def aside(self) -> Aside:
        reply = self._ask(AskAside(id=next(self._ids)))
        assert isinstance(reply, Aside)
        return reply

    async def remember(self, gfid: Gfid, record: bytes) -> None:
        reply = self._ask(Remember(id=next(self._ids), gfid=gfid, record=record))
        assert isinstance(reply, Remembered)

    async def restore(self, holder: Holder, to: Place) -> None:
        reply = self._ask(Restore(id=next(self._ids), holder=holder, to=to))
        assert isinstance(reply, Restored)

    async def rescue(self, gfid: Gfid, seen: Attributes, day: str) -> Gfid:
        asked = Rescue(id=next(self._ids), gfid=gfid, size=seen.size, mtime=seen.mtime, day=day)
        reply = self._ask(asked)
        assert isinstance(reply, Rescued)
        return reply.copy

    async def note(self, name: str, content: bytes) -> dict[str, bytes]:
        return self._notes(Note(id=next(self._ids), name=name, content=content))

    async def notes(self) -> dict[str, bytes]:
        return self._notes(AskNotes(id=next(self._ids)))

    def _notes(self, question: AnyQuestion) -> dict[str, bytes]:
        reply = self._ask(question)
        assert isinstance(reply, Notes)
        return reply.notes

    def _ask(self, question: AnyQuestion) -> AnyReply:
        self.asked.append(question)
        (heard,) = Unframer().feed(frame(question))
        assert heard == question
        (reply,) = Unframer().feed(frame(self.questions.answer(question)))
        if isinstance(reply, Failed):
            raise Reject(reply.words, cause=reply.cause)
        return reply  # type: ignore[return-value]  # an agent sends nothing else


def paths(target: MemoryTarget) -> dict[bytes, Gfid]:
    """Return everything in a volume by its path, the root as the empty one."""
    found, todo = {b"": ROOT}, [(b"", ROOT)]
    while todo:
        path, parent = todo.pop()
        for place, child in target.places.items():
            if place.parent == parent and not (parent == ROOT and place.name == b".georep"):
                inner = path + b"/" + place.name if path else place.name
                found[inner] = child
                if target.things[child].kind is Kind.DIRECTORY:
                    todo.append((inner, child))
    return found


__all__ = ["TOP", "MemorySide", "QuestionChannel", "facts", "gfid", "paths"]
