"""What operators are told of who was put aside, and whether one may be brought back. Pure."""

from dataclasses import dataclass

from engine import names
from engine.item import Facts, Gfid, Kind
from engine.plan import records, shelves
from engine.plan.items import Absent, Truth, Unclear
from engine.plan.records import Record
from engine.rpc.messages import PutAside

STILL = "in limbo"
SETTLED = "in quarantine"

_ELSEWHERE = "Name another place: --to PATH, or in the console R."


@dataclass(frozen=True, slots=True)
class Shelved:
    """One who was put aside."""

    put: PutAside
    record: Record

    @classmethod
    def of(cls, put: PutAside) -> "Shelved":
        """Return what is known of it."""
        return cls(put, records.decode(put.record))

    @property
    def gfid(self) -> Gfid:
        """Its gfid."""
        return self.put.holder.gfid

    @property
    def kind(self) -> Kind:
        """What it is."""
        return self.put.holder.kind

    @property
    def name(self) -> str:
        """What it is called there, made printable."""
        return names.show(self.put.holder.place.name)

    @property
    def where(self) -> str:
        """Where it is now."""
        return SETTLED if self.put.settled else STILL

    @property
    def day(self) -> str:
        """The day it came to quarantine, YYYY-MM-DD; empty when its name does not say it."""
        since = shelves.since(self.put.holder) if self.put.settled else None
        return since.isoformat() if since is not None else ""

    def called(self, word: str) -> bool:
        """Whether an operator who says `word` means it."""
        return word in (self.gfid, self.name)


def trouble(
    one: Shelved, truth: Truth, *, parent: Facts | None, here: Facts | None, there: Facts | None
) -> str:
    """Return why `one` may not be brought to a place, with the next step; empty when it may.

    `truth`: what it is on the primary; `parent`: what the secondary has as that place's directory;
    `here`, `there`: who stands at the place on the primary, and on the secondary.
    """
    match truth:
        case _ if not one.put.settled:
            return (
                "It is in limbo: the primary is still being asked what became of it. In a minute "
                "it is at its place, gone, or in quarantine."
            )
        case Absent():
            pass
        case Unclear():
            return f"Nobody can say whether the primary has it: {truth.words}. Try again later."
        case _:
            return (
                "The primary has it, and georep brings it to its own place. georep retry with its "
                "gfid has it done now."
            )
    if here is not None:
        return (
            f"The primary has {here.kind} {here.gfid or 'that cannot be read'} at this place, so "
            f"georep would put it aside again. {_ELSEWHERE}"
        )
    if parent is None or parent.kind is not Kind.DIRECTORY:
        return f"Its directory is not on the secondary. {_ELSEWHERE}"
    if there is not None and there.gfid != one.gfid:
        return (
            f"The secondary has {there.kind} {there.gfid or 'that cannot be read'} there, and "
            f"nothing is put over anybody. {_ELSEWHERE}"
        )
    return ""
