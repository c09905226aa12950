import os
from pathlib import Path
from uuid import UUID

import pytest

from engine import config
from engine.config import Places, Session
from engine.errors import Retry, Stop, Usage
from engine.events import EngineStarted, Wanted, WorkerStarted
from engine.gluster import volume, xattrs
from engine.gluster.volume import Brick, Volume
from engine.rpc.messages import PROTOCOL, Welcome
from engine.session import checks, far, lifecycle, marks, wanted
from engine.session.checks import Check, Used
from engine.session.doctor import Tick
from engine.session.journal import Journal
from engine.session.lifecycle import Listed
from engine.session.supervisor import node_name
from engine.session.wanted import Verb

SESSION = Session("s", "gvol", "root", "sec1", "svol")
ON = {"changelog.changelog": "on"}
GIB = 1 << 30
UID = "00000000-0000-4000-8000-00000000000a"


@pytest.fixture
def at(tmp_path: Path) -> Places:
    return Places(tmp_path / "config", tmp_path / "state")


def _volume(*bricks: Brick, started: bool = True, options: dict[str, str] | None = None) -> Volume:
    options = ON if options is None else options
    return Volume("gvol", UID, "", started, "", bricks, 1, 0, 0, 1, options)


def _welcome(free: int = 5 * GIB, inodes: int = 500) -> Welcome:
    return Welcome(
        protocol=PROTOCOL,
        version="1",
        host="sec1",
        pid=1,
        volume_uuid="u",
        mount=b"/m",
        total_bytes=10 * GIB,
        free_bytes=free,
        total_inodes=1000,
        free_inodes=inodes,
    )


def _said(found: list[Check]) -> list[tuple[bool, str]]:
    return [(check.fine, check.words) for check in found]


def test_programs_and_root(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_program("sh", "dash").fine
    missing = checks.check_program("georep-no-such-program", "georep-package")
    assert (missing.fine, missing.fix) == (False, "Install it: apt-get install georep-package")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not checks.check_root().fine
    assert len(list(checks.this_node())) == 1 + len(checks.PROGRAMS)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(_volume(started=False), "Volume gvol is stopped", id="stopped"),
        pytest.param(_volume(options={}), "The bricks of gvol keep no changelog", id="changelog"),
        pytest.param(
            _volume(Brick("h2", "/b", "u2", 0, 0)),
            "No brick of gvol is on this node",
            id="other node",
        ),
        pytest.param(
            _volume(Brick("h1", "/nowhere/b", "u1", 0, 0)),
            "There is no brick at /nowhere/b",
            id="disk away",
        ),
    ],
)
def test_the_primary_is_not_as_it_must_be(
    monkeypatch: pytest.MonkeyPatch, found: Volume, words: str
) -> None:
    monkeypatch.setattr(volume, "read", lambda name: found)
    monkeypatch.setattr(volume, "local_node_uuid", lambda: "u1")
    made, read = checks.primary(SESSION)
    assert read is found
    (wrong,) = [check for check in made if check.words == words]
    assert not wrong.fine
    assert wrong.fix


def test_the_primary_is_fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".glusterfs").mkdir()
    monkeypatch.setattr(volume, "read", lambda name: _volume(Brick("h", str(tmp_path), "u", 0, 0)))
    monkeypatch.setattr(xattrs, "get", lambda brick, name: UUID(UID).bytes)
    monkeypatch.setattr(volume, "local_node_uuid", lambda: "u")
    made, _ = checks.primary(SESSION)
    assert all(check.fine for check in made)


