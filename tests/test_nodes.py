"""Which node of the secondary takes a worker, and what is remembered of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import asyncssh
import msgspec
import pytest

from engine import peers
from engine.config import Places, Session
from engine.errors import Disconnected, GeorepError, Reject, Retry, Stop
from engine.events import AnyEvent, PeerPassedOver
from engine.gluster import volume
from engine.gluster.volume import Brick, Volume
from engine.options import Options
from engine.peers import Peer
from engine.rpc import hostkeys, login, ssh
from engine.rpc.messages import PROTOCOL, Welcome
from engine.rpc.route import Route
from engine.secondary import opened
from engine.session import joining, keys, nodes, opening, others
from engine.session.checks import Check, Verdict
from engine.session.nodes import Who
from engine.session.report import Report

SESSION = Session("s", "gvol", "root", "sec1", "svol")
UUIDS = {"sec1": "u1", "sec2": "u2", "sec3": "u3"}
ALL = tuple(Peer(uuid, host) for host, uuid in UUIDS.items())


def _welcome(host: str, volume: str = "v", known: tuple[Peer, ...] = ALL) -> Welcome:
    return Welcome(
        protocol=PROTOCOL,
        version="1",
        host=host,
        pid=1,
        volume_uuid=volume,
        mount=b"/m",
        total_bytes=1,
        free_bytes=1,
        total_inodes=1,
        free_inodes=1,
        node=UUIDS.get(host, ""),
        nodes=known,
    )


@dataclass
class _Far:
    """The nodes of a secondary: what is wrong with each."""

    wrong: dict[str, GeorepError] = field(default_factory=dict)
    volumes: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Hosts, and the volume that they were to have."""
    held: int = 0

    @asynccontextmanager
    async def agent(
        self, route: Route, *, secondary: str = "", **more: object
    ) -> AsyncIterator[SimpleNamespace]:
        self.asked.append((route.host, secondary))
        if route.host in self.wrong:
            raise self.wrong[route.host]
        volume = self.volumes.get(route.host, "v")
        if secondary not in ("", volume):
            raise Reject("another one", cause="another volume")
        self.held += 1
        try:
            yield SimpleNamespace(welcome=_welcome(route.host, volume))
        finally:
            self.held -= 1


@pytest.fixture
def at(tmp_path: Path) -> Places:
    return Places(tmp_path / "config", tmp_path / "state")


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> _Far:
    found = _Far()
    monkeypatch.setattr(ssh, "agent", found.agent)
    monkeypatch.setattr(hostkeys, "is_known", lambda route: True)
    return found


def _down(host: str) -> Retry:
    return Retry(f"{host} cannot be reached", cause="host unreachable", fix="Look.")


FIRST = Who()


async def _go(at: Places, who: Who = FIRST, session: Session = SESSION) -> tuple[str, list[str]]:
    """Return where a worker came to, and whom it passed over."""
    passed: list[str] = []
    async with nodes.reached(
        at, session, who, passed=lambda host, error: passed.append(host)
    ) as reached:
        assert reached.route.host == reached.agent.welcome.host
        return reached.route.host, passed


def _remember(at: Places) -> None:
    nodes.note(at, SESSION, "sec1", _welcome("sec1"))


async def test_the_first_time_only_the_one_that_is_named(at: Places, far: _Far) -> None:
    assert await _go(at, Who(rank=1)) == ("sec1", [])
    assert await _go(at, Who(rank=1)) == ("sec2", []), "it has told of the others"
    assert far.asked == [("sec1", ""), ("sec2", "v")]
    assert far.held == 0


async def test_the_one_that_is_named_may_be_away_from_then_on(at: Places, far: _Far) -> None:
    _remember(at)
    far.wrong["sec1"] = _down("sec1")
    assert await _go(at) == ("sec2", ["sec1"])
    assert await _go(at, Who(last=("sec1",))) == ("sec2", [])
    far.wrong["sec2"] = Stop("no", cause="key refused")
    assert await _go(at) == ("sec3", ["sec1", "sec2"])
    far.wrong["sec3"] = Stop("no", cause="no agent")
    with pytest.raises(Retry, match="sec1 cannot be reached"):
        await _go(at)
    del far.wrong["sec1"]
    assert await _go(at) == ("sec1", []), "it is its own"


@pytest.mark.parametrize("cause", ["volume stopped", "agent still running", "key unusable", ""])
async def test_what_no_other_node_would_do_better(at: Places, far: _Far, cause: str) -> None:
    _remember(at)
    far.wrong["sec1"] = Stop("so it is", cause=cause)
    with pytest.raises(Stop, match="so it is"):
        await _go(at)
    assert [host for host, _ in far.asked] == ["sec1"]


