"""`python -m engine.lab`: the lab without the rest of the command line."""

import sys

from engine.lab import cli


def main() -> int:
    """Run the command line."""
    return cli.run(cli.parser().parse_args())


if __name__ == "__main__":
    sys.exit(main())
