"""Commands that change one object after the other: each says first what it would do, and needs a
yes, typed, said with `--yes`, or given to just that by `--seen`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence

import msgspec

from engine.plan.steps import Agreed, Step, Told, never
from georep_tui import checking, rows

Perform = Callable[[Agreed], Sequence[Told]]
"""Looks at both sides, and does what is agreed to."""
_LABEL = 10


def run(args: argparse.Namespace, perform: Perform) -> int:
    """Show what would be done, have it agreed to, and do it; 0 when all of it is done."""
    write = _write_json if args.json else _write
    if args.yes or args.seen:
        agreed = (lambda step: step.token in args.seen) if args.seen else _always
        return _ended(write(perform(agreed)))
    told = write(perform(never))
    shown = [each.step for each in told if each.step.does and not each.step.refused]
    if not shown or args.json:
        return 1
    if not _asked(len(shown)):
        sys.stdout.write("Nothing was done. With --yes it is.\n")
        return 1
    tokens = {step.token for step in shown}
    return _ended(_write(perform(lambda step: step.token in tokens)))


def _always(step: Step) -> bool:
    return True


def _asked(many: int) -> bool:
    question = "Do this?" if many == 1 else f"Do these {many}?"
    return checking.agree(question)


def _ended(told: Sequence[Told]) -> int:
    return 0 if all(each.done for each in told) else 1


def _write(told: Sequence[Told]) -> Sequence[Told]:
    for each in told:
        sys.stdout.write("\n".join(text(each)) + "\n")
    sys.stdout.flush()
    return told


def _write_json(told: Sequence[Told]) -> Sequence[Told]:
    for each in told:
        sys.stdout.write(json.dumps(as_json(each)) + "\n")
    sys.stdout.flush()
    return told


def text(told: Told) -> list[str]:
    """Return what is said of a step: what both sides have, what would be done, what was."""
    step = told.step
    lines = [rows.verbatim(step.name or step.gfid)]
    if told.done:
        return [*lines, f"  {rows.printable(told.words)}"]
    for label, words in (("primary", step.primary), ("secondary", step.secondary)):
        lines += [f"  {label:{_LABEL}}{rows.printable(words)}"] if words else []
    for number, words in enumerate([] if step.refused else step.does, 1):
        label = "would" if number == 1 else ""
        lines.append(f"  {label:{_LABEL}}{number}  {rows.printable(words)}")
    if step.note and not step.refused:
        lines.append(f"  {'note':{_LABEL}}{rows.printable(step.note)}")
    lines += [f"  {rows.printable(words)}" for words in (step.refused, told.words) if words]
    return lines


def as_json(told: Told) -> dict[str, object]:
    """Return the same for programs."""
    content = msgspec.to_builtins(told.step)
    return {**content, "token": told.step.token, "done": told.done, "words": told.words}


def read(line: bytes) -> Told | None:
    """Undo `as_json`, of one line; None for one that is something else."""
    try:
        step = msgspec.json.decode(line, type=Step)
        result = msgspec.json.decode(line, type=_Result)
    except msgspec.MsgspecError:
        return None
    return Told(step=step, done=result.done, words=result.words)


class _Result(msgspec.Struct):
    done: bool
    words: str
