"""The command `georep explain`: what a word means, for people and for programs."""

import argparse
import json
import sys

from engine import explain, names
from engine.errors import Usage
from engine.explain import Explanation
from georep_tui import glossary, keyboard, keyfile, keymap, rows
from georep_tui.glossary import Word
from georep_tui.key import Key, Where
from georep_tui.keyboard import Keyboard

_KINDS = {
    "cause": "a cause: why a worker, a session or a command stopped",
    "failure": "a kind of failure: why an object stands in georep failures",
    "option": "an option of a session",
    "refused": "an option of gsyncd's",
    "word": "on the screen, and in georep status",
    "key": "a key of the console",
}


def explain_word(args: argparse.Namespace) -> int:
    """Say all that `args.words` may mean, or all keys; return 0."""
    asked = " ".join(args.words)
    if asked.casefold() == "keys":
        return _keys(keyfile.read(), as_json=args.json)
    found = _explained(asked)
    if args.json:
        lines = [json.dumps([each._asdict() for each in found], indent=1)]
    else:
        lines = [line for each in found for line in told(each)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _explained(word: str) -> list[Explanation]:
    """Return every meaning; Usage where there is none."""
    keys = keyfile.read()
    shown = [
        Explanation("word", each.word, keys.spoken(each.means), _theirs(each))
        for each in glossary.meanings(word)
    ]
    shown += [_key(each, keys) for each in keymap.EVERY if each.id == word]
    try:
        return explain.explained(word) + shown
    except Usage:
        if shown:
            return shown
        raise


def _key(key: Key, keys: Keyboard) -> Explanation:
    [now] = keys.table((key,))
    usual = "" if key.id not in keys.own else f"It is yours; the usual one is {_all(key)}."
    return Explanation("key", key.id, f"{_all(now)}, in {key.where}: {_does(key)}.", usual)


def _keys(keys: Keyboard, *, as_json: bool) -> int:
    """Say which key does what, and by which name it can be given another one."""
    now = keys.table(keymap.EVERY)
    if as_json:
        told = [
            {
                "id": key.id,
                "keys": [keyboard.shown(each) for each in keys.keys(key.id)],
                "where": key.where.value,
                "does": _does(key),
                "own": key.id in keys.own,
            }
            for key in now
        ]
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
        return 0
    lines = []
    for where in Where:
        lines += ["", where.value.capitalize()]
        for key in now:
            if key.where is where:
                mark = "*" if key.id in keys.own else " "
                lines.append(f"{mark} {rows.fit(_all(key), 14)} {key.id:20} {_does(key)}".rstrip())
    lines += ["", f"* by {names.verbatim(str(keyfile.place()))}"] * bool(keys.own)
    sys.stdout.write("\n".join(lines[1:]) + "\n")
    return 0


def _all(key: Key) -> str:
    return " ".join(keyboard.shown(each) for each in key.keys.split(","))


def _does(key: Key) -> str:
    """Return what a key does; what is told together with its opposite is told of that."""
    other = next((id for id, beside in keymap.BESIDE.items() if beside == key.id), "")
    return key.help or (f"the opposite of {other}" if other else key.label)


def _theirs(word: Word) -> str:
    names = glossary.gsyncd(word)
    return f"gsyncd: {', '.join(names)}" if names else ""


def told(each: Explanation) -> list[str]:
    """Return one meaning, in lines."""
    lines = [f"{each.name} ({_KINDS[each.kind]})", f"    {each.words}"]
    return [*lines, f"    {each.step}"] if each.step else lines
