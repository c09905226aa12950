"""Every check of a session, each made to fail."""

import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import msgspec
import pytest

from engine import config, programs
from engine.config import Places, Session
from engine.errors import GeorepError, Reject, Retry, Stop
from engine.events import Wanted
from engine.gluster import mount, reading, volume, xattrs
from engine.gluster.volume import Brick, Volume
from engine.item import Place
from engine.movers.job import Mover
from engine.movers.probe import Tried
from engine.plan.lineage import Left
from engine.rpc import gated, login, ssh
from engine.rpc.login import Said
from engine.rpc.messages import PROTOCOL, AskHost, Examined, Host, Marks, Names, Welcome
from engine.rpc.route import Route
from engine.secondary.questions import Questions
from engine.session import checks, doctor, far, lifecycle, trash_checks, wanted
from engine.session.checks import Check, Used, Verdict
from engine.session.far import Far, Near
from engine.session.marked import Marked
from georep_tui import cli

UID = "00000000-0000-4000-8000-00000000000a"
SESSION = Session("s", "gvol", "root", "sec1", "svol")
FOLDER = Session("s", "gvol", "root", "sec1", "/srv/d")
GIB = 1 << 30
ALL_ON = {volume.CHANGELOG: "on", volume.INDEXING: "on"}


def _volume(*bricks: Brick, options: dict[str, str] | None = None) -> Volume:
    found = ALL_ON if options is None else options
    return Volume("gvol", UID, "", True, "", bricks, 1, 0, 0, 1, found)


WELCOME = Welcome(
    protocol=PROTOCOL,
    version="1",
    host="sec1",
    pid=1,
    volume_uuid="u",
    mount=b"/m",
    total_bytes=10 * GIB,
    free_bytes=5 * GIB,
    total_inodes=1000,
    free_inodes=500,
)
HOST = Host(id=1, clock=0.0, glusterfs="10.3", rsync="3.2.7", options={}, stuck=())
FAR = Far(WELCOME, HOST, skew=0.1, doubt=0.2, empty=True, known=False)
NEAR = Near("prim1", UID, _volume(), Used(GIB, 10), "10.3", "3.2.7")


def _far(**changes: object) -> Far:
    host = {name: changes.pop(name) for name in list(changes) if name in Host.__struct_fields__}
    rest = {"empty": True, "known": False, "stime": 0, "skew": 0.0, "doubt": 0.0, **changes}
    welcome = rest.pop("welcome", WELCOME)
    return Far(welcome, msgspec.structs.replace(HOST, **host), **rest)  # type: ignore[arg-type]


def _by_name(found: list[Check]) -> dict[str, Check]:
    assert len({check.name for check in found}) == len(found)
    return {check.name: check for check in found}


@pytest.mark.parametrize(
    ("notes", "marks", "known"),
    [
        pytest.param([], [], False, id="nothing"),
        pytest.param([f"{UID}.crawled.0"], [], True, id="a crawl"),
        pytest.param([], [Left(UID, 1, 2)], True, id="its mark, after a first crawl"),
        pytest.param(["other.crawled.0"], [Left("other", 1, 2)], False, id="somebody else's"),
    ],
)
def test_the_secondary_knows_its_primary(notes: list[str], marks: list[Left], known: bool) -> None:
    assert far.known(UID, notes, Marked(left=tuple(marks))) is known
    assert not far.known("", notes, Marked(left=tuple(marks))), "no primary is known here"


def test_both_sides_are_as_they_must_be() -> None:
    found = list(far.together(SESSION, NEAR, FAR))
    assert {check.verdict for check in found} == {Verdict.FINE}
    names = {"secondary", "room", "inodes", "content", "clock", "glusterfs", "rsync", "shards"}
    assert set(_by_name(found)) == names | {"mounts"}
    assert set(_by_name(list(far.together(FOLDER, NEAR, FAR)))) == names - {
        "glusterfs",
        "shards",
    } | {"mounts"}


