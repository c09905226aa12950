"""Sessions of gsyncd: found, understood, refused while they run, and taken over."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import config
from engine.config import Places, Session
from engine.errors import Retry, Stop, Usage
from engine.gluster import gsyncd, volume
from engine.gluster.gsyncd import Found
from engine.options import TABLE
from engine.session import adopting, checks, lifecycle
from georep_tui import cli

NODE = "188c0335-7956-474b-8354-4fdbfd5fe598"
THERE = "f0582c04-f23a-43af-b63d-a23816053453"
INFO = f"""type=0
status=1
secondary1={NODE}:ssh://sec1::svol:{THERE}
slave2={NODE}:ssh://geo@sec2.example.com::s_vol:{THERE}
slave3=ssh://[fe80::1]::old
secondary=none
changelog.changelog=on
"""
CONF = """[vars]
sync_jobs = 5
access-mount = true
log-level = CRITICAL
"""
STOPPED = Found("gvol", "root", "sec1", "svol", THERE, running=False)


def test_a_volume_tells_of_its_sessions() -> None:
    assert list(gsyncd.parse(INFO)) == [
        ("root", "sec1", "svol", THERE),
        ("geo", "sec2.example.com", "s_vol", THERE),
        ("root", "[fe80::1]", "old", ""),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CONF, {"sync-jobs": "5", "access-mount": "true", "log-level": "CRITICAL"}),
        ("[peers gvol svol]\ntimeout = 60\nssh_port=2\n", {"timeout": "60", "ssh-port": "2"}),
        ("[other]\nx = 1\n", {}),
        ("no section", {}),
        ("[vars]\nx = ${y} %(z)s\nx = 2\n", {"x": "2"}),
        ("", {}),
    ],
)
def test_what_gsyncd_has_set(text: str, found: dict[str, str]) -> None:
    assert gsyncd.settings(text) == found


def test_sessions_are_found_where_glusterd_keeps_them(tmp_path: Path) -> None:
    volumes, kept = tmp_path / "vols/gvol", tmp_path / "geo-replication/gvol_sec1_svol"
    volumes.mkdir(parents=True)
    kept.mkdir(parents=True)
    (volumes / "info").write_text(INFO)
    (kept / "gsyncd.conf").write_text(CONF)
    first, second, third = gsyncd.sessions(tmp_path, tmp_path)
    assert first == Found(
        "gvol", "root", "sec1", "svol", THERE, running=False, options=gsyncd.settings(CONF)
    )
    assert (second.secondary, second.options) == ("geo@sec2.example.com::s_vol", {})
    assert third.uuid == ""
    assert gsyncd.sessions(tmp_path / "none", tmp_path) == []


def test_a_monitor_holds_its_pid_file(tmp_path: Path) -> None:
    pid = tmp_path / "gsyncd-gvol-sec1-svol.pid"
    assert not gsyncd.locked(pid)
    pid.write_text("1\n")
    assert not gsyncd.locked(pid)
    script = "import fcntl, sys; fcntl.lockf(f := open(sys.argv[1], 'r+'), fcntl.LOCK_EX); "
    script += "print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, pid], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    assert gsyncd.locked(pid)
    holder.communicate()
    assert not gsyncd.locked(pid)
    with pid.open("r+") as ours:
        fcntl.lockf(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)


PAIR = "<pair><{0}_node>p1</{0}_node><{0}_brick>/b1</{0}_brick><status>{1}</status></pair>"


@pytest.mark.parametrize(
    ("said", "states"),
    [
        (f"<a>{PAIR.format('primary', 'Active')}</a>", {"p1:/b1": "Active"}),
        (f"<a>{PAIR.format('master', 'Stopped')}</a>", {"p1:/b1": "Stopped"}),
        ("geo-replication command failed", None),
        ("<a/>", None),
    ],
)
def test_what_gsyncd_says_of_itself(
    monkeypatch: pytest.MonkeyPatch, said: str, states: dict[str, str] | None
) -> None:
    asked: list[tuple[str, ...]] = []

    def command(words: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        asked.append(words)
        return 0, said, said

    monkeypatch.setattr(volume, "command", command)
    if states is None:
        with pytest.raises(Retry, match="does not tell how gsyncd"):
            gsyncd.states(STOPPED)
    else:
        assert gsyncd.states(STOPPED) == states
    assert asked == [("volume", "geo-replication", "gvol", "sec1::svol", "status", "--xml")]


@pytest.mark.parametrize(
    ("options", "settings", "left"),
    [
        pytest.param({}, (), (), id="nothing is set"),
        pytest.param({"sync-jobs": "5"}, ("sync-jobs=5",), (), id="the same here"),
        pytest.param({"use-tarssh": "true"}, ("sync-method=tarssh",), (), id="an old name"),
        pytest.param({"use-tarssh": "false"}, (), ("use-tarssh=false",), id="the usual"),
        pytest.param({"timeout": "60"}, ("secondary-timeout=60",), (), id="a very old name"),
        pytest.param({"log-level": "CRITICAL"}, ("log-level=error",), (), id="a word of its own"),
        pytest.param({"sync-jobs": "500"}, (), ("sync-jobs=500",), id="not accepted here"),
        pytest.param({"ignore-deletes": "1"}, ("ignore-deletes=true",), (), id="deletes stay"),
        pytest.param(
            {"use_meta_volume": "True", "slave-timeout": "60"},
            ("secondary-timeout=60", "use-meta-volume=true"),
            (),
            id="written otherwise",
        ),
        pytest.param({"ssh-command": "s"}, (), ("ssh-command=s",), id="no such thing"),
        pytest.param({"access-mount": "true", "stime-xattr-prefix": "x"}, (), (), id="its own"),
        pytest.param({"no-such": "x"}, (), ("no-such=x",), id="of another release"),
    ],
)
def test_options(options: dict[str, str], settings: tuple[str, ...], left: tuple[str, ...]) -> None:
    assert adopting.translate(options) == adopting.Taken(settings, left)


def test_every_option_that_there_is_here_is_taken_over() -> None:
    """Also one that came here later: it may be what keeps something from being removed."""
    here = {"secondary-timeout", "ignore-deletes", "sync-xattrs", "gfid-conflict-resolution"}
    for name, option in TABLE.items():
        if name == "access-mount":
            continue
        value = option.text(option.default) or "/x"
        taken = adopting.translate({name: value}).settings
        assert taken in ((f"{name}={value}",), ()), name
        assert taken or name not in here


def test_one_of_several_is_chosen() -> None:
    other = Found("gvol", "root", "sec2", "svol", THERE, running=False)
    assert adopting.choose([STOPPED], "gvol", "") is STOPPED
    assert adopting.choose([STOPPED, other], "gvol", "sec2::svol") is other
    with pytest.raises(Usage, match="several sessions of gvol"):
        adopting.choose([STOPPED, other], "gvol", "")
    for words in (("other", ""), ("gvol", "sec1::other"), ("gvol", "sec3::svol")):
        with pytest.raises(Usage, match="no such session"):
            adopting.choose([STOPPED, other], *words)


@pytest.mark.parametrize(
    ("running", "states", "refused"),
    [
        pytest.param(False, {"p1:/b": "Stopped", "p2:/b": "Created"}, "", id="it is stopped"),
        pytest.param(True, {"p1:/b": "Stopped"}, "this node", id="its monitor lives here"),
        pytest.param(False, {"p1:/b": "Stopped", "p2:/b": "Active"}, "p2:/b (Active)", id="there"),
        pytest.param(False, {"p1:/b": "Paused"}, "p1:/b (Paused)", id="it is paused"),
        pytest.param(False, {"p1:/b": ""}, "p1:/b ()", id="nobody knows"),
    ],
)
def test_refused_while_it_runs(
    monkeypatch: pytest.MonkeyPatch, running: bool, states: dict[str, str], refused: str
) -> None:
    found = Found("gvol", "root", "sec1", "svol", THERE, running=running)
    monkeypatch.setattr(gsyncd, "states", lambda each: states)
    if not refused:
        adopting.refuse_running(found)
        return
    with pytest.raises(Stop) as caught:
        adopting.refuse_running(found)
    assert refused in caught.value.words
    assert caught.value.fix.endswith("gluster volume geo-replication gvol sec1::svol stop")


@pytest.mark.parametrize(
    ("found", "fine"),
    [
        (STOPPED, True),
        (Found("gvol", "root", "10.0.0.1", "svol", THERE, running=True), False),
        (Found("gvol", "root", "sec1", "other", THERE, running=True), True),
        (Found("hvol", "root", "sec1", "svol", THERE, running=True), True),
    ],
)
def test_a_session_of_georep_s_wants_gsyncd_to_stay_away(found: Found, fine: bool) -> None:
    session = Session("s", "gvol", "root", "sec1", "svol")
    check = checks.check_gsyncd(session, [found])
    assert check.fine == fine
    assert fine or "geo-replication gvol 10.0.0.1::svol stop" in check.fix


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("GEOREP_CONFIG", str(tmp_path / "etc"))
    monkeypatch.setenv("GEOREP_STATE", str(tmp_path / "var"))
    return config.places()


def test_the_command(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gsyncd, "sessions", list)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main(["adopt"]) == 2
    assert "only root can" in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert cli.main(["adopt"]) == 0
    assert "gsyncd has no session" in capsys.readouterr().out
    assert cli.main(["adopt", "gvol"]) == 2
    assert "georep adopt --list" in capsys.readouterr().err
    options = {"sync-jobs": "5", "ignore-deletes": "true", "ssh-command": "s"}
    found = Found("gvol", "root", "sec1", "svol", THERE, running=False, options=options)
    monkeypatch.setattr(gsyncd, "sessions", lambda: [found])
    monkeypatch.setattr(gsyncd, "states", lambda each: {"p1:/b": "Stopped"})
    marks = {"/b1": 1_000_000_000, "/b2": 0}
    monkeypatch.setattr(adopting, "positions", lambda each: marks)
    assert cli.main(["adopt", "--list"]) == 0
    told = capsys.readouterr().out
    assert "gvol root@sec1::svol  does not run here  no position yet" in told
    assert "taken over: ignore-deletes=true, sync-jobs=5" in told
    assert "left: ssh-command=s" in told
    marks["/b2"] = 1_000_000_001
    assert cli.main(["adopt", "--list"]) == 0
    assert "until 2001-09-09 01:46:40 UTC" in capsys.readouterr().out
    given: dict[str, Any] = {}

    async def create(at: Places, primary: str, secondary: str, **more: Any) -> Session:
        given.update(more, primary=primary, secondary=secondary)
        return Session(more["name"] or "usual", "gvol", "root", "sec1", "svol")

    monkeypatch.setattr(lifecycle, "create", create)
    assert cli.main(["adopt", "gvol", "--name", "s"]) == 0
    assert (given["primary"], given["secondary"]) == ("gvol", "root@sec1::svol")
    assert given["settings"] == ("ignore-deletes=true", "sync-jobs=5")
    told = capsys.readouterr().out
    assert "Not taken over, for georep has no such thing: ssh-command=s" in told
    assert "georep start s" in told


def test_positions_are_those_of_the_bricks_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bricks = (
        volume.Brick("p1", str(tmp_path), "n", 0, 0),
        volume.Brick("p2", "/elsewhere", "m", 1, 1),
    )
    there = volume.Volume("gvol", NODE, "", True, "", bricks, 1, 0, 0, 1, {})
    monkeypatch.setattr(volume, "read", lambda name: there)
    monkeypatch.setattr(volume, "local_node_uuid", lambda: "n")
    assert adopting.positions(STOPPED) == {str(tmp_path): 0}
    os.rmdir(tmp_path)
    with pytest.raises(Stop, match="a brick cannot be read"):
        adopting.positions(STOPPED)
