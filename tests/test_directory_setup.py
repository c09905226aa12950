"""Which directories can be a secondary, and what an operator hears of those that cannot; and the
agent that serves one, without a program of GlusterFS.
"""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import directories
import msgspec
import pytest
import xattr
from directories import PRIMARY, Crash, crashing
from test_apply import A, item

from engine import __version__
from engine.errors import Stop
from engine.item import ROOT, Done, Place
from engine.keeping import Owner
from engine.movers.job import Mover
from engine.movers.pace import Bucket
from engine.movers.ways import Ways
from engine.rpc.frames import Unframer, frame
from engine.rpc.messages import (
    PROTOCOL,
    AnyMessage,
    Applied,
    Apply,
    Found,
    Hello,
    Lookup,
    Sorry,
    Sync,
    Synced,
    Welcome,
)
from engine.rpc.route import Route
from engine.secondary import directory_setup
from engine.secondary.directory_setup import Identity

OTHER = "00000000-aaaa-4bbb-8ccc-000000000000"


@pytest.fixture(params=directories.USERS)
def user(request: pytest.FixtureRequest) -> Iterator[str]:
    """Be each of those that an agent can be."""
    with directories.acting(request.param):
        yield request.param


@pytest.fixture
def anybodys(user: str) -> Iterator[Path]:
    """Give an empty folder of that user."""
    with directories.ground() as folder:
        directories.needs_trusted_xattrs(folder)
        (folder / "secondary").mkdir()
        yield folder / "secondary"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directories.needs_trusted_xattrs(tmp_path)
    folder = tmp_path / "secondary"
    folder.mkdir()
    return folder


def made(root: Path, primary: str = PRIMARY, *, make: bool = True) -> Identity:
    return directory_setup.identify(root, primary, make=make)


def test_it_is_made_once_and_known_again(anybodys: Path) -> None:
    first = made(anybodys)
    assert first.primary == PRIMARY
    assert first.uuid not in ("", PRIMARY)
    for again in (made(anybodys), made(anybodys, make=False), made(anybodys, "", make=False)):
        assert again == first
    assert os.listdir(anybodys) == [".georep"]
    assert (anybodys / ".georep").stat().st_mode & 0o777 == 0o700


def test_a_new_disk_is_empty(anybodys: Path) -> None:
    (anybodys / "lost+found").mkdir()
    assert made(anybodys).primary == PRIMARY


def _copied(root: Path) -> None:
    made(root)
    shutil.copytree(root, root.parent / "copy")
    shutil.rmtree(root)
    (root.parent / "copy").rename(root)
    for name in (directories.GFID, directories.PLAIN_GFID):
        os.removexattr(root, name) if name in os.listxattr(root) else None


def _other_format(root: Path) -> None:
    found = made(root)
    path = root / ".georep/identity.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(found, format=99)))


REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "not there": (Path.rmdir, "directory missing", "mkdir -p"),
    "a file": (lambda r: (r.rmdir(), r.write_text("")), "directory missing", "mkdir -p"),
    "not empty": (lambda r: (r / "x").write_text(""), "directory not empty", "Name an empty one"),
    "another volume's": (
        lambda r: made(r, OTHER),
        "directory of another volume",
        "Name an empty directory",
    ),
    "a copy without xattrs": (_copied, "directory damaged", "with all xattrs"),
    "an identity that is none": (
        lambda r: (made(r), (r / ".georep/identity.json").write_text("{}")),
        "directory damaged",
        "with all xattrs",
    ),
    "another version's": (_other_format, "version mismatch", "Install the version"),
}


@pytest.mark.parametrize("make", [True, False])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_says_what_to_do(anybodys: Path, case: str, *, make: bool) -> None:
    prepare, cause, fix = REFUSED[case]
    prepare(anybodys)
    with pytest.raises(Stop) as caught:
        made(anybodys, make=make)
    assert caught.value.cause == cause
    assert fix in caught.value.fix
    assert str(anybodys) in caught.value.sentence()


def test_a_worker_never_fills_an_empty_mount_point(anybodys: Path) -> None:
    with pytest.raises(Stop, match="is empty") as caught:
        made(anybodys, make=False)
    assert caught.value.fix.startswith("Mount its disk")
    assert os.listdir(anybodys) == []


