"""Sessions changed from one console: on each node that has them, by georep itself."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from engine.config import Places
from engine.errors import Usage
from engine.lab import demo
from engine.lab.demo import Running
from engine.options import Options
from engine.session.errands import (
    AnyErrand,
    AnyReport,
    Checked,
    Compare,
    Create,
    Done,
    Examine,
    Failed,
    Look,
)
from georep_tui.acts import Act
from georep_tui.far_steward import FarSteward
from georep_tui.hosts import Host

HOSTS = ("prim1", "prim2")
ANSWERS = """
import json, sys
from pathlib import Path
log, host, *words = sys.argv[1:]
if words[1:3] == ["list", "--json"]:
    print(json.dumps([{"session": "demo"}] if host != "prim3" else []))
elif words[1] == "config" and words[2] == "list":
    print(json.dumps([{"option": "push-limit", "value": 5}, {"option": "of-tomorrow", "value": 1}]))
else:
    Path(log).open("a").write(" ".join([host, *words]) + "\\n")
    print("Said,\\nso.")
"""
REFUSES = """
import sys
if "list" in sys.argv:
    print('[{"session": "demo"}]')
else:
    sys.exit('georep: session demo is paused. Say georep resume demo.')
"""
AWAY = "import sys; sys.exit('georep: nobody is there')"


def steward(log: Path, *hosts: str, refusing: str = "", away: str = "") -> FarSteward:
    """Return one for hosts that are not there; what is run on them is written down, or refused."""

    def begin(host: str, argv: Sequence[str]) -> list[str]:
        program = {refusing: REFUSES, away: AWAY}.get(host, ANSWERS)
        return [sys.executable, "-c", program, str(log), host, *argv]

    found = [Host(host, partial(begin, host)) for host in hosts or HOSTS]
    return FarSteward(found, Places(log.parent, log.parent))


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
    far = steward(tmp_path / "log")
    far.clock = lambda: 1777636999.5
    assert await getattr(far, asked[0])(*asked[1:]) == "Said, so. (on prim1, prim2)"
    ran = (tmp_path / "log").read_text().splitlines()
    assert ran == [f"{host} georep {words}" for host in HOSTS]


@pytest.mark.parametrize(("reset", "more"), [(False, ""), (True, " --reset-sync-time")])
async def test_it_is_deleted_on_each_node(tmp_path: Path, *, reset: bool, more: str) -> None:
    await steward(tmp_path / "log").delete("demo", reset=reset)
    ran = (tmp_path / "log").read_text().splitlines()
    assert ran == [f"{host} georep delete demo{more}" for host in HOSTS]


async def test_what_is_no_time_is_said_to_nobody(tmp_path: Path) -> None:
    assert "is no time" in await steward(tmp_path / "log").checkpoint("demo", "teatime", "")
    assert not (tmp_path / "log").exists()


async def test_a_node_that_refuses_is_told(tmp_path: Path) -> None:
    said = await steward(tmp_path / "log", refusing="prim2").act(Act.START, "demo")
    assert said.startswith(
        "Said, so. (on prim1) prim2: session demo is paused. Say georep resume demo."
    )


async def test_a_node_without_the_session_is_left_alone(tmp_path: Path) -> None:
    far = steward(tmp_path / "log", "prim1", "prim3")
    assert (far.where, far.several) == ("prim1 and prim3", True)
    assert await far.act(Act.STOP, "demo") == "Said, so. (on prim1)"
    alone = steward(tmp_path / "log", "prim3")
    assert await alone.act(Act.STOP, "demo") == "There is no session demo on prim3."
    with pytest.raises(Usage, match="no session demo on prim3"):
        await alone.options("demo")


async def test_a_node_that_is_away_is_told_and_the_others_do_it(tmp_path: Path) -> None:
    said = await steward(tmp_path / "log", away="prim1").act(Act.PAUSE, "demo")
    assert said == "Said, so. (on prim2) prim1: nobody is there."


async def test_options_are_those_of_a_node_that_has_it(tmp_path: Path) -> None:
    far = steward(tmp_path / "log", "prim3", "prim2")
    assert (await far.options("demo")) == replace(Options(), push_limit=5)


STEPS = """
import json, sys
log, host, *words = sys.argv[1:]
if words[1:3] == ["list", "--json"]:
    print(json.dumps([{"session": "demo"}] if host != "prim3" else []))
