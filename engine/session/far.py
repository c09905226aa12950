"""What must be true of the secondary, and of both sides together; each check has its next step."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine import moments
from engine.config import Session
from engine.errors import GeorepError
from engine.gluster import urls
from engine.gluster.volume import Volume
from engine.keeping import Owner
from engine.movers.job import Mover
from engine.movers.pace import Bucket
from engine.movers.probe import Tried, probe
from engine.movers.ways import Ways
from engine.rpc import gated, login, ssh
from engine.rpc.messages import Host, Welcome
from engine.rpc.route import Route
from engine.rpc.ssh import Agent
from engine.session import checks, mark_checks, marked, sides, trash_checks
from engine.session.checks import Check, Used, failed
from engine.session.marked import UNMARKED, Marked, Pair
from engine.session.position import Position

_STAGES = (
    ("host", ("host unknown", "host unreachable"), "{host} answers at port {port}"),
    ("host key", ("host key unknown", "host key changed"), "{host} has the key that is known"),
    ("key", ("key refused", "key unusable"), "{user}@{host} accepts our key"),
)
"""What has to be passed until the agent is there, and the causes that end it."""
_SKEW_TOLD, _SKEW_MOST = 2.0, 60.0
"""Seconds that clocks may differ before it is said, and before it is wrong."""


Hear = Callable[[Welcome], None]


@dataclass(frozen=True, slots=True)
class Near:
    """What is known of this side when the other one is looked at."""

    node: str
    uuid: str = ""
    """glusterd's own of this node."""
    volume: Volume | None = None
    used: Used | None = None
    glusterfs: str = ""
    rsync: str = ""
    marks: Marked = UNMARKED
    """What primaries left on the primary volume."""


@dataclass(frozen=True, slots=True)
class Far:
    """What the agent has told."""

    welcome: Welcome
    host: Host
    skew: float
    """Seconds that its clock is ahead of ours."""
    doubt: float
    """Seconds by which that may be wrong."""
    empty: bool
    known: bool
    """Whether it has notes about crawls of this primary, or its mark."""
    stime: int = 0
    """Up to when, in seconds since the epoch, a brick here says that it has everything."""
    marks: Marked = UNMARKED
    """What primaries left on the secondary."""


async def look(
    session: Session, near: Near, bucket: Bucket | None, hear: Hear = lambda welcome: None
) -> list[Check]:
    """Log in on the other side, have the agent open the secondary, try the movers, and see whether
    both sides fit. An empty directory becomes the secondary of the primary volume. `hear` gets
    what the agent tells of itself.

    Without a `bucket` nothing is written there: no mover is tried, a directory stays as it is.
    """
    route = checks.route(session)
    primary = near.volume.uuid if near.volume is not None and bucket is not None else ""
    try:
        async with ssh.agent(
            route, session=session.name, volume=session.volume, primary=primary
        ) as agent:
            hear(agent.welcome)
            far = await _far(agent, near)
            movers = await _movers(session, route, agent, bucket, near.node) if bucket else []
    except GeorepError as error:
        waits = error.cause == "directory not set up" and not primary
        return _waiting(session, route) if waits else way(route, error)
    found = [*way(route, None), check_bound(session, await _opens(route))]
    return [*found, *together(session, near, far), *related(session, near, far), *movers]


def _waiting(session: Session, route: Route) -> list[Check]:
    """Say of an empty directory that it was only not made a secondary yet."""
    words = f"{session.volume} is empty, and becomes the secondary when all else is as it must be"
    return [*way(route, None), Check("secondary", True, words)]


def way(route: Route, error: GeorepError | None) -> list[Check]:
    """Say how far we got until `error`; None: to the end."""
    found: list[Check] = []
    words = {"host": route.host, "port": route.port, "user": route.user}
    for name, causes, fine in _STAGES:
        if error is not None and error.cause in causes:
            # A key that cannot be read here was never shown to anybody.
            before = [] if error.cause == "key unusable" else found
            return [*before, failed(name, error)]
        found.append(Check(name, True, fine.format(**words)))
    return [*found, failed("secondary", error)] if error is not None else found


def together(session: Session, near: Near, far: Far) -> Iterator[Check]:
    """Say whether the secondary is as it must be, and fits the primary."""
    yield check_agent(session, far.welcome)
    yield from check_user(session, far.welcome)
    yield from check_read_only(session, far.welcome)
    yield from check_room(session, far.welcome, near.used)
    yield check_content(session, far)
    yield check_clock(far)
    yield from check_versions(session, near, far.host)
    yield from check_shards(session, near.volume, far.host.options)
    yield from trash_checks.there(session, far.host.options)
    yield check_mounts(far.host)