def test_a_file_system_without_xattrs_is_named(
    anybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_args: object, **_more: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(xattr, "set", none)
    with pytest.raises(Stop, match=r"does not keep (trusted|user)\.\* xattrs") as caught:
        made(anybodys)
    assert "ext4, XFS" in caught.value.fix
    monkeypatch.undo()
    assert made(anybodys).primary == PRIMARY


def test_nodes_that_create_in_the_same_moment_make_it_once(root: Path) -> None:
    """Each in a process of its own, as agents are; all begin when the last one is there."""
    script = (
        "import sys; from pathlib import Path; from engine.secondary import directory_setup as d;"
        "print(flush=True); sys.stdin.readline();"
        f"print(d.identify(Path({str(root)!r}), {PRIMARY!r}, make=True).uuid)"
    )
    agents = [
        subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, stderr=-1, text=True)
        for _ in range(8)
    ]
    for agent in agents:
        assert agent.stdout is not None
        agent.stdout.readline()
    for agent in agents:
        assert agent.stdin is not None
        agent.stdin.write("\n")
        agent.stdin.flush()
    said = [agent.communicate() for agent in agents]
    assert {out for out, _ in said} == {f"{made(root).uuid}\n"}, said


def test_a_crash_while_it_is_made_leaves_an_empty_directory(anybodys: Path) -> None:
    stopped, found = 0, None
    while found is None:
        with crashing(stopped):
            try:
                made(anybodys)
            except Crash:
                stopped += 1
        with suppress(Stop):
            found = made(anybodys, make=False)
    assert stopped > 5
    assert made(anybodys) == found


# The agent.

Ask = Callable[[AnyMessage], AnyMessage]


@pytest.fixture
def agent() -> Iterator[Ask]:
    """Give an agent that finds no program at all, and a way to ask it."""
    with an_agent() as ask:
        yield ask


@contextmanager
def an_agent() -> Iterator[Ask]:
    """Give an agent of whoever we are."""
    code = "import os, sys; from engine.secondary import agent\n"
    code += f"{directories.become()}\nsys.exit(agent.main([]))"
    with directories.starting():
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert process.stdin is not None
    assert process.stdout is not None
    source, sink = process.stdout, process.stdin
    unframer = Unframer(after_magic=True)

    def ask(message: AnyMessage) -> AnyMessage:
        sink.write(frame(message))
        sink.flush()
        while True:
            data = os.read(source.fileno(), 1 << 16)
            assert data, "the agent ended"
            for answer in unframer.feed(data):
                return answer

    try:
        yield ask
    finally:
        sink.close()
        assert process.wait(30) in (0, 1)
        source.close()


def hello(root: Path, *, worker: str = "", primary: str = PRIMARY) -> Hello:
    return Hello(
        protocol=PROTOCOL,
        version=__version__,
        session="s",
        worker=worker,
        volume=str(root),
        primary=primary,
        silence=0,
    )


def test_the_agent_needs_no_glusterfs(root: Path, agent: Ask) -> None:
    identity = made(root)
    welcome = agent(hello(root, worker="n:/b"))
    assert isinstance(welcome, Welcome)
    assert welcome.volume_uuid == identity.uuid
    assert welcome.mount == os.fsencode(root / ".georep")
    assert welcome.total_bytes >= welcome.free_bytes > 0
    assert not welcome.read_only
    applied = agent(Apply(id=1, items=(item(A, Place(ROOT, b"a"), data=b"12"),)))
    assert isinstance(applied, Applied)
    assert isinstance(applied.answers[0], Done)
    found = agent(Lookup(id=2, gfids=(A,), places=(Place(ROOT, b"a"),)))
    assert isinstance(found, Found)
    assert found.gfids == found.places
    assert (root / "a").read_bytes() == b"12"
    assert agent(Sync(id=4)) == Synced(id=4)


def test_a_worker_makes_no_directory_a_secondary(root: Path, agent: Ask) -> None:
    refused = agent(hello(root, worker="n:/b"))
    assert isinstance(refused, Sorry)
    assert (refused.cause, os.listdir(root)) == ("directory not set up", [])


def test_create_makes_a_directory_a_secondary(root: Path, agent: Ask) -> None:
    welcome = agent(hello(root))
    assert isinstance(welcome, Welcome)
    assert welcome.volume_uuid == made(root, make=False).uuid


def test_an_agent_refuses_the_directory_of_another_volume(root: Path, agent: Ask) -> None:
    made(root, OTHER)
    refused = agent(hello(root, worker="n:/b"))
    assert isinstance(refused, Sorry)
    assert refused.cause == "directory of another volume"


# Large files: the real movers, to the handles.

SSH = """#!/bin/sh
while [ "$1" != host ]; do shift; done
shift
exec sh -c "$*"
"""


