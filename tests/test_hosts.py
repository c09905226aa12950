"""Which nodes an operator means, how georep is begun there, and what is told when it is not."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import feed
from engine.commands import Answer, AnyCommand, Reload
from engine.config import Places
from engine.errors import Retry, Stop, Usage
from engine.events import AnyEvent, EngineStarted, EntryFailed
from engine.gluster import volume
from engine.session.control import Control
from engine.state import State, apply
from georep_tui import calling, cli, hosts, words
from georep_tui.desk import Decision, Desk
from georep_tui.hosts import Host
from georep_tui.running import Commands

AT = Places(Path("/c"), Path("/s"))
POOL = """<cliOutput><opRet>0</opRet><peerStatus>
  <peer><uuid>b</uuid><hostname>gfs3</hostname><connected>0</connected></peer>
  <peer><uuid>a</uuid><hostname>gfs2</hostname><connected>1</connected></peer>
  <peer><uuid>c</uuid><hostname>localhost</hostname><connected>1</connected></peer>
</peerStatus></cliOutput>"""


def test_the_pool_is_this_node_and_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "command", lambda words, timeout: (0, POOL, POOL))
    found = hosts.meant(["root@gfs9,gfs2"], whole_pool=True, at=AT)
    assert [host.name for host in found] == ["", "gfs2", "gfs3", "root@gfs9"]
    assert hosts.listed(found) == "this node, gfs2, gfs3 and root@gfs9"
    assert hosts.listed(found[:1]) == "this node"


@pytest.mark.parametrize(
    "said", [(1, POOL, "no"), (0, "", ""), (0, "<cliOutput/>", ""), (0, "<a>", "")]
)
def test_a_pool_that_is_not_told(
    monkeypatch: pytest.MonkeyPatch, said: tuple[int, str, str]
) -> None:
    monkeypatch.setattr(volume, "command", lambda words, timeout: said)
    with pytest.raises(Stop, match="which nodes the pool has"):
        hosts.meant([], whole_pool=True, at=AT)


def test_a_node_elsewhere_is_reached_by_ssh() -> None:
    (host,) = hosts.meant(["gfs2"], whole_pool=False, at=AT, places=["--state", "/x y"])
    argv = host.argv("georep", "retry", "prod", "a b", "$(reboot)")
    assert argv[0] == "ssh"
    assert argv[-3:-1] == ["--", "gfs2"]
    assert argv[-1] == "exec georep --state '/x y' retry prod 'a b' '$(reboot)'"
    assert host.argv("georep-engine", "attach")[-1] == "exec georep-engine attach --state '/x y'"


def test_this_node_is_reached_without() -> None:
    argv = hosts.here(AT).argv("georep-engine", "errand")
    assert argv == [
        *(sys.executable, "-P", "-m", "engine"),
        *("errand", "--config", "/c", "--state", "/s"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-oProxyCommand=reboot",
        "a b",
        "root@",
        "@h",
        "root@-x",
        "a;b",
        "h\n",
        "a/b",
        "x@y@z",
        "é",
    ],
)
def test_what_is_no_host(name: str) -> None:
    with pytest.raises(Usage, match="is no host"):
        hosts.there(name)


@pytest.mark.parametrize("name", ["gfs1", "root@gfs1.example.org", "10.0.0.1", "fe80::1%eth0"])
def test_what_is_one(name: str) -> None:
    assert hosts.there(name).argv("georep", "list")[-3:-1] == ["--", name]


@given(st.text(max_size=12))
def test_no_host_is_an_option_of_ssh(name: str) -> None:
    try:
        host = hosts.there(name)
    except Usage:
        return
    assert not name.startswith("-")
    assert host.argv("georep", "list")[-2] == name


@pytest.mark.parametrize(
    ("name", "code", "stderr", "cause", "said"),
    [
        ("gfs2", 255, "ssh: no route", "host unreachable", "gfs2 cannot be reached: ssh: no route"),
        ("gfs2", 127, "sh: georep: not found", "not installed", "georep is not found on gfs2: sh:"),
        ("gfs2", 1, "x\ngeorep: Session a is stopped. Say b.", "", "gfs2: Session a is stopped."),
        ("gfs2", 1, "", "", "gfs2: it said nothing"),
        ("", 255, "georep: No.", "", "No."),
        ("", 1, "Traceback\nValueError: x", "", "ValueError: x"),
    ],
)
def test_what_is_told_of_a_command_that_did_not_do_it(
    name: str, code: int, stderr: str, cause: str, said: str
) -> None:
    error = Host(name, list).trouble(code, stderr.encode())
    assert error.words.startswith(said)
    assert error.cause == cause


def test_where_something_went_wrong_is_said_once() -> None:
    host = Host("gfs2", list)
    assert host.told(Retry("gfs2 cannot be reached")) == "gfs2 cannot be reached."
    assert host.told(Retry("No engine")) == "gfs2: No engine."
    assert Host("", list).told(Retry("No engine")) == "No engine."


@pytest.mark.parametrize(
    ("said", "behind"),
    [
        ("--host status status --json", "status --json"),
        ("--host a --host b --config /c pause prod", "pause prod"),
        ("--pool", ""),
        ("--pool --ascii config set prod bandwidth --2m", "config set prod bandwidth --2m"),
    ],
)
def test_what_is_handed_on_is_the_command(said: str, behind: str) -> None:
    assert words.after(said.split()) == behind.split()


@pytest.mark.parametrize("command", ["replay x", "demo", "explain faulty", "lab"])
def test_what_is_for_this_machine_alone(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--host", "gfs2", *command.split()]) == 2
    assert "is for this machine alone. Say it without --host" in capsys.readouterr().err


@contextlib.asynccontextmanager
async def control_at(at: Places) -> AsyncIterator[None]:
    """Run as much of an engine as a console sees."""
    state = State()

    async def obey(command: AnyCommand) -> Answer:
        return Answer(done=True)

    apply(state, EngineStarted(at=1.0, node="gfs2", version="1", pid=7))
    async with Control(state, obey).listen(at.socket):
        yield


def begun(at: Places, banner: str, argv: Sequence[str]) -> list[str]:
    """Return what runs a program as if it were elsewhere; a login may say something first."""
    own = hosts.here(at).begin(argv)
    return ["sh", "-c", f'{banner}exec "$@"', "sh", *own]


def far(at: Places, *, banner: str = "") -> Host:
    places = ("--config", str(at.config), "--state", str(at.state))
    return Host("gfs2", partial(begun, at, banner), places)


@pytest.mark.parametrize("banner", ["", "echo Welcome; echo; echo {}; echo warned >&2; "])
async def test_an_engine_elsewhere_is_heard(tmp_path: Path, banner: str) -> None:
    at = Places(tmp_path, tmp_path)
    async with control_at(at):
        state = await feed.picture(calling.dial(far(at, banner=banner)))
        assert list(state.engines) == ["gfs2"]


async def test_what_is_asked_there_is_answered_until_it_ends(tmp_path: Path) -> None:
    at = Places(tmp_path, tmp_path)
    heard: list[str] = []
    async with control_at(at):
        stream = feed.live(calling.dial(far(at)), heard=heard.append)
        first = await anext(stream)
        assert isinstance(first, EngineStarted)
        assert (await feed.ask(calling.dial(far(at)), Reload())).done
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            async for _ in stream:
                pass
    await stream.aclose()
    assert heard[:2] == ["", "The engine closed the connection"]
    assert heard[2].startswith("gfs2: No engine runs here")


async def test_who_is_not_there_is_told(tmp_path: Path) -> None:
    def begin(argv: Sequence[str]) -> list[str]:
        return ["sh", "-c", "echo 'ssh: connect to host gfs2: No route' >&2; exit 255"]

    with pytest.raises(Retry, match="gfs2 cannot be reached: ssh: connect to host") as caught:
        await feed.picture(calling.dial(Host("gfs2", begin)))
    assert caught.value.cause == "host unreachable"


async def test_a_login_that_only_talks_is_no_engine() -> None:
    def begin(argv: Sequence[str]) -> list[str]:
        return ["sh", "-c", "yes welcome | head -n 500; exec cat"]

    with pytest.raises(Retry, match="gfs2: it said nothing"):
        await feed.picture(calling.dial(Host("gfs2", begin)))


async def test_an_engine_that_does_not_run_there_is_told(tmp_path: Path) -> None:
    at = Places(tmp_path, tmp_path)
    with pytest.raises(Retry, match=r"^gfs2: No engine runs here: nobody listens at") as caught:
        await feed.picture(calling.dial(far(at)))
    assert "systemctl start georep" in caught.value.sentence()


async def test_failures_of_a_node_elsewhere_are_decided_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = 'printf "%s\\n" "$2 $3 $#" >> "$0"; echo They are; echo tried again.'

    def begin(argv: Sequence[str]) -> list[str]:
        return ["sh", "-c", script, str(log), *argv]

    async def told() -> AsyncIterator[AnyEvent]:
        yield EngineStarted(at=1.0, node="node2", version="1", pid=7)

    desk, host = Desk(), Host("gfs2", begin)
    desk.commands = Commands(desk.hosts.__getitem__)
    failures = [
        EntryFailed(
            at=1.0,
            session="prod",
            worker="node2:/b",
            gfid=f"{number}",
            path="/p",
            doing="create",
            kind="EIO",
            words="no",
            tries=1,
        )
        for number in range(1500)
    ]
    assert not desk.reaches(failures[0])
    assert [event async for event in desk.follow(host, told())]
    assert desk.reaches(failures[0])
    said = await desk.decide("prod", failures, Decision.AGAIN)
    assert said == ["node2: They are tried again."] * 2
    assert log.read_text().splitlines() == ["retry prod 1003", "retry prod 503"]
    await desk.decide("prod", failures[:1], Decision.ASIDE)
    assert log.read_text().splitlines()[-1] == "skip prod 4"
