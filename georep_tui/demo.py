"""`georep demo`: replication in a throwaway lab, with the console on it while it runs."""

import sys

from engine.lab import demo
from georep_tui import live
from georep_tui.lab_steward import LabSteward
from georep_tui.look import Look

HEADLESS = 60.0
"""Seconds without a screen, when nobody said how many."""


def run(
    *, seconds: float | None, screen: bool, keep: bool, dark: bool, ansi: bool, plain: bool
) -> int:
    """Show it until the operator leaves, then compare both sides; 0 when they are equal.

    Everything is taken down again, unless it shall be kept. Call it in the main thread.
    """
    if not screen:
        return demo.run(seconds or HEADLESS, keep=keep, report=_report)
    with (
        demo.sigterm_as_interrupt(),
        demo.staged(_report, keep=keep) as lab,
        demo.running(lab, _report) as now,
    ):
        left = live.watch(
            now.sockets,
            # In a lab a node is called as its host.
            argv=lambda node: lab.exec_argv(node, ["georep"]),
            steward=LabSteward(lab, lab.shape.primary_hosts),
            seconds=seconds,
            **Look(dark=dark, ansi=ansi, plain=plain),
        )
        if left:
            return left
        verdict = now.finish(_report)
        _report(verdict.words)
        return 0 if verdict.equal else 1


def _report(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
