"""The command `georep explain`: what a word means, for people and for programs."""

import argparse
import json
import sys

from engine import explain
from engine.errors import Usage
from engine.explain import Explanation
from georep_tui import glossary
from georep_tui.glossary import Word

_KINDS = {
    "cause": "a cause: why a worker, a session or a command stopped",
    "failure": "a kind of failure: why an object stands in georep failures",
    "option": "an option of a session",
    "refused": "an option of gsyncd's",
    "word": "on the screen, and in georep status",
}


def explain_word(args: argparse.Namespace) -> int:
    """Say all that `args.words` may mean; return 0."""
    found = _explained(" ".join(args.words))
    if args.json:
        lines = [json.dumps([each._asdict() for each in found], indent=1)]
    else:
        lines = [line for each in found for line in told(each)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _explained(word: str) -> list[Explanation]:
    """Return every meaning; Usage where there is none."""
    shown = [
        Explanation("word", each.word, each.means, _theirs(each))
        for each in glossary.meanings(word)
    ]
    try:
        return explain.explained(word) + shown
    except Usage:
        if shown:
            return shown
        raise


def _theirs(word: Word) -> str:
    names = glossary.gsyncd(word)
    return f"gsyncd: {', '.join(names)}" if names else ""


def told(each: Explanation) -> list[str]:
    """Return one meaning, in lines."""
    lines = [f"{each.name} ({_KINDS[each.kind]})", f"    {each.words}"]
    return [*lines, f"    {each.step}"] if each.step else lines
