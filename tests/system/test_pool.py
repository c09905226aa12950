"""One command, and one console, for all nodes of the primary: over ssh, from one of them."""

import asyncio
import json
import os
from collections.abc import Iterator

import pytest
from conftest import fresh_world
from lab_fixtures import traces
from world import SESSION, TO, World, spoil

from engine import feed
from engine.config import Places
from engine.events import Wanted
from engine.figures import Status, status
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY, Shape
from engine.session.errands import AnyReport, Checked, Compare, Counted, Differed, Done, Examine
from engine.state import State
from georep_tui import calling, differing, hosts
from georep_tui.acts import Act
from georep_tui.far_steward import FarSteward
from georep_tui.hosts import Host

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SHAPE = Shape(primaries=2, bricks=1, replica=1, secondary_bricks=1, rollover=2, gsyncd=False)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Give a lab in which nothing was done yet; engines run on both nodes of the primary."""
    with fresh_world("sysp", World, SHAPE) as made:
        made.run("for n in $(seq 300); do echo $n > {}/f$n; done")
        made.engine_up()
        yield made
    assert traces(made.lab) == []


def pool(world: World, *words: str, code: int = 0) -> str:
    """Say something on all nodes, from the first; return what was answered."""
    said = world.georep("prim1", "--pool", *words)
    told = (said.stdout + said.stderr).decode()
    assert said.returncode == code, told
    assert "Traceback" not in told
    return told


def wanted(world: World, word: Wanted) -> bool:
    """Whether that is what both nodes have noted."""

    def holds(state: State) -> bool:
        known = state.sessions[SESSION].nodes if SESSION in state.sessions else {}
        return [each.wanted for each in known.values()] == [word] * 2

    world.until(f"both are {word}", holds)
    return True


def words(state: State) -> list[Status]:
    session = state.sessions[SESSION]
    return [status(session, name) for name in session.workers]


def far(world: World, name: str) -> Host:
    """Return a node as a console on prim1 reaches it, from outside the lab."""

    def begin(argv: list[str]) -> list[str]:
        inside = argv if name == "prim1" else hosts.there(name).begin(argv)
        return world.lab.exec_argv("prim1", inside)

    return Host(name, begin)


def test_a_session_is_made_and_started_on_all(world: World) -> None:
    told = pool(world, "create", PRIMARY, TO, "--name", SESSION, "--enable")
    assert told.count("Session s is created.") == 2
    assert told.index("─ this node ─") < told.index("─ prim2 ─")
    pool(world, "start", SESSION)
    assert wanted(world, Wanted.STARTED)
    world.settle()
    assert world.differences() == []


def test_status_is_that_of_all(world: World) -> None:
    told = json.loads(pool(world, "status", SESSION, "--json"))
    assert len(told["sessions"]) == 1
    names = {worker["worker"] for worker in told["sessions"][0]["workers"]}
    assert names == {"prim1:/bricks/b1", "prim2:/bricks/b1"}
    said = [json.loads(line) for line in pool(world, "failures", SESSION, "--json").splitlines()]
    assert said == [{"node": name, "code": 0, "said": []} for name in ("prim1", "prim2")]


def test_a_pause_and_a_checkpoint_are_of_all(world: World) -> None:
    pool(world, "pause", SESSION)
    assert wanted(world, Wanted.PAUSED)
    pool(world, "resume", SESSION)
    pool(world, "config", "set", SESSION, "bandwidth", "900m")
    assert pool(world, "config", "get", SESSION, "bandwidth").count("900") == 2
    pool(world, "checkpoint", SESSION, "set", "now", "--label", "day")

    def complete(state: State) -> bool:
        known = state.sessions[SESSION].checkpoints
        return len({each.set and each.set.time for each in known.values()}) == 1 and all(
            each.reached for each in known.values()
        )

    world.until("the checkpoint is reached on both", complete)


def test_a_console_hears_and_changes_both(world: World) -> None:
    state = State()
    nodes = [far(world, name) for name in ("prim1", "prim2")]

    async def look() -> None:
        for node in nodes:
            await feed.picture(calling.dial(node), into=state)

    asyncio.run(look())
    assert set(state.engines) == {"prim1", "prim2"}
    assert len(words(state)) == 2
    steward = FarSteward(nodes, Places(world.lab.place.root, world.lab.place.root))
    assert "(on prim1, prim2)" in asyncio.run(steward.act(Act.PAUSE, SESSION))
    assert wanted(world, Wanted.PAUSED)
    asyncio.run(steward.act(Act.RESUME, SESSION))
    found = asyncio.run(steward.options(SESSION))
    assert found.bandwidth == "900m"
    told: list[AnyReport] = []
    asyncio.run(steward.run(Examine(name=SESSION), told.append))
    assert isinstance(told[-1], Done), told[-1]
    seen = {report.check.node for report in told if isinstance(report, Checked)}
    assert {"prim1", "prim2"} <= seen


def test_what_a_console_finds_different_is_sent_again(world: World) -> None:
    world.run(r"""echo 1 > "{}/$(printf 'bad\377 $x')" """)
    world.settle()
    name = os.fsdecode(b"bad\xff $x")
    spoil(world.there() / name)
    spoil(world.there() / "f7")
    nodes = [far(world, each) for each in ("prim2", "prim1")]
    steward = FarSteward(nodes, Places(world.lab.place.root, world.lab.place.root))
    told: list[AnyReport] = []
    asyncio.run(steward.run(Compare(name=SESSION, content=True), told.append))
    places = differing.places([each for each in told if isinstance(each, Differed)])
    assert set(places) == {r"/bad\xff $x", "/f7"}
    looked = asyncio.run(steward.resend(SESSION, list(places), ()))
    assert [bool(each.step.does) for each in looked] == [True, True]
    assert world.compared() != [], "it was only looked at"
    tokens = [each.step.token for each in looked]
    done = asyncio.run(steward.resend(SESSION, list(places), tokens))
    assert [each.done for each in done] == [True, True], done
    assert {each.step.name for each in done} == set(places)
    assert world.compared() == []


def test_an_errand_elsewhere_ends_when_it_is_left(world: World) -> None:
    steward = FarSteward([far(world, "prim2")], Places(world.lab.place.root, world.lab.place.root))

    async def leave() -> None:
        begun = asyncio.Event()

        def hear(report: AnyReport) -> None:
            if isinstance(report, Counted):
                begun.set()

        doing = asyncio.create_task(steward.run(Compare(name=SESSION, content=True), hear))
        await begun.wait()
        doing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await doing

    assert world.processes("prim2", "engine.session.doing") == []
    asyncio.run(leave())
    until("it has ended there", lambda: not world.processes("prim2", "engine.session.doing"))


def test_a_node_that_is_away_is_told_and_the_others_do_it(world: World) -> None:
    host = world.lab.host("prim2")
    world.lab.run("prim2", ["sh", "-c", "kill $(cat /run/sshd.pid)"])
    until("its sshd to end", lambda: host.sshd is None)
    told = pool(world, "pause", SESSION, code=1)
    assert "prim2 cannot be reached" in told
    assert "ssh prim2 georep --version" in told
    assert "Session s pauses" in told
    told = pool(world, "status", SESSION, code=1)
    assert "prim2 cannot be reached" in told
    assert "prim1:/bricks/b1" in told
    host.start_sshd()
    assert pool(world, "resume", SESSION).count("goes on") == 2


def test_an_engine_that_is_down_is_told(world: World) -> None:
    world.engines["prim2"].terminate()
    assert world.engines.pop("prim2").wait(300) == 0
    assert "prim2: No engine runs here" in pool(world, "status", SESSION, code=1)
    world.engine_up("prim2")


def test_it_is_removed_from_all(world: World) -> None:
    pool(world, "stop", SESSION)
    pool(world, "delete", SESSION)
    assert pool(world, "list").count("No sessions") == 2
    assert "None of these nodes has a session s" in pool(world, "start", SESSION, code=2)
