"""The command `georep replay`: its words. What it does is imported when it is done."""

import argparse
from collections.abc import Callable

from engine.errors import Usage
from georep_tui.look import Look


def add_parser(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the command to those of `georep`."""
    replay = command("replay", "show what journals, or logs of gsyncd, tell of a night")
    replay.add_argument("files", metavar="FILE", nargs="+", help="or a directory with such files")
    replay.add_argument("--summary", action="store_true", help="in lines, without a screen")
    replay.add_argument("--json", action="store_true", help="the same as JSON, an object a line")
    replay.add_argument("--export", metavar="NEW", help="write it as a new journal")
    replay.add_argument("--since", metavar="TIME", default="", help="only from then on")
    replay.add_argument("--until", metavar="TIME", default="", help="only until then")


def run(args: argparse.Namespace, look: Look, *, terminal: bool) -> int:
    """Do what was said and return the exit code."""
    if args.summary or args.json or args.export:
        from georep_tui.replay import command, stretch  # deferred: the screen needs none of it

        part = stretch.of_files(args.files, since=args.since, until=args.until)
        if args.export:
            return command.export(part, args.export)
        return command.summary(part, as_json=args.json)
    from georep_tui import keyfile  # deferred: a summary has no keys

    if args.since or args.until:
        raise Usage(
            "--since and --until go with --summary, --json or --export",
            fix=keyfile.read().spoken("In the console, {replay.time} goes to a time."),
        )
    if not terminal:
        raise Usage("A replay needs a terminal", fix="Without one: georep replay FILE… --summary.")
    from georep_tui import replaying  # deferred: Textual takes a moment

    return replaying.open_files(args.files, keyboard=keyfile.read(), **look)