def related(session: Session, near: Near, far: Far) -> Iterator[Check]:
    """Say what marks on both volumes tell of other sessions; nothing while this side is not as it
    must be.
    """
    if near.volume is not None:
        pair = Pair(
            *(session.name, near.volume.name, near.volume.uuid),
            *(session.volume, far.welcome.volume_uuid),
        )
        yield from mark_checks.checks(session, pair, near.marks, far.marks)


def check_agent(session: Session, welcome: Welcome) -> Check:
    """Say who answered; that it did is the check."""
    done = "can write to" if urls.is_directory(session.volume) else "has mounted"
    words = f"georep {welcome.version} answers on {welcome.host} and {done} {session.volume}"
    return Check("secondary", True, words)


def check_user(session: Session, welcome: Welcome) -> Iterator[Check]:
    """Say how an agent without root has the volume, and what it cannot keep in a directory."""
    if welcome.owner is not None:
        yield check_owner(session, welcome.owner)
    elif not welcome.root:
        words = f"{session.user} is not root: glusterd has mounted {session.volume} for it"
        yield Check("user", True, words)


def check_owner(session: Session, owner: Owner) -> Check:
    """Say what an ordinary user cannot keep."""
    name = owner.name
    words = (
        f"{name} is not root: all in {session.volume} will be {name}'s. Not kept are other owners, "
        f"groups that {name} is not in, setuid and setgid of files, and modes that shut the owner "
        "out; devices are refused, each as a failure"
    )
    return Check("user", True, words, f"To keep all: root@{session.host}:{session.volume}")


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
    # Without root a directory has two for each object.
    inodes = used.inodes * (1 if welcome.owner is None else 2)
    rows = (
        ("room", used.bytes, welcome.free_bytes, welcome.total_bytes, checks.size),
        ("inodes", inodes, welcome.free_inodes, welcome.total_inodes, _inodes),
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


def _inodes(count: int) -> str:
    return f"{count} inodes"


def check_content(session: Session, far: Far) -> Check:
    """Whether the secondary holds nothing but what came from this primary."""
    place = session.volume
    if far.stime:
        words = f"{place} has what was on {session.primary} until {moments.show(far.stime)}"
        return Check("content", True, words)
    if far.empty:
        return Check("content", True, f"{place} is empty")
    if far.known:
        return Check("content", True, f"{place} has been replicated to from {session.primary}")
    return Check(
        "content",
        False,
        f"{place} is not empty, and what is in it did not come from {session.primary}",
        "Name an empty one. With --force, what is in the way of a name goes to limbo, is kept in "
        "quarantine, and all else stays.",
    )


def check_clock(far: Far) -> Check:
    """Whether both sides have the same time."""
    skew = max(0.0, abs(far.skew) - far.doubt)
    which = "ahead of" if far.skew > 0 else "behind"
    if skew <= _SKEW_TOLD:
        return Check("clock", True, "The clocks of both sides agree")
    words = f"The clock of {far.welcome.host} is {skew:.0f} s {which} ours"
    fix = "Set both by NTP: timedatectl set-ntp true"
    return Check("clock", skew <= _SKEW_MOST, words, fix)


def check_versions(session: Session, near: Near, host: Host) -> Iterator[Check]:
    """Whether GlusterFS and rsync are of kinds that get on with each other."""
    if not urls.is_directory(session.volume):
        yield _same("glusterfs", near.glusterfs, host.glusterfs, parts=1)
    if not host.rsync:
        words = f"rsync is not installed on {session.host}, so changed large files go whole"
        yield Check("rsync", True, words, "Install it there: apt-get install rsync")
    else:
        yield _same("rsync", near.rsync, host.rsync, parts=2)


def _same(program: str, here: str, there: str, *, parts: int) -> Check:
    """Compare the first `parts` of two versions."""
    words = f"{program} is {here or 'of no known version'} here, {there or 'unknown'} there"
    if here.split(".")[:parts] == there.split(".")[:parts]:
        return Check(program, True, words)
    return Check(program, True, words, "Nobody has tried just these two; better have the same.")


def check_shards(
    session: Session, here: Volume | None, there: Mapping[str, str]
) -> Iterator[Check]:
    """Whether files are cut into shards on both sides in the same way, or on none."""
    if here is None:
        return
    ours, theirs = (_shards(options) for options in (here.options, there))
    if urls.is_directory(session.volume):
        if ours:
            words = f"{here.name} has {ours}, which only a volume can make files of"
            yield Check(
                "shards", False, words, "Replicate to a volume with the same features.shard."
            )
        return
    if ours == theirs:
        yield Check("shards", True, f"Both volumes have {ours or 'no shards'}")
        return
    block = here.options.get("features.shard-block-size", "64MB")
    fix = (
        f"While {session.volume} is empty, on {session.host}: gluster volume set {session.volume} "
    )
    fix += f"features.shard on features.shard-block-size {block}" if ours else "features.shard off"
    words = f"{here.name} has {ours or 'no shards'}, {session.volume} has {theirs or 'none'}"
    yield Check("shards", False, words, fix)


def _shards(options: Mapping[str, str]) -> str:
    on = options.get("features.shard", "off").lower() in ("on", "yes", "true", "enable", "1")
    return f"shards of {options.get('features.shard-block-size', '64MB')}" if on else ""


def check_mounts(host: Host) -> Check:
    """Whether mounts of dead agents are left there."""
    if not host.stuck:
        return Check("mounts", True, "No mount of a dead agent is left there")
    fix = "See there who uses them: fuser -vm, and the path"
    return Check("mounts", False, "; ".join(host.stuck), fix)


def check_bound(session: Session, opens: bool | None) -> Check:
    """Whether the key opens more than georep needs; None: nobody knows."""
    if opens is None:
        return Check("gate", True, "What else the key opens could not be found out")
    if not opens:
        return Check("gate", True, f"The key opens nothing but georep on {session.host}")
    words = f"The key opens a shell on {session.host}, which georep does not need"
    return Check("gate", True, words, f"Make one that does not: georep keys {session.name}")


def check_movers(session: Session, tried: Sequence[Tried]) -> Iterator[Check]:
    """Whether a file gets there by each mover; wrong only when by none."""
    some = any(each.works for each in tried)
    for each in tried:
        name = f"{each.mover} mover"
        if each.works:
            words = f"A file gets to {session.host} by {each.mover}"
            told = f"{words} ({each.words})" if each.words else words
            yield Check(name, True, told)
        else:
            words = f"No file gets to {session.host} by {each.mover}: {each.words}"
            yield Check(name, some, words, each.fix)


async def _far(agent: Agent, near: Near) -> Far:
    primary = near.volume.uuid if near.volume is not None else ""
    before = time.time()
    host = await agent.channel.host()
    after = time.time()
    notes = await agent.channel.notes()
    marks = await marked.there(agent.channel)
    return Far(
        agent.welcome,
        host,
        skew=host.clock - (before + after) / 2,
        doubt=(after - before) / 2,
        empty=await sides.empty(agent.channel),
        known=known(primary, notes, marks),
        stime=_stime(near, agent.welcome.volume_uuid),
        marks=marks,
    )


def known(primary: str, notes: Collection[str], marks: Marked) -> bool:
    """Return whether something on the secondary says that this primary, by its uuid, is replicated
    to it. A first crawl into an empty one leaves no note; its mark is there before it brings
    anything.
    """
    noted = any(name.startswith(primary) for name in notes)
    return bool(primary) and (noted or marks.of(primary) is not None)


def _stime(near: Near, secondary: str) -> int:
    """Return the latest position of a brick here; 0 where there is none, or it cannot be read."""
    if near.volume is None:
        return 0
    latest = 0
    for brick in near.volume.of_node(near.uuid):
        with suppress(GeorepError, OSError):
            latest = max(latest, Position(brick.root, near.volume.uuid, secondary).stime)
    return latest


async def _movers(
    session: Session, route: Route, agent: Agent, bucket: Bucket, node: str
) -> list[Check]:
    ways = Ways.of(session, route, agent.welcome.mount, bucket, None)
    tried = [await probe(mover, ways, agent.channel, f"{node}:doctor") for mover in Mover]
    return list(check_movers(session, tried))


async def _opens(route: Route) -> bool | None:
    """Whether the key opens a shell; None when that cannot be found out."""
    with suppress(GeorepError):
        (said,) = await login.run(route, "true")
        return said.code != gated.REFUSED
    return None
