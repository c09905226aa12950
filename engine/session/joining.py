"""A worker's way to the secondary: its own node first, and each that cannot be used is told."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager

from engine.config import Places, Session
from engine.errors import GeorepError
from engine.events import PeerPassedOver
from engine.gluster.volume import Brick, Volume
from engine.session import nodes
from engine.session.nodes import Reached, Who
from engine.session.report import Report

_EVIDENCE = 4000
"""Characters of another program's words that are told."""


def joined(
    at: Places,
    session: Session,
    volume: Volume,
    brick: Brick,
    report: Report,
    *,
    last: Collection[str],
) -> AbstractAsyncContextManager[Reached]:
    """Hold the agent of a brick's worker; as `nodes.reached` does, with a word for each try.

    `last`: hosts that were away a moment ago.
    """

    def trying(host: str) -> None:
        report.now_doing(f"connecting to {host}")

    def passed(host: str, error: GeorepError) -> None:
        report.tell(
            PeerPassedOver,
            peer=host,
            cause=error.cause,
            words=error.words,
            fix=error.fix,
            evidence=error.evidence[-_EVIDENCE:],
        )

    rank = nodes.rank(brick, volume)
    who = Who(rank=rank, worker=report.worker, primary=volume.uuid, last=last)
    return nodes.reached(at, session, who, trying=trying, passed=passed)
