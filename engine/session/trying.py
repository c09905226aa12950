"""Which movers work: each is tried once with a canary, told of, and chosen from."""

import asyncio

from engine.config import Session
from engine.errors import Retry
from engine.events import MoverTried
from engine.movers import choice
from engine.movers.job import Mover
from engine.movers.pace import Bucket
from engine.movers.probe import Tried, probe
from engine.movers.ways import Ways
from engine.rpc.channel import Channel
from engine.rpc.route import Route
from engine.rpc.shared import Shared
from engine.rpc.ssh import Agent
from engine.session.report import Report

_PAUSES = (1.0, 4.0)
"""Seconds before it is tried again: sshd turns some away when many come at once."""


class Trying:
    """The movers of one connection."""

    def __init__(self, ways: Ways, channel: Channel, report: Report, *, method: str) -> None:
        """`method`: the option `sync-method`."""
        self.ways = ways
        self._channel, self._report, self._method = channel, report, method
        self._once = asyncio.Lock()
        self._tried: dict[Mover, Tried] = {}

    @classmethod
    def of(
        cls,
        session: Session,
        route: Route,
        agent: Agent,
        report: Report,
        bucket: Bucket,
        shared: Shared | None = None,
    ) -> "Trying":
        """Return the movers that `session` has to `agent`, at the pace of `bucket`."""
        ways = Ways.of(session, route, agent.welcome.mount, bucket, shared)
        return cls(ways, agent.channel, report, method=session.options.sync_method)

    async def broken(self) -> frozenset[Mover]:
        """Return the movers that do not work; the first call tries them, and all wait for it."""
        async with self._once:
            if not self._tried:
                await self._try_all()
        return frozenset(mover for mover, tried in self._tried.items() if not tried.works)

    async def choose(self, *, new: bool) -> Mover:
        """Return the mover for files that are changed, or `new`; Retry when none works."""
        mover = choice.choose(self._method, await self.broken(), new=new)
        if mover is not None:
            return mover
        tried = list(self._tried.values())
        raise Retry(
            "no way to copy a large file works",
            cause="no mover works",
            fix=tried[0].fix,
            evidence="\n".join(f"{each.mover}: {each.words}" for each in tried),
        )

    async def _try_all(self) -> None:
        first, *others = choice.order(self._method, new=False)
        if self._method == choice.TARSSH:
            # rsync is nobody's wish there, only better than nothing.
            found = [await self._try(first)]
            if not found[0].works:
                found += [await self._try(other) for other in others]
        else:
            found = list(await asyncio.gather(*(self._try(each) for each in (first, *others))))
        self._tried = {each.mover: each for each in found}
        broken = [each.mover for each in found if not each.works]
        for each in found:
            means = "" if each.works else choice.consequence(each.mover, broken)
            self._report.tell(
                MoverTried,
                mover=each.mover.value,
                works=each.works,
                seconds=each.seconds,
                words=each.words,
                means=means,
                fix=each.fix,
            )

    async def _try(self, mover: Mover) -> Tried:
        tried = await probe(mover, self.ways, self._channel, self._report.worker)
        for pause in _PAUSES:
            if tried.works or not tried.again:
                break
            await asyncio.sleep(pause)
            tried = await probe(mover, self.ways, self._channel, self._report.worker)
        return tried
