"""What movers read and what they believe: nothing that they say of themselves."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine import events
from engine.errors import Retry
from engine.gluster import gfid as gfids
from engine.item import ROOT, Attributes, Gfid, Item, Kind, Place
from engine.movers import choice, push, rsync
from engine.movers.job import Job, Mover, blamed
from engine.movers.probe import Tried
from engine.movers.ways import Ways
from engine.rpc.messages import Found, Seen
from engine.rpc.route import Route
from engine.session.bulk import Bulk, parts
from engine.session.report import Report
from engine.session.trying import Trying

A = Gfid("00000001-0000-4000-8000-000000000000")
B, C = Gfid(A.replace("1", "2", 1)), Gfid(A.replace("1", "3", 1))
M = 1 << 20
STATS = b"""
Number of files: 2 (reg: 1, dir: 1)
Number of regular files transferred: 1,234
Total file size: 5,242,880 bytes
Literal data: 52,624 bytes
Matched data: 5190256 bytes
Total bytes sent: 61,845
"""


def _item(size: int) -> Item:
    attributes = Attributes(stat.S_IFREG | 0o644, 0, 0, size, 1, 1)
    return Item(gfid=A, kind=Kind.FILE, names=(Place(ROOT, b"f"),), attributes=attributes)


def _mount(tmp_path: Path, content: bytes) -> bytes:
    (tmp_path / ".gfid").mkdir()
    (tmp_path / os.fsdecode(gfids.aux(A))).write_bytes(content)
    return os.fsencode(tmp_path)


@pytest.mark.parametrize(
    ("looked", "content", "pushed"),
    [
        pytest.param(3, b"abc", b"abc", id="as it was looked at"),
        pytest.param(3, b"abcde", b"abcde", id="grown since: what is read counts"),
        pytest.param(3, b"", b"", id="cut since"),
        pytest.param(3, b"x" * 9, None, id="grown beyond the limit"),
        pytest.param(9, b"x", None, id="was beyond the limit"),
    ],
)
def test_push(tmp_path: Path, looked: int, content: bytes, pushed: bytes | None) -> None:
    loaded = push.load(_mount(tmp_path, content), _item(looked), 8)
    if pushed is None:
        assert loaded is None
    else:
        assert loaded is not None
        assert (loaded.data, loaded.attributes.size) == (pushed, len(pushed))


@pytest.mark.parametrize(
    ("out", "expected"),
    [(STATS, (1234, 52624, 5190256, 61845)), (b"", (0, 0, 0, 0)), (b"\xff: 3", (0, 0, 0, 0))],
    ids=["stats", "nothing", "rubbish"],
)
def test_figures(out: bytes, expected: tuple[int, int, int, int]) -> None:
    assert rsync.figures(out) == expected


@dataclass
class _There:
    """The far side's sizes."""

    size: int | None
    asked: list[Gfid] = field(default_factory=list)

    async def lookup(self, gfids: list[Gfid]) -> Found:
        self.asked += gfids
        seen = None
        if self.size is not None:
            attributes = Attributes(stat.S_IFREG, 0, 0, self.size, 1, 1)
            seen = Seen(A, Kind.FILE, attributes, 1)
        return Found(id=1, gfids=(seen,), places=())


@pytest.mark.parametrize(
    ("code", "moved", "size", "failed", "whole", "fault"),
    [
        pytest.param(0, 1, 9, "", True, "", id="arrived"),
        pytest.param(0, 1, 4, "", False, "", id="exit 0 and half of it there"),
        pytest.param(0, 1, 7, "", True, "", id="as long as the mover found it: it grows"),
        pytest.param(23, 1, 9, "", True, "", id="some other file failed"),
        pytest.param(23, 1, 9, "I/O error", False, "", id="this file failed, right size"),
        pytest.param(23, 0, 0, "I/O error", False, "", id="one bad file alone is no bad mover"),
        pytest.param(0, 0, 0, "", False, "rsync moved nothing", id="exit 0 and nothing moved"),
        pytest.param(0, 0, 9, "", False, "rsync moved nothing", id="right size, old content"),
        pytest.param(12, 0, None, "", False, "rsync failed", id="no rsync there"),
    ],
)
async def test_bulk_believes_the_far_side_only(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    moved: int,
    size: int | None,
    failed: str,
    whole: bool,
    fault: str,
) -> None:
    read = 7 if size == 7 else 9

    async def run(*_args: object, **_more: object) -> Job:
        files, bad = {A: read} if moved else {}, {A: failed} if failed else {}
        return Job(Mover.RSYNC, 1, code, 0.1, "said", moved=files, failed=bad, sent=10, literal=9)

    async def call(function, *args):  # type: ignore[no-untyped-def]
        return function(*args)

    monkeypatch.setattr(rsync, "run", run)
    journal = tmp_path / "events"
    sink = os.open(journal, os.O_WRONLY | os.O_CREAT)
    mount = _mount(tmp_path, b"123456789")
    report = Report("s", "n:/b", sink)
    there = _There(size)
    trying = Trying(Ways(Route(host="h"), b"/there"), there, report, method="rsync")  # type: ignore[arg-type]
    trying._tried = {mover: Tried(mover, True, 0.1) for mover in Mover}
    bulk = Bulk(trying, there, report, here=mount, jobs=3)  # type: ignore[arg-type]
    try:
        if fault:
            with pytest.raises(Retry) as raised:
                await bulk.bring(Mover.RSYNC, [_item(9)], call)
            assert raised.value.cause == fault
        else:
            (brought,) = await bulk.bring(Mover.RSYNC, [_item(9)], call)
            assert (brought.size is not None) is whole
            assert bool(brought.words) is not whole
    finally:
        os.close(sink)
    told = [events.decode(line) for line in journal.read_bytes().splitlines()]
    (job,) = [event for event in told if isinstance(event, events.JobFinished)]
    assert (job.code, job.moved, job.short) == (code, moved, int(not whole))
    assert (job.size, job.speedup, len(job.failed)) == (9, 0.9, job.short)
    assert [(each.gfid, each.size) for each in job.largest] == [(A, 9)]
    (begun,) = [event for event in told if isinstance(event, events.JobStarted)]
    assert (begun.job, begun.asked, begun.size, begun.largest) == (job.job, 1, 9, job.largest)


