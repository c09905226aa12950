"""Files of a replay: what they are, whose, what belongs together, and reading on from a mark."""

import gzip
import os
from pathlib import Path

import pytest
import scripted
from gsyncd_logs import BEGIN, line

from engine import events
from engine.errors import Usage
from engine.events import (
    AnyEvent,
    BatchDone,
    EngineStarted,
    SessionKnown,
    WorkerProgressed,
    WorkerStarted,
)
from engine.session.journal import Journal
from engine.state import State, apply
from georep_tui.replay import chains, files, identity
from georep_tui.replay.chains import Chain
from georep_tui.replay.files import Kind
from georep_tui.replay.notes import AnyNote, AnyTold, LineKept
from georep_tui.replay.reading import Reading

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
LINE = line(0, "worker /bricks/b1", "Register time [{time=1}]")


def link(*paths: Path) -> list[Chain]:
    return chains.link(files.look(paths), here="here")


def told(*paths: Path) -> list[AnyTold]:
    return [each for some in Reading(link(*paths)) for each in some]


def fold(found: list[AnyTold]) -> State:
    state = State()
    for each in found:
        if not isinstance(each, AnyNote):
            apply(state, each)
    return state


def journal(folder: Path, run: list[AnyEvent], *, size: int = 1 << 20) -> None:
    made = Journal(folder, size=size, keep=1000)
    for event in run:
        made.append(event)
    made.close()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (LINE, Kind.GSYNCD),
        (b"Traceback\n" * 9 + LINE, Kind.GSYNCD),
        (gzip.compress(LINE, mtime=0), Kind.GSYNCD),
        (events.encode(scripted.events()[0]), Kind.JOURNAL),
        (b'{"type": "of a later version"}\n' + events.encode(scripted.events()[0]), Kind.JOURNAL),
        (b"", Kind.EMPTY),
        (b"\n\n", Kind.EMPTY),
        (gzip.compress(b"", mtime=0), Kind.EMPTY),
        (b"\x1f\x8bnot gzip at all", Kind.EMPTY),
        (b"hello\n", Kind.OTHER),
        (b'{"a": 1}\n', Kind.OTHER),
        (bytes(range(256)), Kind.OTHER),
        (
            b"[2026-11-23 08:57:41.123456 +0000] I [MSGID: 100030] [glusterfsd.c:2683:main] x: y\n",
            Kind.OTHER,
        ),
    ],
)
def test_a_file_is_what_it_holds(tmp_path: Path, content: bytes, kind: Kind) -> None:
    (tmp_path / "x").write_bytes(content)
    (tmp_path / "log").write_bytes(LINE)
    found = {each.path.name: each.kind for each in files.look([tmp_path])}
    assert found.get("x", kind) is kind
    assert ("x" in found) is (kind in (Kind.GSYNCD, Kind.JOURNAL))


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"hello\n", "neither a journal"), (b"", "nothing to replay")],
)
def test_what_cannot_be_replayed_is_said(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Usage, match=said) as error:
        files.look([path])
    assert error.value.fix


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    with pytest.raises(Usage, match="read more than once"):
        files.look([tmp_path / "x"])
    (tmp_path / "log").write_bytes(LINE)
    assert [each.path.name for each in files.look([tmp_path])] == ["log"]


def test_lines_from_any_place(tmp_path: Path) -> None:
    content = b"".join(line(at, "monitor", "x") for at in range(50))
    plain, packed = tmp_path / "a.log", tmp_path / "b.log.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    (tmp_path / "c.log").write_bytes(gzip.compress(content)[:-30])
    one, two, cut = files.look([tmp_path])
    whole = list(files.lines(one))
    assert b"".join(raw for _, raw in whole) == content
    for place, raw in (whole[0], whole[20], whole[-1]):
        assert next(files.lines(one, place)) == (place, raw)
        assert next(files.lines(two, place)) == (place, raw)
    assert list(files.lines(two)) == whole
    *found, (place, last) = files.lines(cut)
    assert found == whole[: len(found)]
    assert last == files.CUT_OFF, "what is lost is told"
    assert list(files.lines(cut, place)) == [(place, last)]


@pytest.mark.parametrize(
    ("path", "node"),
    [
        ("/tmp/gfs1-gsyncd.log", "gfs1"),
        ("/tmp/gsyncd-gfs1.log.1.gz", "gfs1"),
        ("/tmp/gfs1/var/log/glusterfs/geo-replication/v_h_s/gsyncd.log", "gfs1"),
        ("/var/log/glusterfs/geo-replication/v_h_s/gsyncd.log-20261123.gz", ""),
        ("/var/log/glusterfs/geo-replication-secondaries/v_h_s/gsyncd.log", ""),
    ],
)
def test_nodes_in_paths(path: str, node: str) -> None:
    assert identity.node_of(Path(path), "v_h_s") == node


def test_what_a_log_says_of_itself_comes_first() -> None:
    told = identity.identify(
        Path("/x/geo-replication/a_b_c/gsyncd.log"),
        [b"cmd=ssh sec /nonexistent/gsyncd slave vol geo@sec::svol --master-node gfs9 --x\n"],
    )
    assert (told.session, told.primary, told.secondary, told.node) == (
        *("a_b_c", "vol", "geo@sec::svol", "gfs9"),
    )


def test_the_log_of_the_secondary_goes_with_its_workers() -> None:
    names = [chain.origin.session for chain in link(GOLDEN / "sec1-secondary-gsyncd.log")]
    assert names == ["sec1-secondary-gsyncd"]
    both = link(GOLDEN / "sec1-secondary-gsyncd.log", GOLDEN / "prim2-gsyncd.log")
    assert {chain.origin.session for chain in both} == {"dvol_sec1_dsvol"}


