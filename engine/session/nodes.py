"""Which nodes of the secondary a session may use: remembered, and tried until one takes us."""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec

from engine import files, peers
from engine.config import Places, Session
from engine.errors import GeorepError
from engine.gluster import urls
from engine.gluster.volume import Brick, Volume
from engine.peers import Known, Told
from engine.rpc import hostkeys, ssh
from engine.rpc.messages import Welcome
from engine.rpc.route import Route
from engine.rpc.ssh import Agent
from engine.session import checks

Trying = Callable[[str], None]
"""Gets each host before it is tried."""
Passed = Callable[[str, GeorepError], None]
"""Gets each host that could not be used, and why."""
_LONGEST = 1 << 20
"""Bytes of what is remembered that are read."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An agent, and the way that led to it."""

    agent: Agent
    route: Route


@dataclass(frozen=True, slots=True)
class Who:
    """Who wants an agent."""

    rank: int = 0
    """By which it gets its node."""
    worker: str = ""
    primary: str = ""
    last: Collection[str] = ()
    """Hosts that are tried after all others."""


def file(at: Places, name: str) -> Path:
    """Return where session `name` remembers its secondary's nodes."""
    return at.of(name) / "nodes.json"


def remembered(at: Places, session: Session) -> Known | None:
    """Return what is remembered of the session's secondary; None when that is nothing. Blocks."""
    try:
        with file(at, session.name).open("rb") as held:
            found = msgspec.json.decode(held.read(_LONGEST), type=Known)
    except (OSError, msgspec.MsgspecError):
        return None  # the host that the session names tells again
    return found if found.secondary == session.secondary else None


def note(at: Places, session: Session, host: str, welcome: Welcome) -> None:
    """Remember what an agent on `host` has told. Blocks.

    A disk that takes no note is no reason not to replicate.
    """
    if urls.is_directory(session.volume):
        return
    before = remembered(at, session)
    told = Told(host, welcome.node, welcome.volume_uuid, welcome.nodes)
    now = peers.known(before, session.secondary, session.host, told)
    if now != before:
        with contextlib.suppress(OSError):
            files.write(file(at, session.name), msgspec.json.encode(now))


def hosts(session: Session, found: Known | None) -> list[str]:
    """Return the hosts that may be used once their keys are known here; the session's own alone
    until that has told which volume it is.
    """
    listed = peers.parse_hosts(session.options.secondary_hosts)
    if found is None or urls.is_directory(session.volume):
        return [session.host]
    return listed or peers.hosts(found, session.host)


def taken(session: Session, found: Known | None) -> list[str]:
    """Return those of them that are used: their host keys are known here. Blocks."""
    route, every = checks.route(session), hosts(session, found)
    if every == [session.host]:
        return every
    known = [host for host in every if hostkeys.is_known(replace(route, host=host))]
    # Without any there is one to say what is missing.
    return known or [session.host]


def rank(brick: Brick, volume: Volume) -> int:
    """Return the number by which a brick's worker gets its node."""
    before = [one for one in volume.bricks if one.subvolume == brick.subvolume]
    return peers.ranked(brick.subvolume, before.index(brick), volume.distribution)


@asynccontextmanager
async def reached(
    at: Places,
    session: Session,
    who: Who,
    *,
    trying: Trying = lambda host: None,
    passed: Passed = lambda host, error: None,
) -> AsyncIterator[Reached]:
    """Have an agent open the secondary on the first node that takes us, and hold it.

    When none does, it raises what was wrong with the first; what is wrong with the secondary as a
    whole it raises at once. What ends the agent later is raised as it is.
    """
    found = remembered(at, session)
    tried = peers.order(taken(session, found), who.rank, who.last)
    async with contextlib.AsyncExitStack() as stack:
        first: GeorepError | None = None
        for host in tried:
            trying(host)
            route = replace(checks.route(session), host=host)
            try:
                agent = await stack.enter_async_context(_agent(session, route, who, found))
            except GeorepError as error:
                if error.cause not in peers.NODES_OWN or len(tried) == 1:
                    raise
                first = first or error
                passed(host, error)
                continue
            note(at, session, host, agent.welcome)
            yield Reached(agent, route)
            return
        assert first is not None
        raise first


def _agent(
    session: Session, route: Route, who: Who, found: Known | None
) -> contextlib.AbstractAsyncContextManager[Agent]:
    # The session's own host says which volume it is, now; the others must have just that one.
    own = route.host == session.host
    expected = "" if own or found is None else found.volume
    call = partial(ssh.agent, route, session=session.name, volume=session.volume)
    return call(worker=who.worker, primary=who.primary, secondary=expected)