async def test_a_node_with_another_volume_of_that_name_is_not_taken(at: Places, far: _Far) -> None:
    _remember(at)
    far.volumes["sec2"] = "w"
    assert await _go(at, Who(rank=1)) == ("sec3", ["sec2"])
    far.volumes["sec1"] = "w"  # it was made anew: what the named one says is so
    assert await _go(at) == ("sec1", [])
    assert await _go(at, Who(rank=1)) == ("sec2", [])


async def test_a_node_whose_key_nobody_has_seen_is_not_tried(
    at: Places, far: _Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    _remember(at)
    monkeypatch.setattr(hostkeys, "is_known", lambda route: route.host != "sec2")
    assert await _go(at, Who(rank=1)) == ("sec3", [])
    monkeypatch.setattr(hostkeys, "is_known", lambda route: False)
    assert await _go(at, Who(rank=1)) == ("sec1", []), "and says what is missing"


async def test_what_ends_the_agent_later_is_told_as_it_is(at: Places, far: _Far) -> None:
    _remember(at)
    with pytest.raises(Disconnected, match="gone"):
        async with nodes.reached(at, SESSION, Who()):
            raise Disconnected("gone", cause="connection lost")
    with pytest.raises(asyncio.CancelledError):
        async with nodes.reached(at, SESSION, Who()):
            raise asyncio.CancelledError
    assert [host for host, _ in far.asked] == ["sec1", "sec1"]
    assert far.held == 0


async def test_an_operator_says_which(at: Places, far: _Far) -> None:
    session = Session(*("s", "gvol", "root", "sec1", "svol"), Options(secondary_hosts="b2 b3"))
    assert await _go(at, Who(rank=1), session) == ("sec1", []), "until it has said which volume"
    assert await _go(at, Who(rank=1), session) == ("b3", [])
    alone = Session(*("s", "gvol", "root", "sec1", "svol"), Options(secondary_hosts="sec1"))
    assert await _go(at, Who(rank=1), alone) == ("sec1", [])


async def test_a_directory_has_one_host(at: Places, far: _Far) -> None:
    session = Session("s", "gvol", "root", "sec1", "/srv/d")
    for _ in range(2):
        assert await _go(at, Who(rank=1), session) == ("sec1", [])
    assert not nodes.file(at, "s").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b'{"secondary": 1}', b"\xff", b"[" * 100_000]
)
def test_what_cannot_be_read_is_told_again(at: Places, content: bytes) -> None:
    _remember(at)
    nodes.file(at, "s").write_bytes(content)
    assert nodes.remembered(at, SESSION) is None
    _remember(at)
    assert nodes.remembered(at, SESSION) is not None


def test_of_another_secondary_nothing_is_known(at: Places) -> None:
    _remember(at)
    elsewhere = Session("s", "gvol", "root", "sec1", "other")
    assert nodes.remembered(at, elsewhere) is None
    found = nodes.remembered(at, SESSION)
    assert found is not None
    assert nodes.hosts(SESSION, found) == ["sec1", "sec2", "sec3"]


