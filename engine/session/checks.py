"""What must be true on both sides before a session can work; each check says how to mend it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from engine import programs
from engine.config import Session
from engine.errors import GeorepError
from engine.gluster import gsyncd, mount, params, volume, xattrs
from engine.gluster.gsyncd import Found
from engine.gluster.objects import Scope
from engine.gluster.volume import Volume
from engine.rpc.route import Route
from engine.session import marked

PROGRAMS = (
    ("gluster", "glusterfs-cli"),
    ("glusterfs", "glusterfs-client"),
    ("rsync", "rsync"),
    ("ssh", "openssh-client"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
)
"""What is run here, and the Debian package it comes with."""
VOLUME_ID = b"trusted.glusterfs.volume-id"
"""On the root of each brick: the uuid of its volume, raw."""

Notes = Mapping[str, bytes]
"""What primaries noted on a volume, by the names of the notes."""


class Verdict(StrEnum):
    """What was found."""

    FINE = "fine"
    ADVICE = "advice"
    """It works, and could be better."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    """Two or three words that stay the same: what was looked at."""
    fine: bool
    words: str
    """What was found, one sentence without a full stop."""
    fix: str = ""
    """How to mend it; of what is fine: what would be better."""
    evidence: str = ""
    node: str = ""
    """Where it was looked at."""

    @property
    def verdict(self) -> Verdict:
        """Return how it is."""
        if not self.fine:
            return Verdict.WRONG
        return Verdict.ADVICE if self.fix else Verdict.FINE


@dataclass(frozen=True, slots=True)
class Used:
    """What the primary volume holds."""

    bytes: int
    inodes: int
    notes: Notes = field(default_factory=dict)
    """What primaries noted on it that replicate to it."""


def this_node() -> Iterator[Check]:
    """Look at this node itself."""
    yield check_root()
    for program, package in PROGRAMS:
        yield check_program(program, package)


def check_root() -> Check:
    """Whether we may mount, read bricks and set trusted xattrs."""
    if os.geteuid() == 0:
        return Check("root", True, "Running as root")
    return Check("root", False, "Not running as root", "Run it with sudo.")


def check_program(program: str, package: str) -> Check:
    """Whether `program` is installed."""
    path = programs.path(program)
    if path:
        return Check(program, True, f"{program} is installed: {path}")
    fix = f"Install it: apt-get install {package}"
    return Check(program, False, f"{program} is not installed", fix)


def check_mounts() -> Check:
    """Whether mounts of dead runs are left that cannot be taken down; the others are. Blocks."""
    try:
        stuck = mount.clean()
    except OSError as error:
        words = f"{mount.RUN} cannot be looked at: {error.strerror}"
        return Check("mounts", False, words, "Run it with sudo.")
    if not stuck:
        return Check("mounts", True, "No mount of a dead run is left")
    fix = f"See who uses them: fuser -vm {mount.RUN}/*"
    return Check("mounts", False, "; ".join(stuck), fix)


def primary(session: Session) -> tuple[list[Check], Volume | None]:
    """Look at the primary volume; the volume is None when there is none. Blocks."""
    try:
        found = volume.read(session.primary)
        node = volume.local_node_uuid()
    except GeorepError as error:
        return [failed("primary volume", error)], None
    checks = [check_started(found)]
    if session.options.change_detector == "changelog":
        checks += [check_changelog(found), check_indexing(found)]
    checks += [check_bricks(found, node), *check_xattrs(found, node)]
    checks.append(check_gsyncd(session, gsyncd.sessions()))
    return checks, found


def check_started(found: Volume) -> Check:
    """Whether the primary volume is started."""
    if found.started:
        return Check("primary volume", True, f"Volume {found.name} is started")
    fix = f"Start it: gluster volume start {found.name}"
    return Check("primary volume", False, f"Volume {found.name} is stopped", fix)


def check_changelog(found: Volume) -> Check:
    """Whether the bricks write down what changes."""
    if found.switched_on(volume.CHANGELOG):
        return Check("changelog", True, f"The bricks of {found.name} keep a changelog")
    return Check(
        "changelog",
        False,
        f"The bricks of {found.name} keep no changelog",
        f"Switch it on: gluster volume set {found.name} {volume.CHANGELOG} on",
    )


def check_indexing(found: Volume) -> Check:
    """Whether the bricks mark what changes, which gsyncd needs where it takes over again."""
    if found.switched_on(volume.INDEXING):
        return Check("indexing", True, f"The bricks of {found.name} mark what changes")
    return Check(
        "indexing",
        True,
        f"The bricks of {found.name} do not mark what changes, so gsyncd could not take over",
        f"Switch it on if it ever shall: gluster volume set {found.name} {volume.INDEXING} on",
    )


def check_gsyncd(session: Session, found: Sequence[Found]) -> Check:
    """Whether gsyncd stays away from what georep replicates; both at once undo each other."""
    for each in found:
        same = (each.primary, each.volume) == (session.primary, session.volume)
        if each.running and same:
            where = f"{each.primary} {each.host}::{each.volume}"
            words = f"gsyncd replicates {each.primary} to {each.secondary}"
            fix = f"Stop it: gluster volume geo-replication {where} stop"
            return Check("gsyncd", False, words, fix)
    return Check("gsyncd", True, "gsyncd does not replicate the same")


def check_xattrs(found: Volume, node: str) -> Iterator[Check]:
    """Whether what GlusterFS keeps in xattrs can be read on each brick that is here."""
    for brick in found.of_node(node):
        try:
            raw = xattrs.get(brick.root, VOLUME_ID)
        except GeorepError as error:
            yield failed("xattrs", error)
            continue
        except OSError as error:
            words = f"The xattrs of {brick.path} cannot be read: {error.strerror}"
            yield Check("xattrs", False, words, "Run this as root, and see its disk: dmesg.")
            continue
        if raw is not None and str(UUID(bytes=raw)) == found.uuid:
            yield Check("xattrs", True, f"{brick.path} says that it belongs to {found.name}")
        else:
            words = f"{brick.path} does not say that it belongs to {found.name}"
            fix = f"See whether another disk is mounted there: findmnt -T {brick.path}"
            yield Check("xattrs", False, words, fix)


def check_bricks(found: Volume, node: str) -> Check:
    """Whether this node has bricks of the volume, and they are where they should be."""
    mine = [brick.path for brick in found.of_node(node)]
    if not mine:
        hosts = ", ".join(sorted({brick.host for brick in found.bricks}))
        fix = f"Run georep on the nodes that have its bricks: {hosts}"
        return Check("local bricks", False, f"No brick of {found.name} is on this node", fix)
    missing = [path for path in mine if not Path(path, ".glusterfs").is_dir()]
    if missing:
        return Check(
            "local bricks",
            False,
            f"There is no brick at {', '.join(missing)}",
            f"See whether its disk is mounted: gluster volume status {found.name}",
        )
    return Check("local bricks", True, f"Bricks on this node: {', '.join(mine)}")


def primary_mount(session: Session, log: Path) -> tuple[Check, Used | None]:
    """Mount the primary as a worker will, and see how much is in it.

    Blocks for up to connection-timeout, and must run in the main thread.
    """
    more = params.words(session.options.gluster_params)
    client = mount.Mount(session.primary, label=f"{session.name}.check", log=log, params=more)
    try:
        client.start(session.options.connection_timeout)
        try:
            there, notes = os.statvfs(client.root), marked.notes(client.root)
        finally:
            client.stop()
    except GeorepError as error:
        return failed("primary mount", error), None
    except OSError as error:
        words = f"Volume {session.primary} cannot be read through a mount: {error.strerror}"
        fix = f"See which bricks are down: gluster volume status {session.primary}"
        return Check("primary mount", False, words, fix), None
    held, inodes = there.f_blocks - there.f_bfree, there.f_files - there.f_ffree
    used = Used(held * there.f_frsize, inodes, notes)
    words = f"Volume {session.primary} can be mounted and holds {size(used.bytes)}"
    return Check("primary mount", True, words), used


def route(session: Session) -> Route:
    """Return the way to the session's secondary."""
    options = session.options
    return Route(
        host=session.host,
        user=session.user,
        port=options.ssh_port,
        key=options.ssh_key,
        known_hosts=options.known_hosts,
        command=options.agent_command,
        timeout=options.connection_timeout,
        silence=options.secondary_timeout,
        log_level=options.log_level.upper(),
        scope=scope(session),
    )


def scope(session: Session) -> Scope:
    """Return which xattrs the session replicates."""
    return Scope(users=session.options.sync_xattrs, acls=session.options.sync_acls)


def failed(name: str, error: GeorepError) -> Check:
    """Return the check that ended in an error."""
    return Check(name, False, error.words.rstrip("."), error.fix, error.evidence)


def size(count: int) -> str:
    """Return a number of bytes in words."""
    number = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} PiB"
