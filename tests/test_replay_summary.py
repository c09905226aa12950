"""`georep replay --summary`: for people, for programs, and what it says of bad input."""

import json
import sys
from collections import Counter
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
import scripted
from gsyncd_logs import line
from msgspec.structs import replace

from engine import events
from engine.events import (
    AnyEvent,
    CheckpointReached,
    CheckpointSet,
    EntryFailed,
    EntryMended,
    PauseChanged,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    Wanted,
)
from georep_tui import cli
from georep_tui.replay import alerts, digest
from georep_tui.replay.digest import Digest
from georep_tui.replay.entries import Entry, What
from georep_tui.replay.notes import LineKept
from georep_tui.replay.story import STRANGE, Story

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
DAY = [str(GOLDEN / f"{name}-gsyncd.log") for name in ("prim1", "prim2", "sec1-secondary")]
BIG = 50 << 20
"""Bytes of the log that is read in bounded memory."""
ROOM = 40_000
"""KiB that reading it may take more than reading a small one."""


def entry(at: float, words: str, what: What = What.STATE, cause: str = "") -> Entry:
    return Entry(at=at, session="s", place="n:/b", what=what, words=words, cause=cause)


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert cli.main(["replay", "--summary", *words]) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return err if code else out


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, *DAY)
    assert "2026-11-23 09:41:49 to 2026-11-23 10:10:17 UTC, 28 min" in out
    assert "583 lines in 3 files, all understood" in out
    assert "dvol_sec1_dsvol → sec1::dsvol" in out
    assert "10:07:25  prim1:/bricks/d1  faulty · far side killed:" in out
    assert "10:09:57  prim1             paused" in out
    assert "conflicts: 3 gfid mismatches, all settled" in out
    assert "checkpoint 2026-11-23 10:06:54: reached on 2 bricks" in out
    assert "faulty 4 times: secondary mount lost" in out
    assert "stalled until 09:49:51 (7 min)" in out
    assert "\x1b" not in out
    assert all(len(line) <= 100 for line in out.splitlines())


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[dict[str, Any]] = [json.loads(x) for x in told(capsys, "--json", *DAY).splitlines()]
    kinds = Counter(each["type"] for each in lines)
    assert (kinds["worker"], kinds["replay"]) == (2, 1)
    faults = [each for each in lines if each.get("words") == "faulty"]
    assert len(faults) == 6
    assert {"at", "session", "place", "cause", "fix", "evidence", "until"} <= set(faults[0])
    (worker,) = (each for each in lines if each.get("worker") == "prim1:/bricks/d1")
    assert worker["faults"] == {"far side killed": 1, "secondary mount lost": 2}
    assert worker["seconds"]["active"] == pytest.approx(1388.69, abs=0.01)
    assert lines[-1]["lines"] == 583
    assert lines[-1]["not_understood"] == 0


def test_what_repeats_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, str(GOLDEN / "prim1-nonutf8-gsyncd.log"))
    assert out.count("UnicodeDecodeError") == 1
    assert "5 times more the same until 10:17:13" in out
    assert "faulty 6 times: name that is not UTF-8" in out


def test_failures_and_strange_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gsyncd.log"
    gfid = "6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d4"
    failed = "ENTRY FAILED [{{data=({{'op': 'MKDIR', 'gfid': '{}{}', 'entry': 'x'}}, 28, {{}})}}]"
    job = "Sync Time Taken [{job=1}, {num_files=4}, {return_code=23}, {duration=0.5}]"
    path.write_bytes(
        b"".join(
            [
                b"words that belong to nothing\n",
                *(line(at, "worker /b", failed.format(gfid, at), level="E") for at in range(5)),
                line(6, "worker /b", "nobody ever said [this]", level="W"),
                line(7, "worker /b", job),
                line(8, "worker /b", "reached maximum retries [{args=x}]", level="W"),
                line(9, "worker /b", "changelogs could not be processed completely - moving on..."),
                line(10, "worker /b", "Entry ops failed with gfid mismatch [{count=3}]"),
                line(11, "worker /b", "No more gfid mismatches can be fixed [{failures=3}]"),
            ]
        )
    )
    out = told(capsys, str(path))
    assert "×5, last 08:57:45 ENOSPC: mkdir x" in out
    assert "There was no room for it on the secondary." in out
    assert "nobody ever said [this]" in out
    assert "words that belong to nothing" in out
    assert "2 not understood" in out
    assert "rsync" not in out
    assert "1 transfer did not end with 0" in out
    assert "reached maximum retries" in out
    assert "content given up in 1 slice" in out
    assert "3 gfid mismatches, 0 settled, 3 not" in out