def test_each_brick_has_a_rank_of_its_own() -> None:
    bricks = [Brick(f"h{i % 2}", f"/b{i}", f"u{i % 2}", i, i // 2) for i in range(4)]
    primary = Volume("gvol", "p", "", True, "", tuple(bricks), 2, 0, 0, 2, {})
    assert [nodes.rank(brick, primary) for brick in bricks] == [0, 2, 1, 3]
    two = [peers.order(["sec1", "sec2"], nodes.rank(brick, primary))[0] for brick in bricks]
    assert two == ["sec1", "sec1", "sec2", "sec2"], "the first of each set, which work, apart"


def test_a_host_key_is_known_by_whatever_file(tmp_path: Path) -> None:
    key = hostkeys.public(asyncssh.generate_private_key("ssh-ed25519"))
    file = tmp_path / "known"
    file.write_text(f"sec1 {key}\n[sec2]:2222 {key}\n@cert-authority *.example {key}\n")
    rows = {
        ("sec1", 22): True,
        ("sec2", 22): False,
        ("sec2", 2222): True,
        ("x.example", 22): True,
        ("sec3", 22): False,
    }
    for (host, port), expected in rows.items():
        route = Route(host=host, port=port, known_hosts=str(file))
        assert hostkeys.is_known(route) == expected, (host, port)
    assert not hostkeys.is_known(Route(host="sec1", known_hosts=str(tmp_path / "none")))


async def test_the_doctor_says_which_nodes_take_no_worker(
    at: Places, far: _Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [each async for each in others.look(at, SESSION)] == []
    _remember(at)
    found = dict([each async for each in others.look(at, SESSION)])
    assert {host: check.verdict for host, check in found.items()} == {
        "sec2": Verdict.FINE,
        "sec3": Verdict.FINE,
    }
    far.wrong["sec2"] = Stop("sec2 does not accept our key", cause="key refused", fix="Put it.")
    monkeypatch.setattr(hostkeys, "is_known", lambda route: route.host != "sec3")
    found = dict([each async for each in others.look(at, SESSION)])
    assert {check.verdict for check in found.values()} == {Verdict.ADVICE}
    assert all("georep keys s" in check.fix for check in found.values())
    assert "host key of sec3 is not known" in found["sec3"].words


async def test_the_key_is_brought_to_every_node(
    at: Places, far: _Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[str] = []
    shut = {"sec2"}

    async def host_key(route: Route) -> asyncssh.SSHKey:
        if route.host == "sec3":
            raise _down("sec3")
        return asyncssh.generate_private_key("ssh-ed25519")

    async def prove(route: Route) -> None:
        if route.host in shut:
            raise Stop("no", cause="key refused")

    def bring(wanted: keys.Request) -> None:
        brought.append(wanted.route.host)
        shut.discard(wanted.route.host)

    monkeypatch.setattr(login, "host_key", host_key)
    monkeypatch.setattr(keys, "prove", prove)
    monkeypatch.setattr(keys, "bring", bring)
    ticks: list[Check] = []
    wanted = keys.request(at, "root@sec1::svol")
    await opening.spread(at, wanted, lambda host, shown: host == "sec2", ticks.append)
    assert brought == ["sec2"]
    assert [tick.verdict for tick in ticks] == [Verdict.FINE, Verdict.ADVICE]
    assert "sec3 has bricks of svol and cannot take workers" in ticks[1].words
    ticks.clear()
    far.wrong["sec1"] = Stop("volume svol is not started", cause="volume stopped", fix="Start it.")
    await opening.spread(at, wanted, lambda host, shown: True, ticks.append)
    assert [tick.verdict for tick in ticks] == [Verdict.ADVICE]
    ticks.clear()
    await opening.spread(at, keys.request(at, "sec1:/srv/d"), lambda *_: True, ticks.append)
    await opening.spread(at, keys.request(at, "sec1"), lambda *_: True, ticks.append)
    assert ticks == [], "a directory has one host; of any volume there are no nodes"


def test_an_agent_opens_no_other_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Volume("svol", "w", "", True, "Started", (), 1, 0, 0, 1, {})
    monkeypatch.setattr(volume, "read", lambda name: found)
    assert opened._facts("svol", "") == opened._facts("svol", "w") == found
    with pytest.raises(Stop, match="its uuid is w, not v") as caught:
        opened._facts("svol", "v")
    assert caught.value.cause == "another volume"


async def test_a_worker_tells_each_that_it_passes_over(
    at: Places, far: _Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    _remember(at)
    far.wrong["sec1"] = Retry("w", cause="host unreachable", fix="f", evidence="x" * 9000)
    told: list[AnyEvent] = []
    report = Report("s", "h:/b")
    monkeypatch.setattr(report, "say", told.append)
    brick = Brick("h", "/b", "u", 0, 0)
    primary = Volume("gvol", "p", "", True, "", (brick,), 1, 0, 0, 1, {})
    async with joining.joined(at, SESSION, primary, brick, report, last=()) as reached:
        assert reached.route.host == "sec2"
    (passed,) = [event for event in told if isinstance(event, PeerPassedOver)]
    assert (passed.peer, passed.cause, passed.words, passed.fix) == (
        *("sec1", "host unreachable"),
        *("w", "f"),
    )
    assert len(passed.evidence) == 4000
    assert report.doing == "connecting to sec2"


@pytest.mark.parametrize(
    ("others", "cause"),
    [
        pytest.param([], "connection lost", id="alone"),
        pytest.param([Disconnected("x", cause="agent ended")], "connection lost", id="who ended"),
        pytest.param([Stop("x", cause="volume stopped")], "volume stopped", id="what it said"),
    ],
)
def test_a_node_that_falls_silent_is_a_connection_that_is_lost(
    others: list[Exception], cause: str
) -> None:
    lost = asyncssh.ConnectionLost("Server not responding to keepalive")
    found = ssh._one(ExceptionGroup("", [*others, ExceptionGroup("", [lost])]))
    assert isinstance(found, GeorepError)
    assert found.cause == cause
    assert ("keepalive" in found.words) == (cause == "connection lost")


def test_welcome_carries_nodes() -> None:
    welcome = _welcome("sec1")
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(welcome), type=Welcome)
    assert again == welcome
