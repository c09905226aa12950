"""georep-engine: what is started by systemd, by the supervisor and, over ssh, by the primary."""

import argparse
import sys
from collections.abc import Sequence

from engine import __version__, ending, names
from engine.errors import GeorepError, Usage

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 fine, 1 see the words, 2 wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    return ending.quietly(lambda: _main(words))


def _main(words: list[str]) -> int:
    try:
        # These are started by programs, have their own arguments, and must be there at once.
        match words[:1]:
            case ["agent"]:
                from engine.secondary import agent  # deferred: only the agent needs it

                return agent.main(words[1:])
            case ["receive"]:
                from engine.secondary import receiver  # deferred: only a stream needs it

                return receiver.main(words[1:])
            case ["gate"]:
                from engine.secondary import gate  # deferred: only a login needs it

                return gate.main(words[1:])
            case ["authorize"]:
                from engine.secondary import authorized  # deferred: only new keys need it

                return authorized.main(words[1:])
            case ["keep-mount"]:
                from engine.gluster import brokered  # deferred: only agents without root need it

                return brokered.keep(words[1:])
            case ["mountbroker"]:
                from engine.secondary import mountbroker  # deferred: only an operator needs it

                return mountbroker.main(words[1:])
            case ["worker"]:
                from engine.session import worker  # deferred: only a worker needs it

                return worker.main(words[1:])
            case _:
                return _command(_parser().parse_args(words))
    except GeorepError as error:
        _say_error(error)
        return 2 if isinstance(error, Usage) else 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _command(arguments: argparse.Namespace) -> int:
    from engine import config  # deferred: the agent needs no yaml
    from engine.session import headless  # deferred: the agent needs no asyncio

    at = config.places(arguments.config, arguments.state)
    match arguments.command:
        case "attach":
            from engine.session import attach  # deferred: only consoles elsewhere need it

            return attach.run(at)
        case "errand":
            from engine.session import errands  # deferred: only consoles elsewhere need it

            return errands.become(at)
        case "run":
            return headless.run(at)
        case "once":
            return headless.once(at, arguments.session)
        case _:
            return headless.events(at, arguments.session)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="georep-engine",
        description="Replicates GlusterFS volumes; the engine without a screen.",
        epilog="Exit codes: 0 fine, 1 something needs attention, 2 wrong usage or configuration.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"georep {__version__}")
    places = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    places.add_argument("--config", metavar="DIR", help="where the session files are")
    places.add_argument("--state", metavar="DIR", help="where journals, logs and socket are")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=words, description=words, parents=[places], allow_abbrev=False
        )

    command("run", "supervise every session of this node, until stopped")
    once = command("once", "replicate until the secondary has all that was there at the start")
    once.add_argument("session", metavar="SESSION")
    told = command("events", "write what the engine tells as JSON lines, until interrupted")
    told.add_argument("session", metavar="SESSION", nargs="?")
    command("attach", "hand on what the engine tells, to a console elsewhere; started over ssh")
    command("errand", "look at something for a console elsewhere; started over ssh")
    commands.add_parser("agent", help="serve a primary; started by it over ssh", add_help=False)
    commands.add_parser(
        "mountbroker", help="let a user mount a volume of this node through glusterd"
    )
    commands.add_parser("worker", help="replicate one brick; started by run", add_help=False)
    return parser


def _say_error(error: GeorepError) -> None:
    last = map(names.verbatim, error.evidence.splitlines()[-20:])
    evidence = "".join(f"\n    {line}" for line in last)
    sys.stderr.write(f"georep-engine: {names.verbatim(error.sentence())}{evidence}\n")


if __name__ == "__main__":
    sys.exit(main())
