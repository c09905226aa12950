"""The demonstration, from an empty machine to an empty machine."""

import re
import subprocess
import sys

import pytest
from lab_fixtures import need_lab
from world import PATIENCE

from engine.lab import demo
from engine.lab.lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

COMMAND = "import sys; from engine.lab import demo; sys.exit(demo.run(900, report=print))"


def test_it_shows_that_both_sides_are_equal_and_leaves_nothing() -> None:
    need_lab()
    said: list[str] = []
    assert demo.run(5, report=said.append) == 0
    text = "\n".join(said)
    assert re.search(r"^00:0[1-4]  demo ", text, re.MULTILINE)
    assert "Both volumes are equal: " in text
    lab = Lab(said[0].split("the lab ")[1].split()[0])
    assert not lab.place.root.exists()


def test_it_takes_everything_down_when_it_is_ended_early() -> None:
    need_lab()
    argv = [sys.executable, "-u", "-c", COMMAND]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().split("the lab ")[1].split()[0]
        for line in process.stdout:
            if line.startswith("00:"):
                break
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert not Lab(name).place.root.exists()
