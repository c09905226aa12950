"""Errands of a console: what takes long, or mounts, and is done in a process of its own.

What mounts must run in the main thread of its process, and a mount that hangs must be killed: so
the console says what it wants in one line of JSON, and `engine.session.doing` answers in lines.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import msgspec

from engine.config import Places
from engine.session.checks import Check
from engine.session.child import Child
from engine.session.verify import Counts

_NOWHERE = Path(os.devnull)
"""What it says to developers is kept until it ends, and told if it ends badly."""


class Errand(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of all that can be wanted."""


class Look(Errand, frozen=True, kw_only=True):
    """See what a session that is being written down would meet; nothing is made or written."""

    volume: str
    secondary: str
    name: str = ""
    settings: tuple[str, ...] = ()


class Create(Look, frozen=True, kw_only=True):
    """Make every check, and then the session."""

    enable: bool = False
    """Switch the primary's changelog on, if it is off."""
    force: bool = False
    """Also when the secondary has something in it."""


class Examine(Errand, frozen=True, kw_only=True):
    """Make every check of a session that is there."""

    name: str


class Compare(Errand, frozen=True, kw_only=True):
    """Compare both volumes of a session."""

    name: str
    under: str = ""
    """A path as an operator writes it; empty: everything."""
    content: bool = False


AnyErrand = Look | Create | Examine | Compare


class Report(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of all that can be told of an errand."""


class Checked(Report, frozen=True, kw_only=True):
    """One thing was looked at."""

    check: Check


class Differed(Report, frozen=True, kw_only=True):
    """One place is not the same on both sides."""

    path: str
    """From the volume's root, as `names.show` has it."""
    what: str
    primary: str
    secondary: str


class Counted(Report, frozen=True, kw_only=True):
    """How far a comparison is; a later one replaces an earlier one."""

    counts: Counts


class Done(Report, frozen=True, kw_only=True):
    """The errand came to its end."""

    fine: bool
    """All checks passed; both sides are equal."""
    name: str = ""
    """The session that was made."""


class Failed(Report, frozen=True, kw_only=True):
    """The errand did not come to its end."""

    words: str
    """What happened and the next step, one sentence each."""
    evidence: str = ""


AnyReport = Checked | Differed | Counted | Done | Failed
Hear = Callable[[AnyReport], None]
encode = msgspec.json.Encoder().encode
read_errand = msgspec.json.Decoder(AnyErrand).decode
read_report = msgspec.json.Decoder(AnyReport).decode


async def run(
    at: Places, errand: AnyErrand, hear: Hear, *, argv: Sequence[str] | None = None
) -> None:
    """Have an errand done, and hand on what is told of it; the last is Done or Failed.

    Whatever happens, its process and all that it started are gone afterwards, and their mounts.
    `argv`: how `georep-engine errand` is begun, when it is for another node.
    """
    ended: list[AnyReport] = []

    def take(line: bytes) -> None:
        try:
            report = read_report(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # a library has written to stdout; what we are told has a form
        if isinstance(report, Done | Failed):
            ended.append(report)
        else:
            hear(report)

    try:
        child = Child(argv or command(at), log=_NOWHERE)
    except OSError as error:
        hear(Failed(words=f"A process for it could not be started: {error}. See free, ulimit -u."))
        return
    child.say(encode(errand) + b"\n")
    code = await child.follow(take)
    hear(ended[0] if ended else _died(code, child.last_words()))


def become(at: Places) -> NoReturn:
    """Be what does one errand: no process is left between it and who had it done."""
    argv = command(at)
    os.execvp(argv[0], argv)


def command(at: Places) -> list[str]:
    """Return what does one errand: alone with its mounts, and never longer than we live."""
    alone = ("unshare", "--mount", "--propagation", "private", "--")
    doing = (sys.executable, "-m", "engine.session.doing", str(at.config), str(at.state))
    if os.geteuid():
        return list(doing)  # without root nothing is mounted, and the checks say so
    return ["setpriv", "--pdeathsig", "KILL", "--", *alone, *doing]


def _died(code: int, words: str) -> Failed:
    said = words.splitlines()[-1:]
    return Failed(
        words=f"It ended before its time, with code {code}. Try it again.", evidence="".join(said)
    )
