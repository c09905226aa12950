import os
from pathlib import Path

import pytest

from engine import feed
from engine.errors import Retry
from engine.events import (
    AnyEvent,
    EngineStarted,
    PendingChanged,
    PositionMoved,
    WorkerStarted,
    WorkerStopped,
)
from engine.session.journal import Journal
from engine.state import State, apply

WHO = {"session": "s", "worker": "h:/b"}
ENGINE = EngineStarted(at=1.0, node="h", version="1", pid=7)
STARTED = WorkerStarted(at=2.0, pid=8, restart=0, **WHO)
STOPPED = WorkerStopped(at=9.0, reason="asked to", **WHO)


def _pending(at: float) -> PendingChanged:
    return PendingChanged(
        at=at, slices=0, entries=int(at * 10), files=0, bytes=0, doing="", waits="", **WHO
    )


def _moved(number: int) -> PositionMoved:
    return PositionMoved(at=10.0 + number, stime=number, slice=number, **WHO)


def _fold(events: list[AnyEvent]) -> State:
    state = State()
    for event in events:
        apply(state, event)
    return state


def _all(folder: Path) -> list[AnyEvent]:
    return list(feed.read(feed.files(folder)))


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    told: list[AnyEvent] = [ENGINE, STARTED, _moved(1), STOPPED]
    for event in told:
        journal.append(event)
    journal.close()
    assert _all(tmp_path / "j") == told


def test_levels_once_a_second_and_the_last_one_before_the_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    levels = [_pending(at) for at in (3.0, 3.3, 3.9, 4.0, 4.2, 4.4)]
    told: list[AnyEvent] = [ENGINE, STARTED, *levels, STOPPED]
    for event in told:
        journal.append(event)
    assert _all(tmp_path) == [ENGINE, STARTED, _pending(3.0), _pending(4.0), _pending(4.4), STOPPED]
    journal.append(_pending(1.0))  # the clock was set back
    assert _all(tmp_path)[-1] == _pending(1.0)
    journal.append(_pending(1.5))
    journal.close()
    assert _all(tmp_path)[-1] == _pending(1.5)


def test_each_file_stands_alone_and_old_ones_go(tmp_path: Path) -> None:
    journal = Journal(tmp_path, size=4000, keep=3)
    told: list[AnyEvent] = [ENGINE, STARTED, *(_moved(number) for number in range(500))]
    for event in told:
        journal.append(event)
    journal.close()
    found = feed.files(tmp_path)
    assert 1 < len(found) <= 4
    assert int(found[0].stem) > 1
    assert sum(path.stat().st_size for path in found) <= 3 * 4000
    assert _fold(list(feed.read(found[-1:]))) == _fold(told)


def test_a_cut_off_line_is_skipped_and_never_continued(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(ENGINE)
    journal.append(STARTED)
    journal.close()
    (only,) = feed.files(tmp_path)
    os.truncate(only, only.stat().st_size - 10)
    assert _all(tmp_path) == [ENGINE]
    again = Journal(tmp_path)
    again.append(ENGINE)
    again.close()
    assert _all(tmp_path) == [ENGINE, ENGINE]
    assert len(feed.files(tmp_path)) == 2


def test_lines_of_another_version_and_garbage_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "00000001.jsonl"
    path.write_bytes(b'{"type":"Newer","at":1}\n\xff\xfe\n\n{"type":"EngineStarted","at":')
    (tmp_path / "notes.jsonl").write_bytes(b"x")
    assert _all(tmp_path) == []
    assert feed.files(tmp_path / "nowhere") == []


def test_a_full_disk_costs_history_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(ENGINE)

    def full(file: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("engine.session.journal.os.write", full)
        with pytest.raises(Retry, match="No space left on device"):
            journal.append(STARTED)
        with pytest.raises(Retry):
            journal.append(_moved(10))  # tried again, and refused again
        journal.append(_moved(11))  # too early for the next try
    journal.append(_moved(60))
    journal.close()
    told: list[AnyEvent] = [ENGINE, STARTED, _moved(10), _moved(11), _moved(60)]
    assert _fold(list(feed.read(feed.files(tmp_path)[-1:]))) == _fold(told)
