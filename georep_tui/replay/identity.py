"""Whose log a file is, told by its path and by what stands in it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from georep_tui.replay.gsyncd_lines import text

_ROTATED = re.compile(r"(?:\.log)?(?:[-.]\d+)*(?:\.gz)?$")
_SESSION_PATH = re.compile(r"geo-replication(?:-\w+)?/([^/\s]+)/[^/\s]*$")
_SESSION = re.compile(
    rb"(?:geo-replication|/gsyncd)/([^/\s%]+_[^/\s%]+)/(?:gsyncd\.conf|[^/\s]+\}\])"
)
_PAIR = re.compile(rb"gsyncd (?:secondary|slave) (\S+) (\S+::\S+) ")
_NODE = re.compile(rb"--(?:primary|master)-node (\S+) ")
_FAR = re.compile(rb"\((?:secondary|slave) ([^/\s]+)/[^)]*\):\d+:")
_COMMON = {"", "/", "log", "logs", "var", "glusterfs", "gsyncd", "geo-replication", "tmp", "."}


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a log before it is read; empty is unknown."""

    session: str = ""
    primary: str = ""
    secondary: str = ""
    node: str = ""
    """Where it was written, as the log itself says."""
    of: frozenset[str] = frozenset()
    """Of a log of the secondary: the nodes whose workers it tells of."""


def stem(path: PurePath) -> tuple[str, str]:
    """Return what the parts of one rotated log have in common."""
    return str(path.parent), _ROTATED.sub("", path.name)


def identify(path: PurePath, samples: Iterable[bytes]) -> Identity:
    """Return whose log it is, as its path and some of its content tell."""
    content = b"\n".join(samples)
    named = _SESSION_PATH.search(str(path))
    session = named[1] if named else _first(_SESSION, content)
    pair = _PAIR.search(content)
    primary, secondary = (text(pair[1]), text(pair[2])) if pair else _volumes(session)
    far = frozenset(text(found[1]) for found in _FAR.finditer(content))
    node = "" if far else _first(_NODE, content)
    return Identity(session, primary, secondary, node, far)


def join(parts: Iterable[Identity]) -> Identity:
    """Return what the parts of one log tell together."""
    found = list(parts)

    def known(name: str) -> str:
        return next((value for each in found if (value := getattr(each, name))), "")

    far = frozenset[str]().union(*(each.of for each in found))
    return Identity(known("session"), known("primary"), known("secondary"), known("node"), far)


def node_of(path: PurePath, session: str) -> str:
    """Return the node that a path names: `gfs1-gsyncd.log`, or `gfs1/var/log/…`; or empty."""
    name = re.sub(r"[-_.]*gsyncd[-_.]*", "", stem(path)[1]).strip("-_.")
    parents = (part for part in reversed(path.parent.parts) if part.strip("/") not in _COMMON)
    others = (part for part in parents if part != session and "geo-replication" not in part)
    return name or next(others, "")


def _first(pattern: re.Pattern[bytes], content: bytes) -> str:
    found = pattern.search(content)
    return text(found[1]) if found else ""


def _volumes(session: str) -> tuple[str, str]:
    """Return what PVOL_HOST_SVOL names, where no part has an underscore of its own."""
    parts = session.split("_")
    return (parts[0], f"{parts[1]}::{parts[2]}") if len(parts) == 3 else (session, "")
