"""Write the pages of docs/ that are made from the code: `make docs`."""

import ast
import inspect
import itertools
import sys
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import get_args

import beside
import msgspec
import rules
from bench import page as benchmarks
from bench import results
from bench.results import Results

from engine import causes, events, options
from engine.events import AnyEvent, Content, Event, WorkerEvent
from engine.item import Kind
from georep_tui import glossary, keymap
from georep_tui.keyboard import USUAL

ROOT = Path(__file__).parent.parent
MADE = "<!-- Made from {source} by `make docs`; do not edit. -->\n"


def options_page() -> str:
    """Return docs/options.md."""
    lines = [
        "# Options of a session",
        "",
        MADE.format(source="engine/options.py"),
        "Each stands as `name: value` in `/etc/georep/sessions/NAME.yaml`. `georep create` sets it",
        "with `--set name=value`, `georep config set NAME OPTION VALUE` later, as does an editor:",
        "the engine looks at the file within a minute. Options that are *live* are taken up by",
        "workers as they run; after a change of any other one the session's workers start again,",
        "and look again at what they had not finished. What is not known, or not accepted, is",
        "refused with the file, the line and what would be accepted.",
        "",
        "| Option | Default | Accepts | Change | Meaning |",
        "|---|---|---|---|---|",
    ]
    for option in options.TABLE.values():
        default = f"`{option.text(option.default)}`" if option.default != "" else "empty"
        how = "live" if option.limits.live else "restart"
        cells = (f"`{option.name}`", default, option.accepts(), how, option.limits.meaning)
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def causes_page() -> str:
    """Return docs/causes.md."""
    lines = [
        "# Causes",
        "",
        MADE.format(source="engine/causes"),
        "Whatever stops a session, a worker or a command has a cause from this list. Beside it",
        "stand a sentence with the names and numbers of the case, a next step and, where another",
        "program spoke, its own words: in the console on the worker's page, in `georep status`,",
        "and as `WorkerFaulty` and `SessionBlocked` in the [events](events.md). `georep explain`",
        "says what stands here. A worker that ended is started again by itself, after 1 s at first",
        "and 60 s at most, so where the world mends itself nothing has to be done.",
    ]
    for section in causes.SECTIONS:
        lines += ["", f"## {section.title}", ""]
        lines += [textwrap.fill(section.words, 100, break_on_hyphens=False), ""] * bool(
            section.words
        )
        lines += ["| Cause | What it means | Next step |", "|---|---|---|"]
        lines += [_row((f"`{each.name}`", each.meaning, each.step)) for each in section.causes]
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
    lines += [
        "`?` in the console shows them too; the bottom line shows those that work now. Each can be",
        "[given another key](console.md#keys-of-your-own); `georep explain keys` has the names for",
        "that, and the keys in force.",
    ]
    for where, keys in keymap.helped(keymap.KEYS + keymap.MANAGING_KEYS + keymap.REPLAY_KEYS):
        if keys:
            lines += ["", f"## {where.capitalize()}", "", "| Key | |", "|---|---|"]
            lines += [_row((f"`{shown}`", words)) for shown, words in keys]
    return "\n".join(lines) + "\n"


def words_page() -> str:
    """Return docs/words.md."""
    lines = [
        "# Words on the screens",
        "",
        MADE.format(source="georep_tui/glossary.py"),
        "`?` and then `w` in the console tells those of a screen, `georep explain WORD` one",
        "of them; it knows the names of gsyncd's columns, too, also with MASTER and SLAVE.",
        "`georep status` has the columns of sessions and workers.",
    ]
    for title, words in (
        ("Columns", glossary.COLUMNS),
        ("States", glossary.STATES),
        ("Things", glossary.TERMS),
    ):
        lines += ["", f"## {title}", "", "| | On | Means | gsyncd |", "|---|---|---|---|"]
        for each in words:
            on = ", ".join(each.on).replace(glossary.ASIDE, "put aside")
            lines.append(
                _row((f"`{each.word}`", on, USUAL.spoken(each.means), ", ".join(each.gsyncd)))
            )
    return "\n".join(lines) + "\n"


