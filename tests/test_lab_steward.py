"""The session of a demonstration, changed from its console: on each node, by georep itself."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from engine.lab import demo
from engine.lab.demo import Running
from engine.lab.lab import Lab
from georep_tui.acts import Act
from georep_tui.lab_steward import LabSteward

HOSTS = ("prim1", "prim2")
SAYS = (
    "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + '\\n'); print('Said,\\nso.')"
)
REFUSES = "import sys; sys.exit('georep: session demo is paused. Say georep resume demo.')"


class Lab_(Lab):
    """A lab that is not there; what is run in it is written down, or refused."""

    def __init__(self, log: Path, *, refusing: str = "") -> None:
        super().__init__("none")
        self.log, self.refusing = log, refusing

    def exec_argv(self, host: str, argv: Sequence[str]) -> list[str]:
        program = REFUSES if host == self.refusing else SAYS
        return [sys.executable, "-c", program, str(self.log), host, *argv]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param(("act", Act.PAUSE, "demo"), "pause demo", id="pause"),
        pytest.param(
            ("checkpoint", "demo", "now", ""), "checkpoint demo set 1777637000", id="checkpoint"
        ),
        pytest.param(
            ("checkpoint", "demo", "now", "a"),
            "checkpoint demo set 1777637000 --label a",
            id="label",
        ),
        pytest.param(("put", "demo", "bandwidth", "2m"), "config set demo bandwidth 2m", id="put"),
        pytest.param(("reset", "demo", "all"), "config reset demo all", id="reset"),
    ],
)
async def test_it_is_said_on_each_node(tmp_path: Path, asked: tuple[Any, ...], words: str) -> None:
    steward = LabSteward(Lab_(tmp_path / "log"), HOSTS)
    steward.clock = lambda: 1777636999.5
    assert await getattr(steward, asked[0])(*asked[1:]) == "Said, so. (on prim1, prim2)"
    ran = (tmp_path / "log").read_text().splitlines()
    assert ran == [f"{host} georep {words}" for host in HOSTS]


@pytest.mark.parametrize(("reset", "more"), [(False, ""), (True, " --reset-sync-time")])
async def test_it_is_deleted_on_each_node(tmp_path: Path, *, reset: bool, more: str) -> None:
    await LabSteward(Lab_(tmp_path / "log"), HOSTS).delete("demo", reset=reset)
    ran = (tmp_path / "log").read_text().splitlines()
    assert ran == [f"{host} georep delete demo{more}" for host in HOSTS]


async def test_what_is_no_time_is_said_to_nobody(tmp_path: Path) -> None:
    steward = LabSteward(Lab_(tmp_path / "log"), HOSTS)
    assert "is no time" in await steward.checkpoint("demo", "teatime", "")
    assert not (tmp_path / "log").exists()


async def test_a_node_that_refuses_is_told(tmp_path: Path) -> None:
    steward = LabSteward(Lab_(tmp_path / "log", refusing="prim2"), HOSTS)
    said = await steward.act(Act.START, "demo")
    assert said.startswith("prim2: session demo is paused. Say georep resume demo.")


@pytest.mark.parametrize(
    ("wanted", "verbs", "goes_on"),
    [
        pytest.param("started", [], True, id="started"),
        pytest.param("paused", ["resume", "resume"], True, id="paused"),
        pytest.param("stopped", ["start", "start"], True, id="stopped"),
        pytest.param(None, [], False, id="deleted"),
    ],
)
def test_a_demonstration_ends_well_whatever_was_done_to_its_session(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None, verbs: list[str], *, goes_on: bool
) -> None:
    ran: list[str] = []

    def run(host: str, argv: Sequence[str]) -> CompletedProcess[bytes]:
        ran.append(argv[1])
        known = [{"session": "demo", "wanted": wanted}] if wanted else []
        return CompletedProcess(argv, 0, json.dumps(known).encode())

    lab: Any = SimpleNamespace(shape=demo.SHAPE, run=run)
    assert Running(lab, ())._goes_on() is goes_on
    assert [verb for verb in ran if verb != "list"] == verbs
