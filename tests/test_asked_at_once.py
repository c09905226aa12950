"""Nodes asked at the same time: in which order they are told, and what becomes of a silent one."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import programs
import pytest

from georep_tui import cli, everywhere, holders, together
from georep_tui.hosts import Host

NODE = """
import json, os, sys, time
from pathlib import Path
folder, host, *words = sys.argv[1:]
folder = Path(folder)

def note(word):
    with (folder / "log").open("a") as log:
        log.write(f"{host} {word}\\n")

def wait(*names):
    while not all((folder / name).exists() for name in names):
        time.sleep(0.01)

if words[1:] == ["list", "--json"] and host != "deaf":
    print(json.dumps([{"session": "prod"}]))
    sys.exit(0)
(folder / host).write_text(str(os.getpid()))
note("begins")
if host in ("x", "y"):
    wait("x", "y")  # each ends only when the other has begun
if host == "last":
    wait("x", "y", "told")
if host in ("hangs", "deaf"):
    time.sleep(600)
if host == "rude":
    print("\\x1b[31mred", "two  spaces")
print(json.dumps({"of": host}) if "--json" in words else f"Said by {host}.")
note("ends")
sys.exit(3 if host == "fails" else 0)
"""


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have hosts be programs of this machine, and nobody be waited for in vain."""
    programs.stand_in(monkeypatch, NODE, tmp_path)
    monkeypatch.setattr(together, "SLOW", 60.0)
    return tmp_path


ASKS = (
    "list",
    "doctor",
    "doctor prod",
    "events",
    "events prod",
    "failures prod",
    "config list prod",
    "config get prod sync-jobs",
    "checkpoint prod list",
)
CHANGES = (
    "pause prod",
    "retry prod",
    "skip prod g",
    "failures prod fix g --yes",
    "config set prod sync-jobs 2",
    "config reset prod all",
    "checkpoint prod set",
    "checkpoint prod delete x",
    "create v h::s",
    "delete prod",
    "bundle prod",
)


@pytest.mark.parametrize("words", ASKS)
def test_what_changes_nothing_is_asked_of_all_at_once(
    words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--host", "y,x", *words.split()]) == 0
    assert capfd.readouterr().out == "─ y ─\nSaid by y.\n─ x ─\nSaid by x.\n"


@pytest.mark.parametrize("words", CHANGES)
def test_what_changes_something_goes_from_one_to_the_next(world: Path, words: str) -> None:
    assert cli.main(["--host", "b,a", *words.split()]) == 0
    log = (world / "log").read_text().splitlines()
    assert log == ["b begins", "b ends", "a begins", "a ends"]


def test_the_code_is_of_the_first_that_does_not_say_that_all_is_well(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["--host", "a,fails,b", "failures", "prod", "--json"]) == 3
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(each["node"], each["code"]) for each in told] == [("a", 0), ("fails", 3), ("b", 0)]


def test_who_is_slow_holds_no_answer_of_others(
    world: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(together, "SLOW", 0.0)
    tell, heard = everywhere._tell, set[str]()

    def telling(answer: together.Answer, *, as_json: bool) -> None:
        tell(answer, as_json=as_json)
        heard.add(answer.host.name)
        if heard == {"x", "y"}:
            (world / "told").touch()

    monkeypatch.setattr(everywhere, "_tell", telling)
    assert cli.main(["--host", "last,x,y", "events"]) == 0
    told = capfd.readouterr()
    nodes = [line for line in told.out.splitlines() if line.startswith("─")]
    assert sorted(nodes[:2]) == ["─ x ─", "─ y ─"]
    assert nodes[2:] == ["─ last ─"]
    assert "georep: last has not answered yet\n" in told.err
    assert told.err.count("last") == 1


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_who_hangs_is_told_by_name_and_ended(
    world: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    more: Sequence[str],
) -> None:
    answer = together._answer

    async def patient(host: Host, words: Sequence[str], patience: float) -> together.Answer:
        assert patience == everywhere.PATIENCE
        return await answer(host, words, 8.0 if host.name == "hangs" else 300.0)

    monkeypatch.setattr(together, "_answer", patient)
    assert cli.main(["--host", "hangs,b", "failures", "prod", *more]) == 1
    told = capfd.readouterr()
    assert ("Said by b." in told.out) is not bool(more)
    assert ('{"of": "b"}' in told.out) is bool(more)
    words = "hangs has not answered for 8 s. See what hangs there: ssh hangs georep list"
    assert f"georep: {words}\n" in told.err
    pid = int((world / "hangs").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_who_does_not_say_which_sessions_it_has_keeps_nobody_from_doing_it(
    world: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(holders, "PATIENCE", 20.0)
    assert cli.main(["--host", "deaf,a", "pause", "prod"]) == 1
    told = capfd.readouterr()
    assert told.out == "─ a ─\nSaid by a.\n"
    assert "deaf has not answered for 20 s" in told.err


def test_what_is_said_elsewhere_steers_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--host", "rude", "list"]) == 0
    told = capfd.readouterr().out.splitlines()
    assert told[1:] == [r"\x1b[31mred two  spaces", "Said by rude."]