TRASH = {"features.trash": "on", "features.trash-max-filesize": "1GB"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({}, [], id="never on"),
        pytest.param({"features.trash": "off", "features.trash-dir": "w"}, [], id="off"),
        pytest.param(
            TRASH, ["gvol keeps what users remove in /.trashcan, up to 1GB each"], id="on"
        ),
        pytest.param(
            {"features.trash": "on", "features.trash-dir": "waste"},
            ["gvol keeps what users remove in /waste, up to 5MB each"],
            id="of another name",
        ),
    ],
)
def test_a_trash_on_the_primary_is_told(options: dict[str, str], words: list[str]) -> None:
    told = list(trash_checks.here(_volume(options=options)))
    assert [check.words for check in told] == [
        f"{each}; it is removed on the secondary" for each in words
    ]
    assert {check.verdict for check in told} <= {Verdict.FINE}


SHARDED = {"features.shard": "on", "features.shard-block-size": "64MB"}


@pytest.mark.parametrize(
    ("near", "there", "name", "verdict", "words"),
    [
        pytest.param(
            NEAR, _far(empty=False), "content", "wrong", "not empty", id="somebody else's"
        ),
        pytest.param(NEAR, _far(empty=False, stime=1), "content", "fine", "until", id="known"),
        pytest.param(
            NEAR, _far(empty=False, known=True), "content", "fine", "from gvol", id="crawled"
        ),
        pytest.param(NEAR, _far(skew=61.0), "clock", "wrong", "61 s ahead of", id="it is ahead"),
        pytest.param(NEAR, _far(skew=-70.0), "clock", "wrong", "70 s behind", id="it is behind"),
        pytest.param(NEAR, _far(skew=9.0), "clock", "advice", "9 s ahead", id="a little ahead"),
        pytest.param(NEAR, _far(skew=9.0, doubt=8.0), "clock", "fine", "agree", id="a slow line"),
        pytest.param(NEAR, _far(glusterfs="9.6"), "glusterfs", "advice", "9.6 there", id="older"),
        pytest.param(NEAR, _far(glusterfs="10.9"), "glusterfs", "fine", "10.9", id="about as old"),
        pytest.param(NEAR, _far(glusterfs=""), "glusterfs", "advice", "unknown there", id="mute"),
        pytest.param(NEAR, _far(rsync=""), "rsync", "advice", "not installed on sec1", id="none"),
        pytest.param(NEAR, _far(rsync="3.5.0"), "rsync", "advice", "3.5.0 there", id="other rsync"),
        pytest.param(
            NEAR,
            _far(options={"features.trash": "on", "features.trash-dir": "waste"}),
            "trash",
            "wrong",
            "svol keeps what is removed in /waste; its bricks die",
            id="a trash there",
        ),
        pytest.param(NEAR, _far(options=SHARDED), "shards", "wrong", "svol has shards", id="shard"),
        pytest.param(
            Near("p", UID, _volume(options=SHARDED)),
            _far(options=SHARDED | {"features.shard-block-size": "4MB"}),
            "shards",
            "wrong",
            "shards of 64MB, svol has shards of 4MB",
            id="other shards",
        ),
        pytest.param(
            Near("p", UID, _volume(options=SHARDED)),
            _far(options={"features.shard": "enable"}),
            "shards",
            "fine",
            "shards of 64MB",
            id="the same shards, once as the default",
        ),
        pytest.param(
            NEAR, _far(stuck=("/run/georep/x is stuck",)), "mounts", "wrong", "x is", id="leaked"
        ),
        pytest.param(
            NEAR,
            _far(welcome=msgspec.structs.replace(WELCOME, read_only=True)),
            "read-only",
            "advice",
            "svol is read-only",
            id="read-only",
        ),
        pytest.param(
            Near("p", used=Used(99 * GIB, 5)), FAR, "room", "wrong", "do not fit", id="too small"
        ),
        pytest.param(
            Near("p", used=Used(1, 5000)), FAR, "inodes", "wrong", "do not fit", id="few inodes"
        ),
    ],
)
def test_what_does_not_fit(near: Near, there: Far, name: str, verdict: str, words: str) -> None:
    found = _by_name(list(far.together(SESSION, near, there)))
    assert found[name].verdict == verdict
    assert words in found[name].words
    assert bool(found[name].fix) == (verdict != "fine")
    others = [check for check in found.values() if check.name != name]
    assert all(check.fine for check in others)


