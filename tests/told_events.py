"""One of each thing that can be told, with what it is taken for and what is said of it."""

from dataclasses import dataclass

from engine.events import (
    BatchDone,
    Caught,
    CheckpointDeleted,
    CheckpointReached,
    CheckpointSet,
    Content,
    Crawl,
    CrawlChanged,
    CrawlProgressed,
    EngineStarted,
    EntryFailed,
    EntryMended,
    FailuresCounted,
    HookEnded,
    JobFinished,
    JobStarted,
    MinuteCounted,
    MoverTried,
    PauseChanged,
    PeerPassedOver,
    PendingChanged,
    PositionMoved,
    QuarantineSwept,
    ReconcileDue,
    RetryScheduled,
    Role,
    RoleChanged,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    Wanted,
    WorkerConnected,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStarted,
    WorkerStopped,
)
from georep_tui.chronicle import Level
from georep_tui.replay.notes import (
    AnyTold,
    CheckpointPassed,
    ConflictEnded,
    ConflictMet,
    GivenUp,
    LineKept,
    SlicesTold,
)

NOW = 1777637071.25
"""2026-05-01 12:04:31.250 UTC."""
WHO = {"session": "s", "worker": "n:/b"}
GFID = "6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d44"


@dataclass(frozen=True)
class Example:
    """Something told, how much it matters, and its line."""

    told: AnyTold
    level: Level | None
    words: str
    id: str = ""


def mended(at: float) -> EntryMended:
    """Return one event of a time."""
    return EntryMended(at=at, gfid=GFID, **WHO)


def job(**other: object) -> JobFinished:
    """Return one job, or one that differs from it."""
    fields: dict[str, object] = {
        "mover": "rsync",
        "job": 7,
        "asked": 31,
        "moved": 31,
        "short": 0,
        "size": 1_200_000_000,
        "sent": 118_000_000,
        "matched": 1_100_000_000,
        "literal": 90_000_000,
        "speedup": 10.17,
        "seconds": 4.1,
        "code": 0,
        "words": "",
    }
    return JobFinished(at=NOW, **WHO, **{**fields, **other})  # type: ignore[arg-type]


def failed(**other: object) -> EntryFailed:
    """Return one failure, or one that differs from it."""
    fields: dict[str, object] = {
        "gfid": GFID,
        "path": "a/b",
        "doing": "create",
        "kind": "EACCES",
        "words": "Permission denied",
        "tries": 1,
    }
    return EntryFailed(at=NOW, **WHO, **{**fields, **other})  # type: ignore[arg-type]


def _tried(works: bool) -> MoverTried:
    words = ("", "") if works else ("it brought nothing", "contents go whole")
    return MoverTried(
        at=NOW,
        mover="rsync",
        works=works,
        seconds=0.4,
        words=words[0],
        means=words[1],
        fix="" if works else "Install rsync.",
        **WHO,
    )


