"""Which of several nodes have a session: asked before anything is said to them."""

import asyncio
from collections.abc import Sequence

from engine.errors import GeorepError
from georep_tui import reporting, together
from georep_tui.hosts import Host
from georep_tui.running import Commands

PATIENCE = 30.0
"""Seconds after which a node that does not say which sessions it has is given up."""


async def of(
    commands: Commands, hosts: Sequence[Host], name: str
) -> tuple[list[Host], list[GeorepError]]:
    """Return the nodes that have a session of that name, and why others do not tell."""
    answers = await asyncio.gather(*(_sessions(commands, host) for host in hosts))
    told = zip(hosts, answers, strict=True)
    holders = [host for host, has in told if not isinstance(has, GeorepError) and name in has]
    return holders, [has for has in answers if isinstance(has, GeorepError)]


async def _sessions(commands: Commands, host: Host) -> list[str] | GeorepError:
    try:
        async with asyncio.timeout(PATIENCE):
            return reporting.names(await commands.said(host.name, "list", "--json"))
    except TimeoutError:
        return together.silent(host, PATIENCE)
    except GeorepError as error:
        return error
