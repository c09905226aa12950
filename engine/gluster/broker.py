"""What glusterd is told so that it mounts a volume for an ordinary user: its mountbroker. Pure.

Whoever mounts needs root, so glusterd does it for others, as far as its own file lets them: under a
label, with options that fit what stands there. GlusterFS has one form of that for gsyncd, which
lets nobody switch a cache off; agents that look again under a lock must not be told what was true a
second ago. So each user and volume has a label of georep's.
"""

import re

from engine.errors import Usage
from engine.gluster import mount

ROOT = "/var/mountbroker-root"
"""Where glusterd mounts for others, unless its file says otherwise."""
LOG = "/var/log/glusterfs/georep-agent.log"
"""Of all mounts of agents, with root and without."""
PREFIX = "georep"
"""How each label begins."""
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_VOLUME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_ROOT_SET = re.compile(r"^\s*option\s+mountbroker-root\s+(\S+)", re.MULTILINE)
_PATH = re.compile(r"(?:/[\w.@%+,=:-]+)+", re.ASCII)
_END = re.compile(r"^\s*end-volume\b", re.MULTILINE)


def label(user: str, volume: str) -> str:
    """Return under which name glusterd's file has what `user` may mount; Usage when one of them
    cannot stand in it.
    """
    if not _USER.fullmatch(user) or not _VOLUME.fullmatch(volume):
        raise Usage(
            f"glusterd cannot be told that {user!r} may mount {volume!r}",
            fix="Names of users and volumes have letters, digits, - and _.",
        )
    return f"{PREFIX}-{user}-{volume}"


def request(user: str, volume: str, *, level: str, privileged: bool) -> list[str]:
    """Return the options of one mount, as they follow the label. `privileged`: as client-pid -1."""
    more = ["client-pid=-1"] if privileged else []
    return [*_always(user, volume), *more, f"log-level={level}"]


def spec(user: str, volume: str) -> str:
    """Return what glusterd's file says of the label: all of the first options must be asked for,
    those of the second may be, and no others.
    """
    return f"SUP({' '.join(_always(user, volume))} )SUB+(client-pid=-1 log-level=* )"


def _always(user: str, volume: str) -> list[str]:
    return [
        "aux-gfid-mount",
        "acl",
        "volfile-server=localhost",
        f"log-file={LOG}",
        f"volfile-id={volume}",
        # Whoever is this user, is root for the volume, and for nothing else.
        f"user-map-root={user}",
        *(option.removeprefix("--") for option in (*mount.FRESH, mount.THOROUGH)),
    ]


def told(text: str, user: str, volume: str, root: str) -> str:
    """Return the text of glusterd.vol in which `user` may mount `volume`; what else stands there
    stays. `root`: where, unless the text says that already.

    Usage when it is no such text.
    """
    if not _PATH.fullmatch(root):
        raise Usage(f"{root!r} cannot be glusterd's mountbroker-root", fix="Name an absolute path.")
    key = f"mountbroker.{label(user, volume)}"
    lines = text.splitlines()
    kept = [line for line in lines if line.split()[:2] != ["option", key]]
    ours = f" volfile-id={volume} user-map-root={user} "
    if any(ours not in line for line in lines if line not in kept):
        # Both may have a dash in them.
        raise Usage(
            f"{key} is there for another user and volume, and would be called the same",
            fix="Choose a user whose name, with that of the volume, cannot be read in two ways.",
        )
    text = "".join(f"{line}\n" for line in kept)
    new = [f'option {key} "{spec(user, volume)}"']
    if root_in(text) is None:
        new.insert(0, f"option mountbroker-root {root}")
    end = _END.search(text)
    if end is None:
        raise Usage("There is no end-volume in it, so it is no file of glusterd's")
    added = "".join(f"    {line}\n" for line in new)
    return text[: end.start()] + added + text[end.start() :]


def root_in(text: str) -> str | None:
    """Return where the text of a glusterd.vol says that glusterd mounts for others."""
    found = _ROOT_SET.search(text)
    return found[1] if found else None


def mounted_for(path: str, uid: int, name: str = "") -> bool:
    """Whether `path` is one at which glusterd mounts for the user `uid`, under the label `name`, or
    under any.
    """
    return f"/user{uid}/mtpt-{name and f'{name}-'}" in path
