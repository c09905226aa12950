"""Each option has an effect, and a test of it here, called after it."""

import asyncio
import errno
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import cast

import pytest
from replicating import World

from engine import config, options
from engine.config import Places, Session
from engine.errors import Stop, Usage
from engine.events import HookEnded, PositionMoved, Role
from engine.gluster import mount, objects, params, xattrs
from engine.gluster.objects import Scope
from engine.gluster.volume import Brick, Volume
from engine.item import ROOT, Attributes, Facts, Gfid, Kind, Place, Refused
from engine.movers import choice, rsync, stream
from engine.movers.job import Job, Mover
from engine.movers.pace import Bucket
from engine.movers.ways import Ways
from engine.options import Options
from engine.peers import Known, Peer
from engine.plan.items import Manner
from engine.plan.lineage import Left
from engine.plan.patience import Verdict, verdict
from engine.primary import election, meta_lock
from engine.primary.meta_lock import MetaLock
from engine.rpc.channel import Channel
from engine.rpc.messages import PROTOCOL, Hello
from engine.rpc.route import Route
from engine.rpc.shared import Shared
from engine.secondary import opened
from engine.session import bulk, checkpoints, checks, local, marked, nodes
from engine.session.bulk import Bulk
from engine.session.following import Following
from engine.session.marked import Marked
from engine.session.marking import Marking
from engine.session.quarantine import Quarantine
from engine.session.reaching import Reaching
from engine.session.recrawling import Recrawling
from engine.session.settings import Settings
from engine.session.sides import Side, Within
from engine.session.trying import Trying
from engine.session.turn import Turn

BRICK = Brick("h1", "/b1", "u1", 0, 0)
VOLUME = Volume("gvol", "uuid", "", True, "", (BRICK,), 1, 0, 0, 1, {})
A = Place(ROOT, b"a")


def _session(*settings: str) -> Session:
    chosen = options.changed(Options(), settings, where="test")
    return Session("s", "gvol", "root", "sec1", "svol", chosen)


def _route(*settings: str) -> Route:
    return checks.route(_session(*settings))


def test_every_option_has_a_test_here() -> None:
    fields = [option.field for option in options.TABLE.values()]
    tests = [name for name in globals() if name.startswith("test_")]
    untested = [field for field in fields if f"test_{field}" not in tests]
    assert untested == []


def test_ssh_port() -> None:
    assert _route("ssh-port=2222").openssh()[:3] == ["ssh", "-p", "2222"]
    for text in ("-22", "abc", "6875943", "4.5", "22a", "0", "65536"):
        with pytest.raises(Usage, match="ssh-port cannot be"):
            _route(f"ssh-port={text}")


def test_ssh_key() -> None:
    assert "/k/id" in _route("ssh-key=/k/id").openssh()


def test_known_hosts() -> None:
    assert _route("known-hosts=/k/h").known_hosts_files() == ["/k/h"]
    assert "-oUserKnownHostsFile=/k/h" in _route("known-hosts=/k/h").openssh()


def test_agent_command() -> None:
    route = _route("agent-command=nice georep-engine")
    assert stream.command(route, b"/here", b"/there", [])[-1] == "nice georep-engine receive /there"


def test_secondary_hosts() -> None:
    known = Known(secondary="", volume="v", uuid="", nodes=(Peer("u", "sec2"),))
    assert nodes.hosts(_session(), known) == ["sec1", "sec2"]
    assert nodes.hosts(_session("secondary-hosts=b1 b2"), known) == ["b1", "b2"]


def test_secondary_timeout() -> None:
    assert _route("secondary_timeout=30").silence == 30


def test_connection_timeout(tmp_path: Path) -> None:
    assert _route("connection-timeout=7").timeout == 7
    assert "-oConnectTimeout=7" in _route("connection-timeout=7").openssh()
    assert _job(tmp_path, "connection-timeout=7").start == 44.0


def _job(folder: Path, *settings: str) -> local.Job:
    made = local.jobs(Places(folder / "config", folder / "state"), "h1")
    return made(_session(*settings), BRICK, VOLUME, None)


def test_access_mount(tmp_path: Path) -> None:
    assert "unshare" in _job(tmp_path).command
    seen = _job(tmp_path, "access-mount=true").command
    assert "unshare" not in seen
    assert "setpriv" in seen


