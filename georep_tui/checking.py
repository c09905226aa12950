"""What was looked at, one line for each thing: tick or cross, and how to mend it."""

import sys
from typing import TextIO

from engine.session.checks import Check


def tick(check: Check) -> None:
    """Show a check as soon as it was made."""
    _show(check, sys.stdout)


def tick_aside(check: Check) -> None:
    """Show a check where stdout is for something else."""
    _show(check, sys.stderr)


def _show(check: Check, out: TextIO) -> None:
    unicode = "utf" in (out.encoding or "").lower()
    mark = ("✓" if check.fine else "✕") if unicode else ("ok" if check.fine else "NO")
    words = f"{mark} {check.words}"
    if check.fix:
        words += f". {check.fix}"
    lines = [words, *(f"    {line}" for line in _evidence(check))]
    out.write("".join(f"{line}\n" for line in lines))
    out.flush()


def _evidence(check: Check) -> list[str]:
    return [] if check.fine else check.evidence.splitlines()[-10:]
