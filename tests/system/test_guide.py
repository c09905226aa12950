"""docs/guide.md, typed command by command, in its order, on the hosts that it names: everything
prints what the guide shows.
"""

import os
import pty
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import guide
import pytest
from guide import Command
from lab_fixtures import need_lab, traces
from world import World

from engine.lab import clients, compare, faults, files, hosts
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, Shape

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

GUIDE = Path(__file__).parents[2] / "docs/guide.md"
SHAPE = Shape(changelog=False, gsyncd=False)
"""What an operator begins with: two volumes, of which nobody has heard of replication."""
PATIENCE = 120.0
"""Seconds that what the guide waits for may take on a machine that has other work."""
COLUMNS = 100
"""Of the terminal that the guide's reader has."""


class Reader(World):
    """Somebody who types what the guide says."""

    def type(self, command: Command) -> None:
        """Run one command, again and again where the guide waits; fail when it prints another."""
        if command.marks.instead:
            INSTEAD[command.marks.instead](self, command.host)
            return
        deadline = time.monotonic() + PATIENCE
        while True:
            code, printed = self.run_as_typed(command)
            fits = code == command.marks.code and guide.fits(command.printed, printed)
            if fits or not command.marks.wait or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        if not fits:
            pytest.fail(
                f"docs/guide.md, line {command.line}: {command.host}# {command.words}\n"
                f"ended with {code}, and printed\n{printed}"
            )

    def run_as_typed(self, command: Command) -> tuple[int, str]:
        """Return exit code and output of one run, with paths as they are on a host of its own."""
        words = command.words
        for own, usual in self._paths(command.host):
            words = words.replace(usual, own)
        argv = self.lab.exec_argv(command.host, ["env", f"COLUMNS={COLUMNS}", "sh", "-c", words])
        code, printed = _answering(argv) if command.asks else _told(argv)
        for own, usual in self._paths(command.host):
            printed = printed.replace(own, usual)
        return code, printed

    def _paths(self, host: str) -> list[tuple[str, str]]:
        place = self.lab.place
        return [
            (str(place.state(host)), "/var/lib/georep"),
            (str(place.config(host)), "/etc/georep"),
        ]

    def power_off(self, host: str) -> None:
        """Have the engine of a host and its bricks die."""
        self.cut(host)
        for brick in self.lab.shape.volume_bricks(PRIMARY):
            if brick.startswith(f"{host}:"):
                faults.kill_brick(self.lab, PRIMARY, brick)

    def power_on(self, host: str) -> None:
        """Have all of a host back, and what the reader mounted there: that takes seconds more."""
        faults.start_volume(self.lab, PRIMARY)
        folder = f"{files.CLIENTS}/{PRIMARY}"
        if clients.mounted(self.lab.host(host), folder):
            mount = self.lab.path(host, folder)
            hosts.until(f"the mount of {PRIMARY} on {host}", lambda: clients.whole(mount))
        self.engine_up(host)

    def cut(self, host: str) -> None:
        """Have the engine of a host die."""
        engine = self.engines.pop(host)
        engine.kill()
        engine.wait()


def _nothing(_reader: Reader, _host: str) -> None: ...


INSTEAD: dict[str, Callable[[Reader, str], None]] = {
    "nothing": _nothing,
    "elsewhere": _nothing,  # gsyncd takes minutes; test_takeover goes to it and back
    "engine-up": Reader.engine_up,
    "power-off": Reader.power_off,
    "power-on": Reader.power_on,
}
"""What is done in the lab where the guide says what no lab can do."""


def _told(argv: list[str]) -> tuple[int, str]:
    said = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=PATIENCE,
    )
    return said.returncode, said.stdout.decode(errors="replace")


def _answering(argv: list[str]) -> tuple[int, str]:
    """Run a command on a terminal, and say yes to what it asks."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as process:
            os.close(theirs)
            printed = b""
            while part := _read(ours):
                printed += part
                if printed.endswith(guide.ANSWER.encode()):
                    os.write(ours, b"yes\n")
        return process.returncode, printed.decode(errors="replace").replace("\r\n", "\n")
    finally:
        os.close(ours)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # whoever had the other end is gone
        return b""


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    need_lab()
    lab = Lab(f"sysu-{os.getpid()}")
    try:
        lab.up(SHAPE)
        made = Reader(lab)
        try:
            yield made
        finally:
            made.close()
    finally:
        lab.down()
    assert traces(lab) == []


def test_the_guide_is_true(reader: Reader) -> None:
    for command in guide.commands(GUIDE.read_text()):
        reader.type(command)
    # Its last words are that both sides are equal; the judge of it is another one.
    assert [str(difference) for difference in compare.volumes(reader.lab)] == []
