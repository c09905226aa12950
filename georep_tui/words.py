"""The words of the command line: every command, what can be said with it, and its help.

Nothing is imported here but other words: a command that says one word shall not wait for a screen.
"""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from typing import TypedDict

from engine import __version__
from georep_tui import examples, fixing, look, preparing, quarantining
from georep_tui.preparing import Command
from georep_tui.replay import cli as replay

LEVELS = ("all", "info", "warn", "bad")
"""How much an event must matter to be told."""


class _Help(TypedDict):
    epilog: str
    formatter_class: type[argparse.HelpFormatter]
    allow_abbrev: bool


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return what reads `words`; those of the lab only if they are the lab's."""
    parser = argparse.ArgumentParser(
        prog="georep",
        description="Replicates GlusterFS volumes to a second site; alone, it opens the console.",
        epilog="Exit codes: 0 fine, 1 something needs attention, 2 wrong usage or configuration.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"georep {__version__}")
    _before(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help, **_with_examples(name))
        # What was said before the command must not be taken back by a default after it.
        _places(made, argparse.SUPPRESS)
        return made

    _creating(command)
    preparing.add_commands(command)
    _working(command)
    _telling(command)
    quarantining.add_command(command)
    _recalling(command)
    _trying_again(command)
    _checkpoints(command)
    _comparing(command)
    replay.add_parser(command)
    _configuring(command("config", "say or change what is set for a session"))
    words_of = "say what a cause, a kind of failure, an option, a word or a key means; keys: all"
    explain = commands.add_parser(
        "explain", help=words_of, description=words_of, **_with_examples("explain")
    )
    explain.add_argument("words", metavar="CAUSE|OPTION|WORD|KEY|keys", nargs="+")
    explain.add_argument("--json", action="store_true", help="as JSON")
    all_of_it = "show it all in a lab of its own"
    demo = commands.add_parser(
        "demo", help=all_of_it, description=all_of_it, **_with_examples("demo")
    )
    demo.add_argument("--seconds", type=float, metavar="N", help="for how long (until you leave)")
    demo.add_argument("--no-tui", action="store_true", help="without the console")
    demo.add_argument("--keep", action="store_true", help="leave the lab standing at the end")
    if words[:1] == ["lab"]:
        from engine.lab import cli as lab  # deferred: it is big, and seldom asked for

        lab.add_parser(commands)
        made = commands.choices["lab"]
        made.epilog = examples.of("lab")
        made.formatter_class = argparse.RawDescriptionHelpFormatter
    else:
        commands.add_parser("lab", help="two throwaway GlusterFS sites on this machine")
    return parser


def after(words: Sequence[str]) -> list[str]:
    """Return of the words of a command line, which `parser` understood, the command and all behind
    it.
    """
    before = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    _before(before)
    before.add_argument("command", nargs=argparse.REMAINDER)
    found: list[str] = before.parse_args(words).command
    return found


def _before(parser: argparse.ArgumentParser) -> None:
    """Add what can be said before a command."""
    _places(parser, None)
    parser.add_argument(
        "--host",
        dest="hosts",
        action="append",
        default=[],
        metavar="[USER@]HOST",
        help="say or show it there, over ssh; once for each node",
    )
    parser.add_argument(
        "--pool",
        action="store_true",
        help="say or show it on this node and all others of its GlusterFS pool, over ssh",
    )
    look.add_options(parser)
    parser.add_argument(
        "--read-only", action="store_true", help="a console whose keys change nothing"
    )


def _with_examples(command: str) -> _Help:
    return {
        "epilog": examples.of(command),
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }


def _creating(command: Command) -> None:
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


def _working(command: Command) -> None:
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


def _telling(command: Command) -> None:
    status = command("status", "say how a session is, or all; 1 when something needs attention")
    status.add_argument("name", metavar="NAME", nargs="?")
    listed = command("list", "say which sessions there are")
    for each in (status, listed):
        each.add_argument("--json", action="store_true", help="as JSON")
    failures = command("failures", "say what could not be replicated, and why; 1 when anything is")
    failures.add_argument("name", metavar="NAME")
    failures.add_argument("--json", action="store_true", help="as JSON")
    fixing.add_act(failures)


def _recalling(command: Command) -> None:
    told = command("events", "say what happened, the newest last")
    told.add_argument("name", metavar="NAME", nargs="?", help="of one session (of all)")
    told.add_argument(
        "--level", choices=LEVELS, default="info", help="what matters so much; all: work, too"
    )
    told.add_argument("--json", action="store_true", help="as JSON, an event on each line")


def _trying_again(command: Command) -> None:
    retry = command("retry", "try what failed again, now")
    retry.add_argument("name", metavar="NAME")
    retry.add_argument(
        "objects", metavar="GFID|PATH", nargs="*", help="only these (all that were not skipped)"
    )
    skip = command("skip", "leave objects that fail alone, until they change")
    skip.add_argument("name", metavar="NAME")
    skip.add_argument("objects", metavar="GFID|PATH", nargs="+")


def _checkpoints(command: Command) -> None:
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


def _comparing(command: Command) -> None:
    verify = command("verify", "compare both volumes of a session; 1 when they differ")
    verify.add_argument("name", metavar="NAME")
    verify.add_argument("--content", action="store_true", help="the bytes of files, too")
    verify.add_argument("--under", metavar="PATH", default="", help="only what is at PATH, below")
    resend = command(
        "resend", "send what differs though sizes and times are equal, asks first; compare then"
    )
    resend.add_argument("name", metavar="NAME")
    resend.add_argument("paths", metavar="PATH", nargs="+", help="from the root of the volume")
    quarantining.add_words(resend)
    resend.set_defaults(json=False)
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
    with suppress(ValueError):
        seconds = float(text)
        if 0 <= seconds <= 86400:
            return seconds
    raise argparse.ArgumentTypeError(f"it takes seconds, from 0 to 86400, not {text!r}")


def _places(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--config", metavar="DIR", default=default, help="where the session files are"
    )
    parser.add_argument(
        "--state", metavar="DIR", default=default, help="where journals, logs and socket are"
    )