def rules_page() -> str:
    """Return docs/rules.md."""
    lines = [
        "# Rules of the secondary",
        "",
        MADE.format(source="tests/rules.py"),
        "What the agent does with one item, for everything the secondary may have there.",
        "`tests/test_rules.py` builds every row, for every kind of object it is about, applies the",
        "item once and twice, and compares the whole tree and the answer.",
        "",
        "- **G** is the object that the item is about, **P** the directory it belongs in, **S**",
        "  somebody else, **C** a file in one of them. `a` and `b` are names in the root, `P/x` is",
        "  the name x in P, `limbo` is the object's own place in limbo.",
        "- *other*, behind G, is any other kind with nothing of its own: no byte, no child.",
        "  *changed* is a symlink with another target, or a device with another number.",
        "- Kinds: all seven (files, directories, symlinks, FIFOs, sockets, block and character",
        "  devices) where nothing is said.",
        "",
        "Three things hold in every row: no second object with a gfid that exists; nobody who is",
        "not spoken of as gone loses their last name; nothing is renamed onto a name that is held.",
        "Whoever was moved to limbo, and whoever stands at a name heard, is told to the primary.",
    ]
    for title, rows in rules.TABLE.items():
        lines += ["", f"## {title}", ""]
        lines += ["| The secondary has | Before | The primary says | After | Answer | gsyncd |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [_row(_rule(row)) for row in rows]
    lines += ["", "## Gaps of gsyncd that this closes", "", "| | |", "|---|---|"]
    lines += [_row((f"*{gap}*", words)) for gap, words in rules.GAPS.items()]
    return "\n".join(lines) + "\n"


def _rule(row: rules.Row) -> tuple[str, ...]:
    kinds = {rules.ANY: "", rules.LEAVES: "no directories", rules.DIRECTORY: "directories"}
    about = kinds.get(row.kinds, ", ".join(row.kinds))
    if len(row.kinds) == len(Kind) - 1 and row.kinds != rules.LEAVES:
        about = "no files"
    says = f"{row.says} {_code(row.names)}" if row.names else row.says.replace(" at", "")
    if row.says is rules.Says.PERHAPS and not row.names:
        says = "stands, nobody knows where"
    heard = f"; heard {_code(row.heard)}" if row.heard else ""
    has = row.has + (f" ({about})" if about else "")
    gap = f" (*{row.gap}*)" if row.gap else ""
    return (
        has,
        _code(row.before),
        says + heard,
        _code(row.after),
        row.answer.value,
        (row.gsyncd + gap).strip(),
    )


def _code(words: str) -> str:
    return f"`{words}`" if words else "—"


def benchmarks_page() -> str:
    """Return docs/benchmarks.md."""
    made = MADE.format(source="docs/benchmarks.json")
    return f"# Benchmarks\n\n{made}\n{benchmarks.page(_measured())}"


def benchmarks_picture() -> str:
    """Return docs/benchmarks.svg."""
    return benchmarks.picture(_measured())


def _measured() -> Results:
    return results.load(ROOT / "docs/benchmarks.json")


PAGES = {
    "docs/benchmarks.md": benchmarks_page,
    "docs/benchmarks.svg": benchmarks_picture,
    "docs/rules.md": rules_page,
    "docs/options.md": options_page,
    "docs/causes.md": causes_page,
    "docs/gsyncd.md": lambda: beside.page(MADE.format(source="tests/beside.py")),
    "docs/events.md": events_page,
    "docs/keys.md": keys_page,
    "docs/words.md": words_page,
}


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _type(kind: object) -> str:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(f"`{member.value}`" for member in kind)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    words = names.get(kind, str(kind)) if isinstance(kind, type) else str(kind)
    return "list of `gfid`, `name`, `size`" if kind == tuple[Content, ...] else words


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
