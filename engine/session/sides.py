"""The two sides of a comparison: the primary through a mount of its own, the secondary through its
agent.
"""

import asyncio
import errno
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from engine import keeping
from engine.errors import Reject, Retry
from engine.gluster import objects, reading
from engine.gluster.objects import Scope
from engine.item import ROOT, TOP, Facts, Piece, Place
from engine.keeping import Owner
from engine.rpc.channel import Channel

T = TypeVar("T")
BATCH = 128
"""Objects looked at in one call."""
BATCHES = 6
"""Calls under way for one directory."""
THREADS = 12
"""Calls on the primary mount at the same time; the FUSE client serves them in parallel."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The names in a directory, sorted."""

    names: list[bytes]
    there: bool = True
    """Whether there is a directory at all."""
    trouble: str = ""
    """Why it could not be listed."""


class Side(Protocol):
    """What a comparison asks of either volume; Retry when a part of it is down."""

    async def listing(self, place: Place) -> Listing:
        """List the directory at `place`."""
        ...

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        """Return who stands at `places`, with all that is compared."""
        ...

    async def digests(self, pieces: Sequence[Piece]) -> Sequence[bytes | None]:
        """Return digests of parts of files; None where a file is gone."""
        ...


class Here:
    """The primary, mounted without caches."""

    def __init__(self, root: bytes, *, pieces: bool = False) -> None:
        """`root`: where; `pieces`: it keeps files in pieces."""
        self._root, self._pieces = root, pieces
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="primary")

    async def run(self, call: Callable[..., T], *args: object) -> T:
        """Run one blocking call on the mount; Retry when the mount is dead."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
            raise Retry(
                "the GlusterFS client of the primary volume ended, or lost its bricks",
                cause="mount lost",
                fix="See the bricks with gluster volume status, and try again.",
            ) from error

    def close(self) -> None:
        """Wait for the calls that are under way, and let the threads go."""
        self._pool.shutdown(cancel_futures=True)

    async def listing(self, place: Place) -> Listing:
        """List the directory at `place`."""
        try:
            return await self.run(_listing, self._root, place)
        except OSError as error:
            return Listing([], trouble=f"list: {errno.errorcode.get(error.errno or 0, 'unknown')}")

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        """Return who stands at `places`, with all that is compared."""
        return await self.run(_facts, self._root, self._pieces, places)

    async def digests(self, pieces: Sequence[Piece]) -> Sequence[bytes | None]:
        """Return digests of parts of files; None where a file is gone."""
        return await self.run(_digests, self._root, pieces)


class There:
    """The secondary, behind the agent at the other end of a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def listing(self, place: Place) -> Listing:
        """List the directory at `place`, page by page."""
        names: list[bytes] = []
        while True:
            try:
                page = await self._channel.page(place, names[-1] if names else b"")
            except Reject as error:
                return Listing([], trouble=f"list: {error.words}")
            if not page.whole:
                raise _down("secondary")
            names += page.names
            if not page.more or not page.names:
                return Listing(names, there=page.there)

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        """Return who stands at `places`, with all that is compared."""
        try:
            examined = await self._channel.examine(places)
        except Reject:
            if len(places) < 2:
                raise
            # Objects with very many xattrs: all together they do not fit in a frame.
            half = len(places) // 2
            return [*await self.facts(places[:half]), *await self.facts(places[half:])]
        if not examined.whole:
            raise _down("secondary")
        return _but_trash(examined.facts)

    async def digests(self, pieces: Sequence[Piece]) -> Sequence[bytes | None]:
        """Return digests of parts of files; None where a file is gone."""
        return await self._channel.digest(pieces)


async def empty(channel: Channel) -> bool:
    """Whether the secondary has nothing in it but what is GlusterFS's or georep's own."""
    page = await channel.page(TOP)
    names = [name for name in page.names if not objects.own(name)]
    if not page.there or not page.whole or len(names) > 1:
        return False
    # It may be a trash, which can have any name.
    return not names or not any(await There(channel).facts([Place(ROOT, names[0])]))


class Within:
    """One side as if it had only the xattrs that are replicated."""

    def __init__(self, side: Side, scope: Scope) -> None:
        self._side, self._scope = side, scope
        self.listing, self.digests = side.listing, side.digests

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        """Return who stands at `places`, with all that is compared."""
        return [one and self._within(one) for one in await self._side.facts(places)]

    def _within(self, facts: Facts) -> Facts:
        values = objects.that_travel(facts.xattrs, self._scope)
        return msgspec.structs.replace(facts, xattrs=values)


class AsKept:
    """The primary as an ordinary user keeps it, to whom all of the secondary belongs."""

    def __init__(self, side: Side, owner: Owner) -> None:
        self._side, self._owner = side, owner
        self.listing, self.digests = side.listing, side.digests

    async def facts(self, places: Sequence[Place]) -> Sequence[Facts | None]:
        """Return who stands at `places`, with all that is compared."""
        found = await self._side.facts(places)
        return [one and keeping.facts(one, self._owner) for one in found]


def _listing(root: bytes, place: Place) -> Listing:
    names = reading.names(root, place)
    _need_whole(root)
    return Listing(names or [], there=names is not None)


def _facts(root: bytes, pieces: bool, places: Sequence[Place]) -> list[Facts | None]:
    found = reading.facts(root, places, pieces=pieces)
    _need_whole(root)
    return _but_trash(found)


def _but_trash(found: Sequence[Facts | None]) -> list[Facts | None]:
    """Return `found` with nobody where GlusterFS's trash stands: its name says nothing."""
    return [None if one is not None and one.gfid == objects.TRASH else one for one in found]


def _digests(root: bytes, pieces: Sequence[Piece]) -> list[bytes | None]:
    return [reading.digest(root, piece) for piece in pieces]


def _need_whole(root: bytes) -> None:
    if not reading.whole(root):
        raise _down("primary")


def _down(side: str) -> Retry:
    return Retry(
        f"a part of the {side} volume is down, so nobody can say what is in it",
        cause="brick down",
        fix=f"See which brick, on the {side}: gluster volume status",
    )
