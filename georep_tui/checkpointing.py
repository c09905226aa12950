"""`georep checkpoint NAME set|list|delete`: what an operator says, and what is told."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable

from engine import config, moments, progress
from engine.config import Places
from engine.session import checkpoints, lifecycle
from engine.state import SessionState
from georep_tui import report, rows, standing


def checkpoint(at: Places, args: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    config.read(at, args.name)
    acts: dict[str, Callable[[Places, argparse.Namespace], None]] = {
        "set": _set,
        "list": _list,
        "delete": _delete,
    }
    acts[args.act](at, args)
    return 0


def _set(at: Places, args: argparse.Namespace) -> None:
    now = time.time()
    moment = moments.parse(args.time, now)
    label = moments.label(args.label, moment)
    before = checkpoints.put(at, args.name, label, moment, now)
    asyncio.run(lifecycle.nudge(at))
    instead = f", in place of the one for {rows.stamp(before.time)} UTC" if before else ""
    _tell(f"Checkpoint {label} is set: everything before {rows.stamp(moment)} UTC{instead}.")
    _tell(f"See how far it is: georep checkpoint {args.name} list")


def _list(at: Places, args: argparse.Namespace) -> None:
    now = time.time()
    state = asyncio.run(lifecycle.status(at, args.name))
    session = state.sessions.get(args.name, SessionState())
    if args.json:
        report.dump(report.checkpoints_json(session, now))
        return
    if not progress.checkpoints(session):
        _tell(f"No checkpoints. Set one: georep checkpoint {args.name} set now")
        return
    report.say(standing.lines(session, now))


def _delete(at: Places, args: argparse.Namespace) -> None:
    checkpoints.drop(at, args.name, args.label)
    asyncio.run(lifecycle.nudge(at))
    _tell(f"Checkpoint {args.label} is deleted.")


def _tell(words: str) -> None:
    sys.stdout.write(words + "\n")
