"""The words of the commands with which a session is prepared, or looked into: keys, adopt, doctor,
bundle.
"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import Places

Command = Callable[[str, str], argparse.ArgumentParser]
"""Adds a command to the parser: its name, and what it does."""


def add_commands(command: Command) -> None:
    """Add these commands to those of `georep`."""
    keys = command("keys", "make a key that opens nothing but georep on the secondary")
    keys.add_argument(
        "target", metavar="NAME|[USER@]HOST::SVOL", help="the session, or the secondary, it is for"
    )
    keys.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="FINGERPRINT",
        help="a right one of a host's key; once for each node",
    )
    keys.add_argument(
        "--print", action="store_true", help="put it nowhere; write the line of authorized_keys"
    )
    keys.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="k=v", help="an option"
    )
    adopt = command("adopt", "take a session of gsyncd's over, which is stopped; start nothing")
    adopt.add_argument("volume", metavar="PVOL", nargs="?", help="its primary volume")
    adopt.add_argument("secondary", metavar="[USER@]HOST::SVOL", nargs="?", default="")
    adopt.add_argument("--list", action="store_true", help="say which there are")
    adopt.add_argument("--name", default="", help="what to call the session here")
    adopt.add_argument("--enable", action="store_true", help="as of create")
    doctor = command("doctor", "look at all that a session needs, or this node; 1 when it is wrong")
    doctor.add_argument("name", metavar="NAME", nargs="?")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    bundle = command("bundle", "put into one file what somebody needs to see who shall help")
    bundle.add_argument("name", metavar="NAME", nargs="?")
    bundle.add_argument("--out", metavar="FILE", default="", help="where to (the current folder)")


def run(at: "Places", args: argparse.Namespace) -> int:
    """Run one of them; return the exit code."""
    # Deferred: a command that says one word shall not wait for what others need.
    match args.command:
        case "adopt":
            from georep_tui import adopting

            return adopting.run(at, args)
        case "bundle":
            from georep_tui import bundling

            return bundling.run(at, args)
        case "keys":
            from georep_tui import keying

            return keying.run(at, args)
        case _:
            from georep_tui import checking

            return checking.doctor(at, args)
