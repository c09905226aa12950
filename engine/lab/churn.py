"""Several processes at once that do the steps of a churn, until time, steps or patience end."""

import argparse
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple

from engine.lab.steps import Doer, plan


class Done(NamedTuple):
    """How much was done, and how much the tree refused."""

    done: int
    refused: int


def churn(
    root: bytes,
    seed: int,
    *,
    seconds: float | None = None,
    operations: int | None = None,
    processes: int = 3,
    rate: float = 0,
    least: int = 0,
) -> Done:
    """Work below `root` until the time or the operations of each process are used up.

    SIGTERM and Ctrl-C end it at the next whole operation, once each process has done the `least`;
    call it in the main thread.
    """
    os.makedirs(root, exist_ok=True)
    limits = ["--rate", str(rate), "--least", str(least)]
    limits += ["--seconds", str(seconds)] if seconds is not None else []
    limits += ["--operations", str(operations)] if operations is not None else []
    argv = [sys.executable, "-m", "engine.lab.workload", "churn", os.fsdecode(root)]
    running: list[subprocess.Popen[bytes]] = []

    def stop() -> None:
        for one in running:
            one.terminate()

    with _Asked(stop) as asked:
        for number in range(processes):
            command = [*argv, "--seed", str(seed), "--process", str(number), *limits]
            running.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        if asked.yes:
            stop()
        said = [one.communicate()[0] for one in running]
    # A process that was asked before it could listen ends by the signal, and has done nothing.
    if failed := [one for one in running if one.returncode not in (0, -signal.SIGTERM)]:
        raise subprocess.CalledProcessError(failed[0].returncode, argv)
    counts = [json.loads(line) for line in said if line]
    return Done(sum(c["done"] for c in counts), sum(c["refused"] for c in counts))


def one_process(root: bytes, seed: int, process: int, args: argparse.Namespace) -> Done:
    """Be one of the processes of `churn`."""
    doer, done, refused = Doer(root, process), 0, 0
    ends = time.monotonic() + args.seconds if args.seconds is not None else None
    with _Asked() as asked:
        for step in itertools.islice(plan(seed, process), args.operations):
            ended = asked.yes or (ends is not None and time.monotonic() > ends)
            if ended and done >= args.least:
                break
            if doer.do(step):
                done += 1
            else:
                refused += 1
            if args.rate:
                time.sleep(1 / args.rate)
    return Done(done, refused)


class _Asked:
    """Whether SIGTERM or SIGINT asked us to end."""

    def __init__(self, also: Callable[[], None] = lambda: None) -> None:
        self.yes = False
        self._also = also

    def __enter__(self) -> "_Asked":
        self._before = {s: signal.signal(s, self._note) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.yes = True
        self._also()


def fill(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options of a churn."""
    parser.add_argument("root")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--operations", type=int, help="of each process")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0, help="operations per second; 0: no limit")
    parser.add_argument("--least", type=int, default=0, help="of each process, whatever ends it")
    parser.add_argument("--process", type=int, help="be just this one of them")


def run(args: argparse.Namespace) -> int:
    """Run the command; what was done is printed as JSON."""
    root = os.fsencode(args.root)
    if args.process is not None:
        counts = one_process(root, args.seed, args.process, args)
    else:
        counts = churn(
            root,
            args.seed,
            seconds=args.seconds,
            operations=args.operations,
            processes=args.processes,
            rate=args.rate,
            least=args.least,
        )
    sys.stdout.write(json.dumps(counts._asdict()) + "\n")
    return 0
