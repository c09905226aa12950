"""The command `georep config`: what is set for a session, and what could be."""

import argparse
import asyncio
import json
import sys

from engine import config, options
from engine.config import Places
from engine.errors import Retry, Usage
from engine.option import Option, Value
from engine.options import Options
from engine.session import changing
from engine.session.changing import Changed

HOWS = {True: "live", False: "restart"}
"""What becomes of a change while the session runs, by whether the option is live."""


def configure(at: Places, args: argparse.Namespace) -> int:
    """Do what `args` say; return 0."""
    match args.what:
        case "list":
            found = config.read(at, args.name).options
            for line in listed_json(found) if args.json else listed(found):
                _say(line)
        case "get":
            found = config.read(at, args.name).options
            option = options.find(args.option, where="config")
            value = options.value(found, option)
            _say(json.dumps(described(option, value)) if args.json else option.text(value))
        case "set" if not args.value:
            raise Usage(
                f"{args.option} gets no value",
                fix=f"Name one, '' for an empty one; or: georep config reset {args.name} "
                f"{args.option}",
            )
        case "set":
            changed = asyncio.run(changing.put(at, args.name, args.option, args.value))
            _tell(args.name, changed, f"{args.option} is that already. Nothing was changed.")
        case _:
            changed = asyncio.run(changing.reset(at, args.name, args.option))
            _tell(args.name, changed, "Everything named has its default already.")
    return 0


def listed(now: Options) -> list[str]:
    """Return every option with its value and meaning, in lines for people."""
    lines = []
    for option in options.TABLE.values():
        value = options.value(now, option)
        shown = " ".join(filter(None, (_shown(option, value), option.limits.unit)))
        default = "" if value == option.default else f" (default {_shown(option, option.default)})"
        how = "" if option.limits.live else " Workers start again."
        lines += [f"{option.name}: {shown}{default}", f"    {option.limits.meaning}{how}"]
    return lines


def listed_json(now: Options) -> list[str]:
    """Return every option as JSON: one list, an option on each line."""
    rows = [
        json.dumps(described(option, options.value(now, option)))
        for option in options.TABLE.values()
    ]
    return ["[", *(f"{row}," for row in rows[:-1]), rows[-1], "]"]


def read(said: bytes) -> Options:
    """Return the options in what `georep config list --json` said; those of another version that
    are not known here are left out. Retry when it is not that.
    """
    try:
        rows = [(options.TABLE.get(row["option"]), row["value"]) for row in json.loads(said)]
        values = {one.field: one.parse(one.text(value)) for one, value in rows if one is not None}
    except (ValueError, TypeError, KeyError):
        raise Retry("What georep config said there is no list of options") from None
    return options.replaced(Options(), values)


def described(option: Option, value: Value) -> dict[str, object]:
    """Return all there is to say of an option and its value."""
    return {
        "option": option.name,
        "value": value,
        "default": option.default,
        "unit": option.limits.unit,
        "accepts": option.accepts(),
        "meaning": option.limits.meaning,
        "change": HOWS[option.limits.live],
    }


def told(name: str, changed: Changed) -> list[str]:
    """Return what was changed, and when it counts, in sentences."""
    lines = []
    for option in changed.options:
        old, new = (options.value(each, option) for each in (changed.old, changed.new))
        lines.append(
            f"{option.name} of session {name} is {_shown(option, new)} now, "
            f"it was {_shown(option, old)}."
        )
    if not changed.kept:
        lines.append(
            "The file could not be changed in place and was written anew: its own "
            "comments are gone."
        )
    lines.append(_when(changed))
    return lines


def _when(changed: Changed) -> str:
    if not changed.engine:
        return "No engine runs on this node: it counts when one does."
    if not changed.started:
        return "The session is not started: it counts when it is."
    if changed.live:
        return "Its workers on this node take it up as they are."
    return "Its workers on this node start again with it."


def _shown(option: Option, value: Value) -> str:
    return option.text(value) or "empty"


def _tell(name: str, changed: Changed, nothing: str) -> None:
    for line in told(name, changed) if changed.options else [nothing]:
        _say(line)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
