"""Draw every screen into screenshots/, at both sizes: live, of the engines of a lab in which an
operator has a day, and in a replay of what they told. `make screenshots`; takes some minutes.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from operators_day import PROD, SHAPE, VAULT, Day
from watching import drawn, text

from engine import feed
from engine.config import Places
from engine.events import AnyEvent, EntryFailed, WorkerFaulty
from engine.lab.lab import Lab
from georep_tui import demo, rows
from georep_tui.app import Console
from georep_tui.desk import Desk
from georep_tui.player import Player
from georep_tui.replay import chains, files
from georep_tui.replaying import Replay
from georep_tui.running import Commands

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
SHADES = ("dark", "light")
PATIENCE = 60.0
"""Seconds until a screen shows what it is waited for."""
REPLAY: dict[str, tuple[str, Sequence[str]]] = {
    "sessions": ("faulty", ["1"]),
    "workers": ("faulty", ["2"]),
    "failures": ("mismatch", ["3", "g"]),
    "throughput": ("faulty", ["4"]),
    "events": ("mismatch", ["asterisk", "5", "slash", *"conflict", "enter", "N"]),
}
"""What a replay shows: at which moment, and the keys that bring it there."""


class Album:
    """Where the pictures of one day go."""

    def __init__(self, day: Day, folder: Path) -> None:
        self._day, self._folder = day, folder

    def take(self, name: str, *keys: str, until: str = "") -> None:
        """Draw one screen as it is now, dark and light: press `keys`, then wait for words."""
        told, now = self._day.heard.so_far(), time.time()
        for size, cells in SIZES.items():
            for shade in SHADES:
                app = self._console(told, now, dark=shade == "dark")
                path = self._folder / f"{name}-{size}-{shade}.svg"
                asyncio.run(draw(app, cells, keys, path, until=until))

    def _console(self, told: list[AnyEvent], now: float, *, dark: bool) -> Console:
        lab, hosts = self._day.lab, self._day.hosts

        async def source() -> AsyncIterator[AnyEvent]:
            for event in told:
                yield event
            await asyncio.Event().wait()

        places = {
            host: Places(config=lab.place.config(host), state=lab.place.state(host))
            for host in hosts
        }
        desk = Desk(places, Commands(partial(demo.inside, lab)))
        steward = demo.steward(lab)
        return Console(source(), desk=desk, steward=steward, clock=lambda: now, dark=dark)


async def draw(
    app: Console, size: tuple[int, int], keys: Sequence[str], path: Path, *, until: str = ""
) -> None:
    """Write one screen."""
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        for key in keys:
            await pilot.press(key)
            await drawn(pilot)
            while isinstance(app, Replay) and app.search.looking:
                await pilot.pause(0.05)
        deadline = time.monotonic() + PATIENCE
        while until not in text(app):
            if time.monotonic() > deadline:
                sys.exit(f"{path.name} never showed {until!r}:\n{text(app)}")
            await pilot.pause(0.2)
        app.clear_notifications()
        await drawn(pilot)
        await drawn(pilot)
        title = f"georep {path.name.partition('-')[0]}"
        await asyncio.to_thread(path.write_text, app.export_screenshot(title=title))


def live(day: Day, album: Album) -> None:
    """Have the day happen, and draw it."""
    day.fill()
    day.begin()
    album.take("create", "N", *"gvol", "down", *"root@sec1::svol", until="things looked at")
    day.create_both()
    day.start_both()
    album.take("crawl", "2", "enter", until="hybrid")
    day.crawled()
    with day.working():
        time.sleep(60)
        album.take("workers", "2")
        album.take("worker", "2", "enter")
        album.take("throughput", "4", "j")
        album.take("sessions")
        album.take("options", "O")
        album.take("doctor", "H", until="things looked at")
        album.take("palette", "colon", *"prod")
        day.meddle()
        day.sees_failing(2)
        album.take("mismatch", "3")
        album.take("fix", "3", "F", until="y ⏎ yes")
        with day.refusing():
            day.checkpoint()
            album.take("failures", "3", "j", "j")
        day.pause(VAULT)
        album.take("events", "5", "k")
        day.lose_secondary()
        album.take("faulty", "2")
        time.sleep(20)
        day.find_secondary()
        album.take("history", "2")


def replays(day: Day, folder: Path) -> None:
    """Draw the day again, of its journals."""
    kept = [
        each
        for host in day.hosts
        for each in feed.files(day.lab.place.state(host) / PROD / "journal")
    ]
    told = day.heard.so_far()
    moments = {
        "faulty": _first(told, lambda event: isinstance(event, WorkerFaulty)) + 3,
        "mismatch": _first(told, lambda event: isinstance(event, EntryFailed)) + 1,
    }
    for name, (when, keys) in REPLAY.items():
        for size, cells in SIZES.items():
            played = Player(chains.link(files.look(kept), here="here"), clock=lambda: 100.0)
            while not played.index.done:
                played.index.work(1.0)
            at = rows.stamp(moments[when])
            path = folder / f"replay-{name}-{size}.svg"
            asyncio.run(draw(Replay(played, dark=True), cells, ("g", *at, "enter", *keys), path))


def _first(told: Sequence[AnyEvent], of: Callable[[AnyEvent], bool]) -> float:
    return next(event.at for event in told if of(event))


def paint(path: Path) -> None:
    """Write the SVG at `path` as PNG, too, in 64 colours."""
    # Without this its spaces are taken for what an editor put there.
    kept = path.read_text().replace("<text ", '<text xml:space="preserve" ').encode()
    drawn_whole = subprocess.run(["rsvg-convert"], input=kept, capture_output=True, check=True)
    few = ["pngquant", "--speed", "1", "--nofs", "64", "-"]
    made = subprocess.run(few, input=drawn_whole.stdout, capture_output=True, check=True)
    path.with_suffix(".png").write_bytes(made.stdout)


def main(folder: Path) -> None:
    """Draw all of it."""
    folder.mkdir(exist_ok=True)
    lab = Lab(f"pictures-{os.getpid()}")
    with ExitStack() as ending:
        ending.callback(lab.down)
        lab.up(SHAPE)
        day = Day(lab)
        day.mount()
        ending.callback(day.close)
        with day.heard.listening():
            live(day, Album(day, folder))
        replays(day, folder)
    for each in sorted(folder.glob("*.svg")):
        if not each.stem.endswith("-light"):
            paint(each)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"))
