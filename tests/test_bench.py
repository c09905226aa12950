"""The benchmark's own parts: numbers, table, words, picture, waiting. No time is asserted."""

import asyncio
import os
import shutil
import signal
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bench import __main__ as command
from bench import bricks, figures, page, plot, records, relay, results, run, table, workloads
from bench.figures import Spread
from bench.loads import LOADS, Ground
from bench.results import Measured, Results, Run
from bench.run import Plan
from bench.workloads import GEOREP, GSYNCD, TABLE, TAR, How
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Usage
from engine.primary import changelog

NUMBERS = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        pytest.param([3.0], 0.5, 3.0, id="one value is every percentile"),
        pytest.param([1.0, 2.0, 3.0, 4.0], 0.5, 2.0, id="half of four"),
        pytest.param([4.0, 1.0, 3.0, 2.0], 0.99, 4.0, id="nearly all, unordered"),
        pytest.param([1.0, 2.0], 0.0, 1.0, id="none"),
        pytest.param([float(n) for n in range(1, 101)], 0.95, 95.0, id="95 of a hundred"),
    ],
)
def test_percentiles(values: list[float], share: float, expected: float) -> None:
    assert figures.percentile(values, share) == expected


@given(NUMBERS, st.floats(0, 1))
def test_a_percentile_was_measured(values: list[float], share: float) -> None:
    found = figures.percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


@given(NUMBERS)
def test_the_middle_lies_between_the_ends(values: list[float]) -> None:
    found = figures.spread(values)
    assert min(values) == found.least <= found.middle <= found.most == max(values)


def test_ratios_are_of_one_round() -> None:
    theirs, ours = [(1, 10.0), (2, 30.0), (3, 5.0)], [(1, 5.0), (2, 10.0), (4, 1.0)]
    assert figures.ratios(theirs, ours) == [2.0, 3.0]
    assert figures.ratios(theirs, [(1, 0.0)]) == []


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        pytest.param("", list(TABLE), id="everything"),
        pytest.param("backlog", ["backlog"], id="one"),
        pytest.param(" start ,delay,", ["delay", "start"], id="in the table's order"),
    ],
)
def test_only(only: str, expected: list[str]) -> None:
    assert [workload.name for workload in workloads.chosen(only)] == expected


def test_only_refuses_what_it_does_not_know_and_says_what_it_knows() -> None:
    with pytest.raises(Usage, match="'backlogs'") as caught:
        workloads.chosen("delay,backlogs")
    assert "backlog" in caught.value.fix


def test_a_small_scale_has_fewer_objects_or_a_smaller_one() -> None:
    assert workloads.scaled(TABLE["backlog"], 0.1) == (500, 4096)
    assert workloads.scaled(TABLE["large"], 0.5) == (1, 1 << 30)
    assert workloads.scaled(TABLE["start"], 0.01) == (1, 4096)
    assert workloads.scaled(TABLE["medium"], 0.0001) == (1, 1 << 20)


def test_the_table_is_sound() -> None:
    for workload in TABLE.values():
        shown = set(workload.measures)
        assert shown <= workloads.MEASURES.keys()
        assert workload.rivals[0] == GEOREP
        assert {target.measure for target in workload.targets} <= shown
        assert {target.against for target in workload.targets} - {""} <= set(workload.rivals)
        assert (workload.name in LOADS) == (workload.how in (How.BACKLOG, How.CRAWL))


def _measured(name: str, *runs: Run, scale: float = 1.0) -> Measured:
    return Measured(name=name, at=1.8e9, scale=scale, machine={"Memory": "1 GiB"}, runs=list(runs))


def _run(rival: str, number: int, seconds: float, unfinished: str = "") -> Run:
    values = {"seconds": seconds, "total": seconds + 1, "sent": 2e6}
    return Run(rival=rival, round=number, values=values, unfinished=unfinished)


BACKLOG = _measured(
    "backlog",
    *(_run(GEOREP, 1, 10.0), _run(GSYNCD, 1, 30.0), _run(TAR, 1, 9.0)),
    *(_run(GEOREP, 2, 20.0), _run(GSYNCD, 2, 80.0), _run(TAR, 2, 22.0)),
)


def test_targets_are_judged_by_the_middle_ratio() -> None:
    said = [(v.target, v.met) for v in table.verdicts(TABLE["backlog"], BACKLOG)]
    assert said == [("tar | ssh tar ÷ georep ≥ 1", True), ("gsyncd ÷ georep ≥ 2", True)]
    found = {ratio.rival: ratio.found for ratio in table.compared(TABLE["backlog"], BACKLOG)}
    assert found == {GSYNCD: Spread(3.5, 3.0, 4.0), TAR: Spread(1.0, 0.9, 1.1)}


