"""Everything that users do to a volume: a list of all operations once, or a churn of random ones.

Runs inside a lab host, on a mount: `python -m engine.lab.workload every ROOT TAG`, `… churn ROOT`.
"""

import argparse
import os
import sys
from collections.abc import Collection, Iterable, Sequence

from engine.lab import churn, moves, operations
from engine.lab.folder import Folder
from engine.lab.operations import Case

CASES = (*operations.CASES, *moves.CASES)


def every_operation(
    root: bytes,
    tag: str,
    *,
    earlier: Sequence[str] = (),
    later: Sequence[str] = (),
    without: Collection[str] = (),
) -> None:
    """Do every operation once on objects made now, in a new folder of `root` named by `tag`; but
    cases that are called as one of `without`, which a volume cannot do.

    `later` names the phases that shall find objects prepared, `earlier` those phases that prepared
    some for this one: so every operation also meets objects that have long been replicated.
    """
    cases = [case for case in CASES if case.name not in without]
    before(root, tag, cases)
    then(root, tag, cases)
    for phase in later:
        before(root, f"{tag}-{phase}", cases)
    for phase in earlier:
        then(root, f"{phase}-{tag}", cases)


def before(root: bytes, folder: str, cases: Iterable[Case] = CASES) -> None:
    """Make, in a new folder, the objects that `then` works on."""
    top = os.path.join(root, folder.encode())
    os.mkdir(top)
    for case in cases:
        here = Folder(os.path.join(top, case.name.encode()))
        os.mkdir(here.root)
        case.before(here)


def then(root: bytes, folder: str, cases: Iterable[Case] = CASES) -> None:
    """Do what is left of every operation in a folder that `before` has filled."""
    for case in cases:
        case.then(Folder(os.path.join(root, folder.encode(), case.name.encode())))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.lab.workload")
    commands = parser.add_subparsers(dest="command", required=True)
    every = commands.add_parser("every", help="every operation once")
    every.add_argument("root")
    every.add_argument("tag", help="name of this phase")
    every.add_argument("--earlier", nargs="*", default=(), help="phases that prepared for this one")
    every.add_argument("--later", nargs="*", default=(), help="phases to prepare for")
    every.add_argument("--without", nargs="*", default=(), help="cases that are left out")
    churn.fill(commands.add_parser("churn", help="random operations"))
    args = parser.parse_args(argv)
    if args.command == "churn":
        return churn.run(args)
    every_operation(
        os.fsencode(args.root),
        args.tag,
        earlier=args.earlier,
        later=args.later,
        without=args.without,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
