"""The command behind `make bench`."""

import argparse
import re
import signal
import sys
from pathlib import Path
from types import FrameType

from bench import run, sites, table, workloads
from bench.run import Plan
from bench.workloads import How
from engine.errors import GeorepError, Usage
from engine.lab import prerequisites


def main() -> int:
    """Measure and print; 0 when everything was measured, 1 when it was not, 2 for wrong usage."""
    args = _arguments()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        plan = _plan(args)
        if any(workload.how is not How.PURE for workload in plan.workloads):
            prerequisites.check()
            sites.clear_dead()
        done = run.run(plan, _say)
    except GeorepError as error:
        sys.stderr.write(f"{error.sentence()}\n")
        return 2 if isinstance(error, Usage) else 1
    except KeyboardInterrupt:
        sys.stderr.write(f"Interrupted. What was measured before is in {args.out}.\n")
        return 1
    for measured in done:
        _say("")
        for line in table.text(measured):
            _say(line)
    _say(f"\nAs JSON: {args.out}")
    return 0


def _plan(args: argparse.Namespace) -> Plan:
    chosen = workloads.chosen(args.only)
    rivals = frozenset(name for name in args.rivals.split(",") if name)
    known = {name for workload in chosen for name in workload.rivals}
    for name in sorted(rivals - known):
        raise Usage(
            f"{name!r} takes no part", fix=f"RIVALS takes some of {','.join(sorted(known))}."
        )
    return Plan(chosen, rivals, args.rounds, args.scale, args.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME,…")
    parser.add_argument("--rivals", default="", metavar="NAME,…")
    parser.add_argument("--rounds", type=_whole, default=3)
    parser.add_argument("--scale", type=_share, default=1.0)
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    return parser.parse_args()


def _whole(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 99")
    return int(text)


def _share(text: str) -> float:
    if not re.fullmatch(r"1|0?\.[0-9]{1,6}", text) or not float(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and at most 1, like 0.1")
    return float(text)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
