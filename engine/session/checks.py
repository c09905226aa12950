"""What must be true on both sides before a session can work; each check says how to mend it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.config import Session
from engine.errors import GeorepError
from engine.gluster import mount, urls, volume
from engine.gluster.volume import Volume
from engine.rpc import ssh
from engine.rpc.messages import Welcome
from engine.rpc.ssh import Route

PROGRAMS = (
    ("gluster", "glusterfs-cli"),
    ("glusterfs", "glusterfs-client"),
    ("rsync", "rsync"),
    ("ssh", "openssh-client"),
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
)
"""What is run here, and the Debian package it comes with."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    """Two or three words that stay the same: what was looked at."""
    fine: bool
    words: str
    """What was found, one sentence without a full stop."""
    fix: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What the primary volume holds."""

    bytes: int
    inodes: int


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
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path:
        return Check(program, True, f"{program} is installed: {path}")
    fix = f"Install it: apt-get install {package}"
    return Check(program, False, f"{program} is not installed", fix)


def primary(session: Session) -> tuple[list[Check], Volume | None]:
    """Look at the primary volume; the volume is None when there is none. Blocks."""
    try:
        found = volume.read(session.primary)
        node = volume.local_node_uuid()
    except GeorepError as error:
        return [_failed("primary volume", error)], None
    checks = [check_started(found), check_changelog(found), check_bricks(found, node)]
    return checks, found


def check_started(found: Volume) -> Check:
    """Whether the primary volume is started."""
    if found.started:
        return Check("primary volume", True, f"Volume {found.name} is started")
    fix = f"Start it: gluster volume start {found.name}"
    return Check("primary volume", False, f"Volume {found.name} is stopped", fix)


def check_changelog(found: Volume) -> Check:
    """Whether the bricks write down what changes."""
    if found.switched_on("changelog.changelog"):
        return Check("changelog", True, f"The bricks of {found.name} keep a changelog")
    return Check(
        "changelog",
        False,
        f"The bricks of {found.name} keep no changelog",
        f"Switch it on: gluster volume set {found.name} changelog.changelog on",
    )


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
    client = mount.Mount(session.primary, label=f"{session.name}.check", log=log)
    try:
        client.start(session.options.connection_timeout)
        try:
            there = os.statvfs(client.root)
        finally:
            client.stop()
    except GeorepError as error:
        return _failed("primary mount", error), None
    except OSError as error:
        words = f"Volume {session.primary} cannot be read through a mount: {error.strerror}"
        fix = f"See which bricks are down: gluster volume status {session.primary}"
        return Check("primary mount", False, words, fix), None
    used = Used((there.f_blocks - there.f_bfree) * there.f_frsize, there.f_files - there.f_ffree)
    words = f"Volume {session.primary} can be mounted and holds {_size(used.bytes)}"
    return Check("primary mount", True, words), used


async def secondary(session: Session, used: Used | None, primary: str = "") -> list[Check]:
    """Log in on the other side, start the agent there, and see whether everything will fit.

    With the uuid of the `primary` volume, an empty directory there becomes its secondary.
    """
    try:
        way = route(session)
        async with ssh.agent(
            way, session=session.name, volume=session.volume, primary=primary
        ) as agent:
            welcome = agent.welcome
    except GeorepError as error:
        return [_failed("secondary", error)]
    return [
        check_agent(session, welcome),
        *check_read_only(session, welcome),
        *check_room(session, welcome, used),
    ]


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
    )


def check_agent(session: Session, welcome: Welcome) -> Check:
    """Say who answered; that it did is the check."""
    done = "can write to" if urls.is_directory(session.volume) else "has mounted"
    words = f"georep {welcome.version} answers on {welcome.host} and {done} {session.volume}"
    return Check("secondary", True, words)


def check_read_only(session: Session, welcome: Welcome) -> Iterator[Check]:
    """Say what a read-only volume costs; gsyncd leaves one behind."""
    if welcome.read_only:
        volume = session.volume
        words = f"{volume} is read-only: all but directories' ACLs can be replicated, and slower"
        fix = f"On {session.host}: gluster volume set {volume} features.read-only off"
        yield Check("read-only", True, words, fix)


def check_room(session: Session, welcome: Welcome, used: Used | None) -> Iterator[Check]:
    """Whether what is on the primary fits, in bytes and in inodes."""
    if used is None:
        return
    rows = (
        ("room", used.bytes, welcome.free_bytes, welcome.total_bytes, _size),
        ("inodes", used.inodes, welcome.free_inodes, welcome.total_inodes, str),
    )
    for name, needed, free, total, show in rows:
        if not total:
            continue  # a file system that makes inodes as they are needed
        room = f"{show(free)} free of {show(total)} on {session.volume}"
        if needed <= free:
            yield Check(name, True, f"The primary's {show(needed)} fit: {room}")
        elif needed <= total:
            # It may have been seeded, or replicated to before: what is there need not fit again.
            held = f"fit only if what the secondary holds is a part of them: {room}"
            yield Check(name, True, f"The primary's {show(needed)} {held}")
        else:
            words = f"The primary's {show(needed)} do not fit: {room}"
            what = "disk" if urls.is_directory(session.volume) else "volume"
            yield Check(name, False, words, f"Make the secondary {what} larger.")


def _failed(name: str, error: GeorepError) -> Check:
    return Check(name, False, error.words.rstrip("."), error.fix, error.evidence)


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} PiB"
