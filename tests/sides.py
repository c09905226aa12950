"""Both sides of a comparison in memory: one as it is, one behind the questions an agent answers."""

from collections.abc import Sequence

from memory_target import MemoryTarget

from engine.item import ROOT, TOP, Attributes, Facts, Gfid, Kind, Piece, Place
from engine.rpc.channel import Channel
from engine.rpc.frames import Unframer, frame
from engine.rpc.messages import AnyCall, AnyReply, Apply
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


class QuestionChannel(Channel):
    """A channel without a connection: each message goes through a frame, both ways."""

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(self._answered)
        self.questions = Questions(target, b"/")
        self.asked: list[AnyCall] = []

    async def _answered(self, question: AnyCall) -> AnyReply:
        assert not isinstance(question, Apply), "rules are not asked for here"
        self.asked.append(question)
        (heard,) = Unframer().feed(frame(question))
        assert heard == question
        (reply,) = Unframer().feed(frame(self.questions.answer(question)))
        assert isinstance(reply, AnyReply)
        return reply


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
