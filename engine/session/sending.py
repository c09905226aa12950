"""Send items to the agent: in frames of bounded size, several under way, small contents inside."""

import asyncio
from collections.abc import Sequence

import msgspec

from engine.item import AnyAnswer, AnyItem, Done, Gfid, Gone, Item, Refused
from engine.movers import push
from engine.movers.pace import Bucket
from engine.plan.dirty import Dirty, Why
from engine.primary import truth
from engine.rpc.channel import Channel
from engine.session.hop import Hop
from engine.session.report import Report, many

FRAME_ITEMS, FRAME_BYTES = 64, 2 << 20
"""What goes into one Apply at most."""
FRAMES = 6
"""Applies under way at the same time."""
_LOOKUP, _LOOKUPS = 64, 12
"""Gfids in one Lookup, which one thread of the agent answers, and Lookups at a time."""


class Sending:
    """Has items made so over one connection."""

    def __init__(
        self,
        mount: bytes,
        channel: Channel,
        report: Report,
        hop: Hop,
        *,
        push_limit: int,
        bucket: Bucket | None = None,
    ) -> None:
        self._mount, self._channel, self._report, self._hop = mount, channel, report, hop
        self.push_limit = push_limit
        """Longest content, in bytes, that travels in its item."""
        self._bucket = bucket
        self.files = 0
        """Contents that were pushed."""
        self.bytes = 0
        self._unreadable: list[Refused] = []

    async def wave(
        self, wave: Sequence[AnyItem], pushed: set[Gfid], items: dict[Gfid, AnyItem]
    ) -> list[AnyAnswer]:
        """Have one wave made so; contents are read just before, and `items` then has what was sent.

        The content of those in `pushed` travels inside.
        """
        slots = asyncio.Semaphore(FRAMES)
        self._report.now_doing(f"making {many(len(wave), 'object')} so", "secondary")

        async def send(part: list[AnyItem]) -> list[AnyAnswer]:
            async with slots:
                loaded = await self._hop.run(self._load, part, pushed)
                items.update((item.gfid, item) for item in loaded)
                answers: list[AnyAnswer] = []
                for frame in _frames(loaded):
                    await self._await_turn(frame)
                    answers += await self._channel.apply(frame)
            self._count(loaded, answers)
            return answers

        parts = [list(wave[at : at + FRAME_ITEMS]) for at in range(0, len(wave), FRAME_ITEMS)]
        done = await asyncio.gather(*(send(part) for part in parts))
        return [answer for part in done for answer in part]

    async def _await_turn(self, frame: Sequence[AnyItem]) -> None:
        """Wait until the contents in `frame` may go."""
        if self._bucket is None or not self._bucket.limited:
            return
        left = sum(map(_weight, frame))
        while left > 0:
            portion = min(left, self._bucket.portion())
            await asyncio.sleep(await self._hop.run(self._bucket.take, portion))
            left -= portion

    def unreadable(self) -> list[Refused]:
        """Return the contents that the primary could not give since this was last asked."""
        found, self._unreadable = self._unreadable, []
        return found

    def _load(self, part: Sequence[AnyItem], pushed: set[Gfid]) -> list[AnyItem]:
        """Read small contents into their items; what cannot be had now follows later."""
        loaded: list[AnyItem] = []
        for item in part:
            if not isinstance(item, Item) or item.gfid not in pushed:
                loaded.append(item)
                continue
            if not item.attributes.size:
                # Nothing has to be read; what was written since has a record.
                loaded.append(msgspec.structs.replace(item, data=b""))
                continue
            try:
                read = push.load(self._mount, item, self.push_limit)
            except FileNotFoundError:
                read = None
            except OSError as error:
                if error.errno in truth.CUT_OFF:
                    raise
                read = None
                self._unreadable.append(_refused(item, error))
            loaded.append(read or msgspec.structs.replace(item, data_follows=True))
        return loaded

    async def differing(
        self, wanted: Sequence[Gfid], batch: dict[Gfid, Dirty], items: dict[Gfid, AnyItem]
    ) -> list[Gfid]:
        """Return those of `wanted` whose content must be sent: in doubt, only where size or mtime
        differ.
        """
        # An empty content costs less to send than to ask about.
        doubtful = [g for g in wanted if not batch[g].why & Why.DATA and _has_bytes(items[g])]
        equal: set[Gfid] = set()
        slots = asyncio.Semaphore(_LOOKUPS)

        async def compare(part: Sequence[Gfid]) -> None:
            async with slots:
                found = await self._channel.lookup(part)
            for gfid, seen in zip(part, found.gfids, strict=True):
                item = items[gfid]
                if seen is not None and isinstance(item, Item):
                    there, here = seen.attributes, item.attributes
                    if (there.size, there.mtime) == (here.size, here.mtime):
                        equal.add(gfid)

        parts = [doubtful[at : at + _LOOKUP] for at in range(0, len(doubtful), _LOOKUP)]
        await asyncio.gather(*map(compare, parts))
        return [g for g in wanted if g not in equal]

    def _count(self, loaded: Sequence[AnyItem], answers: Sequence[AnyAnswer]) -> None:
        for item, answer in zip(loaded, answers, strict=True):
            if not isinstance(answer, Done):
                continue
            if isinstance(item, Item) and item.data is not None and answer.changed:
                self.files += 1
                self.bytes += len(item.data)
                self._report.files += 1
                self._report.bytes += len(item.data)
            self._report.pending_entries = max(0, self._report.pending_entries - 1)
            self._report.pending_meta.discard(item.gfid)
            self._report.entries += answer.changed and isinstance(item, Item)
            self._report.removed += answer.changed and isinstance(item, Gone)
        self._report.tick()


def _has_bytes(item: AnyItem) -> bool:
    return isinstance(item, Item) and item.attributes.size > 0


def unloaded(item: AnyItem) -> bool:
    """Whether the content of `item` was to travel inside and did not: it had grown, or gone."""
    return isinstance(item, Item) and item.data is None and item.data_follows


def _refused(item: Item, error: OSError) -> Refused:
    place = item.names[0] if item.names else None
    words = error.strerror or str(error)
    code = error.errno or 0
    return Refused(
        gfid=item.gfid, doing="read it on the primary", place=place, errno=code, words=words
    )


def _weight(item: AnyItem) -> int:
    return len(item.data or b"") if isinstance(item, Item) else 0


def _frames(items: Sequence[AnyItem]) -> list[list[AnyItem]]:
    frames: list[list[AnyItem]] = [[]]
    size = 0
    for item in items:
        weight = _weight(item)
        if frames[-1] and size + weight > FRAME_BYTES:
            frames.append([])
            size = 0
        frames[-1].append(item)
        size += weight
    return frames