def test_gluster_params(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = params.words(_session("gluster-params=acl use-readdirp=no").options.gluster_params)
    assert words == ("--use-readdirp=no",)
    started: list[Sequence[str]] = []

    def refuse(command: Sequence[str], **_: object) -> None:
        started.append(command)
        raise OSError(errno.ENOENT, "no client")

    monkeypatch.setattr(mount, "RUN", tmp_path)
    monkeypatch.setattr(mount, "_glusterfs", lambda: "glusterfs")
    monkeypatch.setattr(mount.subprocess, "Popen", refuse)
    one = mount.Mount("gvol", label="x", log=tmp_path / "log", params=words)
    with pytest.raises(OSError, match="no client"):
        one.start(1.0)
    (command,) = started
    assert command.index("--use-readdirp=no") < command.index("--volfile-id=gvol")
    assert mount.THOROUGH in command


@pytest.mark.parametrize(
    "text", ["volfile-id=other", "--acl", "/mnt", "attribute-timeout=600", "client-pid=1", "'", "A"]
)
def test_gluster_params_that_are_refused(text: str) -> None:
    with pytest.raises(Usage, match="gluster-params cannot be"):
        _session(f"gluster-params={text}")


def test_sync_method() -> None:
    assert choice.order("rsync", new=False)[0] is Mover.RSYNC
    assert choice.order("tarssh", new=False)[0] is Mover.STREAM
    assert _session("sync-method=tarssh").options.sync_method == choice.TARSSH


async def _called(
    monkeypatch: pytest.MonkeyPatch, folder: Path, mover: Mover, *settings: str
) -> dict[str, object]:
    """Return what rsync, or the stream, is called with."""
    found: dict[str, object] = {}

    async def run(*_: object, **more: object) -> Job:
        found.update(more)
        return Job(mover, 0, 0)

    monkeypatch.setattr(rsync, "run", run)
    monkeypatch.setattr(stream, "run", run)
    session = _session(*settings)
    route = checks.route(session)
    bucket = Bucket.of(session, folder)
    shared = Shared(route, folder)
    shared._socket.write_text("")
    await Ways.of(session, route, b"/there", bucket, shared).run(mover, b"/here", [], 0)
    return found


async def test_rsync_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called = await _called(monkeypatch, tmp_path, Mover.RSYNC, "rsync-command=/opt/rsync")
    assert called["program"] == "/opt/rsync"


async def test_rsync_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called = await _called(monkeypatch, tmp_path, Mover.RSYNC, "rsync-options=--whole-file")
    assert called["options"] == "--whole-file"
    argv = rsync.command(
        *(_route(), b"/here", b"/there"), shell=[], program="rsync", options="--whole-file"
    )
    assert "--whole-file" in argv


async def test_rsync_ssh_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = "rsync-ssh-options=-C -oCompressionLevel=1"
    shell = (await _called(monkeypatch, tmp_path, Mover.RSYNC, words))["shell"]
    assert isinstance(shell, list)
    assert shell[-2:] == ["-C", "-oCompressionLevel=1"]
    assert "-oControlMaster=no" in shell
    assert "-oControlPath=none" in shell, "a connection that is open already is not compressed"
    plain = (await _called(monkeypatch, tmp_path, Mover.STREAM, words))["shell"]
    assert isinstance(plain, list)
    assert "-C" not in plain


def test_bandwidth(tmp_path: Path) -> None:
    bucket = Bucket.of(_session(), tmp_path)
    assert not bucket.limited
    settings = Settings(Options())
    settings.follow(bucket.take_up)
    settings.change({"bandwidth": "1m"})
    assert bucket.limited
    bucket.take(1 << 20)
    assert bucket.take(1 << 20) > 0
    settings.change({"bandwidth": "0"})
    assert bucket.words() == ()


def test_bandwidth_timetable(tmp_path: Path) -> None:
    bucket = Bucket.of(_session(), tmp_path)
    bucket.take_up(Options(bandwidth_timetable="00:00-24:00 64k"))
    assert "00:00-24:00 64k" in bucket.words()


def test_sync_jobs(tmp_path: Path) -> None:
    jobs = _session("sync-jobs=7").options.sync_jobs
    made = Bulk(
        cast("Trying", None), cast("Channel", None), cast("bulk.Report", None), here=b"", jobs=jobs
    )
    assert made._slots._value == 7


def test_change_detector() -> None:
    """That it crawls and crawls, `tests/test_recrawling.py` shows, and on bricks the lab."""
    for text, checked in (("changelog", True), ("xsync", False)):
        found = _checks(f"change-detector={text}")
        assert ("changelog" in found) is checked
    with pytest.raises(Usage, match="change-detector cannot be 'xtime'"):
        _session("change-detector=xtime")


def _checks(*settings: str) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks.volume, "read", lambda _name: VOLUME)
        patch.setattr(checks.volume, "local_node_uuid", lambda: "u1")
        found, _ = checks.primary(_session(*settings))
    return [check.name for check in found]


