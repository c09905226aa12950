"""Every key message of gsyncd's, in both formats and both wordings, and what is told of it."""

from typing import Any

import pytest
from gsyncd_logs import BEGIN, ORIGIN, WORKER, line, old, tell

from engine.events import (
    BatchDone,
    Crawl,
    CrawlChanged,
    EntryFailed,
    JobFinished,
    PauseChanged,
    PositionMoved,
    RetryScheduled,
    Role,
    RoleChanged,
    SessionKnown,
    Wanted,
    WorkerConnected,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
    WorkerStopped,
)
from georep_tui.replay import gsyncd_words
from georep_tui.replay.gsyncd_events import Interpreter, Origin
from georep_tui.replay.gsyncd_lines import Stray, parse
from georep_tui.replay.notes import (
    AnyTold,
    CheckpointPassed,
    ConflictEnded,
    ConflictMet,
    GivenUp,
    LineKept,
    SlicesTold,
)

BRICK = "/bricks/b1"
OF_WORKER = f"worker {BRICK}"
G1, G2 = "6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d44", "b1d7a3f0-02cc-4f7a-9f50-aa8e4a1c6e90"
START = f"starting gsyncd worker [{{brick={BRICK}}}, {{secondary_node=sec}}]"
FAULTY = "Worker Status Change [{status=Faulty}]"
MISMATCH = (
    f"ENTRY FAILED [{{data=({{'op': 'CREATE', 'skip_entry': False, 'gfid': '{G1}', "
    "'entry': '.gfid/00000000-0000-0000-0000-000000000001/it\\'s', 'mode': 33188}, 17, "
    f"{{'gfid_mismatch': True, 'secondary_gfid': '{G2}'}})}}]"
)
GIVEN_UP = "changelogs could not be processed completely - moving on..."
NO_ROOM = (
    f"ENTRY FAILED [{{data=({{'op': 'MKDIR', 'gfid': '{G1}', "
    f"'entry': '.gfid/{G2}/d'}}, 28, {{}})}}]"
)
RSYNC = (
    "rsync performance [{data=Number of files: 108 (reg: 105, dir: 3), Number of regular files "
    "transferred: 105, Total file size: 67,109,748 bytes, Total transferred file size: 67,109,700 "
    "bytes, Literal data: 67,109,748 bytes, Matched data: 12 bytes, Total bytes sent: 67,147,333, "
    "Total bytes received: 2,227}]"
)

