"""Walk a tree of directories, many at a time, without ever holding the tree."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Generic, TypeVar

B = TypeVar("B")
DIRECTORIES = 16
"""Directories under way."""


class Walk(Generic[B]):
    """The directories that are still to be entered, and those that are being read."""

    def __init__(
        self, enter: Callable[[B], Awaitable[None]], *, room: Callable[[], bool] = lambda: True
    ) -> None:
        """`enter` reads one directory and pushes those in it; while there is no `room`, none is."""
        self._enter, self._room = enter, room
        self._stack: list[B] = []
        self._busy = 0
        self._moved = asyncio.Event()

    def push(self, branch: B) -> None:
        """Have a directory entered."""
        self._stack.append(branch)
        self._moved.set()

    def nudge(self) -> None:
        """Look again whether there is room, and whether all is done."""
        self._moved.set()

    async def run(self, more: Callable[[], bool] = lambda: False) -> None:
        """Return when all is read, and no `more` can come."""
        async with asyncio.TaskGroup() as group:
            while self._stack or self._busy or more():
                while self._stack and self._busy < DIRECTORIES and self._room():
                    self._busy += 1
                    # The last one first: the stack gets as long as the tree is deep and wide, and
                    # no longer.
                    group.create_task(self._one(self._stack.pop()))
                self._moved.clear()
                await self._moved.wait()

    async def _one(self, branch: B) -> None:
        await self._enter(branch)
        self._busy -= 1
        self._moved.set()


async def few_at_a_time(most: int, work: Iterable[Coroutine[None, None, None]]) -> None:
    """Run all of `work`, at most `most` at a time; the next one is made when there is room."""
    slots = asyncio.Semaphore(most)
    async with asyncio.TaskGroup() as group:
        for one in work:
            task = group.create_task(one)
            task.add_done_callback(lambda _: slots.release())
            await slots.acquire()
