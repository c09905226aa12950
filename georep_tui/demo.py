"""`georep demo`: replication in a throwaway lab, with the console on it while it runs."""

import sys
from functools import partial

from engine.config import Places
from engine.lab import demo
from engine.lab.lab import Lab
from georep_tui import live
from georep_tui.far_steward import FarSteward
from georep_tui.hosts import Host
from georep_tui.keyboard import Keyboard
from georep_tui.look import Look

HEADLESS = 60.0
"""Seconds without a screen, when nobody said how many."""


def run(
    *,
    seconds: float | None,
    screen: bool,
    keep: bool,
    keyboard: Keyboard,
    dark: bool,
    ansi: bool,
    plain: bool,
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
            find=partial(inside, lab),
            steward=steward(lab),
            keyboard=keyboard,
            seconds=seconds,
            **Look(dark=dark, ansi=ansi, plain=plain),
        )
        if left:
            return left
        verdict = now.finish(_report)
        _report(verdict.words)
        return 0 if verdict.equal else 1


def inside(lab: Lab, name: str) -> Host:
    """Return a host of a lab, which is on this machine."""
    return Host(name, partial(lab.exec_argv, name))


def steward(lab: Lab) -> FarSteward:
    """Return who changes the sessions of a lab, on every node of its primary."""
    first, *_ = names = lab.shape.primary_hosts
    at = Places(config=lab.place.config(first), state=lab.place.state(first))
    return FarSteward([inside(lab, name) for name in names], at)


def _report(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
