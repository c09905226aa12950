"""What a volume is made of: its bricks, who holds them, its options, as `gluster volume info` says.

The XML is that of GlusterFS 10.3 (Debian 12), checked by experiment; older and newer ones have the
same elements.
"""

import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine import programs
from engine.errors import GeorepError, Retry, Stop, Usage

GLUSTERD_INFO = Path("/var/lib/glusterd/glusterd.info")
CHANGELOG, INDEXING = "changelog.changelog", "geo-replication.indexing"
"""Options of a primary volume: its bricks write down what changes, and mark it with xtimes."""
_UNKNOWN_VOLUME = 30806
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_TRUE = frozenset({"on", "yes", "true", "enable", "1"})


@dataclass(frozen=True, slots=True)
class Brick:
    """One brick of a volume."""

    host: str
    """As the volume was created with it: a name or an address."""
    path: str
    """Absolute; other bytes than UTF-8 as surrogates."""
    host_uuid: str
    """The uuid of the glusterd that serves it."""
    index: int
    """Where it stands in the volume, from 0."""
    subvolume: int
    """Which set of replicas or fragments it belongs to, from 0."""
    is_arbiter: bool = False
    """It holds names and attributes, but no data."""

    @property
    def root(self) -> bytes:
        """The path for system calls."""
        return os.fsencode(self.path)

    def __str__(self) -> str:
        return f"{self.host}:{self.path}"


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume as it was when we asked."""

    name: str
    uuid: str
    kind: str
    """GlusterFS's words, as `Distributed-Replicate`."""
    started: bool
    status: str
    """GlusterFS's word: Created, Started or Stopped."""
    bricks: tuple[Brick, ...]
    replica: int
    """Copies of each file; 1 when there are no replicas."""
    arbiters: int
    """How many of each `replica` copies hold no data."""
    disperse: int
    """Bricks of one dispersed set; 0 when not dispersed."""
    distribution: int
    """How many subvolumes share the files among them."""
    options: dict[str, str]
    """What was set; defaults are not in it."""

    def of_node(self, node: str) -> tuple[Brick, ...]:
        """Return the bricks that the node with this uuid serves."""
        return tuple(brick for brick in self.bricks if brick.host_uuid == node)

    @property
    def pieces(self) -> bool:
        """Whether it keeps files in pieces; see `agreed`."""
        return self.switched_on("features.shard")

    def switched_on(self, option: str, *, default: bool = False) -> bool:
        """Return whether a yes-or-no option is on; `default` when it was never set."""
        value = self.options.get(option)
        return default if value is None else value.lower() in _TRUE


def parse(xml: str, name: str) -> Volume:
    """Return the volume `name` out of the XML of `gluster volume info`.

    Stop when it is not in there, or when the text is no such XML; Retry when glusterd refused.
    """
    try:
        top = ET.fromstring(xml)
        number, said = int(_text(top, "opRet")), top.findtext("opErrstr") or ""
        unknown = number and int(_text(top, "opErrno")) == _UNKNOWN_VOLUME
        if number and not unknown:
            raise _refused(name, said)
        for volume in top.iterfind("volInfo/volumes/volume"):
            if volume.findtext("name") == name:
                return _volume(volume)
    # The XML parser has the last two for bytes in an encoding that it does not know.
    except (ET.ParseError, ValueError, LookupError) as error:
        raise _garbage(name, xml, str(error)) from error
    raise Stop(
        f"there is no volume {name} in this pool",
        cause="volume missing",
        fix="See which there are: gluster volume list",
        evidence=said,
    )


def read(name: str, *, timeout: float = 30.0) -> Volume:
    """Ask the local glusterd for a volume; blocks up to `timeout`.

    Usage when `name` cannot be one; Stop when there is no such volume, no gluster command, or when
    the answer makes no sense; Retry when glusterd does not answer.
    """
    if not _NAME.fullmatch(name):
        raise Usage(
            f"{name!r} cannot be the name of a volume",
            cause="volume missing",
            fix="Names have letters, digits, -, _ and . only.",
        )
    code, said, words = command(("volume", "info", name, "--xml"), timeout)
    if code and "<cliOutput>" not in said:
        raise _refused(name, words)
    return parse(said, name)


def switch_on(name: str, options: Sequence[str], *, timeout: float = 120.0) -> None:
    """Have glusterd switch options of a volume on; blocks up to `timeout`. Stop when it refuses."""
    pairs = [word for option in options for word in (option, "on")]
    code, _, words = command(("volume", "set", name, *pairs), timeout)
    if code:
        raise Stop(
            f"glusterd does not switch {' and '.join(options)} on for {name}",
            cause="glusterd refused",
            fix=f"Try it by hand: gluster volume set {name} {' '.join(pairs)}",
            evidence=words,
        )


