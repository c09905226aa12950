"""The player: every time that can be shown shows what would be shown by getting there."""

import gzip
import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
import scripted
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events
from engine.events import WorkerFaulty
from engine.state import State, apply
from georep_tui import player
from georep_tui.chronicle import Chronicle, Entry
from georep_tui.player import NORMAL, SPEEDS, Player, parse
from georep_tui.replay import alerts, chains, files, gsyncd_lines, index, scout
from georep_tui.replay.alerts import Alerts
from georep_tui.replay.chains import Chain
from georep_tui.replay.notes import AnyNote, ConflictMet, GivenUp, SlicesTold
from georep_tui.replay.reading import Reading

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
PATHS = [GOLDEN / f"{name}-gsyncd.log" for name in ("prim1", "prim2", "sec1-secondary")]


class Clock:
    """The time outside."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def night() -> list[Chain]:
    return chains.link(files.look(PATHS), here="here")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ready(night: list[Chain], clock: Clock) -> Player:
    made = Player(night, clock=clock)
    while not made.index.done:
        made.index.work(1.0)
    made.seek(made.begin)
    return made


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-11-23T{text}+00:00").timestamp()


def straight(night: list[Chain], to: float) -> State:
    """Return the picture of a time by reading everything before it."""
    state, reading = State(), Reading(night)
    steps = iter(reading)
    while reading.next_at <= to:
        for each in next(steps):
            if not isinstance(each, AnyNote):
                apply(state, each)
    return state


def told_before(night: list[Chain], to: float) -> list[Entry]:
    """Return what happened up to a time, by reading everything before it."""
    told, reading = Chronicle(index.TOLD), Reading(night)
    steps = iter(reading)
    while reading.next_at <= to:
        for each in next(steps):
            told.take(each)
    return told.entries()


def test_it_opens_where_something_is_told(night: list[Chain], clock: Clock) -> None:
    made = Player(night, clock=clock)
    assert not made.playing
    assert made.begin == pytest.approx(at("09:34:16.156282"))
    assert made.at == pytest.approx(at("09:41:49.044265"))
    assert made.end == pytest.approx(at("10:10:17.361369"))
    assert made.picture == straight(night, made.at)


def test_time_passes_while_it_plays(night: list[Chain], clock: Clock) -> None:
    made = ready(night, clock)
    clock.now += 100
    made.advance()
    assert made.at == made.begin, "held"
    made.play()
    clock.now += 10
    made.advance()
    assert made.at == made.begin + 10
    made.faster(SPEEDS.index(60.0) - NORMAL)
    clock.now += 10
    made.advance()
    assert made.at == made.begin + 610
    assert made.picture == straight(night, made.at)
    made.play()
    clock.now += 10
    made.advance()
    assert made.at == made.begin + 610, "held again"
    clock.now -= 1000
    made.play()
    made.advance()
    assert made.at == made.begin + 610, "the time outside was set back"


def test_at_the_end_it_holds_and_begins_again(night: list[Chain], clock: Clock) -> None:
    made = ready(night, clock)
    made.play()
    clock.now += 1e6
    made.advance()
    assert (made.at, made.playing) == (made.end, False)
    assert made.picture == straight(night, made.end)
    made.play()
    assert (made.at, made.playing) == (made.begin, True)


def test_speeds_have_ends(night: list[Chain], clock: Clock) -> None:
    made = Player(night, clock=clock)
    assert made.speed == 1
    made.faster(100)
    assert made.speed == 1000
    made.faster(-100)
    assert made.speed == 0.25


def test_alerts_one_after_the_other(night: list[Chain], clock: Clock) -> None:
    made = ready(night, clock)
    seen = []
    while made.alert(later=True):
        seen.append(made.at)
        assert made.picture == straight(night, made.at)
    expected = ["10:06:22", "10:07:26", "10:07:43", "10:08:51", "10:09:03"]
    assert seen == [at(each) for each in expected]
    assert made.at == seen[-1], "it stays where it is"
    back = [made.at]
    while made.alert(later=False):
        back.append(made.at)
    assert back == seen[::-1]
    made.seek(at("10:08:00"))
    assert made.alert(later=False)
    assert made.at == at("10:07:43")


def test_an_alert_shows_what_it_is_about(night: list[Chain], clock: Clock) -> None:
    made = ready(night, clock)
    made.seek(at("10:07:00"))
    made.alert(later=True)
    workers = made.picture.sessions["dvol_sec1_dsvol"].workers.values()
    assert all(isinstance(each.ended, WorkerFaulty) for each in workers)


def test_steps(night: list[Chain], clock: Clock) -> None:
    made = ready(night, clock)
    made.seek(at("10:07:20"))
    made.play()
    made.step(later=True)
    assert not made.playing
    first = made.at
    assert first > at("10:07:20")
    made.step(later=True)
    assert made.at > first
    made.step(later=False)
    assert made.at == pytest.approx(first) or made.at < first
    assert made.picture == straight(night, made.at)
    made.seek(made.end)
    made.step(later=True)
    assert made.at == made.end
    made.seek(made.begin)
    made.step(later=False)
    assert made.at == made.begin


@settings(max_examples=30)
@given(
    st.lists(
        st.floats(min_value=-100, max_value=2400) | st.sampled_from([1985.0, 1985.9, 2066.2]),
        max_size=8,
    )
)
def test_wherever_it_goes_the_picture_is_that_of_the_time(places: list[float]) -> None:
    night = chains.link(files.look(PATHS), here="here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "GAP", 40)
        patch.setattr(index, "TOLD", 20)
        made = ready(night, Clock())
        assert len(made.index.points) > 5
        for place in places:
            made.seek(made.begin + place)
            assert made.begin <= made.at <= made.end
            assert made.picture == straight(night, made.at)
            assert made.chronicle.entries() == told_before(night, made.at)


def test_where_nothing_was_read_yet_the_picture_is_made_whole_later(
    night: list[Chain], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scout, "STRETCH", 20.0)
    monkeypatch.setattr(scout, "_STEP", 100)
    made = Player(night, clock=clock)
    made.seek(at("10:08:00"))
    assert (made.at, made.target) == (at("10:08:00"), None)
    assert made.since is not None
    assert at("10:07:30") < made.since < at("10:07:41")
    assert made.index.share() < 1
    (session,) = made.picture.sessions.values()
    assert [str(each.role.role) for each in session.workers.values() if each.role] == ["active"] * 2
    assert made.picture != straight(night, made.at)
    assert not made.alert(later=True)
    made.step(later=False)
    assert at("10:07:50") < made.at < at("10:08:00")
    made.seek(at("10:09:00"))
    while made.since is not None:
        made.index.work(0)
        made.advance()
    assert made.at == at("10:09:00")
    assert made.picture == straight(night, made.at)
    assert made.chronicle.entries() == told_before(night, made.at)


def test_what_is_packed_is_shown_as_soon_as_it_has_been_read(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "gsyncd.log.gz"
    path.write_bytes(gzip.compress(PATHS[0].read_bytes()))
    packed = chains.link(files.look([path]), here="here")
    made = Player(packed, clock=clock)
    before = made.at
    made.index.work(0)
    made.target = at("10:08:00")
    made.advance()
    assert (made.at, made.target) == (before, at("10:08:00"))
    while made.target is not None:
        made.index.work(0)
        made.advance()
    assert made.at == at("10:08:00")
    assert made.picture == straight(packed, made.at)


@pytest.mark.parametrize("name", [path.name for path in PATHS])
@pytest.mark.parametrize("step", [100, 1 << 16])
def test_places_are_found(name: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scout, "_STEP", step)
    (file,) = files.look([GOLDEN / name])
    heads = [
        (place, line.at)
        for place, line in gsyncd_lines.read(files.lines(file))
        if isinstance(line, gsyncd_lines.Line)
    ]
    for wanted in (0.0, file.first, at("09:50:00"), at("10:08:00"), at("10:08:50"), 2e9):
        found = scout.place(file, wanted)
        older = [place for place, time in heads if time < wanted]
        assert found <= (older[-1] if older else 0) or found in [place for place, _ in heads]
        assert all(time >= wanted for place, time in heads if place > found + step)
        assert not [place for place, time in heads if time >= wanted and place < found]


def test_a_journal_is_scouted(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "00000001.jsonl"
    run = scripted.events()
    path.write_bytes(b"".join(events.encode(each) + b"\n" for each in run))
    made = Player(chains.link(files.look([path]), here="here"), clock=clock)
    made.seek(scripted.NOW - 40)
    assert made.since is not None
    assert made.picture.sessions


def test_an_index_is_bounded(
    night: list[Chain], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("GAP", 5), ("POINTS", 12), ("FACTS", 200_000)):
        monkeypatch.setattr(index, name, value)
    made = ready(night, clock)
    assert 3 < len(made.index.points) <= 12
    times = [point.mark.at for point in made.index.points]
    assert times == sorted(times)
    monkeypatch.setattr(index, "FACTS", 400)
    small = ready(night, clock)
    assert sum(len(point.facts) for point in small.index.points) <= 600
    for later in (at("09:50:00"), at("10:07:26"), at("09:42:00")):
        small.seek(later)
        assert small.picture == straight(night, later)


def test_playing_reads_no_longer_than_it_may(
    night: list[Chain], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ready(night, clock)
    monkeypatch.setattr(player, "LONGEST", -1.0)
    made.play()
    made.faster(100)
    clock.now += 1e6
    places = []
    for _ in range(3):
        made.advance()
        clock.now += 1e6
        places.append(made.at)
    assert made.begin < places[0] <= places[1] <= places[2] < made.end
    assert made.picture == straight(night, made.at) or made.at == places[2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10:07", "2026-11-23T10:07:00"),
        (" 10:07:26Z ", "2026-11-23T10:07:26"),
        ("23:59", "2026-11-22T23:59:00"),
        ("2026-11-23 10:07", "2026-11-23T10:07:00"),
        ("2026-1-2T3:04:05", "2026-01-02T03:04:05"),
        ("", None),
        ("10", None),
        ("25:00", None),
        ("2026-13-01 10:00", None),
        ("soon", None),
    ],
)
def test_times_that_are_typed(text: str, found: str | None) -> None:
    wanted = datetime.fromisoformat(found).replace(tzinfo=UTC).timestamp() if found else None
    assert parse(text, at("09:34:16")) == wanted


def test_points_are_found(night: list[Chain], clock: Clock) -> None:
    made = ready(night, clock)
    for before, after in itertools.pairwise(made.index.points):
        assert before.mark.at <= after.mark.at
    assert made.index.before(0.0) is made.index.points[0]
    assert (made.index.lines, made.index.strange) == (583, 0)


def test_alerts_of_a_second_are_one() -> None:
    made = Alerts()
    for count, at_ in enumerate((10.2, 10.9, 11.1, 30.0)):
        met = ConflictMet(at=at_, session="s", worker="n:/b", count=count)
        made.take(met, at_)
    made.take(
        SlicesTold(at=31, session="s", worker="n:/b", first=1, last=1, count=1, directories=0), 31
    )
    assert made.times == [11.0, 12.0, 31.0]
    assert made.words(11.0) == "n:/b 0 × gfid mismatch, and 1 more"
    assert made.words(12.0) == "n:/b 2 × gfid mismatch"
    assert made.words(12.5) == ""
    assert (made.near(11.0, later=True), made.near(11.0, later=False)) == (12.0, None)


def test_alerts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "KEPT", 10)
    made = Alerts()
    for second in range(1000):
        given = GivenUp(at=second, session="s", worker="n:/b", count=1, slices=())
        made.take(given, float(second))
    assert 4 < len(made.times) <= 10
    assert made.times[0] == 1.0
    assert made.times == sorted(made.times)
    counted = [made.words(each).rpartition("and ")[2].partition(" ")[0] for each in made.times]
    assert sum(int(each) + 1 for each in counted) == 1000