def test_there_is_no_primary(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(name: str) -> Volume:
        raise Stop(f"there is no volume {name}.", fix="Look.", evidence="gluster says no")

    monkeypatch.setattr(volume, "read", read)
    made, found = checks.primary(SESSION)
    assert found is None
    assert made == [
        Check("primary volume", False, "there is no volume gvol", "Look.", "gluster says no")
    ]


@pytest.mark.parametrize(
    ("used", "welcome", "said"),
    [
        pytest.param(None, _welcome(), [], id="nobody knows"),
        pytest.param(
            Used(4 * GIB, 10),
            _welcome(),
            [(True, "fit: 5.0 GiB"), (True, "10 inodes fit")],
            id="fits",
        ),
        pytest.param(
            Used(6 * GIB, 10),
            _welcome(),
            [(True, "fit only if"), (True, "10 inodes fit")],
            id="seeded",
        ),
        pytest.param(
            Used(11 * GIB, 10),
            _welcome(),
            [(False, "do not fit"), (True, "10 inodes fit")],
            id="too small",
        ),
        pytest.param(
            Used(5, 2000),
            _welcome(),
            [(True, "5 bytes fit"), (False, "2000 inodes do not")],
            id="inodes",
        ),
    ],
)
def test_room(used: Used | None, welcome: Welcome, said: list[tuple[bool, str]]) -> None:
    made = list(far.check_room(SESSION, welcome, used))
    assert [check.fine for check in made] == [fine for fine, _ in said]
    assert all(words in check.words for check, (_, words) in zip(made, said, strict=True))


def test_a_directory_is_no_volume_in_any_sentence() -> None:
    session = Session("s", "gvol", "root", "b1", "/srv/b")
    said = [far.check_agent(session, _welcome())]
    said += far.check_room(session, _welcome(), Used(99 * GIB, 1))
    text = "\n".join(f"{check.words}. {check.fix}" for check in said)
    assert "can write to /srv/b" in text
    assert "Make the secondary disk larger." in text
    assert "volume" not in text


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("gvol", "root@b1.example.com::svol"), "gvol-b1.example.com-svol"),
        (("gvol", "[fe80::1%eth0]::svol"), "gvol-fe80--1-eth0-svol"),
        (("gvol", "b1:/srv/backup=1"), "gvol-b1-srv-backup-1"),
        ((":gvol", "ssh://b1:file:///srv/ü"), "gvol-b1-srv--"),
    ],
)
def test_the_usual_name(words: tuple[str, str], name: str) -> None:
    assert lifecycle.draft(*words).name == name


def _pass(monkeypatch: pytest.MonkeyPatch, *, fine: bool) -> None:
    async def check(at: Places, session: Session, *, tick: Tick, force: bool) -> bool:
        tick(Check("all", fine, "Looked at it"))
        return fine

    monkeypatch.setattr(lifecycle, "check", check)


