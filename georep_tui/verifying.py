"""The command `georep verify`: what it says of two volumes, for people and for programs."""

import argparse
import json

from engine import names
from engine.config import Places
from engine.item import Gfid
from engine.plan.compare import Difference, What
from engine.session import comparing
from engine.session.verify import Counts
from georep_tui import rows
from georep_tui.progress import Progress


def verify(at: Places, args: argparse.Namespace) -> int:
    """Compare the volumes of a session; 0 when they are equal, 1 when they are not."""
    counts = Counts()
    progress = Progress(lambda: under_way(counts))
    line = _json if args.json else _text

    def tell(path: bytes, gfid: Gfid, difference: Difference) -> None:
        progress.say(line(path, gfid, difference))

    comparing.compare(
        at,
        args.name,
        counts,
        tell,
        progress.shown(),
        under=comparing.path_of(args.under),
        content=args.content,
        patience=args.patience,
    )
    said = [summary(counts), *(f"→ {step}" for step in next_steps(counts, args.name))]
    progress.say(_summary_json(counts) if args.json else "\n".join(said))
    return 1 if counts.different else 0


def under_way(counts: Counts) -> str:
    """Return how far a comparison is, in one line."""
    said = (
        f"{rows.grouped(counts.objects)} objects in {rows.grouped(counts.directories)} directories"
    )
    content = f", {rows.size(counts.bytes)} of content" if counts.bytes else ""
    waiting = (
        f", {rows.grouped(counts.waiting)} to be looked at again before they count"
        if counts.waiting
        else ""
    )
    return f"{said}{content}; {rows.many(counts.different, 'place')} different{waiting}"


def summary(counts: Counts) -> str:
    """Return what a comparison found, in a few sentences."""
    many = rows.many
    read = f" {rows.size(counts.bytes)} of content were read on each side." if counts.bytes else ""
    where = many(counts.directories, "directory", "directories")
    lines = [f"Compared {many(counts.objects, 'object')} in {where}.{read}"]
    flight = counts.arrived + counts.changing
    if flight:
        still = f", {counts.changing} of them until the end" if counts.changing else ""
        lines.append(f"In flight: {many(flight, 'object')} changed meanwhile{still}.")
    if counts.different:
        lines.append(
            f"Differences: {rows.grouped(counts.differences)}, "
            f"at {many(counts.different, 'place')}."
        )
    else:
        lines.append("The volumes are equal.")
    if counts.owner:
        lines.append(
            f"Not compared, for {counts.owner}, who has the secondary, is not root: owners, groups "
            f"that {counts.owner} is not in, setuid and setgid of files, rights of owners."
        )
    return "\n".join(lines)


def next_steps(counts: Counts, name: str, *, key: str = "") -> list[str]:
    """Return what to do about what differs: what brings it to what the primary has. `key`: what is
    pressed for it in the console.
    """
    steps = []
    if counts.different > counts.extra:
        resend = key or f"georep resend {name} PATH"
        steps.append(
            f"What is missing or different: {resend} says what it would send, asks, and compares "
            "afterwards."
        )
    if counts.extra:
        steps.append(
            f"What is extra: georep reconcile {name} shows it, and with --apply removes what the "
            "primary does not have."
        )
    return steps


def both(what: str, primary: str, secondary: str) -> str:
    """Return how a place is on both sides."""
    if what == What.MTIME:
        primary, secondary = _moment(primary), _moment(secondary)
    return f"{what}: {primary} on the primary, {secondary} on the secondary"


def _moment(seconds: str) -> str:
    """Return a time as people read it, to the nanosecond; as it is where there is no such date."""
    whole, _, rest = seconds.partition(".")
    try:
        return f"{rows.stamp(int(whole))}.{rest}"
    except (ValueError, OverflowError, OSError):
        return seconds


def _text(path: bytes, gfid: Gfid, difference: Difference) -> str:
    return f"/{names.show(path)}: {both(*difference)}"


def _json(path: bytes, gfid: Gfid, difference: Difference) -> str:
    what, primary, secondary = difference
    content = {
        "type": "difference",
        "path": "/" + names.show(path),
        "gfid": gfid,
        "what": what.value,
        "primary": primary,
        "secondary": secondary,
    }
    return json.dumps(content)


def _summary_json(counts: Counts) -> str:
    content = {
        "type": "summary",
        "objects": counts.objects,
        "directories": counts.directories,
        "bytes": counts.bytes,
        "different": counts.different,
        "differences": counts.differences,
        "arrived": counts.arrived,
        "changing": counts.changing,
        "owner": counts.owner,
    }
    return json.dumps(content)
