"""Real logs of a day on three machines: what is told must be what happened."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gsyncd_logs import old

from engine.figures import Status, status
from engine.state import State, apply
from georep_tui.replay import chains, files, gsyncd_words
from georep_tui.replay.entries import Entry, What
from georep_tui.replay.notes import AnyNote
from georep_tui.replay.reading import Reading
from georep_tui.replay.story import Story

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
DAY = ("prim1-gsyncd.log", "prim2-gsyncd.log", "sec1-secondary-gsyncd.log")
W1, W2 = "prim1:/bricks/d1", "prim2:/bricks/d1"


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


class Night:
    """A story that has been told."""

    def __init__(self, *paths: Path) -> None:
        self.chains = chains.link(files.look(paths), here="here")
        self.reading, self.story, self.state = Reading(self.chains), Story(), State()
        self.entries: list[Entry] = []
        for told in self.reading:
            for each in told:
                self.entries += self.story.take(each)
                if not isinstance(each, AnyNote):
                    apply(self.state, each)
        self.entries += self.story.finish()
        self.entries.sort(key=lambda entry: entry.at)

    def of(self, what: What, place: str) -> list[tuple[str, str]]:
        found = (each for each in self.entries if (each.what, each.place) == (what, place))
        return [(clock(each.at), each.words) for each in found]


@pytest.fixture(scope="module")
def day() -> Night:
    return Night(*(GOLDEN / name for name in DAY))


def test_all_of_it_is_understood(day: Night) -> None:
    lines = sum(len((GOLDEN / name).read_bytes().splitlines()) for name in DAY)
    assert (day.reading.lines, day.reading.strange) == (lines, 0)
    assert (clock(day.story.begin), clock(day.story.end)) == ("09:41:49", "10:10:17")


def test_whose_logs_they_are(day: Night) -> None:
    origins = [chain.origin for chain in day.chains]
    assert {origin.session for origin in origins} == {"dvol_sec1_dsvol"}
    assert {origin.secondary for origin in origins} == {"sec1::dsvol"}
    assert [origin.node for origin in origins] == ["prim1", "prim2", "sec1-secondary"]


def test_what_the_operator_did(day: Night) -> None:
    assert day.of(What.SESSION, "prim1") == [
        ("09:41:49", "created"),
        ("09:42:05", "started"),
        ("09:49:51", "stopped"),
        ("09:49:55", "started"),
        ("09:54:07", "stopped"),
        ("09:54:15", "started"),
        ("09:58:16", "stopped"),
        ("09:59:00", "started"),
        ("10:02:20", "stopped"),
        ("10:05:12", "started"),
        ("10:09:57", "paused"),
        ("10:10:04", "started"),
        ("10:10:16", "stopped"),
    ]


def test_every_change_of_state(day: Night) -> None:
    """Broken connections in the second of a stop are how a worker is stopped: no faults."""
    assert day.of(What.STATE, W1)[-13:] == [
        ("10:05:12", "starting"),
        ("10:05:17", "active"),
        ("10:07:25", "faulty"),
        ("10:07:36", "starting"),
        ("10:07:40", "active"),
        ("10:08:50", "faulty"),
        ("10:09:00", "starting"),
        ("10:09:02", "faulty"),
        ("10:09:12", "starting"),
        ("10:09:17", "active"),
        ("10:09:57", "paused"),
        ("10:10:04", "active"),
        ("10:10:16", "stopped"),
    ]
    for worker in (W1, W2):
        words = [words for _, words in day.of(What.STATE, worker)]
        counts = {word: words.count(word) for word in set(words)}
        assert counts == {"starting": 8, "active": 8, "faulty": 3, "stopped": 5, "paused": 1}


def test_why_workers_were_faulty(day: Night) -> None:
    """The agents were killed at 10:07, the secondary volume was stopped at 10:08."""
    for worker in (W1, W2):
        faults = [each for each in day.entries if (each.place, each.words) == (worker, "faulty")]
        causes = [each.cause.partition(":")[0] for each in faults]
        assert causes == ["far side killed", "secondary mount lost", "secondary mount lost"]
        assert "ENOTCONN" in faults[1].evidence
        assert "secondary: Gluster Mount process exited (ENOTCONN)" in faults[2].evidence
        assert all(each.fix for each in faults)


def test_without_the_log_of_the_secondary_less_is_known() -> None:
    night = Night(GOLDEN / "prim1-gsyncd.log")
    faults = night.story.tallies["dvol_sec1_dsvol", W1].faults
    assert faults == {"connection lost": 2, "secondary mount lost": 1}


def test_crawls(day: Night) -> None:
    assert day.of(What.CRAWL, W1)[:3] == [
        ("09:42:11", "history crawl"),
        ("09:42:11", "hybrid crawl"),
        ("09:42:12", "changelog crawl"),
    ]
    assert [words for _, words in day.of(What.CRAWL, W1)].count("hybrid crawl") == 1


def test_conflicts_and_how_they_ended(day: Night) -> None:
    """Three names had been taken on the secondary."""
    assert day.of(What.CONFLICT, W2) == [
        ("10:06:21", "2 × gfid mismatch"),
        ("10:06:21", "2 × gfid mismatch settled"),
    ]
    assert day.of(What.CONFLICT, W1) == [
        ("10:07:42", "1 × gfid mismatch"),
        ("10:07:42", "1 × gfid mismatch settled"),
    ]
    tallies = day.story.tallies.values()
    assert (sum(each.met for each in tallies), sum(each.settled for each in tallies)) == (3, 3)
    assert not any(each.failures for each in tallies)


def test_checkpoints(day: Night) -> None:
    words = "checkpoint 2026-11-23 10:06:54 reached"
    assert day.of(What.CHECKPOINT, W1) == [("10:07:49", words)]
    assert day.of(What.CHECKPOINT, W2) == [("10:09:18", words)]


def test_stalls(day: Night) -> None:
    """Slices had closed, as the next start or the other brick told, and nothing was done."""
    stalls = [each for each in day.entries if each.what is What.STALL]
    assert [(each.place, clock(each.at), clock(each.until)) for each in stalls] == [
        (W1, "09:42:18", "09:49:51"),
        (W2, "09:54:35", "09:58:17"),
        (W1, "10:05:34", "10:07:25"),
    ]


def test_sums(day: Night) -> None:
    first, second = (day.story.tallies["dvol_sec1_dsvol", worker] for worker in (W1, W2))
    assert (first.starts, first.batches, first.jobs, first.bad_jobs) == (8, 15, 16, 0)
    assert (second.starts, second.batches, second.jobs, second.bad_jobs) == (8, 22, 23, 0)
    assert (first.entries, first.removed, first.bytes) == (3775, 18, 67_109_959)
    assert first.seconds["paused"] == pytest.approx(6.59, abs=0.01)


def test_the_picture_at_the_end(day: Night) -> None:
    session = day.state.sessions["dvol_sec1_dsvol"]
    assert {status(session, name) for name in session.workers} == {Status.STOPPED}
    positions = [worker.position for worker in session.workers.values()]
    assert [each.stime for each in positions if each] == [1795428419, 1795428488]


def test_two_workers_on_one_node_one_of_which_stops_listening() -> None:
    night = Night(GOLDEN / "prim1-gvol-gsyncd.log")
    stalls = [each for each in night.entries if each.what is What.STALL]
    assert [(each.place, clock(each.at), clock(each.until)) for each in stalls] == [
        ("prim1:/bricks/b2", "09:15:40", "09:23:37"),
        ("prim1:/bricks/b1", "09:15:40", "09:23:37"),
        ("prim1:/bricks/b2", "09:24:39", "09:34:04"),
    ]
    assert not any(each.faults for each in night.story.tallies.values())


def test_a_name_that_stops_a_worker_for_ever() -> None:
    night = Night(GOLDEN / "prim1-nonutf8-gsyncd.log")
    (tally,) = night.story.tallies.values()
    assert (tally.starts, tally.faults) == (7, {"name that is not UTF-8": 6})


def test_the_same_day_in_the_format_of_before(day: Night, tmp_path: Path) -> None:
    for name in DAY:
        lines = (GOLDEN / name).read_text().splitlines()
        (tmp_path / name).write_text("".join(_as_before(each) + "\n" for each in lines))
    night = Night(tmp_path)
    assert "\tstatus=Faulty" in (tmp_path / DAY[0]).read_text()
    assert night.reading.strange == 0
    assert night.entries == day.entries
    assert night.story.tallies == day.story.tallies


def _as_before(line: str) -> str:
    head, colon, message = line.partition(": ")
    if not line.startswith("[") or not colon:
        return line
    words = {today: before for before, today in gsyncd_words.OLD.items()}
    said = old(message)
    for today, before in words.items():
        if said.partition("\t")[0] == today:
            said = before + said.removeprefix(today)
    said = said.replace("gsyncd secondary ", "gsyncd slave ").replace("--primary-", "--master-")
    said = said.replace("secondary_node=", "slave_node=")
    return head.replace("(secondary ", "(slave ").replace("primary(", "master(") + colon + said


def test_rotated_and_packed_parts_are_one_log(day: Night, tmp_path: Path) -> None:
    for name in DAY:
        parts = (GOLDEN / name).read_bytes().splitlines(keepends=True)
        (tmp_path / f"{name}-20261123.gz").write_bytes(gzip.compress(b"".join(parts[:50])))
        (tmp_path / f"{name}.1").write_bytes(b"".join(parts[50:70]))
        (tmp_path / name).write_bytes(b"".join(parts[70:]))
    night = Night(tmp_path)
    assert [len(chain.files) for chain in night.chains] == [3, 3, 3]
    assert night.entries == day.entries
    assert night.story.tallies == day.story.tallies
