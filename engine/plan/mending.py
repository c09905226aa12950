"""What would mend a failure that does not mend itself, by what both sides have now. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from engine import failures, names
from engine.item import Facts, Gfid, Kind, Place
from engine.plan.items import Absent, Alive, Truth, Unclear
from engine.plan.steps import Step

_OBSTRUCTED = frozenset({"gfid conflict", "ENOTSUP", "EEXIST"})
"""Kinds of failure that somebody on the secondary causes who is in the way."""


class Remedy(Enum):
    """What can be done about a failure."""

    NONE = auto()
    """Nothing from here: the world has to change, or it mends itself."""
    AGAIN = auto()
    """Nothing is in the way any more: try it again."""
    WAY = auto()
    """Others stand at its names: move them aside, and make it."""
    COPY = auto()
    """A file of bytes has its gfid, and it is none: keep a copy of that, and make it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who stands at one of its names on the secondary."""

    place: Place
    path: bytes
    facts: Facts
    truth: Truth
    """What that one is on the primary."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What both sides have of one failure now."""

    gfid: Gfid
    kind: str
    """The kind of failure."""
    path: bytes
    """Where it stands on the primary; where it failed, if it is gone."""
    truth: Truth
    under: Facts | None
    """What the secondary has under its gfid."""
    holders: tuple[Holder, ...] = ()
    """Others at its names."""


def remedy(evidence: Evidence) -> Remedy:
    """Return what can be done."""
    if evidence.kind == "quarantined" or isinstance(evidence.truth, Unclear):
        return Remedy.NONE
    if isinstance(evidence.truth, Absent):
        return Remedy.AGAIN
    if _usurped(evidence.truth, evidence.under):
        return Remedy.COPY
    if any(not holder.facts.gfid for holder in evidence.holders):
        return Remedy.NONE
    if evidence.holders:
        return Remedy.WAY
    return Remedy.AGAIN if evidence.kind in _OBSTRUCTED else Remedy.NONE


def _usurped(truth: Alive, under: Facts | None) -> bool:
    """Whether a file with bytes has the gfid of what is no file."""
    return (
        under is not None
        and under.kind is Kind.FILE
        and truth.kind is not Kind.FILE
        and under.attributes.size > 0
    )


def step(evidence: Evidence, session: str) -> Step:
    """Return what would be done, with what both sides have."""
    found = remedy(evidence)
    return Step(
        gfid=evidence.gfid,
        name=names.show(evidence.path),
        primary=_primary(evidence.truth),
        secondary=_secondary(evidence),
        does=tuple(_does(evidence, found)),
        refused="" if found is not Remedy.NONE else _why_not(evidence, session),
    )


def _does(evidence: Evidence, found: Remedy) -> list[str]:
    match found:
        case Remedy.NONE:
            return []
        case Remedy.AGAIN if isinstance(evidence.truth, Absent):
            return ["try it again: it is gone from the primary, so it leaves this list"]
        case Remedy.AGAIN:
            return ["try it again: nobody is in its way any more"]
        case Remedy.WAY:
            return [*map(_aside, evidence.holders), *_made(evidence)]
        case Remedy.COPY:
            assert evidence.under is not None, "that is what is copied"
            size = evidence.under.attributes.size
            return [
                f"keep a copy of the secondary's file of {size} bytes in quarantine, compared",
                "then remove the file, and with it the gfid that is not its own",
                *_made(evidence),
            ]


def _aside(holder: Holder) -> str:
    one = f"move the secondary's {holder.facts.kind} {holder.facts.gfid} aside"
    if isinstance(holder.truth, Alive):
        return f"{one}, to where the primary has it"
    return f"{one}, in quarantine when nobody speaks of it"


def _made(evidence: Evidence) -> list[str]:
    if not isinstance(evidence.truth, Alive):
        return []
    found = evidence.truth
    lines = [f"make {found.kind} {evidence.gfid} at /{names.show(evidence.path)}"]
    if found.kind is Kind.FILE:
        lines.append(f"send its content, {found.attributes.size} bytes, where that differs")
    return lines


def _primary(truth: Truth) -> str:
    match truth:
        case Absent():
            return f"has no {truth.gfid}"
        case Unclear():
            return f"cannot say what {truth.gfid} is: {truth.words}"
        case Alive():
            return _shown(truth.kind, truth.gfid, truth.attributes.size, truth.attributes.mtime)


def _secondary(evidence: Evidence) -> str:
    told = [_facts(holder.facts) for holder in evidence.holders]
    if evidence.under is not None:
        under = _facts(evidence.under)
        told.append(f"under its gfid {under}" if told else under)
    return "; ".join(told) or f"has no {evidence.gfid}, and nobody at its names"


def _facts(facts: Facts) -> str:
    if not facts.gfid:
        return f"what cannot be read ({facts.trouble})"
    return _shown(facts.kind, facts.gfid, facts.attributes.size, facts.attributes.mtime)


def _shown(kind: Kind, gfid: Gfid, size: int, mtime: int) -> str:
    bytes_ = "" if kind is Kind.DIRECTORY else f" of {size} bytes"
    return f"{kind} {gfid}{bytes_}, mtime {_moment(mtime)}"


def _moment(nanoseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(nanoseconds // 10**9, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return f"{nanoseconds} ns"  # a file can have any time at all


def _why_not(evidence: Evidence, session: str) -> str:
    if evidence.kind == "quarantined":
        return (
            f"It is kept in quarantine. georep quarantine {session} restore {evidence.gfid} --to "
            f"PATH brings it back, georep quarantine {session} drop {evidence.gfid} removes it."
        )
    return f"Nothing is in its way that could be moved. {failures.meaning(evidence.kind).fix}"
