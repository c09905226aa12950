"""One worker between a primary and a secondary that are both in memory."""

import asyncio
import errno
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import cast

import pytest
from memory_target import MemoryTarget
from model import Primary

from engine import events
from engine.errors import Disconnected, Reject
from engine.events import AnyEvent
from engine.item import ROOT, AnyAnswer, AnyItem, Gfid, Item, Kind, Place
from engine.movers.job import Mover
from engine.plan.dirty import Dirty, Window, fold
from engine.plan.items import USUAL, Truth, Unclear
from engine.primary import truth
from engine.primary.truth import Sight
from engine.rpc.channel import Channel
from engine.rpc.messages import Found, Seen
from engine.secondary import aside, taking
from engine.secondary.apply import apply
from engine.session.bulk import Brought, Bulk
from engine.session.ledger import Ledger
from engine.session.replicate import Replicator
from engine.session.report import Report

A, B, C = (Place(ROOT, name) for name in (b"a", b"b", b"c"))
SMALL = 99
"""Bytes up to which a content travels in its item."""


class Secondary(MemoryTarget):
    """Refuses what it is told to; behind a connection that can break."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses: dict[Place, int] = {}
        self.notes_fail = False
        self.breaks_after: Callable[[AnyItem], bool] = lambda item: False

    def create(self, item: Item, place: Place) -> Seen:
        if place in self.refuses:
            raise OSError(self.refuses[place], os.strerror(self.refuses[place]))
        return super().create(item, place)

    def link(self, gfid: Gfid, place: Place) -> None:
        if place in self.refuses:
            raise OSError(self.refuses[place], os.strerror(self.refuses[place]))
        super().link(gfid, place)

    async def apply(self, items: Sequence[AnyItem]) -> list[AnyAnswer]:
        answers = [apply(self, item) for item in items]
        if any(map(self.breaks_after, items)):
            raise Disconnected("the link was cut")
        return answers

    async def lookup(self, gfids: Sequence[Gfid]) -> Found:
        return Found(id=0, gfids=tuple(map(self.seen, gfids)), places=())

    async def sync_now(self) -> None:
        pass

    async def put_away(self, gfids: Sequence[Gfid], day: str) -> list[Gfid]:
        return [gfid for gfid in gfids if taking.put_away(self, gfid, day)]

    async def remember_now(self, gfid: Gfid, record: bytes) -> None:
        if self.notes_fail:
            raise Reject("the secondary could not answer: No space left on device")
        aside.remember(self, gfid, record)

    async def records_now(self, gfids: Sequence[Gfid]) -> list[bytes]:
        return list(aside.records(self, gfids))

    async def limbo_now(self) -> list[Gfid]:
        return self.in_limbo()


class World:
    """A primary, a secondary, and the worker of the first brick."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.primary, self.secondary = Primary(), Secondary()
        self.manner = USUAL
        """Counts from the next `begin` on."""
        self.unclear: set[Gfid] = set()
        """What the primary cannot tell anything of."""
        self.path = folder / "ledger.db"
        self.brick = folder / "brick"
        self.unsettled = ""
        """Why heals may be to come."""
        self._heard = 0
        """Up to when `heard` has told everything."""
        self._told = folder / "events"
        self._sink = os.open(self._told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        monkeypatch.setattr(truth, "look_at", self._look_at)
        monkeypatch.setattr(truth, "path", lambda sight, place: place.name)
        monkeypatch.setattr(truth, "way", self._way)
        monkeypatch.setattr(truth, "below", self._below)
        monkeypatch.setattr(truth, "placed", self._placed)
        self.begin()

    def begin(self) -> None:
        """Start the worker, again perhaps; nothing that it held is kept."""
        self.ledger = Ledger(self.path, "h:/b")
        report = Report("s", "h:/b", self._sink)
        sight = Sight(bytes(self.brick), b"/mount")
        channel = cast("Channel", There(self.secondary))
        self.bulk = Movers(self.primary, self.secondary)
        bulk = cast("Bulk", self.bulk)
        self.worker = Replicator(
            *(sight, channel, bulk, report, self.ledger),
            push_limit=SMALL,
            unsettled=self._ask,
            manner=self.manner,
        )

    async def _ask(self) -> str:
        return self.unsettled

    def close(self) -> None:
        self.worker.close()
        self.ledger.close()
        os.close(self._sink)

    def _look_at(self, sight: Sight, part: Sequence[tuple[Gfid, Dirty]]) -> list[Truth]:
        return [self._look(sight, gfid, dirty) for gfid, dirty in part]

    def _look(self, sight: Sight, gfid: Gfid, dirty: Dirty) -> Truth:
        if gfid in self.unclear:
            return Unclear(gfid, errno.EINVAL, "Invalid argument")
        return self.primary.look(gfid, 0, dirty)

    def _way(self, sight: Sight, place: Place) -> list[Place]:
        above = self.primary.names(place.parent)
        return [place, *(self._way(sight, above[0]) if above else ())]

    def _below(self, sight: Sight, gfid: Gfid) -> list[Gfid]:
        return list(self.primary.inside(gfid))

    def _placed(self, sight: Sight, gfid: Gfid) -> float | None:
        return self.primary.placed.get(gfid)

    def make(self, place: Place, kind: Kind = Kind.FILE, brick: int = 0) -> Gfid:
        """Make an object on the primary; a file is on the brick that is asked for."""
        self.primary.made += (self.primary.made + 1 + brick) % 2
        self.primary.make(place, kind)
        return self.primary.places[place]

    def heard(self) -> Window:
        """Return a window of what the first brick wrote since the last call."""
        window = Window(keeps=self.manner.keeps)
        brick = self.primary.sets[0][0]
        self.primary.clock += 1
        window.after, self._heard = self._heard, self.primary.clock
        fold(window, [logged.record for logged in brick.live])
        brick.live.clear()
        brick.noted.clear()
        return window

    def told(self) -> list[AnyEvent]:
        found = [events.decode(line) for line in self._told.read_bytes().splitlines()]
        self._told.write_bytes(b"")
        return [event for event in found if event is not None]


class There:
    """As much of a channel as a replicator uses."""

    def __init__(self, secondary: Secondary) -> None:
        self.apply, self.lookup = secondary.apply, secondary.lookup
        self.limbo, self.sync = secondary.limbo_now, secondary.sync_now
        self.remember, self.records = secondary.remember_now, secondary.records_now
        self.put_away = secondary.put_away


class Movers:
    """Bring a content when they are let to, as it is then; or say what is wrong."""

    def __init__(self, primary: Primary, secondary: Secondary) -> None:
        self._primary, self._secondary = primary, secondary
        self.let = asyncio.Event()
        self.let.set()
        self.wrong = ""
        self.asked: list[Gfid] = []
        """Whose content was to be brought, in order."""

    async def jobs(
        self, files: Sequence[Item], empty: Collection[Gfid]
    ) -> list[tuple[Mover, list[Item]]]:
        return [(Mover.STREAM, [item]) for item in files]

    async def bring(self, mover: Mover, files: Sequence[Item], run: object) -> list[Brought]:
        self.asked += [item.gfid for item in files]
        await self.let.wait()
        return [self._bring(item) for item in files]

    def _bring(self, item: Item) -> Brought:
        thing = self._primary.things.get(item.gfid)
        if thing is None or self.wrong:
            return Brought(item, words=self.wrong or "gone")
        self._secondary.write(item.gfid, thing.content)
        return Brought(item, len(thing.content))
