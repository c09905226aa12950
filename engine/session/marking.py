"""The mark of the primary on the secondary, while a worker runs: left, kept fresh, taken off; and
the worker ends when other marks forbid what it does.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine.config import Places, Session
from engine.errors import GeorepError, Reject
from engine.gluster import params, urls, volume_marks, xattrs
from engine.gluster.mount import Mount
from engine.gluster.volume import Volume
from engine.gluster.xattrs import Mark, VolumeMark
from engine.plan import lineage
from engine.plan.lineage import LIFE, Signed
from engine.rpc.channel import Channel
from engine.session import marked
from engine.session.marked import Marked, Pair

LOOK = 60.0
"""Seconds between two looks at the marks; any worker's look keeps the volume's one mark fresh."""
_PARTING = 5.0
"""Seconds that taking the mark off may take, of those that a worker has to end."""
_LATEST = (1 << 32) - 1
_LONGEST = 250
"""Characters of a host's name that are told."""
_MOST = 9
"""Hosts that are told."""
Here = Callable[[], Awaitable[Marked]]
"""Looks at the marks on the primary."""


class Marking:
    """What one worker does about marks; harmless when several of a session do the same."""

    def __init__(
        self,
        channel: Channel,
        pair: Pair,
        *,
        hosts: tuple[str, ...],
        heed: bool,
        here: Here,
        own: Callable[[], VolumeMark | None],
    ) -> None:
        """`hosts` have the primary's bricks. `heed`: end when other marks forbid it. `here` looks
        at those on the primary; `own` asks it for its own, and blocks.
        """
        self.pair, self.heed = pair, heed
        self._channel, self._hosts = channel, hosts
        self._here, self._ask = here, own
        self._own: VolumeMark | None = None
        self._began: int | None = None
        """Since when this primary has a mark there, as far as this worker has seen."""

    @classmethod
    def of(
        cls,
        at: Places,
        session: Session,
        volume: Volume,
        channel: Channel,
        *,
        uuid: str,
        here: Here,
    ) -> "Marking":
        """Return that of a worker whose secondary volume has the `uuid`."""
        pair = Pair(session.name, volume.name, volume.uuid, session.volume, uuid)
        hosts = tuple(sorted({brick.host[:_LONGEST] for brick in volume.bricks})[:_MOST])
        return cls(
            channel,
            pair,
            hosts=hosts,
            heed=session.options.heed_marks,
            here=here,
            own=lambda: own_mark(at, session),
        )

    async def look(self) -> None:
        """Raise Stop when marks forbid to replicate here; then leave ours, if that is due.

        Invariant: nothing is brought before the first look. Who looks and finds nothing leaves a
        mark; of two that do so at once the next look has the later one end.
        """
        if urls.is_directory(self.pair.secondary):
            return
        near = await self._here()
        far = await marked.there(self._channel)
        marked.refuse(self.pair, near, far, heed=self.heed, began=self._began)
        if far.clock:
            await self._leave(near, far)

    async def keep(self) -> None:
        """Look again and again. Never returns."""
        while True:
            await asyncio.sleep(LOOK)
            await self.look()

    async def part(self) -> None:
        """Take our mark off, for the session is stopped; a worker that goes on leaves it again.

        Where that fails, it ends by itself.
        """
        if urls.is_directory(self.pair.secondary):
            return
        with contextlib.suppress(GeorepError, TimeoutError):
            async with asyncio.timeout(_PARTING):
                await self._channel.leave_mark(self.pair.primary_uuid, b"")

    async def _leave(self, near: Marked, far: Marked) -> None:
        mine = far.of(self.pair.primary_uuid)
        moment = min(max(int(far.clock), 0), _LATEST)
        began = lineage.since(far.left, self.pair.primary_uuid, far.clock)
        # Another worker, that was stopped, may have taken it off.
        self._began = began = next(
            each for each in (began, self._began, moment) if each is not None
        )
        above = lineage.passed_on(near.left, near.clock)
        pair = self.pair
        by = Signed(pair.primary, self._hosts, pair.session, began, above)
        if not lineage.due(mine, by, far.clock):
            return
        value = await self._value(by, min(moment + LIFE, _LATEST))
        # A secondary that takes no marks, an unprivileged one for example, is replicated to
        # without; `doctor` says so.
        with contextlib.suppress(Reject):
            # The note first: a mark without one tells no name.
            await self._channel.note(*lineage.note(pair.primary_uuid, by))
        with contextlib.suppress(Reject):
            await self._channel.leave_mark(pair.primary_uuid, value)

    async def _value(self, by: Signed, expires: int) -> bytes:
        """Return the mark as gsyncd would leave it: the primary's own, with an end."""
        if self._own is None:
            # One that is not indexed says nothing of itself.
            plain = VolumeMark(self.pair.primary_uuid, False, Mark(by.began), None)
            told = await asyncio.to_thread(self._ask)
            self._own = plain if told is None or told.uuid != plain.uuid else told
        return xattrs.pack_volume_mark(self._own._replace(expires=expires))


def own_mark(at: Places, session: Session) -> VolumeMark | None:
    """Ask the primary what it says of itself, by a mount of its own: only clients with pid -1 are
    told. None when it says nothing, or cannot be asked. Blocks.
    """
    log: Path = at.of(session.name) / "log" / "mount-mark.log"
    words = params.words(session.options.gluster_params)
    label = f"{session.name}-mark-{os.getpid()}"
    mount = Mount(session.primary, label=label, log=log, privileged=True, params=words)
    try:
        mount.start(session.options.connection_timeout)
        return volume_marks.own(mount.root)
    except (GeorepError, OSError):
        return None
    finally:
        with contextlib.suppress(GeorepError):
            mount.stop()
