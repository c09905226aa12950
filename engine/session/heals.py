"""Whether heals are to come. While the own brick waits for some, the mount is believed and not the
brick, and the position stays where it is; while the volume has any, what one has put aside is not
taken for gone.

A brick that was down comes back with names, sizes and attributes from before, and is Active again
at once where it is the first of its set. What it missed is in its changelog only when it is healed
of it. Until then what it has may be older than what the other replica's worker made so, and changes
that this one had not settled yet nobody tells of.
"""

import asyncio
import contextlib
import math
import os
import shutil
import signal
import time
from collections.abc import Collection

from engine.events import Role, RoleChanged
from engine.gluster import heals, objects, xattrs
from engine.gluster.heals import Answer
from engine.gluster.volume import Brick, Volume
from engine.session.position import Position
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.turn import Decision

LOOK = 60.0
"""Seconds between two looks of an Active worker."""
AGAIN = 10.0
"""The same while heals are pending."""
LONGEST = 3600.0
"""Seconds that a position waits for heals: those that never end must not hold it for ever."""
PATIENCE = 15.0
"""Seconds that the answer may take; it grows with the number of heals."""


class Heals:
    """What one worker knows of them, and the role that it tells."""

    def __init__(
        self,
        volume: Volume,
        brick: Brick,
        report: Report,
        replicator: Replicator,
        position: Position,
    ) -> None:
        self._volume, self._report = volume.name, report
        self._replicator, self._position = replicator, position
        self._others = [
            str(other)
            for other in volume.bricks
            if volume.replica > 1 and other.subvolume == brick.subvolume and other != brick
        ]
        self._told = Answer()
        self._since: float | None = None
        """When heals were first found pending, by the monotonic clock."""
        self._decision: Decision | None = None
        self._active = asyncio.Event()

    async def take(self, decision: Decision) -> None:
        """Tell the role; an Active one looks first."""
        self._decision = decision
        if decision.role is Role.ACTIVE:
            await self._look()
            self._active.set()
        else:
            self._active.clear()
            # The Active brick's word is taken over; it knows what this one missed.
            self._position.free(0)
        self._tell()

    async def watch(self) -> None:
        """Look again and again while Active; tell the role anew when it has another reason."""
        while True:
            await self._active.wait()
            await asyncio.sleep(AGAIN if self._told.reason else LOOK)
            if self._active.is_set():
                before = self._words()
                await self._look()
                if self._words() != before:
                    self._tell()

    async def _look(self) -> None:
        if not self._others:
            return
        self._told = await _ask(self._volume, self._others)
        self._replicator.doubt_brick(self._told.reason)
        if not self._told.reason:
            if self._since is not None:
                # What it was healed of is in slices that close from now on, at the latest.
                self._position.free(int(time.time()) + 1)
            self._since = None
        elif self._told.known and self._since is None:
            self._since = time.monotonic()
        if self._waits():
            self._position.hold()
        elif self._since is not None:
            self._position.free(0)

    def _waits(self) -> bool:
        return self._since is not None and time.monotonic() < self._since + LONGEST

    def _words(self) -> str:
        if not self._told.reason:
            return ""
        words = f"; {self._told.reason}: the mount is believed and not its brick"
        if self._since is None:
            return words
        return words + (", its position waits" if self._waits() else ", its position waited enough")

    def _tell(self) -> None:
        if self._decision is not None:
            role, reason = self._decision.role, self._decision.reason
            reason += self._words() if role is Role.ACTIVE else ""
            self._report.tell(RoleChanged, role=role, reason=reason)


async def _ask(volume: str, others: Collection[str]) -> Answer:
    """Return why the brick beside `others` may be behind, asked of the volume now."""
    try:
        return heals.waiting(await _asked(volume, "info", "summary"), others)
    except TimeoutError:
        return Answer("more heals are pending than can be counted")


class Unsettled:
    """Whether a volume may yet heal something that changes a name; call it to ask."""

    def __init__(self, volume: Volume, brick: Brick) -> None:
        """`brick`: the own one."""
        self._volume, self._own = volume.name, str(brick)
        self._aside = brick.root + b"/" + objects.healed_away_of(volume.uuid)
        self._bricks = [str(each) for each in volume.bricks] if volume.replica > 1 else []
        self._reason, self._asked = "", -math.inf

    async def __call__(self) -> str:
        """Return why it may; empty when, asked now, it will not.

        While it may, it is asked every ten seconds only: to be counted, heals are locked.
        """
        if not self._bricks:
            return ""
        if not self._reason or time.monotonic() > self._asked + AGAIN:
            self._reason = await self._ask()
            self._asked = time.monotonic()
        return self._reason

    async def _ask(self) -> str:
        try:
            aside = xattrs.gfid(self._aside)
        except OSError:
            aside = None
        try:
            said = await _asked(self._volume, "info")
            return heals.unsettled(said, self._bricks, self._own, aside or "")
        except TimeoutError:
            return "more heals are pending than can be counted"


async def _asked(volume: str, *words: str) -> str:
    """Return what the volume says of its heals, as XML; empty when it says nothing.

    TimeoutError when it counts for too long.
    """
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    gluster = shutil.which("gluster", path=path) or "gluster"
    command = [gluster, "--mode=script", "volume", "heal", volume, *words, "--xml"]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            # With the child that it has, which would go on counting.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return said.decode("utf-8", "surrogateescape")
