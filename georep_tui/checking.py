"""What was looked at, one line for each thing, with tick or cross; and `georep doctor`."""

import argparse
import asyncio
import json
import sys
from typing import TextIO

from engine.config import Places
from engine.session import lifecycle
from engine.session.checks import Check, Verdict

_MARKS = {Verdict.FINE: ("✓", "ok"), Verdict.ADVICE: ("!", "!!"), Verdict.WRONG: ("✕", "NO")}
"""With and without Unicode."""


def doctor(at: Places, args: argparse.Namespace) -> int:
    """Make every check of a session, or of this node; 1 when something is wrong."""
    found: list[Check] = []
    told = found.append if args.json else tick
    fine = asyncio.run(lifecycle.examine(at, args.name, tick=told))
    if args.json:
        sys.stdout.write(json.dumps([_plain(check) for check in found], indent=2) + "\n")
    return 0 if fine else 1


def agree(question: str) -> bool:
    """Ask on the terminal; without one, no."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    sys.stdout.write(f"{question} yes or no: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def tick(check: Check) -> None:
    """Show a check as soon as it was made."""
    _show(check, sys.stdout)


def tick_aside(check: Check) -> None:
    """Show a check where stdout is for something else."""
    _show(check, sys.stderr)


def _show(check: Check, out: TextIO) -> None:
    unicode = "utf" in (out.encoding or "").lower()
    mark = _MARKS[check.verdict][0 if unicode else 1]
    where = f"{check.node}: " if check.node else ""
    words = f"{mark} {where}{check.words}"
    if check.fix:
        words += f". {check.fix}"
    evidence = [] if check.fine else check.evidence.splitlines()[-10:]
    out.write("".join(f"{line}\n" for line in (words, *(f"    {line}" for line in evidence))))
    out.flush()


def _plain(check: Check) -> dict[str, str]:
    return {
        "node": check.node,
        "check": check.name,
        "verdict": check.verdict.value,
        "words": check.words,
        "fix": check.fix,
        "evidence": check.evidence,
    }
