"""All screens in a replay of what an engine in a lab told: a session was made, crawled, met others
at two names, was mended, paused, given a checkpoint, and lost its secondary for a while.

`golden/georep-0.1/prim1.jsonl` is the journal of that run, as it was written.
"""

from pathlib import Path
from typing import Any

import pytest
from test_replay_console import press, replay
from textual.pilot import Pilot
from watching import drawn

from engine.events import decode
from georep_tui import cli

JOURNAL = Path(__file__).parent / "golden/georep-0.1/prim1.jsonl"
SCREENS = {
    "sessions": ("05:08:13", ["1"]),
    "workers": ("05:06:59", ["2"]),
    "failures": ("05:07:15", ["3"]),
    "throughput": ("05:07:08", ["4"]),
    "events": ("05:08:18", ["5", "k", "k"]),
}
"""When each screen is looked at, and how."""


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("name", SCREENS)
def test_looks(snap_compare: Any, name: str, size: tuple[int, int], dark: bool) -> None:
    async def settle(pilot: Pilot[None]) -> None:
        await drawn(pilot)
        when, keys = SCREENS[name]
        await press(pilot, "g", *when, "enter")
        for key in keys:
            await press(pilot, key)

    app = replay(None, JOURNAL, dark=dark)
    assert snap_compare(app, terminal_size=size, run_before=settle)


def test_every_line_is_understood() -> None:
    assert None not in map(decode, JOURNAL.read_bytes().splitlines())


async def test_what_was_wrong_and_what_came_of_it() -> None:
    app = replay(None, JOURNAL)
    async with app.run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "g", *"05:06:59", "enter", "2")
        assert "hybrid 28%" in shown
        assert "28 % · 106 directories · 794 files" in shown
        assert "left      about 18 s" in shown
        shown = await press(pilot, "g", *"05:07:15", "enter", "3")
        assert "gfid conflict 2" in shown
        assert "F would   move the secondary's object aside" in shown
        shown = await press(pilot, "g", *"05:07:40", "enter", "1")
        assert "nightly  2026-11-26 05:07:33 UTC  reached 2026-11-26 05:07:36" in shown
        shown = await press(pilot, "g", *"05:07:55", "enter")
        assert "‖ paused" in shown
        assert "00:11" in shown, "it falls behind meanwhile"
        shown = await press(pilot, "g", *"05:08:09", "enter")
        assert "faulty: volume stopped" in shown
        shown = await press(pilot, "g", *"05:08:11", "enter")
        assert "faulty: volume stopped, retry 2 now" in shown


def test_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", str(JOURNAL), "--summary"]) == 0
    said = capsys.readouterr().out
    for words in (
        "266 lines in 1 file, all understood",
        "05:07:36  prim1:/bricks/b1  checkpoint nightly reached",
        "05:07:48  prim1             paused",
        "05:07:57  prim1             started · it goes on after a pause",
        "faulty 2 times: volume stopped",
        "1 object that had failed came right, or ended",
        "×6, last 05:08:29 gfid conflict: make way",
    ):
        assert words in said
    assert said.count("quarantined:") == 1, "what a worker tells again is not counted again"
