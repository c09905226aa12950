"""A console whose terminal changes its size shows what it would have shown in that size anyway."""

import pytest
import scripted
from textual.pilot import Pilot
from watching import drawn, text

from georep_tui.app import Console

SIZES = {"80x24": (80, 24), "140x40": (140, 40), "200x60": (200, 60), "60x20": (60, 20)}


async def _settled(pilot: Pilot[None], screen: str) -> str:
    await drawn(pilot)
    await pilot.press(screen)
    for _ in range(4):
        await pilot.pause()
    app = pilot.app
    assert isinstance(app, Console)
    return text(app)


async def _shown(size: tuple[int, int], screen: str) -> str:
    app = Console(scripted.stream(), clock=scripted.clock)
    async with app.run_test(size=size) as pilot:
        return await _settled(pilot, screen)


@pytest.mark.parametrize(
    ("before", "after", "screen"),
    [("140x40", "80x24", "2"), ("140x40", "80x24", "4"), ("200x60", "60x20", "1")],
)
async def test_a_resize_leaves_nothing_of_the_size_before(
    before: str, after: str, screen: str
) -> None:
    expected = await _shown(SIZES[after], screen)
    app = Console(scripted.stream(), clock=scripted.clock)
    async with app.run_test(size=SIZES[before]) as pilot:
        await _settled(pilot, screen)
        await pilot.resize_terminal(*SIZES[after])
        for _ in range(4):
            await pilot.pause()
        assert text(app) == expected