def test_a_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "00000001.jsonl"
    more = [
        SessionBlocked(
            at=scripted.NOW, session="home", node="gfs1", cause="c", words="volume gone", fix="mend"
        ),
        SessionForgotten(at=scripted.NOW + 1, session="logs", node="gfs1"),
    ]
    run_ = [*scripted.events(), *more]
    path.write_bytes(b"".join(events.encode(each) + b"\n" for each in run_))
    out = told(capsys, str(path))
    assert "ssh refused: ssh to dr2 ended with exit 255" in out
    assert "cannot run: c · volume gone" in out
    assert "→ mend" in out
    assert "deleted" in out
    assert "EACCES" in out
    assert "×116" in out
    assert "gfs1             georep 0.1.0 began" in out
    lines = [json.loads(each) for each in told(capsys, "--json", str(path)).splitlines()]
    (worker,) = (each for each in lines if each.get("worker") == "gfs3:/bricks/b2")
    assert worker["failures"] == {"EACCES": 116, "gfid mismatch": 2}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nope", None, "cannot be read"),
        ("x", b"hello\n", "is neither a journal of georep nor a log of gsyncd"),
        ("empty.log", b"", "There is nothing to replay"),
        ("dir/a", b"hello", "There is nothing to replay"),
    ],
)
def test_bad_input_gets_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes | None,
    said: str,
) -> None:
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    err = told(capsys, str(path if path.parent == tmp_path else path.parent), code=2)
    assert said in err
    assert "Name journals" in err
    assert err.count("\n") == 1


def test_a_stretch_as_a_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = str(tmp_path / "night.jsonl")
    words = ["replay", *DAY, "--export", target, "--since", "10:06", "--until", "10:08:10"]
    assert cli.main(words) == 0
    assert "Show them: georep replay" in capsys.readouterr().out
    out = told(capsys, target)
    assert "conflicts: 3 gfid mismatches, all settled" in out
    assert "faulty 2 times: far side killed" in out
    assert "secondary mount lost" not in out
    assert "10:05:17  prim1:/bricks/d1  active" in out, "it begins with how everything was"
    assert cli.main(words) == 2
    assert "is there already. Name a new file." in capsys.readouterr().err
    assert cli.main(["replay", *DAY, "--export", "/nowhere/x"]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert cli.main([*words[:4], "--export", f"{target}2", "--since", "soon"]) == 2
    assert "'soon' is no time. Write 11:40" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "10:08", "--until", "10:07"], "--until is before --since"),
        (
            ["--since", "2026-12-24 10:00"],
            "Nothing is told in that stretch. The files tell what was from",
        ),
        (["--until", "2026-01-01 10:00"], "Nothing is told in that stretch"),
    ],
)
def test_a_stretch_in_which_nothing_can_be(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["replay", *DAY, "--summary", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_stretch_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, *DAY, "--since", "10:07", "--until", "10:08")
    assert "2026-11-23 10:07:00 to 2026-11-23 10:07:55 UTC, 56 s" in out
    assert "far side killed" in out
    assert "10:06:21" not in out
    assert "conflicts: 1 gfid mismatch, all settled" in out
    assert "dvol_sec1_dsvol → sec1::dsvol" in out
    (row,) = (line for line in out.splitlines() if line.startswith(" prim2:/bricks/d1   "))
    assert row.split()[1:5] == ["00:40", "00:10", "·", "1"], "Active before it began"
    assert cli.main(["replay", *DAY, "--since", "10:07"]) == 2
    assert "go with --summary" in capsys.readouterr().err


def test_lives_that_go_the_same_way_are_counted() -> None:
    made = Digest()
    for start in range(0, 100, 10):
        made.take(entry(start, "starting"))
        made.take(entry(start + 1, "faulty", cause="x" if start != 50 else "y"))
    found = [(each.at, each.words, each.until) for each in made.finish()]
    assert found == [
        (0, "starting", 0),
        (1, "faulty", 0),
        (10, "4 times more the same", 41),
        (50, "starting", 0),
        (51, "faulty", 0),
        (60, "starting", 0),
        (61, "faulty", 0),
        (70, "3 times more the same", 91),
    ]


def test_a_digest_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "ENTRIES", 40)
    monkeypatch.setattr(digest, "KINDS", 3)
    made = Digest()
    for at in range(100):
        made.take(entry(at, f"checkpoint {at}", What.CHECKPOINT))
        made.take(entry(at, f"{at}: no", What.FAILURE))
    assert len(made.finish()) == 40
    assert len(made.groups) == 3
    assert made.dropped == 60 + 97