WORK: list[tuple[str, list[tuple[type, dict[str, Any]]]]] = [
    ("Worker Status Change [{status=Active}]", [(RoleChanged, {"role": Role.ACTIVE})]),
    ("Worker Status Change [{status=Passive}]", [(RoleChanged, {"role": Role.PASSIVE})]),
    ("Crawl Status Change [{status=Hybrid Crawl}]", [(CrawlChanged, {"crawl": Crawl.HYBRID})]),
    ("Crawl Status Change [{status=History Crawl}]", [(CrawlChanged, {"crawl": Crawl.HISTORY})]),
    (
        "Crawl Status Change [{status=Changelog Crawl}]",
        [(CrawlChanged, {"crawl": Crawl.CHANGELOG})],
    ),
    (
        "Worker spawn successful. Acknowledging back to monitor",
        [(WorkerConnected, {"peer": "", "peer_version": "", "seconds": 0.0})],
    ),
    (
        "starting history crawl [{turns=1}, {stime=(1795423098, 0)}, {etime=1795424261}]",
        [(PositionMoved, {"stime": 1795423098, "slice": 0})],
    ),
    (
        "finished history crawl [{endtime=1}, {stime=(1795423098, 0)}, {entry_stime=None}]",
        [(PositionMoved, {"stime": 1795423098})],
    ),
    ("finished hybrid crawl [{stime=(1795423098, 0)}]", [(PositionMoved, {"stime": 1795423098})]),
    ("starting hybrid crawl [{stime=None}]", []),
    ("secondary's time [{stime=(1795423098, 0)}]", [(PositionMoved, {"stime": 1795423098})]),
    ("Entry Time Taken [{UNL=1}, {RMD=2}, {CRE=3}, {duration=0.1}]", []),
    ("Data/Metadata Time Taken [{SETA=0}, {DATA=5}, {data_duration=0.6641}]", []),
    (RSYNC, []),
    ("rsync verbose [{data=x}]", []),
    (
        "Sync Time Taken [{job=3}, {num_files=107}, {return_code=0}, {duration=3.1391}]",
        [(JobFinished, {"job": 3, "asked": 107, "moved": 107, "code": 0, "seconds": 3.1391})],
    ),
    (
        "Sync Time Taken [{job=1}, {num_files=4}, {return_code=23}, {duration=0.5}]",
        [(JobFinished, {"asked": 4, "moved": 0, "code": 23})],
    ),
    (
        (
            "Batch Completed [{mode=live_changelog}, {duration=0.8240}, "
            "{changelog_start=1795427474}, {changelog_end=1795427488}, "
            "{num_changelogs=2}, {stime=(1795427487, 0)}]"
        ),
        [
            (RoleChanged, {"role": Role.ACTIVE}),
            (CrawlChanged, {"crawl": Crawl.CHANGELOG}),
            (BatchDone, {"slices": 2, "seconds": 0.824}),
            (SlicesTold, {"first": 1795427474, "last": 1795427488, "count": 2, "directories": 0}),
            (WorkerProgressed, {"slices": 2}),
            (PositionMoved, {"stime": 1795427487, "slice": 1795427488}),
        ],
    ),
    (
        (
            "Batch Completed [{mode=xsync}, {duration=0.6963}, {changelog_start=1795426931}, "
            "{changelog_end=1795426931}, {num_changelogs=1}, {stime=None}, {entry_stime=None}]"
        ),
        [
            (RoleChanged, {"role": Role.ACTIVE}),
            (CrawlChanged, {"crawl": Crawl.HYBRID}),
            (BatchDone, {"slices": 0}),
            (WorkerProgressed, {"slices": 0}),
        ],
    ),
    ("Skipping already processed entry ops [{from_changelog=1}, {to_changelog=1}]", []),
    ("Entry ops failed with gfid mismatch [{count=2}]", [(ConflictMet, {"count": 2})]),
    ("Retry original entries [{count=1}]", []),
    ("Successfully fixed entry ops with gfid mismatch [{retry_count=1}]", []),
    ("Failed to fix entry ops", []),
    (
        MISMATCH,
        [(EntryFailed, {"gfid": G1, "path": "it\\'s", "doing": "create", "kind": "gfid mismatch"})],
    ),
    (
        NO_ROOM,
        [(EntryFailed, {"gfid": G1, "path": f".gfid/{G2}/d", "kind": "ENOSPC"})],
    ),
    (
        f"META FAILED [{{data=({{'go': '.gfid/{G1}', 'op': 'META'}}, 1)}}]",
        [(EntryFailed, {"gfid": G1, "doing": "meta", "kind": "EPERM"})],
    ),
    ("ENTRY FAILED [{data=what is this}]", [(EntryFailed, {"kind": "refused"})]),
    (
        f"SYNC Error [{{sync_engine=Rsync}}, {{error=rsync: read errors mapping .gfid/{G1}: (5)}}]",
        [(EntryFailed, {"gfid": G1, "doing": "content", "kind": "not sent"})],
    ),
    (
        "incomplete sync, retrying changelogs [{files=['CHANGELOG.1']}]",
        [(LineKept, {"understood": True})],
    ),
    (
        f"{GIVEN_UP} [{{files=['CHANGELOG.17', 'CHANGELOG.18']}}]",
        [(GivenUp, {"count": 2, "slices": ("CHANGELOG.17", "CHANGELOG.18")})],
    ),
    (
        "Checkpoint completed [{checkpoint_time=2026-11-23 10:06:54}, {completion_time=x}]",
        [(CheckpointPassed, {"checkpoint": "2026-11-23 10:06:54"})],
    ),
    ("Ignoring rmdir. Directory present in primary [{gfid=x}, {pgfid_bname=y}]", []),
    ("Working dir [{path=/var/x}]", []),
    ("Register time [{time=1}]", []),
    ("Mounting gluster volume locally...", []),
    ("Mounted gluster volume [{duration=1.0}]", []),
    ("processing xsync changelog [{path=/x}]", []),
    ("reached maximum retries [{args=x}, {error=y}]", [(LineKept, {"understood": True})]),
    ("nobody ever said this [{a=b}]", [(LineKept, {"understood": False, "place": WORKER})]),
]


