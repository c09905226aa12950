"""The command `georep`: the console, and what is asked or told in one line.

Everything is imported when it is needed: a command that says one word shall not wait for a screen.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import ending, names
from engine.errors import GeorepError, Usage
from georep_tui import (
    fixing,
    look,
    preparing,
    quarantining,
    remembered,
    reporting,
    resending,
    tending,
    words,
)
from georep_tui.replay import cli as replay

if TYPE_CHECKING:
    from engine.config import Places
    from georep_tui.hosts import Host

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 fine, 1 needs attention, 2 wrong usage."""
    said = list(sys.argv[1:] if argv is None else argv)
    return ending.quietly(lambda: _main(said))


def _main(said: list[str]) -> int:
    try:
        args = words.parser(said).parse_args(said)
        if args.read_only and args.command is not None:
            raise Usage("--read-only is for the console", fix="Say georep --read-only alone.")
        return _elsewhere(args, said) if args.hosts or args.pool else _run(args)
    except GeorepError as error:
        # The far side's own words may be anything; they shall not steer the terminal.
        last = map(names.verbatim, error.evidence.splitlines()[-20:])
        evidence = "".join(f"\n    {line}" for line in last)
        sys.stderr.write(f"georep: {names.verbatim(error.sentence())}{evidence}\n")
        return 2 if isinstance(error, Usage) else 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(args: argparse.Namespace) -> int:
    if args.command == "lab":
        from engine.lab import cli as lab  # deferred: it is big, and seldom asked for

        return lab.run(args)
    if args.command == "demo":
        return _demo(args)
    if args.command == "replay":
        return replay.run(args, look.chosen(args, remembered.theme()), terminal=_terminal())
    if args.command == "explain":
        from georep_tui import explaining  # deferred, like everything here

        return explaining.explain_word(args)
    from engine import config  # deferred: the lab needs no yaml

    at = config.places(args.config, args.state)
    match args.command:
        case None:
            return _console(at, args)
        case "status":
            return reporting.status(at, args)
        case "list":
            return reporting.sessions(at, args)
        case "failures" if args.act:
            return fixing.run(at, args)
        case "failures":
            return reporting.failures(at, args)
        case "quarantine":
            return quarantining.run(at, args)
        case "checkpoint":
            from georep_tui import checkpointing  # deferred, like everything here

            return checkpointing.checkpoint(at, args)
        case "events":
            from georep_tui import recalling  # deferred, like everything here

            return recalling.recall(
                at, args.name, level=words.LEVELS.index(args.level), as_json=args.json
            )
        case "verify":
            from georep_tui import verifying  # deferred, like everything here

            return verifying.verify(at, args)
        case "config":
            from georep_tui import configuring  # deferred, like everything here

            return configuring.configure(at, args)
        case "resend":
            return resending.run(at, args)
        case "reconcile":
            from georep_tui import reconciling  # deferred, like everything here

            return reconciling.reconcile(at, args)
        case "adopt" | "bundle" | "doctor" | "keys":
            return preparing.run(at, args)
        case _:
            return tending.run(at, args)


def _elsewhere(args: argparse.Namespace, said: Sequence[str]) -> int:
    """Run it on the nodes that are meant; the console is on all of them."""
    from engine import config  # deferred, like everything here
    from georep_tui import everywhere, hosts

    at = config.places(args.config, args.state)
    places = [
        word
        for option, value in (("--config", args.config), ("--state", args.state))
        if value is not None
        for word in (option, value)
    ]
    everywhere.check(args)
    meant = hosts.meant(args.hosts, whole_pool=args.pool, at=at, places=places)
    if args.command is None:
        return _console(at, args, meant)
    return everywhere.run(meant, at, args, words.after(said))


def _console(at: "Places", args: argparse.Namespace, meant: "Sequence[Host]" = ()) -> int:
    if not _terminal():
        raise Usage("The console needs a terminal", fix="Without one: georep status.")
    from georep_tui import hosts, keyfile, live  # deferred: Textual takes a moment
    from georep_tui.far_steward import FarSteward
    from georep_tui.steward import Steward

    here = hosts.here(at)
    return live.watch(
        [host if host.name else at.socket for host in meant] or [at.socket],
        find=lambda node: here,
        steward=FarSteward(meant, at) if meant else Steward(at),
        reading_only=args.read_only,
        keyboard=keyfile.read(),
        **look.chosen(args, remembered.theme()),
    )


def _demo(args: argparse.Namespace) -> int:
    from georep_tui import demo, keyfile  # deferred: Textual takes a moment
    from georep_tui.keyboard import USUAL

    screen = _terminal() and not args.no_tui
    return demo.run(
        seconds=args.seconds,
        screen=screen,
        keep=args.keep,
        keyboard=keyfile.read() if screen else USUAL,
        **look.chosen(args, remembered.theme()),
    )


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