async def test_create_writes_and_starts_nothing(
    at: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pass(monkeypatch, fine=True)
    ticks: list[Check] = []
    made = await lifecycle.create(
        at, "gvol", "sec1::svol", name="s", settings=["ssh-port=2222"], tick=ticks.append
    )
    assert config.read(at, "s") == made
    assert made.options.ssh_port == 2222
    assert wanted.read(at, "s") is Wanted.CREATED
    assert [check.name for check in ticks] == ["all"]
    with pytest.raises(Usage, match="exists already"):
        await lifecycle.create(at, "other", "sec2::svol", name="s")


@pytest.mark.parametrize(
    ("found", "heeds"),
    [
        pytest.param(Check("loop", True, "Svol leads nowhere"), True, id="nothing was forced"),
        pytest.param(Check("content", True, "It is full", "Empty it."), True, id="something else"),
        pytest.param(Check("loop", True, "Svol leads back", "Stop."), False, id="a loop"),
        pytest.param(Check("other primaries", True, "Too", "Stop."), False, id="a second primary"),
    ],
)
async def test_what_was_forced_is_not_refused_later(
    at: Places, monkeypatch: pytest.MonkeyPatch, found: Check, heeds: bool
) -> None:
    async def check(at: Places, session: Session, *, tick: Tick, force: bool) -> bool:
        assert force
        tick(found)
        return True

    monkeypatch.setattr(lifecycle, "check", check)
    made = await lifecycle.create(at, "gvol", "sec1::svol", name="s", force=True)
    assert made.options.heed_marks is heeds
    assert config.read(at, "s") == made


async def test_create_refuses_when_a_check_failed(
    at: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pass(monkeypatch, fine=False)
    with pytest.raises(Stop, match="not every check passed"):
        await lifecycle.create(at, "gvol", "sec1::svol", name="s")
    assert config.names(at) == []


async def test_start_without_an_engine_notes_the_wish_and_says_so(at: Places) -> None:
    config.create(at, SESSION)
    with pytest.raises(Retry, match="noted as started, but no engine acts on it") as caught:
        await lifecycle.start(at, "s")
    assert "georep-engine run" in caught.value.fix
    assert wanted.read(at, "s") is Wanted.STARTED
    with pytest.raises(Retry, match="noted as stopped"):
        await lifecycle.stop(at, "s")
    with pytest.raises(Usage, match="no session x"):
        await lifecycle.start(at, "x")


@pytest.mark.parametrize(
    ("now", "verb", "then"),
    [
        (Wanted.CREATED, Verb.START, Wanted.STARTED),
        (Wanted.CREATED, Verb.STOP, Wanted.STOPPED),
        (Wanted.CREATED, Verb.PAUSE, "has not been started yet: there is nothing to pause"),
        (Wanted.CREATED, Verb.RESUME, "has not been started yet: there is nothing to resume"),
        (Wanted.STARTED, Verb.START, Wanted.STARTED),
        (Wanted.STARTED, Verb.STOP, Wanted.STOPPED),
        (Wanted.STARTED, Verb.PAUSE, Wanted.PAUSED),
        (Wanted.STARTED, Verb.RESUME, Wanted.STARTED),
        (Wanted.PAUSED, Verb.START, "is paused: there is nothing to start"),
        (Wanted.PAUSED, Verb.STOP, Wanted.STOPPED),
        (Wanted.PAUSED, Verb.PAUSE, Wanted.PAUSED),
        (Wanted.PAUSED, Verb.RESUME, Wanted.STARTED),
        (Wanted.STOPPED, Verb.START, Wanted.STARTED),
        (Wanted.STOPPED, Verb.STOP, Wanted.STOPPED),
        (Wanted.STOPPED, Verb.PAUSE, "is stopped: there is nothing to pause"),
        (Wanted.STOPPED, Verb.RESUME, "is stopped: there is nothing to resume"),
    ],
)
def test_what_is_wanted_afterwards(now: Wanted, verb: Verb, then: Wanted | str) -> None:
    if isinstance(then, Wanted):
        assert wanted.after(now, verb, "s") is then
    else:
        with pytest.raises(Usage, match=then) as caught:
            wanted.after(now, verb, "s")
        assert "Say georep" in caught.value.fix


async def test_a_word_that_makes_no_sense_is_mended_by_start_and_stop(at: Places) -> None:
    config.create(at, SESSION)
    at.of("s").mkdir(parents=True)
    for act in (lifecycle.start, lifecycle.stop):
        (at.of("s") / "wanted").write_text("flying\n")
        with pytest.raises(Usage, match="'flying'"):
            await lifecycle.pause(at, "s")
        with pytest.raises(Retry, match="no engine acts on it"):
            await act(at, "s")


async def test_delete_takes_positions_off_the_bricks_of_this_secondary_alone(
    at: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"trusted.glusterfs.p.other.stime", "trusted.glusterfs.p.sec.entry_stime"}
    there.add("trusted.glusterfs.p.sec.stime")

    def remove(target: object, name: bytes) -> bool:
        assert target == "/b1"
        found = name.decode() in there
        there.discard(name.decode())
        return found

    volume_ = Volume("gvol", "p", "", True, "", (Brick("h", "/b1", "u1", 0, 0),), 1, 0, 0, 1, {})
    monkeypatch.setattr(xattrs, "remove", remove)
    monkeypatch.setattr(volume, "read", lambda name: volume_)
    monkeypatch.setattr(volume, "local_node_uuid", lambda: "u1")
    config.create(at, SESSION)
    wanted.write(at, "s", Wanted.STOPPED)
    with pytest.raises(Usage, match="never reached its secondary"):
        await lifecycle.delete(at, "s", reset=True)
    assert config.names(at) == ["s"]
    marks.note(at, "s", "sec")
    assert await lifecycle.delete(at, "s", reset=True) == ["/b1"]
    assert there == {"trusted.glusterfs.p.other.stime"}
    assert config.names(at) == []


async def test_delete_of_a_session_that_never_ran_takes_nobody_s_position(
    at: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(target: object, name: bytes) -> bool:
        raise AssertionError("whose positions are on the bricks, it cannot know")

    monkeypatch.setattr(xattrs, "remove", remove)
    config.create(at, SESSION)
    assert await lifecycle.delete(at, "s", reset=True) == []
    assert config.names(at) == []


async def test_delete_leaves_nothing(at: Places) -> None:
    config.create(at, SESSION)
    wanted.write(at, "s", Wanted.STOPPED)
    await lifecycle.delete(at, "s")
    assert config.names(at) == []
    assert not at.of("s").exists()
    with pytest.raises(Usage, match="no session s"):
        await lifecycle.delete(at, "s")


async def test_a_bad_file_or_word_is_listed_with_its_reason(at: Places) -> None:
    config.create(at, SESSION)
    at.file("bad").write_text("primary: [\n")
    (at.of("s")).mkdir(parents=True)
    (at.of("s") / "wanted").write_text("flying\n")
    bad, odd = lifecycle.listed(at)
    assert isinstance(bad, Listed)
    assert "not YAML" in bad.error
    assert "'flying'" in odd.error
    state = await lifecycle.status(at)
    assert state.sessions["bad"].blocked[node_name()].cause == "configuration"


async def test_a_dead_engine_s_workers_are_not_shown_alive(at: Places) -> None:
    config.create(at, SESSION)
    node = node_name()
    journal = Journal(at.of("s") / "journal")
    journal.append(EngineStarted(at=1.0, node=node, version="1", pid=1))
    journal.append(WorkerStarted(at=2.0, session="s", worker=f"{node}:/b", pid=2, restart=0))
    journal.close()
    state = await lifecycle.status(at, "s")
    ended = state.sessions["s"].workers[f"{node}:/b"].ended
    assert ended is not None
    assert ended.at == 2.0
    assert state.at == 2.0
