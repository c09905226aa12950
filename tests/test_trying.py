"""Canaries, and what is used after them."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine import events
from engine.errors import Reject, Retry, Stop
from engine.events import MoverTried
from engine.gluster import gfid as gfids
from engine.gluster.reading import digest_of_value
from engine.item import Gfid, Piece
from engine.movers.job import Job, Mover
from engine.movers.probe import SIZE, judge
from engine.movers.ways import Ways
from engine.rpc.route import Route
from engine.session import trying
from engine.session.report import Report
from engine.session.trying import Trying

G = Gfid("00000001-0000-4000-8000-000000000000")
R, S = Mover.RSYNC, Mover.STREAM
ROUTE = Route(host="h")
Act = Callable[[bytes], tuple[int, bytes]]


def moves(content: bytes) -> tuple[int, bytes]:
    return 0, content


def moves_nothing(_content: bytes) -> tuple[int, bytes]:
    return 0, b""


def moves_rubbish(content: bytes) -> tuple[int, bytes]:
    return 0, bytes(len(content))


def is_refused(_content: bytes) -> tuple[int, bytes]:
    return 255, b""


def moves_and_complains(content: bytes) -> tuple[int, bytes]:
    return 23, content


def is_missing(_content: bytes) -> tuple[int, bytes]:
    raise Stop("rsync cannot be started", cause="rsync missing", fix="Install it.")


class _Far:
    """The agent: one file for each mover."""

    def __init__(self, refusal: str = "") -> None:
        self.files: dict[Gfid, bytes] = {}
        self.names: list[str] = []
        self._refusal = refusal

    async def canary(self, name: str) -> Gfid:
        if self._refusal:
            raise Reject(self._refusal, cause="errno")
        gfid = Gfid(f"{len(self.names):08x}-0000-4000-8000-000000000000")
        self.names.append(name)
        self.files[gfid] = b""
        return gfid

    async def digest(self, pieces: Sequence[Piece]) -> tuple[bytes, ...]:
        return tuple(digest_of_value(self.files[piece.gfid][: piece.length]) for piece in pieces)


def _read(path: Path) -> bytes:
    return path.read_bytes()


class _Ways(Ways):
    def __init__(self, far: _Far, **acts: Act) -> None:
        super().__init__(ROUTE, b"/far")
        object.__setattr__(self, "there", far)
        object.__setattr__(self, "acts", {name: [act] for name, act in acts.items()})

    async def run(self, mover: Mover, mount: bytes, files: Sequence[Gfid], size: int) -> Job:
        (gfid,) = files
        content = _read(Path(os.fsdecode(mount), os.fsdecode(gfids.aux(gfid))))
        assert len(content) == size == SIZE
        acts = getattr(self, "acts")[mover.value]  # noqa: B009
        code, data = acts[0](content)
        if len(acts) > 1:
            acts.pop(0)
        getattr(self, "there").files[gfid] = data  # noqa: B009
        return Job(mover, 1, code, 0.1, "ssh: refused" if code == 255 else "")


def _trying(
    tmp_path: Path, method: str, rsync: Act, stream: Act, *, refusal: str = ""
) -> tuple[Trying, _Ways, Path]:
    journal = tmp_path / "events"
    far = _Far(refusal)
    ways = _Ways(far, rsync=rsync, stream=stream)
    report = Report("s", "n:/b", os.open(journal, os.O_WRONLY | os.O_CREAT))
    return Trying(ways, far, report, method=method), ways, journal  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_PAUSES", (0.0, 0.0))


@pytest.mark.parametrize(
    ("method", "rsync", "stream", "changed", "new", "said"),
    [
        pytest.param("rsync", moves, moves, R, S, "", id="all well"),
        pytest.param("rsync", moves_and_complains, moves, R, S, "", id="what arrived counts"),
        pytest.param(
            "rsync", moves_nothing, moves, S, S,
            "exit code 0, and nothing moved; large files go whole",
            id="rsync moves nothing",
        ),
        pytest.param(
            "rsync", moves, moves_rubbish, R, R,
            "exit code 0, and nothing moved; large files go by rsync", id="rubbish arrives",
        ),
        pytest.param(
            "rsync", is_missing, moves, S, S, "rsync cannot be started; large files go whole",
            id="rsync missing",
        ),
        pytest.param("rsync", moves, is_refused, R, R, "exit code 255: ssh: refused", id="refused"),
        pytest.param("tarssh", moves, moves, S, S, "", id="as the operator likes"),
        pytest.param("tarssh", moves, is_refused, R, R, "large files go by rsync", id="spare"),
    ],
)  # fmt: skip
async def test_what_is_tried_is_told_and_used(
    tmp_path: Path, method: str, rsync: Act, stream: Act, changed: Mover, new: Mover, said: str
) -> None:
    mine, ways, journal = _trying(tmp_path, method, rsync, stream)
    await asyncio.gather(mine.broken(), mine.broken())
    assert await mine.choose(new=False) is changed
    assert await mine.choose(new=True) is new
    told = [events.decode(line) for line in journal.read_bytes().splitlines()]
    tried = [event for event in told if isinstance(event, MoverTried)]
    assert len(tried) == (1 if method == "tarssh" and not said else 2)
    words = [f"{event.words}; {event.means}" for event in tried if not event.works]
    assert bool(words) is bool(said)
    assert not said or said in words[0]
    assert all(event.fix for event in tried if not event.works)
    assert len({name.partition("-")[0] for name in getattr(ways, "there").names}) == len(tried)  # noqa: B009


async def test_none_works(tmp_path: Path) -> None:
    mine, _, _ = _trying(tmp_path, "rsync", moves_nothing, is_refused)
    with pytest.raises(Retry) as raised:
        await mine.choose(new=True)
    assert raised.value.cause == "no mover works"
    assert raised.value.fix
    assert "rsync: exit code 0, and nothing moved" in raised.value.evidence
    assert "stream: exit code 255" in raised.value.evidence


async def test_sshd_that_turns_one_away_is_asked_again(tmp_path: Path) -> None:
    mine, ways, _ = _trying(tmp_path, "rsync", moves, moves)
    getattr(ways, "acts")["stream"][:] = [is_refused, moves]  # noqa: B009
    assert await mine.broken() == frozenset()


async def test_what_cannot_be_tried_is_used(tmp_path: Path) -> None:
    mine, _, journal = _trying(tmp_path, "rsync", moves, moves, refusal="Read-only file system")
    assert await mine.broken() == frozenset()
    assert b"could not be tried: Read-only file system" in journal.read_bytes()


def test_a_canary_that_arrived_otherwise() -> None:
    moved = Job(S, 1, 0, moved={G: SIZE})
    said = judge(moved, Ways(ROUTE, b"/far"), 1.0, arrived=False)
    assert said.words == "exit code 0, and what arrived is not what was sent"
    assert not said.again
    assert "root@h must let `georep-engine receive` in" in said.fix


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "exit code 12: it said nothing"),
        ("rsync: gone\nrsync error: code 12\n", "exit code 12: rsync error: code 12"),
        (
            "georep-engine: This key was refused: so.\nrsync error: code 12\n",
            "exit code 12: georep-engine: This key was refused: so.",
        ),
    ],
)
def test_the_gate_s_own_words_say_more_than_rsync_s(words: str, said: str) -> None:
    refused = Job(R, 1, 12, words=words)
    assert judge(refused, Ways(ROUTE, b"/far"), 1.0, arrived=False).words == said