CAUSES = {
    "host unknown": ("host", 0),
    "host unreachable": ("host", 0),
    "host key unknown": ("host key", 1),
    "host key changed": ("host key", 1),
    "key refused": ("key", 2),
    "key unusable": ("key", 0),
    "no agent": ("secondary", 3),
    "refused by the gate": ("secondary", 3),
    "volume missing": ("secondary", 3),
    "": ("secondary", 3),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_how_far_we_got(cause: str) -> None:
    name, passed = CAUSES[cause]
    *before, last = far.way(
        Route(host="sec1"), Stop("it ended.", cause=cause, fix="Do.", evidence="e")
    )
    assert (last.name, last.fine, last.words, last.fix, last.evidence) == (
        *(name, False),
        *("it ended", "Do.", "e"),
    )
    assert [check.fine for check in before] == [True] * passed


def _tried(mover: Mover, words: str) -> Tried:
    return Tried(mover, not words, 0.1, words, "Mend it." if words else "")


@pytest.mark.parametrize(
    ("rsync", "stream", "verdicts"),
    [
        ("", "", ["fine", "fine"]),
        ("exit code 0, and nothing moved", "", ["advice", "fine"]),
        ("", "exit code 255", ["fine", "advice"]),
        ("exit code 1", "exit code 1", ["wrong", "wrong"]),
    ],
)
def test_movers(rsync: str, stream: str, verdicts: list[str]) -> None:
    tried = [_tried(Mover.RSYNC, rsync), _tried(Mover.STREAM, stream)]
    found = list(far.check_movers(SESSION, tried))
    assert [check.verdict for check in found] == verdicts
    assert [check.name for check in found] == ["rsync mover", "stream mover"]


@pytest.mark.parametrize(("opens", "verdict"), [(False, "fine"), (None, "fine"), (True, "advice")])
def test_what_else_the_key_opens(opens: bool | None, verdict: str) -> None:
    found = far.check_bound(SESSION, opens)
    assert found.verdict == verdict
    assert ("georep keys s" in found.fix) == bool(opens)


UNREAD = reading.unreadable(OSError(5, "no"))


class _Channel:
    """An agent's answers."""

    async def host(self) -> Host:
        return msgspec.structs.replace(HOST, clock=time.time() + 100)

    async def page(self, place: object) -> Names:
        return Names(id=1, names=(b".georep", b"x"), more=False, there=True, whole=True)

    async def examine(self, places: Sequence[Place]) -> Examined:
        return Examined(id=1, facts=(UNREAD,) * len(places), whole=True)

    async def notes(self) -> dict[str, bytes]:
        return {f"{UID}.origin": b""}

    async def marks(self) -> Marks:
        return Marks(id=1, clock=1.0, marks={})


async def test_the_other_side_is_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trouble: list[GeorepError] = []
    wanted = [UID]

    @asynccontextmanager
    async def agent(
        route: object, *, session: str, volume: str, primary: str
    ) -> AsyncIterator[SimpleNamespace]:
        assert primary == wanted[-1]
        if trouble:
            raise trouble[0]
        yield SimpleNamespace(welcome=WELCOME, channel=_Channel())

    async def run(route: Route, *commands: str) -> list[Said]:
        return [Said(gated.REFUSED, b"", "no")]

    async def probe(mover: Mover, ways: object, channel: object, worker: str) -> Tried:
        assert worker == "prim1:doctor"
        return _tried(mover, "")

    monkeypatch.setattr(ssh, "agent", agent)
    monkeypatch.setattr(login, "run", run)
    monkeypatch.setattr(far, "probe", probe)
    bucket = far.Bucket(tmp_path / "bandwidth", "0", "")
    found = _by_name(await far.look(SESSION, NEAR, bucket))
    wrong = {name: check.words for name, check in found.items() if not check.fine}
    assert wrong == {"clock": "The clock of sec1 is 100 s ahead of ours"}
    assert "has been replicated to from gvol" in found["content"].words
    assert {"host", "host key", "key", "gate", "rsync mover", "stream mover"} <= set(found)
    assert {"other primaries", "loop", "marks"} <= set(found)
    wanted.append("")
    glanced = _by_name(await far.look(SESSION, NEAR, None))
    assert set(found) - set(glanced) == {"rsync mover", "stream mover"}
    wanted.append(UID)
    trouble.append(Stop("sec1 does not accept our key", cause="key refused", fix="Put it there."))
    *_, last = await far.look(SESSION, NEAR, bucket)
    assert last == Check("key", False, "sec1 does not accept our key", "Put it there.")


async def test_an_empty_directory_waits_for_this_side(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @asynccontextmanager
    async def agent(route: object, **more: object) -> AsyncIterator[SimpleNamespace]:
        raise Stop("the directory /srv/d is empty", cause="directory not set up", fix="Mount it.")
        yield

    monkeypatch.setattr(ssh, "agent", agent)
    bucket = far.Bucket(tmp_path / "bandwidth", "0", "")
    *_, last = await far.look(FOLDER, Near("prim1"), bucket)
    assert last.fine
    assert "becomes the secondary when all else" in last.words
    *_, last = await far.look(FOLDER, NEAR, bucket)
    assert (last.fine, last.fix) == (False, "Mount it.")
    *_, last = await far.look(FOLDER, NEAR, None)
    assert last.fine, "who only looks leaves it as it is"


def test_a_node_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount, "clean", lambda: ["stuck"])
    monkeypatch.setattr(programs, "version", lambda program: f"{program} 1")
    asked = Questions(None, b"/", {"features.shard": "on"})  # type: ignore[arg-type]
    said = asked.answer(AskHost(id=7))
    assert isinstance(said, Host)
    assert (said.id, said.glusterfs, said.rsync) == (7, "glusterfs 1", "rsync 1")
    assert (said.options, said.stuck) == ({"features.shard": "on"}, ("stuck",))
    assert abs(said.clock - time.time()) < 60


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("echo 'rsync  version 3.5.0  protocol version 32'", "3.5.0"),
        ("echo glusterfs 10.3", "10.3"),
        ("echo no number", ""),
        ("exit 1", ""),
    ],
)
def test_versions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, version: str
) -> None:
    program = tmp_path / "georep-program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert programs.version("georep-program") == version
    assert programs.version("georep-no-such-program") == ""


