"""What sending an object again would do, and whether it helps, by what both sides have. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from engine import names
from engine.item import Facts, Kind
from engine.plan import compare
from engine.plan.compare import Difference
from engine.plan.steps import Step

NOT_YET = (
    "It was sent, and both sides still differ: {}. It may have changed meanwhile; say it again."
)
EQUAL = "Both sides are equal now, to the last byte."


class Pair(NamedTuple):
    """What both sides have at one path."""

    path: bytes
    """From the root of the volume."""
    here: Facts
    there: Facts | None
    found: Sequence[Difference]
    """How they differ, content included."""


def step(pair: Pair) -> Step:
    """Return what would be done, with what both sides have."""
    refused = _why_not(pair)
    gfid = pair.here.gfid
    return Step(
        gfid=gfid,
        name="/" + names.show(pair.path),
        primary=_shown(pair.here),
        secondary=f"{_shown(pair.there)}; {words(pair.found)}",
        does=() if refused else tuple(_does(pair)),
        note=""
        if refused or pair.here.kind is not Kind.DIRECTORY
        else "What is in it stays as it is.",
        refused=refused,
    )


def words(found: Sequence[Difference]) -> str:
    """Return what differs, in one line."""
    return ", ".join(dict.fromkeys(each.what.value for each in found)) or "equal"


def _why_not(pair: Pair) -> str:
    if not pair.here.gfid:
        return (
            f"The primary cannot say what it is ({pair.here.trouble}). "
            "See gluster volume heal VOLUME info there."
        )
    if not pair.found:
        return "Both sides are equal, to the last byte: there is nothing to send."
    if pair.there is not None and not pair.there.gfid:
        return (
            f"The secondary cannot say what stands there ({pair.there.trouble}). "
            "See gluster volume heal SVOL info there."
        )
    if pair.there is not None and (pair.there.gfid, pair.there.kind) != (
        pair.here.gfid,
        pair.here.kind,
    ):
        return (
            "Another object stands at its name on the secondary, and this moves nobody aside. A "
            "worker does, when somebody touches the one on the primary, through a mount."
        )
    return ""


def _does(pair: Pair) -> list[str]:
    there, kind = pair.there, pair.here.kind
    lines = [] if there else [f"make {kind} {pair.here.gfid}, with all its names"]
    if kind is Kind.FILE:
        size = pair.here.attributes.size
        lines.append(f"send its content, {size} bytes, whatever the sizes and times say")
    lines.append("give it the owner, mode, xattrs and times of the primary's")
    return [*lines, "compare both sides again, to the last byte"]


def _shown(facts: Facts | None) -> str:
    if facts is None:
        return "nothing at this name"
    if not facts.gfid:
        return f"what cannot be read ({facts.trouble})"
    size = f" of {facts.attributes.size} bytes" if facts.kind is Kind.FILE else ""
    return f"{compare.described(facts)}{size}"
