"""Which directories can be a secondary, and what an operator hears of those that cannot; and the
agent that serves one, without a program of GlusterFS.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
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
from engine.movers.job import Mover
from engine.movers.pace import Bucket
from engine.movers.ways import Ways
from engine.rpc.frames import Unframer, frame
from engine.rpc.messages import (
    PROTOCOL,
    AnyMessage,
    Applied,
    Apply,
    AskHealth,
    Found,
    Health,
    Hello,
    Lookup,
    Sorry,
    Sync,
    Synced,
    Welcome,
)
from engine.rpc.ssh import Route
from engine.secondary import directory_setup
from engine.secondary.directory_setup import Identity

OTHER = "00000000-aaaa-4bbb-8ccc-000000000000"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directories.needs_trusted_xattrs(tmp_path)
    folder = tmp_path / "secondary"
    folder.mkdir()
    return folder


def made(root: Path, primary: str = PRIMARY, *, make: bool = True) -> Identity:
    return directory_setup.identify(root, primary, make=make)


def test_it_is_made_once_and_known_again(root: Path) -> None:
    first = made(root)
    assert first.primary == PRIMARY
    assert first.uuid not in ("", PRIMARY)
    for again in (made(root), made(root, make=False), made(root, "", make=False)):
        assert again == first
    assert os.listdir(root) == [".georep"]
    assert (root / ".georep").stat().st_mode & 0o777 == 0o700


def test_a_new_disk_is_empty(root: Path) -> None:
    (root / "lost+found").mkdir()
    assert made(root).primary == PRIMARY


def _copied(root: Path) -> None:
    made(root)
    shutil.copytree(root, root.parent / "copy")
    shutil.rmtree(root)
    (root.parent / "copy").rename(root)
    os.removexattr(root, directories.GFID) if directories.GFID in os.listxattr(root) else None


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
def test_what_is_refused_says_what_to_do(root: Path, case: str, *, make: bool) -> None:
    prepare, cause, fix = REFUSED[case]
    prepare(root)
    with pytest.raises(Stop) as caught:
        made(root, make=make)
    assert caught.value.cause == cause
    assert fix in caught.value.fix
    assert str(root) in caught.value.sentence()


def test_a_worker_never_fills_an_empty_mount_point(root: Path) -> None:
    with pytest.raises(Stop, match="is empty") as caught:
        made(root, make=False)
    assert caught.value.fix.startswith("Mount its disk")
    assert os.listdir(root) == []


def test_a_file_system_without_xattrs_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_args: object, **_more: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(xattr, "set", none)
    with pytest.raises(Stop, match=r"does not keep trusted\.\* xattrs") as caught:
        made(root)
    assert "ext4, XFS" in caught.value.fix
    monkeypatch.undo()
    assert made(root).primary == PRIMARY


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


def test_a_crash_while_it_is_made_leaves_an_empty_directory(root: Path) -> None:
    stopped, found = 0, None
    while found is None:
        with crashing(stopped):
            try:
                made(root)
            except Crash:
                stopped += 1
        with suppress(Stop):
            found = made(root, make=False)
    assert stopped > 5
    assert made(root) == found


# The agent.

Ask = Callable[[AnyMessage], AnyMessage]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Ask]:
    """Give an agent that finds no program at all, and a way to ask it."""
    code = "import sys; from engine.secondary import agent; sys.exit(agent.main([]))"
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
    health = agent(AskHealth(id=3))
    assert isinstance(health, Health)
    assert health.free_bytes > 0


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
