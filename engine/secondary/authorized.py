"""`georep-engine authorize [--only PLACE] [COMMAND…]`: lets a key in, through the gate alone.

It is started over the operator's own ssh, takes the public key on stdin, and keeps the
authorized_keys of whoever it runs as. PLACE and COMMAND are those of the gate.
"""

import fcntl
import os
import pwd
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import files
from engine.errors import Usage
from engine.secondary import asked, gate

_KEY = re.compile(r"(ssh-ed25519) ([A-Za-z0-9+/]{60,100}={0,2})(?: ([\w@.:-]{1,300}))?", re.ASCII)


def main(argv: Sequence[str]) -> int:
    """Let the key on stdin in; running it twice is harmless."""
    only, engine = gate.split(argv)
    key = sys.stdin.readline(4096)
    path = Path(pwd.getpwuid(os.geteuid()).pw_dir, ".ssh", "authorized_keys")
    try:
        put(path, line(key, only, engine))
    except OSError as error:
        raise Usage(
            f"{path} cannot be written: {error.strerror}",
            fix="Put the key there by hand; georep keys --print, on the primary, shows the line.",
        ) from error
    return 0


def line(key: str, only: str, engine: Sequence[str]) -> str:
    """Return the line of authorized_keys that binds a public key to the gate, without its end."""
    words = [*engine, "gate", *([gate.ONLY, only] if only else [])]
    if tuple(engine) != asked.ENGINE:
        words += engine
    command = shlex.join(words).replace('"', r"\"")
    if not command.isprintable():
        raise Usage("The command for the gate has signs in it that cannot be printed")
    return f'restrict,command="{command}" {checked(key)}'


def checked(key: str) -> str:
    """Return a public key in one line; Usage unless it is one of the kind that georep makes."""
    key = key.strip()
    if not _KEY.fullmatch(key):
        raise Usage(
            "This is no public key of georep's: it has to be ssh-ed25519, on one line",
            fix="georep keys, on the primary, makes one and brings it here.",
        )
    return key


def placed(text: str, new: str) -> str:
    """Return the text of authorized_keys with the line `new` in the place of all of that key."""
    blob = new.rpartition("ssh-ed25519 ")[2].split()[0]
    lines: list[str] = []
    for old in text.splitlines():
        if old.lstrip().startswith("#") or blob not in old.split():
            lines.append(old)
        elif new not in lines:
            lines.append(new)
    if new not in lines:
        lines.append(new)
    return "".join(f"{each}\n" for each in lines)


def put(path: Path, new: str) -> None:
    """Have the line `new` in the file at `path`, whole or not at all, and in no other file."""
    path = path.resolve()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Each primary node brings its own, perhaps in the same moment.
        fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            old = path.read_bytes()
        except FileNotFoundError:
            old = b""
        text = old.decode("utf-8", "surrogateescape")
        data = placed(text, new).encode("utf-8", "surrogateescape")
        if data != old:
            files.write(path, data)
    finally:
        os.close(folder)
