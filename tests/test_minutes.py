"""What is counted by the minute: told when a minute has ended, and read back by the next engine."""

import os
from pathlib import Path

import pytest

from engine import events
from engine.events import EngineStarted, MinuteCounted, WorkerProgressed
from engine.session import minutes, report
from engine.session.journal import Journal
from engine.session.report import Report

NOW = 1777637071.0
"""31 s into a minute."""
BEGUN = 1777637040


def told(sink: Path) -> list[MinuteCounted]:
    found = [events.decode(line) for line in sink.read_bytes().splitlines()]
    return [event for event in found if isinstance(event, MinuteCounted)]


def test_a_minute_is_told_when_it_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [NOW]
    monkeypatch.setattr(report.time, "time", lambda: now[0])
    sink = os.open(tmp_path / "events", os.O_WRONLY | os.O_CREAT)
    made = Report("s", "n:/b", sink)
    for at, size in ((NOW, 5), (NOW + 28, 7), (NOW + 29, 9), (NOW + 30, 9), (NOW + 300, 10)):
        now[0], made.bytes, made.files = at, size, 1
        made.tick(force=True)
    os.close(sink)
    found = [(each.minute - BEGUN, each.files, each.bytes) for each in told(tmp_path / "events")]
    assert found == [(0, 1, 9), (60, 0, 1)]


def counted(minute: int, worker: str = "n:/b") -> MinuteCounted:
    return MinuteCounted(
        at=minute + 60,
        session="s",
        worker=worker,
        minute=minute,
        slices=1,
        entries=2,
        files=3,
        bytes=4,
    )


def test_the_last_hour_is_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    assert minutes.read(folder, NOW) == {}
    for _ in range(2):
        journal = Journal(folder)
        journal.append(EngineStarted(at=1.0, node="n", version="1", pid=1))
        for event in (counted(BEGUN - 7200), counted(BEGUN), counted(BEGUN - 60, "n:/c")):
            journal.append(event)
        journal.append(
            WorkerProgressed(
                at=NOW,
                session="s",
                worker="n:/b",
                slices=0,
                records=0,
                entries=0,
                files=0,
                bytes=0,
                removed=0,
            )
        )
        journal.close()
    assert minutes.read(folder, NOW) == {
        "n:/b": [counted(BEGUN)],
        "n:/c": [counted(BEGUN - 60, "n:/c")],
    }
    journal = Journal(folder)
    journal.append(EngineStarted(at=1.0, node="n", version="1", pid=2))
    journal.close()
    last = sorted(folder.iterdir())[-1]
    with last.open("ab") as file:
        file.write(b'{"type":"MinuteCounted","at":1\n\xff"MinuteCounted"\n')
    found = minutes.read(folder, NOW)
    assert set(found) == {"n:/b", "n:/c"}, "the last engine ended before it told of them"
    assert found["n:/b"] == [counted(BEGUN)], "each once"
