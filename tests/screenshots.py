"""Draw every screen from the scripted day, live and in replay, into screenshots/:
`make screenshots`.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import scripted
from watching import drawn

from engine import events
from engine.config import Places
from engine.events import AnyEvent
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.player import Player
from georep_tui.replay import chains, files
from georep_tui.replaying import Replay

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
LIVE = {
    "sessions": [],
    "workers": ["down", "down", "down", "down", "enter"],
    "faulty": ["down", "2", "G"],
    "history": ["G", "enter", "j", "j", "j"],
    "failures": ["down", "3", "j", "j"],
    "throughput": ["G", "4", "t", "t", "j"],
    "events": ["5", "k"],
    "palette": ["colon", *"prod"],
}
REPLAY = {
    "sessions": [],
    "workers": ["G", "enter"],
    "failures": ["home", "j", "3", "j", "j"],
    "throughput": ["G", "4", "m"],
    "events": ["asterisk", "5", "slash", *"refused", "enter", "N"],
}
SEEN = ("g", *"12:04:30", "enter")
"""Keys that bring a replay to where something happens."""


async def day() -> AsyncIterator[AnyEvent]:
    """Yield the day at once, with its failures and its last hour, and stay there."""
    for event in scripted.failing() + scripted.minutes():
        yield event
    await asyncio.Event().wait()


def live(*, dark: bool) -> Console:
    """Return the console of that day."""
    desk = Desk({"gfs3": Places(Path("/"), Path("/"))})
    return Console(day(), desk=desk, clock=scripted.clock, dark=dark)


def replay(journal: Path, *, dark: bool) -> Console:
    """Return the console of that day, played from a journal."""
    told = sorted(scripted.failing() + scripted.minutes(), key=lambda event: event.at)
    recent = [event for event in told if event.at > scripted.NOW - 3 * 3600]
    journal.write_bytes(b"".join(events.encode(event) + b"\n" for event in recent))
    found = chains.link(files.look([journal]), here="here")
    played = Player(found, clock=lambda: 100.0)
    while not played.index.done:
        played.index.work(1.0)
    return Replay(played, dark=dark)


async def draw(app: Console, size: tuple[int, int], keys: Sequence[str], path: Path) -> None:
    """Write one screen."""
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        for key in keys:
            await pilot.press(key)
            await drawn(pilot)
            while isinstance(app, Replay) and app.search.looking:
                await pilot.pause(0.05)
        app.clear_notifications()
        await drawn(pilot)
        await drawn(pilot)
        title = f"georep {path.name.partition('-')[0]}"
        await asyncio.to_thread(path.write_text, app.export_screenshot(title=title))


def paint(path: Path) -> None:
    """Write the SVG at `path` as PNG, too, in 64 colours."""
    # Without this its spaces are taken for what an editor put there.
    kept = path.read_text().replace("<text ", '<text xml:space="preserve" ').encode()
    drawn_whole = subprocess.run(["rsvg-convert"], input=kept, capture_output=True, check=True)
    few = ["pngquant", "--speed", "1", "--nofs", "64", "-"]
    made = subprocess.run(few, input=drawn_whole.stdout, capture_output=True, check=True)
    path.with_suffix(".png").write_bytes(made.stdout)


async def draw_all(folder: Path) -> None:
    """Write one SVG for each screen and size: live dark and light, the replay dark; the dark ones
    as PNG, too.
    """
    for size, cells in SIZES.items():
        for name, keys in LIVE.items():
            for shade in ("dark", "light"):
                path = folder / f"{name}-{size}-{shade}.svg"
                await draw(live(dark=shade == "dark"), cells, keys, path)
        for name, keys in REPLAY.items():
            path = folder / f"replay-{name}-{size}.svg"
            with TemporaryDirectory() as there:
                app = replay(Path(there) / "journal-1.jsonl", dark=True)
                await draw(app, cells, (*SEEN, *keys), path)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    target.mkdir(exist_ok=True)
    asyncio.run(draw_all(target))
    for each in sorted(target.glob("*.svg")):
        if not each.stem.endswith("-light"):
            paint(each)
