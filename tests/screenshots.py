"""Draw both screens from the scripted day into screenshots/: `make screenshots`."""

import asyncio
import sys
from pathlib import Path

import scripted
from watching import drawn

from georep_tui.app import Console

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
SHOTS = {
    "sessions": [],
    "workers": ["down", "down", "down", "down", "enter"],
    "faulty": ["down", "2", "G"],
    "history": ["G", "enter", "j", "j", "j"],
}


async def draw(folder: Path) -> None:
    """Write one SVG for each screen, size and palette."""
    for size, cells in SIZES.items():
        for dark in (True, False):
            for name, keys in SHOTS.items():
                app = Console(scripted.stream(), clock=scripted.clock, dark=dark)
                async with app.run_test(size=cells) as pilot:
                    await drawn(pilot)
                    await pilot.press(*keys)
                    await drawn(pilot)
                    shade = "dark" if dark else "light"
                    path = folder / f"{name}-{size}-{shade}.svg"
                    path.write_text(app.export_screenshot(title=f"georep {name}"))


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    target.mkdir(exist_ok=True)
    asyncio.run(draw(target))