else:
    open(log, "a").write(json.dumps([host, *words]) + "\\n")
    print(json.dumps({"gfid": "1", "name": "/a", "does": ["send"], "done": "--seen" in words,
        "words": ""}))
"""


async def test_it_is_sent_again_once_by_the_first_that_has_it(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def begin(host: str, argv: Sequence[str]) -> list[str]:
        return [sys.executable, "-c", STEPS, str(log), host, *argv]

    nodes = [Host(host, partial(begin, host)) for host in ("prim3", "prim1", "prim2")]
    far = FarSteward(nodes, Places(tmp_path, tmp_path))
    paths = [r"/bad\xff $(x)", "/-y"]
    (told,) = await far.resend("demo", paths, ())
    assert (told.step.does, told.done) == (("send",), False)
    (done,) = await far.resend("demo", paths, [told.step.token])
    assert done.done
    first, second = map(json.loads, log.read_text().splitlines())
    assert first == ["prim1", "georep", "resend", "demo", *paths, "--json"]
    assert second == [*first[:-1], "--seen", told.step.token, "--json"]
    alone = FarSteward(nodes[:1], Places(tmp_path, tmp_path))
    with pytest.raises(Usage, match="no session demo on prim3"):
        await alone.resend("demo", paths, ())


WHERE = "prim1, prim2, prim3 and prim4"
ERRAND = """
import json, sys
errand = json.loads(sys.stdin.readline())
log, host = sys.argv[1:3]
open(log, "a").write(f"{host} {errand['type']}\\n")
if errand["type"] == "Create" and host == "prim2":
    print(json.dumps({"type": "Failed", "words": "The name is taken."}))
else:
    check = {"name": "user", "node": "sec1", "fine": True, "words": "root gets in"}
    print(json.dumps({"type": "Checked", "check": check}))
    print(json.dumps({"type": "Done", "fine": host != "prim2", "name": "demo"}))
"""


@pytest.mark.parametrize(
    ("errand", "on", "end"),
    [
        pytest.param(
            Look(volume="v", secondary="h::s"), ["prim1"], Done(fine=True, name="demo"), id="look"
        ),
        pytest.param(
            Create(volume="v", secondary="h::s"),
            ["prim1", "prim2"],
            Failed(words="prim2: The name is taken."),
            id="create, and one refuses",
        ),
        pytest.param(
            Examine(name="demo"),
            ["prim1", "prim2", "prim4"],
            Done(fine=False, name="demo"),
            id="doctor, and one is not well",
        ),
        pytest.param(Compare(name="demo"), ["prim1"], Done(fine=True, name="demo"), id="verify"),
        pytest.param(
            Compare(name="other"), [], Failed(words=f"It is on none of {WHERE}."), id="nobody's"
        ),
    ],
)
async def test_where_an_errand_is_done(
    tmp_path: Path, errand: AnyErrand, on: list[str], end: AnyReport
) -> None:
    log = tmp_path / "log"

    def begin(host: str, argv: Sequence[str]) -> list[str]:
        program = ERRAND if argv[:2] == ["georep-engine", "errand"] else ANSWERS
        return [sys.executable, "-c", program, str(log), host, *argv]

    hosts = [Host(host, partial(begin, host)) for host in ("prim1", "prim2", "prim3", "prim4")]
    told: list[AnyReport] = []
    await FarSteward(hosts, Places(tmp_path, tmp_path)).run(errand, told.append)
    checked = [Checked] if on else []
    assert [type(report) for report in told[:-1]] == checked, "the same is told once"
    assert told[-1] == end
    log.touch()
    assert log.read_text().splitlines() == [f"{host} {type(errand).__name__}" for host in on]


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