def test_who_was_given_up_has_taken_at_least_so_long() -> None:
    measured = _measured(
        "backlog", _run(GEOREP, 1, 10.0), _run(GSYNCD, 1, 300.0, "4,000 of 5,000 missing")
    )
    lines = "\n".join(table.text(measured))
    assert "≥ 300.0 s" in lines
    assert "gsyncd, round 1: 4,000 of 5,000 missing" in lines
    assert "gsyncd ÷ georep, time: ≥ 30.00 ×" in lines


def test_no_ratio_and_no_success_of_a_georep_that_was_given_up() -> None:
    measured = _measured("backlog", _run(GEOREP, 1, 10.0, "stuck"), _run(GSYNCD, 1, 30.0))
    assert table.compared(TABLE["backlog"], measured) == []
    assert [v.met for v in table.verdicts(TABLE["backlog"], measured)] == [None, None]
    late = {"p50": 0.1, "p95": 0.1, "p99": 0.1}
    delay = _measured("delay", Run(rival=GEOREP, round=1, values=late, unfinished="1 missing"))
    assert [v.met for v in table.verdicts(TABLE["delay"], delay)] == [False, False, None]


def test_the_text_has_a_line_for_each_rival_and_says_the_scale() -> None:
    lines = list(table.text(_measured("backlog", *BACKLOG.runs, scale=0.1)))
    assert lines[0] == "backlog: 5,000 files of 4 KiB, scale 0.1"
    assert [line.split("  ")[1] for line in lines[2:5]] == [GEOREP, GSYNCD, TAR]
    shown = "georep 15.0 s (10.0 – 20.0) 16.0 s (11.0 – 21.0) 2.0 MB"
    assert " ".join(lines[2].split()) == shown


def test_the_page_has_every_workload_and_its_machine() -> None:
    written = page.page(Results(workloads={"backlog": BACKLOG}))
    assert "## 5,000 files of 4 KiB" in written
    assert "| tar \\| ssh tar | 15.5 s (9.0 – 22.0) |" in written
    assert "| Memory | 1 GiB |" in written
    assert "- gsyncd ÷ georep ≥ 2: 3.50 × (3.00 – 4.00), **met**" in written
    assert "Where the time goes" not in written
    missed = _measured("backlog", _run(GEOREP, 1, 10.0), _run(TAR, 1, 9.0))
    assert "Where the time goes" in page.page(Results(workloads={"backlog": missed}))


@given(st.text(max_size=20), st.floats(0, 1e9))
def test_the_picture_is_xml_and_stays_in_its_frame(label: str, value: float) -> None:
    label = "".join(char for char in label if char.isprintable())
    drawn = ElementTree.fromstring(plot.draw("<&>", [plot.Bar(label, value, value / 2, value * 2)]))
    width = float(drawn.attrib["width"])
    for node in drawn.iter():
        assert float(node.get("x", "0")) + float(node.get("width", "0")) <= width


def test_results_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "build/bench.json"
    assert results.load(path) == Results()
    results.save(path, Results(workloads={"backlog": BACKLOG}))
    assert results.load(path) == Results(workloads={"backlog": BACKLOG})
    path.write_bytes(b'{"workloads": 3}')
    with pytest.raises(Usage, match=r"bench\.json"):
        results.load(path)


def test_a_run_keeps_what_it_measured(tmp_path: Path) -> None:
    out, said = tmp_path / "build/bench.json", list[str]()
    results.save(out, Results(workloads={"backlog": BACKLOG}))
    plan = Plan([TABLE["records"]], frozenset(), 2, 0.002, out)
    done = run.run(plan, said.append)
    assert [one.round for one in done[0].runs] == [1, 2]
    assert len(said) == 2
    kept = results.load(out).workloads
    assert kept == {"backlog": BACKLOG, "records": done[0]}