def _brick(path: str) -> Volume:
    return _volume(Brick("h", path, "u", 0, 0))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(UUID(UID).bytes, "", id="fine"),
        pytest.param(UUID(int=1).bytes, "does not say that it belongs to gvol", id="another's"),
        pytest.param(None, "does not say that it belongs to gvol", id="nobody's"),
        pytest.param(OSError(95, "Operation not supported"), "cannot be read", id="no xattrs"),
        pytest.param(Stop("another module is called xattr"), "another module", id="wrong module"),
    ],
)
def test_xattrs_of_a_brick(
    monkeypatch: pytest.MonkeyPatch, found: bytes | Exception | None, words: str
) -> None:
    def get(brick: bytes, name: bytes) -> bytes | None:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(xattrs, "get", get)
    (check,) = checks.check_xattrs(_brick("/b"), "u")
    assert check.fine == (words == "")
    assert words in check.words


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        pytest.param(None, "can be mounted and holds", id="fine"),
        pytest.param(Retry("volume gvol was not ready", fix="See."), "not ready", id="bricks down"),
        pytest.param(OSError(107, "not connected"), "cannot be read through a mount", id="dead"),
    ],
)
def test_the_mount_of_the_primary(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trouble: Exception | None, words: str
) -> None:
    class Mount:
        root = os.fsencode(tmp_path)

        def __init__(self, volume: str, **more: object) -> None:
            pass

        def start(self, timeout: float) -> None:
            if trouble is not None:
                raise trouble

        def stop(self) -> None:
            pass

    monkeypatch.setattr(mount, "Mount", Mount)
    check, used = checks.primary_mount(SESSION, tmp_path / "log")
    assert check.fine == (used is not None) == (trouble is None)
    assert words in check.words


