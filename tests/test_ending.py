"""Commands whose reader has gone, or whose words have no place: their last word and exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import ending

# Held back until the end, as for everybody; so nothing is known before of who reads.
WORLD = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
GEOREP = (sys.executable, "-m", "georep_tui")
ENGINE = (sys.executable, "-m", "engine")


def _unread(*argv: str) -> tuple[int, bytes]:
    """Run a command whose output nobody reads; return its exit code and what it complains of."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(argv, stdout=writer, stderr=subprocess.PIPE, check=False, env=WORLD)
    finally:
        os.close(writer)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param((*GEOREP, "list"), id="few words"),
        pytest.param((*GEOREP, "list", "--json"), id="JSON"),
        pytest.param((*GEOREP, "status"), id="status"),
        pytest.param((*GEOREP, "explain", "secondary", "full"), id="explain"),
        pytest.param((*GEOREP, "verify", "--help"), id="help of a command"),
        pytest.param((*ENGINE, "--help"), id="help of the engine"),
    ],
)
def test_a_reader_that_has_gone(argv: tuple[str, ...], tmp_path: Path) -> None:
    places = ("--config", f"{tmp_path}/c", "--state", f"{tmp_path}/s")
    words = (*argv[:3], *(() if argv[-1] == "--help" or "explain" in argv else places), *argv[3:])
    assert _unread(*words) == (ending.NOBODY_READS, b"")


def test_much_help_that_nobody_reads() -> None:
    # argparse takes no notice, unless it is held back until the end.
    code, complaint = _unread(*GEOREP, "--help")
    assert code in (0, ending.NOBODY_READS)
    assert complaint == b""


def test_who_reads_neither_words_nor_complaints() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    argv = [*GEOREP, "no-such"]
    done = subprocess.run(argv, stdout=writer, stderr=writer, check=False, env=WORLD)
    os.close(writer)
    # argparse takes no notice.
    assert done.returncode in (2, ending.NOBODY_READS)


def test_words_that_cannot_be_written() -> None:
    with Path("/dev/full").open("wb") as full:
        argv = [*GEOREP, "explain", "errno"]
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, check=False, env=WORLD)
    assert done.returncode == 1
    assert done.stderr == (
        b"georep: What was to be said could not be written: No space left on device.\n"
    )


def test_one_of_several_that_go_on_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> int:
        raise BaseExceptionGroup("", [ExceptionGroup("", [BrokenPipeError()])])

    def strange() -> int:
        raise BaseExceptionGroup("", [ValueError()])

    assert ending.quietly(broken) == ending.NOBODY_READS
    with pytest.raises(BaseExceptionGroup):
        ending.quietly(strange)
    assert ending.quietly(lambda: 3) == 3