def test_a_crawl_has_a_lab_of_its_own() -> None:
    labs = run._labs(workloads.chosen("start,crawl,records,delay"))
    assert [[workload.name for workload in lab] for lab in labs] == [["delay", "start"], ["crawl"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--only", "nothing"], "no workload 'nothing'", id="no such workload"),
        pytest.param(["--rivals", "cp"], "'cp' takes no part", id="no such rival"),
        pytest.param(["--only", "start", "--rivals", "rsync"], "'rsync'", id="a rival elsewhere"),
    ],
)
def test_wrong_words_get_one_line(
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", *words])
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert command.main() == 2
    finally:
        signal.signal(signal.SIGTERM, before)
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--scale", "2"], ["--scale", "0.0"]])
def test_bad_numbers_are_refused_with_what_is_accepted(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", *words])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert f"{words[1]!r} is no number" in capsys.readouterr().err


@pytest.fixture
def volume(tmp_path: Path) -> list[bytes]:
    """Give the folders of two bricks."""
    for name in ("s1", "s2"):
        (tmp_path / name).mkdir()
    return [os.fsencode(tmp_path / name) for name in ("s1", "s2")]


def _put(brick: bytes, name: bytes, data: bytes = b"", mode: int = 0o644) -> None:
    path = brick + b"/" + name
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)


def test_a_pointer_of_dht_is_no_file(volume: list[bytes]) -> None:
    _put(volume[0], b"f", mode=0o1000)
    assert not bricks.whole(b"f", 0)(volume)
    assert bricks.absent(b"f")(volume)
    _put(volume[1], b"f", b"1234")
    assert bricks.whole(b"f", 4)(volume)
    assert bricks.like(b"f", b"1234")(volume)
    assert not bricks.like(b"f", b"1235")(volume)
    assert bricks.holds(b"f", 1, b"23")(volume)
    assert not bricks.holds(b"f", 1, b"34")(volume)


def test_a_rename_has_arrived_when_the_old_name_is_gone(volume: list[bytes]) -> None:
    check = bricks.moved(b"old", b"new")
    _put(volume[0], b"old")
    assert not check(volume)
    _put(volume[1], b"new")
    assert not check(volume)
    os.unlink(volume[0] + b"/old")
    assert check(volume)


def test_modes_and_xattrs(volume: list[bytes]) -> None:
    _put(volume[1], b"f", mode=0o640)
    assert bricks.permits(b"f", 0o640)(volume)
    assert not bricks.permits(b"f", 0o644)(volume)
    assert not bricks.tagged(b"f", b"user.bench", b"set")(volume)
    os.setxattr(volume[1] + b"/f", "user.bench", b"set")
    assert bricks.tagged(b"f", b"user.bench", b"set")(volume)


def test_a_watch_notes_the_first_and_the_last(volume: list[bytes]) -> None:
    watch = bricks.Watch([bricks.whole(b"%d" % n, 0) for n in range(200)], volume)
    assert not watch.look()
    assert watch.first is None
    _put(volume[0], b"0")
    assert not watch.until(time.monotonic())
    assert watch.first is not None
    assert watch.left == 199
    for number in range(1, 200):
        _put(volume[number % 2], b"%d" % number)
    assert watch.until(time.monotonic() + 60)
    assert watch.last is not None
    assert watch.left == 0


def test_a_name_that_is_made_is_the_first_change(volume: list[bytes]) -> None:
    os.makedirs(volume[1] + b"/w")
    os.utime(volume[1] + b"/w", (0, 0))
    watch = bricks.Watch([bricks.whole(b"w/f", 100)], volume, b"w")
    assert not watch.look()
    assert watch.first is None
    _put(volume[1], b"w/f")
    assert not watch.look()
    assert watch.first is not None


def test_differences_are_found_on_whichever_brick(tmp_path: Path, volume: list[bytes]) -> None:
    other = [os.fsencode(tmp_path / name) for name in ("b1", "b2")]
    for brick in (*volume, *other):
        os.makedirs(brick + b"/d")
    _put(other[0], b"d/same", b"x")
    _put(volume[1], b"d/same", b"x")
    assert bricks.differences(other, volume, b"d") == []
    _put(other[0], b"d/content", b"x")
    _put(volume[0], b"d/content", b"y")
    _put(other[0], b"d/missing")
    _put(volume[0], b"d/left")
    _put(other[0], b"d/mode", mode=0o600)
    _put(volume[0], b"d/mode")
    found = bricks.differences(other, volume, b"d")
    assert [line.split("'")[1] for line in found] == ["d/content", "d/left", "d/missing", "d/mode"]


@pytest.mark.parametrize("name", list(LOADS))
def test_each_load_is_seen_where_it_was_done_and_not_before(name: str, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    load, ground = LOADS[name], Ground(os.fsencode(tmp_path), b"w", 20, 100_000)
    where = [os.fsencode(tmp_path)]
    if load.base is not None:
        assert all(check(where) for check in load.base(ground))
    before = tmp_path / "before"
    shutil.copytree(tmp_path / "w", before / "w")
    checks = load.change(ground)
    assert checks
    assert all(check(where) for check in checks)
    assert not any(check([os.fsencode(before)]) for check in checks)


def test_a_slice_of_records_is_a_changelog(tmp_path: Path) -> None:
    parsed = changelog.parse(records.slice_of(900, 1))
    assert len(parsed.records) == 900
    assert parsed.faults == []
    measured = records.measure(1800, tmp_path)
    assert measured.keys() == set(TABLE["records"].measures)
    assert min(measured.values()) > 0


async def test_the_relay_keeps_everything_for_a_while_and_loses_nothing() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    behind = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = behind.sockets[0].getsockname()[1]
    async with asyncio.timeout(60):
        server = await relay.serve(0, 0.05, to=port)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        began, sent = time.monotonic(), os.urandom(300_000)
        writer.write(sent)
        writer.write_eof()
        assert await reader.read(-1) == sent
        assert time.monotonic() - began >= 0.1
        writer.close()
        server.close()
        behind.close()