def command(
    words: Sequence[str], timeout: float, *, stdout: IO[bytes] | None = None
) -> tuple[int, str, str]:
    """Run the gluster command; return its exit code, its stdout, and all that it said. Blocks.

    `stdout`: a file that gets its stdout instead, which is in it even if we end before it does.

    Stop when it is not installed, Retry when glusterd does not answer.
    """
    gluster = programs.path("gluster")
    if gluster is None:
        raise Stop(
            "the gluster command is not installed on this machine",
            cause="glusterfs missing",
            fix="Install it: apt-get install glusterfs-cli",
        )
    try:
        done = subprocess.run(
            [gluster, "--mode=script", *_aside(), *words],
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise Retry(
            f"glusterd did not answer within {timeout:.0f} s",
            cause="glusterd down",
            fix="See whether it hangs: systemctl status glusterd",
        ) from error
    said = (done.stdout or b"").decode("utf-8", "surrogateescape")
    both = (done.stderr.decode("utf-8", "replace") + said).strip()
    if done.returncode and "Connection failed" in both:
        raise Retry(
            "glusterd does not run on this machine",
            cause="glusterd down",
            fix="Start it: systemctl start glusterd",
            evidence=both,
        )
    return done.returncode, said, both


def _aside() -> Sequence[str]:
    """Return how gluster is called by somebody who may not use glusterd's own socket and logs."""
    return () if os.geteuid() == 0 else ("--remote-host=localhost", "--log-file=/dev/null")


def local_node_uuid(path: Path = GLUSTERD_INFO) -> str:
    """Return the uuid of this machine's glusterd; Stop when it never ran here."""
    try:
        for line in path.read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "UUID" and value.strip():
                return value.strip().lower()
        words = f"{path} has no line UUID="
    except OSError as error:
        words = f"{path} cannot be read: {error.strerror}"
    raise Stop(
        words,
        cause="no node",
        fix="Run this on a node of the pool; a glusterd that has run once has the file.",
    )


def split_brick(text: str) -> tuple[str, str]:
    """Return host and path of `host:/path`; ValueError when it is not of that form.

    The path is absolute and a host has no slash, so the right colon is the first one before a
    slash: the host may be an IPv6 address, and the path may have colons.
    """
    host, colon, path = text.partition(":/")
    if not host or not colon or "/" in host:
        raise ValueError(f"brick {text!r} is not host:/path")
    return host, f"/{path}"


def _volume(volume: ET.Element) -> Volume:
    replica, disperse = _count(volume, "replicaCount"), _count(volume, "disperseCount")
    size = disperse or replica or 1
    bricks = []
    for index, brick in enumerate(volume.iterfind("bricks/brick")):
        host, path = split_brick(_text(brick, "name"))
        node = _text(brick, "hostUuid").lower()
        arbiter = brick.findtext("isArbiter") == "1"
        bricks.append(Brick(host, path, node, index, index // size, arbiter))
    if not bricks:
        raise ValueError("a volume without bricks")
    return Volume(
        name=_text(volume, "name"),
        uuid=_text(volume, "id").lower(),
        kind=_text(volume, "typeStr"),
        started=_text(volume, "statusStr") == "Started",
        status=_text(volume, "statusStr"),
        bricks=tuple(bricks),
        replica=replica,
        arbiters=_count(volume, "arbiterCount"),
        disperse=disperse,
        distribution=-(-len(bricks) // size),
        options={
            _text(option, "name"): option.findtext("value") or ""
            for option in volume.iterfind("options/option")
        },
    )


def _text(element: ET.Element, name: str) -> str:
    text = element.findtext(name)
    if not text:
        raise ValueError(f"no {name}")
    return text


def _count(element: ET.Element, name: str) -> int:
    # Absent before the kind of volume was invented.
    return int(element.findtext(name) or 0)


def _garbage(name: str, said: str, why: str) -> GeorepError:
    return Stop(
        f"gluster's answer about volume {name} makes no sense ({why})",
        cause="gluster answer unreadable",
        fix=f"Look at it: gluster volume info {name} --xml",
        evidence=said[:400],
    )


def _refused(name: str, said: str) -> GeorepError:
    return Retry(
        f"glusterd does not tell about volume {name}: {said or 'no reason given'}",
        cause="glusterd refused",
        fix=f"Try it by hand: gluster volume info {name}",
        evidence=said,
    )
