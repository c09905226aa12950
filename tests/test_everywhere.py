"""Commands that are said once and done on several nodes: where, in which words, with which code."""

import json
from collections.abc import Sequence
from pathlib import Path

import programs
import pytest

from engine import events, feed
from engine.events import EngineStarted, SessionKnown, Wanted, WorkerStarted
from georep_tui import cli, hosts, live
from georep_tui.far_steward import FarSteward
from georep_tui.hosts import Host

NODE = """
import json, sys
from pathlib import Path
folder, host, *words = sys.argv[1:]
if host == "away":
    print("ssh: no route", file=sys.stderr)
    sys.exit(255)
if words[1:] == ["list", "--json"]:
    print(json.dumps([{"session": "prod"}] if host != "empty" else []))
    sys.exit(0)
with Path(folder, "log").open("a") as log:
    log.write(" ".join([host, *words]) + "\\n")
if host == "refusing":
    sys.exit("georep: Session prod is stopped. Start it.")
print(json.dumps([{"of": host}]) if "--json" in words else f"Done by {host}.")
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have hosts be programs of this machine that write down what they are told."""
    programs.stand_in(monkeypatch, NODE, tmp_path)
    return tmp_path


def said(world: Path) -> list[str]:
    path = world / "log"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(
    ("nodes", "words", "expected", "code"),
    [
        ("a b", "pause prod", ["a georep pause prod", "b georep pause prod"], 0),
        ("a empty", "pause prod", ["a georep pause prod"], 0),
        ("empty", "pause prod", [], 2),
        ("refusing b", "pause prod", ["refusing georep pause prod", "b georep pause prod"], 1),
        ("away b", "pause prod", ["b georep pause prod"], 1),
        ("away", "pause prod", [], 1),
        ("a b", "verify prod --content", ["a georep verify prod --content"], 0),
        ("empty b", "reconcile prod", ["b georep reconcile prod"], 0),
        ("b a", "resend prod d/x", ["b georep resend prod d/x"], 0),
        (
            "refusing b",
            "create v h::s --name prod",
            ["refusing georep create v h::s --name prod"],
            1,
        ),
        ("a empty", "create v h::s", ["a georep create v h::s", "empty georep create v h::s"], 0),
        (
            "a b",
            "checkpoint prod set 1777637000 --label x",
            [f"{host} georep checkpoint prod set 1777637000 --label=x" for host in "ab"],
            0,
        ),
        (
            "a b",
            "config set prod rsync-options --bwlimit=1 -v",
            [f"{host} georep config set prod rsync-options --bwlimit=1 -v" for host in "ab"],
            0,
        ),
        (
            "refusing b",
            "retry prod x",
            ["refusing georep retry prod x", "b georep retry prod x"],
            0,
        ),
    ],
)
def test_where_it_is_done(
    world: Path, nodes: str, words: str, expected: list[str], code: int
) -> None:
    options = [word for node in nodes.split() for word in ("--host", node)]
    assert cli.main([*options, *words.split()]) == code
    assert said(world) == expected


def test_what_changes_nothing_is_asked_of_all(world: Path) -> None:
    assert cli.main(["--host", "a", "--host", "empty", "doctor"]) == 0
    assert sorted(said(world)) == ["a georep doctor", "empty georep doctor"]


def test_each_answer_stands_below_its_node(world: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--host", "a,away,refusing,empty", "resume", "prod"]) == 1
    told = capfd.readouterr()
    assert told.out == "─ a ─\nDone by a.\n─ refusing ─\n"
    assert told.err.splitlines() == [
        "georep: away cannot be reached: ssh: no route. Try by hand: ssh away georep --version",
        "georep: Session prod is stopped. Start it.",
    ]


def test_json_says_which_node_said_it(world: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--host", "a,b", "failures", "prod", "--json"]) == 0
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert told == [{"node": host, "code": 0, "said": [{"of": host}]} for host in "ab"]


def test_now_is_one_moment_on_all(world: Path) -> None:
    assert cli.main(["--host", "a,b", "checkpoint", "prod", "set"]) == 0
    first, second = (line.split(" ", 1)[1] for line in said(world))
    assert first == second
    assert first.split()[-1].isdecimal()


def test_places_go_along(world: Path) -> None:
    cli.main(["--host", "a", "--config", "/c d", "--state", "/s", "doctor"])
    assert said(world) == ["a georep --config /c d --state /s doctor"]


def test_wrong_words_are_told_before_anybody_is_called(world: Path) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--host", "a", "pause"])
    assert cli.main(["--host", "a", "checkpoint", "prod", "set", "teatime"]) == 2
    assert said(world) == []


def test_status_is_one_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two engines that tell of the same session are one; who is silent is told."""
    feeds = {}
    for name in ("gfs1", "gfs2"):
        known = SessionKnown(
            at=2, session="prod", primary="v", secondary="h::v", wanted=Wanted.STARTED, node=name
        )
        told = [
            EngineStarted(at=1, node=name, version="1", pid=1),
            known,
            WorkerStarted(at=3, session="prod", worker=f"{name}:/b", pid=1, restart=0),
        ]
        lines = [feed.GREETING, *map(events.encode, told), b'{"type":"Answer","done":true}']
        feeds[name] = b"\n".join(lines).decode()

    def there(name: str, places: Sequence[str] = ()) -> Host:
        script = "printf '%s\\n' \"$1\"; exec cat" if name in feeds else "exit 255"
        return Host(name, lambda argv: ["sh", "-c", script, "sh", feeds.get(name, "")])

    monkeypatch.setattr(hosts, "there", there)
    assert cli.main(["--host", "gfs1,gfs2", "status", "--json"]) in (0, 1)
    (told,) = json.loads(capsys.readouterr().out)["sessions"]
    assert {each["worker"] for each in told["workers"]} == {"gfs1:/b", "gfs2:/b"}
    assert cli.main(["--host", "gfs1,gfs3", "status", "prod"]) == 1
    heard = capsys.readouterr()
    assert "gfs1:/b" in heard.out
    assert "gfs3 cannot be reached" in heard.err
    assert cli.main(["--host", "gfs1", "status", "other"]) == 2
    assert "None of these nodes has a session other" in capsys.readouterr().err


def test_the_console_is_on_all_of_them(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[object] = []

    def watch(engines: Sequence[object], **more: object) -> int:
        watched.extend(engines)
        assert isinstance(more["steward"], FarSteward)
        return 0

    monkeypatch.setattr(cli, "_terminal", lambda: True)
    monkeypatch.setattr(live, "watch", watch)
    assert cli.main(["--host", "a", "--host", "b"]) == 0
    assert [getattr(each, "name", None) for each in watched] == ["a", "b"]


@pytest.mark.parametrize("words", ["list", "pause prod", "status"])
def test_without_ssh_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    monkeypatch.setattr(hosts, "SSH", ("/nowhere/ssh",))
    assert cli.main(["--host", "gfs2", *words.split()]) == 1
    told = capsys.readouterr().err
    assert "gfs2: /nowhere/ssh cannot be started: No such file or directory" in told
    assert "See that ssh is installed" in told