def test_kinds_of_strange_lines_are_bounded() -> None:
    story = Story()
    for at in range(STRANGE + 5):
        kept = LineKept(at=at, session="s", place="n", level="W", words=f"w{at}", understood=False)
        assert list(story.take(kept))
    assert len(story.strange) == STRANGE + 1
    assert story.strange["… others"] == 5


def test_a_large_log_takes_no_more_memory(tmp_path: Path) -> None:
    path = tmp_path / "gsyncd.log"
    content = (GOLDEN / "prim2-gsyncd.log").read_bytes()
    with path.open("wb") as file:
        for _ in range(BIG // len(content)):
            file.write(content)
    code = (
        "import resource, sys; from georep_tui import cli; "
        "code = cli.main(['replay', '--summary', '--json', sys.argv[1]]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )

    def most(log: str) -> int:
        ended = run([sys.executable, "-c", code, log], capture_output=True, check=True, text=True)
        return int(ended.stderr)

    assert most(str(path)) - most(DAY[1]) < ROOM


def journal(folder: Path, *told: AnyEvent) -> str:
    path = folder / "night.jsonl"
    path.write_bytes(b"".join(events.encode(each) + b"\n" for each in told))
    return str(path)


def test_what_is_only_told_again_is_not_counted_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who: dict[str, Any] = {"session": "s", "worker": "n:/b"}
    known = SessionKnown(
        at=1, session="s", primary="p", secondary="u@h::v", wanted=Wanted.STARTED, node="n"
    )
    failed = EntryFailed(
        at=5, gfid="g", path="a", doing="create", kind="EIO", words="w", tries=1, last=5, **who
    )
    at_start = replace(failed, at=9, again=True)
    point = CheckpointReached(at=6, label="nightly", time=5, **who)
    told_ = journal(
        tmp_path,
        known,
        CheckpointSet(at=2, session="s", node="n", label="nightly", time=5),
        failed,
        point,
        replace(known, at=7, wanted=Wanted.PAUSED),
        PauseChanged(at=7.5, paused=True, **who),
        replace(known, at=8),
        at_start,
        replace(point, at=9),
        EntryMended(at=10, gfid="g", **who),
    )
    out = told(capsys, told_)
    assert "00:00:05  n:/b  EIO: create a" in out, "once, and not as two"
    assert out.count("checkpoint nightly reached") == 1
    assert "checkpoint nightly set for 1970-01-01 00:00:05" in out
    assert "checkpoint nightly: reached on 1 brick" in out
    assert "00:00:08  n     started · it goes on after a pause" in out
    assert "1 object that had failed came right, or ended" in out


def test_a_failure_that_is_only_told_again_is_told_where_nothing_was_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = EntryFailed(
        *(), at=9, gfid="g", path="a", doing="create", kind="EIO", words="w", tries=1, last=5,
        again=True, session="s", worker="n:/b",
    )  # fmt: skip
    assert "EIO: create a" in told(capsys, journal(tmp_path, failed))
    assert alerts.say(failed) == "", "nobody would have been called for it then"
    assert alerts.say(replace(failed, again=False)) == "n:/b EIO: a"