@pytest.fixture
def route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Route:
    """Give a way to this machine itself, without a login."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "ssh").write_text(SSH)
    (bin_ / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    return Route(host="host", command=f"{sys.executable} -m engine")


@pytest.mark.parametrize("mover", Mover)
async def test_movers_write_into_the_object_itself(
    root: Path, tmp_path: Path, route: Route, mover: Mover
) -> None:
    mount = tmp_path / "mount"
    (mount / ".gfid").mkdir(parents=True)
    content = os.urandom(3 << 20)
    absent = A.replace("1", "2")
    for gfid in (A, absent):
        (mount / ".gfid" / gfid).write_bytes(content)
    target = directories.made(root)
    target.create(item(A, Place(ROOT, b"a")), Place(ROOT, b"a"))
    target.link(A, Place(ROOT, b"b"))
    before = (root / "a").stat()
    ways = Ways(route, os.fsencode(root / ".georep"))
    for data in (content, content[: 1 << 20], b""):
        (mount / ".gfid" / A).write_bytes(data)
        job = await ways.run(mover, os.fsencode(mount), [A, absent], len(data))
        assert (job.code, job.moved) == (0, {A: len(data)}), job.words
        assert (root / "a").read_bytes() == data
    after = (root / "b").stat()
    assert (after.st_ino, after.st_nlink, after.st_mode) == (before.st_ino, 3, before.st_mode)
    assert directories.orphans(root) == set()
    assert directories.faults(root) == []
    target.close()


@pytest.mark.parametrize("mover", Mover)
@pytest.mark.parametrize("timetable", ["", "00:00-24:00 900m"])
async def test_holes_stay_holes_and_a_limit_changes_nothing(
    root: Path, tmp_path: Path, route: Route, mover: Mover, timetable: str
) -> None:
    mount = tmp_path / "mount"
    (mount / ".gfid").mkdir(parents=True)
    near = mount / ".gfid" / A
    near.write_bytes(os.urandom(1 << 20))
    os.truncate(near, 64 << 20)
    target = directories.made(root)
    target.create(item(A, Place(ROOT, b"a")), Place(ROOT, b"a"))
    far = root / "a"
    far.write_bytes(os.urandom(3 << 20))
    bucket = Bucket(tmp_path / "pace", "1g", timetable)
    ways = Ways(route, os.fsencode(root / ".georep"), bucket=bucket)
    job = await ways.run(mover, os.fsencode(mount), [A], 64 << 20)
    assert (job.code, job.moved) == (0, {A: 64 << 20}), job.words
    assert far.read_bytes() == near.read_bytes()
    assert far.stat().st_blocks * 512 < 2 << 20
    assert (tmp_path / "pace").exists()
    target.close()


def test_a_directory_stays_with_who_made_it(user: str, anybodys: Path) -> None:
    made(anybodys)
    anybodys.parent.chmod(0o755)
    other = directories.starting() if user == directories.ORDINARY else directories.acting("x")
    with other, pytest.raises(Stop) as caught:
        made(anybodys)
    assert caught.value.cause == "directory of another user"
    assert made(anybodys).primary == PRIMARY


def test_what_somebody_else_owns_is_made_no_secondary() -> None:
    with directories.acting(directories.ORDINARY), directories.ground() as folder:
        with directories.starting():
            (folder / "theirs").mkdir()
        with pytest.raises(Stop, match="is root's") as caught:
            made(folder / "theirs")
        assert caught.value.cause == "directory of another user"
        assert os.listdir(folder / "theirs") == []


def test_who_is_not_root_needs_user_xattrs_alone() -> None:
    with directories.acting(directories.ORDINARY), directories.ground() as folder:
        assert made(folder).format == directory_setup.PLAIN
        assert sorted(os.listdir(folder / ".georep")) == sorted(
            [".gfid", "identity.json", "inodes", "limbo", "lock", "new", "quarantine"]
        )


def test_an_agent_without_root_says_whose_all_is_and_keeps_what_it_can() -> None:
    with directories.acting(directories.ORDINARY), directories.ground() as folder:
        with an_agent() as ask:
            welcome = ask(hello(folder))
            assert isinstance(welcome, Welcome)
            assert not welcome.root
            owner = Owner(name=str(directories.UID), uid=directories.UID, gid=directories.UID)
            assert welcome.owner in (owner, msgspec.structs.replace(owner, name=_name()))
            coming = item(A, Place(ROOT, b"a"), data_follows=True, coming=True)
            shut = msgspec.structs.replace(coming.attributes, mode=stat.S_IFREG)
            shown = msgspec.structs.replace(coming, attributes=shut)
            applied = ask(Apply(id=1, items=(shown,)))
            assert isinstance(applied, Applied)
            assert isinstance(applied.answers[0], Done)
            assert (folder / "a").stat().st_mode & 0o777 == 0o600
        assert directories.faults(folder) == []


def _name() -> str:
    try:
        return pwd.getpwuid(directories.UID).pw_name
    except KeyError:
        return ""
