"""Sessions of gsyncd, as glusterd keeps them on this node: who replicates what where, set how.

Names and layouts are those of GlusterFS 10.3, and of releases before it, which said master and
slave.
"""

import configparser
import fcntl
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Retry
from engine.gluster import volume

ENDED = frozenset({"Created", "Stopped"})
"""gsyncd's words for a session that does nothing."""
GLUSTERD = Path("/var/lib/glusterd")
RUN = Path("/var/run/gluster")
_LINE = re.compile(
    r"(?:secondary|slave)[0-9]+="
    r"(?:[0-9a-f-]{36}:)?ssh://(?:(?P<user>[^@:/\s]+)@)?(?P<host>\[[^\]\s]+\]|[^:/\s]+)::"
    r"(?P<volume>[A-Za-z0-9_-]+)(?::(?P<uuid>[0-9a-f-]{36}))?"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One session of gsyncd."""

    primary: str
    user: str
    host: str
    volume: str
    uuid: str
    """Of the secondary volume; empty where an old GlusterFS did not note it."""
    running: bool
    """Whether its monitor lives on this node."""
    options: dict[str, str] = field(default_factory=dict)
    """What was set, by its present names; defaults are not in it."""

    @property
    def secondary(self) -> str:
        """Return the far end as operators write it."""
        return f"{self.user}@{self.host}::{self.volume}"


def sessions(glusterd: Path = GLUSTERD, run: Path = RUN) -> list[Found]:
    """Return every session of gsyncd of which this node knows, sorted. Blocks."""
    found: list[Found] = []
    for info in sorted(glusterd.glob("vols/*/info")):
        primary = info.parent.name
        for user, host, there, uuid in parse(_read(info)):
            plain = host.strip("[]")
            folder = glusterd / "geo-replication" / f"{primary}_{plain}_{there}"
            pid = run / f"gsyncd-{primary}-{plain}-{there}.pid"
            options = settings(_read(folder / "gsyncd.conf"))
            found.append(Found(primary, user, host, there, uuid, locked(pid), options))
    return found


def parse(info: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield user, host, volume and its uuid of each session in the text of a volume's `info`."""
    for line in info.splitlines():
        if match := _LINE.fullmatch(line.strip()):
            user, host, volume, uuid = match.groups()
            yield user or "root", host, volume, uuid or ""


def settings(text: str) -> dict[str, str]:
    """Return what a session's gsyncd.conf sets, by names with dashes; nothing when it is none."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    sections = [name for name in parser.sections() if name == "vars" or name.startswith("peers ")]
    pairs = [pair for section in sections for pair in parser.items(section)]
    return {name.replace("_", "-"): value.strip() for name, value in pairs}


def states(found: Found) -> dict[str, str]:
    """Return gsyncd's own word for each brick of a session, on all nodes, by NODE:BRICK.

    Blocks for up to a minute; Retry when glusterd does not tell.
    """
    there = found.secondary.removeprefix("root@")
    words = ("volume", "geo-replication", found.primary, there, "status", "--xml")
    _, said, both = volume.command(words, 60.0)
    try:
        return _states(said)
    except ET.ParseError as error:
        raise Retry(
            f"glusterd does not tell how gsyncd's session of {found.primary} is",
            cause="glusterd refused",
            fix=f"Try it by hand: gluster {' '.join(words[:-1])}",
            evidence=both,
        ) from error


def _states(xml: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in ET.fromstring(xml).iter("pair"):
        node, brick = (
            pair.findtext(f"primary_{what}") or pair.findtext(f"master_{what}") or ""
            for what in ("node", "brick")
        )
        found[f"{node}:{brick}"] = pair.findtext("status") or ""
    if not found:
        raise ET.ParseError("no brick is told of")
    return found


def locked(pid: Path) -> bool:
    """Whether a monitor holds its pid file: it does so for as long as it lives."""
    try:
        file = os.open(pid, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        # Whatever we got goes with the descriptor.
        os.close(file)
    return False


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
