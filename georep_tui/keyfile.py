"""The file in which an operator gives keys of their own: where it is, what it says, what is wrong.

It is the operator's, not the node's: neither --config nor who owns the sessions moves it.
"""

import difflib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from engine import names
from engine.errors import Usage
from georep_tui import keyboard, keymap
from georep_tui.keyboard import ACCEPTED, Keyboard

LONGEST = 1 << 16
"""Bytes of the file that are read; a longer one is no file of keys."""
_LIST = "georep explain keys lists what has a key."
_LINES = "Write NAME: KEY, or NAME: [KEY, KEY], one on each line."
_QUOTE = f"{_LINES} Quote a key that means something in YAML: '#', '*', ':'."


class _Entry(NamedTuple):
    name: str
    keys: list[str]
    line: int


def place() -> Path:
    """Return the file: of the user who looks, also of root."""
    usual = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(os.path.expanduser(usual)) / "georep" / "keys.yaml"


def read() -> Keyboard:
    """Return the keys in force; raise Usage when the file is there, and wrong."""
    path = place()
    where = names.verbatim(str(path))
    try:
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unreadable(where, "it is no file")
            content = file.read(LONGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return keyboard.USUAL
    except OSError as error:
        raise _unreadable(where, error.strerror or "") from error
    if len(content) > LONGEST:
        raise _wrong(f"{where} is longer than {LONGEST} bytes", _LINES)
    return parse(content, where=where)


def parse(content: bytes, *, where: str) -> Keyboard:
    """Return the keyboard that `content` describes; `where` names the file in errors.

    What names one thing counts more than what names one of each place.
    """
    own: dict[str, tuple[str, ...]] = {}
    lines: dict[str, int] = {}
    for entry in sorted(_entries(content, where=where), key=lambda each: "." in each.name):
        here = f"{where}:{entry.line}"
        keys = tuple(dict.fromkeys(_key(text, here) for text in entry.keys))
        for id in _named(entry.name, here):
            for key in keys:
                wrong = keyboard.unfit(id, key)
                if wrong is not None:
                    raise _wrong(f"{here}: {wrong[0]}", wrong[1])
            own[id], lines[id] = keys, entry.line
    found = Keyboard({id: keys for id, keys in own.items() if keys != keyboard.usual(id)})
    clash = keyboard.clash(found)
    if clash is not None:
        ours, other = sorted((clash.one, clash.other), key=lambda id: -lines.get(id, 0))
        both = f"{keyboard.shown(clash.key)} would do both {ours} and {other} in {clash.place}"
        raise _wrong(f"{where}:{lines[ours]}: {both}", "Give one of them another key.")
    return found


def _entries(content: bytes, *, where: str) -> Iterator[_Entry]:
    """Yield what each entry says, having built no object from the file."""
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = error.problem or "it does not parse"
        raise _wrong(f"{where}:{line}: this is not YAML: {problem}", _QUOTE) from error
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _wrong(f"{where}: this is not YAML: {said}", _LINES) from error
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(f"{where}:{node.start_mark.line + 1}: this is no list of keys", _LINES)
    seen: dict[str, int] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if not isinstance(name, yaml.ScalarNode) or not _plain(parts):
            raise _wrong(f"{where}:{line}: this is neither a key nor a list of keys", _LINES)
        if not parts:
            raise _wrong(f"{where}:{line}: {_said(name.value)} is left without a key", ACCEPTED)
        if name.value in seen:
            raise _wrong(
                f"{where}:{line}: {_said(name.value)} stands here a second time, first on line "
                f"{seen[name.value]}",
                "Keep the one that is meant.",
            )
        seen[name.value] = line
        yield _Entry(name.value, [part.value for part in parts], line)


def _at_once(path: str, flags: int) -> int:
    """Open what may be no plain file, which could have us wait for who writes it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _plain(parts: list[yaml.Node]) -> bool:
    return all(isinstance(part, yaml.ScalarNode) for part in parts)


def _named(word: str, here: str) -> tuple[str, ...]:
    found = keyboard.named(word)
    if found:
        return found
    known = {name for id in keymap.BY_ID for name in (id, id.rpartition(".")[2])}
    close = difflib.get_close_matches(word, sorted(known), n=1)
    fix = f"Did you mean {close[0]}? " if close else ""
    raise _wrong(f"{here}: nothing is called {_said(word)}", fix + _LIST)


def _key(text: str, here: str) -> str:
    try:
        return keyboard.parse(text)
    except ValueError as error:
        raise _wrong(f"{here}: {_said(text)} cannot be used: {error}", ACCEPTED) from None


def _said(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _unreadable(where: str, why: str) -> Usage:
    return _wrong(f"{where} cannot be read: {why}", "Mend it, or move it away.")


def _wrong(words: str, fix: str) -> Usage:
    return Usage(words, cause="bad configuration", fix=fix)