def test_change_interval() -> None:
    one = Recrawling(*[None] * 6)  # type: ignore[arg-type]
    one.take_up(Options(change_interval=7))
    assert one._interval == 7


@pytest.mark.parametrize(
    ("setting", "left"),
    [("sync-xattrs=false", {objects.ACCESS_ACL: b"a"}), ("sync-acls=false", {b"user.x": b"u"})],
)
def test_sync_xattrs(setting: str, left: dict[bytes, bytes]) -> None:
    scope = _route(setting).scope
    there = {b"user.x": b"u", objects.ACCESS_ACL: b"a", b"trusted.x": b"t"}
    assert objects.that_travel(there, scope) == left
    hello = Hello(
        protocol=PROTOCOL,
        version="1",
        session="s",
        worker="",
        volume="v",
        silence=0,
        users=scope.users,
        acls=scope.acls,
    )
    assert opened._scope(hello) == scope


def test_sync_acls(tmp_path: Path) -> None:
    """What is left out is neither set nor removed on the secondary, nor told by `verify`."""
    path = os.fsencode(tmp_path / "f")
    (tmp_path / "f").write_text("")
    xattrs.put(path, b"user.theirs", b"1")
    scope = checks.scope(_session("sync-xattrs=false"))
    assert objects.travelling(path, scope) == {}
    assert objects.travelling(path) == {b"user.theirs": b"1"}

    class _Side:
        listing = digests = None

        async def facts(self, places: Sequence[Place]) -> list[Facts | None]:
            told = {b"user.x": b"1", objects.DEFAULT_ACL: b"2"}
            shape = Attributes(0o100644, 0, 0, 0, 0, 0)
            return [None, Facts(Gfid("g"), Kind.FILE, shape, 1, xattrs=told)]

    nothing, seen = asyncio.run(Within(cast("Side", _Side()), Scope(acls=False)).facts([A, A]))
    assert nothing is None
    assert seen is not None
    assert seen.xattrs == {b"user.x": b"1"}


@pytest.mark.parametrize("keeps", [True, False])
async def test_ignore_deletes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: bool) -> None:
    assert _session("ignore_deletes=true").options.ignore_deletes is True
    world = World(tmp_path, monkeypatch)
    world.manner = Manner(keeps=keeps)
    world.begin()
    try:
        gfid = world.make(A)
        await world.worker.make_so(world.heard())
        world.primary.remove(A)
        await world.worker.make_so(world.heard())
        assert world.secondary.tree() == ({A: gfid} if keeps else {})
    finally:
        world.close()


@pytest.mark.parametrize("patient", [True, False])
async def test_gfid_conflict_resolution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patient: bool
) -> None:
    assert _session("gfid-conflict-resolution=no").options.gfid_conflict_resolution is False
    world = World(tmp_path, monkeypatch)
    world.manner = Manner(patient=patient)
    world.begin()
    try:
        stranger = world.make(A)
        await world.worker.make_so(world.heard())
        del world.primary.places[A], world.primary.things[stranger]
        gfid = world.make(A)
        await world.worker.make_so(world.heard())
        assert world.secondary.tree() == {A: stranger if patient else gfid}
        assert world.ledger.empty is not patient
    finally:
        world.close()


async def test_max_rsync_retries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Refused(gfid=Gfid("g"), doing="copy", errno=0, words="short")
    assert verdict(refused, 3, 0, most=4) is Verdict.AGAIN
    assert verdict(refused, 4, 0, most=4) is Verdict.LEDGER
    monkeypatch.setattr("engine.session.failing._GAP", 0.0)
    world = World(tmp_path, monkeypatch)
    try:
        world.worker.failing.take_up(Options(max_rsync_retries=5))
        world.make(A)
        world.primary.write(A, bytes(4000))
        world.bulk.wrong = "short"
        await world.worker.make_so(world.heard())
        assert len(world.bulk.asked) == 5
        assert not world.ledger.empty
    finally:
        world.close()


