"""The command `georep events`: what the journals of this node tell."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
import scripted

from engine import config
from engine.config import Places, Session
from engine.events import AnyEvent, EngineStarted
from engine.session.journal import Journal
from georep_tui import cli, recalling


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("GEOREP_CONFIG", str(tmp_path / "etc"))
    monkeypatch.setenv("GEOREP_STATE", str(tmp_path / "var"))
    places = config.places()
    for name in ("prod", "home", "quiet"):
        config.create(places, Session(name, "gv0", "root", "dr1", "gv1"))
    for name in ("prod", "home"):
        for _ in range(2):  # the second run of an engine repeats what the first one told
            write(places, name, _of(name))
    return places


def _of(name: str) -> list[AnyEvent]:
    told = scripted.events()
    return [each for each in told if isinstance(each, EngineStarted) or each.session == name]


def write(places: Places, name: str, told: Iterable[AnyEvent]) -> None:
    folder = places.of(name) / "journal"
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder)
    for event in told:
        journal.append(event)
    journal.close()


def test_of_all_sessions(at: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["events", "--level", "all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 213
    assert lines[0] == (
        "2026-05-01 10:57:51.000Z        gfs1             EngineStarted      georep 0.1.0 began, "
        "pid 900"
    )
    assert lines[-1].endswith("prod  gfs3:/bricks/b1  WorkerStarted      pid 411, restart 1")
    assert cli.main(["events"]) == 0
    without = capsys.readouterr().out.splitlines()
    assert 0 < len(without) < len(lines)
    assert not [line for line in without if "BatchDone" in line]
    assert any(r"▲ EACCES users/kate/.cache/bad\xffname0001 · create" in line for line in lines)


def test_of_one_session_and_level(at: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["events", "home", "--level", "bad"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "home  gfs3:/bricks/b2  WorkerFaulty  ▲ ssh refused: ssh to dr2 ended" in line
    assert cli.main(["events", "prod", "--level", "bad"]) == 0
    assert "Nothing of this kind" in capsys.readouterr().out


def test_json(at: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["events", "home", "--level", "warn", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(found) == 120
    assert found[-1]["type"] == "RetryScheduled"
    assert found == sorted(found, key=lambda each: each["at"])


def test_wrong_words(at: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["events", "nowhere"]) == 2
    assert "prod" in capsys.readouterr().err, "it says which there are"
    with pytest.raises(SystemExit) as ended:
        cli.main(["events", "--level", "worst"])
    assert ended.value.code == 2


def test_an_unreadable_journal(at: Places, capsys: pytest.CaptureFixture[str]) -> None:
    (at.of("quiet") / "journal").mkdir(parents=True)
    (at.of("quiet") / "journal/1.jsonl").mkdir()
    assert cli.main(["events", "quiet"]) == 1
    assert "cannot be read: Is a directory" in capsys.readouterr().err


def test_only_the_newest_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"{number}.jsonl" for number in range(4)]
    for path in paths:
        path.write_bytes(b"x" * 10)
    monkeypatch.setattr(recalling, "ROOM", 25)
    assert recalling._newest(paths) == paths[2:]
    monkeypatch.setattr(recalling, "ROOM", 5)
    assert recalling._newest(paths) == paths[3:]
    assert recalling._newest([]) == []
