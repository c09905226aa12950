"""Every check there is, of a session or of this node alone, as it is told one after the other."""

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from engine import programs
from engine.config import Places, Session
from engine.errors import GeorepError
from engine.gluster import mount, volume
from engine.movers.pace import Bucket
from engine.session import checks, far, mark_checks, marked, nodes, others, trash_checks
from engine.session.checks import Check, failed
from engine.session.far import Near
from engine.session.supervisor import node_name

Tick = Callable[[Check], None]
"""Gets each check as soon as it has been made."""
FORCED = frozenset({"content", *mark_checks.NAMES})
"""Checks that an operator may know better than."""
Agree = Callable[[str], bool]
"""Gets what would be done, as a question; whether it shall be."""


class Noted:
    """Hands checks on, each with the node where it was made, and keeps whether all were fine."""

    def __init__(self, tick: Tick) -> None:
        self._tick = tick
        self.fine = True

    def take(self, found: Check, node: str) -> None:
        """Hand one check on."""
        self.fine = self.fine and found.fine
        self._tick(dataclasses.replace(found, node=node))


def node(tick: Tick, *, runs: bool, needed: bool) -> bool:
    """Look at this node alone; whether all is fine. Blocks.

    `runs`: whether an engine does here; `needed`: whether a session is started.
    """
    noted = Noted(tick)
    engine = check_engine(runs=runs, needed=needed)
    for found in (*checks.this_node(), checks.check_mounts(), _pool(), engine):
        noted.take(found, node_name())
    return noted.fine


def check_engine(*, runs: bool, needed: bool) -> Check:
    """Whether an engine runs where a session shall."""
    if runs:
        return Check("engine", True, "The engine runs")
    if needed:
        words = "No engine runs, and a session is started"
        return Check("engine", False, words, "Start it: systemctl start georep")
    return Check("engine", True, "No engine runs; none is needed")


def _pool() -> Check:
    try:
        uuid = volume.local_node_uuid()
    except GeorepError as error:
        return failed("pool", error)
    return Check("pool", True, f"glusterd knows this node as {uuid}")


async def session(at: Places, looked: Session, *, tick: Tick, force: bool = False) -> bool:
    """Look at both sides of a session; whether all is fine. Mounts the primary, so it must run in
    the main thread.

    `force`: it is no fault that the secondary has something in it, that another primary is
    replicated to it, too, or that it leads back to this one.
    """
    noted = Noted(tick)
    near = _here(looked, at.of(looked.name) / "log/check.log", noted)
    # Without root there is none, and the checks have said so.
    with suppress(OSError):
        at.of(looked.name).mkdir(parents=True, exist_ok=True)
    bucket = Bucket.of(looked, at.of(looked.name))
    hear = partial(nodes.note, at, looked, looked.host)
    for found in await far.look(looked, near, bucket, hear):
        excused = force and found.name in FORCED
        noted.take(dataclasses.replace(found, fine=found.fine or excused), looked.host)
    async for host, found in others.look(at, looked):
        noted.take(found, host)
    return noted.fine


async def glance(looked: Session, *, tick: Tick) -> bool:
    """Look at both sides of a session that is only being thought of; whether all is fine so far.

    Nothing is made and nothing is written, on neither side: it may be named wrong. Mounts the
    primary, so it must run in the main thread.
    """
    noted = Noted(tick)
    # Whoever types on ends us by force: one log, then, and where a restart of the machine ends it.
    log = mount.RUN / "glance.log"
    with suppress(OSError):
        log.unlink()
    near = _here(looked, log, noted)
    for found in await far.look(looked, near, None):
        noted.take(found, looked.host)
    return noted.fine


def _here(looked: Session, log: Path, noted: Noted) -> Near:
    """Look at this node, and at the primary if that can be; return what is known of this side."""
    here = node_name()
    for found in checks.this_node():
        noted.take(found, here)
    ready = noted.fine
    noted.take(checks.check_mounts(), here)
    near = Near(here, glusterfs=programs.version("glusterfs"), rsync=programs.version("rsync"))
    return _primary(looked, log, near, noted) if ready else near


def _primary(looked: Session, log: Path, near: Near, noted: Noted) -> Near:
    """Look at the primary volume; return what the other side is compared with."""
    found, there = checks.primary(looked)
    for each in found:
        noted.take(each, near.node)
    if there is None or not there.started:
        return near
    for each in trash_checks.here(there):
        noted.take(each, near.node)
    mounted, used = checks.primary_mount(looked, log)
    noted.take(mounted, near.node)
    uuid = volume.local_node_uuid()
    bricks = [brick.root for brick in there.of_node(uuid)]
    marks = marked.here(bricks, used.notes if used is not None else {})
    near = dataclasses.replace(near, used=used, uuid=uuid, marks=marks)
    # What has no right bricks here must not make a directory its secondary.
    return dataclasses.replace(near, volume=there) if noted.fine else near


def enable(primary: str, agree: Agree, tick: Tick) -> None:
    """Switch on what the bricks have to write down, when it is off and the operator agrees.

    Stop when glusterd refuses.
    """
    try:
        found = volume.read(primary)
    except GeorepError:
        return  # the checks will say so
    off = [
        option for option in (volume.CHANGELOG, volume.INDEXING) if not found.switched_on(option)
    ]
    if off and agree(f"Switch {' and '.join(off)} on for volume {primary}?"):
        volume.switch_on(primary, off)
        tick(
            Check("enabled", True, f"Switched on for {primary}: {', '.join(off)}", node=node_name())
        )
