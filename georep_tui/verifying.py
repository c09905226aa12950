"""The command `georep verify`: what it says of two volumes, for people and for programs."""

import argparse
import json
import os

from engine import names
from engine.config import Places
from engine.item import Gfid
from engine.plan.compare import Difference
from engine.session import checks, survey
from engine.session.sides import Within
from engine.session.survey import Survey
from engine.session.verify import Counts, Verify
from georep_tui import rows
from georep_tui.progress import Progress


def verify(at: Places, args: argparse.Namespace) -> int:
    """Compare the volumes of a session; 0 when they are equal, 1 when they are not."""
    counts = Counts()
    progress = Progress(lambda: under_way(counts))
    line = _json if args.json else _text

    def tell(path: bytes, gfid: Gfid, difference: Difference) -> None:
        progress.say(line(path, gfid, difference))

    async def work(opened: Survey) -> None:
        place, path = await survey.find(opened.here, path_of(args.under))
        patience = opened.patience() if args.patience is None else args.patience
        scope = checks.scope(opened.session)
        here, there = (Within(side, scope) for side in (opened.here, opened.there))
        one = Verify(here, there, counts, tell, patience=patience, content=args.content)
        async with progress.shown():
            await one.run(place, path)

    survey.run(at, args.name, work, command="verify")
    progress.say(_summary_json(counts) if args.json else summary(counts))
    return 1 if counts.different else 0


def path_of(text: str) -> bytes:
    """Return the path that an operator wrote: as `names.show` has it, or as its very bytes."""
    try:
        return names.parse(text)
    except ValueError:
        return os.fsencode(text)


def under_way(counts: Counts) -> str:
    """Return how far a comparison is, in one line."""
    said = (
        f"{rows.grouped(counts.objects)} objects in {rows.grouped(counts.directories)} directories"
    )
    content = f", {rows.size(counts.bytes)} of content" if counts.bytes else ""
    waiting = f", {rows.grouped(counts.waiting)} to be looked at again" if counts.waiting else ""
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
    return "\n".join(lines)


def _text(path: bytes, gfid: Gfid, difference: Difference) -> str:
    what, primary, secondary = difference
    place = f"/{names.show(path)}: {what}"
    return f"{place}: {primary} on the primary, {secondary} on the secondary"


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
    }
    return json.dumps(content)
