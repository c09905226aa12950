"""The command `georep quarantine`: who was put aside, and what becomes of one."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import Places
    from engine.session.shelved import Shelved
    from georep_tui.rows import Line

Command = Callable[[str, str], argparse.ArgumentParser]
"""Adds a command to the parser: its name, and what it does."""


def add_command(command: Command) -> None:
    """Add this command to those of `georep`."""
    quarantine = command("quarantine", "say who was put aside on the secondary; bring one back")
    quarantine.add_argument("name", metavar="NAME")
    quarantine.add_argument("--json", action="store_true", help="as JSON")
    acts = quarantine.add_subparsers(dest="act", metavar="list|restore|drop")
    listing = acts.add_parser("list", help="say who was put aside", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    restore = acts.add_parser("restore", help="bring one back, asks first", allow_abbrev=False)
    drop = acts.add_parser("drop", help="remove one for good, asks first", allow_abbrev=False)
    for each in (restore, drop):
        each.add_argument("item", metavar="ITEM", help="its gfid, or its name in quarantine")
        add_words(each)
    restore.add_argument(
        "--to", metavar="PATH", help="from the secondary's root (where it stood, if that is known)"
    )


def add_words(parser: argparse.ArgumentParser) -> None:
    """Add the words that all of these commands take."""
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument(
        "--seen",
        action="append",
        default=[],
        metavar="TOKEN",
        help="do it if it is still what --json showed with this token",
    )
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="as JSON, one on each line"
    )


def run(at: "Places", args: argparse.Namespace) -> int:
    """Run it; return the exit code."""
    from engine.session import shelving  # deferred: a mount and ssh take a moment to import
    from engine.session.comparing import path_of
    from georep_tui import stepping

    match args.act:
        case "restore":
            path = None if args.to is None else path_of(args.to)
            return stepping.run(
                args, lambda agreed: [shelving.restore(at, args.name, args.item, path, agreed)]
            )
        case "drop":
            return stepping.run(
                args, lambda agreed: [shelving.drop(at, args.name, args.item, agreed)]
            )
        case _:
            return _list(at, args.name, as_json=args.json)


def _list(at: "Places", name: str, *, as_json: bool) -> int:
    from engine.session import shelving  # deferred, like everything here
    from georep_tui import report

    found = shelving.listed(at, name)
    if as_json:
        report.dump([as_plain(one) for one in found.objects])
    else:
        lines = [line for one in found.objects for line in told(one)]
        report.say(lines or [(("Nobody is in quarantine or in limbo.", ""),)])
        left = found.total - len(found.objects)
        if left > 0:
            sys.stdout.write(f"and {left} more, which are not listed\n")
    return 0


def told(one: "Shelved") -> "list[Line]":
    """Return what is said of one who was put aside."""
    from georep_tui import put_aside, rows  # deferred, like everything here

    record, shown = one.record, one.put.attributes
    stood = f"/{record.path}" if record.path else "nobody noted where it stood"
    size = rows.size(shown.size) if one.kind.value == "file" else ""
    kind = f"{one.kind.value} {size}".strip()
    when = rows.stamp(record.at) if record.at else one.day or rows.UNKNOWN
    changed = f"changed {put_aside.changed(shown.mtime)}"
    why = record.why or "nobody noted why"
    by = f", by {record.worker}" if record.worker else ""
    return [
        ((rows.verbatim(stood), "strong"),),
        ((f"  {one.gfid}  {one.where} since {when}, {rows.plain(kind)}, {changed}", "idle"),),
        ((f"  {rows.plain(why)}{rows.plain(by)}", ""),),
    ]


def as_plain(one: "Shelved") -> dict[str, object]:
    """Return the same for programs."""
    record, shown = one.record, one.put.attributes
    return {
        "item": one.name,
        "gfid": one.gfid,
        "kind": one.kind.value,
        "where": "quarantine" if one.put.settled else "limbo",
        "day": one.day or None,
        "at": record.at or None,
        "path": f"/{record.path}" if record.path else None,
        "size": shown.size,
        "mtime": shown.mtime,
        "mode": shown.mode,
        "why": record.why or None,
        "worker": record.worker or None,
    }
