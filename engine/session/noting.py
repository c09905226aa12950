"""How those in limbo came there, noted on the secondary: for people, and for the worker of a brick
that is behind, which hears later who was renamed over; see `Claims`.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from engine import names
from engine.errors import Reject
from engine.item import AnyAnswer, AnyItem, Gfid
from engine.plan import records
from engine.plan.records import Record
from engine.primary import truth
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.session.asides import Asides, Moved
from engine.session.hop import Hop
from engine.session.looking import Looking


class Noting:
    """The notes of one worker, on those that its agent moved aside."""

    def __init__(
        self, channel: Channel, sight: Sight, looking: Looking, hop: Hop, *, worker: str
    ) -> None:
        self._channel, self._sight, self._looking = channel, sight, looking
        self._hop, self._worker = hop, worker
        self._asides = Asides()

    def hear(self, items: Mapping[Gfid, AnyItem], answers: Iterable[AnyAnswer]) -> None:
        """Take in what the agent answered."""
        self._asides.hear(items, answers)

    async def unclaimed(self, items: Mapping[Gfid, AnyItem], answers: Iterable[AnyAnswer]) -> None:
        """Note those that are gone from the primary, and that nobody has spoken of so far."""
        await self._note(self._asides.unclaimed(items, answers))

    async def keep(self, gfids: Collection[Gfid]) -> None:
        """Note how those of `gfids`, who are in limbo, came there by us.

        Notes are taken back of those who have left it, but for quarantine.
        """
        await self._note(self._asides.among(gfids))
        left = list(self._asides.recorded - set(gfids))
        if not left:
            return
        gone = set(await self._looking.gone(left))
        there = (await self._channel.lookup(left)).gfids
        for gfid, seen in zip(left, there, strict=True):
            if seen is None or gfid not in gone:
                with suppress(Reject):
                    await self._channel.remember(gfid, b"")
        self._asides.recorded.clear()

    async def _note(self, moves: Mapping[Gfid, Moved]) -> None:
        for gfid, moved in moves.items():
            path = names.show(await self._hop.run(truth.path, self._sight, moved.place))
            record = Record(
                path=path, at=moved.at, why=moved.why, worker=self._worker, place=moved.place
            )
            with suppress(Reject):  # without it one goes to quarantine; that must not end us
                await self._channel.remember(gfid, records.encode(record))
            self._asides.noted(gfid)
