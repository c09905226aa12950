"""What an operator wants of a running worker, said at any moment."""

import asyncio

from engine.session.wishes import Wishes


async def test_who_rests_goes_on_when_it_is_resumed_and_not_before() -> None:
    wishes = Wishes(paused=True)
    resting = asyncio.create_task(wishes.resumed())
    await asyncio.sleep(0)
    wishes.pause()
    wishes.resume()
    wishes.pause()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not resting.done(), "resumed for no longer than a moment"
    assert wishes.woken.is_set()
    wishes.resume()
    async with asyncio.timeout(60):
        await resting


async def test_nobody_waits_who_is_not_paused() -> None:
    async with asyncio.timeout(60):
        await Wishes().resumed()
