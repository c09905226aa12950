"""Whether each other node of the secondary could take a worker. None of them has to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from engine.config import Places, Session
from engine.errors import GeorepError
from engine.peers import Known
from engine.rpc import hostkeys, ssh
from engine.session import checks, nodes
from engine.session.checks import Check

NAME = "another node"
"""What the check is called."""


async def look(at: Places, session: Session) -> AsyncIterator[tuple[str, Check]]:
    """Yield each node but the one that the session names, and whether it can be used."""
    found = nodes.remembered(at, session)
    hosts = [host for host in nodes.hosts(session, found) if host != session.host]
    if found is not None:
        checked = await asyncio.gather(*(check(session, host, found) for host in hosts))
        for pair in zip(hosts, checked, strict=True):
            yield pair


async def check(session: Session, host: str, found: Known) -> Check:
    """Have an agent open the volume on `host`; say whether it did. What is wrong is advice."""
    route = replace(checks.route(session), host=host)
    if not hostkeys.is_known(route):
        return unused(session, f"the host key of {host} is not known here", keys(session.name))
    try:
        async with ssh.agent(
            route, session=session.name, volume=session.volume, secondary=found.volume
        ) as agent:
            version = agent.welcome.version
    except GeorepError as error:
        missing = error.cause in ("key refused", "refused by the gate")
        fix = keys(session.name) if missing else error.fix
        return unused(session, error.words.rstrip("."), fix, error.evidence)
    return Check(NAME, True, f"georep {version} answers on {host} and has mounted {session.volume}")


def unused(session: Session, why: str, fix: str, evidence: str = "") -> Check:
    """Return the check for a node that workers cannot go to."""
    words = f"It has bricks of {session.volume} and cannot take workers: {why}"
    return Check(NAME, True, words, fix, evidence)


def keys(target: str) -> str:
    """Return how the nodes of a session's or a place's secondary are opened."""
    return f"Open it with the same key: georep keys {target}"
