"""The demonstration, from an empty machine to an empty machine."""

import subprocess
import sys
import time

import pytest
from lab_fixtures import need_lab

from engine.lab import demo
from engine.lab.lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

COMMAND = "import sys; from engine.lab import demo; sys.exit(demo.run(60, report=print))"


def test_it_shows_that_both_sides_are_equal_and_leaves_nothing() -> None:
    need_lab()
    said: list[str] = []
    assert demo.run(5, report=said.append) == 0
    text = "\n".join(said)
    assert "00:04  demo " in text
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
            if line.startswith("00:01"):
                break
        began = time.monotonic()
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert time.monotonic() - began < 60
    assert not Lab(name).place.root.exists()
