"""`georep-engine mountbroker USER VOLUME [--root DIR]`: lets an ordinary user mount a volume of
this node, through glusterd.

An operator says it, as root, on each node of the secondary that a session may name. It changes
glusterd's own file, which glusterd reads when it starts; it is not restarted here.
"""

import argparse
import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import files
from engine.errors import Usage
from engine.gluster import broker

FILE = Path("/etc/glusterfs/glusterd.vol")


def main(argv: Sequence[str]) -> int:
    """Change glusterd's file, if that is needed, and say what is left to do; 0, or Usage."""
    asked = _parser().parse_args(argv)
    _check_user(asked.user)
    try:
        old = FILE.read_text()
        new = broker.told(old, asked.user, asked.volume, asked.root)
        root = Path(broker.root_in(new) or asked.root)
        _make(root, ours=broker.root_in(old) is not None)
        if new != old:
            mode = FILE.stat().st_mode
            files.write(FILE, new.encode())
            FILE.chmod(mode & 0o777)
    except UnicodeDecodeError as error:
        raise Usage(
            f"{FILE} is no text", fix="See what is wrong with it: file /etc/glusterfs/glusterd.vol"
        ) from error
    except OSError as error:
        raise Usage(
            f"{error.filename or FILE} cannot be used: {error.strerror}",
            fix="Run this as root, on a node of the secondary volume.",
        ) from error
    if new == old:
        sys.stdout.write(f"{FILE} lets {asked.user} mount {asked.volume} already.\n")
    else:
        sys.stdout.write(f"{FILE} lets {asked.user} mount {asked.volume}, below {root}.\n")
    sys.stdout.write("glusterd reads it when it starts: systemctl restart glusterd\n")
    return 0


def _check_user(name: str) -> None:
    try:
        uid = pwd.getpwnam(name).pw_uid
    except KeyError:
        fix = f"Make one: useradd -m -s /bin/sh {name}"
        raise Usage(f"There is no user {name} on this host", fix=fix) from None
    if uid == 0:
        raise Usage(
            "root mounts without glusterd's leave", fix="Name root as the user: root@HOST::VOLUME."
        )


def _make(root: Path, *, ours: bool) -> None:
    """Make the directory that glusterd mounts in; it wants it to be of just this mode. Usage when
    it is in use, unless glusterd's file says already that it is for this.
    """
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    if os.stat(root).st_mode & 0o7777 != 0o711:
        if not ours and os.listdir(root):
            raise Usage(
                f"{root} is in use, and glusterd wants a directory that nobody can list",
                fix="Name an empty directory, or one that is not there yet, with --root.",
            )
        root.chmod(0o711)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="georep-engine mountbroker",
        description="Let an ordinary user mount a volume of this node, through glusterd.",
        allow_abbrev=False,
    )
    parser.add_argument("user", metavar="USER", help="who logs in for georep, and is not root")
    parser.add_argument("volume", metavar="VOLUME", help="the secondary volume")
    words = f"where glusterd mounts, unless its file says so already ({broker.ROOT})"
    parser.add_argument("--root", metavar="DIR", default=broker.ROOT, help=words)
    return parser