def test_a_node_without_glusterd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "check_mounts", lambda: Check("mounts", True, "none"))
    monkeypatch.setattr(volume, "local_node_uuid", lambda: _raise(Stop("no UUID", fix="Run it.")))
    told: list[Check] = []
    assert not doctor.node(told.append, runs=False, needed=False)
    (pool,) = [check for check in told if check.name == "pool"]
    assert (pool.fine, pool.words, pool.fix) == (False, "no UUID", "Run it.")


def _raise(error: Exception) -> str:
    raise error


def test_indexing() -> None:
    assert checks.check_indexing(_volume()).verdict is Verdict.FINE
    off = checks.check_indexing(_volume(options={}))
    assert (off.verdict, off.fix[-7:]) == (Verdict.ADVICE, "xing on")


def test_mounts_of_the_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount, "clean", list)
    assert checks.check_mounts().fine
    monkeypatch.setattr(mount, "clean", lambda: ["/run/georep/x cannot be unmounted: busy"])
    assert "fuser" in checks.check_mounts().fix

    def clean() -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mount, "clean", clean)
    assert "sudo" in checks.check_mounts().fix


@pytest.mark.parametrize(
    ("runs", "needed", "fine"),
    [(True, True, True), (True, False, True), (False, False, True), (False, True, False)],
)
def test_an_engine_where_one_is_needed(runs: bool, needed: bool, fine: bool) -> None:
    found = doctor.check_engine(runs=runs, needed=needed)
    assert (found.fine, bool(found.fix)) == (fine, not fine)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("GEOREP_CONFIG", str(tmp_path / "etc"))
    monkeypatch.setenv("GEOREP_STATE", str(tmp_path / "var"))
    return config.places()


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """Have a fine primary here; return what the secondary will say."""
    there = [Check("secondary", True, "georep answers"), Check("content", False, "not empty", "x")]

    async def look(session: Session, near: Near, bucket: object, hear: object) -> list[Check]:
        assert near.volume is not None
        assert near.used == Used(1, 1)
        return there

    def primary_mount(session: Session, log: Path) -> tuple[Check, Used]:
        return Check("primary mount", True, "mounted"), Used(1, 1)

    monkeypatch.setattr(checks, "this_node", lambda: [Check("root", True, "root")])
    monkeypatch.setattr(checks, "check_mounts", lambda: Check("mounts", True, "none"))
    monkeypatch.setattr(checks, "primary", lambda session: ([], _volume()))
    monkeypatch.setattr(checks, "primary_mount", primary_mount)
    monkeypatch.setattr(volume, "local_node_uuid", lambda: "u")
    monkeypatch.setattr(far, "look", look)
    return there


async def test_a_secondary_that_is_not_empty_is_the_operator_s_word(
    at: Places, sides: list[Check]
) -> None:
    told: list[Check] = []
    assert not await doctor.session(at, SESSION, tick=told.append)
    assert [check.node for check in told] == [*[os.uname().nodename] * 3, "sec1", "sec1"]
    assert not told[-1].fine
    told.clear()
    assert await doctor.session(at, SESSION, tick=told.append, force=True)
    assert told[-1].verdict is Verdict.ADVICE


async def test_a_glance_makes_nothing(
    at: Places, sides: list[Check], monkeypatch: pytest.MonkeyPatch
) -> None:
    buckets: list[object] = []

    async def look(session: Session, near: Near, bucket: object) -> list[Check]:
        assert near.volume is not None
        buckets.append(bucket)
        return sides

    monkeypatch.setattr(far, "look", look)
    told: list[Check] = []
    assert not await doctor.glance(SESSION, tick=told.append)
    assert told[-1].words == "not empty"
    assert buckets == [None]
    assert not at.state.exists()


