"""Write the pages of docs/ that are made from the code: `make docs`."""

import ast
import inspect
import itertools
import sys
from enum import StrEnum
from pathlib import Path
from typing import get_args

import msgspec

from engine import events, options
from engine.events import AnyEvent, Event, WorkerEvent
from georep_tui import keymap

ROOT = Path(__file__).parent.parent
MADE = "<!-- Made from {source} by `make docs`; do not edit. -->\n"


def options_page() -> str:
    """Return docs/options.md."""
    lines = [
        "# Options of a session",
        "",
        MADE.format(source="engine/options.py"),
        "Each stands as `name: value` in `/etc/georep/sessions/NAME.yaml`, or is given to",
        "`georep create` as `--set name=value`. A change takes effect within a minute: the engine",
        "starts the session's workers again. What is not known, or not accepted, is refused with",
        "the file, the line and what would be accepted.",
        "",
        "| Option | Default | Accepts | Meaning |",
        "|---|---|---|---|",
    ]
    for option in options.TABLE.values():
        default = f"`{option.default}`" if option.default != "" else "empty"
        cells = (f"`{option.name}`", default, option.accepts(), option.limits.meaning)
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def events_page() -> str:
    """Return docs/events.md."""
    lines = [
        "# Events",
        "",
        MADE.format(source="engine/events.py"),
        "What `georep-engine events` writes, what the journals in `/var/lib/georep/NAME/journal`",
        "hold, and what the console is drawn from: one JSON object on each line. `type` names the",
        "event. Readers skip types and fields that they do not know. Each file, and each",
        "connection, begins with events that say how everything is at that moment.",
        "",
        "Every event has `at`: " + _lower(_field_words(Event)["at"]),
        "Those marked *worker* also have `session` and `worker`, which is NODE:BRICK.",
    ]
    for event in get_args(AnyEvent):
        worker = " (*worker*)" if issubclass(event, WorkerEvent) else ""
        lines += ["", f"## {event.__name__}{worker}", "", inspect.getdoc(event) or ""]
        common = {field.name for field in msgspec.structs.fields(event.__mro__[1])}
        words = _field_words(event)
        rows = [
            _row((f"`{field.name}`", _type(field.type), words.get(field.name, "")))
            for field in msgspec.structs.fields(event)
            if field.name not in common
        ]
        if rows:
            lines += ["", "| Field | Type | |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def keys_page() -> str:
    """Return docs/keys.md."""
    lines = ["# Keys of the console", "", MADE.format(source="georep_tui/keymap.py")]
    lines += ["`?` in the console shows them too; the bottom line shows those that work now."]
    for where, keys in keymap.helped():
        if keys:
            lines += ["", f"## {where.capitalize()}", "", "| Key | |", "|---|---|"]
            lines += [_row((f"`{shown}`", words)) for shown, words in keys]
    return "\n".join(lines) + "\n"


PAGES = {
    "docs/options.md": options_page,
    "docs/events.md": events_page,
    "docs/keys.md": keys_page,
}


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _type(kind: object) -> str:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(f"`{member.value}`" for member in kind)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(kind, str(kind)) if isinstance(kind, type) else str(kind)


def _field_words(event: type[Event]) -> dict[str, str]:
    """Return the sentence below each field that has one; Python itself does not keep them."""
    found: dict[str, str] = {}
    tree = ast.parse(inspect.getsource(events))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for field, below in itertools.pairwise(classes[event.__name__].body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=words)):
                found[name] = " ".join(str(words).split())
            case _:
                pass
    return found


if __name__ == "__main__":
    for name, page in PAGES.items():
        path = ROOT / name
        path.write_text(page())
        sys.stdout.write(f"{name}\n")