def test_log_rsync_performance(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(Mover.RSYNC, 3, 0, 1.5, moved={Gfid("g"): 5}, sent=9, literal=5)
    assert bulk.figures(7, job, 20, 2) == (
        "rsync job 7: 3 files of 20 bytes, 1 moved, 2 not whole, 9 bytes sent, 0 matched, "
        "5 literal, 1.50 s, exit code 0"
    )


def test_quarantine_days() -> None:
    one = Quarantine(cast("Channel", None), None, None, days=0)  # type: ignore[arg-type]
    one._due = time.monotonic() + 1000
    one.take_up(Options(quarantine_days=3))
    assert (one._days, one._due) == (3, 0.0)


@pytest.mark.parametrize("limit", [0, 10])
async def test_push_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    assert _session(f"push-limit={limit}").options.push_limit == limit
    monkeypatch.setattr("replicating.SMALL", limit)
    world = World(tmp_path, monkeypatch)
    try:
        gfid = world.make(A)
        world.primary.write(A, b"x" * 11)
        await world.worker.make_so(world.heard())
        assert world.bulk.asked == [gfid], "it did not travel inside"
    finally:
        world.close()


_LOCKER = """
import sys
from pathlib import Path
from engine.primary import meta_lock
meta_lock.os.path.ismount = lambda path: True
lock = meta_lock.MetaLock(Path(sys.argv[1]), primary="p", secondary="s", subvolume=0)
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_use_meta_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meta").mkdir()
    lock = MetaLock(tmp_path / "meta", primary="p", secondary="s", subvolume=0)
    turn = Turn(tmp_path, BRICK, {}, lock)
    monkeypatch.setattr(election, "answers", lambda *_: True)
    with pytest.raises(Stop, match="nothing is mounted"):
        turn.decide(b"/mount")
    monkeypatch.setattr(meta_lock.os.path, "ismount", lambda _path: True)
    decided = turn.decide(b"/mount")
    assert (decided.role, "lock" in decided.reason) == (Role.ACTIVE, True)
    assert turn.still(b"/mount")
    argv = [sys.executable, "-c", _LOCKER, str(tmp_path / "meta")]
    assert _other(argv) == b"False\n", "one has it"
    turn.release()
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"True\n"
        assert turn.decide(b"/mount").role is Role.PASSIVE
        assert not turn.comes(b"/mount")
        other.kill()
    assert turn.comes(b"/mount"), "the kernel lets go for the dead"
    monkeypatch.setattr(election, "answers", lambda *_: False)
    assert not turn.still(b"/mount"), "its brick is down"
    assert _other(argv) == b"True\n"


def _other(argv: list[str]) -> bytes:
    done = subprocess.run(argv, input=b"", stdout=subprocess.PIPE, check=True)
    return done.stdout


def test_meta_volume_mnt() -> None:
    options = _session("meta_volume_mnt=/mnt/meta", "use-meta-volume=true").options
    lock = MetaLock(Path(options.meta_volume_mnt), primary="p", secondary="s", subvolume=1)
    assert str(lock._path) == "/mnt/meta/geo-rep/p_s_subvol_2.lock"


def test_replica_failover_interval() -> None:
    one = Following("/b", *[None] * 6, None)  # type: ignore[arg-type]
    one.take_up(Options(replica_failover_interval=30))
    assert one._ask == 30


async def test_checkpoint_command(tmp_path: Path) -> None:
    at, done = Places(tmp_path / "etc", tmp_path / "var"), asyncio.Event()
    said = tmp_path / "said"
    checkpoints.put(at, "s", "x", 100, 1.0)
    told = Reaching(at, "s", "n", lambda event: isinstance(event, HookEnded) and done.set())
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        watching = group.create_task(told.watch())
        told.look(_session(f"checkpoint-command=sh -c 'echo $GEOREP_CHECKPOINT > {said}'"))
        told.follow({"n:/b": 0})
        told.hear(PositionMoved(at=1, session="s", worker="n:/b", stime=100, slice=0))
        await done.wait()
        watching.cancel()
    assert said.read_text() == "x\n"


def test_log_level() -> None:
    assert _route("log-level=debug").log_level == "DEBUG"
    assert _route("log-level=DEBUG").log_level == "DEBUG"


def test_what_is_set_is_written_as_it_is_read_otherwise_than_it_is_read() -> None:
    session = _session("access-mount=yes", "log_rsync_performance=1")
    text = config.render(session)
    assert "access-mount: true\n" in text
    assert config.parse("s", text.encode(), where="f") == session


@pytest.mark.parametrize(("setting", "goes_on"), [("true", False), ("false", True)])
async def test_heed_marks(setting: str, goes_on: bool) -> None:
    async def there() -> Marked:
        left = (Left("uuid-of-svol", 1, 9, None),)
        return Marked(left, clock=5)

    channel = cast("Channel", None)
    session = _session(f"heed-marks={setting}")
    one = Marking.of(Places(Path("/c"), Path("/s")), session, VOLUME, channel, uuid="u", here=there)
    near, far = Marked(), await there()
    with nullcontext() if goes_on else pytest.raises(Stop, match="is replicated to svol, too"):
        marked.refuse(one.pair, near, far, heed=one.heed)
