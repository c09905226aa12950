"""The command `georep explain`: what a word means, for people and for programs."""

import argparse
import json
import sys

from engine import explain
from engine.explain import Explanation

_KINDS = {
    "cause": "a cause: why a worker, a session or a command stopped",
    "failure": "a kind of failure: why an object stands in georep failures",
    "option": "an option of a session",
    "refused": "an option of gsyncd's",
}


def explain_word(args: argparse.Namespace) -> int:
    """Say all that `args.words` may mean; return 0."""
    found = explain.explained(" ".join(args.words))
    if args.json:
        lines = [json.dumps([each._asdict() for each in found], indent=1)]
    else:
        lines = [line for each in found for line in told(each)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def told(each: Explanation) -> list[str]:
    """Return one meaning, in lines."""
    lines = [f"{each.name} ({_KINDS[each.kind]})", f"    {each.words}"]
    return [*lines, f"    {each.step}"] if each.step else lines
