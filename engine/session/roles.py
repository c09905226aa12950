"""Active when elected, Passive otherwise: what a worker does, role by role, until it is to end."""

from dataclasses import dataclass

from engine import events
from engine.primary.slices import HistoryBroken
from engine.session.crawling import Crawling
from engine.session.following import Damaged, Following
from engine.session.heals import Heals
from engine.session.position import Position
from engine.session.recrawling import Recrawling
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.standby import Standby
from engine.session.turn import Turn
from engine.session.unreconciled import Unreconciled
from engine.session.wishes import Wishes

GOAL = "the goal is reached"


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts of one worker that have their turns."""

    mount: bytes
    turn: Turn
    watched: Heals
    unreconciled: Unreconciled
    standby: Standby
    crawling: Crawling
    following: Following
    recrawling: Recrawling | None
    """Instead of the changelog, where no changelog is to be depended on."""
    replicator: Replicator
    position: Position
    report: Report
    wishes: Wishes

    async def run(self) -> str:
        """Return why there is nothing more to do."""
        try:
            while not await self._one():
                pass
        finally:
            self.turn.release()
        return GOAL

    async def _one(self) -> bool:
        """Take one role, for as long as it is this worker's; return whether the goal is reached."""
        await self.wishes.rest(self.report)
        decision = await self.replicator.run(self.turn.decide, self.mount)
        await self.watched.take(decision)
        if decision.role is events.Role.PASSIVE:
            await self.standby.run(self.wishes)
            return False
        await self.replicator.recover()
        await self.unreconciled.look()
        if self.recrawling is not None:
            return await self.recrawling.run(self._still, self.wishes)
        return await self._follow()

    async def _follow(self) -> bool:
        """Crawl if that is needed, and follow the changelog then."""
        reason = await self.crawling.needed()
        if reason:
            await self.crawling.run(reason)
            if self.wishes.paused:
                return False
        elif self.position.moved():
            # An engine that has just begun knows of none.
            self.report.tell(events.PositionMoved, stime=self.position.stime, slice=0)
        await self.unreconciled.follow(self.position.stime)
        try:
            return await self.following.run(self._still)
        except (Damaged, HistoryBroken) as damage:
            await self.crawling.run(damage.words, damage.ended)
            return False

    async def _still(self) -> bool:
        return await self.replicator.run(self.turn.still, self.mount)
