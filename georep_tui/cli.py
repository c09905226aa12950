"""The command `georep`: the console, and what is asked or told in one line.

Everything is imported when it is needed: a command that says one word shall not wait for a screen.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine import __version__
from engine.errors import GeorepError, Usage
from georep_tui import fixing, look, preparing, quarantining, remembered
from georep_tui.replay import cli as replay

if TYPE_CHECKING:
    from engine.config import Places

INTERRUPTED = 130
LEVELS = ("all", "info", "warn", "bad")
"""How much an event must matter to be told."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 fine, 1 needs attention, 2 wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(_parser(words).parse_args(words))
    except GeorepError as error:
        evidence = "".join(f"\n    {line}" for line in error.evidence.splitlines()[-20:])
        sys.stderr.write(f"georep: {error.sentence()}{evidence}\n")
        return 2 if isinstance(error, Usage) else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has gone. Python must not complain about it again at exit.
        sys.stdout = None
        return 1


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="georep",
        description="Replicates GlusterFS volumes to a second site; alone, it opens the console.",
        epilog="Exit codes: 0 fine, 1 something needs attention, 2 wrong usage or configuration.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"georep {__version__}")
    _places(parser, None)
    look.add_options(parser)
    parser.add_argument(
        "--read-only", action="store_true", help="a console whose keys change nothing"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        # What was said before the command must not be taken back by a default after it.
        _places(made, argparse.SUPPRESS)
        return made

    create = command("create", "check both sides and make a session; start nothing")
    create.add_argument("volume", metavar="PVOL", help="the primary volume")
    create.add_argument(
        "secondary",
        metavar="[USER@]HOST::SVOL",
        help="the secondary volume; or a directory there, as [USER@]HOST:/PATH",
    )
    create.add_argument("--name", default="", help="what to call the session")
    create.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="k=v", help="an option"
    )
    create.add_argument(
        "--enable", action="store_true", help="switch the primary's changelog on, if it is off"
    )
    create.add_argument(
        "--force",
        action="store_true",
        help="also when the secondary is not empty, or marks forbid it",
    )
    preparing.add_commands(command)
    for name, help in (
        ("start", "start a session"),
        ("pause", "finish what is under way, and begin nothing new"),
        ("resume", "go on with a session that is paused"),
        ("stop", "stop a session"),
    ):
        command(name, help).add_argument("name", metavar="NAME")
    delete = command("delete", "remove a session that is stopped")
    delete.add_argument("name", metavar="NAME")
    delete.add_argument(
        "--reset-sync-time",
        action="store_true",
        help="take its positions off the bricks, too: the next session looks at everything",
    )
    status = command("status", "say how a session is, or all; 1 when something needs attention")
    status.add_argument("name", metavar="NAME", nargs="?")
    listed = command("list", "say which sessions there are")
    for each in (status, listed):
        each.add_argument("--json", action="store_true", help="as JSON")
    failures = command("failures", "say what could not be replicated, and why; 1 when anything is")
    failures.add_argument("name", metavar="NAME")
    failures.add_argument("--json", action="store_true", help="as JSON")
    fixing.add_act(failures)
    quarantining.add_command(command)
    told = command("events", "say what happened, the newest last")
    told.add_argument("name", metavar="NAME", nargs="?", help="of one session (of all)")
    told.add_argument(
        "--level", choices=LEVELS, default="info", help="what matters so much; all: work, too"
    )
    told.add_argument("--json", action="store_true", help="as JSON, an event on each line")
    retry = command("retry", "try what failed again, now")
    retry.add_argument("name", metavar="NAME")
    retry.add_argument(
        "objects", metavar="GFID|PATH", nargs="*", help="only these (all that were not skipped)"
    )
    skip = command("skip", "leave objects that fail alone, until they change")
    skip.add_argument("name", metavar="NAME")
    skip.add_argument("objects", metavar="GFID|PATH", nargs="+")
    _checkpoints(command)
    _comparing(command)
    replay.add_parser(command)
    _configuring(command("config", "say or change what is set for a session"))
    explain = commands.add_parser(
        "explain", help="say what a cause, a kind of failure or an option means", allow_abbrev=False
    )
    explain.add_argument("words", metavar="CAUSE|OPTION", nargs="+")
    explain.add_argument("--json", action="store_true", help="as JSON")
    demo = commands.add_parser("demo", help="show it all in a lab of its own", allow_abbrev=False)
    demo.add_argument("--seconds", type=float, metavar="N", help="for how long (until you leave)")
    demo.add_argument("--no-tui", action="store_true", help="without the console")
    demo.add_argument("--keep", action="store_true", help="leave the lab standing at the end")
    if words[:1] == ["lab"]:
        from engine.lab import cli as lab  # deferred: it is big, and seldom asked for

        lab.add_parser(commands)
    else:
        commands.add_parser("lab", help="two throwaway GlusterFS sites on this machine")
    return parser