def test_logs_that_nothing_tells_apart_are_numbered(tmp_path: Path) -> None:
    paths = []
    for name in ("a", "b"):
        folder = tmp_path / name / "geo-replication/v_h_s"
        folder.mkdir(parents=True)
        paths.append(folder / "gsyncd.log")
        paths[-1].write_bytes(LINE)
    found = [chain.origin.node for chain in link(*paths)]
    assert found == ["a", "b"]
    for name in ("c", "d"):
        (tmp_path / f"{name}").mkdir()
        (tmp_path / name / "gsyncd").write_bytes(LINE)
    workers = {chain.origin.node for chain in chains.link(files.look([tmp_path]), here="here")}
    assert len(workers) == 4


def test_a_rotated_journal_is_told_once(tmp_path: Path) -> None:
    run = [each for each in scripted.events() if getattr(each, "session", "prod") == "prod"]
    journal(tmp_path, run, size=40_000)
    assert len(list(tmp_path.glob("*.jsonl"))) == 3
    found = told(tmp_path)
    levels = (WorkerProgressed,)
    edges = [each for each in run if not isinstance(each, levels)]
    assert sorted(map(repr, (each for each in found if not isinstance(each, levels)))) == sorted(
        map(repr, edges)
    )
    assert fold(found) == fold(list(run))


def test_journals_of_one_node_do_not_take_each_other_back(tmp_path: Path) -> None:
    run = scripted.events()
    names = ("prod", "media", "home", "logs", "archive")
    for name in names:
        own = [each for each in run if getattr(each, "session", name) == name]
        journal(tmp_path / name, own, size=60_000)
    assert set(fold(told(tmp_path)).sessions) == set(names)


def test_an_engine_that_was_started_again_is_told(tmp_path: Path) -> None:
    run = [each for each in scripted.events() if isinstance(each, EngineStarted | SessionKnown)]
    again = EngineStarted(at=scripted.NOW, node="gfs1", version="2", pid=1)
    journal(tmp_path, run)
    journal(tmp_path, [again])
    state = fold(told(tmp_path))
    assert state.engines["gfs1"].started == again
    assert "archive" not in state.sessions


@pytest.mark.parametrize("stop", [0, 1, 17, 100, 300, 582, 583])
def test_reading_goes_on_from_a_mark(stop: int) -> None:
    found = link(*(path for path in GOLDEN.glob("*.log") if "vol" not in path.name))
    whole = [each for some in Reading(found) for each in some]
    reading = Reading(found)
    before = [each for _, some in zip(range(stop), reading, strict=False) for each in some]
    mark = reading.mark()
    rest = [each for some in Reading(found, mark) for each in some]
    assert before + rest == whole
    assert [each for some in Reading(found, mark) for each in some] == rest, "a mark is kept"


def test_reading_a_journal_goes_on_from_a_mark(tmp_path: Path) -> None:
    run = [each for each in scripted.events() if getattr(each, "session", "prod") == "prod"]
    journal(tmp_path, run, size=40_000)
    found = link(tmp_path)
    whole = [each for some in Reading(found) for each in some]
    for stop in range(0, 600, 37):
        reading = Reading(found)
        before = [each for _, some in zip(range(stop), reading, strict=False) for each in some]
        rest = [each for some in Reading(found, reading.mark()) for each in some]
        assert before + rest == whole


def test_how_much_has_been_read() -> None:
    reading = Reading(link(*GOLDEN.glob("prim*.log")))
    shares = [reading.share() for _ in reading]
    assert shares == sorted(shares)
    assert shares[0] < 0.05
    assert shares[-1] == 1.0


def test_a_clock_that_was_wrong_for_a_while_holds_nothing_up(tmp_path: Path) -> None:
    wrong = line(20, "worker /b", "Entry ops failed with gfid mismatch [{count=1}]")
    path = tmp_path / "gsyncd.log"
    path.write_bytes(
        line(10, "worker /b", "Entry ops failed with gfid mismatch [{count=2}]")
        + wrong.replace(b"2026-", b"2037-")
        + line(30, "worker /b", "Entry ops failed with gfid mismatch [{count=3}]")
    )
    reading = Reading(link(path))
    found = [(each.at - BEGIN, reading.at - BEGIN) for some in reading for each in some]
    assert found == [(10, 10), (10, 10), (10, 10), (30, 30)]


def test_lines_of_a_journal_that_nobody_understands_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "00000001.jsonl"
    lines = [events.encode(each) for each in scripted.events()[:3]]
    path.write_bytes(b"\n".join([*lines[:2], b"{", b'{"type": "Later"}', lines[2], lines[0][:9]]))
    reading = Reading(link(path))
    found = [each for some in reading for each in some]
    kept = [each for each in found if isinstance(each, LineKept)]
    assert [each.words for each in kept] == ["{", '{"type": "Later"}', lines[0][:9].decode()]
    assert len(found) == 6
    assert (reading.lines, reading.strange) == (6, 3)


def test_times_go_up_whatever_the_files() -> None:
    reading = Reading(link(*GOLDEN.glob("*.log")))
    times = [reading.at for _ in reading]
    assert times == sorted(times)
    assert any(isinstance(each, WorkerStarted) for each in told(*GOLDEN.glob("prim1-gvol*")))
    assert any(isinstance(each, BatchDone) for each in told(*GOLDEN.glob("prim1-gvol*")))
