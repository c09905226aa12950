"""docs/guide.md as what can be run: commands, where they are typed, and what they print. Pure.

A block that begins with ```console is run, line by line: `HOST# WORDS` is typed on HOST, what
follows is what it prints. `…` stands for anything in a line, alone on a line for any lines. Behind
`console`, where no reader sees it, may stand

    wait      it is typed again until it prints that: something has to happen first
    exit=N    its exit code is N, and not 0
    lab=WORD  no lab can run it: the lab does what WORD says instead

Where the output ends a line with `yes or no: yes`, the command has a terminal, and yes is typed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

ANSWER = "yes or no: "
_FENCE = "```"
_PROMPT = re.compile(r"(?P<host>[a-z]+[0-9]+)# (?P<words>.+)")
_ANY = "…"


class BadGuide(Exception):
    """The guide is not written as it has to be."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What is said of a block behind the word console."""

    wait: bool = False
    code: int = 0
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the guide."""

    line: int
    """Where it stands in the guide, from 1."""
    host: str
    words: str
    printed: tuple[str, ...]
    marks: Marks = Marks()

    @property
    def asks(self) -> bool:
        """Return whether it asks something, to be answered with yes."""
        return any(line.endswith(f"{ANSWER}yes") for line in self.printed)


def commands(text: str) -> list[Command]:
    """Return every command of the guide, in its order; BadGuide with the line for what is none."""
    return [each for first, marks, lines in _blocks(text) for each in _block(first, marks, lines)]


def fits(shown: Sequence[str], printed: str) -> bool:
    """Return whether a command printed what the guide shows, but for blanks at ends of lines."""
    pattern = "".join(_line(line) for line in shown)
    said = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return re.fullmatch(pattern, said) is not None


def _line(shown: str) -> str:
    if shown.strip() == _ANY:
        return r"(?:[^\n]*\n)*?"
    return r"[^\n]*?".join(re.escape(part) for part in shown.rstrip().split(_ANY)) + r"\n"


def _blocks(text: str) -> Iterator[tuple[int, Marks, list[str]]]:
    """Yield the number of the first line, the marks and the lines of each block to be run."""
    lines = text.splitlines()
    fences = [number for number, line in enumerate(lines) if line.startswith(_FENCE)]
    if len(fences) % 2:
        raise BadGuide(f"line {fences[-1] + 1}: a block that does not end")
    for start, end in zip(fences[::2], fences[1::2], strict=True):
        language, *marks = lines[start].removeprefix(_FENCE).split() or [""]
        if language == "console":
            yield start + 2, _marks(marks, start + 1), lines[start + 1 : end]


def _marks(words: Sequence[str], line: int) -> Marks:
    marks = Marks()
    for word in words:
        match word.partition("="):
            case ("wait", "", ""):
                marks = replace(marks, wait=True)
            case ("exit", "=", code) if code.isdecimal():
                marks = replace(marks, code=int(code))
            case ("lab", "=", instead) if instead:
                marks = replace(marks, instead=instead)
            case _:
                raise BadGuide(f"line {line}: {word} says nothing that is known")
    return marks


def _block(first: int, marks: Marks, lines: Sequence[str]) -> Iterator[Command]:
    """Yield the commands of one block, each with what stands below it."""
    number = 0

    def of_which(numbered: tuple[int, str]) -> int:
        nonlocal number
        number += _PROMPT.fullmatch(numbered[1]) is not None
        return number

    for _, group in groupby(enumerate(lines, first), of_which):
        (line, head), *rest = group
        typed = _PROMPT.fullmatch(head)
        if typed is None:
            raise BadGuide(
                f"line {line}: a block begins with HOST# and a command, not with {head!r}"
            )
        printed = [text for _, text in rest]
        words = typed["words"]
        while words.endswith("\\") and printed:
            words = f"{words[:-1].rstrip()} {printed.pop(0).strip()}"
        yield Command(line, typed["host"], words, _bare(printed), marks)


def _bare(lines: Sequence[str]) -> tuple[str, ...]:
    """Return `lines` without blank ones at the end: they part two commands."""
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=0)
    return tuple(lines[:last])
