"""The command `georep reconcile`: what is to go from the secondary, for people and for programs."""

import argparse
import json
from contextlib import AbstractAsyncContextManager

from engine import names
from engine.config import Places
from engine.item import Kind
from engine.session import reconciling
from engine.session.findings import Fate, Finding
from engine.session.reconcile import Counts
from georep_tui import rows
from georep_tui.progress import Progress


def reconcile(at: Places, args: argparse.Namespace) -> int:
    """Show what the secondary has too much, or have it made so; 0 when nothing is, or is left."""
    show = _Show(as_json=args.json)
    reconciling.run(at, args.name, show, apply=args.apply, force=args.force, patience=args.patience)
    counts = show.counts
    if not args.apply:
        return 1 if any(counts.found.values()) or counts.left else 0
    show.say(_applied_json(counts) if args.json else applied(counts))
    return 1 if counts.left else 0


class _Show:
    """Tells of one reconcile, in lines."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self.counts = Counts()
        self._progress = Progress(lambda: under_way(self.counts))
        self.say = self._progress.say

    def shown(self) -> AbstractAsyncContextManager[None]:
        return self._progress.shown()

    def finding(self, finding: Finding) -> None:
        self.say(_json(finding) if self._json else _text(finding))

    def listed(self) -> None:
        self.say(_listed_json(self.counts) if self._json else listed(self.counts))


def under_way(counts: Counts) -> str:
    """Return how far it is, in one line."""
    done = counts.removed + counts.mended
    made = f"; {rows.many(done, 'object')} made so" if done else ""
    return (
        f"{rows.grouped(counts.objects)} objects on the secondary, "
        f"{rows.grouped(counts.doubted)} in doubt{made}"
    )


def listed(counts: Counts) -> str:
    """Return what was found, in a few sentences."""
    many, found = rows.many, counts.found
    lines = [f"Looked at {many(counts.objects, 'object')} on the secondary."]
    if counts.arrived:
        lines.append(f"In flight: {many(counts.arrived, 'object')} changed meanwhile.")
    if not any(found.values()):
        lines.append("Nothing is there that the primary does not have.")
    if found[Fate.REMOVE]:
        lines.append(
            f"On the secondary only: {many(found[Fate.REMOVE], 'object')}, "
            f"{counts.share:.1%} of all. The primary removed them when nobody wrote it down, or "
            "never had them: then they may be somebody's own data. They would be removed."
        )
    if found[Fate.NAME]:
        lines.append(f"Names that would be taken away: {rows.grouped(found[Fate.NAME])}.")
    if found[Fate.MOVE]:
        moved = many(found[Fate.MOVE], "directory", "directories")
        lines.append(f"Would be moved: {moved}.")
    if counts.unread:
        lines.append(
            f"Could not be read: {many(counts.unread, 'object')}. georep verify names them."
        )
    return "\n".join(lines)


def applied(counts: Counts) -> str:
    """Return what was done, in a few sentences."""
    many = rows.many
    mended = f"{rows.grouped(counts.mended)} others stand as on the primary now"
    lines = [f"Removed {many(counts.removed, 'object')}; {mended}."]
    rest = (
        (counts.changed, "changed on the secondary after it was listed, and was left alone"),
        (counts.spared, "is a directory with something in it that was not listed, and was left"),
        (counts.refused, f"was refused ({counts.words})"),
        (counts.unread, "could not be read"),
    )
    lines += [f"{rows.grouped(count)}: {words}." for count, words in rest if count]
    if counts.left:
        lines.append("Run it again: it goes on with what is left.")
    else:
        lines.append("Removals are reconciled; the status says so within seconds.")
    return "\n".join(lines)


_WORDS = {
    Fate.REMOVE: "on the secondary only, would be removed",
    Fate.NAME: "not its name on the primary, would be taken away",
    Fate.MOVE: "stands elsewhere on the primary, would be moved",
}


def _text(finding: Finding) -> str:
    slash = "/" if finding.kind is Kind.DIRECTORY else ""
    return f"/{names.show(finding.path)}{slash}: {_WORDS[finding.fate]}"


def _json(finding: Finding) -> str:
    content = {
        "type": "finding",
        "path": "/" + names.show(finding.path),
        "gfid": finding.gfid,
        "kind": finding.kind.value,
        "fate": finding.fate.value,
    }
    return json.dumps(content)


def _listed_json(counts: Counts) -> str:
    content = {
        "type": "listed",
        "objects": counts.objects,
        **{fate.value: count for fate, count in counts.found.items()},
        "share": round(counts.share, 4),
        "arrived": counts.arrived,
        "unread": counts.unread,
    }
    return json.dumps(content)


def _applied_json(counts: Counts) -> str:
    content = {
        "type": "applied",
        "removed": counts.removed,
        "mended": counts.mended,
        "changed": counts.changed,
        "spared": counts.spared,
        "refused": counts.refused,
        "unread": counts.unread,
    }
    return json.dumps(content)