def facts(told: list[AnyTold]) -> list[AnyTold]:
    """Leave out that the session is known: the first line of a worker says so."""
    return [each for each in told if not isinstance(each, SessionKnown)]


def check(told: list[AnyTold], expected: list[tuple[type, dict[str, Any]]]) -> None:
    assert [type(each) for each in told] == [kind for kind, _ in expected]
    for each, (_, more) in zip(told, expected, strict=True):
        assert {name: getattr(each, name) for name in more} == more


@pytest.mark.parametrize("as_old", [False, True], ids=["today", "before 8.0"])
@pytest.mark.parametrize(("message", "expected"), WORK, ids=[row[0][:40] for row in WORK])
def test_what_workers_say(
    message: str, expected: list[tuple[type, dict[str, Any]]], as_old: bool
) -> None:
    raw = line(0, OF_WORKER, old(message) if as_old else message)
    told = facts(tell([raw]))
    check(told, expected)
    assert all(each.at == BEGIN for each in told)


@pytest.mark.parametrize("before", gsyncd_words.OLD)
def test_words_of_older_releases(before: str) -> None:
    rest = "\tstime=(17, 0)\tcount=1\terror=x"
    today = gsyncd_words.OLD[before]
    for label in (OF_WORKER, BRICK):
        now = [
            line(0, label, "Entry ops failed with gfid mismatch\tcount=1"),
            line(1, label, today + rest),
        ]
        then = [now[0], line(1, label, before + rest)]
        assert facts(tell(then)) == facts(tell(now))


@pytest.mark.parametrize(
    ("label", "place"),
    [
        ("worker /bricks/b1", WORKER),
        ("agent /bricks/b1", WORKER),
        ("/bricks/b1", WORKER),
        ("secondary gfs7/bricks/b1", "gfs7:/bricks/b1"),
        ("slave gfs7/bricks/b1", "gfs7:/bricks/b1"),
        ("slave", "gfs1"),
        ("monitor", "gfs1"),
        ("config-get", "gfs1"),
        ("", "gfs1"),
    ],
)
def test_who_speaks(label: str, place: str) -> None:
    (kept,) = facts(tell([line(0, label, "nobody ever said this")]))
    assert isinstance(kept, LineKept)
    assert kept.place == place


