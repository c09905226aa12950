"""The command line of the lab: `georep lab up|down|status|exec`."""

import argparse
import os
import subprocess
import sys
import time

from engine.errors import GeorepError, Usage
from engine.lab.lab import DEFAULT_NAME, Lab
from engine.lab.shape import Shape

_NUMBERS = {
    "primaries": "hosts of the primary pool (2)",
    "bricks": "primary bricks on each host (2)",
    "replica": "copies of each file on the primary; 1: none (2, or 1 with --disperse)",
    "arbiter": "1: the last brick of each replica set holds no data (0)",
    "disperse": "bricks of one dispersed set (0: not dispersed)",
    "redundancy": "bricks of a dispersed set that may fail (0)",
    "secondaries": "hosts of the secondary pool (1)",
    "secondary_bricks": "secondary bricks on each host (2)",
    "secondary_replica": "copies of each file on the secondary (1)",
    "rollover": "seconds of one changelog slice (15)",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `lab` to the commands of a program."""
    _fill(subparsers.add_parser("lab", help="two throwaway GlusterFS sites on this machine"))


def parser() -> argparse.ArgumentParser:
    """Return the lab's commands as a program of their own."""
    alone = argparse.ArgumentParser(prog="georep lab")
    _fill(alone)
    return alone


def _fill(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="lab_command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="make the lab, or mend it")
    for name, words in _NUMBERS.items():
        up.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=words)
    up.add_argument("--no-changelog", action="store_true", help="leave the changelog off")
    up.add_argument("--no-gsyncd", action="store_true", help="without GlusterFS's own replication")
    down = commands.add_parser("down", help="remove the lab and every trace of it")
    status = commands.add_parser("status", help="say what runs; 0 when all of it does")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    execute = commands.add_parser("exec", help="run a command in a host")
    execute.add_argument("host", metavar="HOST")
    words = "the command; give --name before HOST if it has one too"
    execute.add_argument("argv", metavar="CMD", nargs=argparse.REMAINDER, help=words)
    for command in (up, down, status, execute):
        command.add_argument("--name", help=f"which lab ({DEFAULT_NAME})")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    try:
        return _run(args)
    except Usage as error:
        sys.stderr.write(f"{error.sentence()}\n")
        return 2
    except GeorepError as error:
        sys.stderr.write(f"{error.sentence()}\n")
        return 1
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"The lab met what it does not expect: {error}.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped in the middle. Run `georep lab down` to clean up.\n")
        return 1


def _run(args: argparse.Namespace) -> int:
    if args.lab_command == "exec":
        take_name(args)
    lab = Lab(args.name or DEFAULT_NAME)
    match args.lab_command:
        case "up":
            began = time.monotonic()
            lab.up(shape_of(args))
            took = time.monotonic() - began
            sys.stdout.write(f"The lab {lab.name} is up ({took:.1f} s), in {lab.place.root}.\n")
        case "down":
            lab.down()
            sys.stdout.write(f"The lab {lab.name} is gone.\n")
        case "status":
            health = lab.status()
            sys.stdout.write(f"{health.as_json()}\n" if args.json else health.as_text())
            return 0 if health.healthy else 1
        case "exec":
            _become(lab, args.host, args.argv)
        case _:
            pass
    return 0


def take_name(args: argparse.Namespace) -> None:
    """Find the lab's name where `exec` was not told it in front: behind the host, or at the end.

    Told in front, every other `--name` is the command's own.
    """
    match args.name, args.argv:
        case None, ["--name", name, *argv]:
            args.name, args.argv = name, argv
        case None, [*argv, "--name", name]:
            args.name, args.argv = name, argv
        case _:
            pass
    if args.argv[:1] == ["--"]:
        args.argv = args.argv[1:]


def _become(lab: Lab, host: str, argv: list[str]) -> None:
    if not argv:
        raise Usage("No command was given", fix="Say `georep lab exec HOST CMD…`.")
    entering = lab.exec_argv(host, argv)
    sys.stdout.flush()
    os.execvp(entering[0], entering)


def shape_of(args: argparse.Namespace) -> Shape | None:
    """Return the shape that `up` was asked for, or None when it was asked for none."""
    given = {name: getattr(args, name) for name in _NUMBERS if getattr(args, name) is not None}
    if given.get("disperse"):
        given.setdefault("replica", 1)
    if not given and not args.no_changelog and not args.no_gsyncd:
        return None
    return Shape(**given, changelog=not args.no_changelog, gsyncd=not args.no_gsyncd)