async def test_without_root_the_primary_is_not_mounted(
    at: Places, sides: list[Check], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(session: Session, near: Near, bucket: object, hear: object) -> list[Check]:
        assert near.volume is None
        return []

    monkeypatch.setattr(checks, "this_node", lambda: [Check("root", False, "not root", "sudo")])
    monkeypatch.setattr(far, "look", look)
    assert not await doctor.session(at, SESSION, tick=lambda check: None)


@pytest.mark.parametrize(
    ("options", "asked", "yes", "done"),
    [
        pytest.param(ALL_ON, "", True, [], id="all is on"),
        pytest.param({}, "changelog.changelog and geo-", True, [*ALL_ON], id="nothing is"),
        pytest.param({volume.CHANGELOG: "on"}, "indexing on", True, [volume.INDEXING], id="one is"),
        pytest.param({}, "changelog", False, [], id="the operator says no"),
    ],
)
def test_what_is_switched_on(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], asked: str, yes: bool, done: list[str]
) -> None:
    questions: list[str] = []
    switched: list[str] = []

    def agree(question: str) -> bool:
        questions.append(question)
        return yes

    monkeypatch.setattr(volume, "read", lambda name: _volume(options=options))
    monkeypatch.setattr(volume, "switch_on", lambda name, options: switched.extend(options))
    ticks: list[Check] = []
    doctor.enable("gvol", agree, ticks.append)
    assert (len(questions), len(ticks)) == (int(bool(asked)), int(bool(done)))
    assert asked in "".join(questions)
    assert switched == done


def test_what_cannot_be_read_is_for_the_checks_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(name: str) -> Volume:
        raise Retry("glusterd is down")

    def agree(question: str) -> bool:
        raise AssertionError(question)

    monkeypatch.setattr(volume, "read", read)
    doctor.enable("gvol", agree, lambda check: None)


def test_glusterd_is_asked_to_switch_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program = tmp_path / "gluster"
    program.write_text('#!/bin/sh\necho "$*" >> "$0.said"\nexit $(cat "$0.code")\n')
    program.chmod(0o755)
    (tmp_path / "gluster.code").write_text("0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    volume.switch_on("gvol", list(ALL_ON))
    said = (tmp_path / "gluster.said").read_text()
    pairs = "changelog.changelog on geo-replication.indexing on"
    assert said == f"--mode=script volume set gvol {pairs}\n"
    (tmp_path / "gluster.code").write_text("1")
    with pytest.raises(Stop, match="does not switch") as caught:
        volume.switch_on("gvol", [volume.INDEXING])
    assert caught.value.fix.endswith("volume set gvol geo-replication.indexing on")


def test_the_command(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        Check("a", True, "Fine", node="n1"),
        Check("b", True, "It works", "Better so", node="n1"),
        Check("c", False, "It does not", "Mend it.", "why\nit said", node="sec1"),
    ]

    async def examine(at: Places, name: str | None, *, tick: doctor.Tick) -> bool:
        assert name == "s"
        for check in found:
            tick(check)
        return all(check.fine for check in found)

    monkeypatch.setattr(lifecycle, "examine", examine)
    assert cli.main(["doctor", "s"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "✓ n1: Fine",
        "! n1: It works. Better so",
        "✕ sec1: It does not. Mend it.",
        "    why",
        "    it said",
    ]
    assert cli.main(["doctor", "s", "--json"]) == 1
    _, advice, wrong = json.loads(capsys.readouterr().out)
    assert (advice["verdict"], wrong["verdict"]) == ("advice", "wrong")
    assert wrong["node"] == "sec1"
    assert wrong["evidence"] == "why\nit said"
    del found[2]
    assert cli.main(["doctor", "s"]) == 0


def test_the_command_over_this_node(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "this_node", lambda: [Check("root", True, "Running as root")])
    monkeypatch.setattr(checks, "check_mounts", lambda: Check("mounts", True, "none"))
    monkeypatch.setattr(volume, "local_node_uuid", lambda: "uuid-of-it")
    assert cli.main(["doctor"]) == 0
    assert "glusterd knows this node as uuid-of-it" in capsys.readouterr().out
    config.create(at, SESSION)
    wanted.write(at, "s", Wanted.STARTED)
    assert cli.main(["doctor"]) == 1
    assert "No engine runs, and a session is started" in capsys.readouterr().out
    assert cli.main(["doctor", "nope"]) == 2


def test_a_question_that_is_refused_ends_in_a_sentence() -> None:
    assert checks.failed("a", Reject("no.", fix="f")) == Check("a", False, "no", "f")
