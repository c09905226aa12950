"""A worker that is Passive: it keeps its position current, so that taking over is cheap."""

import asyncio

from engine import events
from engine.session.position import Position
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.settings import Settings
from engine.session.teller import Teller
from engine.session.turn import Turn
from engine.session.wishes import Wishes


class Standby:
    """What one worker does while another one of its replica set is Active."""

    def __init__(
        self,
        mount: bytes,
        turn: Turn,
        teller: Teller,
        replicator: Replicator,
        position: Position,
        report: Report,
        settings: Settings,
    ) -> None:
        self._mount, self._turn, self._teller = mount, turn, teller
        self._replicator, self._position = replicator, position
        self._report, self._settings = report, settings

    async def run(self, wishes: Wishes) -> None:
        """Return when it is this one's turn, or the session is paused."""
        replicator, position = self._replicator, self._position
        self._report.now_doing("standby")
        while not wishes.paused and not await replicator.run(self._turn.comes, self._mount):
            await replicator.run(lambda: position.catch_up(self._teller.root()))
            if position.moved():
                self._report.tell(events.PositionMoved, stime=position.stime, slice=0)
            # What failed here while it was Active is in no other worker's ledger.
            await replicator.make_due_so()
            await asyncio.sleep(self._settings.now.replica_failover_interval)