def test_the_life_of_a_worker() -> None:
    told = tell(
        [
            line(0, "monitor-status", "Monitor Status Change [{status=Created}]"),
            line(1, "monitor", "Worker Status Change [{status=Initializing...}]"),
            line(2, "monitor", START),
            line(5, OF_WORKER, "Worker spawn successful. Acknowledging back to monitor"),
            line(6, OF_WORKER, "Worker Status Change [{status=Active}]"),
            line(7, OF_WORKER, "Crawl Status Change [{status=History Crawl}]"),
            line(7, OF_WORKER, "No stime available, using xsync crawl"),
            line(8, OF_WORKER, "Crawl Status Change [{status=Hybrid Crawl}]"),
            line(9, OF_WORKER, "Crawl Status Change [{status=Changelog Crawl}]"),
            line(20, OF_WORKER, "connection to peer is broken", level="E"),
            line(21, "monitor", FAULTY),
            line(31, "monitor", START),
            line(40, "monitor-status", "Monitor Status Change [{status=Paused}]"),
            line(50, "monitor-status", "Monitor Status Change [{status=Started}]"),
            line(60, OF_WORKER, "connection to peer is broken", level="E"),
            line(60, "monitor-status", "Monitor Status Change [{status=Stopped}]"),
        ]
    )
    wanted = [each.wanted for each in told if isinstance(each, SessionKnown)]
    assert wanted == [
        *(Wanted.CREATED, Wanted.STARTED, Wanted.PAUSED, Wanted.STARTED, Wanted.STOPPED)
    ]
    check(
        facts(told),
        [
            (WorkerStarted, {"restart": 0, "at": BEGIN + 2}),
            (WorkerConnected, {"peer": "sec", "seconds": 3.0}),
            (RoleChanged, {"role": Role.ACTIVE}),
            (CrawlChanged, {"crawl": Crawl.HISTORY}),
            (CrawlChanged, {"crawl": Crawl.HYBRID, "reason": "the brick has no position yet"}),
            (CrawlChanged, {"crawl": Crawl.CHANGELOG, "reason": "the hybrid crawl is done"}),
            (WorkerFaulty, {"cause": "connection lost", "at": BEGIN + 21}),
            (RetryScheduled, {"attempt": 1, "due": BEGIN + 31}),
            (WorkerStarted, {"restart": 1}),
            (PauseChanged, {"paused": True, "at": BEGIN + 40}),
            (PauseChanged, {"paused": False, "at": BEGIN + 50}),
            (WorkerStopped, {"reason": "the session was stopped"}),
        ],
    )


def test_old_starts_name_the_peer_by_url() -> None:
    url = "ssh://geo@sec:gluster://localhost:svol"
    told = tell(
        [
            line(0, "monitor", f"starting gsyncd worker\tbrick={BRICK}\tslave_node={url}"),
            line(1, BRICK, "Closing feedback fd, waking up the monitor"),
        ]
    )
    assert [each.peer for each in told if isinstance(each, WorkerConnected)] == ["sec"]


def test_a_batch_counts_what_was_done_since_the_last() -> None:
    told = tell(
        [
            line(0, OF_WORKER, "Entry Time Taken [{UNL=1}, {RMD=2}, {CRE=3}, {MKD=4}, {REN=5}]"),
            line(1, OF_WORKER, RSYNC),
            line(1, OF_WORKER, "Sync Time Taken [{job=1}, {num_files=7}, {return_code=0}]"),
            line(2, OF_WORKER, "Batch Completed [{mode=live_changelog}, {num_changelogs=1}]"),
            line(3, OF_WORKER, "Batch Completed [{mode=live_changelog}, {num_changelogs=1}]"),
        ]
    )
    first, second = (each for each in told if isinstance(each, BatchDone))
    assert (first.entries, first.removed, first.files, first.bytes) == (15, 3, 7, 67109700)
    assert (second.entries, second.removed, second.files, second.bytes) == (0, 0, 0, 0)
    assert [each.directories for each in told if isinstance(each, SlicesTold)] == [6, 0]
    assert [each.entries for each in told if isinstance(each, WorkerProgressed)] == [15, 15]
    (job,) = (each for each in told if isinstance(each, JobFinished))
    assert (job.mover, job.sent, job.matched, job.size) == ("rsync", 67147333, 12, 67109748)


