"""What may be asked with a key that is bound to the gate, to the letter. Pure.

A primary asks for three things (`engine.rpc.ssh`, `engine.movers`). Each has one form here, and a
text that is not exactly of that form asks for nothing: no shell ever sees it, and what is started
is put together anew from its parts.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import Reject

ENGINE = ("georep-engine",)
"""How a primary calls the engine unless `agent-command` says otherwise."""
MOUNTS = "/run/georep/"
"""Where agents have their mounts, `engine.gluster.mount.RUN`."""
OWN = ".georep"
"""georep's own directory in a directory that is a secondary, `engine.secondary.target.OWN`."""
LONGEST = 4096
"""Characters of a text that are looked at; what a primary asks for is never as long."""

_MOUNT = re.compile(MOUNTS + r"agent-[A-Za-z0-9_-]+\.[0-9]+\.[0-9]+")
_BROKERED = re.compile(r"(?:/[\w.@%+,=:-]+)+/user[0-9]+/mtpt-georep-[A-Za-z0-9_.-]+")
"""Where glusterd mounts for an agent without root, `engine.gluster.broker`."""
_DIRECTORY = re.compile(r"(?:/[\w.@%+,=:-]+)+/" + re.escape(OWN))
_LETTERS = re.compile(r"-([IRSWcqvz]+)e[0-9]*\.[0-9A-Za-z]*")
"""Behind the `e`: what the other rsync can. Not `s`: more options would then come over the
connection, where nobody could look at them.
"""
_ALL = frozenset("IRS")
"""Ignore times, relative, sparse."""
_NEEDED = frozenset({"--inplace", "--existing", "--no-implied-dirs"})
_WORD = r"[A-Za-z0-9,.]{1,60}"
_HARMLESS = tuple(
    re.compile(pattern)
    for pattern in (
        r"--stats",
        r"--log-format=(?:X|%[a-z])",
        r"--timeout=[0-9]{1,9}",
        r"--bwlimit=[0-9.]{1,12}[A-Za-z]{0,3}",
        r"-B[0-9]{1,9}",
        r"--block-size=[0-9]{1,9}",
        rf"--info={_WORD}",
        rf"--compress-choice={_WORD}",
        r"--compress-level=[0-9-]{1,6}",
        r"--compress-threads=[0-9]{1,3}",
        r"--(?:new|old)-compress",
        rf"--checksum-choice={_WORD}",
        r"--skip-compress=[A-Za-z0-9,./]{1,2000}",
        r"--no-W",
    )
)
"""What `rsync-options` may add: nothing of these names a file, starts a program, or makes rsync a
sender.
"""


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody asks for the agent."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A stream asks for its receiver."""

    far: str
    """Below it file G is `.gfid/G`."""


@dataclass(frozen=True, slots=True)
class Rsync:
    """An rsync asks for its other end."""

    options: tuple[str, ...]
    far: str


Asked = Agent | Receiver | Rsync


def parse(text: str, engine: Sequence[str] = ENGINE) -> Asked:
    """Return what `text` asks for; Reject when it is not exactly what georep asks for.

    `engine`: the words with which the primary calls the engine.
    """
    if not text:
        raise _refused("it opens no shell")
    if len(text) > LONGEST or not text.isprintable():
        raise _refused("this is not what georep asks for")
    if text == shlex.join([*engine, "agent"]):
        return Agent()
    begin = shlex.join([*engine, "receive"]) + " "
    if text.startswith(begin):
        far = _unquoted(text.removeprefix(begin))
        return Receiver(_checked(far))
    if text.startswith("rsync "):
        return _rsync(text.split(" "))
    if text.endswith((" agent", " receive")) or " receive /" in text:
        raise _refused(f"it is for {shlex.join(engine)}, and something else was called")
    raise _refused("it is for georep alone")


def _rsync(words: Sequence[str]) -> Rsync:
    match words:
        case ["rsync", "--server", letters, *options, ".", far]:
            said = _LETTERS.fullmatch(letters)
        case _:
            said = None
    if said is None or not _ALL.issubset(said[1]):
        raise _refused("rsync may only receive, and in the way of georep")
    for option in options:
        if option not in _NEEDED and not any(each.fullmatch(option) for each in _HARMLESS):
            raise _refused(f"rsync may not be given {option[:80]}")
    if not _NEEDED.issubset(options) or not far.endswith("/"):
        raise _refused("rsync may only write into what stands already, below one directory")
    return Rsync((letters, *options), _checked(far.removesuffix("/")))


def _checked(far: str) -> str:
    """Return `far` when it has the form of an agent's mount, or of georep's own in a directory."""
    if _MOUNT.fullmatch(far):
        return far
    known = _BROKERED.fullmatch(far) or _DIRECTORY.fullmatch(far)
    if known and not {".", ".."} & set(far.split("/")):
        return far
    raise _refused("files may only be written where an agent has its mount")


def _unquoted(text: str) -> str:
    """Return the one word that `text` is, quoted as `shlex` quotes; Reject for anything else."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if len(words) != 1 or shlex.join(words) != text:
        raise _refused("a receiver has one directory")
    return words[0]


def _refused(why: str) -> Reject:
    return Reject(
        f"This key was refused: {why}",
        cause="refused by the gate",
        fix="What it may do is set up by `georep keys`, on the primary.",
    )
