"""A bad day on two nodes, as events: what the console's tests and screenshots are drawn from."""

import asyncio
import math
from collections.abc import AsyncIterator

from engine.events import (
    AnyEvent,
    BatchDone,
    Content,
    Crawl,
    CrawlChanged,
    CrawlProgressed,
    EngineStarted,
    EntryFailed,
    FailuresCounted,
    JobFinished,
    JobStarted,
    MinuteCounted,
    PendingChanged,
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

NOW = 1777637071.0
"""2026-05-01 12:04:31 UTC."""
PATHS = ("users/kate/mail/inbox.mbox", "users/kate/tmp", r"users/kate/.cache/bad\xffname")


def clock() -> float:
    """Return the time at which every picture is taken."""
    return NOW


def events() -> list[AnyEvent]:
    """Return the whole day."""
    run: list[AnyEvent] = []
    for node in ("gfs1", "gfs2", "gfs3"):
        run.append(EngineStarted(at=NOW - 4000, node=node, version="0.1.0", pid=900))
        for name, there in (("prod", "dr1"), ("media", "dr1"), ("home", "dr2"), ("logs", "dr2")):
            wanted = Wanted.PAUSED if name == "logs" else Wanted.STARTED
            run.append(_known(name, f"georep@{there}::{name}", node, wanted))
    run.append(_known("archive", "georep@dr2::archive", "gfs1", Wanted.CREATED))
    run += _prod()
    run += _media()
    run += _home()
    run += _stopped("logs", "gfs1:/bricks/b4")
    run += _stopped("logs", "gfs2:/bricks/b4")
    return sorted(run, key=lambda event: event.at)


def minutes() -> list[AnyEvent]:
    """Return what was counted in each minute of the last hour before it."""
    counts: list[AnyEvent] = []
    for back in range(2, 60):
        begin = int(NOW) // 60 * 60 - 60 * back
        share = 0.5 + 0.5 * math.sin(back / 5)
        counts.append(
            MinuteCounted(
                at=begin + 60.5,
                session="prod",
                worker="gfs1:/bricks/b1",
                minute=begin,
                slices=4,
                entries=int(900 * share),
                files=int(300 * share),
                bytes=int(4e9 * share),
            )
        )
    return counts


async def hour_stream() -> AsyncIterator[AnyEvent]:
    """Yield the day with its last hour at once, and stay there."""
    for event in events() + minutes():
        yield event
    await asyncio.Event().wait()


def failing() -> list[AnyEvent]:
    """Return the day with failures of more sorts in `home`, as an operator leaves them."""
    return events() + _left()


async def failing_stream() -> AsyncIterator[AnyEvent]:
    """Yield that day at once, and stay there."""
    for event in failing():
        yield event
    await asyncio.Event().wait()


async def stream() -> AsyncIterator[AnyEvent]:
    """Yield the whole day at once, and stay there like an engine that has nothing to add."""
    for event in events():
        yield event
    await asyncio.Event().wait()


async def nothing() -> AsyncIterator[AnyEvent]:
    """Yield nothing: no engine."""
    for event in ():
        yield event


async def quiet() -> AsyncIterator[AnyEvent]:
    """Yield an engine that has no sessions."""
    yield EngineStarted(at=NOW - 4000, node="gfs1", version="0.1.0", pid=900)


def _known(session: str, secondary: str, node: str, wanted: Wanted) -> AnyEvent:
    return SessionKnown(
        at=NOW - 3990,
        session=session,
        primary=session,
        secondary=secondary,
        wanted=wanted,
        node=node,
    )


def _begun(session: str, worker: str, *, peer: str, pid: int, role: Role) -> list[AnyEvent]:
    at = NOW - 3700
    reason = "first of its replica set" if role is Role.ACTIVE else "gfs1:/bricks/b1 is active"
    run: list[AnyEvent] = [
        WorkerStarted(at=at, session=session, worker=worker, pid=pid, restart=0),
        RoleChanged(at=at + 2, session=session, worker=worker, role=role, reason=reason),
    ]
    if role is Role.ACTIVE:
        run.append(
            WorkerConnected(
                at=at + 1,
                session=session,
                worker=worker,
                peer=peer,
                peer_version="0.1.0",
                seconds=0.8,
            )
        )
    return run


def _active(
    session: str,
    worker: str,
    *,
    pid: int,
    crawl: Crawl,
    reason: str,
    behind: float,
    pending: tuple[int, int, int, int],
    says: tuple[str, str],
    speed: float,
    peer: str = "sec1",
) -> list[AnyEvent]:
    run = _begun(session, worker, peer=peer, pid=pid, role=Role.ACTIVE)
    who = {"session": session, "worker": worker}
    run.append(CrawlChanged(at=NOW - 3690, crawl=crawl, reason=reason, **who))
    sent, files = 3.1e12 if speed > 30e6 else 4.4e10, 88204
    for second in range(80):
        # A load that swells and ebbs, the same each time.
        share = 0.5 + 0.5 * math.sin(second / 7 + pid) * math.cos(second / 3)
        sent += speed * share
        files += int(3 * share)
        run.append(
            WorkerProgressed(
                at=NOW - 80 + second,
                slices=second,
                records=1904400 + 30 * second,
                entries=1204118 + 20 * second,
                files=files,
                bytes=int(sent),
                removed=4410,
                stall=0.009,
                **who,
            )
        )
    slices, entries, waiting, size = pending
    doing, waits = says
    run.append(
        PendingChanged(
            at=NOW - 1,
            slices=slices,
            entries=entries,
            files=waiting,
            bytes=size,
            doing=doing,
            waits=waits,
            meta=entries // 17,
            **who,
        )
    )
    last = int(NOW - behind)
    run.append(PositionMoved(at=NOW - 8, stime=last, slice=last + 1, **who))
    for back in range(9):
        run.append(
            BatchDone(
                at=NOW - 12 - 15 * back,
                slices=1,
                records=210 + 37 * back,
                entries=204 if back % 3 else 12,
                files=31 - 3 * back,
                bytes=int(1.2e9 / (back + 1)),
                removed=back,
                seconds=6.8 / (back + 1),
                rounds=1 + back % 2,
                **who,
            )
        )
        run.append(_job(NOW - 13 - 15 * back, 41 - back, back, who))
    run.append(
        JobStarted(
            at=NOW - 4,
            mover="rsync",
            job=42,
            asked=11,
            size=418_000_000,
            largest=(Content(gfid=f"{pid:08}-02cc", name="render-0042.exr", size=400_000_000),),
            **who,
        )
    )
    return run


def _job(at: float, job: int, back: int, who: dict[str, str]) -> AnyEvent:
    bad = back == 3
    return JobFinished(
        at=at,
        mover="rsync" if back % 4 else "push",
        job=job,
        asked=31,
        moved=29 if bad else 31,
        short=2 if bad else 0,
        sent=int(118e6 / (back + 1)),
        matched=int(1.1e9 / (back + 1)),
        literal=int(90e6 / (back + 1)),
        seconds=4.1 / (back + 1),
        code=23 if bad else 0,
        words="some files vanished" if bad else "",
        largest=(
            Content(gfid="6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d44", name="db.qcow2", size=20_000_000),
            Content(gfid=f"{back:08}-02cc-4f7a-9f50-aa8e4a1c6e90", name=PATHS[2][-11:], size=9_000),
        ),
        **who,
    )


def _prod() -> list[AnyEvent]:
    run = _active(
        "prod",
        "gfs1:/bricks/b1",
        pid=20114,
        crawl=Crawl.CHANGELOG,
        reason="history is done",
        behind=42,
        pending=(2, 204, 31, 1_200_000_000),
        says=("rsync job 2 of 3 · projects/a/render-0042.exr", "secondary RPC 38 ms"),
        speed=41e6,
    )
    run += _active(
        "prod",
        "gfs1:/bricks/b2",
        pid=20117,
        crawl=Crawl.CHANGELOG,
        reason="history is done",
        behind=12,
        pending=(1, 0, 4, 40_000_000),
        says=("", "the next slice"),
        speed=22e6,
    )
    run += _begun("prod", "gfs2:/bricks/b1", peer="sec1", pid=3110, role=Role.PASSIVE)
    run += _active(
        "prod",
        "gfs2:/bricks/b2",
        pid=3112,
        crawl=Crawl.HISTORY,
        reason="it was stopped for 3 hours",
        behind=728,
        pending=(48, 9412, 88, 212_000_000),
        says=("making entries", "secondary RPC 12 ms"),
        speed=21e6,
    )
    run.append(
        WorkerStarted(at=NOW - 2, session="prod", worker="gfs3:/bricks/b1", pid=411, restart=1)
    )
    for path in ("projects/a/report.odt", "projects/a/[/", "projects/a[/b]c"):
        run.append(_failed("prod", "gfs1:/bricks/b1", path, "gfid mismatch", NOW - 51))
    return run


def _media() -> list[AnyEvent]:
    run = _active(
        "media",
        "gfs1:/bricks/b2",
        pid=20119,
        crawl=Crawl.HYBRID,
        reason="the session is new",
        behind=11400,
        pending=(0, 18204, 2210, 88_000_000_000),
        says=("rsync job 1 of 4 · films/2019/raw-0007.mov", "rsync slot"),
        speed=212e6,
    )
    run.append(
        CrawlProgressed(
            at=NOW - 1,
            session="media",
            worker="gfs1:/bricks/b2",
            done=0.41,
            directories=1204,
            files=88117,
        )
    )
    return run + _begun("media", "gfs2:/bricks/b2", peer="sec1", pid=3120, role=Role.PASSIVE)


def _home() -> list[AnyEvent]:
    worker = "gfs3:/bricks/b2"
    run: list[AnyEvent] = [
        *_begun("home", worker, peer="dr2", pid=812, role=Role.ACTIVE),
        *_begun("home", "gfs1:/bricks/b3", peer="dr2", pid=814, role=Role.PASSIVE),
        PositionMoved(
            at=NOW - 3000,
            session="home",
            worker=worker,
            stime=int(NOW - 93700),
            slice=int(NOW - 93700),
        ),
        WorkerFaulty(
            at=NOW - 33,
            session="home",
            worker=worker,
            cause="ssh refused",
            words="ssh to dr2 ended with exit 255",
            fix="See that sshd runs on dr2 and that port 22 is open from gfs3: ssh georep@dr2",
            evidence="ssh: connect to host dr2 port 22: Connection refused",
        ),
        RetryScheduled(at=NOW - 33, session="home", worker=worker, attempt=4, due=NOW + 31),
    ]
    run += [_failed("home", worker, path, "gfid mismatch", NOW - 51) for path in PATHS[:2]]
    run += [
        _failed("home", worker, f"{PATHS[2]}{i:04}", "EACCES", NOW - 1392 + i / 100)
        for i in range(116)
    ]
    return run


def _failed(session: str, worker: str, path: str, kind: str, at: float) -> AnyEvent:
    return EntryFailed(
        at=at,
        session=session,
        worker=worker,
        gfid=f"{session}-{path}",
        path=path,
        doing="create",
        kind=kind,
        words="Permission denied" if kind == "EACCES" else "another file holds this name",
        tries=7,
    )


def counted(session: str, *, waiting: int, skipped: int) -> AnyEvent:
    """Return how many failures a worker counts."""
    at, worker = NOW, "gfs1:/bricks/b1"
    return FailuresCounted(at=at, session=session, worker=worker, waiting=waiting, skipped=skipped)


def _left() -> list[AnyEvent]:
    one, other = "gfs3:/bricks/b2", "gfs1:/bricks/b3"
    gfid = "6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d44"
    first = {"first": NOW - 9000, "slice": int(NOW - 9003)}
    full = {"session": "home", "worker": one, "gfid": gfid, "kind": "ENOSPC", **first}
    full |= {"path": "users/kate/film.mov", "doing": "copy", "words": "No space left on device"}
    away = {"session": "home", "worker": other, "words": "the primary does not have it"}
    away |= {"kind": "quarantined", "doing": "put away", "tries": 1, "skipped": True}
    return [
        EntryFailed(at=NOW - 8000, tries=2, due=NOW - 4000, **full),
        EntryFailed(at=NOW - 4000, tries=3, due=NOW - 400, **full),
        EntryFailed(at=NOW - 20, tries=4, due=NOW + 300, **full),
        EntryFailed(
            at=NOW - 90000,
            session="home",
            worker=other,
            gfid="b1d7a3f0-02cc-4f7a-9f50-aa8e4a1c6e90",
            path="users/kate/[/b] \\x1b[31m red",
            doing="create",
            kind="EPERM",
            words="Operation not permitted",
            tries=2,
            skipped=True,
        ),
        EntryFailed(
            at=NOW - 100,
            gfid="0c5b7c1e-55aa-4b1c-9b1e-1f2e3d4c5b6a",
            path=".georep/quarantine/2026-05-01.0c5b7c1e-55aa-4b1c-9b1e-1f2e3d4c5b6a",
            first=NOW - 100,
            **away,
        ),
    ]


def _stopped(session: str, worker: str) -> list[AnyEvent]:
    who = {"session": session, "worker": worker}
    return [
        WorkerStarted(at=NOW - 3700, pid=77, restart=0, **who),
        WorkerStopped(at=NOW - 600, reason="the session was paused", **who),
    ]