EXAMPLES = (
    Example(PauseChanged(at=NOW, paused=True, **WHO), Level.INFO, "paused"),
    Example(PauseChanged(at=NOW, paused=False, **WHO), Level.INFO, "goes on", id="goes on"),
    Example(
        MinuteCounted(at=NOW, minute=29617950, slices=4, entries=9, files=1, bytes=5, **WHO),
        None,
        "",
    ),
    Example(
        CheckpointSet(at=NOW, session="s", node="n", label="x", time=1777636998),
        Level.INFO,
        "checkpoint x set: all before 2026-05-01 12:03:18",
    ),
    Example(
        CheckpointReached(at=NOW, label="x", time=1777636998, **WHO),
        Level.INFO,
        "checkpoint x reached: all before 2026-05-01 12:03:18 is there",
    ),
    Example(
        CheckpointDeleted(at=NOW, session="s", node="n", label="x"),
        Level.INFO,
        "checkpoint x deleted",
    ),
    Example(
        HookEnded(
            at=NOW,
            session="s",
            node="n",
            hook="checkpoint-command",
            about="x",
            seconds=1.5,
            code=0,
            words="",
        ),
        Level.INFO,
        "checkpoint-command for x · 1.5 s · exit 0",
    ),
    Example(
        HookEnded(
            at=NOW,
            session="s",
            node="n",
            hook="checkpoint-command",
            about="x",
            seconds=1.5,
            code=3,
            words="no",
        ),
        Level.WARN,
        "checkpoint-command for x · 1.5 s · exit 3",
        id="a hook that failed",
    ),
    Example(
        EngineStarted(at=NOW, node="n", version="0.1.0", pid=9),
        Level.INFO,
        "georep 0.1.0 began, pid 9",
    ),
    Example(
        SessionKnown(
            at=NOW, session="s", primary="p", secondary="h::v", wanted=Wanted.PAUSED, node="n"
        ),
        Level.INFO,
        "paused · p → h::v",
    ),
    Example(SessionForgotten(at=NOW, session="s", node="n"), Level.INFO, "deleted"),
    Example(
        SessionBlocked(at=NOW, session="s", node="n", cause="no key", words="w", fix="Do."),
        Level.BAD,
        "cannot run: no key",
    ),
    Example(WorkerStarted(at=NOW, pid=4, restart=0, **WHO), Level.INFO, "pid 4"),
    Example(
        WorkerStarted(at=NOW, pid=0, restart=2, **WHO),
        Level.INFO,
        "starting, restart 2",
        id=" of a log",
    ),
    Example(
        WorkerConnected(at=NOW, peer="h", peer_version="0.1.0", seconds=0.8, **WHO),
        Level.INFO,
        "h after 0.8 s",
    ),
    Example(
        PeerPassedOver(at=NOW, peer="h2", cause="host unreachable", words="w", fix="f", **WHO),
        Level.WARN,
        "h2 passed over: host unreachable",
    ),
    Example(
        RoleChanged(at=NOW, role=Role.ACTIVE, reason="it is first", **WHO),
        Level.INFO,
        "active: it is first",
    ),
    Example(CrawlChanged(at=NOW, crawl=Crawl.HISTORY, reason="", **WHO), Level.INFO, "history"),
    Example(CrawlProgressed(at=NOW, done=0.4, directories=1, files=1, **WHO), None, ""),
    Example(
        WorkerProgressed(
            at=NOW, slices=1, records=1, entries=1, files=1, bytes=1, removed=1, **WHO
        ),
        None,
        "",
    ),
    Example(
        PendingChanged(
            at=NOW, slices=1, entries=1, files=1, bytes=1, doing="d", waits="w", meta=1, **WHO
        ),
        None,
        "",
    ),
    Example(
        PositionMoved(at=NOW, stime=1777637070, slice=1777637071, **WHO),
        Level.DETAIL,
        "all up to 2026-05-01 12:04:30 · slice 1777637071",
    ),
    Example(
        ReconcileDue(at=NOW, due=True, since=0, until=1777637070, **WHO),
        Level.WARN,
        "deletes before 2026-05-01 12:04:30 not reconciled",
    ),
    Example(
        ReconcileDue(at=NOW, due=False, since=0, until=0, **WHO),
        Level.INFO,
        "all is reconciled",
        id=" no more",
    ),
    Example(
        BatchDone(
            at=NOW,
            slices=1,
            records=9,
            entries=1204,
            files=31,
            bytes=1_200_000_000,
            removed=2,
            seconds=6.8,
            rounds=2,
            **WHO,
        ),
        Level.DETAIL,
        "1 slice · 1 204 entries · 31 files · 1.2 GB · 2 removed · 6.8 s · 2 rounds",
    ),
    Example(
        JobStarted(
            at=NOW,
            mover="rsync",
            job=7,
            asked=31,
            size=1_200_000_000,
            largest=(Content(gfid=GFID, name="db", size=9),),
            **WHO,
        ),
        Level.DETAIL,
        "rsync 7 · 31 files · 1.2 GB · db",
    ),
    Example(
        job(),
        Level.DETAIL,
        "rsync 7 · 31 of 31 files · 118 MB sent · 1.1 GB matched · 4.1 s · exit 0",
    ),
    Example(
        job(code=23, moved=29, short=2, matched=0),
        Level.WARN,
        "rsync 7 · 29 of 31 files · 2 short · 118 MB sent · 4.1 s · exit 23",
        id=" short",
    ),
    Example(_tried(True), Level.INFO, "rsync works · 0.4 s"),
    Example(_tried(False), Level.WARN, "rsync not used", id=" not used"),
    Example(failed(), Level.WARN, "EACCES a/b · create"),
    Example(
        failed(path="", tries=3, skipped=True),
        Level.INFO,
        f"EACCES {GFID} · create · 3 tries · skipped",
        id=" skipped",
    ),
    Example(
        FailuresCounted(at=NOW, waiting=1, skipped=0, **WHO), Level.WARN, "1 failure in the ledger"
    ),
    Example(
        FailuresCounted(at=NOW, waiting=0, skipped=2, **WHO),
        Level.DETAIL,
        "0 failures in the ledger · 2 skipped",
        id=" none",
    ),
    Example(mended(NOW), Level.INFO, f"{GFID} is right now"),
    Example(
        QuarantineSwept(at=NOW, removed=2, left=0, **WHO),
        Level.INFO,
        "2 objects removed from quarantine",
    ),
    Example(
        QuarantineSwept(at=NOW, removed=1, left=3, **WHO),
        Level.WARN,
        "1 object removed from quarantine · 3 left",
        id=" not all",
    ),
    Example(
        WorkerFaulty(
            at=NOW, cause="ssh refused", words="exit 255", fix="Do.", evidence="refused", **WHO
        ),
        Level.BAD,
        "ssh refused: exit 255",
    ),
    Example(
        RetryScheduled(at=NOW, attempt=4, due=NOW + 31, **WHO), Level.WARN, "attempt 4 in 31 s"
    ),
    Example(WorkerStopped(at=NOW, reason="asked to", **WHO), Level.INFO, "asked to"),
    Example(
        Caught(at=NOW, goal=1777637070, **WHO),
        Level.INFO,
        "all up to 2026-05-01 12:04:30 is on the secondary",
    ),
    Example(
        SlicesTold(at=NOW, first=1, last=3, count=2, directories=0, **WHO),
        Level.DETAIL,
        "2 slices from 1 to 3",
    ),
    Example(
        ConflictMet(at=NOW, count=2, **WHO),
        Level.WARN,
        "2 × gfid mismatch: others hold the names on the secondary",
    ),
    Example(
        ConflictEnded(at=NOW, count=2, settled=True, words="moved", **WHO),
        Level.INFO,
        "2 × gfid mismatch settled: moved",
    ),
    Example(
        ConflictEnded(at=NOW, count=2, settled=False, words="", **WHO),
        Level.WARN,
        "2 × gfid mismatch not settled",
        id=" not",
    ),
    Example(
        CheckpointPassed(at=NOW, checkpoint="2026-05-01 12:00:00", **WHO),
        Level.INFO,
        "checkpoint 2026-05-01 12:00:00 reached",
    ),
    Example(
        GivenUp(at=NOW, count=1, slices=("CHANGELOG.1",), **WHO),
        Level.BAD,
        "content in 1 slice given up: not sent until it is written to again",
    ),
    Example(
        LineKept(at=NOW, session="s", place="n:/b", level="I", words="hello", understood=True),
        Level.INFO,
        "I hello",
    ),
    Example(
        LineKept(at=NOW, session="", place="x.log", level="?", words="\x1b[31m", understood=False),
        Level.WARN,
        r"? \x1b[31m",
        id=" not understood",
    ),
)
