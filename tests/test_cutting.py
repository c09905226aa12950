"""A stretch of a replay as a journal: whole or not at all, and never over another file."""

from pathlib import Path

import pytest

from engine import files as whole_files
from engine.errors import Usage
from engine.state import State, apply
from georep_tui.replay import chains, cutting, files
from georep_tui.replay.chains import Chain
from georep_tui.replay.notes import AnyNote
from georep_tui.replay.reading import Reading
from georep_tui.replay.stretch import Stretch

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
DAY = [GOLDEN / f"{name}-gsyncd.log" for name in ("prim1", "prim2", "sec1-secondary")]


def day() -> list[Chain]:
    return chains.link(files.look(DAY), here="here")


def middle() -> tuple[float, float]:
    found = day()
    begin = min(file.first for chain in found for file in chain.files)
    end = max(file.last for chain in found for file in chain.files)
    return begin + (end - begin) * 0.8, begin + (end - begin) * 0.9


def picture(found: list[Chain], until: float) -> State:
    reading, state = Reading(found), State()
    steps = iter(reading)
    while reading.next_at <= until:
        for told in next(steps):
            if not isinstance(told, AnyNote):
                apply(state, told)
    return state


def test_its_end_looks_as_it_looked_in_the_whole(tmp_path: Path) -> None:
    since, until = middle()
    path = tmp_path / "part.jsonl"
    *_, count = cutting.write(Stretch(day(), first=since, last=until), path)
    part = chains.link(files.look([path]), here="here")
    shown, expected = picture(part, until), picture(day(), until)
    assert shown.sessions.keys() == expected.sessions.keys()
    assert shown.sessions == expected.sessions
    assert 0 < count <= len(path.read_bytes().splitlines())


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_stopped_half_way_it_leaves_nothing(tmp_path: Path, steps: int) -> None:
    writing = cutting.write(Stretch(day(), first=0.0, last=middle()[1]), tmp_path / "part")
    for _ in range(steps):
        next(writing)
    writing.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_made_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "part"
    writing = cutting.write(Stretch(day(), first=0.0, last=middle()[1]), path)
    next(writing)
    whole_files.create(path, b"somebody's")
    with pytest.raises(Usage, match="is there already"):
        list(writing)
    assert path.read_bytes() == b"somebody's"
    assert [each.name for each in tmp_path.iterdir()] == ["part"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    stretch = Stretch(day(), first=0.0, last=1.0)
    with pytest.raises(Usage, match="cannot be written"):
        list(cutting.write(stretch, tmp_path / "none/part"))
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(Usage, match="is there already"):
        list(cutting.write(stretch, tmp_path / "dangling"))