def _checkpoints(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    checkpoint = command("checkpoint", "ask when everything up to a moment is on the secondary")
    checkpoint.add_argument("name", metavar="NAME")
    acts = checkpoint.add_subparsers(dest="act", metavar="set|list|delete", required=True)
    setting = acts.add_parser("set", help="set one", allow_abbrev=False)
    setting.add_argument(
        "time", metavar="now|TIME", nargs="?", default="now", help="2026-05-01T12:00, 12:00, …"
    )
    setting.add_argument("--label", metavar="WORD", default="", help="what to call it")
    listing = acts.add_parser("list", help="say how far each is", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="as JSON")
    acts.add_parser("delete", help="delete one", allow_abbrev=False).add_argument(
        "label", metavar="LABEL"
    )


def _comparing(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    verify = command("verify", "compare both volumes of a session; 1 when they differ")
    verify.add_argument("name", metavar="NAME")
    verify.add_argument("--content", action="store_true", help="the bytes of files, too")
    verify.add_argument("--under", metavar="PATH", default="", help="only what is at PATH, below")
    reconcile = command(
        "reconcile", "show what the secondary has and the primary has no more, or remove it"
    )
    reconcile.add_argument("name", metavar="NAME")
    reconcile.add_argument("--apply", action="store_true", help="do it")
    reconcile.add_argument(
        "--force", action="store_true", help="also when more than half of all would be removed"
    )
    for each in (verify, reconcile):
        each.add_argument(
            "--patience",
            metavar="SECONDS",
            type=_seconds,
            help="how long a difference must stay to count (from changelog.rollover-time)",
        )
        each.add_argument("--json", action="store_true", help="as JSON, an object on each line")


def _configuring(parser: argparse.ArgumentParser) -> None:
    whats = parser.add_subparsers(dest="what", required=True, metavar="list|get|set|reset")

    def what(name: str, help: str) -> argparse.ArgumentParser:
        made = whats.add_parser(name, help=help, description=help, allow_abbrev=False)
        _places(made, argparse.SUPPRESS)
        made.add_argument("name", metavar="NAME")
        return made

    listed = what("list", "say every option: value, default, meaning")
    get = what("get", "say the value of an option")
    get.add_argument("option", metavar="OPTION", help="gsyncd's names are understood, too")
    for each in (listed, get):
        each.add_argument("--json", action="store_true", help="as JSON")
    put = what("set", "set an option, in the session's file and where it runs on this node")
    put.add_argument("option", metavar="OPTION")
    # Whatever comes now is the value, also what begins with dashes.
    put.add_argument("value", metavar="VALUE", nargs=argparse.REMAINDER)
    reset = what("reset", "put an option, or all, back to the default")
    reset.add_argument("option", metavar="OPTION|all")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86400:
        raise ValueError(text)
    return seconds


def _places(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--config", metavar="DIR", default=default, help="where the session files are"
    )
    parser.add_argument(
        "--state", metavar="DIR", default=default, help="where journals, logs and socket are"
    )


def _run(args: argparse.Namespace) -> int:
    if args.read_only and args.command is not None:
        raise Usage("--read-only is for the console", fix="Say georep --read-only alone.")
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
            return _status(at, args)
        case "list":
            return _list(at, args)
        case "failures" if args.act:
            return fixing.run(at, args)
        case "failures":
            return _failures(at, args)
        case "quarantine":
            return quarantining.run(at, args)
        case "checkpoint":
            from georep_tui import checkpointing  # deferred, like everything here

            return checkpointing.checkpoint(at, args)
        case "events":
            from georep_tui import recalling  # deferred, like everything here

            return recalling.recall(
                at, args.name, level=LEVELS.index(args.level), as_json=args.json
            )
        case "verify":
            from georep_tui import verifying  # deferred, like everything here

            return verifying.verify(at, args)
        case "config":
            from georep_tui import configuring  # deferred, like everything here

            return configuring.configure(at, args)
        case "reconcile":
            from georep_tui import reconciling  # deferred, like everything here

            return reconciling.reconcile(at, args)
        case "adopt" | "bundle" | "doctor" | "keys":
            return preparing.run(at, args)
        case _:
            return _change(at, args)


def _console(at: "Places", args: argparse.Namespace) -> int:
    if not _terminal():
        raise Usage("The console needs a terminal", fix="Without one: georep status.")
    from georep_tui import live, running  # deferred: Textual takes a moment
    from georep_tui.steward import Steward

    here = (*running.HERE, "--config", str(at.config), "--state", str(at.state))
    return live.watch(
        [at.socket],
        argv=lambda node: here,
        steward=Steward(at),
        reading_only=args.read_only,
        **look.chosen(args, remembered.theme()),
    )


def _demo(args: argparse.Namespace) -> int:
    from georep_tui import demo  # deferred: Textual takes a moment

    return demo.run(
        seconds=args.seconds,
        screen=_terminal() and not args.no_tui,
        keep=args.keep,
        **look.chosen(args, remembered.theme()),
    )


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _status(at: "Places", args: argparse.Namespace) -> int:
    import asyncio  # deferred, like everything here
    import time

    from engine.events import Wanted
    from engine.session import lifecycle
    from engine.state import State
    from georep_tui import attention, report

    async def ask() -> tuple[bool, State]:
        return await lifecycle.running(at), await lifecycle.status(at, args.name)

    running, state = asyncio.run(ask())
    (report.status_json if args.json else report.status)(state, time.time())
    wanted = [each.known.wanted for each in state.sessions.values() if each.known]
    if not running and Wanted.STARTED in wanted:
        sys.stderr.write(
            "georep: No engine runs on this node, this is what it said last. "
            "Start it with systemctl start georep, or georep-engine run.\n"
        )
        return 1
    return 1 if attention.count(state) else 0


def _list(at: "Places", args: argparse.Namespace) -> int:
    from engine.session import lifecycle  # deferred, like everything here
    from georep_tui import report

    found = lifecycle.listed(at)
    (report.listed_json if args.json else report.listed)(found)
    return 1 if any(each.error for each in found) else 0


def _failures(at: "Places", args: argparse.Namespace) -> int:
    import time  # deferred, like everything here

    from engine.session import lifecycle
    from georep_tui import report

    found = lifecycle.failures(at, args.name)
    if args.json:
        report.failures_json(found)
    else:
        report.failures(found, time.time())
    return 1 if any(failure.due for failure in found) else 0


def _change(at: "Places", args: argparse.Namespace) -> int:
    import asyncio  # deferred, like everything here

    from engine.session import lifecycle
    from georep_tui import checking

    match args.command:
        case "create":
            made = asyncio.run(
                lifecycle.create(
                    at,
                    args.volume,
                    args.secondary,
                    name=args.name,
                    settings=args.settings,
                    tick=checking.tick,
                    agree=(lambda _: True) if args.enable else checking.agree,
                    force=args.force,
                )
            )
            _tell(f"Session {made.name} is created. Start it: georep start {made.name}")
        case "start":
            asyncio.run(lifecycle.start(at, args.name))
            _tell(f"Session {args.name} is started. Watch it: georep")
        case "stop":
            asyncio.run(lifecycle.stop(at, args.name))
            _tell(f"Session {args.name} is stopped.")
        case "pause":
            asyncio.run(lifecycle.pause(at, args.name))
            _tell(
                f"Session {args.name} pauses as soon as what is under way is settled. "
                f"Go on: georep resume {args.name}"
            )
        case "resume":
            asyncio.run(lifecycle.resume(at, args.name))
            _tell(f"Session {args.name} goes on.")
        case "retry":
            count = asyncio.run(lifecycle.retry(at, args.name, args.objects))
            _tell(f"{_objects(count)} tried again, at once if the session runs.")
        case "skip":
            count = asyncio.run(lifecycle.skip(at, args.name, args.objects))
            _tell(f"{_objects(count)} left alone until they change.")
        case _:
            _delete(at, args.name, reset=args.reset_sync_time)
    return 0


def _delete(at: "Places", name: str, *, reset: bool) -> None:
    import asyncio  # deferred, like everything here

    from engine import config
    from engine.session import lifecycle

    secondary = config.read(at, name).secondary if reset else ""
    bricks = asyncio.run(lifecycle.delete(at, name, reset=reset))
    _tell(f"Session {name} is gone. Both volumes stay as they are.")
    if reset:
        where = ", ".join(bricks) or "no brick of this node: there was none"
        _tell(f"The position for {secondary} was taken off {where}. Do so on each node.")


def _objects(count: int) -> str:
    return "1 object is" if count == 1 else f"{count} objects are"


def _tell(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
