"""The other nodes of the secondary, opened with the key that the session's own host has let in."""

import dataclasses

from engine import peers
from engine.config import Places, Session
from engine.errors import GeorepError
from engine.gluster import urls
from engine.rpc import ssh
from engine.session import keys, nodes, others
from engine.session.checks import Check
from engine.session.keys import Accept, Request, Tick


async def spread(at: Places, wanted: Request, accept: Accept, tick: Tick) -> None:
    """Have every other node of the volume's let the key in, and tell which do not.

    What one of them refuses is told as advice: the session works without it. ssh may ask the
    operator for a password meanwhile.
    """
    if not wanted.place or urls.is_directory(wanted.place):
        return
    try:
        hosts = await _hosts(at, wanted)
    except GeorepError as error:
        words = f"Which other nodes {wanted.place} has could not be found out: {error.words}"
        tick(Check(others.NAME, True, words.rstrip("."), "Then say this command again."))
        return
    with keys.held(at):
        for host in hosts:
            tick(await _open(wanted, host, accept))


async def _hosts(at: Places, wanted: Request) -> list[str]:
    """Return the hosts beside the one that was named, as that one tells."""
    route, named = wanted.route, wanted.route.host
    secondary = f"{route.user}@{named}::{wanted.place}"
    session = wanted.session or Session("keys", "", route.user, named, wanted.place)
    async with ssh.agent(route, session=session.name, volume=wanted.place) as agent:
        told = agent.welcome
    if wanted.session is not None:
        nodes.note(at, session, named, told)
    found = peers.known(
        None, secondary, named, peers.Told(named, told.node, told.volume_uuid, told.nodes)
    )
    return [host for host in nodes.hosts(session, found) if host != named]


async def _open(wanted: Request, host: str, accept: Accept) -> Check:
    one = dataclasses.replace(wanted, route=dataclasses.replace(wanted.route, host=host))
    try:
        await keys.pin(one, accept)
        await keys.admit(one)
    except GeorepError as error:
        words = f"{host} has bricks of {wanted.place} and cannot take workers: {error.words}"
        return Check(others.NAME, True, words.rstrip("."), error.fix, error.evidence)
    return Check(others.NAME, True, f"The key gets in on {host}, too, and workers may go there")