def test_names_for_rsync_never_look_like_options_or_hosts() -> None:
    route = Route(host="::1", user="u", key="/k")
    words = rsync.command(
        *(route, b"/here", b"/there"), shell=route.openssh(), program="rsync", options="-x"
    )
    assert words[-2:] == [b"/here/./", b"[::1]:/there/"]
    assert "-x" in words
    assert "--existing" in words
    assert "-t" not in words
    assert "--sparse" in words
    assert words.index("-x") < words.index("--out-format=%n %l"), "what is parsed cannot be changed"


def test_files_that_rsync_names() -> None:
    out = f".gfid/{A} 5\n.gfid/{B} 0\n.gfid/{C}\nskipping .gfid/{C}\n.gfid/\n".encode() + STATS
    assert rsync.named(out) == {A: 5, B: 0}
    said = f"""rsync: [sender] send_files failed to open "/m/./.gfid/{A}": Permission denied (13)
rsync: [receiver] write failed on "/f/.gfid/{B}": No space left on device (28)
file has vanished: "/m/.gfid/not-a-gfid"
rsync error: some files/attrs were not transferred (code 23)"""
    found = blamed(said)
    assert found.keys() == {A, B}
    assert found[A].endswith("Permission denied (13)")


R, S = Mover.RSYNC, Mover.STREAM


@pytest.mark.parametrize(
    ("method", "new", "broken", "chosen"),
    [
        ("rsync", False, set(), R),
        ("rsync", True, set(), S),
        ("rsync", False, {R}, S),
        ("rsync", True, {S}, R),
        ("rsync", False, {R, S}, None),
        ("tarssh", False, set(), S),
        ("tarssh", True, set(), S),
        ("tarssh", False, {S}, R),
        ("tarssh", False, {R}, S),
    ],
)
def test_choice(method: str, new: bool, broken: set[Mover], chosen: Mover | None) -> None:
    assert choice.choose(method, broken, new=new) is chosen


def test_what_a_broken_mover_means() -> None:
    assert choice.consequence(R, {R}) == "large files go whole"
    assert choice.consequence(S, {S}) == "large files go by rsync"
    assert choice.consequence(R, {R, S}) == "no large file can be copied"


@pytest.mark.parametrize(
    ("sizes", "jobs", "expected"),
    [
        ([], 3, []),
        ([9], 3, [[9]]),
        pytest.param([5, 9, 7], 3, [[9, 7, 5]], id="little is one job"),
        pytest.param([5 * M, 3 * M], 3, [[5 * M], [3 * M]], id="as many as are worth it"),
        pytest.param(
            [M, 8 * M, 4 * M, 5 * M, 2 * M],
            2,
            [[8 * M, 2 * M], [5 * M, 4 * M, M]],
            id="equal bytes",
        ),
        pytest.param([90 * M, 1, 1], 9, [[90 * M], [1], [1]], id="no job without a file"),
        pytest.param([90 * M, 90 * M], 1, [[90 * M, 90 * M]], id="one at a time"),
    ],
)
def test_jobs_of_equal_bytes(sizes: list[int], jobs: int, expected: list[list[int]]) -> None:
    found = parts([_item(size) for size in sizes], jobs)
    assert [[item.attributes.size for item in part] for part in found] == expected