@pytest.mark.parametrize(
    ("end", "settled", "words"),
    [
        ("Successfully fixed all entry ops with gfid mismatch", True, "all entries were made then"),
        ("Sucessfully fixed all entry ops with gfid mismatch", True, "all entries were made then"),
        (
            "No more gfid mismatches can be fixed [{entries=9}, {failures=2}]",
            False,
            "given up with 2 entries failing",
        ),
    ],
)
def test_how_conflicts_end(end: str, settled: bool, words: str) -> None:
    met = line(0, OF_WORKER, "Entry ops failed with gfid mismatch [{count=3}]")
    told = facts(tell([met, line(1, OF_WORKER, end), line(2, OF_WORKER, end)]))
    check(
        told,
        [
            (ConflictMet, {"count": 3}),
            (ConflictEnded, {"count": 3, "settled": settled, "words": words}),
        ],
    )


def test_an_end_that_names_no_brick_is_given_to_the_one_that_ended() -> None:
    starts = [
        line(0, "monitor", START),
        line(0, "monitor", START.replace("b1", "b2")),
    ]
    ends = {
        "it says why": ([line(5, "worker /bricks/b2", "FAIL: ", level="E")], "gfs1:/bricks/b2"),
        "it died early": (
            [line(5, "monitor", "worker died in startup phase [{brick=/bricks/b2}]")],
            "gfs1:/bricks/b2",
        ),
        "it was not confirmed": (
            [
                line(
                    5,
                    "monitor",
                    f"Worker not confirmed after wait, aborting it. [{{brick={BRICK}}}]",
                )
            ],
            WORKER,
        ),
        "its next start": ([], "gfs1:/bricks/b2"),
    }
    again = line(16, "monitor", START.replace("b1", "b2"))
    for why, (lines, worker) in ends.items():
        told = tell([*starts, *lines, line(6, "monitor", FAULTY), again])
        (fault,) = (each for each in told if isinstance(each, WorkerFaulty))
        assert (fault.worker, fault.at) == (worker, BEGIN + 6), why


def test_an_end_for_good_is_not_tried_again() -> None:
    gone = line(5, "monitor", "Worker Status Change [{status=inconsistent}]")
    told = tell([line(0, "monitor", START), gone])
    assert [type(each) for each in told[-1:]] == [WorkerFaulty]


def test_a_log_that_begins_in_the_middle() -> None:
    told = tell(
        [line(0, OF_WORKER, "Batch Completed [{mode=history_changelog}, {num_changelogs=1}]")]
    )
    (role,) = (each for each in told if isinstance(each, RoleChanged))
    assert role.reason == "it works; its log begins later"
    assert [each.wanted for each in told if isinstance(each, SessionKnown)] == [Wanted.STARTED]


def test_the_lock_of_the_meta_volume_is_a_reason() -> None:
    told = tell(
        [
            line(0, OF_WORKER, f"Got lock Becoming ACTIVE [{{brick={BRICK}}}]"),
            line(0, OF_WORKER, "Worker Status Change [{status=Active}]"),
        ]
    )
    (role,) = (each for each in told if isinstance(each, RoleChanged))
    assert "meta volume" in role.reason


def test_lines_and_those_nobody_understands_are_counted() -> None:
    interpreter = Interpreter()
    lines: list[bytes] = [b"stray", line(0, OF_WORKER, "Register time [{time=1}]")]
    lines += [line(0, OF_WORKER, "nobody ever said this"), line(0, "config-get", "nor that")]
    for raw in lines:
        list(interpreter.take(ORIGIN, parse(raw.rstrip(b"\n")), BEGIN))
    assert (interpreter.lines, interpreter.strange) == (4, 3)
    assert isinstance(parse(b"stray"), Stray)


def test_workers_of_two_nodes_are_apart() -> None:
    other = Origin("pvol_sec_svol", "pvol", "sec::svol", "gfs2")
    interpreter = Interpreter()
    told: list[AnyTold] = []
    for origin in (ORIGIN, other):
        told += interpreter.take(origin, parse(line(0, "monitor", START).rstrip(b"\n")), BEGIN)
    workers = [each.worker for each in told if isinstance(each, WorkerStarted)]
    assert workers == ["gfs1:/bricks/b1", "gfs2:/bricks/b1"]
